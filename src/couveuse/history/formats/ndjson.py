"""Lines of JSON."""

import json

from couveuse.core.events import MOST_ROW_BYTES, Reject
from couveuse.history.columns import KEYS
from couveuse.history.duck import quoted
from couveuse.history.inputs import Input
from couveuse.history.readings import MOST_OBJECT_BYTES, WORDS, Reading, Wanted, splits


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
