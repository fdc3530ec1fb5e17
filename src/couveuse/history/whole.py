"""Whole facts, for whoever stores them: each once, with all that its row says, lead by lead in canonical order.

Rows of files of leads come first of their lead. What is judged, and which of several copies counts, is told as for a
score; here nothing is folded.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from couveuse.core.events import ROW_KEYS, Fact, parts
from couveuse.core.times import NEVER
from couveuse.history.duck import quoted
from couveuse.history.inputs import Format, Input
from couveuse.history.loose import REF_BITS
from couveuse.history.prepare import IS_KIND_1, tell_apart
from couveuse.history.shares import DIGESTS, batches
from couveuse.history.staging import Staging, plain_row

_decode = msgspec.json.Decoder(dict[str, object]).decode
COLUMNS = [
    "lead", "sort", "key", "is_lead", "is_table", "inst", "event", "source", "mid", "email", "user_id", "anonymous_id",
    "whole",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arranged:
    """A history arranged: the file, how many rows it has, and what the names in it were in the files (new, old)."""

    path: str
    rows: int
    rename: tuple[tuple[str, str], ...] = ()
    left_out: frozenset[str] = frozenset()  # columns that nobody wants to store


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One fact, or one row of a file of leads (then `fact` has its traits and no event), with its keys and its owner.

    `lead` is a digest of the owner, by which rows stand together; `owner` is its sort (0 e-mail, 1 user id, 2 device)
    and its key.
    """

    lead: int
    owner: tuple[int, str]
    is_lead: bool
    fact: Fact
    email: str | None
    user_id: str | None
    anonymous_id: str | None


def arrange(staging: Staging, events: Sequence[Input], leads: Sequence[Input]) -> Arranged:
    """Arrange the facts of these files; the staging must keep whole rows. Raises BadInput where nothing can be used."""
    tell_apart(staging, events, leads)
    path = staging.folder / "whole.parquet"
    anti = "anti join losers using (ref)" if staging.counts.copies else ""
    found = f"""select hash(sort, key) as lead, sort, key, false as is_lead, {_is_table(staging.files)} as is_table,
            inst, {IS_KIND_1} as kind, event, source, mid, email, user_id, anonymous_id, whole, ref
        from owned_facts {anti}"""
    if staging.has_leads:
        found += f""" union all select hash(sort, key), sort, key, true, {_is_table(staging.lead_files)},
            {NEVER}, 0, '', o.source, o.mid, o.email, o.user_id, o.anonymous_id, l.whole, ref
        from owned_lead_rows o join loose_leads l using (ref)"""
    threads = staging.one("select current_setting('threads')")
    # In one thread, which is no slower: two fail where the rows would nearly fit the memory, and do not spill.
    staging.sql("set threads = 1")
    staging.sql(
        f"""copy (select * from ({found}) order by lead, inst, kind, source, mid, is_lead, ref)
            to {quoted(str(path))} (format parquet, compression lz4, row_group_size 61440)"""
    )
    staging.sql(f"set threads = {threads}")
    rows = staging.one(f"select count(*) from read_parquet({quoted(str(path))})")
    return Arranged(str(path), rows, tuple(staging.options.rename.items()), staging.options.left_out)


def _is_table(files: Sequence[Input]) -> str:
    tables = [str(number) for number, file in enumerate(files) if file.format is not Format.NDJSON]
    return f"(ref >> {REF_BITS}) in ({', '.join(tables)})" if tables else "false"


def whole_rows(arranged: Arranged, low: int = 0, high: int = DIGESTS, *, skip: int = 0) -> Iterator[WholeRow]:
    """The rows of the leads whose digests are in [low, high), in order, but for so many at the beginning."""
    rename = {old: new for new, old in arranged.rename}
    for batch in batches(arranged.path, COLUMNS, low, high):
        if skip < batch.num_rows:
            yield from _rows(batch.slice(skip), rename, arranged.left_out)
        skip = max(skip - batch.num_rows, 0)


def _rows(batch: pa.RecordBatch, rename: Mapping[str, str], left_out: frozenset[str]) -> Iterator[WholeRow]:
    columns = [batch.column(name).to_pylist() for name in COLUMNS]
    for lead, sort, key, is_lead, is_table, inst, event, source, mid, email, user_id, anonymous_id, whole in zip(
        *columns, strict=True
    ):
        row = _row_of(whole)
        if is_table or rename or left_out:
            row = plain_row(row, rename, is_table=is_table, left_out=left_out)
        fact = (
            Fact(inst, "", mid, source, traits=traits_of(row))
            if is_lead
            else Fact(inst, event, mid, source, *parts(row))
        )
        yield WholeRow(lead, (sort, key), is_lead, fact, email, user_id, anonymous_id)


def _row_of(text: str) -> dict[str, object]:
    try:
        return _decode(text)
    except msgspec.DecodeError:  # what Python reads and msgspec does not: huge numbers, lone surrogates
        row: dict[str, object] = json.loads(text)
        return row


def traits_of(row: Mapping[str, object]) -> dict[str, object]:
    """What a row of a file of leads says of its lead: its bare columns, and over them those that are called traits.

    >>> traits_of({"email": "a@b.c", "city": "Lyon", "traits.city": "Nice", "traits": {"age": 3}, "context.ip": "x"})
    {'city': 'Nice', 'age': 3}
    """
    bare = {
        name: value
        for name, value in row.items()
        if name not in ROW_KEYS and name.partition(".")[0] not in ("traits", "properties", "context")
    }
    said = {**bare, **parts(row)[2]}
    return {name: value for name, value in said.items() if value is not None}
