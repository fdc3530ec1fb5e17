"""What Spark's workers do: read a piece of a file into facts, and fold a partition of leads.

Rows are read by the same SQL as anywhere (`loose`, `staging`), run by DuckDB over one piece, and folded by the same
`folding.Folder`. What lies between, copies told and leads brought together, is Spark's (`couveuse.history.spark`).
"""

import io
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from couveuse import __version__
from couveuse.core.events import CHANGES, Change, Reject
from couveuse.core.model import Model
from couveuse.core.plan import plan
from couveuse.errors import BadInput, CouveuseError
from couveuse.history import loose
from couveuse.history.duck import quoted
from couveuse.history.folding import Folder, Folding, Notes, Rows
from couveuse.history.inputs import Format, Input
from couveuse.history.loose import REF_BITS
from couveuse.history.prepare import CHANGE_NAMES, IS_KIND_1, VERDICT_AT, _read_fields, _values, meaning
from couveuse.history.readings import Wanted
from couveuse.history.rejects import MOST_TEXT
from couveuse.history.staging import BATCH_ROWS, WON, Options, Staging, connect

# What one piece's DuckDB may take before it spills; a worker reads as many pieces at once as it has cores.
PIECE_MEMORY = "400MB"
# So many rows of results leave a partition at once.
RESULT_ROWS = 50_000
VERDICT_NAMES = ", ".join(quoted(name) for name, change in CHANGES.items() if change is Change.VERDICT)


class What(IntEnum):
    """What a row is, in the order in which a lead's rows are folded; the last ones are of no lead."""

    LEAD = 0  # of a file of leads: `note` holds the traits, `example` who won
    VERDICT = 1
    FACT = 2
    COPY = 3  # of a fact that counts elsewhere: there is such a lead, and no more
    REJECT = 4  # `event` holds the reason, `note` the row
    TALLY = 5  # `note` holds what a piece came to
    FAULT = 6  # `note` holds why a piece cannot be read


ROWS = pa.schema(
    [
        ("what", pa.int8()),
        ("ref", pa.int64()),
        ("sort", pa.int8()),  # of the row's own nearest key: 0 e-mail, 1 user id, 2 device
        ("key", pa.string()),
        ("event", pa.string()),
        ("inst", pa.int64()),
        ("kind", pa.int8()),
        ("source", pa.string()),
        ("mid", pa.string()),
        ("email", pa.string()),
        ("user_id", pa.string()),
        ("anonymous_id", pa.string()),
        ("said", pa.string()),  # what the row says, as text by which copies of one instant are ordered
        ("example", pa.string()),  # of the kind of event: its name and the values that the model reads, as JSON
        ("note", pa.string()),
    ]
)
# What is left of a row when it is folded, in the order in which a partition is sorted, and what goes with it.
ORDER = ("sort", "key", "what", "inst", "kind", "source", "mid")
FOLDED = (*ORDER, "example", "note")
RESULTS = pa.schema([("name", pa.string()), ("part", pa.binary())])
_SPARK_TYPES = {pa.int8(): "tinyint", pa.int64(): "bigint", pa.string(): "string", pa.binary(): "binary"}


def ddl(schema: pa.Schema) -> str:
    """An Arrow schema as Spark writes it."""
    return ", ".join(f"`{field.name}` {_SPARK_TYPES[field.type]}" for field in schema)


# ---- Reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """What one task reads: a file, the `number`-th of its sort, or rows [low, high) of a Parquet file."""

    file: Input
    number: int
    low: int = 0
    high: int | None = None
    are_leads: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker is told, by which version of Couveuse."""

    model: Model
    options: Options
    as_text: tuple[bool, ...]  # which fields are plain text in all files
    version: str = __version__


class PieceStaging(Staging):
    """The staging of one piece, read once."""

    def __init__(self, folder: Path, job: Job, piece: Piece) -> None:
        connection = connect(folder, threads=1, memory=PIECE_MEMORY)
        super().__init__(connection, folder, plan(job.model), job.options)
        self.piece = piece
        self.as_text_everywhere = None if piece.are_leads else job.as_text

    def _stage(self, files: Sequence[Input], wanted: Wanted, view: str) -> tuple[bool, ...]:
        (file,) = files
        reading = loose.reading_of(file, wanted, self.connection)
        if self.piece.high is not None:
            within = f"file_row_number >= {self.piece.low} and file_row_number < {self.piece.high}"
            reading = replace(reading, source=f"(from {reading.source} where {within})")
        target = quoted(str(self.folder / f"{view}.parquet"))
        as_text = self.as_text_everywhere or reading.is_text
        select = loose.select(reading, wanted, 0, as_text=as_text)
        self._read_file(file, f"copy ({select}) to {target} (format parquet, compression lz4)")
        self.sql(f"create view {view} as select * from read_parquet({target})")
        return as_text

    def _check_leads(self, files: Sequence[Input]) -> None:
        """Files of leads are checked together, by who hands the pieces out."""


def read(job: Job, pieces: Sequence[Piece], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of the pieces whose indices the batches hold; a piece that cannot be read is a row that says why."""
    for batch in batches:
        for index in batch.column(0).to_pylist():
            try:
                yield from _rows_of(job, pieces[index])
            except CouveuseError as error:
                reason = "" if isinstance(error, BadInput) else "not the input"
                yield _batch([{"what": What.FAULT, "event": reason, "note": str(error)}])


def _rows_of(job: Job, piece: Piece) -> Iterator[pa.RecordBatch]:
    if job.version != __version__:
        raise CouveuseError(
            f"a Spark worker has Couveuse {__version__}, this machine {job.version}; "
            f"on each worker: pip install 'couveuse[spark]=={job.version}'"
        )
    if not Path(piece.file.path).exists():
        raise BadInput(
            f"{piece.file.given}: not there on a Spark worker; put it on a file system that every worker mounts"
        )
    folder = Path(tempfile.mkdtemp(prefix="couveuse-piece-"))
    staging = PieceStaging(folder, job, piece)
    try:
        if piece.are_leads:
            staging.stage_leads([piece.file])
            yield from _selected(staging, _leads_sql())
        else:
            staging.stage_events([piece.file])
            yield from _events(staging, piece)
    finally:
        staging.connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def _events(staging: PieceStaging, piece: Piece) -> Iterator[pa.RecordBatch]:
    code = f"hash({', '.join(['event', *_read_fields(staging)])})"
    _classify(staging, code)
    first_ref = piece.number << REF_BITS
    is_table = "false" if piece.file.format is Format.NDJSON else "true"
    yield from _selected(staging, _facts_sql(code, _said(staging), first_ref, is_table))
    yield from _selected(
        staging,
        f"""select {What.REJECT} as what, ref + {first_ref} as ref, reason as event, left(whole, {MOST_TEXT}) as note
        from judged where reason is not null""",
    )
    bad = [
        {"what": What.REJECT, "ref": first_ref + place, "event": Reject.BAD_CELLS.value, "note": text[:MOST_TEXT]}
        for _, place, text in staging.bad_cells
    ]
    yield _batch([*bad, {"what": What.TALLY, "note": json.dumps(_tally(staging))}])


def _classify(staging: Staging, code: str) -> None:
    """`kinds`: by its code, an example of each kind of event; of kinds with one meaning it is the same."""
    fields = "".join(f", any_value(f{index})" for index in range(len(staging.fields)))
    reader = staging.connection.cursor().sql(
        f"select code, any_value(event){fields} from (select *, {code} as code from facts) group by code"
    )
    staging.sql("create table kinds (code ubigint, example varchar)")
    examples: dict[object, str] = {}
    for batch in reader.to_arrow_reader(BATCH_ROWS):
        found = []
        for event, *cells in zip(*(column.to_pylist() for column in batch.columns[1:]), strict=True):
            values = _values(staging, event, cells)
            example = json.dumps([event, values], ensure_ascii=False)
            found.append(examples.setdefault(meaning(staging.plan.match(event, values)), example))
        staging.insert("kinds", pa.table({"code": batch.column(0), "example": pa.array(found, pa.string())}))


# A row's own nearest key: whose the row is, until it is known whose the key is.
_NEAREST = """case when email is not null then 0 when user_id is not null then 1 else 2 end as sort,
    coalesce(email, user_id, anonymous_id) as key"""


def _said(staging: Staging) -> str:
    """Several texts as one that is ordered as they are, the missing ones last."""
    texts = ["whole", *(f"f{index}" for index in range(len(staging.fields)))]
    return " || ".join(f"coalesce(chr(1) || {text} || chr(0), chr(2))" for text in texts)


def _facts_sql(code: str, said: str, first_ref: int, is_table: str) -> str:
    return f"""select case when event in ({VERDICT_NAMES}) then {What.VERDICT} else {What.FACT} end as what,
            ref + {first_ref} as ref, {_NEAREST}, event, inst, {IS_KIND_1} as kind, source, mid, email, user_id,
            anonymous_id, {said} as said, example, case when event in ({CHANGE_NAMES})
                then json_array(inst, event, mid, source, {is_table}, whole::json)::varchar end as note
        from (select *, {code} as code from facts) join kinds using (code)"""


def _leads_sql() -> str:
    return f"""select {What.LEAD} as what, ref, {_NEAREST}, inst, kind, source, mid, email, user_id, anonymous_id,
        won as example, traits as note from lead_rows"""


def _selected(staging: Staging, query: str) -> Iterator[pa.RecordBatch]:
    """The rows of a query as rows of `ROWS`; what it does not say is null."""
    for batch in staging.connection.cursor().sql(query).to_arrow_reader(BATCH_ROWS):
        if batch.num_rows:
            held = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns = [
                held[field.name].cast(field.type) if field.name in held else pa.nulls(batch.num_rows, field.type)
                for field in ROWS
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=ROWS)


def _batch(rows: Sequence[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{name: row.get(name) for name in ROWS.names} for row in rows], schema=ROWS)


def _tally(staging: Staging) -> dict[str, object]:
    """What a piece came to, for the counts of the whole."""
    facts = staging.one("select count(*) from facts")
    ((first, last, devices),) = staging.sql(
        "select min(inst), max(inst), count(*) filter (email is null and user_id is null) from facts"
    )
    counts = staging.counts
    if facts < counts.rows:
        staging.count_rejects()
    return {
        "rows": counts.rows,
        "without_zone": counts.without_zone,
        "has_keys": staging.has_keys,
        "facts": facts,
        "first": first,
        "last": last,
        "devices": devices,
        "rejects": counts.rejects,
    }


# ---- Folding -------------------------------------------------------------------------------------------------------


class Gathering:
    """The rows of a partition, sorted by `ORDER`, on their way to the fold: leads are numbered here."""

    def __init__(self, folding: Folding, *, first_number: int, visitors: bool) -> None:
        self.folder = Folder(folding)
        self.is_named = folding.is_named
        self.visitors = visitors
        self.notes = Notes(deque(), np.empty(0, dtype=np.int64), {})
        self.number = first_number  # of the present lead; no two leads have one
        self.lead: tuple[int, str] | None = None
        self.is_headed = False
        self.traits: list[str] = []  # what files of leads say of the present lead
        self.won: bool | None = None
        self.has_verdict = False
        self.matches: dict[str, int] = {}
        self.facts = self.copies = 0

    def feed(self, batch: pa.RecordBatch) -> None:
        """Fold the facts of one batch; its last lead may go on in the next one."""
        what = batch.column("what").to_numpy()
        numbers = np.zeros(len(what), dtype=np.uint64)
        told: list[int] = np.flatnonzero(batch.column("note").is_valid().to_numpy(zero_copy_only=False)).tolist()
        for low, high in pairwise(_edges(batch)):
            start = self._meet(batch, what, low, high)
            numbers[low:high] = self.number
            if self.is_named or self.has_verdict:
                told.extend(range(start, high))
        is_fact = (what == What.VERDICT) | (what == What.FACT)
        self.copies += int(np.count_nonzero(what == What.COPY))
        if is_fact.any():
            self._tell(batch, sorted({index for index in told if is_fact[index]}))
            self._fold(batch.filter(pa.array(is_fact)), numbers[is_fact], np.flatnonzero(is_fact))

    def _meet(self, batch: pa.RecordBatch, what: "np.typing.NDArray[np.int8]", low: int, high: int) -> int:
        """Rows [low, high) are of one lead, perhaps the present one; returns where those of files of leads end."""
        who = (batch.column("sort")[low].as_py(), batch.column("key")[low].as_py())
        if who != self.lead:
            self._head()
            self.lead, self.is_headed, self.traits, self.won, self.has_verdict = who, False, [], None, False
            self.number += 1
        while low < high and what[low] == What.LEAD:
            self.traits.append(batch.column("note")[low].as_py())
            # Whoever is in the file and of whom it says nothing has not won.
            self.won = bool(self.won) or batch.column("example")[low].as_py() in WON
            low += 1
        if low < high:
            self._head()
            self.has_verdict = self.has_verdict or bool(what[low] == What.VERDICT)
        return low

    def _head(self) -> None:
        """Who the present lead is, once all is known of it that stands before its facts."""
        if self.lead is None or self.is_headed:
            return
        self.is_headed = True
        sort, key = self.lead
        if sort < 2 or self.visitors:
            said = {"sort": sort, "key": key, "traits": sorted(self.traits) or None, "won": self.won}
            self.notes.headers.append((self.number, json.dumps(said)))

    def _tell(self, batch: pa.RecordBatch, told: list[int]) -> None:
        """The texts of those facts: what a change says, else under which name a hit is known."""
        rows = batch.select(["note", "source", "mid"]).take(pa.array(told, pa.int64())).to_pylist()
        self.notes.refs = np.array(told, dtype=np.int64)
        self.notes.texts = {
            index: row["note"] or json.dumps([row["source"], row["mid"]]) for index, row in zip(told, rows, strict=True)
        }

    def _fold(self, facts: pa.RecordBatch, numbers: Any, refs: Any) -> None:
        self.facts += facts.num_rows
        kinds = facts.column("example").dictionary_encode()
        matches = np.array([self._match(example) for example in kinds.dictionary.to_pylist()], dtype=np.int32)
        instants = facts.column("inst").to_numpy()
        is_verdict = facts.column("what").to_numpy() == What.VERDICT
        slim = pa.RecordBatch.from_arrays(
            [
                pa.array(numbers),
                pa.array(np.where(is_verdict, VERDICT_AT, instants)),
                pa.array(matches[kinds.indices.to_numpy()]),
                pa.array(refs),
            ],
            names=["lead", "inst", "match", "ref"],
        )
        self.folder.feed(slim, self.notes)

    def _match(self, example: str) -> int:
        """The number of a kind's meaning; each worker asks the plan once for each kind that it meets."""
        known = self.matches.get(example)
        if known is None:
            event, values = json.loads(example)
            known = self.matches[example] = len(self.folder.matches)
            self.folder.matches.append(self.folder.plan.match(event, tuple(values)))
        return known

    def end(self) -> None:
        """No rows are left."""
        self._head()
        self.folder.end(self.notes)

    def results(self, *, at_least: int = 0) -> Iterator[pa.RecordBatch]:
        """What was folded since the last time, as files of Parquet, where there are so many rows of it."""
        rows = self.folder.rows
        if len(rows.scores) + len(rows.lines) + len(rows.observed) < at_least:
            return
        self.folder.rows = Rows()
        for name, table in rows.tables().items():
            if table.num_rows:
                yield _result(name, parquet_of(table))

    def told(self) -> pa.RecordBatch:
        """The counts of the partition."""
        rules = {rule: asdict(tally) for rule, tally in self.folder.rules.items()}
        said = {"facts": self.facts, "copies": self.copies, "rules": rules}
        return _result("told", json.dumps(said).encode())


def _edges(batch: pa.RecordBatch) -> list[int]:
    """Where in a batch the rows of one lead end and those of the next begin; first and last, the batch's own ends."""
    keys, sorts = batch.column("key"), batch.column("sort").to_numpy()
    changes = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False).astype(bool) | (sorts[1:] != sorts[:-1])
    return [0, *(np.flatnonzero(changes) + 1).tolist(), len(sorts)]


def fold(folding: Folding, batches: Iterable[pa.RecordBatch], *, visitors: bool) -> Iterator[pa.RecordBatch]:
    """Fold one partition; out come files of Parquet, each under the name of its table, and the counts."""
    from pyspark import TaskContext

    context = TaskContext.get()
    partition = context.partitionId() if context is not None else 0
    gathering = Gathering(folding, first_number=partition << REF_BITS, visitors=visitors)
    for batch in batches:
        if batch.num_rows:
            gathering.feed(batch)
            yield from gathering.results(at_least=RESULT_ROWS)
    gathering.end()
    yield from gathering.results()
    yield gathering.told()


def pack(name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows on their way to the driver as files of Parquet."""
    for batch in batches:
        if batch.num_rows:
            yield _result(name, parquet_of(pa.Table.from_batches([batch])))


def parquet_of(table: pa.Table) -> bytes:
    """A table as a file of Parquet."""
    file = io.BytesIO()
    pq.write_table(table, file, compression="lz4")
    return file.getvalue()


def _result(name: str, part: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([name]), pa.array([part], pa.binary())], schema=RESULTS)
