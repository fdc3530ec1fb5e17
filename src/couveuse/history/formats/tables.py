"""What files with named columns have in common, be their cells text or typed."""

from collections.abc import Callable, Container, Mapping, Sequence

from couveuse.history.duck import name_of, quoted
from couveuse.history.inputs import Input
from couveuse.history.readings import Wanted, splits
from couveuse.history.unfit import Unfit, UnfitFile


def check_columns(file: Input, columns: Sequence[str], wanted: Wanted) -> None:
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


def tabular(
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
        ways += [within(inner(name_of(part)), keys) for keys in splits(path)]
    plain = [f"{part}.{path}"] + ([wanted.in_file(path)] if part == wanted.bare else [])
    ways += [value(name_of(column)) for column in plain if column in columns]
    for head, *rest in splits(path)[1:]:
        heads = [f"{part}.{head}"] + ([wanted.in_file(head)] if part == wanted.bare else [])
        ways += [within(inner(name_of(column)), rest) for column in heads if column in nested]
    if not ways:
        return "null::varchar"
    return ways[0] if len(ways) == 1 else f"coalesce({', '.join(ways)})"


def within(held: str, keys: Sequence[str]) -> str:
    """SQL for what stands at a place within JSON text, as JSON text."""
    path = "$" + "".join("." + '"' + key.replace('"', '\\"') + '"' for key in keys)
    return f"nullif(json_extract(case when json_valid({held}) then {held} end, {quoted(path)})::varchar, 'null')"


def whole(members: Mapping[str, str]) -> str:
    """SQL for a row as JSON, of what each of its columns is as JSON."""
    pairs = ", ".join(f"{quoted(column)}, {sql}" for column, sql in members.items())
    return f"json_object({pairs})::varchar"


def said(cell: str, kind: str) -> str:
    """A typed cell as JSON; the empty fields of a struct, which every row has, say nothing."""
    return f"json_merge_patch('{{}}'::json, to_json({cell}))" if kind.startswith("STRUCT") else f"to_json({cell})"


def has_traits(columns: Sequence[str], kind: str) -> str:
    """Whether a row of a table says any trait; `kind` is the type of the column `traits`, where there is one."""
    held = [f"{name_of(c)} is not null" for c in columns if c.startswith("traits.")]
    if "traits" in columns:
        cell = name_of("traits")
        object_ = f"case when json_valid({cell}) then {cell}::json end" if kind == "VARCHAR" else said(cell, kind)
        held.append(f"len(coalesce(json_keys({object_}), [])) > 0")
    return " or ".join(held) or "false"
