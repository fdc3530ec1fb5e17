"""Tasks through the API: queues, who has them, what came of them, alerts, and points by hand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from couveuse.store.api_tokens import Scope
from tests.engine.desk import Desk
from tests.engine.town import accepted
from tests.web.asking import Asker, a_token

ADA, EVE = "ada@example.com", "eve@example.org"
NEXT = datetime.now(UTC).year + 1  # a year that is still to come, and no farther ahead than may be said


@pytest.fixture
def desk(database_of_pages: str) -> Iterator[Desk]:
    """Ada asked for a quote, which is a task of sales; Eve downloaded something, which is one of telemarketing."""
    with Desk(database_of_pages) as found:
        found.come(
            accepted("Quote Requested", email=ADA, traits={}), accepted("Document Downloaded", email=EVE),
        )  # fmt: skip
        yield found


@pytest.fixture
def database_of_pages(database: str) -> Iterator[str]:
    """The pages' connection is of this test's database, and of no other one before or after."""
    from couveuse.web import database as pages

    pages.close()
    yield database
    pages.close()


@pytest.fixture
def api(desk: Desk) -> Asker:
    return Asker(a_token(desk.connection))


def task_of(api: Asker, team: str) -> dict:
    (found,) = api.get("/api/v1/tasks", team=team).json["tasks"]
    return found


def settle(api: Asker, task: dict, outcome: str, **told: object):
    return api.post(f"/api/v1/tasks/{task['id']}/outcome", {"version": task["version"], "outcome": outcome, **told})


def test_it_works(desk: Desk, api: Asker):
    tasks = api.get("/api/v1/tasks").json["tasks"]
    assert [(each["team"], each["lead"], each["standing"]) for each in tasks] == [
        ("sales", ADA, "open"), ("telemarketing", EVE, "open"),
    ]  # fmt: skip
    whole = api.get(f"/api/v1/tasks/{tasks[1]['id']}").json
    assert whole["entries"][0]["did"] == "opened"
    assert (whole["handover"]["cause"], whole["handover"]["why"][0]["points"]) == ("download", 5.0)
    assert len(whole["alerts"]) == 1
    assert "project_detected" in whole["outcomes"]
    done = settle(api, tasks[1], "project_detected", note="two pumps", member="alice").json
    assert (done["task"]["standing"], done["task"]["outcome_by"]) == ("closed", "alice")
    assert (done["follow_up"]["team"], done["follow_up"]["lead"]) == ("sales", EVE)
    after = api.get(f"/api/v1/tasks/{done['follow_up']['id']}").json
    assert (after["parent_id"], after["notes"]) == (whole["id"], ["two pumps"])
    said = desk.rows("select by, did, about from audit where did like 'settled%%'")
    assert said == [("token 1: test", "settled a task for a member", {"task": whole["id"], "member": "alice"})]
    assert [each["lead"] for each in api.get("/api/v1/tasks", standing="closed").json["tasks"]] == [EVE]


def test_pages_hold_each_task_once(desk: Desk, api: Asker):
    desk.come(*(accepted("Quote Requested", email=f"lead-{number}@example.com") for number in range(5)))
    listed = list(api.pages("/api/v1/tasks", "tasks", limit=2))
    assert len({each["id"] for each in listed}) == len(listed) == 7
    for each in listed[:3]:
        settle(api, each, "no_answer")
    later = list(api.pages("/api/v1/tasks", "tasks", limit=1, standing="later"))
    assert {each["id"] for each in later} == {each["id"] for each in listed[:3]}


def test_a_queue_is_of_whom_it_is_asked_for(desk: Desk, api: Asker):
    (call,) = api.get("/api/v1/tasks", team="telemarketing").json["tasks"]
    other = "bob" if call["member"] == "alice" else "alice"

    def found(**asked: object) -> list[int]:
        return [each["id"] for each in api.get("/api/v1/tasks", **asked).json["tasks"]]

    assert found(member=call["member"]) == [call["id"]]
    assert found(member=other, free="true") == []
    assert api.post(f"/api/v1/tasks/{call['id']}/assign", {"version": 0, "to": None}).status == 200
    assert found(member=other, free="true") == [call["id"]]
    assert found(member=other) == found(member="dan", free="true") == []


def test_tasks_of_a_lead_are_all_that_it_has_had(desk: Desk, api: Asker):
    call = task_of(api, "telemarketing")
    opened = settle(api, call, "project_detected").json["follow_up"]
    listed = api.pages("/api/v1/tasks", "tasks", lead=call["lead_id"], limit=1)
    assert [each["id"] for each in listed] == [opened["id"], call["id"]]
    for more in ({"team": "sales"}, {"standing": "closed"}, {"member": "bob"}, {"free": "true"}):
        assert api.get("/api/v1/tasks", lead=1, **more).status == 422


@pytest.mark.parametrize(
    "asked",
    [{"cursor": "AAAA"}, {"standing": "done"}, {"limit": 0}, {"team": "a\x00"}, {"teams": "sales"}, {"lead": 0}],
)
def test_a_list_that_cannot_be_asked_for_is_refused(desk: Desk, api: Asker, asked):
    assert api.get("/api/v1/tasks", **asked).status == 422


def test_a_cursor_is_of_one_list(desk: Desk, api: Asker):
    desk.come(*(accepted("Quote Requested", email=f"lead-{number}@example.com") for number in range(3)))
    cursor = api.get("/api/v1/tasks", limit=1).json["next"]
    assert api.get("/api/v1/tasks", cursor=cursor, standing="closed").status == 422


def test_an_outcome_that_leaves_the_task_open_is_answered_again(desk: Desk, api: Asker):
    task = task_of(api, "telemarketing")
    first, second = settle(api, task, "no_answer"), settle(api, task, "no_answer")
    assert second.json == {**first.json, "again": True}
    assert (first.json["again"], first.json["task"]["tries"]) == (False, 1)
    changed = settle(api, task, "project_detected")
    assert (changed.status, f"version {first.json['task']['version']}" in changed.json["detail"]) == (409, True)


def test_an_outcome_sent_again_is_recorded_once(desk: Desk, api: Asker):
    task = task_of(api, "sales")
    first, second = settle(api, task, "won", amount=1000), settle(api, task, "won", amount=1000)
    assert (first.status, second.status) == (200, 200)
    assert second.json == {**first.json, "again": True}
    other = settle(api, task, "won", amount=2000)  # what another amount says is not what was recorded
    assert (other.status, "won" in other.json["detail"]) == (409, True)
    assert settle(api, task, "lost", reason="no project").status == 409
    desk.work()
    won = desk.rows("select count(*) from events e join event_names n on n.id = e.name_id where n.name = %s",
                    "Opportunity Won")  # fmt: skip
    assert won == [(1,)]


def test_what_somebody_has_on_screen_is_theirs(desk: Desk, api: Asker):
    path = f"/api/v1/tasks/{task_of(api, 'sales')['id']}"
    assert api.post(f"{path}/claim", {"member": "carol"}).json["task"]["held_by"] == "carol"
    refused = api.post(f"{path}/claim", {"member": "dan"})
    assert (refused.status, "carol" in refused.json["detail"]) == (409, True)
    assert api.post(f"{path}/release", {"member": "dan"}).status == 409
    assert api.post(f"{path}/outcome", {"version": 0, "outcome": "accepted"}).status == 409  # the token is not carol
    assert api.post(f"{path}/release", {"member": "carol"}).json == {"released": True}
    assert api.post(f"{path}/claim", {"member": "dan"}).status == 200


def test_a_task_is_given_noted_and_its_appointment_moved(desk: Desk, api: Asker):
    task = task_of(api, "telemarketing")
    path = f"/api/v1/tasks/{task['id']}"
    given = api.post(f"{path}/assign", {"version": task["version"], "to": "bob"}).json["task"]
    assert given["member"] == "bob"
    assert api.post(f"{path}/assign", {"version": task["version"], "to": "alice"}).status == 409
    assert api.post(f"{path}/assign", {"version": given["version"], "to": "zoe"}).status == 422
    assert api.post(f"{path}/note", {"note": "call in the morning"}).status == 200
    made = settle(api, given, "appointment_made", starts_at=f"{NEXT}-01-12T10:00:00+01:00", minutes=45).json[
        "follow_up"
    ]
    assert made["starts_at"] == f"{NEXT}-01-12T09:00:00Z"
    body = json.dumps({"version": made["version"], "starts_at": f"{NEXT}-01-13T10:00+01:00"}).encode()
    moved = api.ask("PUT", f"/api/v1/tasks/{made['id']}/appointment", data=body)
    assert moved.json["task"]["starts_at"] == f"{NEXT}-01-13T09:00:00Z"
    told = api.get(f"/api/v1/tasks/{made['id']}").json["appointment"]
    assert (told["minutes"], told["called_off"]) == (45, False)
    version = moved.json["task"]["version"]
    off = api.post(f"/api/v1/tasks/{made['id']}/appointment/call-off", {"version": version})
    assert (off.status, off.json["task"]["starts_at"]) == (200, None)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"outcome": "won"}, 422),  # an amount is missing
        ({"outcome": "lost"}, 422),
        ({"outcome": "call_again", "call_at": "soon"}, 422),
        ({"outcome": "project_detected"}, 409),  # not an outcome of sales
        ({"outcome": "vanished"}, 422),
        ({"outcome": "accepted", "standing": "closed"}, 422),  # what nobody may set
        ({"outcome": "accepted", "member": "zoe"}, 422),
    ],
)
def test_what_cannot_have_come_of_it_is_refused_and_changes_nothing(desk: Desk, api: Asker, told, status):
    task = task_of(api, "sales")
    assert api.post(f"/api/v1/tasks/{task['id']}/outcome", {"version": task["version"], **told}).status == status
    assert task_of(api, "sales") == task


def test_irrelevant_leads_leave_the_queue_and_come_back_whole(desk: Desk, api: Asker):
    task = task_of(api, "telemarketing")
    settle(api, task, "not_relevant", **{"class": "student"})
    desk.work()
    assert api.get("/api/v1/tasks", team="telemarketing").json["tasks"] == []
    lead = api.get("/api/v1/leads", email=EVE).json["leads"][0]
    assert lead["class"] == "student"
    back = api.post(f"/api/v1/leads/{lead['id']}/relevant-again").json
    assert back["task"]["team"] == "telemarketing"
    desk.work()
    assert [each["lead"] for each in api.get("/api/v1/tasks", team="telemarketing").json["tasks"]] == [EVE]
    assert api.post(f"/api/v1/leads/{lead['id']}/relevant-again").status == 409


def test_a_task_that_is_not_there_is_not_found(desk: Desk, api: Asker):
    assert api.get("/api/v1/tasks/999").status == 404
    assert api.post("/api/v1/tasks/999/claim", {}).status == 404
    assert api.post("/api/v1/tasks/999/release", {}).status == 404
    assert api.post("/api/v1/tasks/999/outcome", {"version": 1, "outcome": "accepted"}).status == 404


def test_reading_does_not_let_act(desk: Desk):
    reader = Asker(a_token(desk.connection, Scope.TASKS_READ))
    task = reader.get("/api/v1/tasks").json["tasks"][0]
    assert reader.post(f"/api/v1/tasks/{task['id']}/claim", {}).status == 403
    assert reader.get("/api/v1/alerts").status == 403


# ---- Outcomes of a CRM -----------------------------------------------------------------------------------------------


def test_a_crm_says_what_came_of_leads_item_by_item(desk: Desk, api: Asker):
    items = [
        {"email": ADA, "outcome": "won", "amount": "1 200,50", "date": "2026-06-01"},
        {"email": "nobody@example.com", "outcome": "won", "amount": 1, "date": "2026-06-01"},
        {"email": EVE, "outcome": "perhaps", "date": "2026-06-01"},
    ]
    taken = api.post("/api/v1/outcomes", {"items": items}).json
    assert [each["became"] for each in taken["results"]] == ["recorded", "refused", "refused"]
    assert (taken["recorded"], taken["known"], taken["refused"]) == (1, 0, 2)
    assert desk.rows("select by from audit where did = 'recorded an outcome'") == [("token 1: test",)]
    for more in ({"ammount": 1}, {"amount": [1]}, {"outcome": None}):  # a typing error would lose what it says
        assert api.post("/api/v1/outcomes", {"items": [{**items[0], **more}]}).status == 422
    desk.work()
    assert api.post("/api/v1/outcomes", {"items": items[:1]}).json["results"][0]["became"] == "known"
    assert api.get("/api/v1/tasks", team="sales").json["tasks"] == []
    assert api.post("/api/v1/outcomes", {"items": []}).status == 422


def test_the_outcomes_that_there_are_are_told_in_both_languages(desk: Desk, api: Asker):
    told = api.get("/api/v1/outcomes").json
    assert all(each["label"].keys() == {"fr", "en"} for each in told["outcomes"])
    assert "too early" in told["reasons"]


# ---- Alerts ----------------------------------------------------------------------------------------------------------


def test_alerts_are_listed_read_and_acknowledged(desk: Desk, api: Asker):
    alerts = list(api.pages("/api/v1/alerts", "alerts", limit=1))
    assert {each["kind"] for each in alerts} == {"handed_over"}
    assert len(alerts) == 2
    desk.send()
    whole = api.get(f"/api/v1/alerts/{alerts[0]['id']}").json
    assert [(each["channel"], each["standing"], each["attempts"]) for each in whole["deliveries"]][:1] == [
        ("email", "done", 0)
    ]
    assert (whole["standing"], whole["digests"]) == ("unseen", [])
    seen = api.post(f"/api/v1/alerts/{alerts[0]['id']}/acknowledge").json
    assert seen["acknowledged_by"] == "token 1: test"
    assert api.post(f"/api/v1/alerts/{alerts[0]['id']}/acknowledge").json == seen
    assert [each["id"] for each in api.get("/api/v1/alerts", standing="unseen").json["alerts"]] == [alerts[1]["id"]]
    assert [each["id"] for each in api.get("/api/v1/alerts", standing="acknowledged").json["alerts"]] == [seen["id"]]
    assert api.get("/api/v1/alerts", team="nobody").json["alerts"] == []
    assert api.get("/api/v1/alerts", lead=alerts[1]["lead_id"]).json["alerts"][0]["id"] == alerts[1]["id"]
    assert api.get("/api/v1/alerts", cursor="AAAA").status == api.get("/api/v1/alerts", unseen="1").status == 422
    assert api.get("/api/v1/alerts/999").status == 404
    assert api.post("/api/v1/alerts/999/acknowledge").status == 404


# ---- What goes out ---------------------------------------------------------------------------------------------------


def test_what_goes_out_is_seen_stopped_and_sent_on(desk: Desk, api: Asker):
    outgoing = api.get("/api/v1/outgoing").json
    assert outgoing["waiting"]["email"] > 0
    turned = api.ask("PUT", "/api/v1/outgoing/switches/stop", data=b'{"on": true, "because": "a trial"}').json
    assert turned == {"name": "stop", "on": True, "under_way": 0}
    assert [each["because"] for each in api.get("/api/v1/outgoing").json["switches"]] == ["a trial"]
    intents = list(api.pages("/api/v1/outgoing/intents", "intents", limit=1))
    assert len({each["id"] for each in intents}) == sum(outgoing["waiting"].values())
    first = intents[0]["id"]
    refused = api.post(f"/api/v1/outgoing/intents/{first}/replay")  # it only waits
    assert (refused.status, "waiting" in refused.json["detail"]) == (409, True)
    assert api.post("/api/v1/outgoing/intents/999/replay").status == 404
    desk.connection.execute("update intents set standing = 'dead' where id = %s", [first])
    assert api.get("/api/v1/outgoing").json["channels"][intents[0]["channel"]]["dead"] == 1
    dead = api.get("/api/v1/outgoing/intents", standing="dead").json["intents"]
    assert [(each["id"], each["target"]) for each in dead] == [(first, intents[0]["target"])]
    assert api.post(f"/api/v1/outgoing/intents/{first}/replay").json == {"intents": [first]}
    assert api.get(f"/api/v1/outgoing/intents/{first}").json["standing"] == "waiting"
    assert api.get("/api/v1/outgoing/intents/999").status == 404


def test_an_endpoint_is_added_once_and_disabled(desk: Desk, api: Asker):
    added = api.post("/api/v1/outgoing/endpoints", {"id": "crm", "url": "https://crm.example.com/hook"})
    assert (added.status, added.json["secret"][:6]) == (201, "whsec_")
    assert api.post("/api/v1/outgoing/endpoints", {"id": "crm", "url": "https://crm.example.com/hook"}).status == 422
    assert api.post("/api/v1/outgoing/endpoints", {"id": "in", "url": "http://127.0.0.1:5432/"}).status == 422
    assert added.json["secret"] not in api.get("/api/v1/outgoing").text
    assert api.post("/api/v1/outgoing/endpoints/crm/disable").json == {"id": "crm"}
    assert api.get("/api/v1/outgoing").json["endpoints"][0]["disabled_at"]
    assert api.post("/api/v1/outgoing/endpoints/none/disable").status == 404


# ---- Points by hand --------------------------------------------------------------------------------------------------


def test_points_by_hand_are_a_line_of_the_ledger_once(desk: Desk, api: Asker):
    lead = api.get("/api/v1/leads", email=EVE).json["leads"][0]
    asked = {"kind": "add", "points": 7, "reason": "met at the fair", "id": "fair-2026"}
    path = f"/api/v1/leads/{lead['id']}/adjust"
    assert [api.post(path, asked).json["is_new"] for _ in range(2)] == [True, False]
    assert api.post(path, {**asked, "points": 70}).status == 409
    desk.work()
    lines = api.get(f"/api/v1/leads/{lead['id']}/ledger").json["lines"]
    assert [line["points"] for line in lines if line["event"] == "Score Adjusted" and line["kind"] == "points"] == [7]
    assert api.post(path, asked).json["is_new"] is False
    assert api.post("/api/v1/leads/999/adjust", asked).status == 404
    for wrong in ({"reason": " "}, {"points": None}, {"kind": "reset"}, {"kind": "double"}, {"score": 3}, {"id": ""}):
        assert api.post(path, {**asked, "id": "other", **wrong}).status == 422


def test_an_outcome_may_be_taken_back_before_it_counts(desk: Desk, api: Asker):
    task = task_of(api, "telemarketing")
    held = settle(api, task, "no_budget", may_be_undone=True).json
    assert (held["facts"], held["task"]["standing"]) == (0, "open")
    assert held["task"]["settles_at"] is not None
    assert settle(api, task, "no_answer").json["type"].endswith("task-settling")
    assert api.get("/api/v1/tasks", team="telemarketing").json["tasks"] == []
    assert api.post(f"/api/v1/tasks/{task['id']}/undo", {"member": "carol"}).status == 409
    undone = api.post(f"/api/v1/tasks/{task['id']}/undo", {}).json
    assert undone["task"]["settles_at"] is None
    assert api.post(f"/api/v1/tasks/{task['id']}/undo", {}).status == 409
    assert task_of(api, "telemarketing")["id"] == task["id"]


def test_a_task_is_put_off_without_a_try(desk: Desk, api: Asker):
    task = task_of(api, "telemarketing")
    place = f"/api/v1/tasks/{task['id']}/put-off"
    assert api.post(place, {"version": 0, "until": "soon"}).status == 422
    assert api.post(place, {"version": 0, "until": "2020-01-01"}).status == 422
    after = api.post(place, {"version": 0, "until": f"{NEXT}-06-01T09:00", "note": "After the fair"}).json["task"]
    assert (after["not_before"], after["tries"]) == (f"{NEXT}-06-01T07:00:00Z", 0)
    assert [each["id"] for each in api.get("/api/v1/tasks", standing="later").json["tasks"]] == [task["id"]]
