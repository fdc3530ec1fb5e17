"""The files' rows, judged: which are facts, at which instant, and the first reason for which a row is none."""

import json
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from couveuse.core import times
from couveuse.core.events import CURES, MOST_KEY, MOST_NAME, Reject, digest
from couveuse.core.plan import Plan
from couveuse.errors import BadInput, CouveuseError
from couveuse.history import loose
from couveuse.history.columns import LEAD_PREFIX, Dates
from couveuse.history.duck import MACROS, first_line, quoted
from couveuse.history.inputs import Format, Input, check_whole
from couveuse.history.readings import Wanted
from couveuse.history.unfit import Unfit, UnfitFile

BATCH_ROWS = 65_536
# What a win is called in a column of leads; whatever else is there and not among the losses is refused.
WON, LOST = ("true", "1", "yes", "oui", "won", "y"), ("false", "0", "no", "non", "lost", "n")


# More rows of one file that do not fit its header are no rejects: the file is not what it seems.
MOST_BAD_CELLS = 1_000_000
# What is kept of the text of a row that could not be cut into cells.
MOST_CELL_TEXT = 10_000


BadCells = tuple[str, int, str]
"""A CSV row that does not fit the header: its file, at which of its bytes it begins, from 1, and its text."""


class DiskFull(CouveuseError):
    """The disk is full: free some space, or set TMPDIR to a folder on another disk."""

    known_as = "disk"


class TooLittleMemory(CouveuseError):
    """There is not enough memory for the history: give more with --memory, as --memory 4GB."""

    known_as = "memory"


class Unread(CouveuseError):
    """The history could not be read: please report it, with the model and one row."""

    known_as = "history"


class NoUsableRow(BadInput):
    """Not one row of a history is a fact; the rejected rows can still be asked for."""

    known_as = "no_usable_row"


@dataclass(frozen=True, slots=True)
class Options:
    """How a history is to be read."""

    zone: ZoneInfo
    latest: int  # what is later is in the future, microseconds
    known_at: int | None = None  # only what had occurred by then is known
    rename: Mapping[str, str] = field(default_factory=dict)
    visitors: bool = False
    named: bool = False  # every fact keeps its source and message_id (for ledgers and states)
    only: str | None = None  # one lead
    won: str | None = None  # the column of leads that says who converted
    whole: bool = False  # every row may be asked for later, as it stood
    storable: bool = False  # names and keys that are too long to be stored make no fact
    dates: Dates = Dates.ISO
    left_out: frozenset[str] = frozenset()  # columns of the files that are not read


@dataclass(slots=True)
class Counts:
    """What was read, and what became of it."""

    rows: int = 0
    facts: int = 0
    copies: int = 0
    leads: int = 0
    visitors: int = 0
    without_zone: int = 0
    lead_rows: int = 0
    first_at: int | None = None
    last_at: int | None = None
    rejects: dict[str, int] = field(default_factory=dict)


class Staging:
    """Files as views of rows in one DuckDB connection, with what is too slow to read twice kept in one folder."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, plan: Plan, options: Options) -> None:
        self.connection = connection
        self.folder = folder
        self.plan = plan
        self.options = options
        self.counts = Counts()
        self.files: list[Input] = []
        self.lead_files: list[Input] = []
        self.fields = plan.fields()
        self.as_text: tuple[bool, ...] = ()
        self.has_keys = False
        self.has_leads = False
        self.says_traits = False  # a file of leads says some trait that the model reads
        self.lacks_mid = False  # some row has no message_id, and is known by a digest
        self._looks: dict[str, list[Callable[..., str]]] = {}
        self.bad_cells: list[BadCells] = []
        self.bad_lead_cells: list[BadCells] = []
        for macro in MACROS:
            self.sql(macro)

    def sql(self, text: str) -> list[tuple[object, ...]]:
        """Run one statement; what DuckDB cannot do is said with a cure."""
        try:
            return self.connection.execute(text).fetchall()
        except duckdb.Error as error:
            raise as_couveuse_error(error) from error

    @property
    def notices(self) -> list[str]:
        """What there is to say of the files as they are, each once."""
        return list(dict.fromkeys(file.notice for file in (*self.files, *self.lead_files) if file.notice))

    def among(self, table: str) -> str:
        """SQL for the rows of events whose `ref` stands in a table; they are facts, and are not judged again."""
        found = " union all ".join(look(among=table) for look in self._looks["loose_events"])
        if not self.lacks_mid:
            return found
        return f"""select r.* exclude (mid), coalesce(r.mid, d.mid) as mid
            from ({found}) r left join digests d using (ref)"""

    def one(self, text: str) -> int:
        """The one number that a query gives, 0 for none."""
        value = self.sql(text)[0][0]
        return value if isinstance(value, int) else 0

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append an Arrow table to a table of the database."""
        self.connection.register("incoming", rows)
        self.sql(f"insert into {table} select * from incoming")
        self.connection.unregister("incoming")

    def stage_events(self, files: Sequence[Input]) -> None:
        """`judged`: every row with its instant and why it is no fact; `facts`: those that are."""
        self.files = list(files)
        self.as_text = self._stage(files, self._wanted(self.fields), "loose_events")
        lacking = self._judge()
        if self.bad_cells:
            self.counts.rows += len(self.bad_cells)
            self.counts.rejects[Reject.BAD_CELLS] = len(self.bad_cells)
        known = f" and inst <= {self.options.known_at}" if self.options.known_at is not None else ""
        # `known_rows` are all rows, not judged again: for whoever joins them with facts.
        self.lacks_mid = lacking > 0
        if lacking:
            self._digest_rows()
            self.sql(
                """create view known_rows as select j.* exclude (mid), coalesce(j.mid, d.mid) as mid
                from loose_events j left join digests d using (ref)"""
            )
            self.sql(
                f"""create view facts as select j.* exclude (mid), coalesce(j.mid, d.mid) as mid
                from judged j left join digests d using (ref) where reason is null{known}"""
            )
        else:
            self.sql("create view known_rows as select * from loose_events")
            self.sql(f"create view facts as select * from judged where reason is null{known}")

    def _wanted(self, names: tuple[str, ...], *, are_leads: bool = False) -> Wanted:
        options = self.options
        return Wanted(
            names, options.rename, are_leads=are_leads, whole=options.whole, dates=options.dates,
            left_out=options.left_out,
        )  # fmt: skip

    def _stage(self, files: Sequence[Input], wanted: Wanted, view: str) -> tuple[bool, ...]:
        """A view of the loose rows: Parquet is read where it stands, anything else is written as Parquet once."""
        readings = [loose.reading_of(file, wanted, self.connection) for file in files]
        as_text = tuple(all(r.is_text[i] for r in readings) for i in range(len(wanted.fields)))
        selects = []
        for number, (file, reading) in enumerate(zip(files, readings, strict=True)):
            select = loose.select(reading, wanted, number, as_text=as_text)
            look = partial(loose.select, reading, wanted, number, as_text=as_text)
            if file.format is not Format.PARQUET:
                target = quoted(str(self.folder / f"{view}-{number}.parquet"))
                self._read_file(file, f"copy ({select}) to {target} (format parquet, compression lz4)")
                select = f"select * from read_parquet({target})"
                look = partial(_among, select)
            selects.append(select)
            self._looks.setdefault(view, []).append(look)
        self.sql(f"create view {view} as {' union all '.join(selects)}")
        return as_text

    def _read_file(self, file: Input, copy: str) -> None:
        try:
            with ThreadPoolExecutor(1) as beside:
                whole = beside.submit(check_whole, file)
                self.connection.execute(copy)
                whole.result()
            if file.format is Format.CSV:
                self._keep_bad_cells(file)
        except duckdb.Error as error:
            if is_of_disk(error) or not isinstance(error, FILE_FAULTS):
                raise as_couveuse_error(error) from error
            told = f"{file.given}: cannot be read to its end ({first_line(error)}); copy it again"
            raise UnfitFile(told, Unfit.BROKEN) from error

    def _keep_bad_cells(self, file: Input) -> None:
        """Rows that could not be cut into as many cells as the header has, each once, by where they begin."""
        found = self.sql(
            f"""select line_byte_position, left(any_value(csv_line), {MOST_CELL_TEXT}) from reject_errors
            group by line_byte_position order by line_byte_position limit {MOST_BAD_CELLS + 1}"""
        )
        if len(found) > MOST_BAD_CELLS:
            raise UnfitFile(
                f"{file.given}: over {MOST_BAD_CELLS:,} rows have not as many cells as the header; check the delimiter "
                "and the quotes",
                Unfit.RAGGED,
                rows=MOST_BAD_CELLS,
            )
        self.bad_cells += [(file.path, int(str(place)), str(text)) for place, text in found]
        self.sql("delete from reject_errors")

    def _judge(self) -> int:
        """Give each row its instant and reason; returns how many rows have no message_id."""
        (row,) = self.sql(
            "select count(*), count(*) filter (wall is not null and shift is null), "
            "min(wall) filter (shift is null), max(wall) filter (shift is null), "
            "count(*) filter (mid is null), count(user_id) + count(anonymous_id) from loose_events"
        )
        rows, without_zone, first, last, lacking, keys = (value if isinstance(value, int) else 0 for value in row)
        self.counts.rows, self.counts.without_zone, self.has_keys = rows, without_zone, keys > 0
        shift = offset_sql(self.options.zone, first, last) if without_zone else "0"
        edges = (times.microseconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (times.FIRST_YEAR, times.LAST_YEAR))
        earliest, end = edges
        self.sql(
            f"""create view judged as select *, case when flaw is not null then flaw
                when event is null then '{Reject.NO_EVENT}'
                when not has_time then '{Reject.NO_TIME}'
                when inst is null or wall < {earliest} or wall >= {end} then '{Reject.BAD_TIME}'
                when inst > {self.options.latest} then '{Reject.FUTURE}'
                when email is null and user_id is null and anonymous_id is null then '{Reject.NO_IDENTITY}'
                when is_incomplete then '{Reject.BAD_CHANGE}' {self._long_keys("event")} end as reason
            from (select *, wall - coalesce(shift, {shift}) as inst from loose_events)"""
        )
        return lacking

    def _long_keys(self, *names: str) -> str:
        """What `couveuse.core.events.unstorable` says of keys, where rows are to be stored."""
        if not self.options.storable:
            return ""
        keys = ("email", "user_id", "anonymous_id", "mid", "source")
        too_long = [f"length({key}) > {MOST_KEY}" for key in keys] + [f"length({name}) > {MOST_NAME}" for name in names]
        return f"when {' or '.join(too_long)} then '{Reject.LONG_KEY}'"

    def rows_as_objects(self, batch: pa.RecordBatch, ref: str, whole: str) -> list[dict[str, object]]:
        """Whole rows as the core reads them: renamed, and without the empty cells of tables."""
        tables = {number for number, file in enumerate(self.files) if file.format is not Format.NDJSON}
        pairs = zip(batch.column(ref).to_pylist(), batch.column(whole).to_pylist(), strict=True)
        rename = {old: new for new, old in self.options.rename.items()}
        return [
            plain_row(
                json.loads(text), rename, is_table=number >> loose.REF_BITS in tables, left_out=self.options.left_out
            )
            for number, text in pairs
        ]

    def _digest_rows(self) -> None:
        """Rows without a message_id are known by a digest of the whole."""
        self.sql("create table digests (ref bigint, mid varchar)")
        reader = self.connection.cursor().sql(
            "select ref, inst, whole from judged where mid is null and reason is null"
        )
        for batch in reader.to_arrow_reader(BATCH_ROWS):
            rows = self.rows_as_objects(batch, "ref", "whole")
            mids = [digest(row, at) for row, at in zip(rows, batch.column("inst").to_pylist(), strict=True)]
            self.insert("digests", pa.table({"ref": batch.column("ref"), "mid": pa.array(mids, pa.string())}))

    def count_rejects(self) -> None:
        """Why the rows that are no facts are none."""
        counted = self.sql("select reason, count(*) from judged where reason is not null group by 1 order by 2 desc, 1")
        self.counts.rejects |= {str(reason): int(str(count)) for reason, count in counted}

    def check_usable(self) -> None:
        """Raise BadInput where not one row is a fact."""
        names = ", ".join(file.name for file in self.files[:3])
        if not self.counts.rejects:
            raise UnfitFile(f"{names}: no rows; export the rows, too", Unfit.NO_ROWS)
        reason, count = max(self.counts.rejects.items(), key=lambda item: item[1])
        raise NoUsableRow(
            f"{names}: no usable row of {self.counts.rows:,}; {count:,} rejected, {reason.replace('_', ' ')}: "
            f"{CURES[Reject(reason)]}"
        )

    # ---- Leads ---------------------------------------------------------------------------------------------

    def stage_leads(self, files: Sequence[Input]) -> None:
        """`lead_rows`: whom the files of leads speak of, with the traits that the model reads."""
        self.lead_files = list(files)
        names = [f"traits.{path}" for path in self.plan.trait_paths]
        if self.options.won:
            names.append(f"traits.{self.options.won}")
        wanted = self._wanted(tuple(names), are_leads=True)
        of_events = self.bad_cells
        self.bad_cells = []
        as_text = self._stage(files, wanted, "loose_leads")
        self.bad_lead_cells, self.bad_cells = self.bad_cells, of_events
        cells = [f"to_json(f{i})" if text else f"f{i}::json" for i, text in enumerate(as_text)]
        pairs = ", ".join(f"{quoted(path)}, {cell}" for path, cell in zip(self.plan.trait_paths, cells, strict=False))
        cell = f"({cells[-1]})::varchar" if self.options.won else "null::varchar"
        won = f"coalesce(json_key({cell}), nullif({cell}, {quoted(json.dumps(''))}))"
        nobody = f"when coalesce(email, user_id, anonymous_id) is null then '{Reject.NO_IDENTITY}'"
        reason = f"case when flaw is not null then flaw {nobody} {self._long_keys()} end"
        self.sql(
            f"""create view lead_rows as select ref, email, user_id, anonymous_id,
                json_object({pairs})::varchar as traits,
                lower({won}) as won,
                {times.NEVER}::bigint as inst, 0::tinyint as kind, source, coalesce(mid, '') as mid
                from loose_leads where ({reason}) is null"""
        )
        self.sql(f"create view judged_leads as select ref, whole, {reason} as reason from loose_leads")
        self.has_leads = True
        said = ", ".join(f"f{index}::varchar" for index in range(len(self.plan.trait_paths)))
        self.says_traits = bool(said) and self.one(f"select count(coalesce({said})) from loose_leads") > 0
        self.counts.lead_rows = self.one("select count(*) from loose_leads") + len(self.bad_lead_cells)
        self._check_leads(files)
        self.has_keys = self.has_keys or self.one("select count(user_id) + count(anonymous_id) from lead_rows") > 0

    def _check_leads(self, files: Sequence[Input]) -> None:
        named = self.one("select count(*) from lead_rows")
        if not named:
            told = f"{files[0].given}: no row says who its lead is: {CURES[Reject.NO_IDENTITY]}"
            raise UnfitFile(told, Unfit.NO_IDENTITY)
        counted = self.sql(
            "select reason, count(*) from judged_leads where reason is not null group by 1 order by 2 desc, 1"
        )
        self.counts.rejects |= {f"{LEAD_PREFIX}{reason}": int(str(count)) for reason, count in counted}
        if self.bad_lead_cells:
            self.counts.rejects[f"{LEAD_PREFIX}{Reject.BAD_CELLS}"] = len(self.bad_lead_cells)
        if not self.options.won:
            return
        words = ", ".join(quoted(word) for word in (*WON, *LOST))
        strange = self.sql(f"select won from lead_rows where won is not null and won not in ({words}) limit 1")
        if strange:
            raise BadInput(
                f"--won {self.options.won}: {strange[0][0]!r} says neither won nor lost; "
                f"write one of {', '.join(WON)}, "
                f"or one of {', '.join(LOST)}"
            )
        if not self.one("select count(won) from lead_rows"):
            raise BadInput(f"--won {self.options.won}: {files[0].given} has no such column, or nothing in it")


def _among(select: str, *, among: str) -> str:
    return f"{select} where ref in (select ref from {among})"


def plain_row(
    row: dict[str, object], rename: Mapping[str, str], *, is_table: bool, left_out: Container[str] = ()
) -> dict[str, object]:
    """A whole row as the core reads it; a table's empty cells say nothing, unlike a null that JSON holds."""
    return {
        rename.get(name, name): value
        for name, value in row.items()
        if (value is not None or not is_table) and (name not in left_out or name in rename)
    }


def offset_sql(zone: ZoneInfo, first_wall: int, last_wall: int) -> str:
    """The offset of a zone's clocks, by the wall clock, over the years between two instants."""
    limits = [times.microseconds(datetime(y, 1, 1, tzinfo=UTC)) for y in (times.FIRST_YEAR, times.LAST_YEAR)]
    first, last = (times.moment(min(max(wall, limits[0]), limits[1])).year for wall in (first_wall, last_wall))
    pairs = times.local_offsets(zone, first - 1, last + 1)
    cases = " ".join(f"when wall >= {wall} then {offset}" for wall, offset in reversed(pairs[1:]))
    return f"(case {cases} else {pairs[0][1]} end)" if cases else str(pairs[0][1])


# What DuckDB raises where a file is at fault.
FILE_FAULTS = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.SerializationException,
)


def is_of_disk(error: duckdb.Error) -> bool:
    """Whether the disk, not the file, is at fault."""
    return any(
        word in str(error) for word in ("No space left", "File too large", "max_temp_directory_size", "Disk quota")
    )


def as_couveuse_error(error: duckdb.Error) -> CouveuseError:
    """What DuckDB could not do, as one line with a cure."""
    text = first_line(error)
    if is_of_disk(error):
        return DiskFull(f"the disk is full ({text}); free some space, or set TMPDIR to a folder on another disk")
    if isinstance(error, duckdb.OutOfMemoryException):
        return TooLittleMemory(f"not enough memory ({text}); give more with --memory, as --memory 4GB")
    if isinstance(error, FILE_FAULTS):
        told = f"a file cannot be read to its end ({text}); copy it again, and check what wrote it"
        return UnfitFile(told, Unfit.BROKEN)
    return Unread(f"the history could not be read ({text}); please report it, with the model and one row")


def connect(folder: Path, *, threads: int, memory: str) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, spilling into the folder, that neither asks the network nor draws on the terminal."""
    connection = duckdb.connect()
    try:
        connection.execute(f"set memory_limit = {quoted(memory)}")
    except duckdb.Error:
        raise BadInput(
            f"--memory {memory}: not an amount of memory; write it as --memory 900MB or --memory 4GB"
        ) from None
    for setting in (
        f"threads = {threads}",
        f"temp_directory = {quoted(str(folder / 'spill'))}",
        "enable_progress_bar = false",
        "timezone = 'UTC'",
        "autoinstall_known_extensions = false",
    ):
        connection.execute(f"set {setting}")
    return connection
