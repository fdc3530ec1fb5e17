"""A request of the API with a key of its sender's is done once, however often it is sent, and whoever is killed."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from couveuse.store import answers
from couveuse.store.api_tokens import Scope
from couveuse.web import once
from tests.engine.town import DAY, NOW, Town, accepted
from tests.web.asking import Answer, Asker, a_token
from tests.web.test_team import TEAM

ENDPOINT = {"id": "crm", "url": "https://crm.example.com/hook"}
ABSENCE = {"member": "bob", "first_day": "2026-12-21", "last_day": "2026-12-24"}
ABSENCES = "/api/v1/team/absences"


@pytest.fixture
def staffed(town: Town, api: Asker) -> Asker:
    assert api.ask("PUT", "/api/v1/team/document", data=json.dumps({"text": TEAM}).encode()).status == 200
    return api


def absent(api: Asker, key: str | None, **said: str) -> Answer:
    return api.post(ABSENCES, ABSENCE | said, headers={} if key is None else {"Idempotency-Key": key})


def in_a_thread(api: Asker, key: str) -> Answer:
    """The same, from a thread that ends: its connection with it."""
    from couveuse.web import database

    try:
        return absent(api, key)
    finally:
        database.close()


def absences(town: Town) -> int:
    return int(town.rows("select count(*) from absences")[0][0])


def test_it_works(town: Town, staffed: Asker):
    first, again = absent(staffed, "k-1"), absent(staffed, "k-1")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert again.headers["content-type"] == first.headers["content-type"]
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert absences(town) == 1
    assert len(town.rows("select from audit where did = 'absence added'")) == 1


def test_without_a_key_each_counts(town: Town, staffed: Asker):
    assert [absent(staffed, None).status for _ in range(2)] == [201, 201]
    assert absences(town) == 2


def test_another_key_is_another_request(town: Town, staffed: Asker):
    assert absent(staffed, "k-1").json != absent(staffed, "k-2").json
    assert absences(town) == 2


def test_the_same_key_for_another_body_is_refused(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    refused = absent(staffed, "k-1", member="alice")
    assert (refused.status, refused.json["type"]) == (422, "urn:couveuse:problem:key-taken")
    assert absences(town) == 1


def test_the_same_key_for_another_address_or_method_is_refused(town: Town, staffed: Asker):
    number = absent(staffed, "k-1").json["id"]
    headers = {"Idempotency-Key": "k-1"}
    assert staffed.ask("DELETE", f"{ABSENCES}/{number}", headers=headers).status == 422
    assert staffed.post(f"{ABSENCES}?x=1", ABSENCE, headers=headers).status == 422
    assert absences(town) == 1


def test_another_token_has_keys_of_its_own(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    other = absent(Asker(a_token(town.connection)), "k-1", member="alice")
    assert (other.status, "idempotent-replayed" in other.headers) == (201, False)
    assert absences(town) == 2


def test_a_token_that_may_not_is_told_so_and_never_what_another_was_answered(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    assert absent(Asker(a_token(town.connection, Scope.TEAM_READ)), "k-1").status == 403
    assert absent(Asker(), "k-1").status == 401
    assert absent(Asker("cvt_nobody"), "k-1").status == 401


def test_a_revoked_token_hears_nothing_any_more(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    town.connection.execute("update api_tokens set revoked_at = now()")
    assert absent(staffed, "k-1").status == 401


def test_an_error_has_changed_nothing_and_leaves_the_key_free(town: Town, staffed: Asker):
    assert absent(staffed, "k-1", member="zoe").status == 422
    assert town.rows("select from answers") == []
    assert absent(staffed, "k-1").status == 201
    assert absences(town) == 1


def test_what_breaks_is_rolled_back_with_all_that_it_wrote(town: Town, staffed: Asker, monkeypatch):
    from couveuse.web.api import team

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(team, "Status", broken)
        assert absent(staffed, "k-1").status == 500
    assert absences(town) == 0
    assert absent(staffed, "k-1").status == 201
    assert absences(town) == 1


def test_whoever_is_killed_has_done_nothing_and_the_key_is_free(town: Town, staffed: Asker, monkeypatch):
    from couveuse.web.api import team

    status = team.Status

    def killed(*parts: object) -> object:
        town.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = 'couveuse pages'"
        )
        return status(*parts)

    with monkeypatch.context() as patch:
        patch.setattr(team, "Status", killed)
        assert absent(staffed, "k-1").status == 503
    assert absences(town) == 0
    assert absent(staffed, "k-1").status == 201
    assert absences(town) == 1


def test_of_two_at_once_one_is_told_to_wait(town: Town, staffed: Asker, monkeypatch):
    from couveuse.web.api import team

    begun, go_on = threading.Event(), threading.Event()
    status = team.Status

    def slow(*parts: object) -> object:
        begun.set()
        assert go_on.wait(120)
        return status(*parts)

    monkeypatch.setattr(team, "Status", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_a_thread, staffed, "k-1")
        assert begun.wait(120)
        second = absent(staffed, "k-1")
        go_on.set()
        assert first.result().status == 201
    assert (second.status, second.headers["retry-after"]) == (409, "1")
    assert absent(staffed, "k-1").headers["idempotent-replayed"] == "true"
    assert absences(town) == 1


def test_of_many_at_once_one_counts(town: Town, staffed: Asker):
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: in_a_thread(staffed, "k-1"), range(24)))
    assert {each.status for each in found} <= {201, 409}
    assert absences(town) == 1


def test_after_a_day_the_key_is_free_again(town: Town, staffed: Asker, monkeypatch):
    absent(staffed, "k-1")
    later = once.now_us() + DAY
    monkeypatch.setattr(once, "now_us", lambda: later)
    assert "idempotent-replayed" not in absent(staffed, "k-1").headers
    assert absences(town) == 2
    assert len(town.rows("select from answers")) == 1


def test_what_has_run_out_is_swept(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    [(at,)] = town.rows("select at from answers")
    assert answers.sweep(town.connection, at + DAY - 1) == 0
    assert answers.sweep(town.connection, at + DAY) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "clé"])
def test_a_key_that_is_none_is_refused(town: Town, staffed: Asker, key):
    refused = absent(staffed, key)
    assert (refused.status, refused.json["errors"][0]["where"]) == (422, ["header", "Idempotency-Key"])
    assert absences(town) == 0


def test_the_longest_key_is_taken(town: Town, staffed: Asker):
    assert absent(staffed, "k" * once.MOST_KEY).status == 201


def test_a_body_that_is_too_long_for_a_key_is_refused(town: Town, staffed: Asker):
    refused = staffed.ask(
        "PUT", "/api/v1/team/document", data=b" " * (once.MOST_BODY + 1), headers={"Idempotency-Key": "k"}
    )
    assert (refused.status, "1,048,576 bytes" in refused.json["detail"]) == (422, True)


def test_reading_knows_no_keys(town: Town, staffed: Asker):
    answer = staffed.get("/api/v1/team", headers={"Idempotency-Key": "k-1"})
    assert answer.status == 200
    assert town.rows("select from answers") == []


def test_a_secret_that_is_shown_once_is_kept_sealed(town: Town, api: Asker):
    headers = {"Idempotency-Key": "a-key-of-ours"}
    first = api.post("/api/v1/outgoing/endpoints", ENDPOINT, headers=headers)
    again = api.post("/api/v1/outgoing/endpoints", ENDPOINT, headers=headers)
    assert again.json["secret"] == first.json["secret"]
    [row] = town.rows("select * from answers")
    text = repr([bytes(each) if isinstance(each, memoryview) else each for each in row])
    assert first.json["secret"] not in text
    assert "a-key-of-ours" not in text


def test_who_is_erased_stands_in_no_answer(town: Town, staffed: Asker):
    absent(staffed, "k-1")
    town.connection.execute("update answers set sealed = null")
    refused = absent(staffed, "k-1")
    assert (refused.status, refused.json["type"]) == (409, "urn:couveuse:problem:key-spent")
    assert absences(town) == 1


def test_an_erasure_that_comes_between_keeps_the_body_out(town: Town, staffed: Asker, monkeypatch):
    from couveuse.web.api import team

    status = team.Status

    def erased_meanwhile(*parts: object) -> object:
        town.connection.execute("insert into erasures (at, by, digests, proof) values (1, 'x', '{}', '{}')")
        return status(*parts)

    monkeypatch.setattr(team, "Status", erased_meanwhile)
    assert absent(staffed, "k-1").status == 201
    assert town.rows("select sealed from answers") == [(None,)]


def test_an_erasure_is_done_once_and_its_own_answer_is_not_kept(town: Town, api: Asker, monkeypatch, tmp_path):
    """It works on a connection of its own, beside the transaction of the request."""
    monkeypatch.setenv("COUVEUSE_BACKUPS", str(tmp_path))
    town.take(accepted("Page Viewed", email="gone@example.com"))
    path, headers = f"/api/v1/leads/{town.lead('gone@example.com')}/erase", {"Idempotency-Key": "k-1"}
    assert api.post(path, {"lead": "gone@example.com"}, headers=headers).status == 200
    again = api.post(path, {"lead": "gone@example.com"}, headers=headers)
    assert (again.status, again.json["type"]) == (409, "urn:couveuse:problem:key-spent")
    assert len(town.rows("select from erasures")) == 1


def test_another_secret_key_opens_no_answer_and_does_nothing_twice(town: Town, staffed: Asker, monkeypatch):
    absent(staffed, "k-1")
    other = once.Box("another secret key, of 32 characters and more")
    monkeypatch.setattr(once, "_box", lambda: other)
    assert absent(staffed, "k-1").status == 409
    assert absences(town) == 1


def test_what_is_read_within_sees_what_was_written_within(town: Town):
    from couveuse.web import database

    with database.whole() as connection, connection.transaction():
        connection.execute("insert into audit (at, by, did, about) values (%s, 'x', 'tried', '{}')", [NOW])
        with database.reading() as reader:
            assert reader.execute("select did from audit").fetchall() == [("tried",)]
        with database.writing() as writer:
            assert writer is connection
    with database.reading() as reader:
        assert reader.execute("select did from audit").fetchall() == [("tried",)]
