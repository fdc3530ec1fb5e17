"""The list of leads on screen: found, filtered, gone on with, changed in bulk, exported; by those alone who may."""

import csv
import io
import json
import re
from html import unescape

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

from couveuse.documents.team import parse_team
from couveuse.engine import bulk
from couveuse.engine.findable import Indexer
from couveuse.store.rosters import apply_roster
from couveuse.web.areas.leads import finding, list_page
from tests.engine.town import NOW, Town, accepted
from tests.web import people
from tests.web.test_queries import counted

TEAM = """
couveuse: 1
team: example
members:
  - {id: bob, name: Bob Leroy, email: bob@example.com}
  - {id: zoe, name: Zoé Petit, email: zoe@example.com}
teams:
  - {id: telemarketing, members: [bob]}
  - {id: sales, members: [zoe]}
"""
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def seen(town: Town) -> Town:
    """Ada asked for a quote half a year ago and is Bob's; Carl has only looked at a page."""
    apply_roster(town.connection, parse_team(TEAM, "team"), by="a test", now=NOW)
    ada = {"first_name": "Ada", "last_name": "Byron", "company": "Engines", "lead_source": "salon", "owner": "bob",
           "telephone": "+33 1 70 18 99 00"}  # fmt: skip
    town.take(
        accepted("Traits Set", NOW, email="ada@example.com", traits=ada),
        accepted("Quote Requested", NOW + 1, email="ada@example.com"),
        accepted("Traits Set", NOW, email="carl@example.org", traits={"name": "Carl", "lead_source": "web"}),
        accepted("Page Viewed", NOW + 1, email="carl@example.org"),
    )
    index(town)
    return town


def index(town: Town) -> None:
    town.work()
    while Indexer().work(town.connection):
        pass


def page(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def names(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'class="opens"[^>]*><bdi>(.*?)</bdi>', html)]


def body(answer: HttpResponse) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


# ---- Found -----------------------------------------------------------------------------------------------------------


def test_it_works(seen: Town):
    html = page(people.signed_in(people.alice()), "/leads")
    assert names(html) == ["Ada Byron", "Carl"]
    for word in ("Engines", "salon", "Bob Leroy", "decision", "Quote requested", "2 leads"):
        assert word in html, word


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=byron", ["Ada Byron"]), ("q=%2B33170", ["Ada Byron"]), ("q=example", ["Ada Byron", "Carl"]),
        ("temperature=hot", []), ("stage=decision", ["Ada Byron"]), ("stage=discovery", ["Carl"]),
        ("source=web", ["Carl"]),
        ("owner=bob", ["Ada Byron"]), ("owner=nobody", ["Carl"]), ("band=low", ["Carl"]), ("q=nobody+here", []),
        ("active=3650&temperature=warm&temperature=cold", ["Ada Byron", "Carl"]), ("company=example.org", ["Carl"]),
    ],
)  # fmt: skip
def test_filters_leave_those_who_meet_them(seen: Town, query: str, found: list[str]):
    assert names(page(people.signed_in(people.charlie()), f"/leads?{query}")) == found


@pytest.mark.parametrize("query", ["band=x", "stage=x", "q=!!", "active=0", "temperature=x", "mine=1", "q=a%00b"])
def test_what_cannot_be_asked_is_said_and_all_are_shown(seen: Town, query: str):
    html = page(people.signed_in(people.alice()), f"/leads?{query}")
    assert 'class="notice wrong"' in html
    assert len(names(html)) == 2


def test_mine_are_those_of_the_member_of_the_account(seen: Town):
    assert names(page(people.signed_in(people.bob()), "/leads?mine=1")) == ["Ada Byron"]


def test_filters_that_are_on_are_tags_that_can_be_taken_away(seen: Town):
    html = page(people.signed_in(people.alice()), "/leads?source=salon&owner=bob&q=ada")
    assert "Source: salon" in html
    assert "Owner: Bob Leroy" in html
    removes = [unescape(each) for each in re.findall(r'<a href="([^"]+)" aria-label="[^"]*Source', html)]
    assert removes == ["/leads?q=ada&owner=bob"]


def test_the_list_goes_on_where_it_ended(seen: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(list_page, "MOST", 1)
    client = people.signed_in(people.alice())
    first = page(client, "/leads")
    assert names(first) == ["Ada Byron"]
    address = unescape(re.findall(r'href="(/leads\?after=[^"]+)"', first)[0])
    rows = page(client, address, **{"HX-Request": "true"})
    assert names(rows) == ["Carl"]
    assert "<html" not in rows
    assert "<html" in page(client, address)  # without JavaScript


def test_a_place_that_nobody_made_begins_anew(seen: Town):
    assert len(names(page(people.signed_in(people.alice()), "/leads?after=x"))) == 2


def test_the_panel_says_who_and_why_before_the_page(seen: Town):
    client = people.signed_in(people.bob())
    address = f"/leads/{seen.lead('ada@example.com')}/panel"
    html = page(client, address, **{"HX-Request": "true"})
    assert "<html" not in html
    for word in ("Ada Byron", "Engines", "+33 1 70 18 99 00", "Why this score"):
        assert word in html, word
    assert client.get(address)["Location"] == f"/leads/{seen.lead('ada@example.com')}"
    assert client.get("/leads/999/panel", headers={"HX-Request": "true"}).status_code == 404


@pytest.mark.parametrize("name", ["first_name", "company", "lead_source", "owner", "telephone", "job_title", "name"])
def test_whatever_a_field_holds_is_text_on_every_page_of_the_list(seen: Town, name: str):
    seen.take(
        accepted("Traits Set", NOW + 5, email="eve@example.net", traits={name: HOSTILE}),
        accepted("Group Joined", NOW + 6, email="eve@example.net", group=HOSTILE),
    )
    index(seen)
    client = people.signed_in(people.alice())
    eve = seen.lead("eve@example.net")
    pages = [page(client, address) for address in ("/leads", "/leads?q=eve", "/find?q=eve", "/leads/export?q=eve")]
    pages.append(page(client, f"/leads?q={HOSTILE}&source={HOSTILE}&group={HOSTILE}"))
    pages.append(page(client, f"/leads/{eve}/panel", **{"HX-Request": "true"}))
    pages.append(client.post("/leads/bulk", {"lead": [eve], "where": f"q={HOSTILE}"}).content.decode())
    for html in pages:
        assert "<script>alert" not in html


@pytest.mark.parametrize(
    "address", ["/leads", "/leads?q=example&owner=bob&stage=decision", "/leads?mine=1", "/find?q=ada"]
)
def test_a_page_asks_few_questions(seen: Town, monkeypatch: pytest.MonkeyPatch, address: str):
    client = people.signed_in(people.bob())
    page(client, address)  # what is read once for a process is read now
    with counted(monkeypatch) as sent:
        page(client, address)
    assert len(sent) <= 12, sent


# ---- Views -----------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_renamed_and_deleted(seen: Town):
    client = people.signed_in(people.charlie())
    kept = client.post("/leads/views", {"name": "From the fair", "where": "source=salon"})
    assert (kept.status_code, kept["Location"]) == (303, "/leads?source=salon")
    assert "From the fair" in page(client, "/leads")
    number = seen.rows("select id from lead_views")[0][0]
    client.post(f"/leads/views/{number}", {"do": "rename", "name": "Fair"})
    assert seen.rows("select name, query, user_id is null from lead_views") == [("Fair", "source=salon", False)]
    client.post(f"/leads/views/{number}", {"do": "delete"})
    assert seen.rows("select count(*) from lead_views") == [(0,)]
    assert len(seen.rows("select from audit where did like '%%view of leads'")) == 3


def test_a_view_is_deleted_only_once_that_was_asked_for_twice(seen: Town):
    bob = people.signed_in(people.bob())
    bob.post("/leads/views", {"name": "Fair <b>", "where": "source=salon"})
    bob.post("/leads/views", {"name": "Ours", "where": "source=web", "shared": "1"})
    shown = page(bob, "/leads/views")
    forms = re.findall(r"<form.*?</form>", shown, re.DOTALL)
    deleting = [each for each in forms if 'value="delete"' in each]
    assert len(deleting) == 2
    assert all('value="rename"' not in each for each in deleting)
    for each in deleting:
        assert re.search(r'<details class="sure"><summary>Delete</summary>' + re.escape(each), shown)
    said = unescape(" ".join(deleting))
    assert "Delete the view “Fair <b>”? The leads that it shows do not change." in said
    assert "Delete the view “Ours” for everybody?" in said
    assert "Fair &lt;b&gt;" in shown


def test_a_view_of_somebody_else_is_not_there(seen: Town):
    people.signed_in(people.alice()).post("/leads/views", {"name": "Hers", "where": "source=salon"})
    number = seen.rows("select id from lead_views")[0][0]
    charlie = people.signed_in(people.charlie())
    assert "Hers" not in page(charlie, "/leads")
    assert charlie.post(f"/leads/views/{number}", {"do": "delete"}).status_code == 404
    assert seen.rows("select count(*) from lead_views") == [(1,)]


def test_a_shared_view_is_seen_by_all_and_changed_by_those_who_edit_leads(seen: Town):
    people.signed_in(people.bob()).post("/leads/views", {"name": "Ours", "where": "source=salon", "shared": "1"})
    number = seen.rows("select id from lead_views where user_id is null")[0][0]
    charlie = people.signed_in(people.charlie())
    assert "Ours" in page(charlie, "/leads")
    assert charlie.post(f"/leads/views/{number}", {"do": "delete"}).status_code == 404
    charlie.post("/leads/views", {"name": "Mine", "where": "source=web", "shared": "1"})
    assert seen.rows("select count(*) from lead_views where user_id is null") == [(1,)]


@pytest.mark.parametrize(("name", "where"), [("", "q=x"), ("x" * 61, "q=x"), ("x", ""), ("x", "band=x" * 900)])
def test_a_view_has_a_name_and_filters(seen: Town, name: str, where: str):
    people.signed_in(people.alice()).post("/leads/views", {"name": name, "where": where})
    assert seen.rows("select count(*) from lead_views") == [(0,)]


# ---- Bulk ------------------------------------------------------------------------------------------------------------


def numbers(town: Town) -> list[int]:
    return [lead for (lead,) in town.rows("select id from leads order by id")]


def test_chosen_leads_are_changed_after_it_was_asked_how(seen: Town):
    client = people.signed_in(people.bob())
    asked = client.post("/leads/bulk", {"lead": numbers(seen), "where": "q=example"})
    assert "What is to be done with 2 leads?" in asked.content.decode()
    done = client.post(
        "/leads/bulk", {"lead": numbers(seen), "where": "q=example", "act": "join", "group": "Fair", "id": "1"}
    )
    assert (done.status_code, done["Location"]) == (303, "/leads?q=example")
    index(seen)
    assert names(page(client, "/leads?group=Fair")) == ["Ada Byron", "Carl"]


def test_all_that_meet_the_filters_are_changed_and_no_others(seen: Town):
    client = people.signed_in(people.alice())
    client.post("/leads/bulk", {"all": "1", "where": "source=web", "act": "owner", "owner": "zoe", "id": "1"})
    index(seen)
    assert names(page(client, "/leads?owner=zoe")) == ["Carl"]
    client.post("/leads/bulk", {"all": "1", "where": "owner=zoe", "act": "class", "class": "student", "id": "2"})
    index(seen)
    assert names(page(client, "/leads?class=student")) == ["Carl"]
    assert seen.rows("select by from audit where did = 'changed leads in bulk'") == [("alice@example.com",)] * 2


def test_many_are_changed_by_a_job_whose_progress_is_shown(seen: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    client = people.signed_in(people.alice())
    done = client.post("/leads/bulk", {"all": "1", "where": "", "act": "join", "group": "Fair", "id": "1"})
    assert re.fullmatch(r"/leads/bulk/\d+", done["Location"])
    assert "0 of 2 leads" in page(client, done["Location"])
    assert "<html" not in page(client, done["Location"], **{"HX-Request": "true"})
    assert client.get("/leads/bulk/999999").status_code == 404


def test_of_more_than_a_thousand_the_number_is_written_to_confirm(seen: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("couveuse.web.areas.leads.list_bulk.TO_CONFIRM", 1)
    client = people.signed_in(people.alice())
    given = {"all": "1", "where": "", "act": "join", "group": "Fair", "id": "1"}
    asked = client.post("/leads/bulk", {"all": "1", "where": ""})
    assert asked.status_code == 200
    assert 'name="confirmed"' in asked.content.decode()
    for wrong in ("", "3", "two", "20", "2x"):
        answer = client.post("/leads/bulk", {**given, "confirmed": wrong})
        assert answer.status_code == 422
        assert "This is not the number of leads" in unescape(answer.content.decode())
    assert seen.rows("select count(*) from inbox") == [(0,)]
    assert client.post("/leads/bulk", {**given, "confirmed": " 2 "}).status_code == 303
    assert seen.rows("select sum(events) from inbox") == [(2,)]


@pytest.mark.parametrize("written", ["12345", "12 345", "12,345", "12\u202f345", "12.345", " 12345 "])
def test_a_number_is_confirmed_as_anybody_writes_it(written: str):
    from couveuse.web.areas.leads import list_bulk

    assert list_bulk._is_confirmed(written, 12_345)
    assert not list_bulk._is_confirmed(written, 1_234)


def test_a_job_is_stopped_by_who_asked_for_it_or_sees_to_all_teams(seen: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    bob, alice, eve = people.bob(), people.alice(), people.a_person("Eve", people.Role.SALES)
    for number, stops in enumerate((bob, alice)):
        given = {"all": "1", "where": "", "act": "join", "group": "Fair", "id": str(number)}
        place = people.signed_in(bob).post("/leads/bulk", given)["Location"]
        assert f"{place}/stop" not in page(people.signed_in(eve), place)
        assert people.signed_in(eve).post(f"{place}/stop").status_code == 403
        assert people.signed_in(people.charlie() if not number else eve).post(f"{place}/stop").status_code == 403
        client = people.signed_in(stops)
        assert f'action="{place}/stop"' in page(client, place)
        assert client.post(f"{place}/stop")["Location"] == place
        assert "stopped after 0 leads" in page(client, place)
    assert people.signed_in(bob).post("/leads/bulk/999999/stop").status_code == 404
    assert seen.rows("select count(*) from bulk_leads") == [(0,)]


def test_too_many_none_and_nonsense_change_nothing(seen: Town, monkeypatch: pytest.MonkeyPatch):
    from couveuse.web.areas.leads import list_bulk

    client = people.signed_in(people.alice())
    monkeypatch.setattr(list_bulk, "MOST", 1)
    for given in (
        {"all": "1", "where": "", "act": "join", "group": "Fair"}, {"where": "", "act": "join", "group": "Fair"},
        {"lead": ["x", "-1", "9" * 30], "act": "relevant"}, {"all": "1", "where": "band=x", "act": "relevant"},
    ):  # fmt: skip
        assert client.post("/leads/bulk", given).status_code == 303
    wrong = client.post("/leads/bulk", {"lead": numbers(seen)[:1], "act": "owner", "owner": "mallory"})
    assert wrong.status_code == 422
    assert seen.rows("select count(*) from inbox") == [(0,)]


# ---- Export ----------------------------------------------------------------------------------------------------------


def test_what_meets_the_filter_is_exported_and_written_into_the_journal(seen: Town):
    client = people.signed_in(people.alice())
    assert "apostrophe" in page(client, "/leads/export?source=salon")
    answer = client.post("/leads/export", {"where": "source=salon", "all": "1", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(body(answer))))
    assert [(row["lead"], row["name"], row["telephone"]) for row in rows] == [
        ("ada@example.com", "Ada Byron", "'+33 1 70 18 99 00")
    ]
    assert answer["Content-Disposition"].startswith('attachment; filename="leads-')
    began, ended = seen.rows("select by, did, about from audit where did like '%%export%%' order by id")
    assert began[:2] == ("alice@example.com", "began to export leads")
    assert ended[1] == "exported leads"
    assert (ended[2]["leads"], ended[2]["whole"], ended[2]["filters"]) == (1, True, ["source"])
    assert "salon" not in json.dumps(ended[2])


def test_a_file_that_was_not_taken_to_its_end_is_written_down_as_that(seen: Town):
    answer = people.signed_in(people.alice()).post("/leads/export", {"where": "", "all": "1"})
    next(iter(answer.streaming_content))  # type: ignore[attr-defined]
    answer.close()
    assert [about["whole"] for (about,) in seen.rows("select about from audit where did = 'exported leads'")] == [False]


def test_programs_get_every_trait(seen: Town):
    answer = people.signed_in(people.alice()).post("/leads/export", {"all": "1", "where": "q=ada", "format": "ndjson"})
    (line,) = body(answer).splitlines()
    assert json.loads(line)["traits"]["telephone"] == "+33 1 70 18 99 00"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "\uff1d1"])
def test_no_cell_is_a_formula(seen: Town, text: str):
    traits = {"name": text, "company": text, "job_title": text, "lead_source": text, "city": text, "country": text}
    seen.take(
        accepted("Traits Set", NOW + 5, email="eve@example.net", traits=traits),
        accepted("Group Joined", NOW + 6, email="eve@example.net", group=text),
        accepted("Page Viewed", NOW + 7, user_id=text.strip()),
    )
    index(seen)
    answer = people.signed_in(people.alice()).post("/leads/export", {"all": "1", "where": ""})
    for row in csv.reader(io.StringIO(body(answer), newline="")):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "\uff1d")), row
            assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+", cell), row


def test_chosen_rows_alone_are_exported_where_some_are(seen: Town):
    client = people.signed_in(people.alice())
    answer = client.post("/leads/export", {"where": "", "lead": [seen.lead("carl@example.org")]})
    assert [row["name"] for row in csv.DictReader(io.StringIO(body(answer)))] == ["Carl"]
    assert client.post("/leads/export", {"where": ""}).status_code == 303


def test_who_may_not_export_gets_nothing(seen: Town):
    for person in (people.bob(), people.charlie()):
        client = people.signed_in(person)
        assert client.get("/leads/export").status_code == client.post("/leads/export", {"all": "1"}).status_code == 403
        assert "/leads/export" not in page(client, "/leads")
    assert seen.rows("select count(*) from audit where did like '%%export%%'") == [(0,)]


def test_who_only_reads_changes_nothing(seen: Town):
    client = people.signed_in(people.charlie())
    for address in ("/leads/bulk", "/leads/add"):
        assert client.post(address, {"lead": "1", "act": "relevant"}).status_code == 403
    html = page(client, "/leads")
    assert "/leads/add" not in html
    assert 'name="lead"' not in html


# ---- Added -----------------------------------------------------------------------------------------------------------


NEW = {"email": "new@example.net", "last_name": "Neuf", "basis": "consent", "purpose": ["marketing_email"],
       "consent_source": "met at the fair", "id": "1"}  # fmt: skip


def test_a_lead_is_added_and_shown_once_the_engine_has_it(seen: Town):
    client = people.signed_in(people.bob())
    assert "Legal basis" in page(client, "/leads/add")
    done = client.post("/leads/add", NEW)
    assert done.status_code == 303
    waiting = client.get(done["Location"])
    assert (waiting.status_code, waiting["Refresh"]) == (200, "2")
    assert client.get(done["Location"], headers={"HX-Request": "true"}).status_code == 204
    index(seen)
    lead = f"/leads/{seen.lead('new@example.net')}"
    assert client.get(done["Location"])["Location"] == lead
    assert client.get(done["Location"], headers={"HX-Request": "true"})["HX-Redirect"] == lead
    assert seen.rows("select purpose, basis from consents") == [("marketing_email", "consent")]
    assert client.get("/leads/added/nonsense").status_code == 200


@pytest.mark.parametrize(
    ("field", "given"), [("basis", {**NEW, "basis": ""}), ("email", {**NEW, "email": "x"}), ("email", {"id": "1"}),
                         ("consent_source", {**NEW, "consent_source": ""}), ("telephone", {**NEW, "telephone": "x"})]
)  # fmt: skip
def test_what_is_missing_is_named_at_its_field(seen: Town, field: str, given: dict[str, str]):
    answer = people.signed_in(people.bob()).post("/leads/add", given)
    assert answer.status_code == 422
    assert f'id="f-{field}-about"' in answer.content.decode()
    assert seen.rows("select count(*) from inbox") == [(0,)]


def test_whoever_is_there_is_shown_instead(seen: Town):
    answer = people.signed_in(people.bob()).post("/leads/add", {**NEW, "email": "ADA@example.com"})
    assert answer["Location"] == f"/leads/{seen.lead('ada@example.com')}"


# ---- The palette -----------------------------------------------------------------------------------------------------


def test_the_palette_finds_leads_companies_pages_and_actions(seen: Town):
    client = people.signed_in(people.alice())
    html = page(client, "/find?q=ada", **{"HX-Request": "true"})
    assert "<html" not in html
    assert f"/leads/{seen.lead('ada@example.com')}" in html
    assert "example.org" in page(client, "/find?q=example.o")
    assert "/leads/add" in page(client, "/find?q=add")
    assert "Nothing begins so" in page(client, "/find?q=zzzz")
    assert "Nothing begins so" in page(client, "/find?q=%00!!")


def test_the_palette_offers_what_one_may(seen: Town):
    html = page(people.signed_in(people.charlie()), "/find")
    assert "/leads/export" not in html
    assert "/leads/add" not in html
    assert "/desk" not in html.split("<main")[1].split("</main>")[0]


def test_no_place_of_the_palette_leads_nowhere():
    for _, address, _ in (*finding.PAGES, *finding.ACTIONS):
        resolve(address.partition("?")[0])


@pytest.mark.parametrize("address", ["/leads/bulk", "/leads/export", "/leads/add", "/leads/views", "/leads/views/1"])
def test_a_form_of_another_site_changes_nothing(seen: Town, address: str):
    person = people.alice()
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[1])
    given = {**NEW, "all": "1", "act": "relevant", "name": "x", "where": "q=x", "do": "delete"}
    assert client.post(address, given).status_code == 403
    assert seen.rows("select count(*) from inbox") == [(0,)]
    assert seen.rows("select count(*) from lead_views") == [(0,)]


def test_whoever_has_not_signed_in_finds_nothing(seen: Town):
    for address in ("/leads", "/find?q=ada", "/leads/export", "/leads/1/panel", "/leads/add"):
        answer = people.nobody().get(address)
        assert answer.status_code == 302
        assert "ada" not in answer.content.decode()
