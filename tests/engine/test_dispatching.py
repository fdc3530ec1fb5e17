"""Hand-overs become tasks and alerts, each once, whoever dispatches; and are taken back with their facts."""

import threading

import pytest

from couveuse.core.times import DAY_US
from couveuse.engine.batches import Folder
from couveuse.engine.dispatching import Dispatcher
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge, unmerge
from couveuse.store import connections
from couveuse.store.packets import Flag
from tests.engine.desk import SETTINGS, TEAM, Counts, Desk, at
from tests.engine.town import MODEL, NOW, accepted

ANNA, BEN = "anna@example.com", "ben@example.com"
IRRELEVANT = MODEL + "irrelevant: [{class: competitor, where: {traits.job_title: Spy}}]\n"


@pytest.fixture
def desk(database):
    with Desk(database) as desk:
        yield desk


def of(email, event, at=NOW, **words):
    return accepted(event, at, email=email, **words)


def anna(event, at=NOW, **words):
    return of(ANNA, event, at, **words)


def machine(of, at=NOW + 9):
    return anna("Verdict Given", at, of=of, verdict="machine")


def test_it_works(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    assert desk.tasks() == [("telemarketing", "open", "alice")]
    assert desk.rows("select treatment, rate, score, due_at, look_at, assigned_because from tasks") == [
        ("detect-project", 0.05, 5, at(13, 1), at(13, 1), "round_robin")
    ]
    assert desk.alerts() == [("handed_over:1", False)]
    assert desk.intents() == [("handed_over", {"member": "alice"}, "waiting")]
    assert desk.rows("select key, about, alert_id, channel, due_at from intents") == [
        ("alert:1:email:alice", {"alert": 1, "task": 1, "handover": 1, "member": "alice"}, 1, "email", NOW)
    ]
    assert desk.dispatch() == 0
    assert desk.counts["dispatched"] == 1


def test_a_further_cause_joins_without_a_second_alert_and_another_team_gets_its_own(desk):
    desk.come(anna("Document Downloaded"))
    desk.come(anna("Quote Requested", NOW + 1))
    assert desk.tasks() == [("telemarketing", "open", "alice"), ("sales", "open", "carol")]
    assert desk.alerts() == [("handed_over:1", False), ("handed_over:2", False)]
    assert [row[1] for row in desk.intents()] == [{"member": "alice"}, {"member": "carol"},
                                                  {"address": "board@example.org"}]  # fmt: skip


def test_a_flapping_lead_and_a_late_fact_make_no_second_alert(desk):
    desk.come(*(anna("Page Viewed", NOW + n) for n in range(21)))
    for day in range(1, 8):
        desk.now = NOW + day * 4 * DAY_US
        desk.come(anna("Page Viewed", desk.now), anna("Page Viewed", desk.now + 1))
    desk.come(anna("Page Viewed", NOW - DAY_US))
    assert desk.alerts() == [("handed_over:1", False)]
    assert len(desk.tasks()) == 1


def test_turns_are_taken_one_after_the_other(desk):
    for number in range(5):
        desk.come(of(f"lead{number}@example.com", "Document Downloaded"))
    assert [member for _, _, member in desk.tasks()] == ["alice", "bob", "alice", "bob", "alice"]


def test_turns_are_as_exact_within_a_batch(desk):
    desk.take(*(of(f"lead{number}@example.com", "Document Downloaded") for number in range(60)))
    assert desk.dispatch() == 60
    assert [member for _, _, member in desk.tasks()] == ["alice", "bob"] * 30


def test_a_cause_that_joins_takes_nobodys_turn(desk):
    desk.come(of(BEN, "Quote Requested"))
    desk.come(anna("Quote Requested"))
    desk.take(*(of(BEN, "Quote Requested", NOW + n) for n in (1, 2)), of("eve@example.com", "Quote Requested"))
    desk.dispatch()
    assert [member for _, _, member in desk.tasks()] == ["carol", "dan", "carol"]


def test_two_dispatchers_make_each_task_once_and_share_the_turns(desk):
    desk.take(*(of(f"lead{number}@example.com", "Document Downloaded") for number in range(200)))
    done = []

    def work():
        with connections.connect(desk.url, "test", autocommit=True) as connection:
            done.append(Dispatcher(desk.url, SETTINGS, Counts(), lambda: desk.now).work(connection))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 200
    assert desk.rows("select member, count(*) from tasks group by member order by 1") == [("alice", 100), ("bob", 100)]
    assert desk.rows("select count(*), count(distinct key) from alerts") == [(200, 200)]
    assert desk.rows("select count(*) from intents") == [(200,)]


def test_whoever_is_away_is_passed_over(desk):
    desk.apply(
        TEAM.replace(
            "email: alice@example.org,", "email: alice@example.org, absences: [{from: 2026-05-28, until: 2026-05-29}],"
        )
    )
    desk.come(anna("Document Downloaded"))
    desk.come(of(BEN, "Document Downloaded"))
    assert [member for _, _, member in desk.tasks()] == ["bob", "bob"]


def test_the_owner_comes_first_and_is_told_once(desk):
    desk.come(anna("Traits Set", traits={"owner": "Dan@Example.org"}), anna("Quote Requested"))
    assert desk.tasks() == [("sales", "open", "dan")]
    assert [row[1] for row in desk.intents()] == [{"member": "dan"}, {"address": "board@example.org"}]


def test_a_team_that_the_roster_does_not_have_is_told_to_everybody_who_leads(desk):
    desk.apply(TEAM.replace("id: sales", "id: vendors"))
    desk.come(anna("Quote Requested"))
    assert desk.tasks() == [("sales", "open", None)]
    assert [row[1] for row in desk.intents()] == [{"member": "alice"}, {"member": "dan"}]


def test_without_a_roster_the_task_is_there_for_whoever_takes_it(database):
    with Desk(database, None) as desk:
        desk.come(anna("Quote Requested"))
        assert desk.tasks() == [("sales", "open", None)]
        assert desk.alerts() == [("handed_over:1", False)]
        assert desk.intents() == []
        assert desk.rows("select due_at from tasks") == [(at(17, 1),)]


def test_a_digest_is_put_by_instead_of_a_message(desk):
    desk.apply(TEAM.replace("name: Alice Martin,", 'name: Alice Martin, digest: "08:30",'))
    desk.come(anna("Document Downloaded"))
    assert desk.intents() == []
    assert desk.rows("select alert_id, member, due_at from digest_items") == [(1, "alice", at(8.5, 1))]


def test_endpoints_hear_what_they_want(desk):
    desk.connection.execute(
        "insert into endpoints (id, url, events, sealed, made_at, disabled_at) values ('all', '', '{}', '', 0, null), "
        "('some', '', '{task.created,handover.withdrawn}', '', 0, null), ('off', '', '{}', '', 0, 1)"
    )
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.send()
    desk.come(machine("one"))
    assert sorted(desk.rows("select kind, target ->> 'endpoint', key from intents where audience = 'outside'")) == [
        ("handover.withdrawn", "all", "webhook:handover.withdrawn:handover:1:all"),
        ("handover.withdrawn", "some", "webhook:handover.withdrawn:handover:1:some"),
        ("lead.handed_over", "all", "webhook:lead.handed_over:handover:1:all"),
        ("task.closed", "all", f"webhook:task.closed:task:1:{desk.now}:all"),
        ("task.created", "all", "webhook:task.created:task:1:all"),
        ("task.created", "some", "webhook:task.created:task:1:some"),
    ]


def test_a_cause_waits_while_somebody_says_what_came_of_its_task(desk):
    desk.come(anna("Quote Requested"))
    desk.take(*(anna("Page Viewed", NOW + n) for n in range(1, 3)), of(BEN, "Quote Requested"))
    with connections.connect(desk.url, "test") as other:
        other.execute("select from tasks for update")
        desk.dispatch()
        assert len(desk.tasks()) == 2
        waiting = desk.rows("select lead_id from handovers where dispatched_at is null")
        assert waiting == [(desk.lead(ANNA),)]
    desk.dispatch()
    assert desk.rows("select count(*) from handovers where dispatched_at is null") == [(0,)]
    assert len(desk.tasks()) == 2


# ---- Irrelevant leads ------------------------------------------------------------------------------------------------


def test_an_irrelevant_lead_waits_and_comes_back_whole(database):
    with Desk(database, model=IRRELEVANT) as desk:
        desk.take(anna("Document Downloaded"), of(BEN, "Document Downloaded"))
        desk.take(anna("Traits Set", NOW + 1, traits={"job_title": "Spy"}))
        desk.dispatch()
        assert len(desk.tasks()) == 1
        assert desk.dispatch() == 0
        desk.now = at(10, 3)
        desk.come(anna("Traits Set", NOW + 2, traits={"job_title": "Clerk"}))
        assert len(desk.tasks()) == 2
        assert desk.rows("select due_at from tasks order by id")[1] == (at(14, 3),)
        assert desk.rows("select handover_id from alerts order by id")[1:] == desk.rows(
            "select id from handovers where lead_id = %s", desk.lead(ANNA)
        )


def test_what_waits_is_taken_back_without_a_word(database):
    with Desk(database, model=IRRELEVANT) as desk:
        desk.take(
            anna("Document Downloaded", message_id="one"), anna("Traits Set", NOW + 1, traits={"job_title": "Spy"})
        )
        desk.take(anna("Document Downloaded", NOW + 1, message_id="two"))
        desk.come(machine("one"))
        assert (desk.tasks(), desk.alerts()) == ([], [])


# ---- Withdrawals -----------------------------------------------------------------------------------------------------


def test_a_verdict_before_anything_left_takes_all_back_silently(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.come(machine("one"))
    assert desk.tasks() == [("telemarketing", "withdrawn", "alice")]
    assert desk.alerts() == [("handed_over:1", True)]
    assert desk.intents() == [("handed_over", {"member": "alice"}, "withdrawn")]


def test_what_was_claimed_and_has_not_begun_is_taken_back_silently(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.connection.execute("update intents set standing = 'flying', claimed_by = 1")
    desk.come(machine("one"))
    assert desk.intents() == [("handed_over", {"member": "alice"}, "withdrawn")]


def test_a_verdict_before_dispatch_leaves_nothing_to_tell(desk):
    desk.take(anna("Document Downloaded", message_id="one"))
    desk.take(machine("one"))
    desk.dispatch()
    assert (desk.tasks(), desk.alerts()) == ([], [])
    assert desk.dispatch() == 0


@pytest.mark.parametrize(
    "standing", ["standing = 'done'", "standing = 'flying', begun_at = 1", "standing = 'parked'", "unknowns = 1"]
)
def test_a_verdict_after_an_alert_is_told_at_the_same_places(desk, standing):
    desk.come(anna("Quote Requested", message_id="one"))
    desk.connection.execute(f"update intents set {standing}")
    desk.apply(TEAM.replace("alert: [member, owner, board]", "alert: [lead]"))
    desk.come(machine("one"))
    assert desk.tasks() == [("sales", "withdrawn", "carol")]
    assert desk.alerts() == [("handed_over:1", True), ("withdrawn:1", False)]
    assert [row[:2] for row in desk.intents() if row[2] == "waiting"] == [
        ("withdrawn", {"member": "carol"}), ("withdrawn", {"address": "board@example.org"}),
    ]  # fmt: skip
    assert desk.rows("select of_id, because from alerts where kind = 'withdrawn'") == [(1, "verdict")]
    assert desk.dispatch() == 0


def test_a_claimed_task_is_flagged_and_its_holder_told(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.send()
    desk.connection.execute("update tasks set tries = 1")
    desk.come(machine("one"))
    assert desk.rows("select standing, flagged_because from tasks") == [("open", "verdict")]
    assert ("withdrawn", {"member": "alice"}, "waiting") in desk.intents()


def test_what_another_hand_over_keeps_is_changed_and_not_withdrawn(desk):
    views = [anna("Page Viewed", NOW - 100 + n) for n in range(21)]
    desk.come(*views, anna("Quote Requested", NOW, message_id="one"))
    assert [row[:2] for row in desk.handovers(ANNA)] == [("sales", "rule"), ("sales", "band")]
    desk.send()
    desk.come(machine("one"))
    assert desk.tasks() == [("sales", "open", "carol")]
    assert desk.alerts() == [("handed_over:1", False), ("withdrawn:1", False)]
    assert desk.rows("select kind, handover_id from alerts order by id") == [("handed_over", 2), ("changed", 1)]


def test_what_another_hand_over_keeps_is_not_told_where_nothing_had_left(desk):
    desk.come(*(anna("Page Viewed", NOW - 100 + n) for n in range(21)), anna("Quote Requested", message_id="one"))
    desk.come(machine("one"))
    assert desk.alerts() == [("handed_over:1", False)]
    assert {row[2] for row in desk.intents()} == {"waiting"}


def test_what_comes_after_a_withdrawal_is_handed_over_anew(desk):
    desk.come(anna("Document Downloaded", message_id="one"))
    desk.send()
    desk.come(machine("one"))
    desk.come(anna("Document Downloaded", NOW + 20))
    assert [standing for _, standing, _ in desk.tasks()] == ["withdrawn", "open"]
    assert desk.alerts() == [("handed_over:1", True), ("withdrawn:1", False), ("handed_over:2", False)]


# ---- Ends of episodes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "outcome"), [("Opportunity Won", "won"), ("Opportunity Lost", "lost"), ("Lead Rejected", "rejected")]
)
def test_a_fact_that_ends_an_episode_closes_what_is_left_of_it(desk, event, outcome):
    desk.come(anna("Document Downloaded"), anna("Quote Requested"), of(BEN, "Quote Requested"))
    desk.come(anna(event, NOW + 5, source="crm"))
    lead = desk.lead(ANNA)
    assert desk.rows("select standing, outcome, closed_at, look_at from tasks where lead_id = %s", lead) == [
        ("closed", outcome, NOW, None)
    ] * 2  # fmt: skip
    assert desk.rows("select standing from tasks where lead_id <> %s", lead) == [("open",)]
    assert desk.rows("select count(*) from task_entries where did = 'closed'") == [(2,)]
    assert desk.dispatch() == 0


def test_what_ended_before_it_was_dispatched_is_nobodys_work(desk):
    desk.take(anna("Quote Requested"))
    desk.take(anna("Opportunity Lost", NOW + 5))
    desk.dispatch()
    assert (desk.tasks(), desk.alerts()) == ([], [])


def test_what_came_quietly_ends_nothing(desk):
    desk.come(anna("Quote Requested"))
    desk.come(anna("Opportunity Lost", NOW + 5, flags=Flag.QUIET))
    assert desk.tasks() == [("sales", "open", "carol")]


# ---- Merges ----------------------------------------------------------------------------------------------------------


def merged(desk, one, other):
    folder, models = Folder(desk.url), LiveModels()
    number = merge(desk.connection, folder, models, desk.lead(one), desk.lead(other), by="Bob", now=desk.now)
    desk.dispatch()
    return number


def test_the_work_on_a_lead_follows_it_into_another(desk):
    desk.come(anna("Document Downloaded", message_id="one"), of(BEN, "Page Viewed"))
    desk.send()
    merged(desk, ANNA, BEN)
    assert desk.tasks() == [("telemarketing", "open", "alice")]
    assert desk.rows("select lead_id from tasks") == [(desk.lead(BEN),)]
    assert desk.alerts() == [("handed_over:1", False)]
    desk.come(machine("one"))
    assert desk.alerts() == [("handed_over:1", True), ("withdrawn:1", False)]


def test_two_tasks_of_one_team_that_meet_become_one(desk):
    desk.come(anna("Document Downloaded"), of(BEN, "Document Downloaded"))
    desk.send()
    desk.connection.execute(
        "insert into task_entries (task_id, at, by, did, note) values (1, 1, 'alice', 'noted', 'Hi')"
    )
    merged(desk, ANNA, BEN)
    assert sorted(standing for _, standing, _ in desk.tasks()) == ["open", "withdrawn"]
    assert desk.rows("select about from task_entries where did = 'withdrawn'")[0][0]["because"] == "merged"
    assert desk.rows("select count(*) from handovers where withdrawn_at is null") == [(1,)]
    assert {row[0] for row in desk.intents()} == {"handed_over"}


def test_a_merge_undone_takes_back_what_was_the_others(desk):
    desk.come(anna("Document Downloaded"), of(BEN, "Page Viewed"))
    desk.send()
    number = merged(desk, ANNA, BEN)
    unmerge(desk.connection, Folder(desk.url), LiveModels(), number, by="Bob", now=desk.now)
    desk.dispatch()
    assert desk.rows("select lead_id from tasks where standing = 'open'") == [(desk.lead(ANNA),)]


# ---- As a thread -----------------------------------------------------------------------------------------------------


def test_it_is_told_of_hand_overs_and_stops_when_told(desk):
    stopping = threading.Event()
    thread = threading.Thread(target=desk.dispatcher.run, args=(stopping,))
    thread.start()
    try:
        waiting = connections.connect(desk.url, "test", autocommit=True)
        with waiting:
            waiting.execute("listen couveuse_intents")
            desk.take(anna("Document Downloaded"))
            assert any(True for _ in waiting.notifies(timeout=120, stop_after=1))
    finally:
        stopping.set()
        thread.join(120)
    assert not thread.is_alive()
    assert len(desk.tasks()) == 1
