"""People by API: invited, changed, signed out; no program makes an owner, or touches one."""

import pytest

from couveuse.store.accounts.models import User
from couveuse.store.api_tokens import Scope
from tests.engine.town import Town
from tests.web.asking import Asker, a_token
from tests.web.people import a_person, alice, nobody, signed_in

LONG = "aigrette-garzette-1846"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links are signed by a secret of the test, and passwords are hashed quickly."""
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", "of a test, and long enough for one")
    monkeypatch.setattr("django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations", 1_000)


def test_it_works(api: Asker) -> None:
    alice()
    made = api.post("/api/v1/invitations", {"email": "Bob@example.com", "role": "sales", "language": "en"})
    assert (made.status, made.json["id"], made.json["is_mailed"]) == (201, 1, False)
    waiting = api.get("/api/v1/invitations").json["invitations"]
    assert [(each["email"], each["role"], each["invited_by"]) for each in waiting] == [
        ("bob@example.com", "sales", "token 1: test")
    ]
    place = made.json["link"].removeprefix("http://127.0.0.1:8000")
    assert place not in api.get("/api/v1/invitations").text
    assert nobody().post(place, {"name": "Bob", "password": LONG, "language": "en"}).status_code == 303
    users = api.get("/api/v1/users").json["users"]
    assert [(each["email"], each["role"], each["is_active"]) for each in users] == [
        ("alice@example.com", "owner", True), ("bob@example.com", "sales", True),
    ]  # fmt: skip
    assert "password" not in api.get("/api/v1/users").text
    bob = users[1]["id"]
    assert api.get(f"/api/v1/users/{bob}").json["sessions"] == 1
    changed = api.ask("PATCH", f"/api/v1/users/{bob}", data=b'{"role": "reader", "is_active": false}')
    assert (changed.json["role"], changed.json["is_active"], changed.json["sessions"]) == ("reader", False, 0)
    assert api.ask("PATCH", f"/api/v1/users/{bob}", data=b'{"is_active": true}').json["role"] == "reader"


def test_no_program_makes_an_owner_or_touches_one(api: Asker) -> None:
    owner, bob = alice(), a_person("Bob", "reader")
    assert api.post("/api/v1/invitations", {"email": "eve@example.com", "role": "owner"}).status == 422
    assert api.ask("PATCH", f"/api/v1/users/{bob.pk}", data=b'{"role": "owner"}').status == 422
    for data in (b'{"role": "reader"}', b'{"is_active": false}', b'{"member": null}'):
        answer = api.ask("PATCH", f"/api/v1/users/{owner.pk}", data=data)
        assert (answer.status, answer.json["type"]) == (409, "urn:couveuse:problem:owners-by-hand")
    assert api.post(f"/api/v1/users/{owner.pk}/end-sessions").status == 409
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == ("owner", True)


def test_nothing_is_set_that_is_not_offered(api: Asker) -> None:
    bob = a_person("Bob", "reader")
    for data in (b'{"password": "x"}', b'{"email": "eve@example.com"}', b'{"session_generation": 9}', b'{"role": 1}'):
        assert api.ask("PATCH", f"/api/v1/users/{bob.pk}", data=data).status == 422, data
    assert User.objects.get(pk=bob.pk).email == "bob@example.com"


def test_a_change_is_made_whole_or_not_at_all(api: Asker) -> None:
    bob = a_person("Bob", "reader")
    answer = api.ask("PATCH", f"/api/v1/users/{bob.pk}", data=b'{"role": "sales", "member": "nobody"}')
    assert (answer.status, answer.json["errors"][0]["where"]) == (422, ["body", "member"])
    bob.refresh_from_db()
    assert bob.role == "reader"


def test_somebody_is_signed_out_everywhere(api: Asker) -> None:
    bob = a_person("Bob", "reader")
    client = signed_in(bob)
    assert client.get("/settings/me").status_code == 200
    assert api.post(f"/api/v1/users/{bob.pk}/end-sessions").status == 200
    assert client.get("/settings/me").status_code == 302


def test_an_invitation_is_taken_back_once(api: Asker) -> None:
    made = api.post("/api/v1/invitations", {"email": "bob@example.com", "role": "sales"}).json
    assert api.ask("DELETE", f"/api/v1/invitations/{made['id']}").status == 200
    assert api.ask("DELETE", f"/api/v1/invitations/{made['id']}").status == 404
    assert nobody().get(made["link"].removeprefix("http://127.0.0.1:8000")).status_code == 410


def test_an_invitation_that_cannot_be_names_the_field(api: Asker) -> None:
    alice()
    for given, field in [
        ({"email": "alice@example.com"}, "email"), ({"email": "alice"}, "email"), ({"member": "nobody"}, "member"),
        ({"role": "king"}, "role"), ({"name": "x" * 201}, "name"),
    ]:  # fmt: skip
        answer = api.post("/api/v1/invitations", {"email": "bob@example.com", "role": "sales", **given})
        assert (answer.status, answer.json["errors"][0]["where"][-1]) == (422, field)


def test_who_is_not_there_is_not_found(api: Asker) -> None:
    assert api.get("/api/v1/users/9").status == 404
    assert api.ask("PATCH", "/api/v1/users/9", data=b"{}").status == 404
    assert api.post("/api/v1/users/9/end-sessions").status == 404


def test_each_scope_opens_its_own_doors(town: Town) -> None:
    reading = Asker(a_token(town.connection, Scope.USERS_READ))
    writing = Asker(a_token(town.connection, Scope.USERS_WRITE))
    other = Asker(a_token(town.connection, Scope.LEADS_WRITE))
    assert (reading.get("/api/v1/users").status, writing.get("/api/v1/users").status) == (200, 403)
    asked = {"email": "bob@example.com", "role": "sales"}
    assert [each.post("/api/v1/invitations", asked).status for each in (reading, other, writing)] == [403, 403, 201]
