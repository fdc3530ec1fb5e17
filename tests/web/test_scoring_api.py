"""Models on their way by the API: a document to one that acts, what was learnt, long work; and what is refused."""

import pytest

from couveuse.engine import learning
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS, LEARN, MAKE_DRAFT, PUBLISH_DRAFT
from couveuse.engine.jobs import Jobs
from couveuse.store.api_tokens import Scope
from tests.engine.town import MODEL, NOW, Town, accepted, configuration
from tests.web.asking import Asker, a_token

NEW = MODEL.replace("points: 5", "points: 12").replace("points: 20", "points: 2")


@pytest.fixture
def crowd(town: Town) -> Town:
    town.take(
        accepted("Document Downloaded", NOW, email="anna@example.com"),
        accepted("Page Viewed", NOW, email="anna@example.com"),
        accepted("Quote Requested", NOW, email="ben@example.com"),
        accepted("Page Viewed", NOW, email="ben@example.com"),
    )
    return town


def work(town: Town, *names: str, **settings: str) -> None:
    kinds = {name: KINDS[name] for name in names or (MAKE_DRAFT, PUBLISH_DRAFT)}
    while Jobs(town.url, configuration(**settings), Tally(), kinds, clock=lambda: NOW).work(town.connection):
        pass


def test_it_works(crowd: Town, api: Asker) -> None:
    begun = api.post("/api/v1/drafts", {"document": NEW})
    assert begun.status == 201, begun.text
    assert (begun.json["standing"], begun.json["job"]["standing"], begun.json["diff"]) == ("making", "waiting", None)
    place = f"/api/v1/drafts/{begun.json['id']}"
    assert api.post(f"{place}/publish", {}).status == 409
    work(crowd)
    ready = api.get(place).json
    assert (ready["standing"], ready["diff"]["up"], ready["diff"]["down"], ready["diff"]["same"]) == ("ready", 1, 1, 0)
    assert [(each["before"], each["after"], each["way"], each["some"]) for each in ready["diff"]["moves"]] == [
        ("low", "mid", "up", [{"lead_id": crowd.lead("anna@example.com"), "before": 6.0, "after": 13.0}]),
        ("high", "low", "down", [{"lead_id": crowd.lead("ben@example.com"), "before": 21.0, "after": 3.0}]),
    ]
    published = api.post(f"{place}/publish", {"hand_over_per_day": 2})
    assert (published.status, published.json["standing"]) == (202, "publishing")
    assert api.post(f"{place}/give-up").status == 409
    work(crowd)
    settled = api.get(place).json
    assert (settled["standing"], settled["hand_over_per_day"]) == ("published", 2)
    assert api.get("/api/v1/models").json["models"][0]["standing"] == "acting"
    assert [each["kind"] for each in api.get("/api/v1/jobs").json["jobs"]] == [
        "learn", "publish-draft", "make-draft",
    ]  # fmt: skip


def test_errors_of_the_document_have_their_lines(api: Asker) -> None:
    answer = api.post("/api/v1/drafts", {"document": MODEL.replace("points: 5", "points: five")})
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert (error["line"], error["field"]) == (8, "rules[1].points")
    assert error["cure"]
    assert api.post("/api/v1/drafts", {"document": MODEL + "# " + "x" * 280_000}).status == 422
    assert api.post("/api/v1/drafts", {"document": NEW, "standing": "published"}).status == 422  # nothing beside it


def test_one_is_on_its_way_at_a_time(town: Town, api: Asker) -> None:
    first = api.post("/api/v1/drafts", {"document": NEW}).json["id"]
    second = api.post("/api/v1/drafts", {"document": MODEL.replace("points: 5", "points: 6")})
    assert (second.status, second.json["type"]) == (409, "urn:couveuse:problem:another-draft")
    given_up = api.post(f"/api/v1/drafts/{first}/give-up")
    assert (given_up.status, given_up.json) == (200, {"id": first, "is_given_up": True})
    assert api.post("/api/v1/drafts", {"document": MODEL}).json["type"] == "urn:couveuse:problem:same-model"


def test_with_a_key_it_is_begun_and_given_up_once(crowd: Town, api: Asker) -> None:
    for _ in range(2):
        begun = api.post("/api/v1/drafts", {"document": NEW}, headers={"Idempotency-Key": "one"})
        assert begun.status == 201
    work(crowd)
    for _ in range(2):
        given_up = api.post(f"/api/v1/drafts/{begun.json['id']}/give-up", headers={"Idempotency-Key": "two"})
        assert given_up.json["is_given_up"]
    assert crowd.rows("select standing from drafts") == [("given_up",)]


def test_an_older_version_is_restored(crowd: Town, api: Asker) -> None:
    first = crowd.model_id
    draft = api.post("/api/v1/drafts", {"document": NEW}).json["id"]
    work(crowd)
    api.post(f"/api/v1/drafts/{draft}/publish", {})
    work(crowd)
    restored = api.post(f"/api/v1/models/{first}/restore")
    assert (restored.status, restored.json["restores"], restored.json["document"]) == (201, first, MODEL)
    assert api.post("/api/v1/models/99/restore").status == 404


def test_what_was_learnt(crowd: Town, api: Asker, tmp_path) -> None:
    place = f"/api/v1/models/{crowd.model_id}/learnt"
    assert api.get(place).json["type"] == "urn:couveuse:problem:not-learnt"
    learning.ask(crowd.connection, by="a test", now=NOW)
    work(crowd, LEARN, data=str(tmp_path))
    found = api.get(place)
    assert found.status == 200, found.text
    assert [(band["id"], band["leads"]) for band in found.json["bands"]] == [("low", 1), ("mid", 0), ("high", 1)]
    assert found.json["horizon_days"] == 180
    assert "example.com" not in found.text


def test_what_there_is_not_is_not_found(town: Town, api: Asker) -> None:
    for path in ("/api/v1/drafts/99", "/api/v1/jobs/99", "/api/v1/models/99/learnt"):
        assert api.get(path).status == 404
    assert api.post("/api/v1/drafts/99/publish", {}).status == 404


def test_a_token_that_may_read_may_not_publish(town: Town, api: Asker) -> None:
    draft = api.post("/api/v1/drafts", {"document": NEW}).json["id"]
    reader = Asker(a_token(town.connection, Scope.LEADS_READ))
    assert reader.get(f"/api/v1/drafts/{draft}").status == 200
    for path, body in (
        ("/api/v1/drafts", {"document": NEW}), (f"/api/v1/drafts/{draft}/publish", {}),
        (f"/api/v1/drafts/{draft}/give-up", None), ("/api/v1/models/1/restore", None),
    ):  # fmt: skip
        assert reader.post(path, body).status == 403
