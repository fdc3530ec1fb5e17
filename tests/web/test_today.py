"""The first page: each role is shown what changed for it, and every number leads on."""

import re

import pytest

from couveuse.core.times import DAY_US
from couveuse.engine.rolling_up import Roller
from couveuse.store import alerts
from couveuse.store.accounts.models import Role
from couveuse.web import database as pages
from tests.engine.desk import TEAM, Counts, Desk
from tests.engine.town import NOW, accepted
from tests.web.people import a_person, alice, bob, charlie, nobody, signed_in
from tests.web.test_queries import counted


@pytest.fixture
def desk(database, monkeypatch):
    """A town with a team, whose pages are asked for at its own time."""
    monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: (NOW + 10) * 1000)
    pages.close()
    with Desk(database, TEAM) as desk:
        yield desk
    pages.close()


def hot(email, at=NOW):
    return [accepted("Quote Requested", at, email=email), accepted("Page Viewed", at + 1, email=email)]


def named(email, **traits):
    return accepted("Traits Set", NOW, email=email, traits=traits)


def ripe(desk, name="anna", at=NOW):
    desk.come(*hot(f"{name}@example.com", at))


def count(desk):
    Roller(desk.url, Counts(), lambda: desk.now).work(desk.connection)


def text(answer):
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_it_works(desk):
    desk.come(named("anna@example.com", first_name="Anna", last_name="Martin", company="Pompes Martin"))
    ripe(desk)
    count(desk)
    answer = signed_in(alice()).get("/today")
    assert answer.status_code == 200
    said = text(answer)
    assert "Since yesterday 1 lead ripened" in said
    assert "Anna Martin" in said
    assert "Pompes Martin" in said
    assert f'href="/leads/{desk.lead("anna@example.com")}"' in answer.content.decode()


def test_in_french_too(desk):
    ripe(desk)
    said = text(signed_in(a_person("Aline", Role.MARKETING, language="fr")).get("/today"))
    assert "Depuis hier, 1 lead a mûri" in said


def test_nothing_happened_is_said(desk):
    said = text(signed_in(alice()).get("/today"))
    assert "Since yesterday no lead has ripened, and nothing waits." in said


def test_after_a_week_end_it_looks_back_to_the_last_working_day(desk, monkeypatch):
    desk.apply(TEAM.replace('mon-sun: ["09:00-18:00"]', 'mon-fri: ["09:00-18:00"]'))
    ripe(desk)  # on a Thursday
    desk.now = NOW + 4 * DAY_US
    monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: (NOW + 4 * DAY_US) * 1000)
    said = text(signed_in(alice()).get("/today"))
    assert "Since Friday" in said


def test_what_is_late_stands_first_and_leads_to_its_task(desk, monkeypatch):
    ripe(desk)
    late = NOW + 10 * DAY_US
    monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: late * 1000)
    answer = signed_in(alice()).get("/today")
    assert re.search(r"[1-9] tasks? (is|are) late", text(answer))
    task = desk.rows("select min(id) from tasks where standing = 'open'")[0][0]
    assert f'href="/desk/tasks/{task}"' in answer.content.decode()


def test_who_calls_sees_what_was_handed_to_their_team_and_nothing_else(desk):
    ripe(desk)  # to sales
    desk.come(accepted("Document Downloaded", email="ben@example.com"))  # to telemarketing
    said = text(signed_in(bob()).get("/today"))
    assert "1 lead was handed to you" in said
    assert "ben@example.com" in said
    assert "anna@example.com" not in said


def test_who_only_reads_sees_who_ripened_and_no_task_or_alert(desk, monkeypatch):
    ripe(desk)
    monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: (NOW + DAY_US // 2) * 1000)
    answer = signed_in(charlie()).get("/today")
    said = text(answer)
    assert "anna@example.com" in said
    assert "late" not in said
    assert "acknowledge" not in answer.content.decode()
    assert "/desk" not in answer.content.decode()


def test_an_alert_is_acknowledged_and_waits_no_more(desk):
    ripe(desk)
    client = signed_in(alice())
    number = desk.rows("select min(id) from alerts")[0][0]
    place = f"/today/alerts/{number}/acknowledge"
    assert place in client.get("/today").content.decode()
    answer = client.post(place)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/today")
    found = alerts.alert(desk.connection, number)
    assert found is not None
    assert found.acknowledged_by == "alice@example.com"
    page = client.get("/today").content.decode()
    assert place not in page
    assert "Alert seen." in page


def test_htmx_takes_the_row_away_by_itself(desk):
    ripe(desk)
    number = desk.rows("select min(id) from alerts")[0][0]
    client = signed_in(alice())
    answer = client.post(f"/today/alerts/{number}/acknowledge", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (200, b"")
    page = client.get("/today").content.decode()
    assert f'hx-trigger="{answer.headers["HX-Trigger"]} from:body"' in page  # the page asks for what waits now


def test_an_alert_of_another_team_is_not_there(desk):
    ripe(desk)  # to sales
    number = desk.rows("select min(id) from alerts where team = 'sales'")[0][0]
    assert signed_in(bob()).post(f"/today/alerts/{number}/acknowledge").status_code == 404
    assert signed_in(charlie()).post(f"/today/alerts/{number}/acknowledge").status_code == 403
    assert nobody().post(f"/today/alerts/{number}/acknowledge").status_code == 302
    found = alerts.alert(desk.connection, number)
    assert found is not None
    assert found.acknowledged_at is None


def test_numbers_lead_to_the_leads_behind_them(desk):
    ripe(desk)
    count(desk)
    page = signed_in(alice()).get("/today").content.decode()
    for address in (
        "/leads?temperature=hot",
        "/leads?band=high&amp;temperature=hot&amp;temperature=warm&amp;temperature=cold",
        "/leads?entered=hot.2026-05-22.2026-05-28",
    ):
        assert f'href="{address}"' in page, address


def test_before_anything_was_counted_it_says_so(desk):
    assert "The leads are being counted" in text(signed_in(alice()).get("/today"))


def test_without_a_report_on_the_history_it_says_when_it_comes(desk):
    count(desk)
    assert "Rates are counted each night" in text(signed_in(alice()).get("/today"))


def test_without_a_lead_it_says_what_to_do(desk):
    count(desk)
    answer = signed_in(alice()).get("/today")
    assert "There are no leads yet" in text(answer)
    assert 'href="/imports"' in answer.content.decode()
    assert 'href="/imports"' not in signed_in(charlie()).get("/today").content.decode()


def test_who_ripens_meanwhile_arrives(desk):
    client = signed_in(alice())
    after = NOW - 5
    assert client.get(f"/today/arrivals?after={after}").content.decode().count("<li") == 1  # that which asks again
    ripe(desk)
    page = client.get(f"/today/arrivals?after={after}").content.decode()
    assert "anna@example.com" in page
    assert 'class="toast"' in page
    assert f"after={NOW}" in page
    assert "anna@example.com" not in client.get(f"/today/arrivals?after={NOW}").content.decode()


@pytest.mark.parametrize("after", ["", "x", "9" * 40, "-1", "٣"])
def test_arrivals_from_nowhere_are_those_from_now(desk, after):
    ripe(desk)
    page = signed_in(alice()).get("/today/arrivals", {"after": after}).content.decode()
    assert "anna@example.com" not in page


def test_what_others_wrote_is_text(desk):
    bad = "<script>alert(1)</script>"
    desk.come(named("anna@example.com", first_name=bad, company=bad, lead_source=bad))
    ripe(desk)
    count(desk)
    page = signed_in(alice()).get("/today").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_what_a_lead_is_here_is_told_in_words(desk):
    client = signed_in(charlie())
    said = text(client.get("/model"))
    assert "What a lead is here" in said
    assert "The scoring model “town”, version 1" in said
    assert 'href="/model"' in client.get("/today").content.decode()


@pytest.mark.parametrize("place", ["/today", "/today/arrivals", "/model"])
def test_a_stranger_is_sent_to_sign_in(desk, place):
    assert nobody().get(place).status_code == 302


@pytest.mark.parametrize("place", ["/today", "/today/arrivals", "/model"])
def test_without_a_model_it_says_what_to_do(desk, place):
    desk.connection.execute("update models set standing = 'retired'")
    answer = signed_in(alice()).get(place)
    assert answer.status_code == (200 if place.endswith("arrivals") else 503)


def test_all_alerts_are_listed_page_by_page(desk, monkeypatch):
    monkeypatch.setattr("couveuse.web.areas.today.acknowledging.SHOWN", 2)
    for name in ("anna", "ben", "cat"):
        ripe(desk, name)
    client = signed_in(alice())
    first = client.get("/today/alerts").content.decode()
    assert first.count('class="alert"') == 2
    following = re.search(r'hx-get="([^"]+after=[^"]+)"', first)
    assert following is not None
    rest = client.get(following[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert "<main" not in rest
    shown = set(re.findall(r"alerts/(\d+)/acknowledge", first + rest))
    assert shown == {str(number) for (number,) in desk.rows("select id from alerts")}


def test_all_alerts_that_one_was_shown_are_seen_at_once(desk):
    ripe(desk, "anna")
    client = signed_in(alice())
    until = re.search(r'name="until" value="(\d+)"', client.get("/today/alerts").content.decode())
    assert until is not None
    desk.now = NOW + 60
    ripe(desk, "ben", NOW + 60)  # it came since
    answer = client.post("/today/alerts/acknowledge", {"until": until[1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/today")
    left = desk.rows(
        "select count(*) from alerts where acknowledged_at is null and lead_id <> %s", desk.lead("ben@example.com")
    )
    assert left == [(0,)]
    assert desk.rows("select count(*) > 0 from alerts where acknowledged_at is null") == [(True,)]


@pytest.mark.parametrize("until", ["", "x", "-1", "9" * 30])
def test_up_to_nowhere_nothing_is_seen(desk, until):
    ripe(desk)
    assert signed_in(alice()).post("/today/alerts/acknowledge", {"until": until}).status_code == 404
    assert desk.rows("select count(*) from alerts where acknowledged_at is not null") == [(0,)]


def test_of_another_team_no_alert_is_shown_or_seen(desk):
    ripe(desk)  # to sales
    client = signed_in(bob())
    assert "Every alert was seen" in text(client.get("/today/alerts"))
    client.post("/today/alerts/acknowledge", {"until": str(NOW + 10)})
    assert desk.rows("select count(*) from alerts where acknowledged_at is not null") == [(0,)]
    assert signed_in(charlie()).get("/today/alerts").status_code == 403


def test_the_first_steps_stand_here_until_they_are_done_or_put_away(desk):
    owner = signed_in(alice())
    first = owner.get("/today", {"lang": "en"})
    assert "of 6 done" in text(first)
    assert '<a href="/start">import a file' in first.content.decode()
    for who in (bob(), charlie()):
        assert "of 6 done" not in text(signed_in(who).get("/today", {"lang": "en"}))
    owner.post("/start/list", {"do": "away"})
    assert "of 6 done" not in text(owner.get("/today", {"lang": "en"}))
    owner.post("/start/list", {"do": "back"})
    assert "of 6 done" in text(owner.get("/today", {"lang": "en"}))


def test_the_first_steps_are_over_once_all_are_done(desk, monkeypatch):
    owner = signed_in(alice())
    bob()
    ripe(desk)
    assert "5 of 6 done. Next: set how mail leaves" in text(owner.get("/today", {"lang": "en"}))
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:25")
    assert "of 6 done" not in text(owner.get("/today", {"lang": "en"}))


def test_once_the_first_steps_are_over_the_page_asks_nothing_of_them(desk, monkeypatch):
    owner = signed_in(alice())
    bob()
    ripe(desk)
    owner.get("/today")
    with counted(monkeypatch) as before:
        owner.get("/today")
    assert len([each for each in before if "from starting" in each]) == 1
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:25")
    owner.get("/today")
    with counted(monkeypatch) as after:
        owner.get("/today")
    assert len([each for each in after if "from starting" in each]) == 0
    assert len(after) == len(before) - 1 <= 11
