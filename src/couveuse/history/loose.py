"""Rows as the files hold them, under the same columns whatever the format: SQL for DuckDB, no row is judged yet.

A loose row has `ref` (which row of which file), its keys as clean text, its time as `wall` (microseconds on its own
clock) with `shift` (that clock's offset, null where the file does not say), the fields that the model reads as
`f0, f1, ...`, a `flaw` where the row is broken as such, and `whole`, the row as JSON, where somebody has to see it.
"""

import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow.parquet as pq

from couveuse.core.events import CHANGES, MOST_POINTS, MOST_ROW_BYTES, Adjustment, Change, Reject, Verdict
from couveuse.core.times import ISO_PATTERN, WHITE
from couveuse.errors import BadInput
from couveuse.history.columns import KEYS, Dates
from couveuse.history.inputs import Format, Input
from couveuse.history.unfit import Unfit, UnfitFile

PARTS = ("properties", "context", "traits")
# What facts other than behaviours say.
WORDS = ("group", "purpose", "kind", "points", "of", "of_source", "verdict")
# The event's name, clean: much is asked of it, and it is cleaned once.
EVENT = "event_of_row"
# A row's number within its file stands in the low bits of `ref`.
REF_BITS = 40
# DuckDB's own bound on one object, above ours, so that a row over ours is a reject and no failure of the file.
MOST_OBJECT_BYTES = 64 << 20


def quoted(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """A column's name as SQL wants it."""
    return '"' + column.replace('"', '""') + '"'


# Columns beside those of a file, whatever these are called.
ROW, TIME = name_of("couveuse: row"), name_of("couveuse: time")
# What is asked for in the place of a column that is left out.
NOTHING = "couveuse: nothing"

_WHITE = quoted(WHITE)
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?"


# Where day and month stand among the two numbers with which a date of a table begins.
DAY_FIRST, MONTH_FIRST = (r"\1", r"\2"), (r"\2", r"\1")


def _written(day: str, month: str) -> str:
    """SQL for a date and time of a table in the order of ISO 8601; what is written otherwise stays as it is."""
    steps = (
        (r"^\s*(\d)[/.-]", r"0\1/"),
        (r"^\s*(\d\d)[/.-](\d)[/.-]", r"\1/0\2/"),
        (r"^\s*(\d\d)[/.-](\d\d)[/.-](\d{4})", rf"\3-{month}-{day}"),
        (r"^(\d{4}-\d\d-\d\d)[ T]+(\d)[:h]", r"\1 0\2:"),
        (r"^(\d{4}-\d\d-\d\d)[ T]+(\d\d)h", r"\1 \2:"),
    )
    found = "x"
    for pattern, text in steps:
        found = f"regexp_replace({found}, {quoted(pattern)}, {quoted(text)})"
    return found


MACROS = (
    # Text that begins and ends with a visible ASCII letter is clean already: to look costs a tenth of to trim.
    f"""create or replace macro clean(x) as case
        when x >= '!' and x < chr(127) and ascii(right(x, 1)) between 33 and 126 then x
        else nullif(trim(x, {_WHITE}), '') end""",
    # DuckDB makes a dotless i of this letter where Python keeps its dot, and two addresses would be one.
    """create or replace macro email_of(x) as case
        when contains(x, 'İ') then lower(replace(x, 'İ', 'i̇')) else lower(x) end""",
    # What JSON text holds as a key: text clean, a number written out, nothing else.
    """create or replace macro json_key(j) as case
        when j is null then null
        when j[1] = '"' then clean(json_extract_string(j, '$'))
        when not (j[1] between '0' and '9' or j[1] = '-') then null
        when not (contains(j, '.') or contains(j, 'e') or contains(j, 'E')) then j
        when j::double = floor(j::double) and abs(j::double) < 9007199254740992 then j::double::bigint::varchar
        else j::double::varchar end""",
    f"""create or replace macro csv_json(x) as case
        when x is null or x = '' then null
        when regexp_full_match(x, '{_NUMBER}') then x
        when lower(x) = 'true' or lower(x) = 'false' then lower(x)
        else to_json(x)::varchar end""",
    f"""create or replace macro time_parts(x) as
        regexp_extract(trim(x, {_WHITE}), '^{ISO_PATTERN}$', ['d', 't', 'f', 'z'])""",
    f"create or replace macro day_first(x) as {_written(*DAY_FIRST)}",
    f"create or replace macro month_first(x) as {_written(*MONTH_FIRST)}",
    """create or replace macro wall_of(p) as
        epoch_us(try_cast(p.d || ' ' || case length(p.t) when 0 then '00:00:00' when 5 then p.t || ':00' else p.t end
            as timestamp)) + rpad(left(p.f, 6), 6, '0')::bigint""",
    """create or replace macro shift_of(p) as case
        when p.z = '' then null
        when lower(p.z) = 'z' then 0
        else (case left(p.z, 1) when '-' then -1 else 1 end)
            * (substr(p.z, 2, 2)::bigint * 60 + coalesce(try_cast(right(replace(p.z, ':', ''), -3) as bigint), 0))
            * 60000000 end""",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of each row: fields as `where` names them, and for files of leads, bare columns as traits."""

    fields: tuple[str, ...]
    rename: Mapping[str, str] = field(default_factory=dict)  # new name -> name in the file
    are_leads: bool = False
    whole: bool = False  # keep every row as JSON, not only those that somebody has to see
    dates: Dates = Dates.ISO
    left_out: frozenset[str] = frozenset()  # columns that are not read

    def in_file(self, name: str) -> str:
        """What a column is called in the file; a name that no column has, where it is left out."""
        found = self.rename.get(name, name)
        return found if name in self.rename or found not in self.left_out else NOTHING

    def when(self, text: str) -> str:
        """SQL for the text of a time in the order of ISO 8601."""
        return text if self.dates is Dates.ISO else f"{self.dates}_first({text})"

    def part_of(self, name: str) -> tuple[str, str]:
        """In which part of a row a field stands, and its path there."""
        head, dot, tail = name.partition(".")
        return (head, tail) if dot and head in PARTS else ("properties", name)

    @property
    def bare(self) -> str:
        """The part to which bare columns belong."""
        return "traits" if self.are_leads else "properties"


def splits(path: str) -> list[tuple[str, ...]]:
    """The ways in which a dotted path may be held, in the order in which they are looked for.

    >>> splits("a.b.c")
    [('a.b.c',), ('a', 'b.c'), ('a', 'b', 'c')]
    """
    head, dot, tail = path.partition(".")
    return [(path,), *((head, *rest) for rest in splits(tail))] if dot else [(path,)]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one kind are read: a FROM clause, and SQL for each thing that a loose row holds."""

    source: str
    row_number: str
    key: Callable[[str], str]
    wall: str
    shift: str
    has_time: str
    fields: tuple[str, ...]  # as JSON text, but for `is_text`
    is_text: tuple[bool, ...]
    word: Callable[[str], str]  # a property, as JSON text
    has_traits: str
    whole: str
    flaw: str


def _is_incomplete(reading: Reading) -> str:
    """What `couveuse.core.events.is_complete` says, negated, of rows that change something; a law's test compares."""

    def key(word: str) -> str:
        return f"json_key({reading.word(word)})"

    def is_number(word: str) -> str:
        number = (
            f"case when regexp_matches({reading.word(word)}, '^[-0-9]') then abs(({reading.word(word)})::double) end"
        )
        return f"coalesce({number} <= {MOST_POINTS}, false)"

    kinds = ", ".join(quoted(kind) for kind in Adjustment)
    verdicts = ", ".join(quoted(verdict) for verdict in Verdict)
    needs = {
        Change.TRAITS: reading.has_traits,
        Change.KEYS: "true",
        Change.JOIN: f"{key('group')} is not null",
        Change.LEAVE: f"{key('group')} is not null",
        Change.CONSENT: f"{key('purpose')} is not null",
        Change.ADJUST: f"{key('kind')} in ({kinds}) "
        f"and ({key('kind')} = '{Adjustment.RESET}' or {is_number('points')})",
        Change.VERDICT: f"{key('of')} is not null and {key('verdict')} in ({verdicts})",
        Change.NOTE: "true",
    }
    cases = " ".join(f"when {quoted(name)} then {needs[change]}" for name, change in CHANGES.items())
    event, names = EVENT, ", ".join(map(quoted, CHANGES))
    # Most rows change nothing, and are not asked further.
    return f"case when {event} in ({names}) then not coalesce(case {event} {cases} end, false) else false end"


def select(reading: Reading, wanted: Wanted, number: int, *, as_text: Sequence[bool], among: str | None = None) -> str:
    """The loose rows of one file, the `number`-th; a field is plain text where all files hold it so.

    `among` names a table of `ref`s, for which alone the rows are wanted: the others are passed over unread.
    """
    ref = f"({number}::bigint << {REF_BITS}) + {reading.row_number}"
    source = reading.source
    if among is not None:
        source = f"(select * from {source} where {ref} in (select ref from {among}))"
    source = f"(select *, {reading.key('event')} as {EVENT} from {source})"
    fields = [
        sql if plain else (f"to_json({sql})::varchar" if is_text else sql)
        for sql, is_text, plain in zip(reading.fields, reading.is_text, as_text, strict=True)
    ]
    columns = [f"{sql} as f{index}" for index, sql in enumerate(fields)]
    mid = reading.key("message_id")
    changes = ", ".join(quoted(name) for name in CHANGES)
    shows = "true" if wanted.whole else f"flaw is not null or mid is null or event in ({changes})"
    inner = ", ".join(
        (
            f"{ref} as ref",
            f"{EVENT} as event",
            f"{mid} as mid",
            f"{reading.key('source')} as source",
            f"{reading.key('email')} as email",
            f"{reading.key('user_id')} as user_id",
            f"{reading.key('anonymous_id')} as anonymous_id",
            f"{reading.wall} as wall",
            f"{reading.shift} as shift",
            f"{reading.has_time} as has_time",
            f"{reading.flaw} as flaw",
            f"{_is_incomplete(reading)} as is_incomplete",
            f"{reading.whole} as everything",
            f"json_key({reading.word('of')}) as said_of",
            f"json_key({reading.word('of_source')}) as said_of_source",
            *columns,
        )
    )
    outer = ", ".join(f"f{index}" for index in range(len(columns)))
    return (
        "select ref, event, mid, coalesce(source, '') as source, email_of(email) as email, user_id, anonymous_id, "
        f"wall, shift, has_time, flaw, is_incomplete, case when {shows} then everything end as whole, "
        "case when event = 'Verdict Given' then said_of end as of_mid, "
        f"case when event = 'Verdict Given' then said_of_source end as of_source{', ' + outer if outer else ''} "
        f"from (select {inner} from {source})"
    )


# ---- NDJSON ------------------------------------------------------------------------------------------------


def ndjson(file: Input, wanted: Wanted) -> Reading:
    """Lines of JSON: each line is taken apart once, for all that is wanted of it."""
    ways = {name: _ways(name, wanted) for name in (*wanted.fields, *WORDS)}
    keys = {name: (wanted.in_file(name),) for name in KEYS}
    leaves = {*keys.values(), *(way for found in ways.values() for way in found)}

    def value(name: str) -> str:
        return f"coalesce({', '.join(_place(way, leaves) for way in ways[name])})"

    when = _place(keys["occurred_at"], leaves)
    text = f"case when {when}[1] = '\"' then json_extract_string({when}, '$') end"
    fields = tuple(value(name) for name in wanted.fields)
    structure = quoted(_structure(leaves))
    source = (
        f"(select n, j, v, time_parts({wanted.when(text)}) as p from (select n, j, from_json(j, {structure}) as v "
        f"from (select row_number() over () as n, json as j from read_ndjson_objects({quoted(file.path)}, "
        f"ignore_errors = true, maximum_object_size = {MOST_OBJECT_BYTES}))))"
    )
    return Reading(
        source=source,
        row_number="n",
        key=lambda name: f"json_key({_place(keys[name], leaves)})",
        wall="wall_of(p)",
        shift="shift_of(p)",
        has_time=f"coalesce({when}, '\"\"') != '\"\"'",
        fields=fields,
        is_text=(False,) * len(fields),
        word=value,
        has_traits="len(coalesce(json_keys(j, '$.traits'), [])) > 0 "
        "or len(list_filter(json_keys(json_merge_patch('{}'::json, j)), lambda k: starts_with(k, 'traits.'))) > 0",
        whole="j::varchar",
        # A backslash that is escaped itself makes no NUL of the u0000 after it.
        flaw=rf"""case when j is null or json_type(j) != 'OBJECT' then '{Reject.NOT_AN_OBJECT}'
            when strlen(j::varchar) > {MOST_ROW_BYTES} then '{Reject.TOO_LARGE}'
            when contains(j::varchar, '\u0000') and regexp_matches(j::varchar, '(^|[^\\])(\\\\)*\\u0000')
            then '{Reject.NUL}' end""",
    )


def _ways(name: str, wanted: Wanted) -> list[tuple[str, ...]]:
    """Where in an object a field may stand: in its part's object, dotted, or bare, in that precedence."""
    part, path = wanted.part_of(name)
    ways = [(part, *keys) for keys in splits(path)] + [(f"{part}.{path}",)]
    return ways + (splits(wanted.in_file(path)) if part == wanted.bare else [])


def _place(keys: tuple[str, ...], leaves: set[tuple[str, ...]]) -> str:
    """SQL for what stands at a place, as JSON text: where a place around it is wanted whole, it is looked for there."""
    whole = next(keys[:length] for length in range(1, len(keys) + 1) if keys[:length] in leaves)
    held = "v" + "".join(f"[{quoted(key)}]" for key in whole)
    rest = keys[len(whole) :]
    if not rest:
        return f"({held}::varchar)"
    path = "$" + "".join("." + json.dumps(key, ensure_ascii=False) for key in rest)
    return f"nullif(json_extract({held}, {quoted(path)})::varchar, 'null')"


def _structure(leaves: set[tuple[str, ...]]) -> str:
    """The structure by which DuckDB takes objects apart: each place that is wanted whole is JSON."""
    root: dict[str, object] = {}
    for keys in sorted(leaves, key=len):
        if any(keys[:length] in leaves for length in range(1, len(keys))):
            continue
        node: dict[str, object] = root
        for key in keys[:-1]:
            inner = node.setdefault(key, {})
            assert isinstance(inner, dict)  # no place around it is wanted whole
            node = inner
        node[keys[-1]] = "JSON"
    return json.dumps(root, ensure_ascii=False)


# ---- CSV ---------------------------------------------------------------------------------------------------


def csv(file: Input, wanted: Wanted) -> Reading:
    """Rows of text cells: numbers and booleans where they are written as such."""
    _check_columns(file, file.columns, wanted)
    columns = set(file.columns)
    when = wanted.in_file("occurred_at")
    text = name_of(when) if when in columns else "null::varchar"
    listed = "{" + ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in file.columns) + "}"
    source = (
        f"(select row_number() over () as {ROW}, *, time_parts({wanted.when(text)}) as {TIME} "
        f"from read_csv({quoted(file.path)}, columns = {listed}, header = true, "
        f"delim = {quoted(file.delimiter)}, quote = '\"', escape = '\"', auto_detect = false, store_rejects = true, "
        f"rejects_limit = 0, max_line_size = {MOST_OBJECT_BYTES}, buffer_size = {MOST_OBJECT_BYTES}))"
    )
    cells = [name_of(column) for column in file.columns]
    keys = [wanted.in_file(name) for name in KEYS]
    fields = tuple(_tabular(name, wanted, columns, lambda c: f"csv_json({c})", lambda c: c) for name in wanted.fields)
    size = " + ".join(f"coalesce(strlen({cell}), 0)" for cell in cells)
    nul = f"contains(concat_ws('', {', '.join(cells)}), chr(0))"
    return Reading(
        source=source,
        row_number=ROW,
        key=lambda name: (
            f"clean({name_of(wanted.in_file(name))})" if wanted.in_file(name) in columns else "null::varchar"
        ),
        wall=f"wall_of({TIME})",
        shift=f"shift_of({TIME})",
        has_time=f"coalesce({text}, '') != ''",
        fields=fields,
        is_text=(False,) * len(fields),
        word=lambda name: _tabular(name, wanted, columns, lambda c: f"csv_json({c})", lambda c: c),
        has_traits=_has_traits(file.columns, "VARCHAR"),
        whole=_whole({column: _csv_whole(column, keys) for column in file.columns}),
        flaw=f"case when {size} > {MOST_ROW_BYTES} then '{Reject.TOO_LARGE}' when {nul} then '{Reject.NUL}' end",
    )


def _csv_whole(column: str, keys: Container[str]) -> str:
    """A cell as JSON; a key is text, however it looks."""
    cell = name_of(column)
    if column in keys:
        return f"to_json(nullif({cell}, ''))"
    if column in PARTS:
        return f"case when json_valid({cell}) then {cell}::json else csv_json({cell})::json end"
    return f"csv_json({cell})::json"


def _whole(members: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{quoted(column)}, {sql}" for column, sql in members.items())
    return f"json_object({pairs})::varchar"


def _tabular(
    name: str,
    wanted: Wanted,
    columns: set[str],
    value: Callable[[str], str],
    inner: Callable[[str], str],
    nested: Container[str] = (),
) -> str:
    """A field of a table with named columns: in an object's column, dotted, or bare, in that precedence.

    `nested` are columns that hold objects by their type: a path may go on within them.
    """
    part, path = wanted.part_of(name)
    ways = []
    if part in columns:
        ways += [_within(inner(name_of(part)), keys) for keys in splits(path)]
    plain = [f"{part}.{path}"] + ([wanted.in_file(path)] if part == wanted.bare else [])
    ways += [value(name_of(column)) for column in plain if column in columns]
    for head, *rest in splits(path)[1:]:
        heads = [f"{part}.{head}"] + ([wanted.in_file(head)] if part == wanted.bare else [])
        ways += [_within(inner(name_of(column)), rest) for column in heads if column in nested]
    if not ways:
        return "null::varchar"
    return ways[0] if len(ways) == 1 else f"coalesce({', '.join(ways)})"


def _within(held: str, keys: Sequence[str]) -> str:
    """SQL for what stands at a place within JSON text, as JSON text."""
    path = "$" + "".join("." + '"' + key.replace('"', '\\"') + '"' for key in keys)
    return f"nullif(json_extract(case when json_valid({held}) then {held} end, {quoted(path)})::varchar, 'null')"


# ---- Parquet -----------------------------------------------------------------------------------------------


def parquet(file: Input, wanted: Wanted, connection: duckdb.DuckDBPyConnection) -> Reading:
    """Typed columns: text stays text, anything else is written as JSON."""
    try:
        described = connection.execute(f"describe select * from read_parquet({quoted(file.path)})").fetchall()
    except duckdb.Error as error:
        raise BadInput(
            f"{file.given}: not a Parquet file that can be read ({first_line(error)}); write it again"
        ) from None
    types = {str(row[0]): str(row[1]) for row in described}
    _check_columns(file, tuple(types), wanted)
    used: list[str] = []

    def key(name: str) -> str:
        column = wanted.in_file(name)
        kind = types.get(column)
        if kind is None:
            return "null::varchar"
        used.extend([name_of(column)] if kind == "VARCHAR" and name_of(column) not in used else [])
        if kind == "VARCHAR":
            return f"clean({name_of(column)})"
        return (
            f"json_key(to_json({name_of(column)})::varchar)"
            if kind in ("DOUBLE", "FLOAT")
            else f"clean({name_of(column)}::varchar)"
        )

    def as_json(column: str) -> str:
        return column if types[column[1:-1]] == "VARCHAR" else f"to_json({column})::varchar"

    keys = {name: key(name) for name in KEYS if name != "occurred_at"}
    texts = tuple(_text_column(name, wanted, types) for name in wanted.fields)
    nested = {column for column, kind in types.items() if kind.startswith(("STRUCT", "MAP", "JSON"))}
    fields = tuple(
        name_of(column) if column else _tabular(name, wanted, set(types), _json_of, as_json, nested)
        for name, column in zip(wanted.fields, texts, strict=True)
    )
    used += [name_of(column) for column in texts if column and name_of(column) not in used]
    when = wanted.in_file("occurred_at")
    wall, shift, has_time = _typed_time(when, types.get(when, ""), wanted)
    also = [_text_of(column, types[column]) for column in _large(file, tuple(types)) if name_of(column) not in used]
    size = " + ".join(f"coalesce(strlen({column}), 0)" for column in (*used, *also)) or "0"
    nul = " or ".join(f"contains({column}, chr(0))" for column in used) or "false"
    return Reading(
        source=f"read_parquet({quoted(file.path)}, file_row_number = true)",
        row_number="file_row_number + 1",
        key=keys.__getitem__,
        wall=wall,
        shift=shift,
        has_time=has_time,
        fields=fields,
        is_text=tuple(column is not None for column in texts),
        word=lambda name: _tabular(name, wanted, set(types), _json_of, as_json, nested),
        has_traits=_has_traits(tuple(types), types.get("traits", "VARCHAR")),
        whole=_whole({column: _typed_whole(column, kind) for column, kind in types.items()}),
        flaw=f"case when {size} > {MOST_ROW_BYTES} then '{Reject.TOO_LARGE}' when {nul} then '{Reject.NUL}' end",
    )


def _large(file: Input, columns: Sequence[str]) -> list[str]:
    """The columns of a Parquet file of which a cell may be over the bound of a row, as the sizes of its chunks tell.

    A column that the model does not read is read all the same if it is one of these: the row is then no fact in any
    format.
    """
    with pq.ParquetFile(file.path) as opened:
        groups = [opened.metadata.row_group(index) for index in range(opened.metadata.num_row_groups)]
    paths = {
        chunk.path_in_schema
        for group in groups
        for chunk in (group.column(index) for index in range(group.num_columns))
        if chunk.physical_type == "BYTE_ARRAY" and chunk.total_uncompressed_size > MOST_ROW_BYTES
    }
    return [c for c in columns if any(path == c or path.startswith(f"{c}.") for path in paths)]


def _text_of(column: str, kind: str) -> str:
    cell = name_of(column)
    return cell if kind == "VARCHAR" else f"to_json({cell})::varchar"


def _typed_whole(column: str, kind: str) -> str:
    """A typed cell as JSON; text in the place of an object may be one."""
    cell = name_of(column)
    if column in PARTS and kind == "VARCHAR":
        return f"case when json_valid({cell}) then {cell}::json else to_json({cell}) end"
    return _said(cell, kind)


def _said(cell: str, kind: str) -> str:
    """A typed cell as JSON; the empty fields of a struct, which every row has, say nothing."""
    return f"json_merge_patch('{{}}'::json, to_json({cell}))" if kind.startswith("STRUCT") else f"to_json({cell})"


def _has_traits(columns: Sequence[str], kind: str) -> str:
    """Whether a row of a table says any trait; `kind` is the type of the column `traits`, where there is one."""
    held = [f"{name_of(c)} is not null" for c in columns if c.startswith("traits.")]
    if "traits" in columns:
        cell = name_of("traits")
        object_ = f"case when json_valid({cell}) then {cell}::json end" if kind == "VARCHAR" else _said(cell, kind)
        held.append(f"len(coalesce(json_keys({object_}), [])) > 0")
    return " or ".join(held) or "false"


def _json_of(column: str) -> str:
    return f"nullif(to_json({column})::varchar, 'null')"


def _text_column(name: str, wanted: Wanted, types: Mapping[str, str]) -> str | None:
    """The one column of text that holds a field, where nothing else can."""
    part, path = wanted.part_of(name)
    plain = [f"{part}.{path}"] + ([wanted.in_file(path)] if part == wanted.bare else [])
    held = [column for column in plain if column in types]
    heads = {keys[0] for keys in splits(path)[1:]}
    others = {part, *heads, *(f"{part}.{head}" for head in heads)} & types.keys()
    return held[0] if not others and len(held) == 1 and types[held[0]] == "VARCHAR" else None


def _typed_time(column: str, kind: str, wanted: Wanted) -> tuple[str, str, str]:
    cell = name_of(column)
    is_there = f"{cell} is not null"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"epoch_us({cell})", "0::bigint", is_there
    if kind == "TIMESTAMPTZ_NS":
        return f"epoch_ns({cell}) // 1000", "0::bigint", is_there
    if kind == "TIMESTAMP_NS":
        return f"epoch_ns({cell}) // 1000", "null::bigint", is_there
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"epoch_us({cell}::timestamp)", "null::bigint", is_there
    if kind == "VARCHAR":
        parts = f"time_parts({wanted.when(cell)})"
        return f"wall_of({parts})", f"shift_of({parts})", f"coalesce({cell}, '') != ''"
    return "null::bigint", "null::bigint", is_there if kind else "false"


def _check_columns(file: Input, columns: Sequence[str], wanted: Wanted) -> None:
    """Without these columns no row can be a fact: better said once, with what is there."""
    for old in wanted.rename.values():
        if old not in columns:
            raise UnfitFile(
                f"--map: {file.given} has no column {old!r}; it has: {', '.join(columns)}", Unfit.NO_COLUMN, column=old
            )
    strange = sorted(wanted.left_out.difference(columns))
    if strange:
        raise UnfitFile(
            f"--leave-out: {file.given} has no column {strange[0]!r}; it has: {', '.join(columns)}",
            Unfit.NO_COLUMN,
            column=strange[0],
        )
    needed = [] if wanted.are_leads else ["event", "occurred_at"]
    missing = [name for name in needed if wanted.in_file(name) not in columns]
    if missing:
        raise UnfitFile(
            f"{file.given}: no column `{missing[0]}` (it has: {', '.join(columns[:12])}); "
            f"rename one: --map {missing[0]}=COLUMN",
            Unfit.NO_COLUMN,
            column=missing[0],
        )
    if not any(wanted.in_file(name) in columns for name in ("email", "user_id", "anonymous_id")):
        raise UnfitFile(
            f"{file.given}: no column `email`, `user_id` or `anonymous_id` (it has: {', '.join(columns[:12])}); "
            "rename one: --map email=COLUMN",
            Unfit.NO_COLUMN,
            column="email",
        )


def reading_of(file: Input, wanted: Wanted, connection: duckdb.DuckDBPyConnection) -> Reading:
    """How a file is read."""
    if file.format is Format.PARQUET:
        return parquet(file, wanted, connection)
    return csv(file, wanted) if file.format is Format.CSV else ndjson(file, wanted)


def first_line(error: Exception) -> str:
    """An error's first line, short enough for one of ours."""
    return str(error).strip().partition("\n")[0][:200]
