"""Merging by hand through the API, and undoing it: nothing is lost, and who did it is written down."""

import pytest

from tests.engine.town import NOW, Town, accepted
from tests.web.asking import Asker, a_token

ADA, BOB = "ada@example.com", "bob@example.org"


@pytest.fixture
def both(town: Town) -> Town:
    town.take(accepted("Quote Requested", email=ADA), accepted("Document Downloaded", email=BOB))
    return town


def numbers(town: Town) -> tuple[int, int]:
    return town.lead(ADA), town.lead(BOB)


def test_it_works(both: Town, api: Asker):
    ada, bob = numbers(both)
    answer = api.post(f"/api/v1/leads/{ada}/merge", {"into": bob})
    assert (answer.status, answer.json) == (201, {"merge": 1, "lead_id": ada, "into_id": bob})
    merged = api.get(f"/api/v1/leads/{bob}", at="2026-05-28T22:27:00+02:00").json
    assert merged["score"] == pytest.approx(25, abs=0.1)
    assert {each["key"] for each in merged["identities"]} == {ADA, BOB}
    assert [(each["lead_id"], each["into_id"], each["undone_at"]) for each in merged["merges"]] == [(ada, bob, None)]
    assert [lead["id"] for lead in api.get("/api/v1/leads").json["leads"]] == [bob]


def test_undone_both_are_themselves_again(both: Town, api: Asker):
    ada, bob = numbers(both)
    before = [api.get(f"/api/v1/leads/{each}/facts").json["facts"] for each in (ada, bob)]
    merge = api.post(f"/api/v1/leads/{ada}/merge", {"into": bob}).json["merge"]
    assert api.post(f"/api/v1/merges/{merge}/undo").json == {"merge": merge, "lead_id": ada, "from_id": bob}
    assert [api.get(f"/api/v1/leads/{each}/facts").json["facts"] for each in (ada, bob)] == before
    assert api.get(f"/api/v1/leads/{ada}").json["merges"][0]["undone_at"] is not None


def test_who_did_it_is_written_down(both: Town):
    ada, bob = numbers(both)
    alice = Asker(a_token(both.connection, name="alice's desk"))
    alice.post(f"/api/v1/leads/{ada}/merge", {"into": bob})
    alice.post("/api/v1/merges/1/undo")
    assert both.rows("select by, did from audit order by id") == [
        ("token 1: alice's desk", "merge"), ("token 1: alice's desk", "unmerge"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lead", "into", "said"),
    [("ada", "ada", "into itself"), ("ada", 99, "no such lead"), (99, "ada", "no such lead")],
)
def test_what_cannot_be_merged_says_why(both: Town, api: Asker, lead, into, said):
    ada = both.lead(ADA)
    lead, into = (ada if each == "ada" else each for each in (lead, into))
    answer = api.post(f"/api/v1/leads/{lead}/merge", {"into": into})
    assert (answer.status, said in answer.json["detail"]) == (409, True)


def test_a_lead_that_was_merged_is_merged_no_further(both: Town, api: Asker):
    ada, bob = numbers(both)
    api.post(f"/api/v1/leads/{ada}/merge", {"into": bob})
    assert "part of another lead" in api.post(f"/api/v1/leads/{ada}/merge", {"into": bob}).json["detail"]


def test_a_merge_is_undone_once(both: Town, api: Asker):
    ada, bob = numbers(both)
    api.post(f"/api/v1/leads/{ada}/merge", {"into": bob})
    assert [api.post("/api/v1/merges/1/undo").status for _ in range(2)] == [200, 404]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{}", 422), (b"[]", 422), (b"{", 400), (b"\xff", 400), (b'{"into": "x"}', 422),
        (b'{"into": 0}', 422), (b'{"into": 9223372036854775808}', 422), (b'{"into": 1, "force": true}', 422),
        (b'{"into": 1.5}', 422), (b'{"into": null}', 422), (b"[" * 100_000, 400),
    ],
)  # fmt: skip
def test_a_body_that_will_not_do_is_refused(both: Town, api: Asker, body, status):
    answer = api.post(f"/api/v1/leads/{both.lead(ADA)}/merge", body)
    assert answer.status == status
    assert answer.json["cure"]


def test_a_body_that_is_too_long_is_refused(both: Town, api: Asker):
    answer = api.post(f"/api/v1/leads/{both.lead(ADA)}/merge", b" " * (2 << 20))
    assert answer.status in (400, 413)


def test_facts_that_come_meanwhile_go_where_they_belong(both: Town, api: Asker):
    ada, bob = numbers(both)
    api.post(f"/api/v1/leads/{ada}/merge", {"into": bob})
    both.take(accepted("Page Viewed", NOW, email=ADA))
    assert len(api.get(f"/api/v1/leads/{bob}/facts").json["facts"]) == 3
    api.post("/api/v1/merges/1/undo")
    assert len(api.get(f"/api/v1/leads/{ada}/facts").json["facts"]) == 2
