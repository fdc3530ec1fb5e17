"""Importing files: read and judged as for a score, then brought share by share, in several processes.

The import is written down before its first fact, under a digest of its files: the same command finds it again and goes
on where it was, under the same settings and clock, so that the same rows are judged in the same way.
"""

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Final

import duckdb
from psycopg import Connection

from couveuse.engine.bringing import Bringer, BroughtElsewhere, Declared, Share, Task, shares_of
from couveuse.engine.brought import Told, keep
from couveuse.engine.clocks import now_us
from couveuse.engine.crews import begin_in_pool
from couveuse.engine.live import model_of
from couveuse.engine.refolding import refold_waiting
from couveuse.engine.versions import Versions
from couveuse.errors import BadInput
from couveuse.history.columns import Dates
from couveuse.history.inputs import paths_of
from couveuse.history.rejects import rejected, without
from couveuse.history.scoring import Request, Scoring
from couveuse.history.whole import Arranged
from couveuse.store import allowances, connections, imports, rejects
from couveuse.store.imports import RUNNING, Import

# How the rows of an arranged file are ordered; a change here or of DuckDB's digests changes which rows are done.
ORDER: Final = f"1 {duckdb.__version__}"
# How often the progress of other processes is asked for.
LOOK_SECONDS: Final = 0.5
REJECTS_AT_ONCE: Final = 1_000
_HASHED_AT_ONCE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files are to be imported, how they are read, and what is declared of the consents of who stands in them."""

    events: tuple[str, ...]
    leads: tuple[str, ...] = ()
    rename: Mapping[str, str] | None = None
    encoding: str = "utf-8"
    sheet: str = ""  # of workbooks; '': the first
    dates: Dates = Dates.ISO
    left_out: frozenset[str] = frozenset()  # columns that are not read
    source: str = ""
    declared: Declared | None = None
    hand_over: int | None = None  # so many a day; None: nobody
    processes: int = 0  # 0: one a core
    memory: str = "900MB"


class Importing:
    """One import, from its files to its report."""

    def __init__(self, url: str, wanted: Wanted) -> None:
        self.url, self.wanted = url, wanted
        self.digest = _digest(wanted)
        self.known: Import | None = None

    def find(self, connection: Connection[Any]) -> Import | None:
        """The import of these files that runs or is done already; raises BadInput where it cannot go on as asked."""
        self.known = imports.import_of_files(connection, self.digest)
        if self.known is not None and self.known.standing == RUNNING:
            _check_resumable(self.known, self.wanted)
        return self.known

    def request(self, connection: Connection[Any]) -> Request:
        """How the files are to be read: under the acting model, or as they were when the import began."""
        model = model_of(Versions().acting(connection).published)
        now = now_us()
        if self.known is not None:
            now, model = self.known.settings["now"], replace(model, timezone=self.known.settings["zone"])
        return Request(
            events=self.wanted.events,
            leads=self.wanted.leads,
            model=model,
            at=now,
            now=now,
            rename=self.wanted.rename or {},
            encoding=self.wanted.encoding,
            sheet=self.wanted.sheet,
            dates=self.wanted.dates,
            left_out=self.wanted.left_out,
            visitors=True,
            to_store=True,
            processes=self.wanted.processes,
            memory=self.wanted.memory,
        )

    def begin(self, connection: Connection[Any], scoring: Scoring, arranged: Arranged) -> int:
        """Write the import down with its rejects, if it is not; returns its number."""
        if self.known is None:
            with connection.transaction():
                imports.lock_files(connection, self.digest)
                if self.find(connection) is None:
                    return self._write_down(connection, scoring, arranged)
        assert self.known is not None  # found before, or just now
        return self.known.id

    def _write_down(self, connection: Connection[Any], scoring: Scoring, arranged: Arranged) -> int:
        request = scoring.request
        number = imports.begin_import(
            connection,
            kind="events" if self.wanted.events else "leads",
            digest=self.digest,
            files=_names(scoring, self.wanted),
            settings={
                "now": request.now,
                "zone": request.model.timezone,
                "order": ORDER,
                "rows": arranged.rows,
                "source": self.wanted.source,
            },
            consent=_as_stored(self.wanted.declared),
            shares=len(shares_of(arranged.rows)),
        )
        _keep_rejects(connection, scoring, number, self.wanted.source)
        return number

    def run(self, scoring: Scoring, arranged: Arranged, number: int, progress: Callable[[int, int], None]) -> None:
        """Bring every share; `progress` is told how many rows are done, of how many.

        Raises BroughtElsewhere where another process brings them, and KeyboardInterrupt, once every process has ended
        its chunk, where Ctrl-C asked for an end.
        """
        task = Task(self.url, number, arranged, self.wanted.source, self.wanted.declared)
        shares = shares_of(arranged.rows)
        with connections.connect(self.url, "import", autocommit=True) as connection:
            if not imports.hold(connection, number):
                raise BroughtElsewhere(f"import {number} is being brought by another process: wait for its end")

            def look() -> None:
                # Where PostgreSQL goes away, the processes that bring the shares wait for it or say so.
                with suppress(*connections.LOST):
                    progress(imports.rows_done(connection, number), arranged.rows)

            if len(shares) == 1:
                Bringer(task).bring(shares[0])
            else:
                _in_processes(task, shares, scoring.processes, look)

    def end(self, connection: Connection[Any], scoring: Scoring, number: int) -> Told:
        """Write the end of the import down, allow the hand-overs that were asked for, and tell what it came to."""
        refold_waiting(self.url, now_us)
        counts = scoring.counts
        of_files = {
            "rows": counts.rows,
            "lead_rows": counts.lead_rows,
            "same": counts.copies,
            "rejects": counts.rejects,
        }
        with connection.transaction():
            imports.end_import(connection, number, of_files)
            if self.wanted.hand_over:
                acting = Versions().acting(connection)
                ripe = imports.leads_with_routes(connection, number, acting.id)
                why = f"import {number}"
                allowances.allow(connection, ripe, per_day=self.wanted.hand_over, because=why, now=now_us())
        return keep(connection, number)


def _names(scoring: Scoring, wanted: Wanted) -> list[str]:
    events = scoring.staging.files if wanted.events else []
    return [file.name for file in (*events, *scoring.staging.lead_files)]


class BegunOtherwise(BadInput):
    """What was begun in one way cannot be ended in another."""

    known_as = "begun_otherwise"


def _check_resumable(known: Import, wanted: Wanted) -> None:
    """What was begun in one way cannot be ended in another."""
    undo = f"couveuse import --undo {known.id}"
    if known.settings["order"] != ORDER:
        raise BegunOtherwise(
            f"import {known.id} was begun by another version: undo it ({undo}), and import the files again"
        )
    if known.settings["source"] != wanted.source or known.consent != _as_stored(wanted.declared):
        raise BegunOtherwise(
            f"import {known.id} of these files was begun with another consent or source: say the same again, or undo "
            f"it ({undo})"
        )


def _as_stored(declared: Declared | None) -> dict[str, Any]:
    return {**asdict(declared), "purposes": list(declared.purposes)} if declared else {}


def _digest(wanted: Wanted) -> bytes:
    """By what the import of some files is known: what they hold, and how they are read."""
    digest = blake2b(digest_size=16)
    for kind, arguments in (("events", wanted.events), ("leads", wanted.leads)):
        for path in paths_of(arguments):
            digest.update(kind.encode())
            with Path(path).open("rb") as file:
                while some := file.read(_HASHED_AT_ONCE):
                    digest.update(some)
    renames = sorted((wanted.rename or {}).items())
    digest.update(repr((renames, wanted.encoding)).encode())
    if wanted.sheet or wanted.left_out or wanted.dates is not Dates.ISO:
        digest.update(repr((wanted.sheet, sorted(wanted.left_out), str(wanted.dates))).encode())
    return digest.digest()


def _keep_rejects(connection: Connection[Any], scoring: Scoring, number: int, source: str) -> None:
    found = rejected(scoring.staging)
    while some := list(islice(found, REJECTS_AT_ONCE)):
        rows = []
        for each in some:
            place = f"{Path(each.file).name}:{each.line}"
            text = without(each.text, scoring.request.left_out)
            rows.append(rejects.Reject(scoring.request.now, source, each.reason.value, "", place, text))
        rejects.append_rejects(connection, rows, import_id=number)


# ---- Several processes -------------------------------------------------------------------------------------

_bringer: Bringer | None = None


def _in_processes(task: Task, shares: Sequence[Share], processes: int, look: Callable[[], None]) -> None:
    """Bring shares in processes of their own; when this one ends, however it ends, they end, too."""
    # Spawned, not forked: Arrow and DuckDB have threads of their own by now.
    context = multiprocessing.get_context("spawn")
    stopping = context.Event()
    with ProcessPoolExecutor(
        min(processes, len(shares)),
        mp_context=context,
        initializer=_begin_process,
        initargs=(os.getpid(), task, stopping),
    ) as pool:
        waiting: set[Future[bool]] = {pool.submit(_bring_share, share) for share in shares}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                look()
        except BaseException:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _begin_process(parent: int, task: Task, stopping: Any) -> None:
    """What each process of the pool keeps."""
    global _bringer  # noqa: PLW0603 - one for each process
    begin_in_pool(parent)
    _bringer = Bringer(task, is_stopping=lambda: stopping.is_set() or os.getppid() != parent)


def _bring_share(share: Share) -> bool:
    assert _bringer is not None  # the process has begun
    return _bringer.bring(share)
