"""The desk: one task fills the page, whose it is, what may be said of it by one key, and who may see it at all."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from couveuse.core.consent import Channel, Suppressed, Suppression
from couveuse.core.outcomes import Outcome, Told
from couveuse.core.text import telephone
from couveuse.core.times import DAY_US, microseconds
from couveuse.engine import tasking
from couveuse.store import consents, tasks
from couveuse.store.accounts.models import Role
from couveuse.store.consents import SuppressionRow
from couveuse.store.tasks import Task
from tests.engine.desk import Desk
from tests.engine.town import accepted
from tests.web.people import a_person, alice, bob, charlie, signed_in

ADA, EVE = "ada@example.com", "eve@example.org"
NUMBER = "+33 1 99 00 12 34"
NEXT = datetime.now(UTC).year + 1  # a year that is still to come, and no farther ahead than may be said


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """Ada asked for a quote, which is a task of sales; Eve downloaded something, which is one of telemarketing."""
    from couveuse.web import database as pages

    pages.close()
    with Desk(database) as found:
        found.come(
            accepted("Traits Set", email=ADA, traits={"first_name": "Ada", "last_name": "Byron", "phone": NUMBER}),
            accepted("Quote Requested", email=ADA, title="Pompe P40"),
            accepted("Traits Set", email=EVE, traits={"name": "Eve Stone", "company": "Stone & Sons", "phone": NUMBER}),
            accepted("Document Downloaded", email=EVE, document="guide.pdf"),
        )  # fmt: skip
        yield found
    pages.close()


def of_team(desk: Desk, team: str) -> Task:
    ((number,),) = desk.rows("select id from tasks where team = %s", team)
    found = tasks.task(desk.connection, number)
    assert found is not None
    return found


def the_call(desk: Desk) -> Task:
    return of_team(desk, "telemarketing")


def the_sale(desk: Desk) -> Task:
    return of_team(desk, "sales")


def caller(desk: Desk) -> Client:
    """The member to whom Eve's task was given."""
    return signed_in(bob(the_call(desk).member))


def carol(desk: Desk) -> Client:
    return signed_in(a_person("Carol", Role.SALES, member="carol"))


def post(client: Client, task: Task, act: str, **said: Any) -> Any:
    return client.post(f"/desk/tasks/{task.id}/{act}", {"version": task.version, **said})


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def count(desk: Desk) -> None:
    """Let what was said count: its moment passes."""
    desk.connection.execute("update tasks set settles_at = 1 where settles_at is not null")
    desk.now = desk.now + 60_000_000
    desk.mind()


def test_it_works(desk: Desk) -> None:
    answer = caller(desk).get("/desk")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'href="tel:{NUMBER.replace(" ", "")}"' in page
    assert f'href="mailto:{EVE}"' in page
    said = text(answer)
    for words in ("Eve Stone", "Stone &amp; Sons", "Detect a project", "Document downloaded", "guide.pdf", "+5"):
        assert words in said, words
    for key, outcome in enumerate(Outcome, 1):
        if key <= 6:
            assert f'data-key="{key}"' in page, outcome
    task = the_call(desk)
    assert task.locked_by == task.member


def test_an_outcome_is_said_by_one_post_and_counts_even_if_nobody_comes_back(desk: Desk) -> None:
    client, task = caller(desk), the_call(desk)
    client.get("/desk")
    answer = post(client, task, "outcome", outcome="project_detected", note="Two pumps.")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")
    assert the_call(desk).standing == "open"
    count(desk)
    after = the_call(desk)
    assert (after.standing, after.outcome, after.outcome_by) == ("closed", "project_detected", task.member)
    assert len(desk.rows("select 1 from tasks where parent_id = %s", task.id)) == 1


def test_what_was_said_may_be_undone(desk: Desk) -> None:
    client, task = caller(desk), the_call(desk)
    post(client, task, "outcome", outcome="no_budget")
    page = client.get("/desk")
    assert f"/desk/tasks/{task.id}/undo" in page.content.decode()
    assert "No budget" in text(page)
    answer = post(client, task, "undo")
    assert answer.headers["Location"] == f"/desk/tasks/{task.id}"
    count(desk)
    assert the_call(desk).standing == "open"
    assert "Undone" in text(client.get(f"/desk/tasks/{task.id}"))


def test_the_note_of_what_was_undone_is_there_again(desk: Desk) -> None:
    client, task = caller(desk), the_call(desk)
    post(client, task, "outcome", outcome="no_budget", note="Next <year>")
    post(client, task, "undo")
    assert ">Next &lt;year&gt;</textarea>" in client.get(f"/desk/tasks/{task.id}").content.decode()
    post(client, task, "note", note="Next year")
    assert "Next &lt;year&gt;</textarea>" not in client.get(f"/desk/tasks/{task.id}").content.decode()


def test_by_when_it_is_due_is_told_as_a_time_today_and_as_a_day_later(desk: Desk) -> None:
    task, now = the_call(desk), datetime.now(UTC)
    person = a_person("Amélie", Role.TELEMARKETING, member=task.member, language="fr")
    behind = now.hour - 12  # where it is noon now, so that the day ends under nobody's hands
    person.timezone = f"Etc/GMT{behind:+d}"
    person.save()
    client = signed_in(person)

    def told(due: datetime) -> str:
        desk.rows("update tasks set due_at = %s where id = %s returning id", microseconds(due), task.id)
        return text(client.get(f"/desk/tasks/{task.id}"))

    later = datetime(2199, 3, 1, 12, 30, tzinfo=UTC) + timedelta(hours=behind)
    assert "À traiter avant le 1er mars 2199 à 12:30" in told(later)
    tonight = now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(hours=behind + 11, minutes=59)
    assert "À traiter avant 23:59" in told(tonight)


def test_times_are_by_the_clock_of_whoever_writes_them(desk: Desk) -> None:
    client, task = caller(desk), the_call(desk)
    post(client, task, "outcome", outcome="call_again", call_at=f"{NEXT}-03-01T09:00")
    count(desk)
    assert the_call(desk).not_before == microseconds(datetime(NEXT, 3, 1, 8, tzinfo=UTC))  # 9 o'clock in Paris
    assert f"1 March {NEXT}, 09:00" in text(client.get(f"/desk/tasks/{task.id}"))


def test_what_counts_already_cannot_be_undone_and_the_page_says_so(desk: Desk) -> None:
    client, task = caller(desk), the_call(desk)
    post(client, task, "outcome", outcome="no_budget")
    count(desk)
    answer = post(client, task, "undo")
    assert answer.status_code == 409
    assert "Nothing was changed" in text(answer)


def test_the_name_of_the_next_task_is_there_already(desk: Desk) -> None:
    desk.come(accepted("Quote Requested", email="zoe@example.com", traits={}))
    desk.connection.execute("update tasks set member = null")
    said = text(carol(desk).get("/desk"))
    assert "Next: zoe@example.com" in said or "Next: Ada Byron" in said


def test_leaving_a_task_gives_it_back_and_goes_to_the_next_one(desk: Desk) -> None:
    desk.come(accepted("Quote Requested", email="zoe@example.com", traits={}))
    desk.connection.execute("update tasks set member = null")
    client = carol(desk)
    page = client.get("/desk").content.decode()
    number = int(re.search(r"/desk/tasks/(\d+)/release", page)[1])  # type: ignore[index]
    after = re.search(r'name="after" value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = client.post(f"/desk/tasks/{number}/release", {"after": after})
    found = tasks.task(desk.connection, number)
    assert found is not None
    assert found.locked_by is None
    following = client.get(answer.headers["Location"]).content.decode()
    assert f"/desk/tasks/{number}/release" not in following
    assert "/release" in following


# ---- Who may see what ------------------------------------------------------------------------------------------------


ACTS = ("claim", "release", "outcome", "undo", "note", "give", "put-off", "appointment", "appointment/call-off")


def test_alice_sees_the_tasks_of_all_teams(desk: Desk) -> None:
    client = signed_in(alice())
    said = text(client.get("/desk/queue?which=all"))
    assert "Ada Byron" in said
    assert "Eve Stone" in said
    for task in (the_call(desk), the_sale(desk)):
        assert client.get(f"/desk/tasks/{task.id}").status_code == 200


def test_bob_sees_the_tasks_of_his_team_and_no_others(desk: Desk) -> None:
    client = signed_in(bob())
    said = text(client.get("/desk/queue?which=all"))
    assert "Eve Stone" in said
    assert "Ada Byron" not in said
    assert client.get(f"/desk/tasks/{the_call(desk).id}").status_code == 200
    assert client.get("/desk/queue?team=sales").status_code == 404


def test_another_teams_task_is_not_there_for_bob_in_pages_and_actions(desk: Desk) -> None:
    client, sale = signed_in(bob()), the_sale(desk)
    assert client.get(f"/desk/tasks/{sale.id}").status_code == 404
    for act in ACTS:
        assert post(client, sale, act, outcome="accepted", note="x").status_code == 404, act
    ((alert,),) = desk.rows("select id from alerts where task_id = %s", sale.id)
    assert client.post(f"/desk/alerts/{alert}/seen").status_code == 404
    assert the_sale(desk) == sale


def test_charlie_who_only_reads_sees_no_task_at_all(desk: Desk) -> None:
    client, call = signed_in(charlie()), the_call(desk)
    for place in ("/desk", "/desk/queue", "/desk/mine", f"/desk/tasks/{call.id}"):
        assert client.get(place).status_code == 403, place
    for act in ACTS:
        assert post(client, call, act, outcome="no_budget").status_code == 403, act
    assert the_call(desk) == call


def test_a_task_that_is_not_there_is_answered_as_another_teams(desk: Desk) -> None:
    client = signed_in(bob())
    for number in (999, 2**70):
        assert client.get(f"/desk/tasks/{number}").status_code == 404
        assert client.post(f"/desk/tasks/{number}/note", {"note": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("member", "title"),
    [(None, "tied to nobody"), ("zoe", "no more in the team")],
)
def test_who_is_nobody_of_the_team_is_told_the_cure(desk: Desk, member: str | None, title: str) -> None:
    client = signed_in(bob(member))
    for place in ("/desk", "/desk/queue", "/desk/mine"):
        answer = client.get(place)
        assert answer.status_code == 200
        assert title in text(answer), place
        assert "bob@example.com" in text(answer)


def test_who_is_in_no_team_is_told_the_cure(desk: Desk) -> None:
    desk.apply(desk_without_bob())
    assert "You are in no team" in text(signed_in(bob()).get("/desk"))


def desk_without_bob() -> str:
    from tests.engine.desk import TEAM

    return TEAM.replace("members: [alice, bob]", "members: [alice]")


# ---- On screen -------------------------------------------------------------------------------------------------------


def test_a_second_person_is_told_who_has_it_on_screen(desk: Desk) -> None:
    call = the_call(desk)
    desk.connection.execute("update tasks set member = null")
    assert signed_in(bob()).get(f"/desk/tasks/{call.id}").status_code == 200
    other = signed_in(a_person("Ally", Role.TELEMARKETING, member="alice"))
    answer = other.get(f"/desk/tasks/{call.id}")
    assert answer.status_code == 409
    assert "Bob Durand has this task on screen" in text(answer)
    answer = post(other, call, "outcome", outcome="no_budget")
    assert answer.status_code == 409
    assert "Bob Durand" in text(answer)
    assert "All tasks are taken" in text(other.get("/desk"))


def test_two_people_who_open_the_desk_at_once_get_two_tasks(desk: Desk) -> None:
    desk.come(accepted("Document Downloaded", email="zoe@example.com", traits={}))
    desk.connection.execute("update tasks set member = null")
    clients = [signed_in(bob()), signed_in(a_person("Ally", Role.TELEMARKETING, member="alice"))]
    ready, found = threading.Barrier(2), dict[int, Any]()

    def open_desk(place: int) -> None:
        from django.db import connection

        from couveuse.web import database as pages

        ready.wait()
        try:
            found[place] = clients[place].get("/desk")
        finally:
            pages.close()
            connection.close()

    threads = [threading.Thread(target=open_desk, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.status_code for each in found.values()] == [200, 200]
    held = desk.rows("select locked_by from tasks where team = 'telemarketing' order by locked_by")
    assert held == [("alice",), ("bob",)]


def test_two_people_who_settle_the_same_task_at_once_record_it_once(desk: Desk) -> None:
    call = the_call(desk)
    desk.connection.execute("update tasks set member = null")
    clients = [signed_in(bob()), signed_in(a_person("Ally", Role.TELEMARKETING, member="alice"))]
    ready, found = threading.Barrier(2), list[int]()

    def settle(place: int) -> None:
        from django.db import connection

        from couveuse.web import database as pages

        ready.wait()
        try:
            found.append(post(clients[place], call, "outcome", outcome="no_budget").status_code)
        finally:
            pages.close()
            connection.close()

    threads = [threading.Thread(target=settle, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 409]
    count(desk)
    assert len(desk.rows("select 1 from task_entries where did = 'closed'")) == 1


def test_a_task_stays_on_screen_while_it_is_renewed(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    client.get("/desk")
    desk.connection.execute("update tasks set locked_until = locked_until - 600000000")
    assert client.post(f"/desk/tasks/{call.id}/claim", headers={"HX-Request": "true"}).status_code == 204
    before = desk.rows("select max(locked_until) from tasks")[0][0]
    assert before > the_call(desk).opened_at
    desk.connection.execute("update tasks set locked_by = 'zoe'")
    answer = client.post(f"/desk/tasks/{call.id}/claim", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/desk/tasks/{call.id}"


def test_who_may_only_look_takes_nothing_on_screen_by_a_head_request(desk: Desk) -> None:
    client, call = signed_in(bob()), the_call(desk)
    client.head(f"/desk/tasks/{call.id}")
    client.head("/desk")
    assert the_call(desk).locked_by is None


# ---- The telephone ---------------------------------------------------------------------------------------------------


def test_a_number_is_hidden_the_moment_somebody_asks_not_to_be_called(desk: Desk) -> None:
    client = caller(desk)
    assert NUMBER in text(client.get("/desk"))
    desk.come(accepted("Consent Withdrawn", email=EVE, purpose="phone"))
    answer = client.get("/desk")
    assert NUMBER not in answer.content.decode()
    assert "tel:" not in answer.content.decode()
    assert "asked not to be called" in text(answer)


def test_a_suppressed_number_is_hidden_however_it_is_written(desk: Desk) -> None:
    client = caller(desk)
    no = Suppressed(Channel.PHONE, telephone("01 99 00 12 34"), Suppression.BY_HAND, 1)
    with desk.connection.transaction():
        consents.append_suppressions(desk.connection, [SuppressionRow(no, "by hand")])
    answer = client.get("/desk")
    assert "tel:" not in answer.content.decode()
    assert "list of those that are not called" in text(answer)


def test_of_a_number_nothing_was_said_of_the_page_says_so(desk: Desk) -> None:
    client = caller(desk)
    assert "No consent to calls is on record" in text(client.get("/desk"))
    desk.come(accepted("Consent Given", email=EVE, purpose="phone", basis="consent"))
    said = text(client.get("/desk"))
    assert NUMBER in said
    assert "No consent to calls" not in said


# ---- What is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"outcome": "call_again"}, "Choose a time to come"),
        ({"outcome": "call_again", "call_at": "soon"}, "Write a date and a time"),
        ({"outcome": "call_again", "call_at": "2020-01-01T10:00"}, "Choose a time to come"),
        ({"outcome": "appointment_made", "starts_at": ""}, "Choose a time to come"),
        ({"outcome": "appointment_made", "starts_at": f"{NEXT}-01-01T10:00", "minutes": "x"}, "number of minutes"),
        ({"outcome": "not_relevant"}, "Say who this person is"),
        ({"outcome": "not_relevant", "lead_class": "friend"}, "Say who this person is"),
        ({"outcome": "vanished"}, "Choose one of the outcomes"),
    ],
)
def test_what_will_not_do_is_said_beside_the_field_and_nothing_typed_is_lost(desk: Desk, said: Any, about: str) -> None:
    client, call = caller(desk), the_call(desk)
    answer = post(client, call, "outcome", note="A long <story>", **said)
    assert answer.status_code == 422
    assert about in text(answer)
    assert "A long &lt;story&gt;" in answer.content.decode()
    assert the_call(desk).settles_at is None


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"outcome": "won"}, "Write an amount"),
        ({"outcome": "won", "amount": "a lot"}, "Write an amount"),
        ({"outcome": "won", "amount": "5", "currency": "EURO"}, "three letters"),
        ({"outcome": "won", "amount": "5", "on": "2099-01-01"}, "today or a day before"),
        ({"outcome": "rejected"}, "Give a reason"),
        ({"outcome": "lost", "reason": "x" * 201}, "Give a reason"),
    ],
)
def test_sales_are_told_what_lacks(desk: Desk, said: Any, about: str) -> None:
    answer = post(carol(desk), the_sale(desk), "outcome", **said)
    assert answer.status_code == 422
    assert about in text(answer)


def test_won_is_one_action(desk: Desk) -> None:
    client, sale = carol(desk), the_sale(desk)
    assert post(client, sale, "outcome", outcome="won", amount="12 500,50").status_code == 303
    count(desk)
    assert the_sale(desk).outcome == "won"
    ((about,),) = desk.rows("select about from task_entries where did = 'closed'")
    assert (about["amount"], about["currency"]) == (12500.5, "EUR")


def test_lost_and_rejected_are_one_action_each(desk: Desk) -> None:
    client, sale = carol(desk), the_sale(desk)
    page = client.get("/desk").content.decode()
    assert '<button class="chip" name="reason" value="too early">' in page
    assert post(client, sale, "outcome", outcome="lost", reason="competitor chosen").status_code == 303
    count(desk)
    assert (the_sale(desk).outcome, the_sale(desk).outcome_reason) == ("lost", "competitor chosen")


def test_what_is_no_outcome_of_the_task_is_refused(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    answer = post(client, call, "outcome", outcome="won", amount="5")
    assert answer.status_code == 409
    assert the_call(desk) == call


def test_an_old_page_is_refused_in_words(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    tasking.settle(desk.connection, call.id, Told(Outcome.NO_ANSWER), version=0, by=call.member or "", now=desk.now)
    answer = post(client, call, "outcome", outcome="no_budget")
    assert answer.status_code == 409
    assert "Somebody has changed this task" in text(answer)


def test_notes_go_along_and_are_shown(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    assert post(client, call, "note", note="Ask for <b>Paul</b>").status_code == 303
    page = client.get(f"/desk/tasks/{call.id}").content.decode()
    assert "Ask for &lt;b&gt;Paul&lt;/b&gt;" in page
    assert post(client, call, "note", note=" ").status_code == 422


def test_a_task_is_given_to_somebody_of_its_team_alone(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    other = "bob" if call.member == "alice" else "alice"
    assert post(client, call, "give", member="carol").status_code == 422
    assert post(client, call, "give", member=other).headers["Location"] == "/desk"
    after = the_call(desk)
    assert (after.member, after.locked_by) == (other, None)


def test_a_task_is_put_off_and_comes_again(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    assert post(client, call, "put-off").status_code == 422
    assert post(client, call, "put-off", until=f"{NEXT}-03-01T09:00", note="After the fair").status_code == 303
    assert the_call(desk).not_before is not None
    assert "All is done" in text(client.get("/desk"))
    assert "Eve Stone" in text(client.get("/desk/queue?which=later"))


def test_an_appointment_is_moved_and_called_off(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    post(client, call, "outcome", outcome="appointment_made", starts_at=f"{NEXT}-03-01T09:00", place="Lyon")
    count(desk)
    ((number,),) = desk.rows("select id from tasks where parent_id = %s", call.id)
    meeting = tasks.task(desk.connection, number)
    assert meeting is not None
    sales = signed_in(a_person("Seller", Role.SALES, member=meeting.member))
    assert "Appointment on" in text(sales.get(f"/desk/tasks/{number}"))
    assert post(sales, meeting, "appointment", starts_at="2020-01-01T09:00").status_code == 422
    assert post(sales, meeting, "appointment", starts_at=f"{NEXT}-03-02T09:00").status_code == 303
    moved = tasks.task(desk.connection, number)
    assert moved is not None
    assert moved.starts_at == meeting.starts_at + DAY_US
    assert post(sales, moved, "appointment/call-off").status_code == 303
    after = tasks.task(desk.connection, number)
    assert after is not None
    assert after.starts_at is None


def test_an_alert_is_seen_from_the_desk(desk: Desk) -> None:
    client, call = caller(desk), the_call(desk)
    page = client.get("/desk").content.decode()
    number = int(re.search(r"/desk/alerts/(\d+)/seen", page)[1])  # type: ignore[index]
    assert client.post(f"/desk/alerts/{number}/seen").headers["Location"] == f"/desk/tasks/{call.id}"
    assert desk.rows("select acknowledged_by from alerts where id = %s", number) == [(call.member,)]
    assert client.post("/desk/alerts/999/seen").status_code == 404
    assert "/seen" not in client.get("/desk").content.decode()


def test_a_form_from_elsewhere_is_refused(desk: Desk) -> None:
    person, call = bob(), the_call(desk)
    client = Client(enforce_csrf_checks=True)
    from django.conf import settings

    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[1])
    for act in ACTS:
        assert post(client, call, act, outcome="no_budget").status_code == 403, act
    assert the_call(desk) == call


def test_what_a_lead_is_called_is_text_and_nothing_else(desk: Desk) -> None:
    evil = '<script>alert(1)</script>"><img src=x>'
    desk.come(accepted("Traits Set", email=EVE, traits={"name": evil, "company": evil, "phone": evil, "title": evil}))
    client = caller(desk)
    for place in ("/desk", "/desk/queue?which=all"):
        page = client.get(place).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
