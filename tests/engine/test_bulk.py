"""Many leads changed alike: at once where they are few, by a job that a kill does not repeat, and once for each id."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from couveuse.engine import bulk, jobs
from couveuse.engine.bulk import Act, Change, Changed, TooMany, change_leads
from couveuse.engine.by_hand import BadWord
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import GivenUp, Job, Jobs, Stopped, Work
from tests.engine.town import NOW, Town, accepted, configuration

JOIN = Change(Act.JOIN, "Salon")


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        found.take(*(accepted("Page Viewed", email=f"{number}@example.com") for number in range(5)))
        yield found


def numbers(town: Town) -> list[int]:
    return [lead for (lead,) in town.rows("select id from leads order by id")]


def change(town: Town, what: Change, leads: list[int], id: str = "1", now: int = NOW + 1) -> Changed:
    return change_leads(town.connection, leads, what, id=id, by="alice@example.com", now=now)


def in_salon(town: Town) -> int:
    town.work()
    return int(town.rows("select count(*) from leads where groups = '{Salon}'")[0][0])


def do_jobs(town: Town) -> None:
    runner = Jobs(town.url, configuration(), Tally(), KINDS, clock=lambda: NOW + 2)
    while runner.work(town.connection):
        pass


def test_it_works(town: Town):
    first, second, *_ = numbers(town)
    assert change(town, JOIN, [first, second, second]) == Changed(2)
    assert in_salon(town) == 2
    assert town.rows("select by, did, about ->> 'leads', about ->> 'act' from audit") == [
        ("alice@example.com", "changed leads in bulk", "2", "join")
    ]
    change(town, Change(Act.LEAVE, "Salon"), [first], id="2", now=NOW + 2)
    assert in_salon(town) == 1


def test_an_id_counts_once(town: Town):
    change(town, JOIN, numbers(town)[:2])
    assert change(town, JOIN, numbers(town)[:2]) == Changed(2)
    town.work()
    assert town.rows("select count(*) from events") == [(7,)]


def test_of_many_a_job_is_made_that_says_nothing_twice(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "STEP", 2)
    asked = change(town, JOIN, numbers(town))
    assert asked.job is not None
    assert change(town, JOIN, numbers(town)) == asked
    assert in_salon(town) == 0
    job = jobs.find(town.connection, asked.job)
    assert job is not None

    def stops(done: int, total: int | None, step: str) -> None:
        if done >= 4:
            raise Stopped

    with pytest.raises(Stopped):  # as a process that ends in the midst of it
        bulk.run(Work(job, town.url, configuration(), stops))
    assert in_salon(town) == 4
    do_jobs(town)
    assert in_salon(town) == 5
    assert town.rows("select count(*) from events") == [(10,)]
    done = jobs.find(town.connection, asked.job)
    assert done is not None
    assert done.found == {"leads": 5}


def test_no_more_are_changed_at_a_time_than_is_said(town: Town):
    with pytest.raises(TooMany):
        change(town, JOIN, list(range(1, bulk.MOST + 2)))
    assert town.rows("select count(*) from audit") == [(0,)]


@pytest.mark.parametrize(
    "what", [Change(Act.JOIN, " "), Change(Act.CLASS, "friend"), Change(Act.CLASS), Change(Act.OWNER, "mallory")]
)
def test_what_cannot_be_done_is_refused_before_anything_is(town: Town, what: Change):
    with pytest.raises(BadWord):
        change(town, what, numbers(town))
    assert town.rows("select count(*) from inbox") == [(0,)]


def test_leads_are_set_aside_and_relevant_again(town: Town):
    change(town, Change(Act.CLASS, "student"), numbers(town)[:2])
    town.work()
    assert town.rows("select count(*) from lead_states where class = 'student'") == [(2,)]
    town.now += 10
    change(town, Change(Act.RELEVANT), numbers(town), id="2", now=NOW + 5)
    town.work()
    assert town.rows("select count(*) from lead_states where class = 'student'") == [(0,)]


def test_who_is_no_more_is_passed_over(town: Town):
    change(town, JOIN, [*numbers(town)[:1], 999])
    assert in_salon(town) == 1


def a_job(town: Town, what: Change = JOIN, id: str = "job") -> Job:
    asked = change(town, what, numbers(town), id)
    assert asked.job is not None
    found = jobs.find(town.connection, asked.job)
    assert found is not None
    return found


def left(town: Town) -> int:
    return int(town.rows("select count(*) from bulk_leads")[0][0])


@pytest.fixture
def by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two leads at once, two in a step."""
    for name in ("AT_ONCE", "STEP", "STEP_OF_TASKS"):
        monkeypatch.setattr(bulk, name, 2)


@pytest.mark.usefixtures("by_steps")
def test_a_step_that_fails_leaves_its_leads_for_another_try(town: Town, monkeypatch: pytest.MonkeyPatch):
    job, apply = a_job(town), bulk.apply
    steps: list[Sequence[int]] = []

    def fails(connection: Any, leads: Sequence[int], *given: Any, **named: Any) -> None:
        steps.append(leads)
        if len(steps) == 2:
            raise ZeroDivisionError
        apply(connection, leads, *given, **named)

    monkeypatch.setattr(bulk, "apply", fails)
    with pytest.raises(ZeroDivisionError):
        bulk.run(Work(job, town.url, configuration(), lambda *_: None))
    assert left(town) == 3
    bulk.run(Work(job, town.url, configuration(), lambda *_: None))
    assert [len(each) for each in steps] == [2, 2, 2, 1]
    assert steps[2] == steps[1]  # and no step that was done is done again
    assert in_salon(town) == 5
    assert left(town) == 0


@pytest.mark.usefixtures("by_steps")
def test_one_that_is_stopped_changes_no_more_and_keeps_nothing(town: Town):
    job = a_job(town)

    def stops(done: int, total: int | None, step: str) -> None:
        if done >= 2:
            bulk.stop(town.connection, job.id, by="alice@example.com", now=NOW + 3)
            raise GivenUp

    town.connection.execute("update jobs set standing = 'running' where id = %s", [job.id])
    with pytest.raises(GivenUp):
        bulk.run(Work(job, town.url, configuration(), stops))
    assert in_salon(town) == 2
    assert left(town) == 0


@pytest.mark.usefixtures("by_steps")
def test_one_that_waits_is_stopped_at_once(town: Town):
    job = a_job(town)
    bulk.stop(town.connection, job.id, by="alice@example.com", now=NOW + 3)
    do_jobs(town)
    assert (in_salon(town), left(town)) == (0, 0)
    assert town.rows("select standing, give_up_by from jobs") == [("given_up", "alice@example.com")]


@pytest.mark.usefixtures("by_steps")
def test_making_relevant_again_goes_by_steps_too(town: Town):
    change(town, Change(Act.CLASS, "student"), numbers(town)[:2])
    town.work()
    a_job(town, Change(Act.RELEVANT))
    do_jobs(town)
    town.work()
    assert town.rows("select count(*) from lead_states where class = 'student'") == [(0,)]


KILLED = """
import os, sys
from couveuse.engine import bulk, jobs
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.store import connections
from tests.engine.town import configuration

bulk.STEP = 2
apply = bulk.apply
steps = []

def dies(*given, **named):
    steps.append(1)
    apply(*given, **named)
    if len(steps) == 2:
        os.kill(os.getpid(), 9)

bulk.apply = dies
with connections.connect(sys.argv[1], "killed", autocommit=True) as connection:
    jobs.Jobs(sys.argv[1], configuration(), Tally(), KINDS).work(connection)
"""


@pytest.mark.usefixtures("by_steps")
def test_one_that_is_killed_in_a_step_goes_on_from_it(town: Town):
    job = a_job(town)
    done = subprocess.run([sys.executable, "-c", KILLED, town.url], check=False, timeout=60)
    assert done.returncode == -9
    assert left(town) == 3  # of the step in which it died nothing is done, and all is left
    do_jobs(town)
    assert in_salon(town) == 5
    assert town.rows("select count(*) from events") == [(10,)]
    found = jobs.find(town.connection, job.id)
    assert found is not None
    assert (found.standing.value, found.found) == ("done", {"leads": 5})
