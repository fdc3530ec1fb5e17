"""What happened to a lead and around it, the newest first, page by page.

Facts stand in canonical order, and between them what people and the product did. One order holds for both, so that a
page goes on where the last one ended.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import CHANGES, NOTE_WRITTEN, VERDICT_GIVEN, Change, Verdict
from couveuse.core.fold import verdict_on
from couveuse.core.times import EVER
from couveuse.engine.folding import is_admitted
from couveuse.engine.looking import Looker, Seen
from couveuse.engine.records import Record
from couveuse.store.events import Stored
from couveuse.store.facts import FactReader, Span
from couveuse.store.records import Happened, happened

Place = tuple[int, int, str, str]
"""Where something stands: a fact by its canonical key; what else happened behind the facts of its instant."""

# What is no fact comes, within an instant, after every kind of fact.
_BEHIND: Final = 100
LAST: Final[Place] = (EVER, _BEHIND + 100, "", "")


class Show(StrEnum):
    """What a timeline may be narrowed to."""

    FACTS = "facts"
    POINTS = "points"
    VERDICTS = "verdicts"
    TASKS = "tasks"
    ALERTS = "alerts"
    NOTES = "notes"
    HANDS = "hands"  # merges and holds


# Which streams beside the facts belong to each, in `couveuse.store.records.STREAMS`.
STREAMS: Final[Mapping[Show, tuple[str, ...]]] = {
    Show.FACTS: (), Show.POINTS: (), Show.VERDICTS: (), Show.TASKS: ("task", "handover"), Show.ALERTS: ("alert",),
    Show.NOTES: ("note",), Show.HANDS: ("merge", "hold"),
}  # fmt: skip
# What only a whole fold knows of.
OF_FOLDED: Final = frozenset((Show.POINTS,))
_EVERYTHING: Final = ("task", "handover", "alert", "note", "merge", "hold")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on a timeline, with its place: a fact, or what else happened."""

    place: Place
    seen: Seen | None = None
    happened: Happened | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a timeline, and where the next one begins (None: nowhere)."""

    entries: Sequence[Entry]
    next: Place | None


def page_of(
    connection: Connection[Any], looker: Looker, record: Record, show: Show | None, *, after: Place | None,
    most: int, until: int | None = None, has_points: Callable[[Seen], bool] = lambda _: True,
) -> Page:  # fmt: skip
    """What happened before a place, the newest first; `until` leaves out what came after an instant.

    `has_points` tells which facts of a folded lead made any.
    """
    start = min(after or LAST, LAST if until is None else (until, *LAST[1:]))
    facts = _facts(connection, looker, record, show, start, most + 1, has_points)
    others = _others(connection, record, show, start, most + 1)
    found = list(islice(merge(facts, others, key=lambda each: each.place, reverse=True), most + 1))
    return Page(found[:most], found[most - 1].place if len(found) > most else None)


# ---- Facts -----------------------------------------------------------------------------------------------------------


def _facts(
    connection: Connection[Any], looker: Looker, record: Record, show: Show | None, start: Place, most: int,
    has_points: Callable[[Seen], bool],
) -> Sequence[Entry]:  # fmt: skip
    if show not in (None, Show.FACTS, Show.POINTS, Show.VERDICTS, Show.NOTES):
        return ()
    if record.look is not None:
        wanted = (
            each for each in reversed(record.look.facts)
            if each.stored.fact.key < start and _is_shown(each, show) and (show is not Show.POINTS or has_points(each))
        )  # fmt: skip
        return [Entry(each.stored.fact.key, seen=each) for each in islice(wanted, most)]
    return [
        Entry(each.fact.key, seen=_seen(record, each)) for each in _read(connection, looker, record, show, start, most)
    ]


def _is_shown(seen: Seen, show: Show | None) -> bool:
    event = seen.stored.fact.event
    if show is Show.NOTES:
        return event == NOTE_WRITTEN
    if show is Show.VERDICTS:
        return seen.verdict is not Verdict.HUMAN or CHANGES.get(event) is Change.VERDICT
    return True


def _read(
    connection: Connection[Any], looker: Looker, record: Record, show: Show | None, start: Place, most: int
) -> Sequence[Stored]:
    """Facts of a lead that has too many to be folded: a page of them, and no more."""
    around = record.around
    known = EVER if record.known_at is None else record.known_at
    span = Span(around.identities, until=start[0], known=known)
    reader = FactReader(looker.names, looker.sources, looker.payloads)
    if show in (Show.NOTES, Show.VERDICTS):
        named = reader.named(connection, span, NOTE_WRITTEN if show is Show.NOTES else VERDICT_GIVEN)
        return [each for each in reversed(named) if each.fact.key < start][:most]
    source = looker.recaller if around.has_archived else reader
    found, _ = source.page(connection, span, None if start == LAST else start, most=most, newest_first=True)
    return found


def _seen(record: Record, stored: Stored) -> Seen:
    fact = stored.fact
    verdict = verdict_on(record.state.verdicts, fact.source, fact.message_id)
    return Seen(stored, verdict, is_admitted(fact, stored.flags, record.around.who))


# ---- What else happened ----------------------------------------------------------------------------------------------


def _others(
    connection: Connection[Any], record: Record, show: Show | None, start: Place, most: int
) -> Iterator[Entry]:  # fmt: skip
    streams = _EVERYTHING if show is None else STREAMS[show]
    if not streams:
        return iter(())
    rows = happened(connection, record.lead_id, streams, before=start[0], most=most)
    passed = sum(_place(each) >= start for each in rows)
    if passed:  # those of the place's own instant took the room of others
        rows = happened(connection, record.lead_id, streams, before=start[0], most=most + passed)
    entries = [Entry(_place(each), happened=each) for each in rows if _place(each) < start]
    return iter(sorted(entries, key=lambda each: each.place, reverse=True))


def _place(each: Happened) -> Place:
    return each.at, _BEHIND + _EVERYTHING.index(each.stream), each.what, f"{each.id:020d}"
