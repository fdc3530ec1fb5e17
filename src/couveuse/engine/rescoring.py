"""Publishing a model over all that was recorded: its states made in bulk beside the acting one's, then one switch.

While they are made, engines fold new facts for the leads that have a state under the coming model already, and leave
the others to us: a lead is taken under the lock on its acting state, so that no fact falls between. What is there needs
no account of progress: a lead that has a state is done, and whoever goes on after a `kill -9` takes the others.

The diff is read from the states that were made, before anything acts on them. The switch hands nobody over.
"""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil
from typing import Any, Final, Self

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.plan import plan
from couveuse.documents.reading import Document
from couveuse.engine import publishing
from couveuse.engine.batches import Folder
from couveuse.engine.clocks import now_us
from couveuse.engine.collector import collect_seldom, collecting_seldom
from couveuse.engine.crews import begin_in_pool
from couveuse.engine.folding import fold_lead, reading_of, row_of
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.engine.making import Pass
from couveuse.engine.recalling import NotKept, lacking_months, told_lacking
from couveuse.errors import BadInput
from couveuse.store import (
    allowances,
    archives,
    audit,
    connections,
    drafts,
    published,
    rescoring,
    states,
    turns,
)
from couveuse.store.drafts import Way
from couveuse.store.identities import own_bindings, share_bindings
from couveuse.store.published import Published
from couveuse.store.rescoring import BandMove, RouteMove

# So many leads by number in one transaction: their locks are held for that long.
LEADS: Final = 1_000
# From so many missing states on, all facts are read in passes; each process sorts so many in one.
MANY: Final = 5_000
SPAN_FACTS: Final = 6_000_000
LOOK_SECONDS: Final = 0.5
TRIES: Final = 5
# Whoever makes the states of a coming model holds this lock of the session's.
LOCK: Final = 0x636F7572


class RescoreRuns(BadInput):
    """Another rescore is running: let it end, or stop it, and then say this again to go on."""

    known_as = "another_model"


class StillComing(BadInput):
    """Leads came meanwhile that have no state yet: say the same command again to go on."""

    known_as = "still_coming"


class AnotherComing(BadInput):
    """The states of another model are half made."""

    known_as = "another_model"


@dataclass(frozen=True, slots=True)
class Diff:
    """What a publication would change, by what is recorded now."""

    before: LiveModel
    after: LiveModel
    leads: int
    changed: int
    bands: Sequence[BandMove]
    routes: Sequence[RouteMove]


@dataclass(frozen=True, slots=True)
class _Task:
    """What each process is told."""

    url: str
    acting: int
    coming: int


class Rescore:
    """One publication, from the states of the coming model to the switch. Use it in a `with`.

    Raises RescoreRuns where another one runs, AnotherComing where another model's states are half made, NotKept where
    the archive did not keep what the model reads, unless it is published despite that.
    """

    def __init__(
        self,
        url: str,
        configuration: Configuration,
        document: Document,
        *,
        by: str,
        despite_archive: bool = False,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self._clock, self._despite_archive = clock, despite_archive
        self._url, self._configuration, self._document, self._by = url, configuration, document, by
        self._connection = connections.connect(url, "rescore", autocommit=True, statement_ms=0)
        try:
            row = self._connection.execute("select pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if row is None or not row[0]:
                raise RescoreRuns
            self.acting, self.coming = self._begin()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _begin(self) -> tuple[int, int]:
        """The acting version and the coming one, which is made unless it is there from before."""
        live = published.live_models(self._connection)
        acting = next((each.id for each in live if each.standing == "acting"), None)
        if acting is None:
            raise BadInput("no model acts yet: run couveuse up once, or couveuse migrate --publish-first")
        coming = next((each for each in live if each.standing == "coming"), None)
        if coming is not None:
            self._check_same(coming)
            return acting, coming.id
        with self._connection.transaction():
            # Batches that do not know of the model end first: what they write is met when its states are made.
            own_bindings(self._connection)
            self._check_archive()
            made = publishing.publish(
                self._connection, self._document, self._configuration, standing="coming", by=self._by, indexed=False
            )
            rescoring.index_by_lead(self._connection, made)
        return acting, made

    def _check_archive(self) -> None:
        """Raise NotKept where the model reads what the archive has not of months that were dropped."""
        found = {} if self._despite_archive else lacking_months(self._connection, plan(self._document.model))
        if found:
            raise NotKept(
                f"the model reads what the archive did not keep, {told_lacking(found)}: leave that out of the model, "
                "or say --despite-archive, and there it is absent"
            )

    def _check_same(self, coming: Published) -> None:
        ours = (self._configuration.our_domains, self._configuration.our_addresses)
        if coming.document != self._document.text or (coming.our_domains, coming.our_addresses) != ours:
            raise AnotherComing(
                f"the states of {coming.name}, version {coming.version}, are half made: publish that one first, or "
                "give it up with couveuse rescore --give-up"
            )

    @property
    def connection(self) -> Connection[Any]:
        """Its connection, which holds its lock: for whoever compares."""
        return self._connection

    @property
    def leads(self) -> int:
        """How many leads there are to score."""
        return rescoring.count(self._connection, self.acting)

    @property
    def missing(self) -> int:
        """How many of them have no state yet."""
        return rescoring.missing(self._connection, self.acting, self.coming)

    def make(self, progress: Callable[[int], None] = lambda _: None, *, processes: int = 0) -> None:
        """Make the states that are missing; `progress` is told how many leads were done.

        Very many are made in passes over all facts, in several processes; a few, and what is left, lead by lead.
        """
        found = rescoring.bounds(self._connection)
        if found is not None:
            low, high = found
            task = _Task(self._url, self.acting, self.coming)
            if rescoring.missing(self._connection, self.acting, self.coming) >= MANY:
                count = processes or os.cpu_count() or 1
                facts = rescoring.events(self._connection) + archives.events(self._connection)
                spans = _spans(low, high + 1, facts, count)
                if count > 1:
                    _in_processes(task, spans, count, progress)
                else:
                    _sweep_here(task, spans, progress, self._clock)
            if rescoring.missing(self._connection, self.acting, self.coming):
                ranges = [(first, first + LEADS) for first in range(low, high + 1, LEADS)]
                _make_here(task, ranges, progress, self._clock)
        states.index_partition(self._connection, self.coming)
        self._connection.execute(f"analyze {states.table_of(self.coming)}")

    def diff(self, examples: int = 5) -> Diff:
        """What the publication would change."""
        models = {model.id: model for model in LiveModels().load(self._connection)}
        return Diff(
            models[self.acting],
            models[self.coming],
            self.leads,
            rescoring.changed(self._connection, self.acting, self.coming),
            rescoring.band_moves(self._connection, self.acting, self.coming, examples),
            rescoring.route_moves(self._connection, self.acting, self.coming, examples),
        )

    def switch(self, *, hand_over: int = 0) -> int:
        """Let the coming model act; up to `hand_over` leads a day that it makes ripe may be handed over.

        Returns how many leads wait to be handed over. Nobody is handed over at once.
        """
        # A batch that had begun before the coming model was there makes leads that it does not know.
        for _ in range(TRIES):
            waiting = self._switch(hand_over)
            if waiting is not None:
                states.drop_partition(self._connection, self.acting)
                return len(waiting)
            self.make(processes=1)
        raise StillComing

    def _switch(self, hand_over: int) -> list[int] | None:
        """Let the coming model act, and say who waits; None, and nothing changed, where states are missing."""
        waiting: list[int] = []
        with self._connection.transaction():
            own_bindings(self._connection)
            if rescoring.missing(self._connection, self.acting, self.coming):
                return None
            if hand_over:
                waiting = rescoring.newly_due(self._connection, self.acting, self.coming)
                because = f"model {self.coming} published"
                allowances.allow(self._connection, waiting, per_day=hand_over, because=because, now=self._clock())
            publishing.stand(self._connection, self.acting, "retired")
            publishing.stand(self._connection, self.coming, "acting")
            self._write_down(hand_over)
        return waiting

    def _write_down(self, hand_over: int) -> None:
        now, about = self._clock(), {"model": self.coming, "before": self.acting, "hand_over": hand_over}
        turns.begin_turn(self._connection, self.coming, by=self._by, now=now)
        drafts.settle_of_model(self._connection, self.coming, Way.PUBLISHED, by=self._by, now=now)
        audit.record(self._connection, by=self._by, did="model published", about=about, now=now)

    def give_up(self) -> None:
        """Forget the coming model and its states; nothing else changes."""
        with self._connection.transaction():
            _forget(self._connection, self.coming, by=self._by, now=self._clock())


def _forget(connection: Connection[Any], model_id: int, *, by: str, now: int) -> None:
    """A coming model, its states and its draft are done with, in the caller's transaction."""
    own_bindings(connection)
    publishing.stand(connection, model_id, "retired")
    states.drop_partition(connection, model_id)
    drafts.settle_of_model(connection, model_id, Way.GIVEN_UP, by=by, now=now)
    audit.record(connection, by=by, did="model given up", about={"model": model_id}, now=now)


def give_up(url: str, *, by: str = "command line", clock: Callable[[], int] = now_us) -> bool:
    """Forget a coming model that was left half made, with its draft; returns whether there was one.

    Raises RescoreRuns while its states are being made.
    """
    with connections.connect(url, "rescore", autocommit=True, statement_ms=0) as connection:
        return forget(connection, by=by, now=clock())


def forget(connection: Connection[Any], *, by: str, now: int) -> bool:
    """The same on a connection, in one transaction."""
    with connection.transaction():
        row = connection.execute("select pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
        if row is None or not row[0]:
            raise RescoreRuns
        coming = [each for each in published.live_models(connection) if each.standing == "coming"]
        for each in coming:
            _forget(connection, each.id, by=by, now=now)
    return bool(coming)


# ---- In several processes --------------------------------------------------------------------------------------------


class Maker:
    """Makes states of the coming model, range by range."""

    def __init__(self, task: _Task, clock: Callable[[], int] = now_us) -> None:
        self._task, self._clock = task, clock
        self._folder = Folder(task.url)
        self._connection = connections.connect(task.url, "rescore", autocommit=True, statement_ms=0)
        live = {model.id: model for model in LiveModels().load(self._connection)}
        self._model: LiveModel = live[task.coming]

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def make(self, low: int, high: int) -> int:
        """The states that are missing of the leads of a range, in one transaction; returns how many."""
        connection, model, payloads = self._connection, self._model, self._folder.payloads
        try:
            with connection.transaction():
                share_bindings(connection)
                lead_ids = rescoring.lock_missing(connection, self._task.acting, self._task.coming, low, high)
                if not lead_ids:
                    return 0
                whos, stored = self._folder.load(connection, lead_ids)
                now = self._clock()
                rows = []
                for lead_id in lead_ids:
                    state = fold_lead(model.plan, whos[lead_id], stored[lead_id])
                    rows.append(row_of(model.bands, lead_id, state, reading_of(model.plan, state, now), payloads))
                states.copy_states(connection, model.id, rows)
                return len(lead_ids)
        except BaseException:
            self._folder.forget()
            raise


def _make_here(
    task: _Task, ranges: Sequence[tuple[int, int]], progress: Callable[[int], None], clock: Callable[[], int]
) -> None:
    with closing(Maker(task, clock)) as maker, collecting_seldom():
        for low, high in ranges:
            progress(maker.make(low, high))


class Sweeper:
    """Makes states of the coming model span by span, in passes over all facts."""

    def __init__(self, task: _Task, clock: Callable[[], int] = now_us) -> None:
        self._task, self._folder = task, Folder(task.url)
        connect = partial(connections.connect, task.url, "rescore", autocommit=True, statement_ms=0)
        self._reading, self._writing = connect(), connect()
        live = {model.id: model for model in LiveModels().load(self._writing)}
        self._pass = Pass(self._reading, self._writing, self._folder, live[task.coming], task.acting, clock)

    def close(self) -> None:
        """Give the connections back."""
        self._reading.close()
        self._writing.close()

    def sweep(self, low: int, high: int, is_stopping: Callable[[], bool], done: Callable[[int], None]) -> None:
        """Make the states that are missing of a span."""
        self._pass.make(low, high, is_stopping=is_stopping, done=done)


def _spans(low: int, high: int, facts: int, processes: int) -> list[tuple[int, int]]:
    """Spans of leads from `low` up to `high`, as many for each process, of not too many facts each."""
    rounds = max(ceil(facts / processes / SPAN_FACTS), 1)
    many = rounds * processes
    edges = [low + (high - low) * place // many for place in range(many + 1)]
    return [(first, last) for first, last in pairwise(edges) if first < last]


def _sweep_here(
    task: _Task, spans: Sequence[tuple[int, int]], progress: Callable[[int], None], clock: Callable[[], int]
) -> None:
    with closing(Sweeper(task, clock)) as sweeper, collecting_seldom():
        for low, high in spans:
            sweeper.sweep(low, high, lambda: False, progress)


_sweeper: Sweeper | None = None
_stopping: Any = None
_counted: Any = None


def _in_processes(
    task: _Task, spans: Sequence[tuple[int, int]], processes: int, progress: Callable[[int], None]
) -> None:
    """Sweep spans in processes of their own; when this one ends, however it ends, they end, too."""
    context = multiprocessing.get_context("spawn")
    stopping, counted = context.Event(), context.Value("q", 0)
    told = 0
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_begin_process, initargs=(os.getpid(), task, stopping, counted)
    ) as pool:
        waiting: set[Future[None]] = {pool.submit(_sweep, low, high) for low, high in spans}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                now = counted.value
                progress(now - told)
                told = now
        except BaseException:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin_process(parent: int, task: _Task, stopping: Any, counted: Any) -> None:
    """What each process of the pool keeps."""
    global _sweeper, _stopping, _counted
    begin_in_pool(parent)
    collect_seldom()
    _sweeper, _stopping, _counted = Sweeper(task), stopping, counted


def _sweep(low: int, high: int) -> None:
    assert _sweeper is not None  # the process has begun

    def done(leads: int) -> None:
        with _counted.get_lock():
            _counted.value += leads

    _sweeper.sweep(low, high, _stopping.is_set, done)
