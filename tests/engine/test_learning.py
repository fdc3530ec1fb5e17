"""What is learnt of the whole history: the same as the files say, in counts, and when it is due."""

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from couveuse.engine import jobs, learning
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS, LEARN
from couveuse.engine.jobs import Jobs, Standing
from couveuse.store import learnt as store
from couveuse.store.learnt import Learnt, LearntLead
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, configuration, publish
from tests.processes import python, until

HOUR = DAY // 24


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def people(town: Town) -> None:
    """Alice asked for a quote and bought, Bob downloads, Carol was there long ago."""
    town.take(
        accepted("Document Downloaded", NOW - 200 * DAY, email="carol@example.com"),
        accepted("Quote Requested", NOW - 100 * DAY, email="alice@example.com", source="fair"),
        accepted("Document Downloaded", NOW - 60 * DAY, email="alice@example.com", source="fair"),
        accepted("Opportunity Won", NOW - 50 * DAY, email="alice@example.com", source="crm"),
        accepted("Document Downloaded", NOW - 5 * DAY, email="bob@example.com"),
        accepted("Document Downloaded", NOW - 4 * DAY, email="bob@example.com"),
        accepted("Traits Set", NOW - 4 * DAY, email="bob@example.com", traits={"job_title": "CEO"}),
        accepted("Page Viewed", NOW - DAY, user_id="u2"),
    )


def learn(town: Town, data: Path) -> Learnt:
    learning.ask(town.connection, by="alice@example.com", now=NOW)
    assert Jobs(town.url, configuration(data=str(data)), Tally(), KINDS, clock=lambda: town.now).work(town.connection)
    found = store.latest(town.connection, town.model_id)
    assert found is not None, jobs.latest(town.connection, LEARN)
    return found


def test_it_works(town, tmp_path):
    people(town)
    found = learn(town, tmp_path)
    assert (found.model_id, found.at, found.leads, found.facts) == (town.model_id, NOW, 4, 8)
    assert [(band.id, band.leads, band.prior) for band in found.bands] == [
        ("low", 3, 0.05), ("mid", 1, 0.25), ("high", 0, 0.50),
    ]  # fmt: skip
    assert sum(each.leads for each in found.bins) == 4
    assert [(each.source, each.leads, each.hot, each.won) for each in found.sources] == [
        ("web", 3, 0, 0), ("fair", 1, 0, 1),
    ]  # fmt: skip
    job = jobs.latest(town.connection, LEARN)
    assert job is not None
    assert (job.standing, job.found["leads"]) == (Standing.DONE, 4)


def test_each_rule_tells_its_leads_and_points_over_days(town, tmp_path):
    people(town)
    download = learn(town, tmp_path).rule("download")
    bob, alice = town.lead("bob@example.com"), town.lead("alice@example.com")
    assert (download.leads, download.lines, download.points) == (3, 4, 20)
    assert [
        (each.days, each.leads, each.points, [(one.lead_id, one.points) for one in each.best])
        for each in download.periods
    ] == [
        (7, 1, 10, [(bob, 10)]), (30, 1, 10, [(bob, 10)]), (90, 2, 15, [(bob, 10), (alice, 5)]),
    ]  # fmt: skip


def test_of_a_fit_rule_each_period_tells_whom_it_fits_now(town, tmp_path):
    people(town)
    boss = learn(town, tmp_path).rule("boss")
    assert [(each.leads, each.points) for each in boss.periods] == [(1, 10), (1, 10), (1, 10)]


def test_a_lead_by_its_user_id_is_behind_a_rule_too(town, tmp_path):
    people(town)
    assert learn(town, tmp_path).rule("visit").in_days(7).best == (LearntLead(town.lead("u2"), 1.0),)


def test_a_rule_that_did_nothing_did_nothing(town, tmp_path):
    people(town)
    quote = learn(town, tmp_path).rule("quote")
    assert quote.in_days(7).leads == 0
    assert quote.in_days(7).best == ()


def test_nobody_is_named(town, tmp_path):
    people(town)
    assert "example.com" not in json.dumps(asdict(learn(town, tmp_path)))


def test_nothing_recorded_is_a_report_of_nothing(town, tmp_path):
    found = learn(town, tmp_path)
    assert (found.leads, [band.leads for band in found.bands], found.ranking) == (0, [0, 0, 0], None)


def test_nothing_of_a_person_stays_in_the_folder(town, tmp_path):
    people(town)
    learn(town, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_later_report_stays_where_an_earlier_one_comes_late(town, tmp_path):
    people(town)
    found = learn(town, tmp_path)
    early = Learnt(**{name: getattr(found, name) for name in found.__dataclass_fields__ if name != "at"}, at=NOW - 1)
    store.save(town.connection, early, {})
    kept = store.latest(town.connection, town.model_id)
    assert kept == found


def test_a_process_that_is_told_to_stop_leaves_it_between_two_steps(town, tmp_path):
    people(town)
    number, stopping = learning.ask(town.connection, by="alice@example.com", now=NOW), threading.Event()
    stopping.set()
    Jobs(town.url, configuration(data=str(tmp_path)), Tally(), KINDS, clock=lambda: NOW).work(town.connection, stopping)
    job = jobs.find(town.connection, number)
    assert job is not None
    assert (job.standing, job.tries) == (Standing.WAITING, 0)
    assert list(tmp_path.iterdir()) == []


HANGS = """
import sys, threading
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from couveuse.history.scoring import Scoring
from tests.engine.town import NOW, configuration

def hang(*_):
    print("here", flush=True)
    threading.Event().wait()
Scoring.fold = hang
Jobs(sys.argv[1], configuration(data=sys.argv[2]), Tally(), KINDS, clock=lambda: NOW).run(threading.Event())
"""


def test_a_worker_killed_in_its_midst_leaves_it_to_another_and_nothing_of_a_person(town, tmp_path):
    people(town)
    number = learning.ask(town.connection, by="alice@example.com", now=NOW)
    with python(HANGS, town.url, tmp_path) as worker:
        assert worker.stdout is not None
        while worker.stdout.readline().strip() != "here":
            assert worker.poll() is None
        assert list(tmp_path.iterdir()) != []
        worker.send_signal(signal.SIGKILL)
    one = Jobs(town.url, configuration(data=str(tmp_path)), Tally(), KINDS, clock=lambda: NOW)
    until(lambda: one.work(town.connection))
    job = jobs.find(town.connection, number)
    assert job is not None
    assert (job.standing, job.takes) == (Standing.DONE, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_report_of_another_version_of_ours_is_counted_again(town, tmp_path):
    people(town)
    learn(town, tmp_path)
    town.rows("update learnt_reports set report = report - 'bins' returning model_id")
    assert store.latest(town.connection, town.model_id) is None
    assert learning.is_due(town.connection, NOW)


# ---- When ------------------------------------------------------------------------------------------------------------


def test_it_is_due_as_soon_as_there_is_something_to_learn(town):
    assert not learning.is_due(town.connection, NOW)
    people(town)
    assert learning.is_due(town.connection, NOW)


def test_it_is_asked_for_once_and_with_low_priority(town):
    people(town)
    for _ in range(2):
        learning.learn_if_due(town.url, configuration(), NOW)
    assert town.rows("select count(*), bool_and(is_low) from jobs") == [(1, True)]


def test_it_is_due_again_after_a_night(town, tmp_path):
    people(town)
    learn(town, tmp_path)
    assert not learning.is_due(town.connection, NOW)
    night = learning.last_night(NOW, "Europe/Paris") + DAY
    assert not learning.is_due(town.connection, night - 1)
    assert learning.is_due(town.connection, night)


def test_it_is_due_once_files_came_in_and_once_another_version_acts(town, tmp_path):
    people(town)
    learn(town, tmp_path)
    town.rows(
        "insert into imports (kind, digest, files, settings, consent, standing, done, counts, started_at, ended_at) "
        "values ('events', '', '[]', '{}', '{}', 'done', 0, '{}', now(), to_timestamp(%s)) returning id",
        NOW // 1_000_000 + 60,
    )
    assert not learning.is_due(town.connection, NOW)
    assert learning.is_due(town.connection, NOW + 2 * 60_000_000)
    town.rows("delete from imports returning id")
    publish(town.connection, MODEL.replace("points: 5", "points: 6"))
    assert not learning.is_due(town.connection, NOW)  # no lead has a state under it yet


def test_after_a_failure_it_waits(town):
    people(town)
    learning.ask(town.connection, by="couveuse", now=NOW)
    town.rows("update jobs set standing = 'failed', ended_at = %s returning id", NOW)
    assert not learning.is_due(town.connection, NOW + HOUR)
    assert learning.is_due(town.connection, NOW + 7 * HOUR)
