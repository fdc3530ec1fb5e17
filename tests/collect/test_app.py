"""Requests: every path of every client is answered, what is accepted is stored, and what is refused says the cure."""

import gzip
import json
import time
from typing import Any

import pytest

from couveuse.collect import judging, routes
from couveuse.collect.app import serves
from couveuse.core.events import Reject
from couveuse.store.packets import Flag
from tests.collect.doors import PUBLIC_KEY, SERVER_KEY, SITE, Door, a_batch, a_track, as_a_file_says, basic

MESSAGES: dict[str, dict[str, Any]] = {
    "identify": {"userId": "u-1", "traits": {"email": "ana@example.com"}},
    "track": {"userId": "u-1", "event": "Demo Requested"},
    "page": {"userId": "u-1", "properties": {"path": "/tarifs"}},
    "screen": {"userId": "u-1", "name": "Home"},
    "group": {"userId": "u-1", "groupId": "acme"},
    "alias": {"userId": "u-1", "previousId": "anon-77"},
}
EVENTS = {"identify": "Traits Set", "track": "Demo Requested", "page": "Page Viewed", "screen": "Screen Viewed",
          "group": "Traits Set", "alias": "Identities Joined"}  # fmt: skip


def test_it_works(door: Door) -> None:
    before = time.time_ns() // 1000
    kept = door.send("/v1/track", a_track(properties={"plan": "pro"}))
    assert kept.fact.event == "Demo Requested"
    assert (kept.fact.source, kept.fact.message_id, kept.fact.properties) == ("server", "m-1", {"plan": "pro"})
    assert (kept.keys, kept.flags) == ((None, "u-1", None), Flag.NONE)
    assert before <= kept.received_at == kept.fact.at <= time.time_ns() // 1000
    assert as_a_file_says(kept.row) == kept.row


# ---- Paths ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", sorted(routes.CALLS))
def test_every_path_of_every_client_is_answered(door: Door, path: str, slash: str) -> None:
    call = routes.CALLS[path].value
    body = {"batch": [{**MESSAGES["track"], "type": "track"}]} if call == "batch" else MESSAGES[call]
    assert door.send(path + slash, body).fact.event == EVENTS.get(call, "Demo Requested")


def test_the_paths_are_those_of_the_clients() -> None:
    letters = {f"/v1/{letter}" for letter in "itpsgab"}
    names = {*MESSAGES, "batch"}
    jitsu = {f"{root}/{name}" for root in ("/api/s", "/api/s/s2s") for name in names}
    assert routes.CALLS.keys() == {"/v1/import"} | letters | {f"/v1/{name}" for name in names} | jitsu


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/v1/track", True), ("/v1/", True), ("/v1", True), ("/v1/no/such", True), ("/api/s/x", True),
        ("/sourceConfig/", True), ("/sourceConfig", True), ("/v1x", False), ("/", False), ("/api/v1/leads", False),
        ("/api/sx", False), ("/healthz", False), ("/sourceConfigs", False),
    ],
)  # fmt: skip
def test_the_front_door_knows_its_paths(path: str, is_ours: bool) -> None:
    assert serves(path) is is_ours


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/api/s/charge", "/v1/projects/x", "/v1/track/more"])
def test_a_path_that_is_not_there_is_said_to_be_none(door: Door, path: str) -> None:
    answer = door.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_another_method_is_told_which_one_to_use(door: Door, method: str) -> None:
    answer = door.request(method, "/v1/track")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert door.request("POST", "/sourceConfig/").headers["allow"] == "GET, OPTIONS"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json", "nonsense", ""]
)
def test_a_body_is_json_whatever_it_is_called(door: Door, kind: str) -> None:
    assert door.send("/v1/t", a_track(), headers={"Content-Type": kind}).fact.event == "Demo Requested"


def test_a_compressed_body_is_taken(door: Door) -> None:
    body = gzip.compress(json.dumps(a_batch([a_track()])).encode())
    assert door.send("/v1/batch", body, headers={"Content-Encoding": "gzip"}).fact.message_id == "m-1"


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"", "", 400, "not_json"),
        (b"{", "", 400, "not_json"),
        (b"[]", "", 400, "not_json"),
        (gzip.compress(b"{}", mtime=0), "", 400, "not_json"),
        (b"{}", "gzip", 400, "broken_compression"),
        (b"{}", "br", 415, "unknown_encoding"),
        (gzip.compress(b" " * (5 << 20), mtime=0), "gzip", 413, "too_large"),
        (b" " * (5 << 20), "", 413, "too_large"),
        (b'{"event": "' + b"x" * (32 << 10) + b'"}', "", 400, "too_large"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "", 400, "too_deep"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_cure(
    door: Door, body: bytes, encoding: str, status: int, code: str
) -> None:
    answer = door.post("/v1/track", body, headers={"Content-Encoding": encoding} if encoding else {})
    said = answer.json()
    assert (answer.status_code, said["success"], said["code"]) == (status, False, code)
    assert said["message"]
    assert door.stored() == []


# ---- Batches -------------------------------------------------------------------------------------------------


def test_a_batch_is_stored_in_its_order_and_each_person_in_one_lane(door: Door) -> None:
    messages = [{**a_track(messageId=f"m-{n}"), "userId": f"u-{n % 5}"} for n in range(50)]
    assert door.post("/v1/batch", a_batch(messages)).status_code == 200
    stored = door.stored()
    assert len(stored) == 50
    for person in range(5):
        ids = [kept.fact.message_id for kept in stored if kept.row.user_id == f"u-{person}"]
        assert ids == [f"m-{n}" for n in range(person, 50, 5)]


def test_of_a_batch_the_bad_are_rejected_and_the_good_are_stored(door: Door) -> None:
    bad: list[Any] = [
        a_track(userId=None), {"type": "track", "userId": "u"}, a_track(timestamp="x"), {"type": "charge"}, 5, None,
        a_track(properties={"a": "x" * (32 << 10)}), a_track(properties=[1]), a_track(properties={"a": "\0"}),
    ]  # fmt: skip
    answer = door.post("/v1/batch", a_batch([a_track(messageId="first"), *bad, a_track(messageId="last")]))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert [kept.fact.message_id for kept in door.stored()] == ["first", "last"]
    rejects = door.rejects()
    assert [reject.reason for reject in rejects] == [
        Reject.NO_IDENTITY, Reject.NO_EVENT, Reject.BAD_TIME, Reject.NO_TYPE, Reject.NOT_AN_OBJECT,
        Reject.NOT_AN_OBJECT, Reject.TOO_LARGE, Reject.BAD_PART, Reject.NUL,
    ]  # fmt: skip
    assert [reject.place for reject in rejects] == [f"batch {n}" for n in range(2, 11)]
    assert {reject.source for reject in rejects} == {"server"}
    assert json.loads(rejects[1].body) == {"type": "track", "userId": "u"}
    assert len(rejects[6].body) == judging.MOST_BODY_TEXT


def test_an_event_that_is_no_json_is_rejected_alone(door: Door) -> None:
    good = json.dumps(a_track()).encode()
    assert door.post("/v1/batch", b'{"batch": [{"type": "track", "n": NaN},' + good + b"]}").status_code == 200
    assert [kept.fact.message_id for kept in door.stored()] == ["m-1"]
    assert [(reject.reason, reject.body) for reject in door.rejects()] == [
        (Reject.NOT_JSON, '{"type":"track","n":NaN}')
    ]


def test_a_batch_of_too_many_is_cut_and_says_so(door: Door) -> None:
    messages = [a_track(messageId=f"m-{n}") for n in range(2503)]
    assert door.post("/v1/batch", a_batch(messages)).json() == {"success": True}
    assert len(door.stored()) == 2500
    (reject,) = door.rejects()
    assert (reject.reason, reject.place) == (Reject.TOO_MANY, "batch 2501")
    assert reject.detail.startswith("3 events beyond the first 2,500")
    assert json.loads(reject.body)["messageId"] == "m-2500"


def test_a_batch_without_events_is_nothing_and_no_error(door: Door) -> None:
    assert door.post("/v1/batch", a_batch([])).json() == {"success": True}
    assert door.stored() == []


def test_the_bodies_of_rejects_are_bounded_together(door: Door) -> None:
    messages = [{"type": "track", "n": n, "padding": "x" * 8000} for n in range(300)]
    assert door.post("/v1/batch", a_batch(messages)).status_code == 200
    rejects = door.rejects()
    assert len(rejects) == 300
    assert 1 << 20 <= sum(len(reject.body) for reject in rejects) <= (1 << 20) + judging.MOST_BODY_TEXT
    assert rejects[-1].body == ""


def test_a_write_key_is_not_kept_in_a_reject(door: Door) -> None:
    door.post("/v1/batch", a_batch([{"type": "track", "writeKey": SERVER_KEY}], writeKey=SERVER_KEY), key=None)
    door.post("/v1/track", {"event": "X", "writeKey": SERVER_KEY}, key=None)
    assert [reject.body for reject in door.rejects()] == [
        '{"type": "track", "writeKey": "***"}', '{"event": "X", "writeKey": "***"}',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"event": "X"}, Reject.NO_IDENTITY),
        ({"userId": "u"}, Reject.NO_EVENT),
        ({"userId": "u", "event": "Group Joined"}, Reject.BAD_CHANGE),
        ({"userId": "u", "event": "X", "properties": "p"}, Reject.BAD_PART),
    ],
)
def test_a_message_that_is_no_fact_is_refused_with_the_cure_and_kept(
    door: Door, message: dict[str, Any], reason: Reject
) -> None:
    answer = door.post("/v1/track", message)
    assert answer.status_code == 400
    assert answer.json() == {"success": False, "code": reason, "message": judging.cure(reason)}
    assert [(reject.reason, reject.place) for reject in door.rejects()] == [(reason, "track")]


def test_every_reason_has_its_cure() -> None:
    assert all(judging.cure(reason) for reason in Reject)


def test_what_a_batch_says_for_all_goes_into_each(door: Door) -> None:
    context = {"ip": "203.0.113.9", "traits": {"email": "ana@example.com"}}
    kept = door.send("/v1/import", a_batch([a_track(context={"locale": "fr"})], context=context, integrations={"x": 1}))
    assert kept.fact.context == {**context, "locale": "fr"}
    assert kept.keys == ("ana@example.com", "u-1", None)


def test_a_nul_in_what_a_batch_says_for_all_is_in_each(door: Door) -> None:
    door.post("/v1/batch", a_batch([a_track(), a_track()], context={"ip": "\0"}))
    assert (door.stored(), [reject.reason for reject in door.rejects()]) == ([], [Reject.NUL, Reject.NUL])


def test_clocks_are_corrected_by_the_batch_the_message_or_the_header(door: Door) -> None:
    early = "2020-01-01T00:00:00Z", "2020-01-01T00:00:10Z"
    for said, headers in (({"sentAt": early[1]}, {}), ({}, {"SentAt": early[1]})):
        kept = door.send("/v1/track", {**a_track(timestamp=early[0]), **said}, headers=headers)
        assert kept.fact.at == kept.received_at - 10_000_000
    kept = door.send("/v1/batch", a_batch([a_track(timestamp=early[0])], sentAt=early[1]))
    assert kept.fact.at == kept.received_at - 10_000_000


# ---- Keys ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (basic(SERVER_KEY), {}),
        ({}, {"writeKey": SERVER_KEY}),
        ({"Authorization": "Bearer token"}, {"writeKey": SERVER_KEY}),
        ({"X-Write-Key": SERVER_KEY}, {"writeKey": "cvs_test:***"}),
        ({"X-Write-Key": f"an-id:{SERVER_KEY}"}, {}),
        (basic(SERVER_KEY), {"writeKey": "another"}),
    ],
)
def test_a_key_is_shown_in_any_of_the_clients_ways(door: Door, headers: dict[str, str], said: dict[str, str]) -> None:
    assert door.send("/v1/track", a_track(**said), key=None, headers=headers).fact.source == "server"
    assert door.send("/v1/batch", a_batch([a_track()], **said), key=None, headers=headers).fact.source == "server"


@pytest.mark.parametrize(
    ("headers", "said", "code"),
    [
        ({}, {}, "no_write_key"),
        ({}, {"writeKey": None}, "no_write_key"),
        ({}, {"writeKey": ["k"]}, "no_write_key"),
        ({}, {"writeKey": "k:***"}, "no_write_key"),
        ({}, {"writeKey": "nobody's"}, "unknown_write_key"),
        (basic("nobody's"), {}, "unknown_write_key"),
        (basic("\ud800x".encode("utf-8", "replace").decode()), {}, "unknown_write_key"),
        ({"X-Write-Key": "nobody's"}, {}, "unknown_write_key"),
    ],
)
def test_without_a_key_nobody_is_let_in(door: Door, headers: dict[str, str], said: dict[str, Any], code: str) -> None:
    answer = door.post("/v1/track", a_track(**said), key=None, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert (door.stored(), door.rejects()) == ([], [])


def test_what_a_page_says_is_a_claim(door: Door) -> None:
    kept = door.send("/v1/i", MESSAGES["identify"], key=PUBLIC_KEY, headers={"Origin": SITE})
    assert (kept.fact.source, kept.flags) == ("site", Flag.CLAIM)
    assert door.send("/v1/i", MESSAGES["identify"], key=PUBLIC_KEY).flags == Flag.CLAIM


def test_what_only_the_inside_knows_is_not_taken_from_a_page(door: Door) -> None:
    answer = door.post("/v1/track", a_track("Opportunity Won"), key=PUBLIC_KEY)
    assert (answer.status_code, answer.json()["code"]) == (400, Reject.NOT_ALLOWED)
    assert door.send("/v1/track", a_track("Opportunity Won")).fact.event == "Opportunity Won"


def test_a_server_key_in_a_browser_is_refused(door: Door) -> None:
    for path in ("/v1/track", "/v1/batch"):
        answer = door.post(path, a_track(writeKey=SERVER_KEY, batch=[]), key=None, headers={"Origin": SITE})
        assert (answer.status_code, answer.json()["code"]) == (403, "server_key_in_a_browser")
    assert door.stored() == []


def test_a_page_of_another_site_is_refused(door: Door) -> None:
    answer = door.post("/v1/track", a_track(), key=PUBLIC_KEY, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


# ---- Browsers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/api/s/track", "/sourceConfig/", "/v1/projects/k/settings"])
def test_a_preflight_allows_what_the_clients_send(door: Door, path: str) -> None:
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = door.request("OPTIONS", path, headers=asked)
    assert answer.status_code == 204
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert allowed >= {"authorization", "content-type", "anonymousid", "sentat", "x-retry-count", "x-write-key"}
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-origin"] == "*"


def test_every_answer_can_be_read_by_a_page_and_sets_no_cookie(door: Door) -> None:
    answers = [
        door.post("/v1/track", a_track()),
        door.post("/v1/track", {}),
        door.post("/v1/track", {}, key=None),
        door.post("/v1/nothing", {}),
        door.request("GET", "/v1/track"),
        door.request("GET", f"/v1/projects/{PUBLIC_KEY}/settings"),
    ]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "retry-after" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-type"] == "application/json"
    assert len(door.stored()) == 1


@pytest.mark.parametrize("slash", ["", "/"])
def test_segments_client_is_told_to_send_here_and_nowhere_else(door: Door, slash: str) -> None:
    said = door.request("GET", f"/v1/projects/{PUBLIC_KEY}/settings{slash}", headers={"Origin": SITE}).json()
    assert list(said["integrations"]) == ["Segment.io"]
    here = said["integrations"]["Segment.io"]
    assert (here["apiKey"], here["apiHost"], here["protocol"]) == (PUBLIC_KEY, "couveuse.test/v1", "http")
    assert said["metrics"] == {"sampleRate": 0}


def test_rudderstacks_client_is_told_of_one_source_and_no_destination(door: Door) -> None:
    path = f"/sourceConfig/?p=npm&v=3&writeKey={PUBLIC_KEY}"
    said = door.request("GET", path, headers={"Origin": SITE, **basic(PUBLIC_KEY)}).json()["source"]
    assert (said["writeKey"], said["enabled"], said["destinations"]) == (PUBLIC_KEY, True, [])
    assert said["config"]["statsCollection"] == {"errors": {"enabled": False}, "metrics": {"enabled": False}}


@pytest.mark.parametrize(
    ("path", "key", "origin", "status"),
    [
        ("/v1/projects/nobodys/settings", None, SITE, 401),
        (f"/v1/projects/{SERVER_KEY}/settings", None, SITE, 403),
        (f"/v1/projects/{PUBLIC_KEY}/settings", None, "https://evil.example", 403),
        ("/sourceConfig/", None, SITE, 401),
        ("/sourceConfig/", SERVER_KEY, SITE, 403),
        (f"/v1/projects/{'x' * 300}/settings", None, SITE, 401),
        ("/v1/projects//settings", None, SITE, 404),
        ("/v1/projects/a/b/settings", None, SITE, 404),
    ],
)
def test_documents_are_for_pages_that_may_send(
    door: Door, path: str, key: str | None, origin: str, status: int
) -> None:
    headers = {"Origin": origin, **(basic(key) if key else {})}
    assert door.request("GET", path, headers=headers).status_code == status


def test_a_document_names_the_address_that_we_are_told(database: str) -> None:
    from tests.collect.doors import make_keys

    make_keys(database)
    with Door(database, {"COUVEUSE_PUBLIC_URL": "https://couveuse.example.com"}) as door:
        said = door.request("GET", f"/v1/projects/{PUBLIC_KEY}/settings").json()["integrations"]["Segment.io"]
    assert (said["apiHost"], said["protocol"]) == ("couveuse.example.com/v1", "https")


def test_what_happens_is_counted(door: Door) -> None:
    before = door.app.counts.as_json()
    door.send("/v1/track", a_track())
    door.post("/v1/track", {}, key=None)
    door.post("/v1/track", {"event": "X"})
    after = door.app.counts.as_json()
    assert after["requests"] == before["requests"] + 3  # type: ignore[operator]
    assert after["facts"] == before["facts"] + 1  # type: ignore[operator]
    assert after["rejects"]["no_identity"] >= 1  # type: ignore[index]
    assert after["refusals"]["no_write_key"] >= 1  # type: ignore[index]
