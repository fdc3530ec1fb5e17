"""What an uploaded file is, by what it holds; and that no file costs more than the limits say."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couveuse.history.columns import Dates
from couveuse.history.guessing import guess
from couveuse.history.inputs import Format
from couveuse.history.limits import LIMITS, Limits
from couveuse.history.previewing import preview
from couveuse.history.sniffing import Sniffed, plain_name, sniff
from couveuse.history.unfit import Unfit, UnfitFile

CSV = b"email,city\nana@example.com,Lyon\n"
LINE = b'{"email": "ana@example.com"}\n'


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


def why(tmp_path: Path, content: bytes, name: str = "e.csv", limits: Limits = LIMITS) -> Unfit:
    with pytest.raises(UnfitFile) as raised:
        preview(put(tmp_path, content), name, sniff(tmp_path / "file", name, limits), limits=limits)
    return raised.value.reason


def a_parquet(**columns: list[object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def a_workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("e.csv", CSV, Sniffed(Format.CSV, "", "utf-8")),
        ("e.txt", CSV, Sniffed(Format.CSV, "", "utf-8")),
        ("e.csv", "é;b\n1;2\n".encode("cp1252"), Sniffed(Format.CSV, "", "cp1252")),
        ("e.csv", "é;b\n1;2\n".encode("utf-16"), Sniffed(Format.CSV, "", "utf-16")),
        ("e.csv", b"\xef\xbb\xbf" + CSV, Sniffed(Format.CSV, "", "utf-8")),
        ("e.csv", b"a,b\x81\n1,2\n", Sniffed(Format.CSV, "", "latin-1")),
        ("e.csv.gz", gzip.compress(CSV), Sniffed(Format.CSV, ".gz", "utf-8")),
        ("e.csv", pa.compress(CSV, "zstd", asbytes=True), Sniffed(Format.CSV, ".zst", "utf-8")),
        ("e.ndjson", LINE, Sniffed(Format.NDJSON, "", "utf-8")),
        ("e.csv", LINE, Sniffed(Format.NDJSON, "", "utf-8")),  # the name errs, the content counts
        ("e.csv", a_parquet(email=["a"]), Sniffed(Format.PARQUET, "", "")),
        ("e.xlsx", a_workbook(["email"], ["a"]), Sniffed(Format.XLSX, "", "")),
    ],
)
def test_a_file_is_what_it_holds(tmp_path: Path, name: str, content: bytes, found: Sniffed) -> None:
    assert sniff(put(tmp_path, content), name) == found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Unfit.EMPTY),
        (gzip.compress(b""), Unfit.EMPTY),
        (b"\xef\xbb\xbf\n\n", Unfit.EMPTY),
        (b"\x7fELF\x02\x01\x01\x00", Unfit.WRONG_KIND),
        (b"\x89PNG\r\n\x1a\n\x00\x00", Unfit.WRONG_KIND),
        (b"{\\rtf1 text}", Unfit.WRONG_KIND),
        (b"#!/bin/sh\nrm -rf /\n", Unfit.WRONG_KIND),
        (b'<?xml version="1.0"?><a/>', Unfit.WRONG_KIND),
        (b'{\n  "events": []\n}', Unfit.ONE_DOCUMENT),
        (b"[1, 2]", Unfit.ONE_DOCUMENT),
        (b"[" * 100_000, Unfit.ONE_DOCUMENT),
        (b"{" * 100_000 + b"\n", Unfit.NO_ROWS),
        (gzip.compress(CSV * 1_000)[:-20], Unfit.BROKEN),
        (gzip.compress(a_parquet(email=["a"])), Unfit.WRONG_KIND),
        (b"\nemail\na\n", Unfit.NO_HEADER),
        (b"email\n", Unfit.NO_ROWS),
    ],
)
def test_what_is_none_of_ours_is_refused(tmp_path: Path, content: bytes, reason: Unfit) -> None:
    assert why(tmp_path, content) is reason


def test_limits_hold_and_what_stands_at_them_is_taken(tmp_path: Path) -> None:
    assert why(tmp_path, CSV, limits=Limits(size=len(CSV) - 1)) is Unfit.TOO_LARGE
    assert sniff(put(tmp_path, CSV), "e.csv", Limits(size=len(CSV))).format is Format.CSV
    packed = gzip.compress(b"a,b\n" * 300_000)
    assert why(tmp_path, packed, limits=Limits(inflated=1_000_000)) is Unfit.INFLATES
    assert sniff(put(tmp_path, packed), "e.gz.csv", Limits(inflated=1_200_000)).compression == ".gz"
    wide = ",".join(f"c{n}" for n in range(501)).encode() + b"\n1\n"
    assert why(tmp_path, wide) is Unfit.TOO_MANY_COLUMNS
    assert why(tmp_path, a_parquet(**{f"c{n}": [1] for n in range(501)})) is Unfit.TOO_MANY_COLUMNS
    assert why(tmp_path, a_workbook([f"c{n}" for n in range(501)], [1])) is Unfit.TOO_MANY_COLUMNS
    assert why(tmp_path, a_workbook(["a"], [1]), limits=Limits(workbook=100)) is Unfit.TOO_LARGE
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for part in ("[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml"):
            made.writestr(part, b"<sst>many words</sst>")
    assert why(tmp_path, out.getvalue(), limits=Limits(workbook_texts=10)) is Unfit.INFLATES
    assert why(tmp_path, out.getvalue(), limits=Limits(parts=2)) is Unfit.INFLATES
    assert why(tmp_path, a_parquet(a=[1, 2, 3]), limits=Limits(rows=2)) is Unfit.TOO_MANY_ROWS
    assert why(tmp_path, a_parquet(a=["x" * 10_000]), limits=Limits(inflated=5_000)) is Unfit.INFLATES


def test_a_parquet_file_that_lies_about_itself_is_refused(tmp_path: Path) -> None:
    content = a_parquet(email=["a"])
    for length in (0, 2**31, 2**32 - 1, len(content)):
        assert why(tmp_path, content[:-8] + struct.pack("<I", length) + b"PAR1") is Unfit.BROKEN
    assert why(tmp_path, content[:-8]) is Unfit.BROKEN
    assert why(tmp_path, content[:4] + bytes(len(content) - 12) + content[-8:]) is Unfit.BROKEN


def test_a_workbook_that_lies_about_its_size_is_read_as_it_is(tmp_path: Path) -> None:
    plain = a_workbook(["email"], ["ana@example.com"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(out, "w") as made:
        for part in source.infolist():
            text = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                assert b'<dimension ref="A1:A2"' in text
                text = text.replace(b'<dimension ref="A1:A2"', b'<dimension ref="A1:XFD1048576"')
            made.writestr(part.filename, text)
    path = put(tmp_path, out.getvalue())
    seen = preview(path, "e.xlsx", sniff(path, "e.xlsx"))
    assert (seen.columns, seen.rows) == (("email",), (("ana@example.com",),))


def test_a_cell_that_is_too_large_to_be_shown_hides_no_other_row(tmp_path: Path) -> None:
    path = put(tmp_path, b"email,note\nana@example.com,x\nbob@example.com," + b"y" * 200_000 + b"\n")
    seen = preview(path, "e.csv", sniff(path, "e.csv"))
    assert seen.columns == ("email", "note")
    assert all(len(cell) <= 120 for row in seen.rows for cell in row)


def test_names_are_plain() -> None:
    assert plain_name("a" * 300 + ".csv").endswith(".csv")
    assert len(plain_name("a" * 300 + ".csv")) < 130
    assert plain_name("\u202egnp.csv") == "gnp.csv"
    assert plain_name("") == plain_name("///") == "file"


def test_leads_of_a_french_crm_are_guessed() -> None:
    columns = [
        "Civilité",
        "Prénom",
        "Nom",
        "Société",
        "Fonction",
        "E-mail professionnel",
        "Tél.",
        "Code postal",
        "N° client",
    ]
    assert guess(columns, are_leads=True) == {
        "Prénom": "first_name", "Nom": "last_name", "Société": "company", "Fonction": "job_title",
        "E-mail professionnel": "email", "Tél.": "phone", "Code postal": "postcode", "N° client": "user_id",
    }  # fmt: skip


def test_a_column_is_guessed_for_one_thing_only() -> None:
    assert guess(["Type", "Date", "Email", "E-mail"], are_leads=False) == {
        "Type": "event", "Date": "occurred_at", "Email": "email",
    }  # fmt: skip
    assert guess(["email", "Email address"], are_leads=True)["email"] == "email"


def test_dates_are_named_as_the_command_names_them() -> None:
    assert [each.value for each in Dates] == ["iso", "day", "month"]
