"""What differs between two rosters, as values: who came, who went, what of whom is said otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from couveuse.core.frozen import Frozen
from couveuse.core.roster import Absence, Roster


class Did(StrEnum):
    """What happened to something."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change(Frozen):
    """One thing of a roster that is not as it was."""

    what: str  # member, team, list, absence, roster
    id: str  # of an absence: the member's; of the roster as a whole: ''
    did: Did
    fields: tuple[str, ...] = ()  # of what changed; of an absence: its days


_OF_ROSTER = ("name", "currency", "owner_trait", "hours")
_OF_MEMBER = ("name", "email", "telephone", "language", "channels", "hours", "digest", "weight")
_OF_TEAM = (
    "label", "members", "leads", "hours", "assignment", "owner_first", "territories", "promise", "alert", "channels",
    "digest", "tries", "treatments",
)  # fmt: skip


def changes(before: Roster, after: Roster) -> list[Change]:
    """All that is not the same, in the order of the later roster; what it no longer has comes last of its kind."""
    found = _differing(before, after, _OF_ROSTER)
    whole = [Change("roster", "", Did.CHANGED, found)] if found else []
    return [
        *whole,
        *_of("team", before.teams, after.teams, _OF_TEAM),
        *_of("member", before.members, after.members, _OF_MEMBER),
        *_of("list", before.lists, after.lists, ()),
        *_of_absences(before, after),
    ]


def _differing(before: object, after: object, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([name for name in names if getattr(before, name) != getattr(after, name)])


def _of(
    what: str, before: Mapping[str, object], after: Mapping[str, object], names: tuple[str, ...]
) -> Iterator[Change]:
    for id, value in after.items():
        if id not in before:
            yield Change(what, id, Did.ADDED)
        elif before[id] != value:
            yield Change(what, id, Did.CHANGED, _differing(before[id], value, names))
    for id in before:
        if id not in after:
            yield Change(what, id, Did.REMOVED)


def _of_absences(before: Roster, after: Roster) -> Iterator[Change]:
    for one, other, did in ((after, before, Did.ADDED), (before, after, Did.REMOVED)):
        for absence in one.absences:
            if absence not in other.absences and absence.member in after.members:
                yield Change("absence", absence.member, did, _days(absence))


def _days(absence: Absence) -> tuple[str, ...]:
    return absence.first_day.isoformat(), absence.last_day.isoformat()
