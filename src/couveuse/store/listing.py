"""Lists of leads under a model: page by page from a cursor's place, never by counting rows off.

What is asked of leads (words, groups, source, owner) is looked for by its own indexes: where few have it, these are
sorted in memory; else the list is walked from its place on, a window at a time. What is asked of states is walked by
the index of the rarest of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import Connection, sql

from couveuse.core.events import CHANGES
from couveuse.store.brought import Brought
from couveuse.store.flows import Flow
from couveuse.store.statements import statement
from couveuse.store.states import table_of

# So many leads are looked at, window by window, for one page where filters leave some out.
WINDOWS: Final = (2_000, 8_000, 20_000)
# What no more leads have is sorted in memory, and counted.
FEW: Final = 10_000
# So many leads whose task is somebody's, or that became hot lately, are known at most.
MOST_AMONG: Final = 10_000
# So often may they have entered a step, and so many identities may an import have named, who are sorted in memory.
MOST_ENTERED: Final = 3 * FEW
_RIPENED, _WITH_TASKS = statement("listing", "ripened"), statement("listing", "with_tasks")
_LAST_EVENTS, _OWNED = statement("listing", "last_events"), statement("listing", "owned")
_LEAD_OF: Final = statement("listing", "lead_of")
_TRUE: Final = sql.SQL("true")
_RELEVANT: Final = frozenset((0, 1, 2))  # all temperatures but of irrelevant leads
# These are asked of the lead itself, and hold before it was made findable.
_OF_LEADS: Final = frozenset(("has_company", "has_identity"))


class Order(StrEnum):
    """How leads are listed: the best score first, by number, which keeps its place while scores change, or the newest.

    Leads are numbered in the order in which they came, so that the newest have the last numbers.
    """

    SCORE = "score"
    NUMBER = "number"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the lead of that number and score (for lists); `FIRST` is before all."""

    score: float
    lead_id: int


FIRST: Final = Place(inf, 0)
# More than any lead's number.
_BEYOND: Final = 2**63 - 1
# How each order is written, forwards and backwards; and where pages of few leads and walks begin, by name.
_WRITTEN: Final = {
    Order.SCORE: ("sort_score desc, lead_id", "sort_score, lead_id desc"),
    Order.NUMBER: ("lead_id", "lead_id desc"),
    Order.NEWEST: ("lead_id desc", "lead_id"),
}
_AMONG: Final = {Order.SCORE: "among", Order.NUMBER: "among_by_number", Order.NEWEST: "among_by_newest"}
_BEGINS: Final = {Order.NUMBER: "by_number", Order.NEWEST: "by_newest"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads: None leaves none out. Bands, stages (-1: none) and temperatures by their numbers in `lead_states`.

    `flow` is a step that they entered, `brought` the import that spoke of them. `scores` are the least (exclusive) and
    the most of what the bands hold, and `score` the same of what is asked for; `since` and `active_since` are instants,
    `identity` is a digest, `words` are beginnings of folded words. Of `owners` and `sources` an empty one is none.
    `leads` are the only ones that may be met; with `is_either` it is enough to be one of them or of an owner's.
    """

    bands: Sequence[int] | None = None
    scores: tuple[float | None, float | None] = (None, None)
    score: tuple[float, float] | None = None
    stages: Sequence[int] | None = None
    temperatures: Sequence[int] | None = None
    classes: Sequence[str] | None = None
    personas: Sequence[str] | None = None
    since: int | None = None
    active_since: int | None = None
    company: str | None = None
    identity: bytes | None = None
    words: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    owners: Sequence[str] | None = None
    leads: Sequence[int] | None = None
    flow: Flow | None = None
    brought: Brought | None = None
    is_either: bool = False

    def of_states(self) -> list[str]:
        """The names of the conditions on states."""
        asked = {
            "has_band": self.bands, "has_temperature": self.temperatures, "has_score": self.score,
            "has_stage": self.stages, "has_class": self.classes, "has_persona": self.personas, "has_since": self.since,
            "has_active": self.active_since,
        }  # fmt: skip
        return [name for name, value in asked.items() if value is not None]

    def of_leads(self) -> list[str]:
        """The names of the conditions on leads."""
        asked: dict[str, object] = {
            "has_words": self.words, "has_group": self.groups,
            "has_no_source" if list(self.sources or ()) == [""] else "has_source": self.sources,
            "has_company": self.company, "has_identity": self.identity, "has_entered": self.flow,
            "has_brought": self.brought,
        }  # fmt: skip
        names = [name for name, value in asked.items() if value is not None]
        if self.is_either:
            return [*names, "is_owned_or_among"]
        if self.owners is not None:
            names.append("has_no_owner" if list(self.owners) == [""] else "has_owner")
        return [*names, *(["is_among"] if self.leads is not None else [])]

    def begins(self) -> str:
        """Where the list is walked: by what the fewest leads have."""
        rare = (("by_class", self.classes), ("by_persona", self.personas), ("by_stage", self.stages))
        return next((name for name, asked in rare if asked), "by_score")

    def values(self) -> dict[str, Any]:
        """What the conditions are asked with."""
        low, high = self.scores
        above, up_to = self.score or (-inf, inf)
        return {
            "above": above, "up_to": up_to,
            "low": -inf if low is None else low, "high": inf if high is None else high, "bands": _array(self.bands),
            "stages": _array(self.stages), "temperatures": _array(self.temperatures), "classes": _array(self.classes),
            "personas": _array(self.personas), "since": self.since, "active_since": self.active_since,
            "company": self.company, "identity": None if self.identity is None else UUID(bytes=self.identity),
            "words": None if self.words is None else tsquery(self.words), "groups": _array(self.groups),
            "sources": _array(self.sources), "owners": _array(self.owners), "leads": _array(self.leads),
            **({} if self.flow is None else self.flow.values()),
            **({} if self.brought is None else self.brought.values()),
        }  # fmt: skip

    def told_by_rows(self) -> dict[str, Flow | Brought]:
        """What is asked of leads that stands in rows of its own, by the names of the conditions."""
        asked = {"has_entered": self.flow, "has_brought": self.brought}
        return {name: rows for name, rows in asked.items() if rows is not None}


@dataclass(frozen=True, slots=True)
class Listed:
    """One lead of a list, with its packed state."""

    lead_id: int
    sort_score: float
    read_at: int
    state: bytes


class Part(NamedTuple):
    """A part of a list, and where the next one begins; None after the last one.

    `total` is how many leads meet what is asked from the place on, where that was known by the way; more than `FEW`
    are not counted.
    """

    leads: list[Listed]
    next: Place | None
    total: int | None = None


def list_leads(
    connection: Connection[Any], model_id: int, wanted: Wanted, after: Place, *, most: int, order: Order = Order.SCORE
) -> Part:
    """The leads after a place, in an order.

    A page may hold fewer than `most` leads, or none, and yet not be the last: so many were looked at for it.
    """
    few = _few(connection, wanted)
    if few is not None:
        return _among(connection, model_id, wanted, few, after, most, order)
    found: list[Listed] = []
    is_whole = not wanted.of_states() and not wanted.of_leads()
    # Of a large import nobody knows how many of its leads are meant.
    is_counted = wanted.brought is None or wanted.flow is not None
    total = FEW + 1 if wanted.of_leads() and not wanted.of_states() and is_counted else None
    for window in (most + 1,) if is_whole else WINDOWS:
        rows = _walk(connection, model_id, wanted, after, window, most + 1 - len(found), order)
        found += [Listed(lead, score, at, state) for *_, lead, score, at, state in rows if lead is not None]
        if len(found) > most:
            return Part(found[:most], Place(found[most - 1].sort_score, found[most - 1].lead_id), total)
        if rows[0][0] < window:
            return Part(found, None, total)
        after = Place(rows[0][1], rows[0][2])
    return Part(found, after, total)


def numbers_of(connection: Connection[Any], model_id: int, wanted: Wanted, *, most: int) -> list[int]:
    """The numbers of all leads that meet what is asked, in no order, up to so many; in one go, without their states."""
    table, few = sql.Identifier(table_of(model_id)), _few(connection, wanted)
    if few is not None:
        query = statement("listing", "numbers_among").format(table=table, conditions=few.conditions(wanted))
    else:
        names = wanted.of_leads()
        conditions = _all([*wanted.of_states(), *names], wanted)
        query = statement("listing", "numbers").format(table=table, joined=_joined(names), conditions=conditions)
    values = {**wanted.values(), "few": None if few is None else list(few.leads), "most": most}
    found = connection.execute(query, values, binary=True).fetchall()
    return [lead for (lead,) in found]


def count_leads(connection: Connection[Any], model_id: int, wanted: Wanted) -> int | None:
    """How many leads meet what is asked of states alone, counted up to `FEW` and one more; None where that takes long.

    One condition alone is an index's, and bands are a range of scores, of which most are relevant. What else is asked
    would have to be looked for.
    """
    names = wanted.of_states()
    is_relevant = "has_temperature" in names and set(wanted.temperatures or ()) == _RELEVANT
    is_range = is_relevant and {"has_band", "has_score", "has_temperature"}.issuperset(names)
    is_one = len(names) < 2 and {"has_band", "has_score", "has_stage", "has_class", "has_persona"}.issuperset(names)
    if wanted.of_leads() or not (is_one or is_range):
        return None
    range_ = sql.SQL("s.sort_score > %(low)s and s.sort_score <= %(high)s and ")
    query = statement("listing", "count").format(
        table=sql.Identifier(table_of(model_id)), conditions=range_ + _all(names)
    )
    row = connection.execute(query, {**wanted.values(), "most": FEW + 1}).fetchone()
    assert row is not None  # an aggregate always answers
    return int(row[0])


def ripened_since(connection: Connection[Any], since: int) -> list[int]:
    """Leads that became hot since an instant; of very many the latest."""
    return [lead for (lead,) in connection.execute(_RIPENED, {"since": since, "most": MOST_AMONG}).fetchall()]


def leads_with_tasks_of(connection: Connection[Any], member: str) -> list[int]:
    """Leads whose open or accepted task is a member's."""
    return [lead for (lead,) in connection.execute(_WITH_TASKS, {"member": member, "most": MOST_AMONG}).fetchall()]


def lead_of(connection: Connection[Any], digest: bytes) -> int | None:
    """The lead to which an identity points; None where there is none, or none yet."""
    row = connection.execute(_LEAD_OF, [UUID(bytes=digest)]).fetchone()
    return None if row is None else row[0]


def owned_by(connection: Connection[Any], owners: Sequence[str]) -> list[int]:
    """Leads of some owners; of very many some."""
    return [lead for (lead,) in connection.execute(_OWNED, {"owners": list(owners), "most": MOST_AMONG}).fetchall()]


def last_events(connection: Connection[Any], instants: Mapping[int, int]) -> dict[int, str]:
    """The names of the events of some leads at some instants, those that change a lead apart."""
    wanted = {"leads": list(instants), "ats": list(instants.values()), "others": list(CHANGES)}
    return dict(connection.execute(_LAST_EVENTS, wanted).fetchall())


def tsquery(words: Sequence[str]) -> str:
    """Beginnings of words as PostgreSQL asks for them; whatever stands in a word is quoted.

    >>> tsquery(["ada", "o'hara"])
    "'ada':* & 'o''hara':*"
    """
    return " & ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in words)


class _Few(NamedTuple):
    """The leads of whom something is asked that few have, and what of them is not looked up yet, by name."""

    leads: Sequence[int]
    left: Sequence[str] = ()

    def conditions(self, wanted: Wanted) -> sql.SQL | sql.Composed:
        """What is asked of them besides."""
        return _all([*wanted.of_states(), *self.left], wanted)


def _few(connection: Connection[Any], wanted: Wanted) -> _Few | None:
    """The leads of whom something is asked that few have; None where many have it, or nothing is asked."""
    names = wanted.of_leads()
    if wanted.flow is not None:
        return _few_told(connection, wanted, "has_entered", wanted.flow)
    if wanted.brought is None:
        return _few_asked(connection, wanted, names) if names else None
    if not wanted.brought.is_larger(connection, MOST_ENTERED):
        return _few_told(connection, wanted, "has_brought", wanted.brought)
    others = [name for name in names if name != "has_brought"]
    few = _few_asked(connection, wanted, others) if others else None
    return None if few is None else _Few(few.leads, ["has_brought"])


def _few_asked(connection: Connection[Any], wanted: Wanted, names: Sequence[str]) -> _Few | None:
    """The same of what leads themselves are asked."""
    is_of_lead = not _OF_LEADS.isdisjoint(names)
    query = statement("listing", "few").format(
        conditions=_all(names), lead=sql.SQL("l.id" if is_of_lead else "f.lead_id"),
        leads=sql.SQL("leads l left join findable f on f.lead_id = l.id" if is_of_lead else "findable f"),
    )  # fmt: skip
    found = connection.execute(query, {**wanted.values(), "most": FEW + 1}).fetchall()
    return None if len(found) > FEW else _Few([lead for (lead,) in found])


def _few_told(connection: Connection[Any], wanted: Wanted, told: str, told_by: Flow | Brought) -> _Few | None:
    """The same of who entered a step, or of whom an import spoke, which is where they are looked for."""
    names = [name for name in wanted.of_leads() if name != told]
    if not names:  # nothing else need be known of them; how often they came is not read to the end
        query = statement("listing", "entered").format(rows=told_by.rows)
        rows = connection.execute(query, {**wanted.values(), "most": MOST_ENTERED + 1}).fetchall()
        entered = {lead for (lead,) in rows}
        return None if len(rows) > MOST_ENTERED or len(entered) > FEW else _Few(list(entered))
    query = statement("listing", "few_entered").format(rows=told_by.rows, conditions=_all(names, wanted))
    found = connection.execute(query, {**wanted.values(), "most": FEW + 1}).fetchall()
    return None if len(found) > FEW else _Few([lead for (lead,) in found])


def _among(
    connection: Connection[Any],
    model_id: int,
    wanted: Wanted,
    few: _Few,
    after: Place,
    most: int,
    order: Order,
) -> Part:
    values = {**wanted.values(), "few": list(few.leads), **_from(after, order), "limit": most + 1}
    query = statement("listing", _AMONG[order]).format(
        table=sql.Identifier(table_of(model_id)), conditions=few.conditions(wanted)
    )
    rows = connection.execute(query, values, binary=True).fetchall()
    found = [Listed(*row) for _, *row in rows]
    total = int(rows[0][0]) if rows else 0
    if len(found) > most:
        return Part(found[:most], Place(found[most - 1].sort_score, found[most - 1].lead_id), total)
    return Part(found, None, total)


def _walk(
    connection: Connection[Any], model_id: int, wanted: Wanted, after: Place, window: int, most: int, order: Order
) -> list[tuple[Any, ...]]:
    table = sql.Identifier(table_of(model_id))
    of_leads = wanted.of_leads()
    forwards, back = _WRITTEN[order]
    kept = ", ".join(f"kept.{each.strip()}" for each in forwards.split(","))
    query = statement("listing", "page").format(
        begins=statement("listing", _BEGINS.get(order) or wanted.begins()).format(table=table),
        backwards=sql.SQL(f"order by {back}"), forwards=sql.SQL(f"order by {_of_states(forwards)}"),
        order=sql.SQL(f"order by {kept}"), table=table,
        joined=_joined(of_leads),
        conditions=_all([*wanted.of_states(), *of_leads], wanted),
    )  # fmt: skip
    values = {**wanted.values(), **_from(after, order), "window": window, "limit": most}
    return connection.execute(query, values, binary=True).fetchall()


def _from(after: Place, order: Order) -> dict[str, Any]:
    """From which place on, as statements are asked it."""
    is_first = order is Order.NEWEST and after == FIRST
    return {"score": after.score, "lead": _BEYOND if is_first else after.lead_id}


def _joined(names: Sequence[str]) -> sql.SQL:
    """What states are joined with, for what is asked of leads."""
    joined = ["left join findable f on f.lead_id = s.lead_id"] if names else []
    return sql.SQL(" ".join([*joined, *([] if _OF_LEADS.isdisjoint(names) else ["join leads l on l.id = s.lead_id"])]))


def _of_states(order: str) -> str:
    return ", ".join(f"s.{each.strip()}" for each in order.split(","))


def _all(names: Sequence[str], wanted: Wanted | None = None) -> sql.SQL | sql.Composed:
    """Conditions of these names, all of which have to hold."""
    told = {} if wanted is None else wanted.told_by_rows()
    found = [
        statement("listing", name).format(rows=told[name].rows) if name in told else statement("listing", name)
        for name in names
    ]  # fmt: skip
    return sql.SQL(" and ").join(found) if found else _TRUE


def _array(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
