"""Named SQL: each statement stands in `sql/<noun>.sql` under `-- name: ...`, and is found here by noun and name.

A statement is followed from its name by comments that say its purpose and the order that it promises. A name that does
not exist fails when the module that asks for it is imported, and not at night.
"""

import re
from functools import cache
from importlib.resources import files

from psycopg import sql

from couveuse.errors import CouveuseError

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


class NoSuchStatement(CouveuseError):
    """There is no statement of that name."""


@cache
def _of(noun: str) -> dict[str, str]:
    text = files("couveuse.store").joinpath("sql", f"{noun}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


def statement(noun: str, name: str) -> sql.SQL:
    """The statement of that name among those of a noun; raises NoSuchStatement."""
    found = _of(noun).get(name)
    if found is None:
        raise NoSuchStatement(f"sql/{noun}.sql has no statement {name}")
    return sql.SQL(found)
