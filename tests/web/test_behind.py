"""Behind each number of a line of the points table and of an import stands the list of its leads."""

import re
from html import unescape
from pathlib import Path

import pytest

from couveuse.engine import learning
from couveuse.engine.behind import BadBehind, FromImport, Line
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from couveuse.history import folding
from couveuse.store import learnt, listing
from tests.engine.town import DAY, NOW, Town, accepted, configuration
from tests.web.asking import Asker, a_token
from tests.web.people import alice, charlie, signed_in
from tests.web.test_flows import index, listed, text
from tests.web.test_imports_page import imported


def count(town: Town, data: Path) -> None:
    """Five leads downloaded something this week, one of them twice; another one two months ago."""
    names = [f"p{number}@example.com" for number in range(5)]
    town.take(
        accepted("Document Downloaded", NOW - 60 * DAY, email="old@example.com"),
        accepted("Document Downloaded", NOW - 3 * DAY, email=names[0]),
        *(accepted("Document Downloaded", NOW - 2 * DAY, email=name) for name in names),
        accepted("Page Viewed", NOW - DAY, email="viewer@example.com"),
        accepted("Traits Set", NOW - DAY, email=names[1], traits={"job_title": "CEO"}),
    )
    index(town)
    learn(town, data)


def learn(town: Town, data: Path) -> None:
    learning.ask(town.connection, by="alice@example.com", now=NOW)
    assert Jobs(town.url, configuration(data=str(data)), Tally(), KINDS, clock=lambda: NOW).work(town.connection)


def leads(api: Asker, **asked: object) -> set[int]:
    return {each["id"] for each in api.get("/api/v1/leads", **asked).json["leads"]}


# ---- A line of the points table --------------------------------------------------------------------------------------


def test_a_line_s_number_leads_to_all_of_its_leads(town: Town, tmp_path: Path) -> None:
    count(town, tmp_path)
    client = signed_in(alice())
    for days, number in ((7, 5), (90, 6)):
        page = client.get(f"/scoring/lines/download?days={days}").content.decode()
        assert f"{number} leads," in text(page)
        (address,) = re.findall(r'<a href="(/leads\?line=[^"]+)">', page)
        assert address == f"/leads?line=download.{days}"
        assert listed(client, address) == (number, number)
        assert f"All leads that earned points by this line of the model in {days} days, at the" in text(
            client.get(address).content.decode()
        )


def test_so_does_that_of_a_fit_line(town: Town, tmp_path: Path) -> None:
    count(town, tmp_path)
    client = signed_in(charlie())
    assert '<a href="/leads?line=boss.7">' in client.get("/scoring/lines/boss?days=7").content.decode()
    page = client.get("/leads?line=boss.30").content.decode()
    assert "p1@example.com" in page
    assert listed(client, "/leads?line=boss.30")[1] == 1


def test_more_than_the_page_names_are_in_the_list(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST_SHOWN", 2)
    count(town, tmp_path)
    client = signed_in(alice())
    page = client.get("/scoring/lines/download?days=7").content.decode()
    assert page.count('<th scope="row">') == 2
    assert "The 2 leads that earned most by it, of 5" in text(page)
    assert "See these 5 leads in the list" in text(page)
    assert listed(client, "/leads?line=download.7") == (5, 5)


def test_where_more_earned_than_are_kept_they_are_those_that_earned_most_and_each_page_says_so(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "BEST", 3)
    count(town, tmp_path)
    client = signed_in(alice())
    assert "See the 3 leads that earned most in the list: of the 5, the others are not kept" in text(
        client.get("/scoring/lines/download?days=7").content.decode()
    )
    page = client.get("/leads?line=download.7").content.decode()
    assert "The 3 leads that earned most by this line of the model in 7 days, of 5: at the last report" in text(page)
    assert "p0@example.com" in page  # who earned twice as much as the others
    assert listed(client, "/leads?line=download.7") == (3, 3)


def test_of_an_earlier_report_they_are_those_that_the_page_names(town: Town, tmp_path: Path) -> None:
    count(town, tmp_path)
    town.connection.execute("update learnt_reports set report = report - 'behind'")
    client = signed_in(alice())
    assert listed(client, "/leads?line=download.90") == (6, 6)


def test_pages_read_the_report_without_the_leads_behind_it(town: Town, tmp_path: Path) -> None:
    count(town, tmp_path)
    assert town.rows("select report ? 'behind' from learnt_reports") == [(True,)]
    row = town.connection.execute(learnt._LATEST, [town.model_id]).fetchone()
    assert row is not None
    assert "behind" not in row[2]


def test_before_anything_was_counted_nobody_is_behind_a_line(town: Town) -> None:
    town.take(accepted("Document Downloaded", NOW, email="ann@example.com"))
    index(town)
    assert "0 leads" in text(signed_in(alice()).get("/leads?line=download.7").content.decode())


def test_programs_ask_for_the_same_leads_page_by_page_and_other_filters_go_on(town: Town, tmp_path: Path) -> None:
    count(town, tmp_path)
    api = Asker(a_token(town.connection))
    every = leads(api, line="download.90")
    assert every == {town.lead(f"{name}@example.com") for name in ("old", "p0", "p1", "p2", "p3", "p4")}
    pages = [each["id"] for page in api.pages("/api/v1/leads", "leads", line="download.90", limit=2) for each in [page]]
    assert (len(pages), set(pages)) == (6, every)
    assert leads(api, line="download.90", email="p2@example.com") == {town.lead("p2@example.com")}
    assert leads(api, line="download.90", ripened=1) == set()
    page = signed_in(alice()).get("/leads?line=download.90&temperature=cold").content.decode()
    assert '<input type="hidden" name="line" value="download.90">' in page


# ---- An import -------------------------------------------------------------------------------------------------------


def test_each_number_of_an_import_is_that_of_its_list(town: Town) -> None:
    town.take(
        accepted("Page Viewed", NOW, email="bob@example.com"), accepted("Page Viewed", NOW, email="eve@example.com")
    )
    client = signed_in(alice())
    address = imported(town, client)  # of Ana, whom nobody knew, and of Bob
    index(town)
    number = int(address.rsplit("/", 1)[1])
    page = client.get(address).content.decode()
    found = [(unescape(link), int(n)) for link, n in re.findall(r'<dd><a href="(/leads\?[^"]+)">(\d+)</a></dd>', page)]
    assert found == [(f"/leads?import={number}{part}", n) for part, n in (("", 2), (".new", 1), (".known", 1))]
    for link, n in found:
        assert listed(client, link) == (n, n), link
    assert "ana@example.com" in client.get(found[1][0]).content.decode()
    assert "bob@example.com" in client.get(found[2][0]).content.decode()
    assert "known before import" in text(client.get(found[2][0]).content.decode())
    assert '<a href="#rejects">1</a>' in page  # the rows that were refused stand on the page, and in a file
    assert "pas une date" in client.get(f"{address}/rejects.csv").content.decode()


@pytest.mark.parametrize("name", ["MOST_ENTERED", "FEW"])
def test_a_large_import_is_walked_and_none_of_its_leads_is_left_out(
    town: Town, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    town.take(
        accepted("Page Viewed", NOW, email="bob@example.com"), accepted("Page Viewed", NOW, email="eve@example.com")
    )
    client = signed_in(alice())
    number = imported(town, client).rsplit("/", 1)[1]
    index(town)
    monkeypatch.setattr(listing, name, 1)
    api = Asker(a_token(town.connection))
    ana, bob = town.lead("ana@example.com"), town.lead("bob@example.com")
    assert leads(api, **{"import": number}) == {ana, bob}
    assert leads(api, **{"import": f"{number}.known"}) == {bob}
    assert leads(api, **{"import": number, "q": "ana"}) == {ana}
    assert leads(api, **{"import": number, "email": "eve@example.com"}) == set()
    assert leads(api, **{"import": number, "entered": "new.2026-05-01.2026-12-31"}) == {bob}
    page = client.get(f"/leads?import={number}").content.decode()
    assert page.count('name="lead"') == 2
    assert 'id="leads-counted">Best scores first' in page  # how many there are nobody knows
    page = client.get(f"/leads?import={number}&order=newest").content.decode()
    assert 'id="leads-counted">Newest first' in page


def test_behind_an_import_that_was_taken_back_is_nobody(town: Town) -> None:
    client = signed_in(alice())
    number = imported(town, client).rsplit("/", 1)[1]
    town.connection.execute("delete from imported where import_id = %s", [int(number)])
    assert leads(Asker(a_token(town.connection)), **{"import": number}) == set()


# ---- What will not do ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["", "download", "download.", "download.8", ".7", "download.７", "download.7.7.8"])
def test_a_line_and_its_days_are_written_as_they_must_be(asked: str) -> None:
    with pytest.raises(BadBehind, match="visit"):
        Line.read(asked)


@pytest.mark.parametrize(
    "asked", ["", "0", "-1", "x", "1.", "1.all", "1.old", "１", "2147483648", "9" * 40, "1.new.new"]
)
def test_an_import_and_its_part_are_written_as_they_must_be(asked: str) -> None:
    with pytest.raises(BadBehind, match="number of an import"):
        FromImport.read(asked)


def test_what_is_not_there_is_said_on_screen_and_to_programs(town: Town) -> None:
    client, api = signed_in(alice()), Asker(a_token(town.connection))
    assert "does not name a line of the acting model" in text(client.get("/leads?line=nothing.7").content.decode())
    assert "There is no import of that number" in text(client.get("/leads?import=77").content.decode())
    for name, value, told in (
        ("line", "nothing.7", "no such line"),
        ("line", "visit.8", "as in"),
        ("import", "77", "no import 77"),
    ):
        answer = api.get("/api/v1/leads", **{name: value})
        assert (answer.status, told in str(answer.json), f'"{name}"' in answer.text) == (422, True, True), answer.text
