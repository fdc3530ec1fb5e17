"""Named SQL: each statement stands in `sql/<noun>.sql` under `-- name: ...`, and is found here by noun and name.

A statement is followed from its name by comments that say its purpose and the order that it promises. What several ask
alike is written once: `{include noun.name}` stands for what is under that name, without its comments. A name that does
not exist fails when the module that asks for it is imported, and not at night.
"""

import re
from functools import cache
from importlib.resources import files

from psycopg import sql

from couveuse.errors import CouveuseError

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_INCLUDE = re.compile(r"\{include (\w+)\.(\w+)\}")
_COMMENTS = re.compile(r"\A(--.*\n)+")


class NoSuchStatement(CouveuseError):
    """There is no statement of that name."""


@cache
def _of(noun: str) -> dict[str, str]:
    try:
        text = files("couveuse.store").joinpath("sql", f"{noun}.sql").read_text("utf-8")
    except FileNotFoundError:
        raise NoSuchStatement(f"there is no sql/{noun}.sql") from None
    _, *parts = _NAME.split(text)
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


def _written(noun: str, name: str) -> str:
    found = _of(noun).get(name)
    if found is None:
        raise NoSuchStatement(f"sql/{noun}.sql has no statement {name}")
    return found


def statement(noun: str, name: str) -> sql.SQL:
    """The statement of that name among those of a noun, with what it includes; raises NoSuchStatement."""
    return sql.SQL(_INCLUDE.sub(lambda found: _COMMENTS.sub("", _written(*found.groups())), _written(noun, name)))
