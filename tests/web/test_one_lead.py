"""GET /api/v1/leads/{id}, its ledger and its facts: now, as of any instant, by what was known then."""

import json
import math
import time

import pytest

from couveuse.core.fold import canonical, fold
from couveuse.core.plan import plan
from couveuse.core.reading import at as reading_at
from couveuse.documents.reading import parse_model
from couveuse.store.packets import Flag
from tests.engine.town import DAY, MODEL, Town, accepted, publish
from tests.web.asking import Asker, a_token

NOW = time.time_ns() // 1000
ADA, BOB = "ada@example.com", "bob@example.org"


def iso(instant: int) -> str:
    from couveuse.core.times import iso

    return iso(instant)


@pytest.fixture(scope="module")
def people(street: Town) -> Town:
    """Ada, who does everything, and Bob, of whom a machine clicks."""
    street.now = NOW
    street.take(
        accepted("Traits Set", NOW - 40 * DAY, email=ADA, traits={"first_name": "Ada", "job_title": "Engineer"}),
        accepted("Page Viewed", NOW - 30 * DAY, email=ADA, anonymous_id="device-1", path="/tarifs"),
        accepted("Document Downloaded", NOW - 20 * DAY, anonymous_id="device-1", title="Guide"),
        accepted("Group Joined", NOW - 15 * DAY, email=ADA, group="Newsletter"),
        accepted("Traits Set", NOW - 10 * DAY, email=ADA, traits={"job_title": "CEO", "size": 12}),
        accepted("Quote Requested", NOW - 2 * DAY, email=ADA, user_id="u-1", message_id="q1", lines=[{"ref": "P-200"}]),
        accepted("Score Adjusted", NOW - DAY, email=ADA, kind="add", points=3),
        accepted("Consent Given", NOW - DAY, email=ADA, purpose="newsletter", wording="2026-01"),
        accepted("Document Downloaded", NOW - 5 * DAY, email=BOB, message_id="d1"),
        accepted("Document Downloaded", NOW - 4 * DAY, email=BOB, message_id="d2"),
    )
    # What is learnt today of the past: by when it was received it is told apart.
    street.take(
        accepted("Page Viewed", NOW - 9 * DAY, email=BOB, received_at=NOW - DAY),
        accepted("Verdict Given", NOW - DAY, email=BOB, of="d1", verdict="machine"),
        accepted("Traits Set", NOW - DAY, email=BOB, flags=Flag.CLAIM, traits={"job_title": "CEO"}),
    )
    return street


@pytest.fixture(scope="module")
def api(people: Town) -> Asker:
    return Asker(a_token(people.connection))


def read(api: Asker, people: Town, key: str, rest: str = "", **query: object) -> dict:
    answer = api.get(f"/api/v1/leads/{people.lead(key)}{rest}", **query)
    assert answer.status == 200, answer.text
    return answer.json


# ---- One lead ------------------------------------------------------------------------------------------------------


def test_it_works(api, people):
    ada = read(api, people, ADA)
    assert (ada["id"], ada["lead"], ada["name"], ada["title"]) == (people.lead(ADA), ADA, "Ada", "CEO")
    assert ada["traits"] == {"first_name": "Ada", "job_title": "CEO", "size": 12}
    assert ada["groups"] == ["Newsletter"]
    assert [(each["sort"], each["key"], each["known"]) for each in ada["identities"]] == [
        ("email", ADA, True), ("user_id", "u-1", True), ("anonymous_id", "device-1", True),
    ]  # fmt: skip
    assert [(each["purpose"], each["given"], each["wording"]) for each in ada["consents"]] == [
        ("marketing_email", True, "2026-01")
    ]
    assert ada["suppressed"] == ada["merges"] == []
    (episode,) = ada["episodes"]
    assert (episode["number"], episode["closed_at"]) == (1, None)
    assert {(each["team"], each["cause"]) for each in episode["handovers"]} >= {("sales", "quote")}
    assert episode["handovers"][0]["why"][0]["points"] > 0


def test_it_is_what_the_list_says(api, people):
    ada = read(api, people, ADA)
    (listed,) = api.get("/api/v1/leads", email=ADA).json["leads"]
    assert {name: ada[name] for name in listed if name not in ("score", "behaviour")} == {
        name: value for name, value in listed.items() if name not in ("score", "behaviour")
    }
    assert ada["score"] == pytest.approx(listed["score"], abs=1e-4)


def test_it_says_where_its_ledger_and_its_facts_are(api, people):
    ada = read(api, people, ADA)
    assert api.get(ada["ledger"]).json["id"] == api.get(ada["facts"]).json["id"] == ada["id"]


@pytest.mark.parametrize("days", [41, 40, 30, 20, 15, 10, 5, 2, 1, 0])
def test_as_of_any_instant_it_is_the_core_s_fold_of_what_had_occurred(api, people, days):
    instant = NOW - days * DAY
    facts = read(api, people, ADA, "/facts", limit=500, order="oldest")["facts"]
    planned = plan(parse_model(MODEL, "town").model)
    state = fold(planned, canonical(_fact(each) for each in facts), email=ADA, until=instant)
    reading = reading_at(planned, state, instant)
    ada = read(api, people, ADA, at=iso(instant))
    assert ada["score"] == reading.score
    assert (ada["band"], ada["temperature"]) == (reading.band.id, reading.temperature.value)
    assert ada["last_event_at"] == (None if reading.last_event_at is None else iso(reading.last_event_at))


def _fact(told):
    from zoneinfo import ZoneInfo

    from couveuse.core.events import Fact
    from couveuse.core.times import instant

    at = instant(told["occurred_at"], ZoneInfo("UTC"))
    return Fact(at, told["event"], told["message_id"], told["source"], told["properties"], {}, told["traits"])


def test_as_of_a_past_instant_it_has_the_traits_of_then(api, people):
    assert read(api, people, ADA, at=iso(NOW - 11 * DAY))["traits"] == {"first_name": "Ada", "job_title": "Engineer"}
    assert read(api, people, ADA, at=iso(NOW - 11 * DAY))["fit"] == 0
    assert read(api, people, ADA, at=iso(NOW - 10 * DAY))["fit"] == 10
    assert read(api, people, ADA, at=iso(NOW - 41 * DAY))["traits"] == {}


def test_a_correction_of_today_counts_for_the_past_unless_it_was_not_known_then(api, people):
    before = iso(NOW - 3 * DAY)
    corrected = read(api, people, BOB, at=before)
    as_known = read(api, people, BOB, at=before, known_at=before)
    left = 0.5 ** (1 / 30)
    assert corrected["score"] == pytest.approx(5 * left + 0.5 ** (6 / 30))
    assert as_known["score"] == pytest.approx(5 * left + 5 * left**2)
    assert (corrected["known_at"], as_known["known_at"]) == (None, before)


def test_an_instant_without_a_zone_is_the_model_s(api, people):
    assert read(api, people, ADA, at="2026-07-01 12:00")["at"] == "2026-07-01T10:00:00Z"


def test_what_a_public_key_claims_of_a_known_lead_changes_nothing(api, people):
    assert read(api, people, BOB)["fit"] == 0
    assert read(api, people, BOB)["traits"] == {}
    claim = read(api, people, BOB, "/facts", limit=500)["facts"][0]
    claims = [each for each in read(api, people, BOB, "/facts")["facts"] if each["claim"]]
    assert [(each["event"], each["counts"]) for each in claims] == [("Traits Set", False)], claim


@pytest.mark.parametrize("rest", ["", "/ledger", "/facts"])
def test_a_lead_that_is_not_there_is_not_found(api, rest):
    answer = api.get(f"/api/v1/leads/4711{rest}")
    assert (answer.status, answer.json["detail"]) == (404, "There is no lead 4711.")


@pytest.mark.parametrize("number", ["0", str(2**63), "x", "1.5", "%00"])
def test_a_number_that_no_lead_can_have_is_refused(api, number):
    assert api.get(f"/api/v1/leads/{number}").status in (404, 422)


def test_another_version_of_the_model_says_what_it_says(town: Town):
    api = Asker(a_token(town.connection))
    town.now = NOW
    town.take(accepted("Quote Requested", NOW - DAY, email=ADA))
    old = town.model_id
    new = publish(town.connection, MODEL.replace("points: 20", "points: 40"))
    path = f"/api/v1/leads/{town.lead(ADA)}"
    # The states of the new one are not made yet: the facts are folded.
    assert api.get(path).json["score"] == pytest.approx(40 * 0.5 ** (1 / 30), abs=0.1)
    answer = api.get(path, model=old).json
    assert answer["score"] == pytest.approx(20 * 0.5 ** (1 / 30), abs=0.1)
    assert (answer["model"]["version"], api.get(path).json["model"]["id"]) == (1, new)
    assert api.get(path, model=99).status == 404


# ---- Merged and joined ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", ["", "/ledger", "/facts"])
def test_a_lead_that_was_merged_says_where_its_facts_are(town: Town, rest):
    api = Asker(a_token(town.connection))
    town.take(
        accepted("Page Viewed", email=ADA), accepted("Page Viewed", email=BOB), accepted("Page Viewed", email="c")
    )
    ada, bob, other = (town.lead(key) for key in (ADA, BOB, "c"))
    assert api.post(f"/api/v1/leads/{ada}/merge", {"into": bob}).status == 201
    assert api.post(f"/api/v1/leads/{bob}/merge", {"into": other}).status == 201
    answer = api.get(f"/api/v1/leads/{ada}{rest}", limit=3) if rest else api.get(f"/api/v1/leads/{ada}")
    assert (answer.status, answer.json["id"]) == (308, other)
    assert answer.headers["location"] == f"/api/v1/leads/{other}{rest}" + ("?limit=3" if rest else "")
    assert api.get(answer.headers["location"]).json["id"] == other


def test_a_lead_whose_key_was_joined_says_where_its_facts_are(town: Town):
    api = Asker(a_token(town.connection))
    town.take(accepted("Page Viewed", user_id="u-1"))
    lead = town.lead("u-1")
    town.take(accepted("Page Viewed", email=ADA))
    town.take(accepted("Page Viewed", email=ADA, user_id="u-1"))
    if town.lead("u-1") != lead:
        assert api.get(f"/api/v1/leads/{lead}").json["id"] == town.lead(ADA)
    assert api.get(f"/api/v1/leads/{town.lead('u-1')}").status == 200


# ---- Ledger --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ADA, BOB])
@pytest.mark.parametrize("days", [None, 0, 1, 5, 12, 35])
def test_the_lines_sum_to_the_score(api, people, key, days):
    query = {} if days is None else {"at": iso(NOW - days * DAY)}
    ledger = read(api, people, key, "/ledger", **query)
    assert math.fsum(line["points"] for line in ledger["lines"]) == pytest.approx(ledger["score"], abs=1e-9)
    assert ledger["sum"] == pytest.approx(ledger["score"], abs=1e-9)
    assert ledger["score"] == pytest.approx(ledger["behaviour"] + ledger["fit"], abs=1e-9)
    assert ledger["count"] == len(ledger["lines"])
    assert ledger["agrees"] is (True if days is None else None)


def test_a_line_names_its_fact_its_rule_and_its_kind(api, people):
    lines = read(api, people, ADA, "/ledger")["lines"]
    quote = [line for line in lines if line["fact"] == "q1"]
    assert [(line["kind"], line["rule"], line["event"], line["source"]) for line in quote] == [
        ("points", "quote", "Quote Requested", "web"), ("decay", "quote", "Quote Requested", "web"),
    ]  # fmt: skip
    assert quote[0]["points"] == 20
    assert quote[0]["at"] == iso(NOW - 2 * DAY)
    fit = [line for line in lines if line["kind"] == "fit"]
    assert [(line["rule"], line["points"], line["fact"], line["event"]) for line in fit] == [("boss", 10, None, None)]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 5_000])
@pytest.mark.parametrize("query", [{}, {"at": iso(NOW - 5 * DAY)}])
def test_pages_of_a_ledger_hold_each_line_once_and_are_of_one_instant(api, people, limit, query):
    whole = read(api, people, ADA, "/ledger", **query)
    path = f"/api/v1/leads/{people.lead(ADA)}/ledger"
    lines, seen = [], set()
    cursor = None
    while True:
        page = api.get(path, limit=limit, cursor=cursor, **query).json
        lines += page["lines"]
        seen.add((page["at"], page["score"], page["sum"], page["count"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 1
    assert [(line["fact"], line["kind"]) for line in lines] == [(line["fact"], line["kind"]) for line in whole["lines"]]


def test_a_ledger_that_changes_while_it_is_read_says_so(town: Town):
    api = Asker(a_token(town.connection))
    town.now = NOW
    town.take(*(accepted("Page Viewed", NOW - day * DAY, email=ADA) for day in range(1, 5)))
    path = f"/api/v1/leads/{town.lead(ADA)}/ledger"
    cursor = api.get(path, limit=2).json["next"]
    later = time.time_ns() // 1000 + DAY
    town.take(accepted("Page Viewed", NOW - 2 * DAY, email=ADA, received_at=later))
    assert api.get(path, limit=2, cursor=cursor).status == 200, "it was received after the first page"
    town.take(accepted("Page Viewed", NOW - 2 * DAY, email=ADA, received_at=NOW - DAY))
    answer = api.get(path, limit=2, cursor=cursor)
    assert (answer.status, "Begin again" in answer.json["cure"]) == (409, True)


def test_a_score_that_is_kept_and_wrong_is_told(town: Town):
    api = Asker(a_token(town.connection))
    town.now = NOW
    town.take(accepted("Page Viewed", NOW - DAY, email=ADA), accepted("Quote Requested", NOW - DAY, email=BOB))
    ada, bob = town.lead(ADA), town.lead(BOB)
    town.rows("update lead_states a set state = b.state from lead_states b where a.lead_id = %s and b.lead_id = %s "
              "returning a.lead_id", ada, bob)  # fmt: skip
    ledger = api.get(f"/api/v1/leads/{ada}/ledger").json
    assert ledger["agrees"] is False
    assert ledger["sum"] == pytest.approx(ledger["score"])
    assert api.get(f"/api/v1/leads/{bob}/ledger").json["agrees"] is True


@pytest.mark.parametrize(
    ("rest", "query"),
    [
        ("", {"at": "x"}), ("", {"known_at": "2026-13-01"}), ("", {"limit": 3}), ("", {"model": 0}),
        ("/ledger", {"limit": 0}), ("/ledger", {"limit": 5_001}), ("/ledger", {"cursor": "W10"}),
        ("/ledger", {"cursor": "WzEsMiwzLDQsInUiXQ"}), ("/ledger", {"at": "2500-01-01"}), ("/ledger", {"order": "x"}),
        ("/facts", {"limit": 501}), ("/facts", {"order": "x"}), ("/facts", {"cursor": "e30"}), ("/facts", {"model": 1}),
    ],
)  # fmt: skip
def test_what_will_not_do_is_named(api, people, rest, query):
    answer = api.get(f"/api/v1/leads/{people.lead(ADA)}{rest}", **query)
    assert answer.status == 422
    assert answer.json["errors"][0]["message"]


# ---- Facts ---------------------------------------------------------------------------------------------------------


def test_facts_are_whole_with_how_they_came_and_what_is_thought_of_them(api, people):
    facts = {each["message_id"]: each for each in read(api, people, BOB, "/facts")["facts"]}
    assert (facts["d1"]["verdict"], facts["d1"]["counts"]) == ("machine", False)
    assert (facts["d2"]["verdict"], facts["d2"]["counts"]) == ("human", True)
    quote = next(each for each in read(api, people, ADA, "/facts")["facts"] if each["message_id"] == "q1")
    assert quote["properties"] == {"lines": [{"ref": "P-200"}]}
    assert (quote["identity"]["key"], quote["user_id"], quote["source"]) == (ADA, "u-1", "web")
    assert quote["occurred_at"] == iso(NOW - 2 * DAY)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_of_facts_hold_each_once_in_canonical_order(town: Town, order, limit):
    """Many of one instant, too: an import of dates has them."""
    api = Asker(a_token(town.connection))
    town.now = NOW
    town.take(*(accepted("Page Viewed", NOW - day * DAY, email=ADA, message_id=f"m{day}-{place}", source=source)
                for day in (1, 2, 9) for place in range(4) for source in ("b", "a")),
              accepted("Traits Set", NOW - 2 * DAY, email=ADA, message_id="z", traits={"size": 1}))  # fmt: skip
    path = f"/api/v1/leads/{town.lead(ADA)}/facts"
    found = [_fact(each).key for each in api.pages(path, "facts", order=order, limit=limit)]
    assert len(found) == 25
    assert found == sorted(found, reverse=order == "newest")


def test_facts_are_those_that_had_occurred_and_were_known(api, people):
    def names(**query):
        return [each["event"] for each in read(api, people, BOB, "/facts", order="oldest", **query)["facts"]]

    before = iso(NOW - 3 * DAY)
    assert names(at=before) == ["Page Viewed", "Document Downloaded", "Document Downloaded"]
    assert names(known_at=before) == ["Document Downloaded", "Document Downloaded"]
    verdicts = {each["message_id"]: each["verdict"] for each in read(api, people, BOB, "/facts", at=before)["facts"]}
    assert verdicts["d1"] == "machine", "a correction counts whatever its own time"
    known = read(api, people, BOB, "/facts", at=before, known_at=before)["facts"]
    assert {each["verdict"] for each in known} == {"human"}


def test_a_cursor_of_facts_goes_on_in_its_own_order_only(api, people):
    cursor = read(api, people, ADA, "/facts", limit=2)["next"]
    assert api.get(f"/api/v1/leads/{people.lead(ADA)}/facts", limit=2, order="oldest", cursor=cursor).status == 422


def test_hostile_facts_come_back_as_they_were(town: Town):
    api = Asker(a_token(town.connection))
    odd = {"</script>": "<img src=x>", "n": 10**30, "deep": [[[{"é\u2028": "\u202e"}]]], "e": 1e308, "empty": {}}
    town.take(accepted("<b>Event</b>", email=ADA, **odd))
    answer = api.get(f"/api/v1/leads/{town.lead(ADA)}/facts")
    assert answer.json["facts"][0]["properties"] == odd
    assert json.loads(answer.text, parse_constant=pytest.fail)
    assert answer.headers["content-type"].startswith("application/json")
