"""Intents are claimed, attempted and settled: what each outcome comes to, and what must never leave."""

import threading

import pytest
from psycopg import OperationalError

from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.engine.clocks import now_us
from couveuse.engine.delivering import PAUSES_SECONDS, after
from couveuse.store import intents, switches
from couveuse.store.intents import Intent
from tests.channels.servers import DROP, mail_server
from tests.engine.post_office import Office

NOW = 1_780_000_000_000_000
SECOND = 1_000_000


@pytest.fixture
def box():
    with mail_server() as box:
        yield box


@pytest.fixture
def office(shared_database, box):
    with Office(shared_database, mail_url=f"smtp://127.0.0.1:{box.port}") as office:
        yield office


def an_intent(**changes):
    values = {
        "id": 1, "key": "k", "channel": "email", "audience": "team", "kind": "handed_over", "target": {}, "about": {},
        "alert_id": 1, "due_at": NOW, "attempts": 0, "unknowns": 0, "replayed_after": 0, "claimed_by": 7,
    } | changes  # fmt: skip
    return Intent(**values)


def test_it_works(office, box):
    number = office.plan()
    office.work()
    assert office.standing(number) == ("done", 1, 0)
    assert office.outcomes(number) == ["delivered"]
    assert [mail["To"] for mail in box.mails] == ["Paul Martin <paul@example.com>"]
    assert office.rows("select reference from intents") == [("taken 0",)]
    office.work()
    assert len(box.raw) == 1


# ---- What an outcome comes to ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "changes", "standing"),
    [
        (Delivered("x"), {}, "done"),
        (Refused("no"), {}, "dead"),
        (Refused("no"), {"unknowns": 1}, "parked"),  # an earlier attempt may have arrived
        (Failed("later"), {}, "waiting"),
        (Unknown("?"), {}, "waiting"),  # once more, marked
        (Unknown("?"), {"unknowns": 1}, "parked"),
        (Unknown("?"), {"audience": "prospect"}, "parked"),
        (Unknown("?"), {"channel": "slack"}, "waiting"),
        (Unknown("?"), {"channel": "webhook", "audience": "outside"}, "waiting"),
        (Unknown("?"), {"channel": "webhook", "audience": "outside", "unknowns": 5}, "waiting"),
    ],
)
def test_what_comes_after_an_outcome(outcome, changes, standing):
    assert after(outcome, an_intent(**changes), 1, NOW).standing == standing


def test_pauses_grow_and_end():
    pauses = [after(Failed("later"), an_intent(), n, NOW).due_at - NOW for n in range(1, len(PAUSES_SECONDS) + 1)]
    assert pauses == [seconds * SECOND for seconds in PAUSES_SECONDS]
    assert pauses == sorted(pauses)
    assert 2 * 86_400 < sum(PAUSES_SECONDS) < 4 * 86_400
    last = after(Failed("later"), an_intent(), len(PAUSES_SECONDS) + 1, NOW)
    assert (last.standing, last.answer) == ("dead", "later")


def test_pauses_are_spread():
    least, most = (after(Failed("later"), an_intent(), 3, NOW, chance).due_at - NOW for chance in (0.0, 1.0))
    assert (least, most) == (96 * SECOND, 144 * SECOND)


def test_a_pause_that_was_asked_for_is_kept():
    assert after(Failed("later", 7200.0), an_intent(), 1, NOW).due_at == NOW + 7200 * SECOND
    assert after(Failed("later", 1.0), an_intent(), 1, NOW).due_at == NOW + 5 * SECOND


def test_what_was_sent_on_by_hand_has_all_its_tries_again():
    assert after(Failed("later"), an_intent(replayed_after=13), 14, NOW).due_at == NOW + 5 * SECOND


# ---- Attempts --------------------------------------------------------------------------------------------------------


def test_what_failed_is_tried_again_when_it_is_due(office, box):
    number = office.plan()
    box.script = ["451 later"]
    office.work()
    assert office.standing(number) == ("waiting", 1, 0)
    assert "451 later" in office.answer(number)
    office.work()
    assert box.raw == []  # not yet
    office.make_due(number)
    office.work()
    assert office.standing(number) == ("done", 2, 0)
    assert office.outcomes(number) == ["failed", "delivered"]


def test_what_is_refused_is_given_up_and_can_be_sent_on_by_hand(office, box):
    number = office.plan()
    box.at_rcpt = ["550 no such user"]
    office.work()
    assert office.standing(number) == ("dead", 1, 0)
    assert intents.replay(office.connection, [number], by="alice", now=now_us()) == [number]
    office.work()
    assert office.standing(number) == ("done", 2, 0)
    assert office.rows('select "by", did from audit') == [("alice", "replayed intents")]
    assert intents.replay(office.connection, [number], by="alice", now=1) == []  # what is done is done


def test_what_may_have_arrived_is_sent_once_more_marked_and_then_parked(office, box):
    number = office.plan()
    box.script = [DROP, DROP]
    office.work()
    assert office.standing(number) == ("waiting", 1, 1)
    office.make_due(number)
    office.work()
    assert office.standing(number) == ("parked", 2, 2)
    marks = ["[Perhaps already received]" in mail["Subject"] for mail in box.mails]
    assert marks == [False, True]
    assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]
    office.make_due(number)
    office.work()
    assert len(box.raw) == 2
    intents.replay(office.connection, None, standings=["parked"], by="alice", now=1)
    office.work()
    assert "[Perhaps already received]" in box.mails[2]["Subject"]
    assert office.standing(number)[0] == "done"


def test_what_cannot_be_composed_fails_and_holds_up_nothing(office, box):
    first, second = office.plan(), office.plan()
    office.broken.add(office.rows("select alert_id from intents where id = %s", first)[0][0])
    office.work()
    assert (office.standing(first)[0], office.standing(second)[0]) == ("waiting", "done")
    assert "KeyError" in office.answer(first)


def test_what_has_nothing_to_tell_any_more_does_not_leave(office, box):
    number = office.plan()
    office.gone[office.rows("select alert_id from intents")[0][0]] = "erased"
    office.work()
    assert office.standing(number) == ("withdrawn", 0, 0)
    assert office.answer(number) == "erased"
    assert box.raw == []


def test_nobody_of_that_name(office, box):
    number = office.plan(target={"member": "nobody"})
    office.work()
    assert office.standing(number) == ("dead", 0, 0)
    assert "on the team" in office.answer(number)


def test_a_key_is_planned_once_for_ever(office):
    office.plan(key="alert:1:email:paul")
    again = intents.NewIntent("alert:1:email:paul", "email", "team", "handed_over", {}, {}, None, 1)
    other = intents.NewIntent("alert:2:email:paul", "email", "team", "handed_over", {}, {}, None, 1)
    first, second, third = intents.plan_intents(office.connection, [again, other, other], 1)
    assert (first, third) == (None, None)
    assert second is not None


def test_a_mail_about_an_alert_goes_on_from_it(office, box):
    alert = office.alert()
    office.plan(alert_id=alert)
    second = office.alert()
    office.plan(alert_id=second, about={"alert": second, "of": alert})
    office.work()
    assert box.mails[1]["In-Reply-To"] == box.mails[0]["Message-ID"]


# ---- Withdrawn -------------------------------------------------------------------------------------------------------


def test_an_alert_that_is_withdrawn_before_it_left_never_leaves(office, box):
    alert = office.alert()
    number = office.plan(alert_id=alert)
    (taken,) = intents.withdraw_intents(office.connection, [alert], 1)
    assert (taken.id, taken.may_be_known) == (number, False)
    office.work()
    assert office.standing(number) == ("withdrawn", 0, 0)
    assert box.raw == []
    assert intents.replay(office.connection, [number], by="alice", now=1) == []


@pytest.mark.parametrize("script", [[], [DROP]])
def test_whoever_may_have_got_an_alert_is_told(office, box, script):
    alert = office.alert()
    number = office.plan(alert_id=alert)
    box.script = script
    office.work()
    (taken,) = intents.withdraw_intents(office.connection, [alert], 1)
    assert (taken.id, taken.target, taken.may_be_known) == (number, {"member": "paul"}, True)
    office.make_due(number)
    office.work()
    assert len(box.raw) == 1


def test_an_alert_that_is_withdrawn_once_it_was_claimed_does_not_leave(office, box):
    alert = office.alert()
    number = office.plan(alert_id=alert)
    compose = office.compose

    def withdrawn_meanwhile(*given):
        intents.withdraw_intents(office.connection, [alert], 1)
        return compose(*given)

    office.compose = withdrawn_meanwhile
    office.work()
    assert office.standing(number) == ("withdrawn", 0, 0)
    assert box.raw == []


def test_an_alert_that_is_withdrawn_while_its_attempt_fails_is_not_tried_again(office, box):
    alert = office.alert()
    number = office.plan(alert_id=alert)
    deliverer = office.deliverer()
    (intent,) = intents.claim_intents(office.connection, "email", by=7, most=1, alone=False, now=now_us())
    begun = intents.begin_attempt(office.connection, intent, 1)
    (taken,) = intents.withdraw_intents(office.connection, [alert], 1)
    assert taken.may_be_known
    settlement = after(Failed("later"), intent, begun.attempt, NOW)
    assert intents.settle(office.connection, intent, begun.attempt, settlement, 1) == "withdrawn"
    assert office.standing(number)[0] == "withdrawn"
    deliverer._way.close()


# ---- Switches --------------------------------------------------------------------------------------------------------


def test_a_stop_holds_from_the_next_attempt_on(office, box):
    numbers = [office.plan() for _ in range(3)]
    compose, composed = office.compose, []

    def stopped_at_the_second(connection, intent, settings, now):
        composed.append(intent.id)
        if len(composed) == 2:
            switches.turn(office.connection, switches.STOP, on=True, by="alice", now=1)
        return compose(connection, intent, settings, now)

    office.compose = stopped_at_the_second
    office.work()
    assert [office.standing(number)[0] for number in numbers] == ["done", "waiting", "waiting"]
    assert intents.horizon(office.connection, ["email"]) == {}
    switches.turn(office.connection, switches.STOP, on=False, by="alice", now=1)
    office.work()
    assert [office.standing(number) for number in numbers] == [("done", 1, 0)] * 3
    assert office.rows("select did from audit order by id") == [("switched stop on",), ("switched stop off",)]


def test_a_rehearsal_goes_to_the_team_alone(office, box):
    switches.turn(office.connection, switches.REHEARSAL, on=True, by="alice", now=1)
    ours, outside = office.plan(), office.plan(audience="prospect")
    office.work()
    assert office.standing(ours)[0] == "done"
    assert office.standing(outside) == ("withdrawn", 0, 0)
    assert office.answer(outside) == "rehearsal"
    assert [mail["Subject"].startswith("[Rehearsal]") for mail in box.mails] == [True]


def test_who_turns_a_switch_waits_for_attempts_that_begin(office):
    """An attempt that has seen no stop is begun before the stop is told to be on."""
    from couveuse.store import connections
    from tests.processes import until

    order: list[str] = []
    with connections.connect(office.url, "other") as other:
        other.execute(intents._LOCK_BEGIN, {"lock": intents.BEGIN_LOCK})
        turning = threading.Thread(
            target=lambda: (
                switches.turn(office.connection, switches.STOP, on=True, by="alice", now=1), order.append("stopped"),
            )
        )  # fmt: skip
        turning.start()
        with connections.connect(office.url, "look", autocommit=True) as look:
            until(lambda: look.execute("select 1 from pg_locks where locktype = 'advisory' and not granted").fetchone())
        order.append("begun")
        other.commit()
    turning.join()
    assert order == ["begun", "stopped"]


# ---- The database away -----------------------------------------------------------------------------------------------


def test_what_an_attempt_came_to_is_kept_until_the_database_has_it(office, box, monkeypatch):
    number = office.plan()
    deliverer = office.deliverer()
    settle = intents.settle

    def away(*_):
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(intents, "settle", away)
    with pytest.raises(OperationalError):
        deliverer.work(office.connection)
    assert office.standing(number)[0] == "flying"
    monkeypatch.setattr(intents, "settle", settle)
    deliverer.work(office.connection)
    assert office.standing(number) == ("done", 1, 0)
    assert len(box.raw) == 1
    deliverer._way.close()


def test_what_was_claimed_is_let_go_of_where_the_database_was_away(office, box):
    number = office.plan()
    compose = office.compose

    def away(*_):
        raise OperationalError("the connection was lost")

    deliverer = office.deliverer()
    deliverer._compose = away
    with pytest.raises(OperationalError):
        deliverer.work(office.connection)
    assert office.standing(number) == ("flying", 0, 0)
    deliverer._compose = compose
    while deliverer.work(office.connection):
        pass
    assert office.standing(number) == ("done", 1, 0)
    deliverer._way.close()


def test_without_a_number_nothing_is_claimed(office, box):
    number = office.plan()
    office.holder.number = None
    office.work()
    assert office.standing(number) == ("waiting", 0, 0)
