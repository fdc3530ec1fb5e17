"""A whole history scored: what is asked, and what comes of it. The one way in for commands and reports."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from couveuse.core.events import FUTURE_US
from couveuse.core.model import Model
from couveuse.core.plan import plan
from couveuse.core.times import Calendar, microseconds, moment
from couveuse.errors import BadInput
from couveuse.history import inputs
from couveuse.history.columns import Dates
from couveuse.history.duck import first_line, quoted
from couveuse.history.folding import Folding, RuleTally
from couveuse.history.inputs import Format, Input
from couveuse.history.prepare import Prepared, prepare
from couveuse.history.shares import fold_shares
from couveuse.history.staging import Counts, Options, Staging, as_couveuse_error, connect, is_of_disk
from couveuse.history.whole import Arranged, arrange

MEMORY = "900MB"
# Best first: who is hot before who is warm, whoever is irrelevant last; then the score, then who was there last.
ORDER = """case temperature when 'hot' then 0 when 'warm' then 1 when 'cold' then 2 else 3 end,
    score desc, last_event_at desc nulls last, lead, sort"""
# A history wants landmarks on the first of each month; more than this many are thinned to the last ones.
MOST_LANDMARKS = 60


@dataclass(frozen=True, slots=True)
class Request:
    """What to score, under which model, as of when, and what is wanted beside the scores."""

    events: tuple[str, ...]
    model: Model
    at: int
    now: int
    leads: tuple[str, ...] = ()
    known_at: int | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    sheet: str = ""  # of workbooks; '': the first
    dates: Dates = Dates.ISO
    left_out: frozenset[str] = frozenset()  # columns that are not read
    visitors: bool = False
    won: str | None = None
    only: str | None = None
    want_lines: bool = False
    want_states: bool = False
    want_rules: bool = False
    want_rates: bool = False
    since: tuple[int, ...] = ()  # from when on the latest deeds of each rule are told
    want_dossiers: bool = False
    to_store: bool = False  # whole facts are wanted, and what cannot be stored is none
    processes: int = 0  # 0: one a core
    memory: str = MEMORY


class Scoring:
    """A history that is scored, its tables in a folder of their own until it is closed."""

    def __init__(self, request: Request, within: Path | None = None) -> None:
        self.request = request
        self.folder = Path(tempfile.mkdtemp(prefix="couveuse-", dir=within))
        try:
            self._open(request)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _open(self, request: Request) -> None:
        self.processes = request.processes or os.cpu_count() or 1
        self.connection = connect(self.folder, threads=self.processes, memory=request.memory)
        options = Options(
            zone=ZoneInfo(request.model.timezone),
            latest=max(request.now, request.at) + FUTURE_US,
            known_at=request.known_at,
            rename=request.rename,
            visitors=request.visitors,
            named=request.want_lines or request.want_states,
            only=request.only,
            won=request.won,
            whole=request.want_dossiers or request.to_store,
            storable=request.to_store,
            dates=request.dates,
            left_out=request.left_out,
        )
        self.staging = Staging(self.connection, self.folder, plan(request.model), options)
        self.landmarks: tuple[int, ...] = ()
        self.tallies: dict[str, RuleTally] = {}
        self.prepared: Prepared | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory and the disk back."""
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def counts(self) -> Counts:
        """What was read, and what became of it."""
        return self.staging.counts

    def prepare(self) -> Prepared:
        """Read, judge, deduplicate and sort."""
        events, leads = self._files()
        try:
            return prepare(self.staging, events, leads)
        except duckdb.Error as error:
            raise as_couveuse_error(error) from error

    def arrange(self) -> Arranged:
        """Read, judge, deduplicate and sort for whoever stores the facts; nothing is folded."""
        events, leads = self._files()
        try:
            return arrange(self.staging, events, leads)
        except duckdb.Error as error:
            raise as_couveuse_error(error) from error

    def _files(self) -> tuple[list[Input], list[Input]]:
        request = self.request
        work = self.folder / "inputs"
        work.mkdir(exist_ok=True)
        read = partial(inputs.find, encoding=request.encoding, sheet=request.sheet, work=work)
        leads = read(request.leads) if request.leads else []
        if leads and not request.events:
            nothing = work / "no-events.ndjson"
            nothing.touch()
            return [Input(str(nothing), Format.NDJSON)], leads
        return read(request.events), leads

    def fold(self, prepared: Prepared, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Fold every lead; the tables can be asked for from then on. `progress` is told of the shares that are done."""
        self.prepared = prepared
        self.tallies = fold_shares(self.folding(prepared), prepared, processes=self.processes, progress=progress)
        for name in ("scores", "states", "lines", "observed"):
            files = quoted(str(self.folder / f"share-*-{name}.parquet"))
            self.staging.sql(f"create view {name} as select * from read_parquet({files})")

    def folding(self, prepared: Prepared) -> Folding:
        """What the processes are told."""
        request = self.request
        end = min(request.at, self.counts.last_at if self.counts.last_at is not None else request.at)
        if request.want_rates and not request.won and self.counts.first_at is not None:
            self.landmarks = landmarks(request.model.timezone, self.counts.first_at, end)
        return Folding(
            model=request.model,
            kinds=prepared.kinds,
            at=request.at,
            want_lines=request.want_lines,
            want_states=request.want_states,
            want_rules=request.want_rules,
            landmarks=self.landmarks,
            since=request.since,
            history_end=end,
            rename=tuple(request.rename.items()),
        )

    def run(self) -> "Scoring":
        """Prepare and fold."""
        self.fold(self.prepare())
        return self

    def scores(self, top: int | None = None) -> Iterator[dict[str, object]]:
        """The scores, best first, one mapping a lead."""
        limit = f" limit {top}" if top is not None else ""
        yield from self.rows(f"select * from scores order by {ORDER}{limit}")

    def rows(self, query: str) -> Iterator[dict[str, object]]:
        """The rows of a query over `scores`, `states`, `lines` and `observed`."""
        try:
            for batch in self.connection.cursor().sql(query).to_arrow_reader(10_000):
                yield from batch.to_pylist()
        except duckdb.Error as error:
            raise as_couveuse_error(error) from error

    def table(self, query: str) -> pa.Table:
        """The answer to a query as one Arrow table."""
        return self.connection.cursor().sql(query).to_arrow_table()

    def write(self, query: str, target: Path) -> None:
        """Write the answer to a query as Parquet, NDJSON or CSV, by the target's name.

        Raises BadInput where it cannot be written there.
        """
        options = written_as(target)
        try:
            self.connection.execute(f"copy ({query}) to {quoted(str(target))} {options}")
        except duckdb.IOException as error:
            if is_of_disk(error):
                raise as_couveuse_error(error) from error
            raise BadInput(f"{target}: cannot be written ({first_line(error)}); choose another place") from error
        except duckdb.Error as error:
            raise as_couveuse_error(error) from error


def written_as(target: Path) -> str:
    """The options of DuckDB's COPY for a target, by its name; raises BadInput where it does not say how."""
    options = {
        ".parquet": "(format parquet, compression zstd)",
        ".pq": "(format parquet, compression zstd)",
        ".ndjson": "(format json)",
        ".jsonl": "(format json)",
        ".json": "(format json)",
        ".csv": "(format csv, header true)",
    }.get(target.suffix.lower())
    if options is None:
        raise BadInput(f"{target}: end the name in .parquet, .ndjson or .csv, to say how it is to be written")
    return options


def score(request: Request) -> Scoring:
    """Score a history; close what comes back, or use it in a `with`."""
    scoring = Scoring(request)
    try:
        return scoring.run()
    except BaseException:
        scoring.close()
        raise


def landmarks(timezone: str, first: int, last: int) -> tuple[int, ...]:
    """The first of each month in the model's zone between two instants, the last ones where they are many."""
    zone = Calendar(timezone).zone
    start = moment(first, zone)
    year, month = start.year, start.month
    found: list[int] = []
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        at = microseconds(start.replace(year=year, month=month, day=1, hour=0, minute=0, second=0, microsecond=0))
        if at >= last:
            return tuple(found[-MOST_LANDMARKS:])
        found.append(at)
