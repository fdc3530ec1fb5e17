"""The files of a history: found, and known for what they are; lines and rows numbered as people count them."""

from pathlib import Path

import pytest

from couveuse.errors import BadInput
from couveuse.history.inputs import Format, Input, find, format_of, numbered_lines, numbered_records
from tests.cli.files import HISTORY, write


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", Format.CSV),
        ("A.CSV.GZ", Format.CSV),
        ("a.tsv.zst", Format.CSV),
        ("a.json", Format.NDJSON),
        ("a.jsonl.gz", Format.NDJSON),
        ("a.pq", Format.PARQUET),
        ("a.xlsx", Format.XLSX),
        ("a.xls", None),
        ("csv", None),
    ],
)
def test_a_file_is_known_by_its_name(name: str, form: Format | None) -> None:
    assert format_of(Path(name)) is form


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", HISTORY)
    assert len(find([str(path), str(path), str(tmp_path)], work=tmp_path)) == 1


def test_hidden_files_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", HISTORY)
    (tmp_path / ".b.csv").write_text("x")
    assert [file.name for file in find([str(tmp_path)], work=tmp_path)] == ["a.csv"]


def test_a_delimiter_within_quotes_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b'event;occurred_at;email;"a, b, c, d, e"\nx;y;z;w\n')
    (file,) = find([str(path)], work=tmp_path)
    assert (file.delimiter, file.columns) == (";", ("event", "occurred_at", "email", "a, b, c, d, e"))


def test_what_has_to_be_rewritten_goes_by_its_own_name_in_messages(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    book = write(tmp_path, "book.xlsx", HISTORY)
    latin = write(tmp_path, "latin.csv", "event,occurred_at,email\nété,b,c\n".encode("latin-1"))
    (first,) = find([str(book)], work=work)
    (second,) = find([str(latin)], encoding="latin-1", work=work)
    assert [(file.given, file.name) for file in (first, second)] == [
        (str(book), "book.xlsx"),
        (str(latin), "latin.csv"),
    ]
    assert [Path(file.path).parent for file in (first, second)] == [work, work]
    assert find([str(book)], work=work)[0].path == first.path
    assert Path(second.path).read_text(encoding="utf-8").endswith("été,b,c\n")


def test_lines_are_numbered_with_blank_ones_and_given_without(tmp_path: Path) -> None:
    path = write(tmp_path, "a.ndjson", b"\n{}\n  \n[]\n")
    assert list(numbered_lines(Input(str(path), Format.NDJSON))) == [(2, b"{}\n"), (4, b"[]\n")]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (b"1,2\n3,4\n", [2, 3]),
        (b'1,"a\nb"\n3,4\n', [2, 4]),
        (b'1,"a\n\n""b"" c"\n\n3,4\n', [2, 6]),
        (b'1,in 5" size\n3,4\n', [2, 3]),
        (b'"a,\n",2\r\n3,4\r\n', [2, 4]),
        (b'1,"never closed\n3,4\n', [2]),
    ],
)
def test_rows_of_csv_are_numbered_by_the_lines_on_which_they_begin(
    rows: bytes, lines: list[int], tmp_path: Path
) -> None:
    path = write(tmp_path, "a.csv", b"x,y\n" + rows)
    assert [line for line, _ in numbered_records(Input(str(path), Format.CSV), ())] == lines


def test_a_row_known_to_begin_somewhere_begins_there(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b'x,y\n1,"never closed\n3,4\n')
    assert [line for line, _ in numbered_records(Input(str(path), Format.CSV), {21})] == [2, 3]


def test_a_path_to_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="no such file"):
        find(["/nowhere/a.csv"], work=Path("/nowhere"))
