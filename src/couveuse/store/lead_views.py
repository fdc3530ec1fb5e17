"""Views of the list of leads: filters that people keep under a name, for themselves or for all."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import Connection

from couveuse.errors import BadInput
from couveuse.store import audit
from couveuse.store.findable import MOST_CHOICES
from couveuse.store.statements import statement

_ALL, _ONE, _SAVE = (statement("lead_views", name) for name in ("all", "one", "save"))
_RENAME, _REMOVE, _COUNT = (statement("lead_views", name) for name in ("rename", "remove", "count"))
_LOCK, _AROUND = statement("lead_views", "lock"), statement("lead_views", "around")
LOCK: Final = 0x7669657773
MOST_NAME: Final = 60
MOST_QUERY: Final = 2_000
# So many views somebody keeps, and all together share.
MOST: Final = 50


class BadView(BadInput):
    """A view cannot be kept so."""


@dataclass(frozen=True, slots=True)
class View:
    """Filters under a name; `user_id` is whose it is, None: all share it."""

    id: int
    user_id: int | None
    name: str
    query: str  # as the address of the list has it
    made_by: str


class Around(NamedTuple):
    """The team's document, the groups and sources that may be chosen, and the views of a person and of all."""

    document: str | None
    groups: list[str]
    sources: list[str]
    views: list[View]


def views_of(connection: Connection[Any], user_id: int) -> list[View]:
    """The views of a person and those that all share, shared ones first, by name."""
    return [View(*row) for row in connection.execute(_ALL, {"user": user_id, "most": 2 * MOST}).fetchall()]


def around(connection: Connection[Any], user_id: int) -> Around:
    """What stands around the list of leads for a person."""
    row = connection.execute(_AROUND, {"user": user_id, "most": 2 * MOST, "choices": MOST_CHOICES}).fetchone()
    assert row is not None  # one row always
    document, groups, sources, views = row
    return Around(document, groups, sources, [View(*each) for each in views])


def view(connection: Connection[Any], number: int, user_id: int) -> View | None:
    """A view that a person may use; None where there is none."""
    row = connection.execute(_ONE, {"id": number, "user": user_id}).fetchone()
    return None if row is None else View(*row)


def save(connection: Connection[Any], user_id: int | None, name: str, query: str, *, by: str, now: int) -> int:
    """Keep a view, for one person or (None) for all; one of that name is replaced. Raises BadView."""
    name = _name(name)
    if not query or len(query) > MOST_QUERY or "\x00" in query:
        raise BadView("filter the list before you keep it as a view")
    with connection.transaction():
        connection.execute(_LOCK, {"lock": LOCK})
        wanted = {"user": user_id, "name": name, "query": query, "now": now, "by": by}
        row = connection.execute(_SAVE, wanted).fetchone()
        counted = connection.execute(_COUNT, wanted).fetchone()
        assert row is not None  # it was inserted or replaced
        assert counted is not None  # an aggregate always answers
        if counted[0] > MOST:
            raise BadView(f"there are {MOST} views already; delete one first")
        _record(connection, "kept a view of leads", int(row[0]), user_id, by, now)
        return int(row[0])


def rename(connection: Connection[Any], number: int, user_id: int | None, name: str, *, by: str, now: int) -> bool:
    """Call a view otherwise; False where there is none, or another one is called so. Raises BadView."""
    with connection.transaction():
        wanted = {"id": number, "user": user_id, "name": _name(name)}
        found = connection.execute(_RENAME, wanted).fetchone() is not None
        if found:
            _record(connection, "renamed a view of leads", number, user_id, by, now)
        return found


def remove(connection: Connection[Any], number: int, user_id: int | None, *, by: str, now: int) -> bool:
    """Forget a view of somebody's, or (None) one that all share; False where there is none."""
    with connection.transaction():
        found = connection.execute(_REMOVE, {"id": number, "user": user_id}).fetchone() is not None
        if found:
            _record(connection, "deleted a view of leads", number, user_id, by, now)
        return found


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME or "\x00" in name:
        raise BadView(f"name the view, in 1 to {MOST_NAME} characters")
    return name


def _record(connection: Connection[Any], did: str, number: int, user_id: int | None, by: str, now: int) -> None:
    audit.record(connection, by=by, did=did, about={"view": number, "shared": user_id is None}, now=now)
