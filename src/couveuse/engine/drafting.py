"""From an edited model to one that acts: its states made by a job, the difference looked at, then a switch or nothing.

One draft is on its way at a time. Each step is a job that is taken up again after a kill; what a step changes for
others (the switch, the giving up) is one transaction with the draft's own standing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.documents.reading import Document, parse_model
from couveuse.engine import comparing, jobs, rescoring
from couveuse.engine.comparing import Comparison
from couveuse.engine.job_kinds import LEARN, MAKE_DRAFT, PUBLISH_DRAFT
from couveuse.engine.jobs import GivenUp, Job, Standing, Work
from couveuse.engine.live import NothingPublished
from couveuse.engine.rescoring import Rescore
from couveuse.errors import BadInput, CouveuseError
from couveuse.store import audit, connections, drafts, published, states, versions
from couveuse.store.drafts import Draft, Way

# What errors call a document that came by a page or the API.
NAME: Final = "model"
MOST_BYTES: Final = 256 * 1024
MOST_PER_DAY: Final = 10_000


class AnotherDraft(CouveuseError):
    """Another model is on its way to act."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        super().__init__(
            f"{draft.by} has another model on its way: publish it or give it up first, on the page Scoring"
        )


class CommandRuns(CouveuseError):
    """A model is being published by command, or was left half made: let it end, or run couveuse rescore --give-up."""

    known_as = "another_model"


class NotReady(CouveuseError):
    """The draft is not at the point where this may be done: look at it again."""


class Same(BadInput):
    """The document says the same as the one that acts: change something in it."""


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A draft with the job that works on it, and what it would change, once that is known."""

    draft: Draft
    job: Job | None
    comparison: Comparison | None

    @property
    def has_failed(self) -> bool:
        """Whether its job failed: it may be tried again, or the draft given up."""
        return self.draft.standing.is_open and self.job is not None and self.job.standing is Standing.FAILED

    @property
    def is_ending(self) -> bool:
        """Whether somebody gave it up while its job ran."""
        return self.draft.standing.is_open and self.job is not None and self.job.give_up_by is not None


def checked(text: str) -> Document:
    """The model that a text says; raises ModelErrors with the line of each, BadInput for one that is too long."""
    if len(text.encode()) > MOST_BYTES:
        raise BadInput(f"the document is longer than {MOST_BYTES // 1024} KB: shorten it")
    # A browser sends a textarea's lines with CRLF; a file may begin with a mark of its encoding.
    return parse_model(text.removeprefix("\ufeff").replace("\r\n", "\n"), NAME)


def begin(connection: Connection[Any], document: Document, *, by: str, now: int, restores_id: int | None = None) -> int:
    """A model sets out; returns the draft's number. Nothing acts on it yet.

    Raises Same, AnotherDraft, CommandRuns, NothingPublished.
    """
    with connection.transaction():
        acting = versions.acting(connection)
        if acting is None:
            raise NothingPublished
        if acting.published.document == document.text:
            raise Same
        draft_id = drafts.begin(
            connection, base_id=acting.published.id, document=document.text, restores_id=restores_id, by=by, now=now
        )
        if draft_id is None:
            other = drafts.open_draft(connection)
            if other is None:  # it has ended between the two questions
                raise NotReady
            raise AnotherDraft(other)
        if any(each.standing == "coming" for each in published.live_models(connection)):
            raise CommandRuns
        job_id = jobs.ask(connection, MAKE_DRAFT, {"draft": draft_id}, by, now, key=str(draft_id))
        drafts.worked_on(connection, draft_id, job_id)
        audit.record(connection, by=by, did="draft begun", about={"draft": draft_id}, now=now)
    return draft_id


def restore(connection: Connection[Any], model_id: int, *, by: str, now: int) -> int:
    """An older version sets out to act again, as a new one; returns the draft's number.

    Raises BadInput where there is no such version, or it acts, and what `begin` raises.
    """
    found = versions.version(connection, model_id)
    if found is None:
        raise BadInput(f"there is no version {model_id}: choose one of the list")
    return begin(connection, checked(found.published.document), by=by, now=now, restores_id=model_id)


def on_its_way(connection: Connection[Any], draft_id: int | None = None) -> OnItsWay | None:
    """The draft of that number, or the one that is on its way."""
    draft = drafts.open_draft(connection) if draft_id is None else drafts.find(connection, draft_id)
    if draft is None:
        return None
    job = None if draft.job_id is None else jobs.find(connection, draft.job_id)
    return OnItsWay(draft, job, None if draft.diff is None else comparing.from_json(draft.diff))


def publish(connection: Connection[Any], draft_id: int, *, per_day: int, by: str, now: int) -> int:
    """Let a draft that was looked at act; up to `per_day` leads that it makes ripe are handed over a day.

    Returns the job's number. Raises NotReady where it is not ready, or somebody else has said so already.
    """
    if not 0 <= per_day <= MOST_PER_DAY:
        raise BadInput(f"hand over {per_day} a day: give a whole number from 0 to {MOST_PER_DAY:,}")
    with connection.transaction():
        if not drafts.publish(connection, draft_id, per_day=per_day):
            raise NotReady
        job_id = jobs.ask(connection, PUBLISH_DRAFT, {"draft": draft_id}, by, now, key=str(draft_id))
        drafts.worked_on(connection, draft_id, job_id)
    return job_id


def give_up(connection: Connection[Any], draft_id: int, *, by: str, now: int) -> bool:
    """Give a draft up; False where its job runs still, and gives it up when it next says how far it is.

    Raises NotReady where it is published already, or about to be, CommandRuns while a command works on it.
    """
    with connection.transaction():
        draft = drafts.lock(connection, draft_id)
        if draft is None or not draft.standing.is_open:
            raise NotReady
        job = None if draft.job_id is None else jobs.find(connection, draft.job_id)
        if draft.standing is Way.PUBLISHING and job is not None and not job.standing.is_over:
            raise NotReady
        if job is not None and jobs.give_up(connection, job.id, by=by, now=now) is Standing.RUNNING:
            return False
        try:
            rescoring.forget(connection, by=by, now=now)
        except rescoring.RescoreRuns as error:
            raise CommandRuns from error
        if drafts.settle(connection, draft_id, Way.GIVEN_UP, by=by, now=now):  # no state was made for it yet
            audit.record(connection, by=by, did="model given up", about={"draft": draft_id}, now=now)
    return True


def try_again(connection: Connection[Any], draft_id: int) -> bool:
    """Let the job of a draft that failed work once more."""
    draft = drafts.find(connection, draft_id)
    return (
        draft is not None
        and draft.standing.is_open
        and draft.job_id is not None
        and jobs.again(connection, draft.job_id)
    )


# ---- Jobs ------------------------------------------------------------------------------------------------------------


def make(work: Work) -> Mapping[str, object]:
    """Make the states of a draft, and compare; what is made already is not made again."""
    with connections.connect(work.url, "draft", autocommit=True) as connection:
        draft = drafts.find(connection, int(work.job.about["draft"]))
        if draft is None or draft.standing is not Way.MAKING:
            return {}
        with _rescore(work, draft) as rescore:
            drafts.made_as(connection, draft.id, rescore.coming)
            try:
                _make(work, rescore)
                work.progress(rescore.leads, rescore.leads, "comparing")
                found = comparing.compare(rescore.connection, rescore.acting, rescore.coming, work.clock())
                work.progress(rescore.leads, rescore.leads, "compared")
            except GivenUp:
                rescore.give_up()
                raise
            drafts.compared(connection, draft.id, comparing.as_json(found), work.clock())
            return {"draft": draft.id, "model": rescore.coming, "leads": found.leads}


def put_to_work(work: Work) -> Mapping[str, object]:
    """Let a draft act that somebody published; of one that acts already only the states before it go."""
    with connections.connect(work.url, "draft", autocommit=True) as connection:
        draft = drafts.find(connection, int(work.job.about["draft"]))
        if draft is None or draft.model_id is None:
            return {}
        waiting = 0
        if draft.standing is Way.PUBLISHING:
            with _rescore(work, draft) as rescore:
                try:
                    _make(work, rescore)
                except GivenUp:
                    rescore.give_up()
                    raise
                waiting = rescore.switch(hand_over=draft.per_day)
        elif draft.standing is Way.PUBLISHED:  # killed after the switch
            states.drop_partition(connection, draft.base_id)
        # What the history says of it is wanted at once, by whoever looks at the table.
        jobs.ask(connection, LEARN, {}, work.job.by, work.clock(), key="", is_low=True)
        return {"draft": draft.id, "model": draft.model_id, "waiting": waiting}


def _rescore(work: Work, draft: Draft) -> Rescore:
    return Rescore(work.url, work.settings, checked(draft.document), by=work.job.by, clock=work.clock)


def _make(work: Work, rescore: Rescore) -> None:
    total = rescore.leads
    done = total - rescore.missing
    work.progress(done, total, "making")

    def count(leads: int) -> None:
        nonlocal done
        done += leads
        work.progress(min(done, total), total, "making")

    rescore.make(count)
