"""The workshop beside a deliverer, as real processes: whoever is killed, no job is lost, and no alert waits for one."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.documents.team import parse_team
from couveuse.engine import jobs
from couveuse.engine.job_kinds import LEARN
from couveuse.engine.jobs import Job, Standing
from couveuse.store.rosters import apply_roster
from tests.channels.servers import Mailbox, mail_server
from tests.engine.town import Town, accepted
from tests.processes import Running, couveuse_runs, lives, until

TEAM = """
couveuse: 1
team: town
members: [{id: ada, name: Ada, email: ada@example.com}]
teams: [{id: sales, members: [ada], assignment: round_robin, alert: [member]}]
"""
MODULE = "couveuse.engine.workshop"
# Tables that sessions of others than the deliverer's own hold so that somebody might have to wait for them.
HELD = """
select count(*) from pg_locks l join pg_stat_activity a using (pid)
where l.granted and l.locktype = 'relation' and l.mode not in ('AccessShareLock', 'RowShareLock')
and a.datname = current_database() and a.application_name like 'couveuse %%'
and a.application_name <> all (%s) and pid <> pg_backend_pid()
"""
DELIVERERS = [f"couveuse {name}" for name in ("minder", "dispatcher", "deliverer", "post")]


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as town:
        apply_roster(town.connection, parse_team(TEAM, "team"), by="a test", now=town.now)
        yield town


@pytest.fixture
def mails() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def deliverer(town: Town, mails: Mailbox, tmp_path: Path) -> Iterator[Running]:
    with couveuse_runs(
        tmp_path, "deliver", database_url=town.url, secret_key="s" * 50, log_format="json",
        mail_url=f"smtp://127.0.0.1:{mails.port}",
    ) as running:  # fmt: skip
        until(lambda: {"deliverer", "workshop"} <= living(town).keys())
        yield running


def living(town: Town) -> dict[str, int]:
    """The processes that have given a sign of life and have not said that they end, by kind."""
    return dict(town.rows("select kind, pid from processes where pid <> 0 order by started_at"))


def workshop(running: Running) -> int:
    """The process beside the deliverer."""
    (pid,) = (pid for pid, command in running.children().items() if command.endswith(f"-m {MODULE}"))
    return pid


def the_job(town: Town, number: int) -> Job:
    found = jobs.find(town.connection, number)
    assert found is not None
    return found


def niceness(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[16])


@contextmanager
def held(town: Town) -> Iterator[int]:
    """A job that is under way and cannot end within the block; its number."""
    with psycopg.connect(town.url) as other:
        other.execute("lock table learnt_reports in access exclusive mode")
        number = jobs.ask(town.connection, LEARN, {}, "alice@example.com", time.time_ns() // 1000)
        until(lambda: the_job(town, number).standing == Standing.RUNNING)
        yield number


def stop_still(town: Town, pid: int) -> bool:
    """Let a workshop stand still; not in the midst of something for which others would wait, as a chore's writing."""
    os.kill(pid, signal.SIGSTOP)
    if town.rows(HELD, DELIVERERS) == [(0,)]:
        return True
    os.kill(pid, signal.SIGCONT)
    return False


def events(running: Running) -> list[Any]:
    return [(line["process"], line["event"]) for line in running.lines]


def test_it_works_and_both_end_in_good_order(town: Town, deliverer: Running) -> None:
    number = jobs.ask(town.connection, LEARN, {}, "alice@example.com", time.time_ns() // 1000)
    until(lambda: the_job(town, number).standing == Standing.DONE)
    pid = workshop(deliverer)
    assert living(town) == {"deliverer": deliverer.pid, "workshop": pid}
    assert niceness(pid) == min(niceness(deliverer.pid) + 5, 19)  # others go first
    assert deliverer.stop() == 0
    assert not lives(pid)
    assert living(town) == {}
    assert [line["code"] for line in deliverer.lines if line["event"] == "workshop ended"] == [0]
    assert events(deliverer)[-1] == ("deliverer", "deliverer stopped")
    assert not [line for line in deliverer.lines if line["level"] in ("error", "warning")]


def test_a_workshop_that_is_killed_is_begun_again_and_its_job_is_finished(town: Town, deliverer: Running) -> None:
    first = workshop(deliverer)
    with held(town) as number:
        os.kill(first, signal.SIGKILL)
        until(lambda: not lives(first))
    until(lambda: the_job(town, number).standing == Standing.DONE)
    assert the_job(town, number).tries == 2
    assert workshop(deliverer) != first
    (died,) = (line for line in deliverer.lines if line["event"] == "workshop has died")
    assert (died["process"], died["pid"], died["code"]) == ("deliverer", first, -signal.SIGKILL)
    assert deliverer.stop() == 0


def test_a_workshop_in_the_midst_of_a_job_ends_with_the_deliverer_and_another_one_goes_on(
    town: Town, deliverer: Running, tmp_path: Path
) -> None:
    with held(town) as number:
        pid = workshop(deliverer)
        deliverer.process.send_signal(signal.SIGTERM)
    assert deliverer.process.wait(120) == 0
    assert not lives(pid)
    assert the_job(town, number).standing in (Standing.DONE, Standing.WAITING)
    with couveuse_runs(tmp_path, "deliver", database_url=town.url, secret_key="s" * 50):
        until(lambda: the_job(town, number).standing == Standing.DONE)


def test_a_workshop_whose_deliverer_is_killed_ends(town: Town, deliverer: Running) -> None:
    pid = workshop(deliverer)
    deliverer.process.kill()
    deliverer.process.wait()
    until(lambda: not lives(pid))
    until(lambda: "workshop" not in living(town))
    assert ("workshop", "workshop stopped") in events(deliverer)


def test_an_alert_leaves_while_a_job_has_the_workshop_to_itself(town: Town, deliverer: Running, mails: Mailbox) -> None:
    """As if the job never let another thread have a turn: the process does nothing else, and nothing waits for it."""
    pid = workshop(deliverer)
    with held(town) as number:
        until(lambda: stop_still(town, pid))
    try:
        town.now = time.time_ns() // 1000
        town.take(accepted("Quote Requested", town.now, email="anna@example.com"))
        until(lambda: mails.raw)
        assert mails.to == [["ada@example.com"]]
        assert the_job(town, number).standing == Standing.RUNNING
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: the_job(town, number).standing == Standing.DONE)
    assert deliverer.stop() == 0
