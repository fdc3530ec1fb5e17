"""A whole history scored on Spark: the same rows, the same fold, in as many workers as there are.

DuckDB reads a piece of a file in each task, Spark tells copies and brings each lead's facts together in canonical
order, the core folds them in `mapInArrow`. Facts never pass through the driver. What does: a row for each piece,
one for each set of keys that stood together (their owners are resolved here, on disk), rejected rows, and results.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from couveuse.core.events import Reject
from couveuse.errors import BadInput, CouveuseError
from couveuse.history import inputs, loose
from couveuse.history.duck import quoted
from couveuse.history.folding import Lately, Rows, RuleTally
from couveuse.history.identities import resolve_owners
from couveuse.history.inputs import Format, Input
from couveuse.history.loose import REF_BITS
from couveuse.history.prepare import Prepared
from couveuse.history.readings import Wanted
from couveuse.history.scoring import Request, Scoring
from couveuse.history.shares import SHARE_FACTS, SHARE_NAMED, _add
from couveuse.history.spark_session import check, is_local, session
from couveuse.history.spark_tasks import FOLDED, ORDER, RESULTS, ROWS, Job, Piece, What, ddl, fold, pack, read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A task reads about so many rows of a Parquet file; a text file cannot be cut and is one piece.
PIECE_ROWS = 1_000_000
TABLES = ("scores", "states", "lines", "observed")
# Which fact counts of several under one name, as in `prepare`: the earliest; of one instant, what it says decides.
EARLIEST = ("inst", "kind", "event", "email", "user_id", "anonymous_id", "said", "ref")


@dataclass(slots=True)
class Tally:
    """What all pieces came to."""

    facts: int = 0
    devices: int = 0  # facts of which only a device is known
    has_keys: bool = False
    rejects: int = 0


def score_on_spark(request: Request, master: str) -> Scoring:
    """Score a history on a Spark master; close what comes back, or use it in a `with`.

    Raises BadInput for what is wrong with the files, CouveuseError where Spark, Java or the master is missing.
    """
    check(master)
    if request.want_dossiers:
        raise BadInput(
            f"--on {master}: the report looks at single leads, here; write --out there, and --html without --on"
        )
    scoring = SparkScoring(request, master)
    try:
        return scoring.run()
    except BaseException:
        scoring.close()
        raise


class SparkScoring(Scoring):
    """A history that is scored on Spark; its tables are here, as if it had been scored here."""

    def __init__(self, request: Request, master: str) -> None:
        super().__init__(request)
        self.master = master

    def run(self) -> "SparkScoring":
        """Read, judge, deduplicate, sort and fold, all on Spark; the session ends with it."""
        pieces = self._pieces()
        with session(self.master) as spark:
            from pyspark import StorageLevel

            rows = self._read(spark, pieces).persist(StorageLevel.DISK_ONLY)
            try:
                self._run_on(spark, rows)
            finally:
                rows.unpersist()
        for name in TABLES:
            files = quoted(str(self.folder / f"share-*-{name}.parquet"))
            self.staging.sql(f"create view {name} as select * from read_parquet({files})")
        return self

    def _run_on(self, spark: "SparkSession", rows: "DataFrame") -> None:
        tally = self._count(rows)
        self._keep_rejects(rows, are_there=tally.rejects > 0)
        if not tally.facts and not self.staging.has_leads and self.request.only is None:
            self.staging.check_usable()
        share = SHARE_NAMED if self.staging.options.named else SHARE_FACTS
        partitions = max(spark.sparkContext.defaultParallelism, tally.facts // share + 1)
        spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
        owners = self._owners(spark, rows) if tally.has_keys else None
        self._count_people(rows, owners, has_devices=tally.devices > 0 or self.staging.has_leads)
        self._fold(_by_lead(self._facts_and_leads(rows, owners), partitions), tally.facts)

    # ---- Reading -----------------------------------------------------------------------------------------------

    def _pieces(self) -> list[Piece]:
        """What the tasks are to read; what is wrong with files as a whole is said here, before a worker is asked."""
        request, staging = self.request, self.staging
        work = self.folder / "inputs"
        work.mkdir()
        staging.files = inputs.find(request.events, encoding=request.encoding, work=work)
        leads = inputs.find(request.leads, encoding=request.encoding, work=work) if request.leads else []
        for file in [*staging.files, *leads]:
            if Path(file.path).is_relative_to(work) and not is_local(self.master):
                raise BadInput(
                    f"{file.given}: rewritten to be read, here, where the workers of {self.master} do not see it; "
                    "save it as CSV in UTF-8"
                )
        wanted = Wanted(staging.fields, request.rename)
        readings = [loose.reading_of(file, wanted, self.connection) for file in staging.files]
        staging.as_text = tuple(all(held) for held in zip(*(reading.is_text for reading in readings), strict=True))
        if leads:
            staging.stage_leads(leads)
        return [
            piece
            for files, are_leads in ((staging.files, False), (leads, True))
            for number, file in enumerate(files)
            for piece in pieces_of(file, number, are_leads=are_leads)
        ]

    def _read(self, spark: "SparkSession", pieces: Sequence[Piece]) -> "DataFrame":
        """The rows of all pieces, a piece a task."""
        job = Job(self.request.model, self.staging.options, self.staging.as_text)
        numbers = spark.range(0, len(pieces), 1, len(pieces))
        return numbers.mapInArrow(_task(read, job, tuple(pieces)), ddl(ROWS))

    def _count(self, rows: "DataFrame") -> Tally:
        """Add up what the pieces came to; raises BadInput where one of them could not be read."""
        counts, whole = self.counts, Tally(has_keys=self.staging.has_keys)
        rejects: dict[str, int] = {}
        for what, event, note in rows.where(rows.what >= int(What.TALLY)).select("what", "event", "note").collect():
            if what == What.FAULT:
                raise CouveuseError(note) if event else BadInput(note)
            told = json.loads(note)
            counts.rows += told["rows"]
            counts.without_zone += told["without_zone"]
            whole.facts += told["facts"]
            whole.devices += told["devices"]
            whole.has_keys = whole.has_keys or told["has_keys"]
            if told["facts"]:
                self._stretch(told["first"], told["last"])
            whole.rejects += sum(told["rejects"].values())
            for reason, count in told["rejects"].items():
                rejects[reason] = rejects.get(reason, 0) + count
        counts.rejects |= dict(sorted(rejects.items(), key=lambda item: (-item[1], item[0])))
        return whole

    def _stretch(self, first: int, last: int) -> None:
        counts = self.counts
        counts.first_at = first if counts.first_at is None else min(first, counts.first_at)
        counts.last_at = last if counts.last_at is None else max(last, counts.last_at)

    def _keep_rejects(self, rows: "DataFrame", *, are_there: bool) -> None:
        """`judged`, of rejected rows alone, for who asks for them; rows with a wrong number of cells stand apart."""
        found = rows.where(rows.what == int(What.REJECT)).selectExpr("ref", "event as reason", "note as whole")
        files = self._take(found, "rejected") if are_there else ""
        held = (
            f"read_parquet({quoted(files)})"
            if files
            else "(select 0::bigint as ref, '' as reason, '' as whole limit 0)"
        )
        bad = quoted(Reject.BAD_CELLS)
        for ref, text in self.staging.sql(f"select ref, whole from {held} where reason = {bad} order by ref"):
            number, place = divmod(int(str(ref)), 1 << REF_BITS)
            self.staging.bad_cells.append((self.staging.files[number].path, place, str(text)))
        self.staging.sql(f"create view judged as select * from {held} where reason != {bad}")

    # ---- People ------------------------------------------------------------------------------------------------

    def _owners(self, spark: "SparkSession", rows: "DataFrame") -> "DataFrame | None":
        """To whom keys belong that are not their own: by the rounds of `identities`, run here."""
        files = self._take(_sets_of_keys(rows), "standings")
        if not files:
            return None
        resolve_owners(self.staging.sql, f"select * from read_parquet({quoted(files)})")
        owned = self.table("select * from owners where sort > 0 and (sort, key) != (osort, okey)")
        return spark.createDataFrame(owned) if owned.num_rows else None

    def _count_people(self, rows: "DataFrame", owners: "DataFrame | None", *, has_devices: bool) -> None:
        if not has_devices:
            return
        people = self._asked(
            _owned(rows.where(rows.what <= int(What.FACT)).select("what", "inst", "sort", "key"), owners)
        )
        self.counts.visitors = people.where("sort = 2").select("key").distinct().count()

    def _asked(self, rows: "DataFrame") -> "DataFrame":
        """The rows of the one lead asked for, if one was."""
        only = self.request.only
        return rows if only is None else rows.where(rows.key.isin(only, only.strip().lower()))

    # ---- Folding -----------------------------------------------------------------------------------------------

    def _facts_and_leads(self, rows: "DataFrame", owners: "DataFrame | None") -> "DataFrame":
        """Each fact with its lead, copies marked, and what files of leads say."""
        facts = _copies_marked(rows.where(rows.what.isin(int(What.VERDICT), int(What.FACT))))
        leads = rows.where(rows.what == int(What.LEAD)).select(*FOLDED)
        owned = self._asked(_owned(facts.unionByName(leads), owners))
        return owned if self.request.visitors else owned.where(f"sort < 2 or what = {What.COPY}")

    def _fold(self, sorted_rows: "DataFrame", facts: int) -> None:
        if self.request.only is not None:
            self._count_asked(sorted_rows)
        folding = self.folding(Prepared(self.folder, self.folder, (), facts))
        folded = sorted_rows.mapInArrow(_task(fold, folding, visitors=self.request.visitors), ddl(RESULTS))
        for name, table in Rows().tables().items():  # so that each table is there, whatever there is in it
            pq.write_table(table, self.folder / f"share-none-{name}.parquet")
        for index, (name, part) in enumerate(_results(folded)):
            if name == "told":
                self._add_told(json.loads(bytes(part)))
            else:
                (self.folder / f"share-{index:05d}-{name}.parquet").write_bytes(part)
        files = quoted(str(self.folder / "share-*-scores.parquet"))
        if self.request.only is None:
            self.counts.facts = facts - self.counts.copies  # visitors' facts, too
        self.counts.leads = self.staging.one(f"select count(*) from read_parquet({files}) where sort != 'anonymous_id'")

    def _count_asked(self, rows: "DataFrame") -> None:
        """From when to when the one lead's facts go."""
        self.counts.first_at = self.counts.last_at = None
        found = rows.where(rows.what >= int(What.VERDICT)).selectExpr("min(inst)", "max(inst)").collect()
        if found[0][0] is not None:
            self._stretch(*found[0])

    def _add_told(self, told: dict[str, Any]) -> None:
        if self.request.only is not None:
            self.counts.facts += told["facts"]
        self.counts.copies += told["copies"]
        _add(self.tallies, {rule: _tally_of(tally) for rule, tally in told["rules"].items()})

    def _take(self, frame: "DataFrame", name: str) -> str:
        """Bring rows here, into files whose glob is the answer; empty where there are none."""
        count = 0
        for count, (_, part) in enumerate(_results(frame.mapInArrow(_task(pack, name), ddl(RESULTS))), 1):
            (self.folder / f"{name}-{count:05d}.parquet").write_bytes(part)
        return str(self.folder / f"{name}-*.parquet") if count else ""


def _tally_of(told: dict[str, Any]) -> RuleTally:
    return RuleTally(**{**told, "lately": [Lately(**each) for each in told["lately"]]})


# ---- Frames --------------------------------------------------------------------------------------------------------


def _task(function: Callable[..., Iterator[pa.RecordBatch]], *told: object, **more: object) -> Callable[[Any], Any]:
    """A function of batches alone that tells ours the rest; workers import ours by name."""

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from function(*told, batches, **more)

    return run


def _results(frame: "DataFrame") -> Iterator[tuple[str, bytes]]:
    """The rows of `RESULTS`, made by all workers at once, kept on their disks, fetched a partition at a time."""
    from pyspark import StorageLevel

    frame = frame.persist(StorageLevel.DISK_ONLY)
    try:
        if frame.count():
            for name, part in frame.toLocalIterator(prefetchPartitions=True):
                yield name, bytes(part)
    finally:
        frame.unpersist()


def _copies_marked(facts: "DataFrame") -> "DataFrame":
    """The facts as they are folded; of several under one name all but the earliest are copies."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    earliest = Window.partitionBy("source", "mid").orderBy(*(F.col(name).asc_nulls_last() for name in EARLIEST))
    is_first = F.row_number().over(earliest) == 1
    what = F.when(is_first, F.col("what")).otherwise(int(What.COPY)).cast("tinyint")
    return facts.withColumn("what", what).select(*FOLDED)


def _sets_of_keys(rows: "DataFrame") -> "DataFrame":
    """Which keys stood together, each set once, with its first place in canonical order."""
    keys = ("email", "user_id", "anonymous_id")
    several = " + ".join(f"int({key} is not null)" for key in keys)
    return (
        rows.where(f"what <= {What.FACT} and {several} > 1")
        .selectExpr(*keys, "struct(inst, kind, source, mid) as place")
        .groupBy(*keys)
        .agg({"place": "min"})
        .selectExpr(*keys, "`min(place)`.*")
    )


def _owned(rows: "DataFrame", owners: "DataFrame | None") -> "DataFrame":
    """The rows with the owners of their nearest keys as `sort` and `key`; an e-mail is its own."""
    if owners is None:
        return rows
    found = rows.where("sort > 0").join(owners, ["sort", "key"], "left")
    others = [name for name in rows.columns if name not in ("sort", "key")]
    replaced = found.selectExpr("coalesce(osort, sort) as sort", "coalesce(okey, key) as key", *others)
    return rows.where("sort = 0").unionByName(replaced)


def _by_lead(rows: "DataFrame", partitions: int) -> "DataFrame":
    """All rows of a lead in one partition, in the order in which they are folded."""
    return rows.repartition(partitions, "sort", "key").sortWithinPartitions(*ORDER)


def pieces_of(file: Input, number: int, *, are_leads: bool = False) -> list[Piece]:
    """The pieces in which a file is read: whole row groups of Parquet together, anything else as one.

    Workers have working folders of their own: the paths are absolute.
    """
    file = replace(file, path=str(Path(file.path).absolute()), was=file.given)
    if file.format is not Format.PARQUET:
        return [Piece(file, number, are_leads=are_leads)]
    groups = pq.read_metadata(file.path)
    pieces, low, high = [], 0, 0
    for index in range(groups.num_row_groups):
        high += groups.row_group(index).num_rows
        if high - low >= PIECE_ROWS or index == groups.num_row_groups - 1:
            pieces.append(Piece(file, number, low, high, are_leads))
            low = high
    return pieces or [Piece(file, number, are_leads=are_leads)]
