"""A connection whose answer was lost is given up; one that the server works for is left alone, however long that is."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from couveuse.engine.silence import LOOKS, Watchdog
from couveuse.store import connections
from tests.faults.networks import Network
from tests.processes import until


class Asking(threading.Thread):
    """Asks one thing on a connection of its own, and tells how it ended."""

    def __init__(self, url: str, question: str) -> None:
        super().__init__()
        self.connection: psycopg.Connection[Any] | None = psycopg.connect(url, autocommit=True)
        self.turn, self._question = 1, question
        self.error: psycopg.Error | None = None

    def run(self) -> None:
        assert self.connection is not None
        try:
            self.connection.execute(self._question)  # type: ignore[arg-type]  # the test's own words
        except psycopg.Error as error:
            self.error = error
        self.connection.close()


@pytest.fixture
def network(database: str) -> Iterator[Network]:
    with Network(database) as network:
        yield network


def looks(watchdog: Watchdog) -> list[int]:
    return [watchdog.look() for _ in range(LOOKS + 1)]


def asked(network: Network, asking: Asking) -> None:
    """Start to ask; returns once the server works on it."""
    assert asking.connection is not None
    pid = asking.connection.info.backend_pid
    asking.start()
    with psycopg.connect(network.upstream, autocommit=True) as other:
        query = "select 1 from pg_stat_activity where pid = %s and state = 'active'"
        until(lambda: other.execute(query, [pid]).fetchone())


def test_a_lost_answer_is_not_waited_for(network: Network) -> None:
    asking = Asking(network.url, "select pg_sleep(0.2)")
    asked(network, asking)
    network.cut()
    with psycopg.connect(network.upstream, autocommit=True) as other:
        until(lambda: not other.execute("select 1 from pg_stat_activity where query ~ '^select pg_sleep' "
                                        "and state = 'active'").fetchone())  # fmt: skip
    network.mend()
    assert looks(Watchdog(network.url, [asking])) == [0] * LOOKS + [1]
    asking.join(120)
    assert isinstance(asking.error, psycopg.OperationalError)


def test_what_takes_long_is_waited_for(network: Network) -> None:
    asking = Asking(network.url, "select pg_sleep(60)")
    asked(network, asking)
    watchdog = Watchdog(network.url, [asking])
    assert looks(watchdog) == [0] * (LOOKS + 1)
    assert asking.connection is not None
    connections.hang_up(asking.connection)
    asking.join(120)
    assert looks(watchdog) == [0] * (LOOKS + 1)  # it is closed


def test_who_asks_nothing_is_left_alone(network: Network) -> None:
    asking = Asking(network.url, "select 1")
    assert looks(Watchdog(network.url, [asking])) == [0] * (LOOKS + 1)
    assert asking.connection is not None
    asking.connection.close()
    asking.connection = None
    assert looks(Watchdog(network.url, [asking])) == [0] * (LOOKS + 1)


def test_each_batch_is_waited_for_anew(network: Network) -> None:
    asking = Asking(network.url, "select pg_sleep(0.2)")
    asked(network, asking)
    network.cut()
    network.mend()
    watchdog = Watchdog(network.url, [asking])
    for _ in range(LOOKS * 2):
        assert watchdog.look() == 0
        asking.turn += 1
    assert asking.connection is not None
    connections.hang_up(asking.connection)
    asking.join(120)


def test_a_block_that_takes_too_long_is_ended(database: str) -> None:
    with connections.connect(database, "test") as connection:
        with pytest.raises(psycopg.OperationalError), connections.within(connection, 0.1):
            connection.execute("select pg_sleep(30)")
        with suppress(psycopg.Error):
            connection.rollback()
