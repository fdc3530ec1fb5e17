"""Holds, verdicts, links, erasures and companies by the API: what it does and refuses, and which scope it asks for."""

from typing import Any

import pytest
from django.test import Client

from couveuse.core.times import DAY_US, iso
from couveuse.store.api_tokens import Scope
from tests.engine.town import NOW, Town, accepted
from tests.web.asking import EVERY, Asker, a_token
from tests.web.test_record import pages_now

ANNA, BEN = "anna@pompes.fr", "ben@pompes.fr"


@pytest.fixture
def lead(town: Town) -> int:
    town.take(accepted("Document Downloaded", email=ANNA, message_id="hit"))
    return town.lead(ANNA) or 0


def test_a_lead_is_held_until_a_day_and_lifted(town: Town, api: Asker, lead: int) -> None:
    until = iso(pages_now() // 10**6 * 10**6 + DAY_US)
    held = api.post(f"/api/v1/leads/{lead}/hold", {"until": until, "because": "Moving"})
    assert held.status == 200
    assert (held.json["until"], held.json["because"], held.json["lead_id"]) == (until, "Moving", lead)
    assert api.get(f"/api/v1/leads/{lead}").json["hold"] == held.json
    assert api.post(f"/api/v1/leads/{lead}/lift").json == {"lead_id": lead, "was_held": True}
    assert api.post(f"/api/v1/leads/{lead}/lift").json == {"lead_id": lead, "was_held": False}
    assert api.get(f"/api/v1/leads/{lead}").json["hold"] is None


@pytest.mark.parametrize("body", [{"until": "2020-01-01"}, {"until": "soon"}, {"because": "x" * 501}, {"by": "me"},
                                  {"lead_id": 2}])  # fmt: skip
def test_a_hold_that_will_not_do(api: Asker, lead: int, body: dict[str, Any]) -> None:
    assert api.post(f"/api/v1/leads/{lead}/hold", body).status == 422


def test_a_hit_is_judged_once(town: Town, api: Asker, lead: int) -> None:
    said = {"id": "v1", "of": "hit", "of_source": "web", "occurred_at": iso(NOW), "verdict": "machine"}
    assert api.post(f"/api/v1/leads/{lead}/verdict", said).json == {"lead_id": lead, "is_new": True}
    assert api.post(f"/api/v1/leads/{lead}/verdict", said).json == {"lead_id": lead, "is_new": False}
    assert api.post(f"/api/v1/leads/{lead}/verdict", {**said, "verdict": "human"}).status == 409
    town.work()
    assert town.score(ANNA) == 0


def test_only_a_hit_of_the_leads_own_is_judged(town: Town, api: Asker, lead: int) -> None:
    town.take(accepted("Page Viewed", NOW, email=BEN, message_id="bens"),
              accepted("Traits Set", NOW, email=ANNA, message_id="traits", traits={"a": 1}))  # fmt: skip
    for of in ("bens", "none", "traits"):
        said = {"id": of, "of": of, "of_source": "web", "occurred_at": iso(NOW), "verdict": "machine"}
        assert api.post(f"/api/v1/leads/{lead}/verdict", said).status == 422, of


def test_a_link_is_signed_for_some_days(api: Asker, lead: int) -> None:
    answer = api.post(f"/api/v1/leads/{lead}/link", {"days": 3, "language": "fr"})
    assert answer.status == 201
    assert Client().get("/l/" + answer.json["url"].rpartition("/l/")[2]).status_code == 200
    assert api.post(f"/api/v1/leads/{lead}/link", {"days": 9_999}).status == 422
    assert api.post(f"/api/v1/leads/{lead}/link", {"language": "de"}).status == 422


def test_a_person_is_erased_whose_key_is_said(town: Town, api: Asker, lead: int) -> None:
    assert api.post(f"/api/v1/leads/{lead}/erase", {"lead": BEN}).status == 422
    answer = api.post(f"/api/v1/leads/{lead}/erase", {"lead": ANNA})
    assert answer.status == 200
    assert answer.json["rows"]["events"] == 1
    assert api.get(f"/api/v1/leads/{lead}").status == 404


@pytest.mark.parametrize("path", ["hold", "lift", "verdict", "link", "erase"])
def test_there_is_no_such_lead(api: Asker, path: str) -> None:
    said = {"id": "v", "of": "x", "occurred_at": iso(NOW), "verdict": "human"} if path == "verdict" else {}
    said = {"lead": ANNA} if path == "erase" else said
    assert api.post(f"/api/v1/leads/999/{path}", said).status == 404


@pytest.mark.parametrize(("path", "scope"), [("hold", Scope.LEADS_WRITE), ("lift", Scope.LEADS_WRITE),
                                             ("verdict", Scope.LEADS_WRITE), ("link", Scope.LEADS_WRITE),
                                             ("erase", Scope.LEADS_ERASE)])  # fmt: skip
def test_each_asks_for_its_own_scope(town: Town, lead: int, path: str, scope: Scope) -> None:
    others = Asker(a_token(town.connection, *(set(EVERY) - {scope})))
    assert others.post(f"/api/v1/leads/{lead}/{path}", {}).status == 403


# ---- Companies -------------------------------------------------------------------------------------------------------


def test_companies_page_by_page_and_one(town: Town, api: Asker, lead: int) -> None:
    town.take(*(accepted("Page Viewed", email=f"x@{name}.fr") for name in ("alpha", "alpine", "beta")))
    first = api.get("/api/v1/companies", domain="al", limit=1).json
    assert [each["domain"] for each in first["companies"]] == ["alpha.fr"]
    second = api.get("/api/v1/companies", domain="al", limit=1, cursor=first["next"]).json
    assert ([each["domain"] for each in second["companies"]], second["next"]) == (["alpine.fr"], None)
    number = next(
        each["id"] for each in api.get("/api/v1/companies").json["companies"] if each["domain"] == "pompes.fr"
    )
    whole = api.get(f"/api/v1/companies/{number}").json
    assert (whole["domain"], whole["people"]) == ("pompes.fr", 1)
    assert api.get("/api/v1/companies/999").status == 404
    assert api.get("/api/v1/companies", cursor="x").status == 422
    assert api.get("/api/v1/companies", name="x").status == 422
