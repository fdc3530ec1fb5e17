"""A loop outlives PostgreSQL: a real server is stopped, killed and started again under it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg import Connection

from couveuse.engine import loops
from couveuse.engine.delivering import Tally
from couveuse.engine.loops import Loop, hear
from couveuse.store import connections
from couveuse.store.private import PrivateServer
from tests.processes import until

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


class Trouble(Exception):
    """What the loop under test is told to fail with."""


class Asker(Loop):
    """Asks PostgreSQL for a number whenever it is told to, and keeps count of all that is promised of a loop."""

    name, application = "asker", "asks"

    def __init__(self, url: str, **how: Any) -> None:
        self.failures, self.ended, self.pids, self.answers = 0, 0, set[int](), 0
        self.away_seconds = how.pop("away_seconds", (0.02, 0.1))
        self.trouble: Exception | None = None
        self.patience: float | None = None
        self.rests = 60.0
        super().__init__(url, structlog.get_logger("asker"), self._count_failure)

    def _count_failure(self) -> None:
        self.failures += 1

    def let_go(self) -> None:
        self.ended += 1

    def expected(self, error: Exception) -> float | None:
        return self.patience if isinstance(error, Trouble) else None

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        connection.execute("listen asked")
        while not stopping.is_set():
            if self.trouble is not None:
                raise self.trouble
            row = connection.execute("select pg_backend_pid()").fetchone()
            assert row is not None
            self.pids.add(row[0])
            self.turn += 1
            self.has_worked()
            hear(connection, stopping, self.rests)


@contextmanager
def running(asker: Asker) -> Iterator[threading.Event]:
    """The loop in a thread; at the end it is told to stop, and has to."""
    stopping = threading.Event()
    thread = threading.Thread(target=asker.run, args=(stopping,))
    thread.start()
    try:
        yield stopping
    finally:
        stopping.set()
        thread.join(120)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateServer]:
    """A server of the tests' own, which they may stop and kill."""
    with PrivateServer(Path(tmp_path_factory.mktemp("restarted"))) as server:
        yield server


@pytest.fixture
def own(private: PrivateServer) -> PrivateServer:
    """The same, running."""
    private.start()
    return private


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """What the log was told."""
    with structlog.testing.capture_logs() as told:
        yield told


def tell(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("notify asked")


def stopped(server: PrivateServer) -> None:
    server.stop()


def killed(server: PrivateServer) -> None:
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.is_running)


@pytest.mark.parametrize("end", [stopped, killed])
def test_it_goes_on_by_itself_when_postgresql_has_come_back(
    own: PrivateServer, said: list[Any], end: Callable[[PrivateServer], None]
) -> None:
    asker = Asker(own.url)
    with running(asker):
        until(lambda: asker.turn == 1)
        end(own)
        until(lambda: len(said) >= 4)
        before = asker.turn
        own.start()
        until(lambda: asker.turn > before)
        before = asker.turn
        tell(own.url)  # and it listens again
        until(lambda: asker.turn > before)
    assert len(asker.pids) == 2
    assert asker.failures == 0
    assert {(each["event"], each["log_level"]) for each in said} == {("database away", "warning")}


def test_it_waits_longer_each_time_and_from_the_beginning_once_it_has_worked(
    own: PrivateServer, said: list[Any]
) -> None:
    asker = Asker(own.url)
    with running(asker):
        for times in (1, 2):
            until(lambda times=times: asker.turn == times)
            told = len(said)
            own.stop()
            until(lambda told=told: len(said) >= told + 5)
            own.start()
            assert [each["again_in"] for each in said[told : told + 5]] == [0.02, 0.04, 0.08, 0.1, 0.1]
        until(lambda: asker.turn == 3)


def test_whatever_ends_a_connection_is_followed_by_letting_go(own: PrivateServer, said: list[Any]) -> None:
    asker = Asker(own.url)
    with running(asker):
        until(lambda: asker.turn == 1)
        assert asker.ended == 0
        assert asker.connection is not None
        connections.hang_up(asker.connection)
        until(lambda: asker.turn == 2)
        assert asker.ended == 1
    assert asker.ended == 2  # told to stop, it lets go too
    assert len(said) == 1


def test_a_failure_of_its_own_is_counted_told_and_tried_again(own: PrivateServer, said: list[Any]) -> None:
    asker = Asker(own.url)
    asker.trouble = Trouble("a lead's address")
    with running(asker):
        until(lambda: asker.failures >= 2)
        asker.trouble = None
        until(lambda: asker.turn == 1)
    assert said[0]["event"] == "asker failed"
    assert said[0]["error"] == "Trouble"
    assert said[0]["again_in"] == 0.1
    assert said[0]["log_level"] == "error"


def test_of_what_it_expects_it_tells_itself(own: PrivateServer, said: list[Any]) -> None:
    asker = Asker(own.url)
    asker.trouble, asker.patience = Trouble(), 0.01
    with running(asker):
        until(lambda: asker.ended >= 3)
    assert (asker.failures, said) == (0, [])


def test_where_no_database_is_to_be_had_it_tries_until_it_is_told_to_stop(said: list[Any]) -> None:
    asker = Asker(NOWHERE)
    with running(asker):
        until(lambda: len(said) >= 3)
    assert asker.turn == 0
    assert "does not answer" in said[0]["error"]


def test_a_stop_is_heeded_in_the_midst_of_a_long_wait(own: PrivateServer) -> None:
    waiting, away = Asker(own.url), Asker(NOWHERE, away_seconds=(3600.0, 3600.0))
    waiting.rests = 3600.0
    with running(waiting), running(away):
        until(lambda: waiting.turn == 1 and away.ended == 1)


def test_what_was_told_during_work_is_heard_at_once(own: PrivateServer) -> None:
    with connections.connect(own.url, "test", autocommit=True) as connection:
        connection.execute("listen asked")
        tell(own.url)
        connection.execute("select pg_sleep(0.05)")
        hearing = threading.Thread(target=hear, args=(connection, threading.Event(), 3600.0), daemon=True)
        hearing.start()
        hearing.join(120)
        assert not hearing.is_alive()


def test_nobody_who_hears_nothing_waits_longer_than_was_asked(
    own: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "STEP_SECONDS", 3600.0)
    with connections.connect(own.url, "test", autocommit=True) as connection:
        connection.execute("listen asked")
        began = time.monotonic()
        hear(connection, threading.Event(), 0.1)
        assert time.monotonic() - began >= 0.1
        hear(connection, threading.Event(), -1.0)  # a time that has passed is not waited for


def test_steps_are_worked_off_in_their_order_each_until_it_does_less_than_a_full_one(own: PrivateServer) -> None:
    asker, tally, left = Asker(own.url), Tally(), {"holds": 5, "digests": 1}
    done: list[tuple[str, int]] = []

    def step(name: str) -> Callable[[Connection[Any], int], int]:
        def some(connection: Connection[Any], now: int) -> int:
            connection.execute("set local lock_timeout = 1")  # which says so where there is no transaction
            assert connection.execute("show lock_timeout").fetchone() == ("1ms",)
            number = min(left[name], 2)
            left[name] -= number
            done.append((name, now))
            return number

        return some

    with connections.connect(own.url, "test", autocommit=True) as connection:
        steps = [(name, step(name)) for name in left]
        number = asker.work_off(connection, steps, full=2, clock=iter(range(9)).__next__, tally=tally)
    assert number == 6
    assert done == [("holds", 0), ("holds", 1), ("holds", 2), ("digests", 3)]
    assert tally.as_json() == {"holds": 5, "digests": 1}
    assert asker.turn == 4
