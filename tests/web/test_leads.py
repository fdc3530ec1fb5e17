"""GET /api/v1/leads: the best first, filtered, page by page, with scores as they are now."""

import time
from itertools import pairwise

import pytest

from couveuse.store import listing
from tests.engine.town import DAY, Town, accepted, publish

NOW = time.time_ns() // 1000
KEYS = {
    "lead", "score", "behaviour", "fit", "band", "rate", "stage", "temperature", "class", "persona", "maturity",
    "routes", "last_event_at",
}  # fmt: skip
PEOPLE = 37


@pytest.fixture(scope="module")
def people(street: Town) -> Town:
    """People with one to many downloads, and two quote requests."""
    street.now = NOW
    facts = [
        accepted("Document Downloaded", NOW - DAY * (1 + number % 5), email=f"lead{person}@c{person % 3}.example.org")
        for person in range(PEOPLE)
        for number in range(person % 7)
    ]
    facts += [accepted("Page Viewed", NOW - DAY, email=f"lead{person}@c{person % 3}.example.org")
              for person in range(PEOPLE)]  # fmt: skip
    facts += [
        accepted("Quote Requested", NOW - DAY, email="ada@example.com", user_id="u-1"),
        accepted("Traits Set", NOW - 2 * DAY, email="ada@example.com",
                 traits={"firstName": "Ada", "last_name": "Byron", "company": {"name": "Engines"}, "title": "CEO"}),
        accepted("Page Viewed", NOW - DAY, anonymous_id="a visitor"),
        accepted("Quote Requested", NOW - DAY, user_id="u-2"),
    ]  # fmt: skip
    street.take(*facts)
    return street


@pytest.fixture
def api(people):
    from tests.web.asking import Asker, a_token

    return Asker(a_token(people.connection))


def test_it_works(api):
    answer = api.get("/api/v1/leads")
    assert answer.status == 200
    assert set(answer.json) == {"model", "at", "leads", "next"}
    assert answer.json["model"] == {"id": 1, "name": "town", "version": 1}
    ada = next(lead for lead in answer.json["leads"] if lead["lead"] == "ada@example.com")
    assert set(ada) > KEYS
    assert (ada["name"], ada["company"], ada["title"]) == ("Ada Byron", "Engines", "CEO")
    assert (ada["band"], ada["stage"], ada["temperature"], ada["maturity"]) == ("mid", "decision", "warm", "signal")
    assert {"team": "sales", "treatment": "make-appointment", "cause": "quote"} in ada["routes"]


def test_the_best_come_first_and_visitors_do_not_come(api):
    leads = list(api.pages("/api/v1/leads", "leads", limit=200))
    assert len(leads) == PEOPLE + 2
    assert all(one["score"] >= other["score"] - 1e-9 for one, other in pairwise(leads))
    assert "a visitor" not in {lead["lead"] for lead in leads}
    assert {"u-2"} <= {lead["lead"] for lead in leads}


def test_a_score_is_what_it_is_now_and_not_what_was_written(api, people):
    lead = api.get("/api/v1/leads", email="ada@example.com").json
    stored = people.score("ada@example.com")
    at = 20 * 0.5 ** ((_instant(lead["at"]) - (NOW - DAY)) / (30 * DAY))
    assert lead["leads"][0]["score"] == pytest.approx(at, abs=1e-9)
    assert lead["leads"][0]["score"] < stored


def _instant(text: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


@pytest.mark.parametrize("order", ["score", "number"])
@pytest.mark.parametrize("limit", [1, 3, 38, 39, 40, 200])
def test_pages_hold_every_lead_once(api, order, limit):
    found = [lead["id"] for lead in api.pages("/api/v1/leads", "leads", limit=limit, order=order)]
    assert len(found) == len(set(found)) == PEOPLE + 2
    if order == "number":
        assert found == sorted(found)


def test_leads_of_one_score_have_an_order_too(api):
    found = list(api.pages("/api/v1/leads", "leads", limit=4))
    same = [(one["id"], other["id"]) for one, other in pairwise(found) if one["score"] == other["score"]]
    assert same
    assert all(one < other for one, other in same)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"band": "low"}, lambda lead: lead["band"] == "low"),
        ({"band": ["mid", "high"]}, lambda lead: lead["band"] in ("mid", "high")),
        ({"stage": "discovery"}, lambda lead: lead["stage"] == "discovery"),
        ({"stage": ["decision", "evaluation"]}, lambda lead: lead["stage"] in ("decision", "evaluation")),
        ({"stage": "none"}, lambda lead: lead["stage"] is None),
        ({"temperature": "hot"}, lambda lead: lead["temperature"] == "hot"),
        ({"temperature": ["warm", "cold"], "stage": "evaluation"},
         lambda lead: lead["temperature"] in ("warm", "cold") and lead["stage"] == "evaluation"),
        ({"class": "student"}, lambda lead: lead["class"] == "student"),
        ({"company": "C1.example.org "}, lambda lead: lead["company_domain"] == "c1.example.org"),
        ({"company": "c1.example.org", "band": "low"},
         lambda lead: lead["company_domain"] == "c1.example.org" and lead["band"] == "low"),
        ({"company": "nobody.example"}, lambda lead: False),
        ({"email": " ADA@example.com"}, lambda lead: lead["lead"] == "ada@example.com"),
        ({"user_id": "u-1"}, lambda lead: lead["lead"] == "ada@example.com"),
        ({"user_id": "u-2"}, lambda lead: lead["lead"] == "u-2"),
        ({"user_id": "a visitor"}, lambda lead: False),
        ({"email": "ada@example.com", "band": "low"}, lambda lead: False),
        ({"updated_since": "2020-01-01"}, lambda lead: True),
        ({"updated_since": "2100-01-01"}, lambda lead: False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", ["score", "number"])
@pytest.mark.parametrize("window", [2, 10_000])
def test_a_filter_leaves_in_who_meets_it_and_nobody_else(api, monkeypatch, query, holds, order, window):
    """However few leads a page looks at."""
    monkeypatch.setattr(listing, "WINDOWS", (window,))
    everyone = list(api.pages("/api/v1/leads", "leads", order=order))
    found = [lead["id"] for lead in api.pages("/api/v1/leads", "leads", order=order, limit=3, **query)]
    assert found == [lead["id"] for lead in everyone if holds(lead)]


def test_who_meets_a_filter_no_more_is_left_out_before_the_sweep(api, people, monkeypatch):
    from couveuse.web.api import leads

    assert api.get("/api/v1/leads", band="mid", email="ada@example.com").json["leads"]
    monkeypatch.setattr(leads, "now_us", lambda: NOW + 365 * DAY)
    assert api.get("/api/v1/leads", band="mid", email="ada@example.com").json["leads"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 201}, {"limit": "many"}, {"band": "gold"}, {"stage": "late"}, {"temperature": "tepid"},
        {"class": "friend"}, {"order": "name"}, {"updated_since": "yesterday"}, {"email": "a@b.c", "user_id": "u"},
        {"cursor": "x"}, {"cursor": ""}, {"cursor": "é" * 50}, {"cursor": "bnVsbA"}, {"cursor": "W10"},
        {"cursor": "WyJzY29yZSIsMSwiYSIsMV0"}, {"cursor": "A" * 2_001}, {"company": "a\x00b"}, {"model": "first"},
        {"model": 0}, {"model": 2**31}, {"nonsense": 1}, {"Band": "low"}, {"company": "x" * 254},
    ],
)  # fmt: skip
def test_what_will_not_do_is_named_with_the_cure(api, query):
    answer = api.get("/api/v1/leads", **query)
    assert answer.status == 422
    assert answer.json["errors"][0]["where"][0] == "query"
    assert answer.json["errors"][0]["message"]
    assert answer.json["cure"]


def test_a_plus_sign_that_became_a_space_is_explained(api):
    answer = api.ask("GET", "/api/v1/leads?updated_since=2026-07-01T09:00:00+02:00")
    assert answer.status == 422
    assert "%2B" in answer.json["detail"]


def test_a_cursor_goes_on_in_its_own_order_only(api):
    cursor = api.get("/api/v1/leads", limit=3).json["next"]
    assert api.get("/api/v1/leads", limit=3, order="number", cursor=cursor).status == 422
    assert api.get("/api/v1/leads", limit=3, model=2, cursor=cursor).status == 422
    assert api.get("/api/v1/leads", limit=3, model=1, cursor=cursor).status == 200


def test_a_model_that_is_not_there_is_not_found(api):
    assert api.get("/api/v1/leads", model=77).status == 404


# ---- While scores change -------------------------------------------------------------------------------------------


def test_by_number_pages_hold_every_lead_once_while_scores_change(town: Town, api_of):
    town.now = NOW
    town.take(*(accepted("Page Viewed", NOW - DAY, email=f"p{n}@example.org") for n in range(20)))
    found = []
    for place, lead in enumerate(api_of(town).pages("/api/v1/leads", "leads", limit=3, order="number")):
        found.append(lead["lead"])
        town.take(accepted("Quote Requested", NOW - place, email=f"p{(place * 7) % 20}@example.org"))
    assert sorted(found) == sorted(f"p{n}@example.org" for n in range(20))


def test_by_score_leads_whose_scores_stay_come_once_while_others_change(town: Town, api_of):
    town.now = NOW
    stay = [accepted("Page Viewed", NOW - DAY * n, email=f"s{n}@example.org") for n in range(1, 12)]
    town.take(*stay, *(accepted("Page Viewed", NOW - DAY, email=f"m{n}@example.org") for n in range(9)))
    found = []
    for place, lead in enumerate(api_of(town).pages("/api/v1/leads", "leads", limit=2)):
        found.append(lead["lead"])
        town.take(accepted("Document Downloaded", NOW - place, email=f"m{place % 9}@example.org"))
    assert sorted(each for each in found if each[0] == "s") == sorted(f"s{n}@example.org" for n in range(1, 12))


def test_a_list_goes_on_under_its_model_when_another_one_acts(town: Town, api_of):
    api = api_of(town)
    town.now = NOW
    town.take(*(accepted("Page Viewed", NOW - DAY, email=f"p{n}@example.org") for n in range(4)))
    first = api.get("/api/v1/leads", limit=2).json
    old = town.model_id
    publish(town.connection)
    retired = api.get("/api/v1/leads", limit=2, cursor=first["next"])
    assert retired.status == 409
    assert "Begin again" in retired.json["cure"]
    town.rows("update models set standing = 'scoring' where id = %s returning id", old)
    second = api.get("/api/v1/leads", limit=2, cursor=first["next"]).json
    assert second["model"]["id"] == old
    assert len({lead["id"] for lead in first["leads"] + second["leads"]}) == 4
    assert api.get("/api/v1/leads").json["model"]["id"] != old


def test_a_model_without_states_says_so(town: Town, api_of):
    town.rows("update models set standing = 'retired' returning id")
    assert api_of(town).get("/api/v1/leads", model=town.model_id).status == 409
    answer = api_of(town).get("/api/v1/leads")
    assert (answer.status, answer.json["title"]) == (409, "No scoring model is published")


@pytest.fixture
def api_of():
    from tests.web.asking import Asker, a_token

    return lambda town: Asker(a_token(town.connection))
