"""Endpoints, addresses, keys, tokens, health and the journal through the API, as on screen."""

import json

import pytest

from couveuse.store import write_keys
from couveuse.store.api_tokens import Scope
from tests.engine.town import Town
from tests.web.asking import Asker, a_token
from tests.web.test_settings_outgoing import HOOK, INSIDE, SLACK, Hooks, outside, plan
from tests.web.test_team import TEAM

__all__ = ("outside",)
ENDPOINTS = "/api/v1/outgoing/endpoints"


def put(api: Asker, path: str, **body: object):
    return api.ask("PUT", path, data=json.dumps(body).encode())


def test_an_endpoint_is_changed_enabled_and_given_another_secret(town: Town, api: Asker):
    first = api.post(ENDPOINTS, {"id": "crm", "url": HOOK}).json["secret"]
    changed = put(api, f"{ENDPOINTS}/crm", url=f"{HOOK}/2", events=["task.created"])
    assert (changed.status, changed.json["url"], changed.json["events"]) == (200, f"{HOOK}/2", ["task.created"])
    api.post(f"{ENDPOINTS}/crm/disable")
    assert api.get(f"{ENDPOINTS}/crm").json["disabled_at"]
    assert api.post(f"{ENDPOINTS}/crm/enable").json == {"id": "crm"}
    assert api.get(f"{ENDPOINTS}/crm").json["disabled_at"] is None
    second = api.post(f"{ENDPOINTS}/crm/rotate")
    assert (second.status, second.json["secret"] != first) == (201, True)
    assert first not in api.get(f"{ENDPOINTS}/crm").text + api.get("/api/v1/outgoing").text
    for act in ("enable", "rotate"):
        assert api.post(f"{ENDPOINTS}/none/{act}").status == 404
    assert put(api, f"{ENDPOINTS}/none", url=HOOK).status == 404
    assert put(api, f"{ENDPOINTS}/crm", url=HOOK, events=["no.such"]).status == 422


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_of_the_inside_is_refused(town: Town, api: Asker, url):
    assert api.post(ENDPOINTS, {"id": "crm", "url": url}).status == 422
    assert put(api, "/api/v1/outgoing/addresses/sales", url=url).status == 422


def test_an_address_of_slack_s_is_kept_and_in_no_answer(town: Town, api: Asker):
    assert put(api, "/api/v1/outgoing/addresses/sales", url=SLACK).json == {"name": "sales"}
    listed = api.get("/api/v1/outgoing/addresses")
    assert [each["name"] for each in listed.json["addresses"]] == ["sales"]
    assert "very-secret-path" not in listed.text + api.get("/api/v1/outgoing").text + api.get("/api/v1/audit").text
    assert put(api, "/api/v1/outgoing/addresses/Sales!", url=SLACK).status == 422
    assert api.ask("DELETE", "/api/v1/outgoing/addresses/sales").status == 200
    assert api.ask("DELETE", "/api/v1/outgoing/addresses/sales").status == 404


def test_a_trial_tells_what_came_of_it(town: Town, api: Asker, outside: Hooks):
    api.post(ENDPOINTS, {"id": "crm", "url": f"{outside.url}/hook"})
    assert api.post("/api/v1/outgoing/try", {"channel": "webhook", "to": "crm"}).json["became"] == "taken"
    outside.script = [(503, {}, b"")]
    told = api.post("/api/v1/outgoing/try", {"channel": "webhook", "to": "crm"}).json
    assert (told["became"], "503" in told["answer"]) == ("failed", True)
    assert api.post("/api/v1/outgoing/try", {"channel": "webhook", "to": "none"}).json["became"] == "nowhere"
    put(api, "/api/v1/outgoing/switches/stop", on=True)
    assert api.post("/api/v1/outgoing/try", {"channel": "webhook", "to": "crm"}).status == 422
    assert len(outside.got) == 2


def test_the_log_is_of_one_endpoint(town: Town, api: Asker):
    api.post(ENDPOINTS, {"id": "crm", "url": HOOK})
    for number in range(5):
        plan(town, number, channel="webhook" if number % 2 else "email")
    found = list(api.pages("/api/v1/outgoing/intents", "intents", endpoint="crm", limit=1))
    assert [each["channel"] for each in found] == ["webhook", "webhook"]
    assert list(api.pages("/api/v1/outgoing/intents", "intents", endpoint="none")) == []


def test_a_write_key_is_made_and_revoked(town: Town, api: Asker):
    made = api.post("/api/v1/keys", {"kind": "public", "source": "site", "origins": ["https://www.example.com"]})
    assert made.status == 201
    [kept] = write_keys.load_keys(town.connection)
    assert kept.digest == write_keys.digest_of(made.json["key"])
    listed = api.get("/api/v1/keys")
    assert made.json["key"] not in listed.text
    assert [each["source"] for each in listed.json["keys"]] == ["site"]
    assert api.post("/api/v1/keys", {"kind": "public", "source": "site"}).status == 422
    assert api.ask("DELETE", f"/api/v1/keys/{kept.id}").json == {"id": kept.id}
    assert api.ask("DELETE", f"/api/v1/keys/{kept.id}").status == 404


def test_a_token_makes_none_that_may_more_than_itself(town: Town):
    maker = Asker(a_token(town.connection, Scope.KEYS_WRITE, Scope.TEAM_READ))
    made = maker.post("/api/v1/tokens", {"name": "child", "scopes": ["team:read"]})
    assert made.status == 201
    assert Asker(made.json["token"]).get("/api/v1/team").status == 200
    refused = maker.post("/api/v1/tokens", {"name": "child", "scopes": ["team:read", "leads:erase"]})
    assert (refused.status, "leads:erase" in refused.json["detail"]) == (422, True)
    assert maker.ask("DELETE", f"/api/v1/tokens/{made.json['id']}").status == 200
    assert Asker(made.json["token"]).get("/api/v1/team").status == 401


def test_tokens_are_listed_without_themselves(town: Town, api: Asker):
    listed = api.get("/api/v1/tokens")
    assert api.token is not None
    assert api.token not in listed.text
    assert [(each["name"], each["standing"]) for each in listed.json["tokens"]] == [("test", "active")]


def test_health_is_what_the_doctor_says(town: Town, api: Asker):
    told = api.get("/api/v1/health").json
    assert told["is_fine"] is False
    found = {each["code"]: each for each in told["checks"]}
    assert found["deliverers_none"]["cure"]
    assert found["migrations"]["is_fine"]


def test_the_journal_is_read_page_by_page(town: Town, api: Asker):
    for _ in range(3):
        api.post("/api/v1/keys", {"kind": "server", "source": "crm"})
    found = list(api.pages("/api/v1/audit", "done", limit=1, did="made a write key"))
    assert [each["by"] for each in found] == ["token 1: test"] * 3
    assert found[0]["id"] > found[2]["id"]
    assert list(api.pages("/api/v1/audit", "done", by="nobody")) == []
    assert api.get("/api/v1/audit", lead=0).status == 422


def test_versions_of_the_team_s_document_are_read_and_gone_back_to(town: Town, api: Asker):
    put(api, "/api/v1/team/document", text=TEAM)
    put(api, "/api/v1/team/document", text=TEAM.replace("Ventes", "Commerce"))
    assert [each["version"] for each in api.pages("/api/v1/team/versions", "versions", limit=1)] == [2, 1]
    second = api.get("/api/v1/team/versions/2").json
    assert [(each["what"], each["fields"]) for each in second["changes"]] == [("team", ["label"])]
    assert api.post("/api/v1/team/versions/1/restore").json["version"] == 3
    assert api.get("/api/v1/team/document").json["text"] == TEAM
    assert api.get("/api/v1/team/versions/9").status == 404
