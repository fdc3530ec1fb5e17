"""A model on its way: made, looked at, published or given up, by one at a time, whatever is killed in between."""

import os
import signal
import threading

import pytest

from couveuse.documents.findings import ModelErrors
from couveuse.engine import drafting, jobs, rescoring
from couveuse.engine.delivering import Tally
from couveuse.engine.drafting import AnotherDraft, CommandRuns, NotReady, Same
from couveuse.engine.job_kinds import KINDS, LEARN, MAKE_DRAFT, PUBLISH_DRAFT
from couveuse.engine.jobs import Jobs, Standing
from couveuse.engine.live import NothingPublished
from couveuse.engine.rescoring import Rescore, give_up
from couveuse.errors import BadInput
from couveuse.store import turns
from couveuse.store.drafts import Way
from tests.engine.town import MODEL, NOW, Town, accepted, configuration
from tests.processes import python, until

NEW = MODEL.replace("points: 5", "points: 12").replace("points: 20", "points: 2")
DRAFTS = {name: KINDS[name] for name in (MAKE_DRAFT, PUBLISH_DRAFT)}
ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.fixture
def town(database):
    with Town(database) as town:
        town.take(
            accepted("Document Downloaded", NOW, email=ALICE),
            accepted("Page Viewed", NOW, email=ALICE),
            accepted("Quote Requested", NOW, email=BOB),
            accepted("Page Viewed", NOW, email=BOB),
        )
        yield town


def begin(town: Town, text: str = NEW, by: str = ALICE) -> int:
    return drafting.begin(town.connection, drafting.checked(text), by=by, now=NOW)


def work(town: Town) -> bool:
    return Jobs(town.url, configuration(), Tally(), DRAFTS, clock=lambda: town.now).work(town.connection)


def way(town: Town, draft_id: int) -> drafting.OnItsWay:
    found = drafting.on_its_way(town.connection, draft_id)
    assert found is not None
    return found


def made(town: Town, text: str = NEW) -> int:
    draft_id = begin(town, text)
    assert work(town)
    found = way(town, draft_id)
    assert found.draft.standing is Way.READY, found.job
    return draft_id


def standings(town: Town) -> list[str]:
    return [standing for (standing,) in town.rows("select standing from models order by id")]


def test_it_works(town):
    draft_id = made(town)
    found = way(town, draft_id)
    alice, bob = town.lead(ALICE), town.lead(BOB)
    assert found.comparison is not None
    assert [(m.before, m.after, m.way, m.leads, [(n.lead_id, n.before, n.after) for n in m.named])
            for m in found.comparison.moves] == [
        (0, 1, 1, 1, [(alice, 6, 13)]), (2, 0, -1, 1, [(bob, 21, 3)]),
    ]  # fmt: skip
    assert (found.comparison.going(1), found.comparison.going(-1), found.comparison.going(0)) == (1, 1, 0)
    assert town.score(ALICE) == 6  # nothing acts on it yet
    drafting.publish(town.connection, draft_id, per_day=0, by=BOB, now=NOW)
    assert work(town)
    assert standings(town) == ["retired", "acting"]
    settled = way(town, draft_id).draft
    assert (settled.standing, settled.settled_by, settled.settled_at) == (Way.PUBLISHED, BOB, NOW)
    town.model_id = settled.model_id
    assert town.score(ALICE) == pytest.approx(13)
    first, before = turns.turns(town.connection)
    assert (first.model_id, first.by, first.began_at, first.ended_at) == (settled.model_id, BOB, NOW, None)
    assert before.ended_at == NOW
    assert town.rows("select by, did from audit order by id") == [(ALICE, "draft begun"), (BOB, "model published")]
    assert drafting.on_its_way(town.connection) is None
    counting = jobs.latest(town.connection, LEARN)
    assert counting is not None
    assert counting.standing is Standing.WAITING  # what the history says of it is wanted soon


def test_facts_that_come_while_it_is_looked_at_are_in_what_acts(town):
    draft_id = made(town)
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE), accepted("Page Viewed", NOW + 1, email="new@example.com"))
    drafting.publish(town.connection, draft_id, per_day=0, by=ALICE, now=NOW)
    assert work(town)
    town.model_id = way(town, draft_id).draft.model_id
    assert (town.score(ALICE), town.score("new@example.com")) == (pytest.approx(14, abs=1e-3), 1)


def test_hand_overs_are_named_and_made_for_so_many_a_day_alone(town):
    generous = MODEL.replace("points: 1,", "points: 30,")
    draft_id = made(town, generous)
    comparison = way(town, draft_id).comparison
    assert comparison is not None
    assert [(each.team, each.cause, each.leads, [one.lead_id for one in each.named])
            for each in comparison.hand_overs] == [("sales", "high", 1, [town.lead(ALICE)])]  # fmt: skip
    drafting.publish(town.connection, draft_id, per_day=3, by=ALICE, now=NOW)
    work(town)
    assert town.rows("select per_day, lead_id from allowances join allowed on allowance_id = id") == [
        (3, town.lead(ALICE))
    ]


@pytest.mark.parametrize("per_day", [-1, drafting.MOST_PER_DAY + 1])
def test_so_many_a_day_is_a_number_that_somebody_can_mean(town, per_day):
    draft_id = made(town)
    with pytest.raises(BadInput, match="whole number"):
        drafting.publish(town.connection, draft_id, per_day=per_day, by=ALICE, now=NOW)


def test_errors_stand_at_their_line(town):
    with pytest.raises(ModelErrors) as caught:
        drafting.checked(MODEL.replace("points: 5", "points: five"))
    assert [(each.line, each.field) for each in caught.value.findings] == [(8, "rules[1].points")]


def test_what_a_browser_makes_of_the_text_is_the_same_document(town):
    with pytest.raises(Same):
        begin(town, "\ufeff" + MODEL.replace("\n", "\r\n"))


def test_a_document_that_is_too_long_is_refused(town):
    with pytest.raises(BadInput, match="256 KB"):
        drafting.checked(MODEL + "# " + "x" * drafting.MOST_BYTES)


def test_the_second_of_two_people_is_told_who_was_first(town):
    draft_id = begin(town)
    with pytest.raises(AnotherDraft, match=ALICE) as caught:
        begin(town, MODEL.replace("points: 5", "points: 6"), by=BOB)
    assert caught.value.draft.id == draft_id
    work(town)
    drafting.publish(town.connection, draft_id, per_day=0, by=ALICE, now=NOW)
    with pytest.raises(NotReady):
        drafting.publish(town.connection, draft_id, per_day=5, by=BOB, now=NOW)


def test_where_nothing_acts_nothing_sets_out(town):
    town.rows("update models set standing = 'retired' returning id")
    with pytest.raises(NothingPublished):
        begin(town)


def test_very_many_are_made_in_processes_of_their_own_from_the_deliverers_thread(town, monkeypatch):
    monkeypatch.setattr(rescoring, "MANY", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    draft_id, stopping = begin(town), threading.Event()
    thread = threading.Thread(
        target=Jobs(town.url, configuration(), Tally(), KINDS, clock=lambda: NOW).run, args=(stopping,)
    )
    thread.start()
    try:
        until(lambda: way(town, draft_id).draft.standing is Way.READY, 120)
    finally:
        stopping.set()
        thread.join()
    found = way(town, draft_id)
    assert found.comparison is not None
    # Processes of their own have the clock of the machine, by which a month has passed: all states are there.
    assert sum(move.leads for move in found.comparison.moves) == 2


# ---- Given up --------------------------------------------------------------------------------------------------------


def test_giving_up_what_was_looked_at_leaves_everything_as_it_was(town):
    draft_id = made(town)
    assert drafting.give_up(town.connection, draft_id, by=BOB, now=NOW)
    found = way(town, draft_id).draft
    assert (found.standing, found.settled_by) == (Way.GIVEN_UP, BOB)
    assert standings(town) == ["acting", "retired"]
    assert town.score(ALICE) == 6
    with pytest.raises(NotReady):
        drafting.give_up(town.connection, draft_id, by=BOB, now=NOW)
    begin(town)


def test_giving_up_what_was_not_begun_needs_no_job(town):
    draft_id = begin(town)
    assert drafting.give_up(town.connection, draft_id, by=BOB, now=NOW)
    assert not work(town)
    assert way(town, draft_id).draft.standing is Way.GIVEN_UP
    assert standings(town) == ["acting"]


def test_giving_up_what_is_being_made_ends_its_job(town, monkeypatch):
    draft_id, real = begin(town), Rescore.make

    def make(self, progress, **options):
        assert not drafting.give_up(town.connection, draft_id, by=BOB, now=NOW)
        assert way(town, draft_id).is_ending
        real(self, progress, **options)

    monkeypatch.setattr(Rescore, "make", make)
    other = Town.again(town.url, town.model_id)
    with other:
        Jobs(town.url, configuration(), Tally(), KINDS, clock=lambda: NOW).work(other.connection)
    found = way(town, draft_id)
    assert found.draft.standing is Way.GIVEN_UP
    assert found.job is not None
    assert found.job.standing is Standing.GIVEN_UP
    assert standings(town) == ["acting", "retired"]


def test_what_is_about_to_act_is_not_given_up(town):
    draft_id = made(town)
    drafting.publish(town.connection, draft_id, per_day=0, by=ALICE, now=NOW)
    with pytest.raises(NotReady):
        drafting.give_up(town.connection, draft_id, by=BOB, now=NOW)


# ---- Beside the command line -----------------------------------------------------------------------------------------


def test_what_is_half_made_by_command_is_told(town):
    with (
        Rescore(town.url, configuration(), drafting.checked(NEW), by="command line", clock=lambda: NOW),
        pytest.raises(CommandRuns),
    ):
        begin(town)
    give_up(town.url)
    begin(town)


def test_a_command_gives_up_a_draft_too(town):
    draft_id = made(town)
    assert give_up(town.url)
    assert way(town, draft_id).draft.standing is Way.GIVEN_UP


def test_what_fails_may_be_tried_again(town):
    draft_id = begin(town)
    with Rescore(town.url, configuration(), drafting.checked(NEW), by="command line", clock=lambda: NOW):
        work(town)  # refused: a command is at it
    found = way(town, draft_id)
    assert found.has_failed
    assert found.job is not None
    assert "Another rescore is running" in found.job.said
    assert drafting.try_again(town.connection, draft_id)
    work(town)
    assert way(town, draft_id).draft.standing is Way.READY


# ---- Restored --------------------------------------------------------------------------------------------------------


def test_an_older_version_is_restored_as_a_new_one(town):
    first = town.model_id
    drafting.publish(town.connection, made(town), per_day=0, by=ALICE, now=NOW)
    work(town)
    draft_id = drafting.restore(town.connection, first, by=BOB, now=NOW)
    work(town)
    drafting.publish(town.connection, draft_id, per_day=0, by=BOB, now=NOW)
    work(town)
    assert standings(town) == ["retired", "retired", "acting"]
    assert way(town, draft_id).draft.restores_id == first
    town.model_id = way(town, draft_id).draft.model_id
    assert town.score(ALICE) == 6


def test_the_version_that_acts_and_one_that_there_is_not_are_not_restored(town):
    with pytest.raises(Same):
        drafting.restore(town.connection, town.model_id, by=BOB, now=NOW)
    with pytest.raises(BadInput, match="no version 99"):
        drafting.restore(town.connection, 99, by=BOB, now=NOW)


# ---- Killed ----------------------------------------------------------------------------------------------------------

WORKER = """
import sys, threading
from couveuse.engine import rescoring
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from tests.engine.town import NOW, configuration

real = {module}.{name}
def hang(*given, **named):
    {before}
    print("here", flush=True)
    threading.Event().wait()
{module}.{name} = hang
Jobs(sys.argv[1], configuration(), Tally(), KINDS, clock=lambda: NOW).run(threading.Event())
"""


def killed(town: Town, *, module: str, name: str, before: str = "pass") -> None:
    """A worker that is killed once it is about to do something, or has done it."""
    with python(WORKER.format(module=module, name=name, before=before), town.url) as worker:
        assert worker.stdout is not None
        while worker.stdout.readline().strip() != "here":
            assert worker.poll() is None
        worker.send_signal(signal.SIGKILL)


def test_a_worker_killed_while_it_makes_states_leaves_them_to_another(town):
    draft_id = begin(town)
    killed(town, module="rescoring", name="_make_here")
    assert way(town, draft_id).draft.standing is Way.MAKING
    until(lambda: work(town))
    assert way(town, draft_id).draft.standing is Way.READY
    assert standings(town) == ["acting", "coming"]


def test_a_worker_killed_after_the_switch_does_not_switch_twice(town):
    draft_id = made(town)
    drafting.publish(town.connection, draft_id, per_day=0, by=ALICE, now=NOW)
    killed(town, module="rescoring.states", name="drop_partition")
    assert way(town, draft_id).draft.standing is Way.PUBLISHED
    until(lambda: work(town))
    assert standings(town) == ["retired", "acting"]
    assert town.rows("select count(*) from audit where did = 'model published'") == [(1,)]
    assert town.rows("select to_regclass(%s)", f"lead_states_{town.model_id}") == [(None,)]
    job = jobs.latest(town.connection, "publish-draft")
    assert job is not None
    assert job.standing is Standing.DONE
