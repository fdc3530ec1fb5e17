"""Imports on screen: a file shown, mapped, looked ahead, imported, taken back; and files that are meant ill."""

import io
import zipfile
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from couveuse.engine.jobs import Standing
from couveuse.history.limits import Limits
from couveuse.store import uploads
from couveuse.store.accounts.models import Role
from couveuse.web import receiving
from couveuse.web.areas.start.brought import guarded
from tests.engine.town import Town
from tests.engine.uploading import FRENCH, LEADS, work
from tests.web.people import a_person, alice, bob, signed_in
from tests.web.test_queries import MOST, counted

DECLARED = {
    "basis": "legitimate_interest", "consent_source": "salon 2026", "since": "2026-03-01",
    "purposes": ["marketing_email"],
}  # fmt: skip


@pytest.fixture
def client(town: Town) -> Client:
    return signed_in(alice())


def send(client: Client, content: bytes, name: str = "events.csv", kind: str = "events") -> Any:
    return client.post("/imports/new", {"kind": kind, "file": SimpleUploadedFile(name, content)})


def kept(client: Client, content: bytes, name: str = "events.csv", kind: str = "events") -> str:
    """The page of a file that was taken in."""
    answer = send(client, content, name, kind)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["Location"])


def text_of(answer: Any) -> str:
    return bytes(answer.content).decode()


def page(client: Client, address: str, **more: str) -> str:
    answer = client.get(address, **more)
    assert answer.status_code == 200, (address, answer.status_code, answer.headers.get("Location"))
    return text_of(answer)


def form(names: dict[int, str], **said: Any) -> dict[str, Any]:
    return {**{f"as-{place}": what for place, what in names.items()}, **DECLARED, **said}


FRENCH_FORM = form({0: "occurred_at", 1: "event", 2: "email", 3: "own"}, **{"name-3": "Montant", "dates": "day"})


def imported(town: Town, client: Client) -> str:
    """The page of an import of the French file."""
    address = kept(client, FRENCH.encode("cp1252"))
    assert client.post(address, {**FRENCH_FORM, "do": "import"}).status_code == 303
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    answer = client.get(address)
    assert answer.status_code in (302, 303)
    return str(answer.headers["Location"])


def test_it_works(town: Town, client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"), "été.csv")
    shown = page(client, address)
    assert "été.csv" in shown
    assert "Évènement" in shown  # read as Excel writes it
    assert shown.count('<option value="day" selected>') == 1
    assert client.post(address, {**FRENCH_FORM, "do": "foresee"}).status_code == 303
    waiting = page(client, address)
    assert "hx-get" in waiting
    assert 'name="basis"' not in waiting
    work(town)
    assert town.rows("select count(*) from events") == [(0,)]
    foreseen = page(client, address)
    assert "ana@example.com" in foreseen
    assert "Import now" in foreseen
    assert client.post(address, {"do": "import"}).status_code == 303
    work(town)
    assert town.rows("select count(*) from events") == [(3,)]
    done = page(client, client.get(address).headers["Location"])
    assert "été.csv:5" in done  # the refused row, with its line
    assert "time cannot be read" in done
    assert "salon 2026" in done
    assert town.score("ana@example.com") is not None


def test_events_that_the_model_does_not_know_are_told_before_they_are_imported(town: Town, client: Client) -> None:
    rows = b"when,what,email\n2026-03-01 10:00,%s,ana@example.com\n"
    names = form({0: "occurred_at", 1: "event", 2: "email"}, do="foresee")
    shown = []
    for event in (b"Page vue", b"Quote Requested"):
        address = kept(client, rows % event)
        client.post(address, names)
        work(town)
        shown.append("None of these events makes any points" in page(client, address))
    assert shown == [True, False]


def test_the_list_shows_what_waits_and_what_came_of_each(town: Town, client: Client) -> None:
    assert "Nothing was imported yet" in page(client, "/imports")
    kept(client, LEADS.encode(), "waiting.csv", "leads")
    imported(town, client)
    shown = page(client, "/imports")
    assert "waiting.csv" in shown
    assert "events.csv" in shown
    assert "/imports/1" in shown


def test_consent_is_asked_for_with_the_same_care_as_the_command(client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"))
    columns = {name: value for name, value in FRENCH_FORM.items() if name not in DECLARED}
    for said, what in (
        ({}, "Say on what basis they may be written to"),
        ({"basis": "consent", "purposes": ["phone"], "since": "2026-03-01"}, "Say where the addresses come from"),
        ({**DECLARED, "since": ""}, "Give a date"),
        ({**DECLARED, "since": "2099-01-01"}, "That date is to come"),
        ({**DECLARED, "purposes": []}, "Say for what"),
    ):
        answer = client.post(address, {**columns, **said, "do": "import"})
        assert answer.status_code == 422
        assert what in text_of(answer)
    assert client.post(address, {**columns, "basis": "none", "do": "foresee"}).status_code == 303


def test_what_was_answered_stands_in_the_form_again(client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"))
    answer = text_of(client.post(address, {**FRENCH_FORM, "as-2": "out", "source": "crm <b>", "do": "import"}))
    assert "Say which column tells the person" in answer
    assert "crm &lt;b&gt;" in answer
    assert '<option value="out" selected>' in answer


def test_the_same_file_twice_is_told(town: Town, client: Client) -> None:
    imported(town, client)
    assert "A file that holds the same was imported" in page(client, kept(client, FRENCH.encode("cp1252"), "b.csv"))


def test_an_import_is_taken_back_after_a_question(town: Town, client: Client) -> None:
    address = imported(town, client)
    asked = page(client, f"{address}/undo")
    assert "3 facts" in asked
    assert town.rows("select standing from imports") == [("done",)]  # a question changes nothing
    assert client.post(f"{address}/undo").status_code == 303
    assert "being taken back" in page(client, address)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select count(*) from events") == [(0,)]
    assert "was taken back" in page(client, address)
    again = client.post(f"{address}/undo", follow=True)
    assert "was taken back already" in text_of(again)


def test_rejected_rows_come_page_by_page_and_as_a_table_without_formulas(town: Town, client: Client) -> None:
    rows = "".join(f"=cmd|'/C calc'!A{n},never,ana@example.com\n" for n in range(60))
    address = kept(
        client, f"event,occurred_at,email\nQuote Requested,2026-03-01,ana@example.com\n{rows}".encode(), "=1+1.csv"
    )
    client.post(address, {**form({0: "event", 1: "occurred_at", 2: "email"}), "do": "import"})
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    place = client.get(address).headers["Location"]
    first = page(client, place)
    assert first.count("time cannot be read") == 50 + 1  # and once in the sum by reason
    following = first.split('hx-get="')[1].split('"')[0]
    assert page(client, following, HTTP_HX_REQUEST="true").count("<tr>") == 10
    answer = client.get(f"{place}/rejects.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    lines = text_of(answer).lstrip("\ufeff").split("\r\n")
    assert len(lines) == 60 + 2
    assert all(not cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.strip('"').split('","'))
    assert lines[1].startswith('"\'=1+1.csv:3"')


def test_a_cell_is_no_formula() -> None:
    assert [guarded(cell) for cell in ("=1", " =1", "@a", "\t=1", "-2", "ok", "")] == [
        "'=1", "' =1", "'@a", "'\t=1", "'-2", "ok", "",
    ]  # fmt: skip


def test_a_sheet_of_a_workbook_is_chosen(town: Town, client: Client) -> None:
    book = openpyxl.Workbook()
    book.active.append(["nothing", "here"])
    book.active.append([1, 2])
    sheet = book.create_sheet("Les leads")
    sheet.append(["E-mail", "Ville"])
    sheet.append(["ana@example.com", "Lyon"])
    out = io.BytesIO()
    book.save(out)
    address = kept(client, out.getvalue(), "book.xlsx", "leads")
    assert "Les leads" in page(client, address)
    assert client.post(f"{address}/look", {"kind": "leads", "sheet": "Les leads"}).status_code == 303
    assert '<option value="email" selected>' in page(client, address)
    client.post(address, {**form({0: "email", 1: "own"}, **{"name-1": "city"}), "do": "import"})
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select traits from given_traits") == [({"city": "Lyon"},)]


def test_an_encoding_is_chosen_and_one_that_cannot_be_is_told(client: Client) -> None:
    address = kept(client, "email,ville\nana@example.com,Orléans\n".encode("utf-16"), "leads.csv", "leads")
    assert "Orléans" in page(client, address)
    client.post(f"{address}/look", {"kind": "leads", "encoding": "latin-1"})
    assert "Orléans" not in page(client, address)


def test_ndjson_and_parquet_are_shown_too(client: Client) -> None:
    line = b'{"event": "Quote Requested", "occurred_at": "2026-03-01", "email": "ana@example.com", "deep": {"a": 1}}\n'
    assert "{&#34;a&#34;: 1}" in page(client, kept(client, line, "e.ndjson"))
    out = io.BytesIO()
    pq.write_table(pa.table({"email": ["ana@example.com"], "n": [[1, 2]]}), out)
    assert "[1, 2]" in page(client, kept(client, out.getvalue(), "l.parquet", "leads"))


def test_work_that_goes_on_tells_how_far_it_is_and_then_shows_the_page(town: Town, client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"))
    client.post(address, {**FRENCH_FORM, "do": "import"})
    part = client.get(f"{address}/work", HTTP_HX_REQUEST="true")
    assert part.status_code == 200
    assert "<html" not in text_of(part)
    busy = client.post(address, {**FRENCH_FORM, "do": "import"}, follow=True)
    assert "under way" in text_of(busy)
    work(town)
    assert client.get(f"{address}/work", HTTP_HX_REQUEST="true").headers["HX-Redirect"] == address


def test_a_file_is_taken_away_unless_somebody_works_on_it(town: Town, client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"))
    client.post(address, {**FRENCH_FORM, "do": "import"})
    assert "under way" in text_of(client.post(f"{address}/away", follow=True))
    client.post(f"{address}/away", {"do": "stop"})
    work(town)
    assert "The work was stopped" in page(client, address)
    assert client.post(f"{address}/away").status_code == 303
    assert client.get(address).status_code == 404
    assert town.rows("select count(*) from upload_pieces") == [(0,)]


# ---- Meant ill -------------------------------------------------------------------------------------------------------


def a_zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("e.csv", b"", "The file is empty"),
        ("e.csv", b"   \n \n", "The file is empty"),
        ("e.exe", b"email\nana@example.com\n", "no kind of file that is known"),
        ("leads", b"email\nana@example.com\n", "no kind of file that is known"),
        ("e.csv", b"MZ\x90\x00\x03\x00\x00\x00\x04", "does not hold what its name says"),
        ("e.csv", b"%PDF-1.7 ...", "does not hold what its name says"),
        ("e.csv", b"<html><script>alert(1)</script>", "does not hold what its name says"),
        ("e.xlsx", a_zip({"evil.txt": b"x"}), "does not hold what its name says"),
        ("e.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), "old workbook"),
        ("e.xlsx", b"PK\x03\x04 and no more", "cannot be read"),
        ("e.parquet", b"PAR1 and no more PAR1", "breaks off"),
        ("e.json", b'[{"event": "x"}]', "one JSON document"),
        ("e.csv", b"email,email\na,b\n", "Two columns are called"),
        ("e.csv", b"email,,x\na,b,c\n", "A column has no name"),
        ("e.csv", b"email,city\n", "no rows below the header"),
        ("e.csv", (",".join(f"c{n}" for n in range(10_000)) + "\n1\n").encode(), "10,000 columns"),
    ],
)
def test_what_cannot_be_used_is_answered_in_words(client: Client, name: str, content: bytes, what: str) -> None:
    answer = send(client, content, name)
    assert answer.status_code == 422
    assert what in text_of(answer)


def test_ten_thousand_columns_of_json_are_refused(client: Client) -> None:
    line = "{" + ", ".join(f'"c{n}": 1' for n in range(10_000)) + "}\n"
    answer = send(client, line.encode(), "e.ndjson")
    assert "10,000 columns" in text_of(answer)


def test_a_file_that_is_too_large_gets_an_answer_in_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Limits(size=1 << 20)
    monkeypatch.setattr(receiving, "LIMITS", small)
    answer = send(client, b"email\n" + b"ana@example.com\n" * 100_000)
    assert answer.status_code == 413
    assert "larger than" in text_of(answer)


def test_of_what_nobody_would_wait_for_nothing_is_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LIMITS", Limits(size=1 << 10))
    monkeypatch.setattr(receiving, "SMALL", 1 << 10)
    answer = send(client, b"email\n" + b"ana@example.com\n" * 100_000)
    assert answer.status_code == 413


def test_a_workbook_that_inflates_without_end_is_refused(client: Client) -> None:
    bomb = a_zip({
        "[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>",
        "xl/worksheets/sheet1.xml": bytes(700 << 20),
    })  # fmt: skip
    assert len(bomb) < 2 << 20
    assert "Inflated, the file would be larger than 600" in text_of(send(client, bomb, "bomb.xlsx"))


def test_a_workbook_with_entities_is_refused(client: Client) -> None:
    trap = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>'
    bomb = a_zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": trap})
    assert "This workbook cannot be read" in text_of(send(client, bomb, "bomb.xlsx"))


def test_a_path_in_a_name_is_no_path(town: Town, client: Client) -> None:
    for name in ("../../etc/passwd.csv", "C:\\Users\\ana\\leads.csv"):
        kept(client, FRENCH.encode("cp1252"), name)
    names = [each.name for each in uploads.open_uploads(town.connection, 10)]
    assert all(not set(name) & {"/", "\\", "\x00", "\n", "\r"} for name in names)
    assert "passwd.csv" in names


def test_markup_in_heads_and_cells_and_names_is_text(town: Town, client: Client) -> None:
    evil = "<script>alert(1)</script>"
    rows = (f'{evil},never,ana@example.com,"{evil}"', f"Quote Requested,2026-03-01,{evil}@example.com,x")
    content = "\n".join((f"event,occurred_at,email,{evil}", *rows, ""))
    address = kept(client, content.encode(), f"{evil}.csv")
    assert evil not in page(client, address)
    columns = form({0: "event", 1: "occurred_at", 2: "email", 3: "own"}, **{"name-3": evil})
    assert evil not in text_of(client.post(address, {**columns, "basis": "", "do": "foresee"}))
    client.post(address, {**columns, "do": "foresee"})
    work(town)
    assert evil not in page(client, address)
    client.post(address, {**columns, "do": "import"})
    work(town)
    assert evil not in page(client, client.get(address).headers["Location"])
    assert evil not in page(client, "/imports")


def test_only_who_may_import_sees_anything_of_it(town: Town, client: Client) -> None:
    address = kept(client, FRENCH.encode("cp1252"))
    for person in (bob(None), a_person("Rita", Role.READER)):
        other = signed_in(person)
        for place in ("/imports", "/imports/new", address, "/start"):
            assert other.get(place).status_code == 403
        assert send(other, FRENCH.encode("cp1252")).status_code == 403
    assert len(uploads.open_uploads(town.connection, 10)) == 1


def test_who_has_not_signed_in_keeps_nothing_on_our_disk(town: Town) -> None:
    answer = send(Client(), b"email\n" + b"ana@example.com\n" * 1_000)
    assert answer.status_code == 302
    assert uploads.open_uploads(town.connection, 10) == []


def test_a_form_without_its_token_does_nothing(town: Town, client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert send(strict, FRENCH.encode("cp1252")).status_code == 403
    assert uploads.open_uploads(town.connection, 10) == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_page_speaks_each_language(town: Town, client: Client, language: str) -> None:
    address = imported(town, client)
    waiting = kept(client, FRENCH.encode("cp1252"))
    for place in ("/imports", "/imports/new", address, f"{address}/undo", waiting):
        assert f'lang="{language}"' in page(client, f"{place}?lang={language}")


def test_no_page_asks_more_than_twelve_times(town: Town, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    done = imported(town, client)
    waiting = kept(client, FRENCH.encode("cp1252"))
    for place in ("/imports", "/imports/new", done, f"{done}/undo", waiting, "/start", "/start/model", "/start/send"):
        with counted(monkeypatch) as sent:
            page(client, place)
        assert len(sent) <= MOST, (place, len(sent), sent)


def test_addresses_of_nothing_are_answered_for_everybody_who_may(client: Client) -> None:
    for place in ("", "/rejects.csv", "/undo"):
        assert client.get(f"/imports/9{place}").status_code == 404
    for place in ("", "/work"):
        assert client.get(f"/imports/files/9{place}").status_code == 404
    for place in ("/imports/9/undo", "/imports/files/9", "/imports/files/9/look", "/imports/files/9/away"):
        assert client.post(place).status_code == 404
    assert client.post("/imports/new").status_code == 422
    assert client.get("/imports?before=nothing").status_code == 200
