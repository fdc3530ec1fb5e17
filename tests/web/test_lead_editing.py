"""Leads by programs: found, added, edited by named traits alone, noted, changed in bulk, exported, kept as views."""

import csv
import io
import json

import pytest

from couveuse.engine import bulk
from couveuse.engine.findable import Indexer
from couveuse.store.api_tokens import Scope
from tests.engine.town import Town, accepted
from tests.web.asking import Answer, Asker, a_token

ADA = "ada@example.com"
LEADS = "/api/v1/leads"
CONSENT = {"basis": "consent", "source": "met at the fair"}


@pytest.fixture
def ada(town: Town) -> int:
    town.take(
        accepted("Traits Set", email=ADA, traits={"name": "Ada Byron", "lead_source": "salon", "phone": "0170189900"}),
        accepted("Page Viewed", email="bob@example.org"),
    )
    index(town)
    found = town.lead(ADA)
    assert found is not None
    return found


def index(town: Town) -> None:
    town.work()
    while Indexer().work(town.connection):
        pass


def patch(api: Asker, lead: int, **said: object) -> Answer:
    return api.ask("PATCH", f"{LEADS}/{lead}", data=json.dumps(said).encode())


def traits(town: Town, lead: int) -> dict[str, object]:
    index(town)
    return dict(town.rows("select traits from leads where id = %s", lead)[0][0])


# ---- Found -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "byron"}, [ADA]), ({"q": "+33 1 70"}, [ADA]), ({"source": "salon"}, [ADA]), ({"owner": "nobody"}, 2),
        ({"active": 3650}, ["bob@example.org"]), ({"group": "x"}, []), ({"q": "ada", "stage": "discovery"}, []),
    ],
)  # fmt: skip
def test_it_works(town: Town, api: Asker, ada: int, query: dict[str, object], found: list[str] | int):
    leads = [each["lead"] for each in api.get(LEADS, **query).json["leads"]]
    assert leads == found if isinstance(found, list) else len(leads) == found


@pytest.mark.parametrize("query", [{"q": "!!"}, {"active": 0}, {"member": "mallory", "owner": ["nobody", "bob"]}])
def test_what_cannot_be_asked_is_named(api: Asker, ada: int, query: dict[str, object]):
    assert api.get(LEADS, **query).status == 422


# ---- Added and edited ------------------------------------------------------------------------------------------------


def test_a_lead_is_added(town: Town, api: Asker, ada: int):
    said = {"email": "New@Example.net", "traits": {"company": "Engines"}, "consent": CONSENT}
    answer = api.post(LEADS, said)
    assert (answer.status, answer.json) == (202, {"email": "new@example.net", "user_id": ""})
    index(town)
    assert api.get(LEADS, email="new@example.net").json["leads"][0]["company"] == "Engines"
    assert town.rows("select purpose from consents") == [("marketing_email",)]
    again = api.post(LEADS, said)
    assert (again.status, again.json["type"]) == (409, "urn:couveuse:problem:is-there")


def test_without_a_consent_nobody_may_write(town: Town, api: Asker, ada: int):
    assert api.post(LEADS, {"email": "new@example.net"}).status == 202
    index(town)
    assert town.rows("select count(*) from consents") == [(0,)]


@pytest.mark.parametrize(
    "said",
    [
        {}, {"email": "x"}, {"email": "a@example.com", "traits": {"lead_class": "student"}},
        {"email": "a@example.com", "traits": {"anything": 1}}, {"email": "a@example.com", "score": 100},
        {"email": "a@example.com", "consent": {"basis": "because", "source": "x"}}, {"user_id": "a\x00b"},
        {"email": "a@example.com", "traits": {"telephone": "none"}},
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused_whole(town: Town, api: Asker, said: dict[str, object]):
    assert api.post(LEADS, said).status == 422
    assert town.rows("select count(*) from inbox") == [(0,)]


def test_named_traits_are_edited_and_others_stay(town: Town, api: Asker, ada: int):
    assert patch(api, ada, job_title="CEO", city=None, id="1").json == {"lead_id": ada, "is_new": True}
    assert patch(api, ada, job_title="CEO", id="1").json == {"lead_id": ada, "is_new": False}
    assert traits(town, ada) == {
        "name": "Ada Byron", "lead_source": "salon", "phone": "0170189900", "job_title": "CEO"
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["lead_class", "email", "score", "groups", "traits", "email_domain", "crm_id", "__class__"]
)
def test_no_other_trait_is_written_by_any_name(town: Town, api: Asker, ada: int, name: str):
    before = traits(town, ada)
    answer = patch(api, ada, **{name: "x", "city": "Lyon"})
    assert answer.status == 422
    assert name in answer.text
    assert traits(town, ada) == before


def test_a_lead_and_an_owner_that_are_not_there(api: Asker, ada: int):
    assert patch(api, 999, city="Lyon").status == 404
    assert patch(api, ada, owner="mallory").status == 422


def test_a_note_is_written(town: Town, api: Asker, ada: int):
    assert api.post(f"{LEADS}/{ada}/notes", {"text": "Wants a quote."}).json["is_new"]
    town.work()
    facts = api.get(f"{LEADS}/{ada}/facts").json["facts"]
    note = next(each for each in facts if each["event"] == "Note Written")
    assert note["properties"] == {"text": "Wants a quote.", "by": "token 1: test"}
    assert api.post(f"{LEADS}/{ada}/notes", {"text": " "}).status == 422
    assert api.post(f"{LEADS}/999/notes", {"text": "x"}).status == 404


# ---- Many ------------------------------------------------------------------------------------------------------------


def test_many_are_changed_and_of_very_many_a_job_is_told(
    town: Town, api: Asker, ada: int, monkeypatch: pytest.MonkeyPatch
):
    leads = [lead for (lead,) in town.rows("select id from leads")]
    assert api.post(f"{LEADS}/bulk", {"leads": leads, "act": "join", "value": "Fair"}).json == {"leads": 2, "job": None}
    index(town)
    assert len(api.get(LEADS, group="Fair").json["leads"]) == 2
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    job = api.post(f"{LEADS}/bulk", {"leads": leads, "act": "leave", "value": "Fair"}).json["job"]
    told = api.get(f"{LEADS}/bulk/{job}").json
    assert (told["standing"], told["done"], told["total"]) == ("waiting", 0, 2)
    assert api.get(f"{LEADS}/bulk/999").status == 404
    assert api.post(f"{LEADS}/bulk/{job}/stop").json["standing"] == "given_up"
    assert api.post(f"{LEADS}/bulk/999/stop").status == 404
    assert town.rows("select count(*) from bulk_leads") == [(0,)]


@pytest.mark.parametrize(
    "said",
    [{"leads": [], "act": "join", "value": "x"}, {"leads": [1], "act": "erase"}, {"leads": [1], "act": "join"},
     {"leads": [1], "act": "class", "value": "friend"}, {"leads": [1], "act": "relevant", "traits": {}}],
)  # fmt: skip
def test_what_cannot_be_done_to_many_is_refused(town: Town, api: Asker, said: dict[str, object]):
    assert api.post(f"{LEADS}/bulk", said).status == 422
    assert town.rows("select count(*) from inbox") == [(0,)]


# ---- Files and views -------------------------------------------------------------------------------------------------


def exported(token: str, query: str) -> tuple[int, str, str]:
    from django.test import Client

    answer = Client(headers={"Authorization": f"Bearer {token}"}).get(f"{LEADS}/export{query}")
    if not answer.streaming:
        return answer.status_code, answer["Content-Type"], answer.content.decode()
    return answer.status_code, answer["Content-Type"], b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]


def test_leads_are_exported_by_whoever_has_the_scope(town: Town, ada: int):
    status, kind, text = exported(a_token(town.connection, Scope.LEADS_EXPORT), "?q=byron")
    assert (status, kind) == (200, "application/x-ndjson")
    assert [json.loads(line)["lead"] for line in text.splitlines()] == [ADA]
    _, _, sheet = exported(a_token(town.connection, Scope.LEADS_EXPORT), "?format=csv")
    assert len(list(csv.DictReader(io.StringIO(sheet)))) == 2
    assert exported(a_token(town.connection, Scope.LEADS_READ), "")[0] == 403
    assert exported(a_token(town.connection, Scope.LEADS_EXPORT), "?x=1")[0] == 422
    assert [about["leads"] for (about,) in town.rows("select about from audit where did = 'exported leads'")] == [1, 2]


def test_views_that_all_share_are_kept_and_deleted(town: Town, api: Asker):
    made = api.post("/api/v1/lead-views", {"name": "Hot ones", "query": "temperature=hot&x=1"})
    assert made.status == 201
    assert made.json["query"] == "temperature=hot"
    assert [each["name"] for each in api.get("/api/v1/lead-views").json["views"]] == ["Hot ones"]
    view = made.json["id"]
    assert api.ask("DELETE", f"/api/v1/lead-views/{view}").status == 200
    assert api.ask("DELETE", f"/api/v1/lead-views/{view}").status == 404
    assert api.post("/api/v1/lead-views", {"name": "Hot ones", "query": "x=1"}).status == 422


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", LEADS, Scope.LEADS_READ), ("PATCH", f"{LEADS}/1", Scope.LEADS_READ),
        ("POST", f"{LEADS}/1/notes", Scope.LEADS_EXPORT), ("POST", f"{LEADS}/bulk", Scope.TASKS_WRITE),
        ("POST", "/api/v1/lead-views", Scope.LEADS_READ), ("GET", f"{LEADS}/export", Scope.LEADS_WRITE),
    ],
)  # fmt: skip
def test_a_token_of_another_scope_does_nothing(town: Town, method: str, path: str, scope: Scope):
    answer = Asker(a_token(town.connection, scope)).ask(method, path, data=b"{}")
    assert answer.status == 403
