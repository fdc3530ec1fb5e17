"""Tables of typed columns."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow.parquet as pq

from couveuse.core.events import MOST_ROW_BYTES, Reject
from couveuse.history.columns import KEYS
from couveuse.history.duck import first_line, name_of, quoted
from couveuse.history.formats.tables import check_columns, has_traits, said, tabular, whole
from couveuse.history.inputs import Input
from couveuse.history.readings import PARTS, Reading, Wanted, splits
from couveuse.history.unfit import Unfit, UnfitFile


def parquet(file: Input, wanted: Wanted, connection: duckdb.DuckDBPyConnection) -> Reading:
    """Typed columns: text stays text, anything else is written as JSON."""
    try:
        described = connection.execute(f"describe select * from read_parquet({quoted(file.path)})").fetchall()
    except duckdb.Error as error:
        told = f"{file.given}: not a Parquet file that can be read ({first_line(error)}); write it again"
        raise UnfitFile(told, Unfit.BROKEN) from None
    types = {str(row[0]): str(row[1]) for row in described}
    check_columns(file, tuple(types), wanted)
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
        name_of(column) if column else tabular(name, wanted, set(types), _json_of, as_json, nested)
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
        word=lambda name: tabular(name, wanted, set(types), _json_of, as_json, nested),
        has_traits=has_traits(tuple(types), types.get("traits", "VARCHAR")),
        whole=whole({column: _typed_whole(column, kind) for column, kind in types.items()}),
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
    return said(cell, kind)


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
