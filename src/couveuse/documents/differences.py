"""What differs between two scoring models, entry by entry, as their documents would say it; nothing is scored here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from couveuse.core.model import Model
from couveuse.documents.writing import plain_model

# Lists whose entries are known by their id; all else is compared as a whole.
BY_ID: Final = ("rules", "fit", "bands", "personas")


class Kind(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: in which section, of which entry, which field; texts are as a document has them."""

    kind: Kind
    section: str
    id: str
    field: str
    before: str
    after: str


def differences(before: Model, after: Model) -> list[Difference]:
    """What differs, in the order of the document: entries that went, came or changed, and what stands by itself.

    >>> from couveuse.core.model import Band, Temperature
    >>> one = Model("m", (Band("all", None, 0.05, Temperature.COLD),))
    >>> other = Model("m", (Band("all", None, 0.1, Temperature.COLD),))
    >>> [(each.id, each.field, each.before, each.after) for each in differences(one, other)]
    [('all', 'rate', '0.05', '0.1')]
    """
    was, now = plain_model(before), plain_model(after)
    sections = [*was, *(name for name in now if name not in was)]
    return [each for section in sections for each in _section(section, was.get(section), now.get(section))]


def _section(section: str, was: object, now: object) -> Iterator[Difference]:
    if was == now:
        return
    if section in BY_ID:
        yield from _entries(section, _by_id(was), _by_id(now))
    elif isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from _fields(section, "", was, now)
    else:
        yield _one(section, "", "", was, now)


def _by_id(entries: object) -> dict[str, Mapping[str, object]]:
    return {str(entry["id"]): entry for entry in entries} if isinstance(entries, Sequence) else {}


def _entries(
    section: str, was: Mapping[str, Mapping[str, object]], now: Mapping[str, Mapping[str, object]]
) -> Iterator[Difference]:
    for id in [*was, *(id for id in now if id not in was)]:
        if id not in now:
            yield Difference(Kind.REMOVED, section, id, "", shown(was[id]), "")
        elif id not in was:
            yield Difference(Kind.ADDED, section, id, "", "", shown(now[id]))
        else:
            yield from _fields(section, id, was[id], now[id])
    stayed = [id for id in was if id in now]
    order = [id for id in now if id in was]
    if stayed != order:
        yield Difference(Kind.CHANGED, section, "", "order", ", ".join(stayed), ", ".join(order))


def _fields(section: str, id: str, was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Difference]:
    for name in [*was, *(name for name in now if name not in was)]:
        if was.get(name) != now.get(name):
            yield _one(section, id, name, was.get(name), now.get(name))


def _one(section: str, id: str, field: str, was: object, now: object) -> Difference:
    kind = Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED
    return Difference(kind, section, id, field, shown(was), shown(now))


def shown(value: object) -> str:
    """A value on one line, much as a document has it.

    >>> shown({"team": "sales", "past": [{"event": "Page Viewed"}], "capped": True})
    '{team: sales, past: [{event: Page Viewed}], capped: true}'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(shown(each) for each in value) + "]"
    return str(value)
