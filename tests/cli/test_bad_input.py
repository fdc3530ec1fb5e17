"""Bad input: a clear error in one line that names the cure, or a counted reject; no stack trace, no silent loss."""

import gzip
import json
import random
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Ask
from tests.cli.files import a_view, ndjson, parquet, text, workbook, write, zstandard

GOOD = [a_view(day, f"lead{day}@example.com") for day in range(1, 6)]
PRESET = ("--model", "bareme-b2b", "--at", "2026-07-01", "--format", "csv")
LARGE = "x" * (10 << 20)


def shuffled(count: int) -> bytes:
    rng = random.Random(7)
    return ndjson([a_view(1 + n % 28, n=rng.random()) for n in range(count)])


# ---- Files that cannot be read ------------------------------------------------------------------------------

LONG = shuffled(40_000)
FLIPPED = bytearray(gzip.compress(LONG))
FLIPPED[len(FLIPPED) // 2] ^= 0xFF

UNREADABLE: dict[str, tuple[str, bytes | None, str]] = {
    "missing file": ("missing.ndjson", None, "no such file; check the path"),
    "missing glob": ("missing-*.ndjson", None, "no such file; check the path"),
    "empty": ("empty.csv", b"", "the file is empty; export it again"),
    "blank": ("blank.ndjson", b"\n\n \n", "the file is empty; export it again"),
    "empty, compressed": ("empty.csv.gz", gzip.compress(b""), "the file is empty; export it again"),
    "header only": ("header.csv", b"event,occurred_at,email\n", "a header and no rows; export the rows, too"),
    "header only in a workbook": ("header.xlsx", workbook([]), "has no header"),
    "blank header": ("blank.csv", b"\nevent,occurred_at,email\na,b,c\n", "the first line is blank"),
    "unknown kind": ("events.doc", b"x", "not a known kind of file; it wants a name that ends in .csv"),
    "header not split": (
        "events.csv",
        text(GOOD, "~"),
        "(it has: event~occurred_at~email); rename one: --map event=COLUMN",
    ),
    "no event column": ("events.csv", text(GOOD).replace(b"event", b"action"), "--map event=COLUMN"),
    "no time column": ("events.csv", text(GOOD).replace(b"occurred_at", b"when"), "--map occurred_at=COLUMN"),
    "no identity column": ("events.csv", text(GOOD).replace(b"email", b"mail"), "--map email=COLUMN"),
    "two columns of one name": (
        "twice.csv",
        b"event,occurred_at,email,email\na,b,c,d\n",
        "two columns are called 'email'",
    ),
    "two columns that differ by case": ("case.csv", b"event,occurred_at,email,Email\na,b,c,d\n", "'email' and 'Email'"),
    "a column without a name": ("none.csv", b"event,,email\na,b,c\n", "column 2 has no name"),
    "Latin-1 CSV": (
        "latin.csv",
        text([{**row, "job": "Ingénieur"} for row in GOOD]).decode().encode("latin-1"),
        "(line 2); save it as UTF-8, or say --encoding latin-1",
    ),
    "Latin-1 NDJSON": (
        "latin.ndjson",
        ndjson([{**row, "job": "Ingénieur"} for row in GOOD]).decode().encode("latin-1"),
        "say --encoding latin-1",
    ),
    "UTF-16": (
        "wide.csv",
        text(GOOD).decode().encode("utf-16"),
        "the file is in UTF-16; save it as CSV UTF-8, or say --encoding utf-16",
    ),
    "no usable time": (
        "times.ndjson",
        ndjson([{**row, "occurred_at": "yesterday"} for row in GOOD]),
        "no usable row of 5; 5 rejected, bad time: write times in ISO 8601",
    ),
    "no time at all": (
        "times.ndjson",
        ndjson([{"event": "Page Viewed", "email": "ada@example.com"}]),
        "no usable row of 1; 1 rejected, no time",
    ),
    "an unclosed quote": (
        "quote.csv",
        b'event,occurred_at,email\na,2026-03-03,"ada\nb,2026-03-03,bob\n',
        "no usable row of 1; 1 rejected",
    ),
    "cut gzip": ("cut.ndjson.gz", gzip.compress(LONG)[:-4000], "copy it again"),
    "gzip cut in its head": ("cut.csv.gz", gzip.compress(text(GOOD))[:-12], "copy it again"),
    "spoilt gzip": ("spoilt.ndjson.gz", bytes(FLIPPED), "copy it again"),
    "no gzip": ("plain.ndjson.gz", ndjson(GOOD), "copy it again"),
    "cut zstd": ("cut.ndjson.zst", zstandard(LONG)[:-1], "copy it again"),
    "cut zstd CSV": (
        "cut.csv.zst",
        zstandard(text([a_view(1, n=random.Random(n).random()) for n in range(40_000)]))[:-1],
        "copy it again",
    ),
    "no zstd": ("plain.csv.zst", text(GOOD), "copy it again"),
    "cut Parquet": ("cut.parquet", parquet(GOOD)[:-100], "not a Parquet file that can be read"),
    "no Parquet": ("text.parquet", text(GOOD), "not a Parquet file that can be read"),
    "cut workbook": ("cut.xlsx", workbook(GOOD)[:2000], "not a workbook that can be read"),
    "no workbook": ("text.xlsx", text(GOOD), "not a workbook that can be read"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(case: str, ask: Ask, tmp_path: Path) -> None:
    name, content, cure = UNREADABLE[case]
    if content is not None:
        write(tmp_path, name, content)
    answer = ask("score", tmp_path / name, *PRESET)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.lines
    assert line.startswith("couveuse: ")
    assert Path(name).name in line
    assert cure in line


def test_a_folder_with_nothing_to_read_says_what_it_wants(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("nothing")
    answer = ask("score", tmp_path, *PRESET)
    assert answer.code == 2
    assert answer.err == (
        f"couveuse: {tmp_path}: the folder holds no file to read; it wants one that ends in .csv, .tsv, .txt, .ndjson, "
        ".jsonl, .json, .parquet, .pq, .xlsx, .gz, .zst\n"
    )


def test_rows_spoilt_in_the_middle_of_a_parquet_file_are_said_with_its_name(ask: Ask, tmp_path: Path) -> None:
    content = bytearray(parquet([a_view(1, title=f"{random.Random(n).random()}") for n in range(5000)]))
    content[2000:3000] = bytes(1000)
    answer = ask("score", write(tmp_path, "spoilt.parquet", bytes(content)), *PRESET)
    assert answer.code == 2
    (line,) = answer.lines
    assert "spoilt.parquet" in line
    assert "copy it again" in line


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_a_file_in_another_encoding_is_read_where_it_is_named(
    form: str, encoding: str, ask: Ask, tmp_path: Path
) -> None:
    rows = [{**GOOD[0], "email": "émile@example.org"}]
    content = (text(rows) if form == "csv" else ndjson(rows)).decode().encode(encoding)
    answer = ask("score", write(tmp_path, f"events.{form}", content), *PRESET, "--encoding", encoding)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[1].startswith("émile@example.org,1.0,")


def test_an_encoding_that_is_none_is_refused(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "events.csv", GOOD)
    assert ask("score", events, *PRESET, "--encoding", "martian").lines == [
        "couveuse: --encoding martian: no such encoding; write utf-8 or latin-1"
    ]
    rows = text([{**GOOD[0], "job": "Ingénieur"}])
    answer = ask("score", write(tmp_path, "accents.csv", rows), *PRESET, "--encoding", "ascii-8")
    assert answer.code == 2


# ---- Rows that are rejected ---------------------------------------------------------------------------------


def table_with_large_cells(_: object = None) -> bytes:
    return parquet([{**row, "title": LARGE if place == 2 else "x"} for place, row in enumerate(GOOD)])


def raw(line: bytes) -> bytes:
    """Two good lines, one that is not, three good ones."""
    return ndjson(GOOD[:2]) + line + b"\n" + ndjson(GOOD[2:])


REJECTED: dict[str, tuple[str, bytes, str, list[int]]] = {
    "time in the future": (
        "e.ndjson",
        raw(ndjson([{**GOOD[0], "occurred_at": "2099-01-01T00:00:00Z"}]).strip()),
        "in_the_future",
        [3],
    ),
    "no identity": ("e.ndjson", raw(b'{"event": "X", "occurred_at": "2026-03-01T00:00:00Z"}'), "no_identity", [3]),
    "no identity in CSV": ("e.csv", text(GOOD) + b"X,2026-03-01T00:00:00Z,\n", "no_identity", [7]),
    "NUL in NDJSON, escaped": (
        "e.ndjson",
        raw(b'{"event": "X", "occurred_at": "2026-03-01T00:00:00Z", "email": "a\\u0000b"}'),
        "nul_byte",
        [3],
    ),
    "NUL in NDJSON, raw": (
        "e.ndjson",
        raw(b'{"event": "X", "occurred_at": "2026-03-01T00:00:00Z", "email": "a\x00b"}'),
        "not_an_object",
        [3],
    ),
    "NUL in CSV": ("e.csv", text(GOOD) + b"X,2026-03-01T00:00:00Z,a\x00b\n", "nul_byte", [7]),
    "NUL in Parquet": ("e.parquet", parquet([*GOOD, {**GOOD[0], "email": "a\x00b"}]), "nul_byte", [6]),
    "10 MB in NDJSON": ("e.ndjson", raw(ndjson([{**GOOD[0], "title": LARGE}]).strip()), "too_large", [3]),
    "10 MB in CSV": (
        "e.csv",
        text([{**row, "title": LARGE if place == 2 else ""} for place, row in enumerate(GOOD)]),
        "too_large",
        [4],
    ),
    "10 MB in CSV, compressed": (
        "e.csv.gz",
        gzip.compress(text([{**GOOD[0], "title": ""}, {**GOOD[1], "title": LARGE}])),
        "too_large",
        [3],
    ),
    "10 MB in Parquet": ("e.parquet", table_with_large_cells(), "too_large", [3]),
    "bad lines": (
        "e.ndjson",
        ndjson(GOOD[:2]) + b'\n\nno json\n[1]\n{"event": "cut\n"text"\n12\nnull\n' + ndjson(GOOD[2:]),
        "not_an_object",
        [5, 6, 7, 8, 9, 10],
    ),
    "a bad line among spoilt accents": (
        "e.ndjson",
        ndjson([{**GOOD[0], "title": "é"}]) + b'{"event": "caf\xe9"}\n',
        "not_an_object",
        [2],
    ),
    "too many and too few cells": (
        "e.csv",
        text(GOOD) + b"X,2026-03-01,a@example.com,more\nX,2026-03-01\nX,2026-03-01,b@example.com\n",
        "wrong_number_of_cells",
        [7, 8],
    ),
    "text after a quote": (
        "e.csv",
        text(GOOD) + b'X,2026-03-01,"a" b\nX,2026-03-01,b@example.com\n',
        "wrong_number_of_cells",
        [7],
    ),
    "lines within quotes, blank lines": (
        "e.csv",
        b'event,occurred_at,email\nX,2026-03-01,"a\n\nb"\n\nX,2026-03-01\nX,soon,c\n',
        "wrong_number_of_cells bad_time",
        [6, 7],
    ),
    "a quote within a cell": ("e.csv", b'event,occurred_at,email\n5" disk,2026-03-01,a\nX,soon,c\n', "bad_time", [3]),
    "a bad row of a workbook": ("e.xlsx", workbook([GOOD[0], {**GOOD[1], "occurred_at": "soon"}]), "bad_time", [3]),
    "a Group Joined without group": (
        "e.ndjson",
        raw(ndjson([{**GOOD[0], "event": "Group Joined"}]).strip()),
        "incomplete",
        [3],
    ),
}


def rejects_of(ask: Ask, events: Path, *words: object) -> tuple[Answer, list[dict[str, object]]]:
    target = events.parent / "rejects.ndjson"
    answer = ask("score", events, *PRESET, "--rejects", target, *words)
    rejects = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    return answer, rejects


@pytest.mark.parametrize("case", REJECTED)
def test_a_rejected_row_is_counted_named_and_written_down(case: str, ask: Ask, tmp_path: Path) -> None:
    name, content, reasons, lines = REJECTED[case]
    events = write(tmp_path, name, content)
    answer, rejects = rejects_of(ask, events)
    assert answer.code == 0
    assert [reject["line"] for reject in rejects] == lines
    assert list(dict.fromkeys(reject["reason"] for reject in rejects)) == reasons.split()
    assert all(reject.keys() == {"file", "line", "reason", "cure", "row"} for reject in rejects)
    assert {reject["file"] for reject in rejects} == {str(events)}
    assert all(reject["cure"] for reject in rejects)
    for reason in reasons.split():
        found = [str(reject["line"]) for reject in rejects if reject["reason"] == reason]
        count = "1 row" if len(found) == 1 else f"{len(found)} rows"
        word = "line" if len(found) == 1 else "lines"
        more = " ..." if len(found) > 5 else ""
        told = f"Rejected {count}: {reason.replace('_', ' ')} ({word} {', '.join(found[:5])}{more}); "
        assert [line for line in answer.lines if line.startswith(told)], answer.err


def test_the_rejects_of_a_history_without_one_usable_row_are_written_too(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "e.ndjson", [{**row, "occurred_at": "soon"} for row in GOOD])
    answer, rejects = rejects_of(ask, events)
    assert answer.code == 2
    assert [reject["line"] for reject in rejects] == [1, 2, 3, 4, 5]


def test_strict_stops_at_the_first_bad_row(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "e.ndjson", raw(b"no json"))
    answer = ask("score", events, *PRESET, "--strict")
    assert (answer.code, answer.out) == (2, "")
    assert answer.lines == [f"couveuse: {events}:3: not an object; each line is one JSON object"]
    assert ask("score", write(tmp_path, "good.ndjson", GOOD), *PRESET, "--strict").code == 0


def test_a_row_that_is_not_in_utf_8_says_which_option_may_cure_it(ask: Ask, tmp_path: Path) -> None:
    name, content, _, _ = REJECTED["a bad line among spoilt accents"]
    assert "or say --encoding latin-1" in ask("score", write(tmp_path, name, content), *PRESET).err


def test_of_several_files_rejects_name_the_file(ask: Ask, tmp_path: Path) -> None:
    write(tmp_path, "a.ndjson", raw(b"no json"))
    write(tmp_path, "b.csv", text(GOOD) + b"X,soon,a@example.com\n")
    answer = ask("score", tmp_path, *PRESET)
    assert any("Rejected 1 row: not an object (a.ndjson:3);" in line for line in answer.lines)
    assert any("Rejected 1 row: bad time (b.csv:7);" in line for line in answer.lines)


def test_bad_rows_of_leads_are_told_apart(ask: Ask, tmp_path: Path) -> None:
    events = write(tmp_path, "events.ndjson", GOOD)
    leads = write(
        tmp_path, "leads.csv", b"email,job_title\nlead1@example.com,CEO\n,nobody\nlead2@example.com,too,many\n"
    )
    answer, rejects = rejects_of(ask, events, "--leads", leads)
    assert [(reject["file"], reject["line"], reject["reason"]) for reject in rejects] == [
        (str(leads), 3, "no_identity"),
        (str(leads), 4, "wrong_number_of_cells"),
    ]
    assert any(
        line.startswith("Rejected 1 row of leads: no identity (leads.csv:3); give `email`") for line in answer.lines
    )


def test_of_a_workbook_only_the_first_sheet_is_read_and_that_is_said(ask: Ask, tmp_path: Path) -> None:
    import openpyxl

    path = write(tmp_path, "book.xlsx", GOOD)
    book = openpyxl.load_workbook(path)
    book.create_sheet("Notes").append(["anything"])
    book.save(path)
    assert ask("score", path, *PRESET).lines == [f"{path}: only its first sheet, 'Sheet', is read."]


# ---- Times --------------------------------------------------------------------------------------------------


def test_times_without_a_zone_are_taken_in_the_models_and_that_is_said_once(ask: Ask, tmp_path: Path) -> None:
    rows = [{**row, "occurred_at": str(row["occurred_at"]).removesuffix("Z")} for row in GOOD]
    answer = ask("score", write(tmp_path, "a.ndjson", rows), write(tmp_path, "b.csv", rows[:1]), *PRESET)
    assert answer.lines == ["6 times have no zone and are taken in Europe/Paris."]
    assert ",2026-03-01T09:00:00Z" in answer.out
    answer = ask("score", write(tmp_path, "c.csv", rows[:1]), *PRESET)
    assert answer.lines == ["1 time has no zone and is taken in Europe/Paris."]


# ---- Every row is accounted for -----------------------------------------------------------------------------


SUMMARY = re.compile(r"([\d,]+) leads? from ([\d,]+) facts? \(([\d,]+) cop(?:y|ies) and ([\d,]+) rejected row")


def counted(answer: Answer) -> tuple[int, int, int]:
    """Facts, copies and rejects as the table says them."""
    found = SUMMARY.search(answer.out)
    assert found, answer
    _, facts, copies, rejects = (int(number.replace(",", "")) for number in found.groups())
    return facts, copies, rejects


@pytest.mark.parametrize("seed", range(4))
def test_facts_copies_and_rejects_are_all_the_rows(seed: int, ask: Ask, tmp_path: Path) -> None:
    from tests.history import dirty

    rng = random.Random(seed)
    lines = [dirty.line(rng) for _ in range(300)]
    lines += rng.sample(lines, 60)
    write(tmp_path, "a.ndjson", "\n".join(lines).encode())
    cells = [
        rng.choice(["X", "Page Viewed", "", '"a\nb"', '"c\n\n""d"" "', "2026-03-03", "soon", "u1"]) for _ in range(900)
    ]
    rows = [",".join(cells[place : place + rng.choice((3, 3, 3, 2, 4))]) for place in range(0, 880, 4)]
    rows = [row if rng.random() < 0.95 else 'X,2026-03-03,"x"y' for row in rows if row]
    write(tmp_path, "b.csv", ("event,occurred_at,user_id\n" + "\n".join(rows) + "\n").encode())
    target = tmp_path / "rejects.ndjson"
    files = (tmp_path / "a.ndjson", tmp_path / "b.csv")
    answer = ask("score", *files, "--model", "bareme-b2b", "--at", "2026-07-01", "--rejects", target)
    facts, copies, rejects = counted(answer)
    read = sum(bool(line.strip()) for line in lines) + len(rows)
    assert facts + copies + rejects == read
    written = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(written) == rejects > 0
    held = (tmp_path / "b.csv").read_text().split("\n")
    for reject in written:
        if reject["file"].endswith(".csv") and reject["reason"] == "wrong_number_of_cells":
            assert reject["row"].startswith(held[reject["line"] - 1])
