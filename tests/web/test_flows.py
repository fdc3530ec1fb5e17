"""Behind each number of the funnel stands the list of its leads: exactly as many, for whoever may see them."""

import re
from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.times import DAY_US, HOUR_US, MINUTE_US, microseconds
from couveuse.engine.findable import Indexer
from couveuse.engine.flows import BadFlow, Entered
from couveuse.engine.rolling_up import Roller
from couveuse.store import listing
from couveuse.web import database as pages
from tests.engine.desk import TEAM, Counts, Desk
from tests.engine.town import NOW, accepted
from tests.web.asking import Asker, a_token
from tests.web.people import alice, bob, charlie, signed_in

# The day after NOW in Paris, at half past midnight: of UTC it is the same day still.
LATE = microseconds(datetime(2026, 5, 29, 0, 30, tzinfo=ZoneInfo("Europe/Paris")))
DAYS = "2026-05-23.2026-05-29"


@pytest.fixture
def desk(database, monkeypatch):
    """A town with a team, whose pages are asked for at its own time."""
    pages.close()
    with Desk(database, TEAM) as desk:
        monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: (desk.now + 10) * 1000)
        monkeypatch.setattr("couveuse.web.api.leads.now_us", lambda: desk.now + 10)
        yield desk
    pages.close()


def hot(email, at):
    return [accepted("Quote Requested", at, email=email), accepted("Page Viewed", at + 1, email=email)]


def happen(desk, at, *facts):
    desk.now = at
    desk.come(*facts)


def months(desk):
    """Leads of a month ago, of a week ago, of before midnight and of after it; some come twice, or end so or so."""
    happen(desk, NOW - 20 * DAY_US, *hot("old@example.com", NOW - 20 * DAY_US))
    happen(desk, NOW - 3 * DAY_US, accepted("Document Downloaded", NOW - 3 * DAY_US, email="mid@example.com"))
    before, after = LATE - HOUR_US, LATE - MINUTE_US
    happen(desk, before, *hot("eve@example.com", before), accepted("Page Viewed", before, email="cold@example.com"))
    happen(desk, after, *hot("mid@example.com", after), accepted("Page Viewed", after, email="new@example.com"))
    happen(desk, after + 5, accepted("Opportunity Won", after + 5, email="eve@example.com"),
           accepted("Opportunity Won", after - DAY_US, email="eve@example.com"),
           accepted("Lead Rejected", after + 5, email="old@example.com", traits={}))  # fmt: skip
    desk.now = LATE
    Roller(desk.url, Counts(), lambda: desk.now).work(desk.connection)


def index(desk):
    while Indexer().work(desk.connection):
        pass


def text(page):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def flows(client):
    """The numbers of the funnel with their addresses, as the page shows them."""
    page = client.get("/today").content.decode()
    found = re.findall(r'<td class="n"><a href="(/leads\?entered=[^"]+)">([\d,]+)</a>', page)
    assert found
    return [(unescape(address), int(number.replace(",", ""))) for address, number in found]


def listed(client, address):
    """How many leads the list shows, and says that it has."""
    page = client.get(address).content.decode()
    counted = re.search(r'id="leads-counted">([\d,]+) lead', page)
    assert counted, text(page)[:600]
    return len(re.findall(r'<tr id="lead-\d+"|data-lead="\d+"|<input type="checkbox" name="lead"', page)), int(
        counted[1]
    )


def test_each_number_is_as_many_leads_as_its_list_has(desk):
    months(desk)
    client = signed_in(alice())
    found = flows(client)
    steps = {re.split(r"[=.]", address)[1] for address, _ in found}
    assert steps == {"new", "hot", "handed_over", "won", "rejected"}
    for address, number in found:
        assert listed(client, address) == (number, number), address


def test_the_day_begins_at_midnight_where_the_team_works(desk):
    months(desk)
    today = dict(flows(signed_in(alice())))
    assert today["/leads?entered=new.2026-05-29.2026-05-29"] == 1  # one alone of those of the last two hours
    assert today["/leads?entered=hot.2026-05-29.2026-05-29"] == 1
    assert today["/leads?entered=new.2026-05-23.2026-05-29"] == 4
    assert today["/leads?entered=new.2026-04-30.2026-05-29"] == 5


def test_who_comes_twice_is_one_lead_of_a_week_and_one_of_each_day(desk):
    months(desk)
    today = dict(flows(signed_in(alice())))
    assert today["/leads?entered=won.2026-05-23.2026-05-29"] == 1
    assert today["/leads?entered=won.2026-05-28.2026-05-28"] == today["/leads?entered=won.2026-05-29.2026-05-29"] == 1


def test_who_sees_some_teams_has_their_numbers_and_the_leads_behind_them(desk):
    months(desk)
    (task,) = desk.rows("select min(id) from tasks where team = 'telemarketing' and standing in ('open', 'accepted')")[
        0
    ]
    desk.connection.execute(
        "update tasks set standing = 'closed', outcome = 'won', closed_at = %s where id = %s", [LATE - 1, task]
    )
    desk.connection.execute("update rollups set at = 0")
    Roller(desk.url, Counts(), lambda: desk.now).work(desk.connection)
    client = signed_in(bob())
    found = flows(client)
    assert {address.rsplit(".", 1)[-1] for address, _ in found} == {"telemarketing"}
    assert {re.split(r"[=.]", address)[1] for address, _ in found} == {"handed_over", "done", "won"}
    for address, number in found:
        assert listed(client, address) == (number, number), address


def test_how_the_tasks_of_other_teams_ended_is_told_to_nobody_else(desk):
    months(desk)
    for client in (signed_in(bob()), signed_in(charlie())):
        for asked in (f"done.{DAYS}", f"done.{DAYS}.sales", f"won.{DAYS}.sales"):
            assert "whose tasks you do not see" in text(client.get(f"/leads?entered={asked}").content.decode()), asked
    assert "whose tasks" not in text(signed_in(alice()).get(f"/leads?entered=done.{DAYS}.sales").content.decode())


def test_programs_ask_for_the_same_leads(desk):
    months(desk)
    api = Asker(a_token(desk.connection))
    steps = {each["step"]: each["last_7"] for each in api.get("/api/v1/today").json["counted"]["steps"]}
    for step, number in steps.items():
        assert len(api.get("/api/v1/leads", entered=f"{step}.{DAYS}").json["leads"]) == number, step
    teams = api.get("/api/v1/today", team="sales").json["counted"]["steps"]
    for each in teams:
        found = api.get("/api/v1/leads", entered=f"{each['step']}.{DAYS}.sales").json["leads"]
        assert len(found) == each["last_7"], each


def test_other_filters_go_on_with_it(desk):
    months(desk)
    client = signed_in(alice())
    assert listed(client, f"/leads?entered=new.{DAYS}&temperature=hot") == (2, 2)
    page = client.get(f"/leads?entered=new.{DAYS}").content.decode()
    assert f'<input type="hidden" name="entered" value="new.{DAYS}">' in page
    assert "new: 23 May 2026 – 29 May 2026" in text(page)


def test_more_than_are_sorted_in_memory_are_walked_and_none_is_left_out(desk, monkeypatch):
    months(desk)
    monkeypatch.setattr(listing, "FEW", 1)
    client = signed_in(alice())
    page = client.get(f"/leads?entered=new.{DAYS}").content.decode()
    assert page.count('name="lead"') == 4


@pytest.mark.parametrize(
    "asked",
    ["", "warm", "warm.2026-05-23", "warm.2026-05-23.", "tepid.2026-05-23.2026-05-24", "warm.2026-05-24.2026-05-23",
     "warm.2025-01-01.2026-05-23", "warm.2026-05-23.2026-05-24.sales", "won.2026-05-23.2026-05-24.", "a" * 500,
     "won.2026-05-23.2026-05-24." + ".".join(f"t{each}" for each in range(51)),
     "warm.0001-01-01.0001-01-02", "warm.9999-12-31.9999-12-31",
     "warm.２０２６-05-23.2026-05-24"],
)  # fmt: skip
def test_what_will_not_do_is_refused(asked):
    with pytest.raises(BadFlow):
        Entered.read(asked)


def test_a_program_that_asks_for_nonsense_is_told_what_to_write(desk):
    answer = Asker(a_token(desk.connection)).get("/api/v1/leads", entered="tepid.2026-05-23.2026-05-24")
    assert answer.status == 422
    assert "warm.2026-11-21.2026-11-27" in str(answer.json)


def test_a_source_leads_to_its_leads_and_to_the_hot_ones_and_an_unknown_one_does_too(desk):
    for name, source in (("ann", "fair"), ("ben", "fair"), ("cat", None), ("dan", " ")):
        happen(desk, NOW, accepted("Page Viewed", NOW, email=f"{name}@example.com"))
        if source is not None:
            desk.come(accepted("Traits Set", NOW + 1, email=f"{name}@example.com", traits={"lead_source": source}))
    happen(desk, NOW + 2, *hot("ann@example.com", NOW + 2))
    Roller(desk.url, Counts(), lambda: desk.now).work(desk.connection)
    index(desk)
    client = signed_in(alice())
    page = client.get("/today").content.decode()
    for source, leads, ripe in (("source=fair", 2, 1), ("unsourced=1", 2, 0)):
        rest = "&amp;temperature=hot&amp;temperature=warm&amp;temperature=cold"
        assert f'<a href="/leads?{source}{rest}">{leads}</a>' in page
        assert listed(client, f"/leads?{source}{unescape(rest)}") == (leads, leads)
        assert f'href="/leads?{source}&amp;temperature=hot"' in page
        if ripe:
            assert listed(client, f"/leads?{source}&temperature=hot") == (ripe, ripe)


def test_a_bands_number_is_that_of_its_list(desk):
    months(desk)
    client = signed_in(alice())
    page = client.get("/today").content.decode()
    found = re.findall(r'<a href="(/leads\?band=[^"]+)">([\d,]+)</a>', page)
    assert [number for _, number in found] == ["2", "1", "2"]
    for address, number in found:
        assert listed(client, unescape(address)) == (int(number), int(number)), address


def test_a_companys_number_leads_to_its_leads(desk):
    happen(desk, NOW, *(accepted("Page Viewed", NOW, email=f"{name}@pompes.fr") for name in ("ann", "ben")))
    index(desk)
    client = signed_in(alice())
    page = client.get("/companies").content.decode()
    assert '<a href="/leads?company=pompes.fr">2</a>' in page
    assert listed(client, "/leads?company=pompes.fr") == (2, 2)


def test_scores_are_asked_for_between_two_of_them(desk):
    months(desk)
    client = signed_in(alice())
    scores = sorted(score for (score,) in desk.rows("select sort_score from lead_states"))
    assert len(scores) == 5
    low, high = scores[1], scores[3]
    within = [score for score in scores if low < score <= high]
    assert listed(client, f"/leads?score={low}..{high}") == (len(within), len(within))
    assert listed(client, f"/leads?score=..{high}&temperature=hot&temperature=warm&temperature=cold")[0] == 4
    assert listed(client, f"/leads?score={low}..&entered=new.{DAYS}")[0] <= 3
    for wrong in ("", "5", "..", "5..1", "a..b", "nan..5", "1..2..3", "5..5"):
        answer = Asker(a_token(desk.connection)).get("/api/v1/leads", score=wrong or " .. ")
        assert answer.status == 422, wrong
    assert f'name="score" value="{low}..{high}"' in client.get(f"/leads?score={low}..{high}").content.decode()
