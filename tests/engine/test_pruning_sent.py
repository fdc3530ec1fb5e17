"""Alerts and messages go a year after their work is done, and not while anybody may still ask, act or answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection

from couveuse.core.times import DAY_US
from couveuse.engine.pruning import prune_all
from couveuse.store import connections
from tests.engine.town import NOW, configuration

OLD = NOW - 366 * DAY_US
YOUNG = NOW - 364 * DAY_US
SETTINGS = configuration()


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with connections.connect(database, "test", autocommit=True) as connection:
        yield connection


def made(connection: Connection[Any], query: str, *values: object) -> int:
    row = connection.execute(query, values).fetchone()  # type: ignore[arg-type]  # the tests' own words
    assert row is not None
    return int(row[0])


def task(connection: Connection[Any], standing: str = "closed", closed: int | None = OLD) -> int:
    return made(
        connection,
        "insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, rate, value, expected, score, "
        "standing, closed_at) select 1, count(*), 'sales', 'call', 1, 1, 0, 0, 0, 0, %s, %s from tasks returning id",
        standing, closed,
    )  # fmt: skip


def alert(
    connection: Connection[Any], at: int = OLD, *, of: int | None = None, task_id: int | None = None,
    acknowledged: int | None = None, withdrawn: int | None = None,
) -> int:  # fmt: skip
    return made(
        connection,
        "insert into alerts (kind, key, lead_id, of_id, task_id, team, at, acknowledged_at, withdrawn_at) "
        "select 'handed_over', 'a' || count(*), 1, %s, %s, 'sales', %s, %s, %s from alerts returning id",
        of, task_id, at, acknowledged, withdrawn,
    )  # fmt: skip


def intent(
    connection: Connection[Any], standing: str = "done", settled: int | None = OLD, *, alert_id: int | None = None
) -> int:
    number = made(
        connection,
        "insert into intents (key, channel, audience, kind, target, about, alert_id, standing, made_at, due_at, "
        "settled_at, attempts) select 'i' || count(*), 'email', 'team', 'handed_over', '{}', '{}', %s, %s, 1, 1, %s, 1 "
        "from intents returning id",
        alert_id, standing, settled,
    )  # fmt: skip
    connection.execute("insert into intent_attempts (intent_id, number, at) values (%s, 1, 1)", [number])
    return number


def digest(connection: Connection[Any], alert_id: int, intent_id: int | None) -> None:
    connection.execute("insert into digest_items values (%s, 'alice', 1, %s)", [alert_id, intent_id])


def ids(connection: Connection[Any], table: str) -> set[int]:
    return {number for (number,) in connection.execute(f"select id from {table}").fetchall()}  # type: ignore[arg-type]


def attempts(connection: Connection[Any]) -> set[int]:
    return {number for (number,) in connection.execute("select intent_id from intent_attempts").fetchall()}


def test_an_alert_whose_work_is_done_goes_with_all_that_went_out_of_it(
    database: str, connection: Connection[Any]
) -> None:
    for standing in ("done", "withdrawn", "dead"):
        intent(connection, standing, alert_id=alert(connection, task_id=task(connection)))
    alert(connection, task_id=task(connection, "withdrawn"), acknowledged=OLD)
    alert(connection, withdrawn=OLD)  # of no task
    assert prune_all(database, SETTINGS, NOW) == {"alerts": 5}
    assert ids(connection, "alerts") == ids(connection, "intents") == attempts(connection) == set()


def test_an_alert_stays_for_its_time_from_the_last_that_was_done_with_it(
    database: str, connection: Connection[Any]
) -> None:
    stays = {
        alert(connection, YOUNG),
        alert(connection, acknowledged=YOUNG),
        alert(connection, withdrawn=YOUNG),
        alert(connection, task_id=task(connection, closed=YOUNG)),
    }
    sent_late = alert(connection)
    intent(connection, settled=YOUNG, alert_id=sent_late)
    assert prune_all(database, SETTINGS, NOW) == {}
    assert ids(connection, "alerts") == {*stays, sent_late}


def test_an_alert_stays_while_its_task_is_open_or_accepted(database: str, connection: Connection[Any]) -> None:
    stays = {alert(connection, task_id=task(connection, standing, None)) for standing in ("open", "accepted")}
    assert prune_all(database, SETTINGS, NOW) == {}
    assert ids(connection, "alerts") == stays


@pytest.mark.parametrize("standing", ["waiting", "flying", "parked"])
def test_an_alert_of_which_something_is_under_way_or_nobody_knows_stays(
    database: str, connection: Connection[Any], standing: str
) -> None:
    alone, together = alert(connection), alert(connection)
    intent(connection, standing, OLD if standing == "parked" else None, alert_id=alone)
    digest(connection, together, intent(connection, standing, OLD if standing == "parked" else None))
    assert prune_all(database, SETTINGS, NOW) == {}
    assert ids(connection, "alerts") == {alone, together}
    assert len(attempts(connection)) == 2


def test_an_alert_that_waits_for_a_digest_stays_and_a_digest_goes_after_its_alerts(
    database: str, connection: Connection[Any]
) -> None:
    waits, told, young = alert(connection), alert(connection), alert(connection, YOUNG)
    digest(connection, waits, None)
    gone, stays = intent(connection), intent(connection)
    digest(connection, told, gone)
    digest(connection, young, stays)
    assert prune_all(database, SETTINGS, NOW) == {"alerts": 1, "intents": 1}
    assert ids(connection, "alerts") == {waits, young}
    assert ids(connection, "intents") == attempts(connection) == {stays}
    assert gone != stays


def test_an_alert_to_which_one_refers_goes_after_that_one(database: str, connection: Connection[Any]) -> None:
    first = alert(connection)
    second = alert(connection, YOUNG, of=first)
    assert prune_all(database, SETTINGS, NOW) == {}
    connection.execute("update alerts set at = %s where id = %s", [OLD, second])
    assert prune_all(database, SETTINGS, NOW) == {"alerts": 1}
    assert prune_all(database, SETTINGS, NOW) == {"alerts": 1}  # an hour later
    assert ids(connection, "alerts") == set()


def test_what_went_out_of_no_alert_goes_and_what_somebody_has_to_say_stays(
    database: str, connection: Connection[Any]
) -> None:
    for standing in ("done", "withdrawn", "dead"):
        intent(connection, standing)
    stays = {intent(connection, "parked"), intent(connection, "waiting", None), intent(connection, "flying", None)}
    stays |= {intent(connection, standing, YOUNG) for standing in ("done", "withdrawn", "dead")}
    assert prune_all(database, SETTINGS, NOW) == {"intents": 3}
    assert ids(connection, "intents") == attempts(connection) == stays


def test_the_setting_says_how_long_and_nought_for_good(database: str, connection: Connection[Any]) -> None:
    alert(connection)
    intent(connection)
    assert prune_all(database, configuration(keep_sent="0"), NOW) == {}
    assert prune_all(database, configuration(keep_sent="367"), NOW) == {}
    assert prune_all(database, configuration(keep_sent="364"), NOW) == {"alerts": 1, "intents": 1}


def test_an_alert_that_somebody_is_at_is_left_out_and_not_waited_for(
    database: str, connection: Connection[Any]
) -> None:
    held, free = alert(connection), alert(connection)
    with connections.connect(database, "other", autocommit=True) as other, other.transaction():
        other.execute("select from alerts where id = %s for update", [held])
        assert prune_all(database, SETTINGS, NOW) == {"alerts": 1}
    assert ids(connection, "alerts") == {held}
    assert free != held
