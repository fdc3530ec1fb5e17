"""From rows to slim facts: known by whom, each once, in canonical order lead by lead, in one file.

Text is slow to sort and integers are quick: here each fact becomes a few integers, sorted, and the little text that
some facts need (who the lead is, what a change says, a hit of which a verdict speaks) is kept beside them as notes.
Hashes only nominate: copies and ties are compared in full, and two leads under one digest are refused.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from couveuse.core import times
from couveuse.core.events import CHANGES, FIRST_OF_INSTANT
from couveuse.core.plan import Match
from couveuse.errors import BadInput
from couveuse.history.duck import quoted
from couveuse.history.identities import resolve_owners
from couveuse.history.inputs import Format, Input
from couveuse.history.loose import REF_BITS
from couveuse.history.staging import LOST, WON, Staging

# Where a verdict stands within its lead: before every fact, since it counts whatever its time.
VERDICT_AT = times.NEVER + 1
# So many digests are sorted at once, eight bytes each.
SORTED_AT_ONCE = 20_000_000
DIGESTS = 2**64

FIRST_KINDS = ", ".join(quoted(name) for name, change in CHANGES.items() if change in FIRST_OF_INSTANT)
CHANGE_NAMES = ", ".join(quoted(name) for name in CHANGES)
IS_KIND_1 = f"(event not in ({FIRST_KINDS}))::tinyint"

Kind = tuple[str, tuple[object, ...]]
"""An event's name and the values of the fields that the model reads of it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A history ready to fold: facts as integers and notes as text, both sorted by lead and canonical order."""

    facts: Path
    notes: Path
    kinds: tuple[Kind, ...]  # one example for each `match` in the facts
    rows: int


def prepare(staging: Staging, events: Sequence[Input], leads: Sequence[Input]) -> Prepared:
    """Prepare the events and leads of these files.

    Raises BadInput where nothing can be scored.
    """
    tell_apart(staging, events, leads)
    kinds = _classify(staging)
    _people(staging)
    rows = staging.counts.facts if staging.options.only is None else 0  # one lead is folded where it is asked for
    return Prepared(_write_facts(staging), _write_notes(staging), kinds, rows)


def tell_apart(staging: Staging, events: Sequence[Input], leads: Sequence[Input]) -> None:
    """Read the files: whose each row is (`owned_facts`, `owned_lead_rows`), and which are copies (`losers`).

    Raises BadInput where nothing can be used.
    """
    staging.stage_events(events)
    if leads:
        staging.stage_leads(leads)
    _own(staging)
    _slim(staging)
    _look_up(staging)
    _tell_copies(staging)


def _own(staging: Staging) -> None:
    """Whose each row is: `sort` 0 for an e-mail, 1 a user id, 2 a device; and the key."""
    if staging.has_keys:
        rows = f"select email, user_id, anonymous_id, inst, {IS_KIND_1} as kind, source, mid from facts"
        if staging.has_leads:
            rows += " union all select email, user_id, anonymous_id, inst, kind, source, mid from lead_rows"
        resolve_owners(staging.sql, rows)
    views = ["facts", "known_rows", *(["lead_rows"] if staging.has_leads else [])]
    for view in views:
        staging.sql(f"create view owned_{view} as {_owned(view, has_keys=staging.has_keys)}")


def _owned(view: str, *, has_keys: bool) -> str:
    if not has_keys:
        return f"select *, 0::tinyint as sort, email as key from {view}"
    # One join on the row's nearest key: with one for each sort of key, DuckDB 2.0.0 fails where all rows have e-mails.
    return f"""select v.* exclude (nsort, near), coalesce(o.osort, v.nsort)::tinyint as sort,
            coalesce(o.okey, v.near) as key
        from (select *, case when email is not null then 0 when user_id is not null then 1 else 2 end as nsort,
            coalesce(email, user_id, anonymous_id) as near from {view}) v
        left join owners o on o.sort = v.nsort and o.key = v.near and v.nsort > 0"""


def _slim(staging: Staging) -> None:
    """Each fact as integers, written once; every later question is put to these."""
    codes = ", ".join(["event", *_read_fields(staging)])
    target = quoted(str(staging.folder / "slim.parquet"))
    staging.sql(
        f"""copy (select ref, hash(sort, key) as lead, (hash(reverse(key)) % 4294967291)::uinteger as proof,
            inst, {IS_KIND_1} as kind,
            hash({codes}) as code, hash(mid) as id, (event in ({CHANGE_NAMES})) as is_change,
            case when event = 'Verdict Given' then hash(of_mid) end as target
            from owned_facts)
            to {target} (format parquet, compression lz4)"""
    )
    staging.sql(f"create view slim as select * from read_parquet({target})")
    counts = staging.counts
    ((facts, first, last),) = staging.sql("select count(*), min(inst), max(inst) from slim")
    counts.facts = int(str(facts))
    counts.first_at, counts.last_at = (at if isinstance(at, int) else None for at in (first, last))
    if counts.facts < counts.rows:
        staging.count_rejects()
    if not counts.facts and not staging.has_leads and staging.options.only is None:
        staging.check_usable()


def _only(only: str) -> str:
    """The condition on `key` that picks one lead; an e-mail is looked for trimmed and in lower case, too."""
    return f"key in ({quoted(only)}, {quoted(only.strip().lower())})"


def _read_fields(staging: Staging) -> list[str]:
    """Each field, where the event is one of which the model reads it; else nothing, so that kinds stay few."""
    plan = staging.plan
    columns = []
    for index, name in enumerate(staging.fields):
        if name in plan.event_fields("any other event"):
            columns.append(f"f{index}")
            continue
        readers = sorted(event for event in plan.event_names() if name in plan.event_fields(event))
        columns.append(f"case when event in ({', '.join(map(quoted, readers))}) then f{index} end")
    return columns


# ---- Copies, ties and hits ---------------------------------------------------------------------------------


def _repeated(staging: Staging, expression: str) -> pa.Array:
    """The digests that more than one fact has: sorted in shares that fit into memory, neighbours compared."""
    shares = staging.counts.facts // SORTED_AT_ONCE + 1
    found = []
    for share in range(shares):
        low, high = DIGESTS * share // shares, DIGESTS * (share + 1) // shares - 1
        where = f"where h between {low} and {high}" if shares > 1 else ""
        table = staging.connection.cursor().sql(f"select h from (select {expression} as h from slim) {where}")
        digests = np.sort(table.fetchnumpy()["h"])
        found.append(np.unique(digests[1:][digests[1:] == digests[:-1]]))
    return pa.array(np.concatenate(found), pa.uint64())


def _look_up(staging: Staging) -> None:
    """`texts`: the rows of which more than integers is wanted, fetched in one pass over the files.

    They are what changes something, copies and ties and hits of which a verdict speaks as far as digests tell, and one
    row of each lead and of each kind of event.
    """
    with ThreadPoolExecutor(2) as pool:
        alike, tied = pool.map(lambda e: _repeated(staging, e), ("id", "hash(lead, inst, kind)"))
    for name, digests in (("alike", alike), ("tied", tied)):
        staging.sql(f"create table {name} (h ubigint)")
        staging.insert(name, pa.table({"h": digests}))
    staging.sql("create table hits as select distinct target as h from slim where target is not null")
    staging.sql(
        "create table firsts as select lead, min(ref) as ref, min(proof) as low, max(proof) as high "
        "from slim group by lead"
    )
    staging.sql("create table codes as select code, min(ref) as ref from slim group by code")
    is_tied = "or hash(lead, inst, kind) in (from tied)" if len(tied) else ""
    staging.sql(
        f"""create table wanted as select ref, lead, inst, kind, id, is_change from slim
        where is_change or id in (from alike union from hits) {is_tied}
            or ref in (select ref from firsts union select ref from codes)"""
    )
    target = quoted(str(staging.folder / "texts.parquet"))
    read = "".join(f", f{index}" for index in range(len(staging.fields)))
    staging.sql(
        f"""copy (select w.*, f.event, f.mid, f.source, f.email, f.user_id, f.anonymous_id, f.whole{read}
            from wanted w join ({staging.among("wanted")}) f using (ref))
            to {target} (format parquet, compression lz4)"""
    )
    staging.sql("drop table wanted")
    staging.sql(f"create view texts as select * from read_parquet({target})")
    staging.sql(f"create view owned_texts as {_owned('texts', has_keys=staging.has_keys)}")


def _tell_copies(staging: Staging) -> None:
    """Of copies all but one are left out; facts of one instant are ranked: by what they say, not where they stand."""
    read = "".join(f", f{index}" for index in range(len(staging.fields)))
    staging.sql(
        f"""create table losers as select ref from (
            select ref, row_number() over (partition by source, mid order by inst, kind, event, email nulls last,
                user_id nulls last, anonymous_id nulls last, case when is_change then whole end nulls last{read},
                whole nulls last, ref) as place
            from texts where id in (from alike)) where place > 1"""
    )
    staging.sql(
        """create table ranks as select ref, place from (
            select ref, row_number() over (partition by lead, inst, kind order by source, mid) as place,
                count(*) over (partition by lead, inst, kind) as size
            from texts where hash(lead, inst, kind) in (from tied) and ref not in (from losers)) where size > 1"""
    )
    staging.counts.copies = staging.one("select count(*) from losers")
    staging.counts.facts -= staging.counts.copies


# ---- What each kind of event means -------------------------------------------------------------------------


def _classify(staging: Staging) -> tuple[Kind, ...]:
    """Ask the core, once for each distinct kind of event, what it means, and number the meanings."""
    fields = ", ".join(f"f{index}" for index in range(len(staging.fields)))
    reader = staging.connection.cursor().sql(
        f"""select k.code, f.event{", " + fields if fields else ""}
            from codes k join texts f using (ref)"""
    )
    staging.sql("create table kinds (code ubigint, match integer)")
    numbers: dict[object, int] = {}
    kinds: list[Kind] = []
    for batch in reader.to_arrow_reader(65_536):
        events, *columns = (column.to_pylist() for column in batch.columns[1:])
        found = []
        for event, *cells in zip(events, *columns, strict=True):
            values = _values(staging, event, cells)
            number = numbers.setdefault(meaning(staging.plan.match(event, values)), len(kinds))
            if number == len(kinds):
                kinds.append((event, values))
            found.append(number)
        staging.insert("kinds", pa.table({"code": batch.column(0), "match": pa.array(found, pa.int32())}))
    return tuple(kinds)


def _values(staging: Staging, event: str, cells: Sequence[str | None]) -> tuple[object, ...]:
    held = dict(zip(staging.fields, zip(cells, staging.as_text, strict=True), strict=True))
    read = (held[name] for name in staging.plan.event_fields(event))
    return tuple(cell if is_text or cell is None else json.loads(cell) for cell, is_text in read)


def meaning(match: Match) -> object:
    """Two kinds of events with one meaning are one to the fold; the name counts where rules fire or it is a change."""
    return (
        match.event if match.rules or match.change else "",
        tuple(rule.id for rule in match.rules),
        tuple(id(tracker) for tracker in match.feeds),
        match.hots,
        match.topics,
        match.is_page,
        match.cuts,
        match.cools,
        match.recycles,
        match.converts,
    )


# ---- People ------------------------------------------------------------------------------------------------


def _people(staging: Staging) -> None:
    """Everyone of whom there is a fact or a row of a file of leads, by digest."""
    if staging.one("select count(*) from firsts where low != high"):
        raise BadInput("two leads have one digest; score the history in two parts")
    found = "select s.lead, f.sort, f.key from firsts s join owned_texts f using (ref)"
    if staging.has_leads:
        also = "select hash(sort, key) as lead, sort, key from owned_lead_rows"
        found = (
            f"select lead, any_value(sort) as sort, any_value(key) as key from ({found} union all {also}) group by lead"
        )
    staging.sql(f"create table people as {found}")
    staging.counts.visitors = staging.one("select count(*) from people where sort = 2")
    staging.counts.leads = staging.one("select count(*) from people") - staging.counts.visitors
    if not staging.options.visitors:
        staging.sql("delete from people where sort = 2")
    if staging.options.only is not None:
        staging.sql(f"delete from people where not ({_only(staging.options.only)})")


# ---- Facts and notes ---------------------------------------------------------------------------------------


def _write_facts(staging: Staging) -> Path:
    """Integers, sorted by lead and canonical order, verdicts first."""
    path = staging.folder / "facts.parquet"
    joins = "left join kinds k using (code)"
    rank = "0::integer"
    if staging.one("select count(*) from ranks"):
        joins += " left join ranks r using (ref)"
        rank = "coalesce(r.place, 0)::integer"
    if staging.counts.copies:
        joins += " anti join losers using (ref)"
    some = staging.options.only is not None or (staging.counts.visitors and not staging.options.visitors)
    seen = "where s.lead in (select lead from people)" if some else ""
    staging.sql(
        f"""copy (select s.lead, case when s.target is not null then {VERDICT_AT} else s.inst end as inst,
                s.kind, {rank} as rank, k.match, s.ref
            from slim s {joins} {seen} order by lead, inst, kind, rank)
            to {quoted(str(path))} (format parquet, compression lz4, row_group_size 61440)"""
    )
    return path


def _write_notes(staging: Staging) -> Path:
    """Text: a header a lead (`ref` null), and what changes and hits need, sorted by lead."""
    path = staging.folder / "notes.parquet"
    tables = [number for number, file in enumerate(staging.files) if file.format is not Format.NDJSON]
    is_table = f"(c.ref >> {REF_BITS}) in ({', '.join(map(str, tables))})" if tables else "false"
    notes = [
        f"""select c.lead, c.ref,
                json_array(c.inst, c.event, c.mid, c.source, {is_table}, c.whole::json)::varchar as note
            from texts c where is_change"""
    ]
    if staging.options.named:
        notes.append(
            "select s.lead, s.ref, json_array(f.source, f.mid)::varchar as note "
            "from slim s join known_rows f using (ref) "
            "where not s.is_change and s.lead in (select lead from people)"
        )
    else:
        notes.append(
            """select lead, ref, json_array(source, mid)::varchar as note from texts
            where id in (from hits) and not is_change"""
        )
    staging.sql(
        f"""copy (
            {_headers(staging)} union all select n.* from ({" union all ".join(notes)}) n semi join people using (lead)
            order by lead) to {quoted(str(path))} (format parquet, compression lz4, row_group_size 61440)"""
    )
    return path


def _headers(staging: Staging) -> str:
    if not staging.has_leads:
        return """select lead, null::bigint as ref,
            to_json({sort: sort, key: key, traits: null, won: null})::varchar as note from people"""
    won = ", ".join(quoted(word) for word in WON)
    lost = ", ".join(quoted(word) for word in LOST)
    return f"""select p.lead, null::bigint as ref,
            to_json({{sort: p.sort, key: p.key, traits: t.traits, won: t.won}})::varchar as note
        from people p left join (
            select hash(sort, key) as lead, list(traits order by traits) as traits,
                bool_or(case when won in ({won}) then true when won in ({lost}) or won is null then false end) as won
            from owned_lead_rows group by 1) t using (lead)"""
