"""A process of deliverers: who wakes whom, who takes over from whom, and what makes a mail leave."""

import threading
import time

import pytest

from couveuse.engine import posting
from couveuse.engine.clocks import now_us
from couveuse.engine.delivering import Tally
from couveuse.engine.loops import hear
from couveuse.engine.posting import Post
from couveuse.store import connections, intents, switches
from tests.channels.servers import HANG, hang, http_server, mail_server
from tests.databases import administer
from tests.engine.post_office import Office
from tests.processes import until

SECOND = 1_000_000


@pytest.fixture
def box():
    with mail_server() as box:
        yield box


@pytest.fixture
def office(shared_database, box):
    with Office(shared_database, mail_url=f"smtp://127.0.0.1:{box.port}") as office:
        yield office


def standings(office):
    return [row[0] for row in office.rows("select standing from intents order by id")]


def test_it_works(office, box):
    with office.process() as tally:
        number = office.plan()
        until(lambda: office.standing(number) == ("done", 1, 0))
        until(lambda: tally.as_json().get("delivered") == 1)
    assert len(box.raw) == 1


def test_a_mail_leaves_because_it_is_told_of_and_not_when_somebody_happens_to_look(office, box, monkeypatch):
    waits, seen = [], 0

    def listens(connection, stopping, seconds):
        waits.append(seconds)
        hear(connection, stopping, seconds)

    monkeypatch.setattr(posting, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(posting, "hear", listens)
    with office.process():
        for number in range(1, 6):
            until(lambda seen=seen: waits[seen:] and waits[-1] > 3000)  # nobody would look within the hour
            seen = len(waits)
            office.plan()
            until(lambda number=number: len(box.raw) == number)


def test_what_is_due_later_leaves_then(office, box, monkeypatch):
    monkeypatch.setattr(posting, "LOOK_SECONDS", 3600.0)
    with office.process():
        planned = now_us()
        number = office.plan(due_at=planned + SECOND // 2)
        until(lambda: office.standing(number)[0] == "done")
    (at,) = office.rows("select at from intent_attempts")[0]
    assert at - planned >= SECOND // 2


def test_each_process_has_a_number_of_its_own_and_takes_over_from_who_is_gone(office, box):
    first = office.holder.number = intents.take_number(office.connection)
    begun, claimed = office.plan(), office.plan()
    theirs = intents.claim_intents(office.connection, "email", by=first, most=2, alone=False, now=now_us())
    intents.begin_attempt(office.connection, theirs[0], 1)
    with connections.connect(office.url, "other", autocommit=True) as other:
        second = intents.take_number(other)
        assert second != first
        post = Post(office.url, Tally())
        assert post.take_over(other) == 0  # it lives
        office.connection.close()
        until(lambda: post.take_over(other) == 2)
        office.connection = connections.connect(office.url, "test", autocommit=True)
        assert office.standing(begun) == ("waiting", 1, 1)
        assert office.standing(claimed) == ("waiting", 0, 0)
        assert office.outcomes(begun) == ["unknown"]
        assert post.take_over(other) == 0


def test_word_of_arrival_counts_though_the_attempt_was_taken_over(office):
    """A line to the database was lost while a mail left: another process thought this one dead."""
    from couveuse.channels import Delivered
    from couveuse.engine.delivering import after

    number = office.plan()
    (intent,) = intents.claim_intents(office.connection, "email", by=99, most=1, alone=False, now=now_us())
    attempt = intents.begin_attempt(office.connection, intent, 1).attempt
    assert Post(office.url, Tally()).take_over(office.connection) == 1
    assert office.standing(number) == ("waiting", 1, 1)
    settlement = after(Delivered("taken"), intent, attempt, 1)
    assert intents.settle(office.connection, intent, attempt, settlement, 1) == "done"
    assert office.outcomes(number) == ["delivered"]


def test_word_of_arrival_of_an_earlier_attempt_does_not_hide_a_later_one(office):
    from couveuse.channels import Delivered
    from couveuse.engine.delivering import after

    number = office.plan()
    (intent,) = intents.claim_intents(office.connection, "email", by=99, most=1, alone=False, now=now_us())
    attempt = intents.begin_attempt(office.connection, intent, 1).attempt
    Post(office.url, Tally()).take_over(office.connection)
    office.make_due(number)
    (again,) = intents.claim_intents(office.connection, "email", by=98, most=1, alone=False, now=now_us())
    intents.begin_attempt(office.connection, again, 1)
    settlement = after(Delivered("taken"), intent, attempt, 1)
    assert intents.settle(office.connection, intent, attempt, settlement, 1) is None
    assert office.standing(number)[0] == "flying"


def test_a_channel_that_hangs_holds_up_no_other(office, box):
    with http_server() as hooks, http_server() as well:
        office.endpoint("dead", f"{hooks.url}/hook")
        office.endpoint("well", f"{well.url}/hook")
        hooks.script = [hang(hooks)] * 50
        for _ in range(5):
            office.plan("webhook", {"endpoint": "dead"}, audience="outside")
        with office.process():
            until(lambda: len(hooks.got) == 1)
            numbers = [office.plan(), office.plan("webhook", {"endpoint": "well"}, audience="outside")]
            until(lambda: [office.standing(number)[0] for number in numbers] == ["done", "done"])
            assert len(hooks.got) == 1  # one at a time to one endpoint
            hooks.released.set()


def test_a_stop_is_heeded_and_its_end_is_told_at_once(office, box):
    with office.process():
        office.plan()
        until(lambda: len(box.raw) == 1)
        switches.turn(office.connection, switches.STOP, on=True, by="alice", now=1)
        number = office.plan()
        time.sleep(0.3)  # it would have left ten times over
        assert office.standing(number) == ("waiting", 0, 0)
        switches.turn(office.connection, switches.STOP, on=False, by="alice", now=1)
        until(lambda: office.standing(number)[0] == "done")


def test_postgresql_may_go_away_and_come_back(office, box, server):
    name = office.connection.info.dbname
    with office.process() as tally:
        office.plan()
        until(lambda: standings(office) == ["done"])
        for _ in range(3):
            office.connection.close()
            administer(server, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
            office.connection = connections.connect(office.url, "test", autocommit=True)
            office.plan()
            until(lambda: set(standings(office)) == {"done"})
        assert tally.as_json().get("failures", 0) == 0
    assert len(box.raw) == 4


def test_without_a_mail_url_mail_waits(shared_database):
    with Office(shared_database) as office, http_server() as hooks:
        office.endpoint("crm", f"{hooks.url}/hook")
        mail = office.plan()
        with office.process():
            hook = office.plan("webhook", audience="outside")
            until(lambda: office.standing(hook)[0] == "done")
        assert office.standing(mail) == ("waiting", 0, 0)


def test_what_was_begun_is_ended_before_the_process_ends(office, box):
    box.script = [HANG]
    with office.process():
        number = office.plan()
        until(lambda: len(box.raw) == 1)
        threading.Timer(0.2, box.released.set).start()
    assert office.standing(number) == ("done", 1, 0)
