"""The team through the API: read, applied as a whole or not at all, and who is away."""

import json

import pytest

from couveuse.store.api_tokens import Scope
from tests.engine.town import Town
from tests.web.asking import Asker, a_token

TEAM = """
couveuse: 1
team: house
members:
  - {id: alice, name: Alice, email: alice@example.com}
  - {id: bob, name: Bob, email: bob@example.com}
teams:
  - {id: sales, label: {fr: Ventes}, members: [alice, bob], leads: [alice], assignment: round_robin}
"""


def test_it_works(town: Town, api: Asker):
    assert api.get("/api/v1/team").json["version"] is None
    applied = api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM)).json
    assert applied["version"] == 1
    assert {(each["what"], each["id"]) for each in applied["changes"]} >= {("team", "sales"), ("member", "bob")}
    team = api.get("/api/v1/team").json
    assert [each["id"] for each in team["members"]] == ["alice", "bob"]
    assert team["teams"][0]["label"] == {"fr": "Ventes"}
    assert api.get("/api/v1/team/document").json["text"] == TEAM


def test_a_dry_run_changes_nothing(town: Town, api: Asker):
    told = api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM, dry_run=True)).json
    assert told["version"] is None
    assert told["changes"]
    assert api.get("/api/v1/team/document").status == 404


def test_every_error_of_a_document_is_told_with_its_line(town: Town, api: Asker):
    answer = api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM.replace("[alice, bob]", "[alice, zoe]")))
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert (error["line"], error["field"]) == (8, "teams[0].members[1]")
    assert error["column"] > 1
    assert error["cure"]
    assert "zoe" in error["message"]


def test_who_is_away_is_written_down_and_taken_back(town: Town, api: Asker):
    api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM))
    days = {"member": "bob", "first_day": "2000-01-01", "last_day": "2199-01-01"}
    number = api.post("/api/v1/team/absences", days).json["id"]
    assert [each["is_away"] for each in api.get("/api/v1/team").json["members"]] == [False, True]
    assert api.ask("DELETE", f"/api/v1/team/absences/{number}").status == 200
    assert api.ask("DELETE", f"/api/v1/team/absences/{number}").status == 404
    assert not any(each["is_away"] for each in api.get("/api/v1/team").json["members"])


@pytest.mark.parametrize(
    ("member", "first", "last"),
    [("zoe", "2026-01-01", "2026-01-02"), ("bob", "2026-01-02", "2026-01-01"), ("bob", "soon", "2026-01-01")],
)
def test_an_absence_that_cannot_be_is_refused(town: Town, api: Asker, member, first, last):
    api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM))
    assert api.post("/api/v1/team/absences", {"member": member, "first_day": first, "last_day": last}).status == 422


def test_a_document_written_after_another_one_is_refused(town: Town, api: Asker):
    path = "/api/v1/team/document"
    assert api.ask("PUT", path, data=_json(text=TEAM, replaces=0)).json["version"] == 1
    other = TEAM.replace("Ventes", "Commerce")
    refused = api.ask("PUT", path, data=_json(text=other, replaces=0))
    assert (refused.status, "version 1 counts" in refused.json["detail"]) == (409, True)
    assert api.ask("PUT", path, data=_json(text=other, replaces=1)).json["version"] == 2


def test_what_the_model_asks_for_and_no_team_has_is_told(town: Town, api: Asker):
    lacking = api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM, dry_run=True)).json["lacking"]
    assert any('no team "telemarketing"' in line for line in lacking)


def test_hours_are_told_as_the_document_has_them(town: Town, api: Asker):
    hours = "hours: {timezone: Europe/Paris, week: {mon-fri: ['09:00-12:30', '14:00-18:00']}, holidays: FR}\n"
    api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM + hours))
    told = api.get("/api/v1/team").json["teams"][0]["hours"]
    assert (told["timezone"], told["holidays"], told["days_off"]) == ("Europe/Paris", "FR", [])
    assert (told["week"]["mon"], told["week"]["sat"]) == (["09:00-12:30", "14:00-18:00"], [])


def test_a_body_that_holds_more_is_refused(town: Town, api: Asker):
    assert api.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM, by="me")).status == 422
    assert api.ask("PUT", "/api/v1/team/document", data=_json(document=TEAM)).status == 422


def test_reading_does_not_let_write(town: Town):
    reader = Asker(a_token(town.connection, Scope.TEAM_READ))
    assert reader.get("/api/v1/team").status == 200
    assert reader.ask("PUT", "/api/v1/team/document", data=_json(text=TEAM)).status == 403


def _json(**body: object) -> bytes:
    return json.dumps(body).encode()
