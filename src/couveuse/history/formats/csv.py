"""Tables of text."""

from collections.abc import Container

from couveuse.core.events import MOST_ROW_BYTES, Reject
from couveuse.history.columns import KEYS
from couveuse.history.duck import name_of, quoted
from couveuse.history.formats.tables import check_columns, has_traits, tabular, whole
from couveuse.history.inputs import Input
from couveuse.history.readings import MOST_OBJECT_BYTES, PARTS, Reading, Wanted

# Columns beside those of a file, whatever these are called.
ROW, TIME = name_of("couveuse: row"), name_of("couveuse: time")


def csv(file: Input, wanted: Wanted) -> Reading:
    """Rows of text cells: numbers and booleans where they are written as such."""
    check_columns(file, file.columns, wanted)
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
    fields = tuple(tabular(name, wanted, columns, lambda c: f"csv_json({c})", lambda c: c) for name in wanted.fields)
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
        word=lambda name: tabular(name, wanted, columns, lambda c: f"csv_json({c})", lambda c: c),
        has_traits=has_traits(file.columns, "VARCHAR"),
        whole=whole({column: _csv_whole(column, keys) for column in file.columns}),
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
