"""Imports by the API: a file with its mapping and consent, looked ahead, brought once, its rejects, taken back."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from couveuse.history.limits import Limits
from couveuse.store import uploads
from couveuse.store.api_tokens import Scope
from couveuse.web import receiving
from tests.engine.town import Town
from tests.engine.uploading import FRENCH, work
from tests.web.asking import Asker, a_token

DECLARED = {"basis": "legitimate-interest", "consent_source": "salon 2026", "consent_date": "2026-03-01"}


def send(api: Asker, content: bytes = FRENCH.encode("cp1252"), name: str = "e.csv", **said: Any) -> Any:
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {api.token}"})
    return client.post("/api/v1/imports", {"file": SimpleUploadedFile(name, content), **said})


def test_it_works(town: Town, api: Asker) -> None:
    answer = send(api, **DECLARED, dry_run="true")
    assert answer.status_code == 202, answer.content
    number = answer.json()["id"]
    work(town)
    looked = api.get(f"/api/v1/imports/files/{number}").json
    assert (looked["standing"], looked["foreseen"]["facts"], looked["import_id"]) == ("done", 3, None)
    assert town.rows("select count(*) from events") == [(0,)]
    assert api.post(f"/api/v1/imports/files/{number}/import").status == 202
    assert api.post(f"/api/v1/imports/files/{number}/import").status == 409  # somebody is to work on it
    work(town)
    import_id = api.get(f"/api/v1/imports/files/{number}").json["import_id"]
    found = api.get(f"/api/v1/imports/{import_id}").json
    assert (found["standing"], found["counts"]["facts"], found["reach"]["allowed"]) == ("done", 3, 2)
    assert found["consent"]["at"].startswith("2026-02-28T23:00")  # the first of March in Paris
    (reject,) = api.get(f"/api/v1/imports/{import_id}/rejects").json["rejects"]
    assert (reject["place"], reject["reason"]) == ("e.csv:5", "bad_time")
    assert [each["id"] for each in api.get("/api/v1/imports").json["imports"]] == [import_id]
    assert api.post(f"/api/v1/imports/{import_id}/undo").status == 202
    work(town)
    assert api.get(f"/api/v1/imports/{import_id}").json["standing"] == "undone"
    assert api.post(f"/api/v1/imports/{import_id}/undo").status == 409
    assert town.rows("select count(*) from events") == [(0,)]


def test_a_mapping_is_said_as_an_object(town: Town, api: Asker) -> None:
    mapping = '{"Date": "occurred_at", "Évènement": "event", "Courriel": "user_id", "Montant": "amount"}'
    assert send(api, **DECLARED, mapping=mapping).status_code == 202
    work(town)
    assert town.rows("select distinct sort from identities") == [(1,)]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({}, "basis"),
        ({**DECLARED, "basis": "because"}, "basis"),
        ({**DECLARED, "consent_source": ""}, "consent_source"),
        ({**DECLARED, "consent_date": ""}, "consent_date"),
        ({**DECLARED, "consent_date": "2099-01-01"}, "consent_date"),
        ({**DECLARED, "mapping": "[1]"}, "mapping"),
        ({**DECLARED, "mapping": "{"}, "mapping"),
        ({**DECLARED, "mapping": '{"Nowhere": "email"}'}, "mapping"),
        ({**DECLARED, "mapping": "{}"}, "mapping"),
        ({**DECLARED, "left_out": ["Nowhere"]}, "left_out"),
        ({**DECLARED, "encoding": "rot13"}, "encoding"),
        ({**DECLARED, "purposes": ["nothing"]}, "purposes"),
        ({**DECLARED, "hand_over": "0"}, "hand_over"),
        ({**DECLARED, "is_admin": "true"}, "is_admin"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    town: Town, api: Asker, said: dict[str, Any], where: str
) -> None:
    answer = send(api, **said)
    assert answer.status_code == 422, answer.content
    assert where in str(answer.json()["errors"][0]["where"])
    assert uploads.open_uploads(town.connection, 10) == []


def test_without_a_basis_nobody_may_be_written_to(town: Town, api: Asker) -> None:
    assert send(api, basis="none").status_code == 202
    work(town)
    assert api.get("/api/v1/imports/1").json["reach"]["allowed"] == 0


def test_a_file_of_a_wrong_kind_is_refused_with_the_reason(town: Town, api: Asker) -> None:
    answer = send(api, b"%PDF-1.7", "e.csv", **DECLARED)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": ["body", "file"], "message": "wrong_kind"}]
    assert answer.json()["type"] == "urn:couveuse:problem:unfit-file"


def test_a_file_that_is_too_large_is_refused(api: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "LIMITS", Limits(size=1 << 20))
    answer = send(api, b"email\n" + b"ana@example.com\n" * 100_000, **DECLARED)
    assert answer.json()["errors"][0]["message"] == "too_large"


def test_each_call_wants_its_scope(town: Town, api: Asker) -> None:
    assert send(Asker(a_token(town.connection, Scope.IMPORTS_READ)), **DECLARED).status_code == 403
    assert send(Asker(None), **DECLARED).status_code == 401
    assert uploads.open_uploads(town.connection, 10) == []
    send(api, **DECLARED)
    work(town)
    writer = Asker(a_token(town.connection, Scope.IMPORTS_WRITE))
    assert writer.get("/api/v1/imports").status == 403
    assert Asker(a_token(town.connection, Scope.IMPORTS_READ)).get("/api/v1/imports/1/rejects").status == 403  # facts
    assert Asker(a_token(town.connection, Scope.IMPORTS_READ)).post("/api/v1/imports/1/undo").status == 403


def test_what_is_not_there_is_told(town: Town, api: Asker) -> None:
    for path in ("/api/v1/imports/9", "/api/v1/imports/9/rejects", "/api/v1/imports/files/9"):
        assert api.get(path).status == 404
    assert api.post("/api/v1/imports/9/undo").status == 404
    assert api.ask("DELETE", "/api/v1/imports/files/9").status == 404


def test_a_file_is_taken_away(town: Town, api: Asker) -> None:
    number = send(api, **DECLARED, dry_run="true").json()["id"]
    assert api.ask("DELETE", f"/api/v1/imports/files/{number}").status == 409
    work(town)
    assert api.ask("DELETE", f"/api/v1/imports/files/{number}").status == 200
    assert api.get(f"/api/v1/imports/files/{number}").status == 404
