"""What is kept for a while goes when its time is over, a step at a time, and nothing else does."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection

from couveuse.core.times import DAY_US, HOUR_US
from couveuse.engine import jobs, pruning
from couveuse.engine.pruning import Pruner, prune_all
from couveuse.store import connections
from couveuse.store.pruning import JOBS, REJECTS, prune
from tests.engine.town import NOW, configuration

OLD = NOW - 91 * DAY_US
YOUNG = NOW - 89 * DAY_US


@pytest.fixture
def connection(database: str) -> Iterator[Connection[Any]]:
    with connections.connect(database, "test", autocommit=True) as connection:
        yield connection


def job(connection: Connection[Any], ended: int | None, standing: str = "done", kind: str = "bulk") -> int:
    number = jobs.ask(connection, kind, {}, "alice@example.com", OLD)
    connection.execute("update jobs set standing = %s, ended_at = %s where id = %s", [standing, ended, number])
    return number


def upload(connection: Connection[Any], emptied: int | None, *, imported: str = "", by_job: int | None = None) -> int:
    import_id = None
    if imported:
        row = connection.execute(
            "insert into imports (kind, digest, files, settings, consent, done, standing, counts) "
            "values ('events', '', '[]', '{}', '{}', 0, %s, '{}') returning id", [imported],
        ).fetchone()  # fmt: skip
        assert row is not None
        import_id = row[0]
    row = connection.execute(
        "insert into uploads (name, kind, bytes, digest, format, compression, preview, at, by, emptied_at, import_id, "
        "job_id) values ('a.csv', 'leads', 1, '', 'csv', '', '{}', %s, 'x', %s, %s, %s) returning id",
        [OLD, emptied, import_id, by_job],
    ).fetchone()
    assert row is not None
    return int(row[0])


def ids(connection: Connection[Any], table: str) -> set[int]:
    return {number for (number,) in connection.execute(f"select id from {table}").fetchall()}


def reject(connection: Connection[Any], at: int, number: int = 1) -> None:
    connection.execute(
        "insert into rejects (received_at, source, reason, body) select %s, 'site', 'no_name', '{}' "
        "from generate_series(1, %s)", [at, number],
    )  # fmt: skip


def test_work_that_is_over_goes_and_what_waits_or_runs_stays(database: str, connection: Connection[Any]) -> None:
    gone = [job(connection, OLD, standing) for standing in ("done", "failed", "given_up")]
    stays = {job(connection, YOUNG), job(connection, None, "waiting"), job(connection, None, "running")}
    assert prune_all(database, configuration(), NOW) == {"jobs": 3}
    assert ids(connection, "jobs") == stays
    assert stays.isdisjoint(gone)


def test_the_last_report_on_the_history_stays_so_that_it_is_not_due_anew(
    database: str, connection: Connection[Any]
) -> None:
    job(connection, OLD, kind="learn")
    last = job(connection, OLD, kind="learn")
    prune_all(database, configuration(), NOW)
    assert ids(connection, "jobs") == {last}


def test_the_work_of_a_file_that_is_kept_stays_and_goes_with_it(database: str, connection: Connection[Any]) -> None:
    number = job(connection, OLD)
    file = upload(connection, None, by_job=number)
    assert prune_all(database, configuration(), NOW) == {}
    connection.execute("update uploads set emptied_at = %s where id = %s", [OLD, file])
    assert prune_all(database, configuration(), NOW) == {"uploads": 1, "jobs": 1}


def test_files_of_which_nothing_stands_go_and_those_of_imports_that_stand_are_known_again(
    database: str, connection: Connection[Any]
) -> None:
    upload(connection, OLD)
    upload(connection, OLD, imported="undone")
    stays = {
        upload(connection, YOUNG), upload(connection, None), upload(connection, OLD, imported="done"),
        upload(connection, OLD, imported="running"),
    }  # fmt: skip
    assert prune_all(database, configuration(), NOW) == {"uploads": 2}
    assert ids(connection, "uploads") == stays


def test_drafts_that_are_settled_go_and_the_one_on_its_way_stays(database: str, connection: Connection[Any]) -> None:
    for standing, settled in (("published", OLD), ("given_up", OLD), ("failed", YOUNG), ("ready", None)):
        connection.execute(
            "insert into drafts (base_id, document, by, made_at, standing, settled_at) values (1, '', 'x', %s, %s, %s)",
            [OLD, standing, settled],
        )
    assert prune_all(database, configuration(), NOW) == {"drafts": 2}
    left = connection.execute("select standing from drafts order by id").fetchall()
    assert left == [("failed",), ("ready",)]


def test_rejects_go_the_oldest_first(database: str, connection: Connection[Any]) -> None:
    reject(connection, OLD, 3)
    reject(connection, YOUNG, 2)
    assert prune_all(database, configuration(), NOW) == {"rejects": 3}
    assert connection.execute("select distinct received_at from rejects").fetchall() == [(YOUNG,)]


def test_invitations_that_are_over_go_and_those_that_may_be_used_stay(
    database: str, connection: Connection[Any]
) -> None:
    old, young, later = f"to_timestamp({OLD / 1e6})", f"to_timestamp({YOUNG / 1e6})", f"to_timestamp({NOW / 1e6 + 9})"
    for number, (expires, used, revoked) in enumerate(
        [(old, "null", "null"), (later, old, "null"), (later, "null", old), (young, "null", "null"),
         (later, young, "null"), (later, "null", "null")]
    ):  # fmt: skip
        connection.execute(
            "insert into invitations (digest, email, name, role, language, invited_by, expires_at, used_at, revoked_at)"
            f" values ('{number}', 'a@example.com', '', 'reader', 'fr', 'x', {expires}, {used}, {revoked})"
        )
    assert prune_all(database, configuration(), NOW) == {"invitations": 3}
    assert len(ids(connection, "invitations")) == 3


def test_expired_sessions_and_old_attempts_to_sign_in_go(database: str, connection: Connection[Any]) -> None:
    for key, days in (("old", -2), ("fresh", 2)):
        at = f"to_timestamp({(NOW + days * DAY_US) / 1e6})"
        connection.execute(f"insert into django_session values ('{key}', '', {at})")
    for at in (OLD, YOUNG):
        connection.execute(
            "insert into axes_accesslog (user_agent, username, http_accept, path_info, attempt_time, session_hash) "
            f"values ('', 'a@example.com', '', '', to_timestamp({at / 1e6}), '')"
        )
    assert prune_all(database, configuration(), NOW) == {"attempts": 1, "sessions": 1}
    assert connection.execute("select session_key from django_session").fetchall() == [("fresh",)]
    assert connection.execute("select count(*) from axes_accesslog").fetchone() == (1,)


def test_what_the_settings_keep_for_good_stays(database: str, connection: Connection[Any]) -> None:
    job(connection, OLD)
    reject(connection, OLD)
    kept = configuration(keep_work="0", keep_rejects="0", keep_sign_ins="0")
    assert prune_all(database, kept, NOW) == {}
    assert prune_all(database, configuration(keep_work="120", keep_rejects="30"), NOW) == {"rejects": 1}


def test_a_step_takes_away_so_many_at_most_and_steps_go_on(
    database: str, connection: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(connection, OLD, 5)
    assert prune(connection, REJECTS, before=NOW, most=2) == 2
    monkeypatch.setattr(pruning, "MOST", 2)
    monkeypatch.setattr(pruning, "prune", lambda *given, **named: prune(*given, **named, most=2))
    assert prune_all(database, configuration(), NOW) == {"rejects": 3}
    reject(connection, OLD, 5)
    monkeypatch.setattr(pruning, "MOST_STEPS", 1)
    assert prune_all(database, configuration(), NOW) == {"rejects": 2}  # the others have their turn; the rest later


def test_a_row_that_somebody_is_at_is_left_out_and_not_waited_for(database: str, connection: Connection[Any]) -> None:
    held, free = job(connection, OLD), job(connection, OLD)
    with connections.connect(database, "other", autocommit=True) as other, other.transaction():
        other.execute("select from jobs where id = %s for update", [held])
        connection.execute("set statement_timeout = 60000")
        assert prune(connection, JOBS, before=NOW) == 1
    assert ids(connection, "jobs") == {held}
    assert free not in ids(connection, "jobs")


def test_it_is_done_once_an_hour(database: str, connection: Connection[Any]) -> None:
    chore = Pruner()
    chore(database, configuration(), NOW)
    reject(connection, OLD)
    chore(database, configuration(), NOW + HOUR_US - 1)
    assert len(ids(connection, "rejects")) == 1
    chore(database, configuration(), NOW + HOUR_US)
    assert ids(connection, "rejects") == set()


def test_a_try_that_failed_is_made_again(connection: Connection[Any], database: str) -> None:
    chore = Pruner()
    with pytest.raises(connections.NoDatabase):
        chore("postgresql://nobody@127.0.0.1:1/none", configuration(), NOW)
    reject(connection, OLD)
    chore(database, configuration(), NOW + 1)
    assert ids(connection, "rejects") == set()
