"""Long work in the workshop: once, whatever is killed; refused in words; stopped and given up where it can be."""

import signal
import threading
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from psycopg import Connection

from couveuse.engine import jobs
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import GivenUp, Job, Jobs, Standing, Stopped, Work
from couveuse.errors import BadInput
from couveuse.store import connections
from couveuse.store.months import Months
from tests.engine.town import DAY, NOW, configuration
from tests.processes import python, until


@pytest.fixture
def connection(database: str) -> Iterator[Connection[tuple[object, ...]]]:
    with connections.connect(database, "test", autocommit=True) as connection:
        yield connection


def asked(connection: Connection[tuple[object, ...]], kind: str = "count") -> int:
    return jobs.ask(connection, kind, {"to": 3}, "alice@example.com", NOW)


def found(connection: Connection[tuple[object, ...]], number: int) -> Job:
    job = jobs.find(connection, number)
    assert job is not None
    return job


def runner(database: str, tally: Tally | None = None, **kinds: jobs.Run) -> Jobs:
    return Jobs(database, configuration(), tally or Tally(), kinds, clock=lambda: NOW)


def count(work: Work) -> Mapping[str, object]:
    to = int(work.job.about["to"])
    for done in range(to):
        work.progress(done, to, "counting")
    return {"counted": to}


def test_it_works(database: str, connection: Connection[tuple[object, ...]]) -> None:
    number, tally = asked(connection), Tally()
    one = runner(database, tally, count=count)
    assert one.work(connection)
    assert not one.work(connection)
    job = found(connection, number)
    assert (job.standing, job.found, job.done, job.total) == (Standing.DONE, {"counted": 3}, 3, 3)
    assert tally.as_json()["jobs"] == 1


def test_facts_of_a_new_month_are_taken_while_a_job_reads_all_of_them(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    def read(work: Work) -> None:
        with connections.connect(work.url, "test") as reader:
            reader.execute("select from events")  # holds the table until it ends
            Months(work.url).ensure((NOW, NOW + 28 * DAY), NOW)

    number = asked(connection, "read")
    assert runner(database, read=read).work(connection)
    assert found(connection, number).standing == Standing.DONE


def test_a_kind_that_a_process_does_not_know_is_left_to_another(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    number = asked(connection, "of another version")
    assert not runner(database, count=count).work(connection)
    assert found(connection, number).standing == Standing.WAITING


def test_what_cannot_be_done_fails_with_its_cure(database: str, connection: Connection[tuple[object, ...]]) -> None:
    def refuse(_: Work) -> None:
        raise BadInput("the file is empty: choose another one")

    number = asked(connection)
    runner(database, count=refuse).work(connection)
    job = found(connection, number)
    assert (job.standing, job.said) == (Standing.FAILED, "the file is empty: choose another one")


def test_what_is_wrong_with_us_fails_and_is_counted(database: str, connection: Connection[tuple[object, ...]]) -> None:
    def fail(_: Work) -> None:
        raise KeyError("of a person")

    number, tally = asked(connection), Tally()
    runner(database, tally, count=fail).work(connection)
    job = found(connection, number)
    assert job.standing == Standing.FAILED
    assert "KeyError" in job.said
    assert "of a person" not in job.said
    assert tally.as_json()["failures"] == 1


def test_what_is_given_up_ends_when_it_next_tells(database: str, connection: Connection[tuple[object, ...]]) -> None:
    seen: list[type[Exception]] = []

    def give_up(work: Work) -> None:
        with connections.connect(database, "test", autocommit=True) as other:
            jobs.give_up(other, work.job.id, by="bob@example.com", now=NOW)
        try:
            work.progress(1, 2, "counting")
        except GivenUp as error:
            seen.append(type(error))
            raise

    number = asked(connection)
    runner(database, count=give_up).work(connection)
    assert seen == [GivenUp]
    assert found(connection, number).standing == Standing.GIVEN_UP


def test_a_process_that_is_told_to_stop_leaves_it_to_the_next(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    stopping = threading.Event()

    def stop(work: Work) -> None:
        stopping.set()
        work.progress(1, 2, "counting")
        pytest.fail("it goes on")

    number = asked(connection)
    runner(database, count=stop).work(connection, stopping)
    job = found(connection, number)
    assert (job.standing, job.tries) == (Standing.WAITING, 0)
    assert runner(database, count=count).work(connection)
    assert found(connection, number).standing == Standing.DONE
    assert issubclass(Stopped, Exception)


def test_where_postgresql_goes_away_it_is_tried_again_later(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    def lose(_: Work) -> None:
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    number = asked(connection)
    runner(database, count=lose).work(connection)
    assert found(connection, number).standing == Standing.WAITING
    assert not runner(database, count=count).work(connection)  # not at once


def test_what_ends_its_process_each_time_is_not_tried_for_ever(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    number = asked(connection)
    connection.execute("update jobs set tries = %s, standing = 'running'", [jobs.MOST_TRIES])
    runner(database, count=count).work(connection)
    job = found(connection, number)
    assert job.standing == Standing.FAILED
    assert "several times" in job.said
    assert jobs.again(connection, number)
    runner(database, count=count).work(connection)
    assert found(connection, number).standing == Standing.DONE


def test_whoever_waits_is_woken(database: str, connection: Connection[tuple[object, ...]]) -> None:
    stopping, one = threading.Event(), runner(database, count=count)
    thread = threading.Thread(target=one.run, args=(stopping,))
    thread.start()
    try:
        until(lambda: one.turn)
        number = asked(connection)
        until(lambda: found(connection, number).standing == Standing.DONE)
    finally:
        stopping.set()
        thread.join()


SLOW = """
import sys, threading
from couveuse.engine.delivering import Tally
from couveuse.engine.jobs import Jobs
from couveuse.store import connections
from tests.engine.town import configuration

def slow(work):
    with connections.connect(work.url, "work", autocommit=True) as connection:
        for number in range(work.job.about["to"]):
            # Once for ever, by a key: what a kind promises.
            connection.execute("insert into counted values (%s) on conflict do nothing", [number])
            connection.execute("insert into attempts values (%s)", [work.job.takes])
            print(number, flush=True)
            if sys.argv[2] == "hang" and number == 1:
                threading.Event().wait()
    return {"by": sys.argv[2]}

Jobs(sys.argv[1], configuration(), Tally(), {"count": slow}).run(threading.Event())
"""


def test_the_work_of_a_process_that_is_killed_is_finished_by_another_once(
    database: str, connection: Connection[tuple[object, ...]]
) -> None:
    connection.execute("create table counted (number integer primary key)")
    connection.execute("create table attempts (takes integer)")
    number = asked(connection)
    with python(SLOW, database, "hang") as first:
        assert first.stdout is not None
        while first.stdout.readline().strip() != "1":
            pass
        other = runner(database, count=count)
        assert not other.work(connection)  # it is held, and nobody else takes it up
        with python(SLOW, database, "finish"):
            first.send_signal(signal.SIGKILL)
            until(lambda: found(connection, number).standing == Standing.DONE)
    job = found(connection, number)
    assert job.found == {"by": "finish"}
    assert connection.execute("select count(*) from counted").fetchone() == (3,)
    assert connection.execute("select takes, count(*) from attempts group by 1 order by 1").fetchall() == [
        (1, 2),
        (2, 3),
    ]


def test_every_kind_of_the_table_can_be_called() -> None:
    assert all(callable(run) for run in KINDS.values())
