"""Who gets a task: by the team's way of giving them, passing over whoever is away; each choice says why.

A choice is a value that goes into the log of the task: which rule chose, and who was passed over. Nothing here counts
tasks or looks up absences: the caller tells them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from couveuse.core.conditions import predicate
from couveuse.core.frozen import Frozen
from couveuse.core.roster import Assignment, Roster, Team

# So many of a team's last assignments tell whose turn it is: two rounds of ten members, each at the greatest weight.
MOST_TURNS = 200


class Because(StrEnum):
    """Why somebody, or nobody, got a task."""

    OWNER = "owner"
    TERRITORY = "territory"
    LOAD = "load"
    ROUND_ROBIN = "round_robin"
    NOBODY = ""  # the team leaves it to whoever takes it
    NO_MEMBERS = "no_members"
    ALL_AWAY = "all_away"


@dataclass(frozen=True, slots=True)
class Chosen(Frozen):
    """Whose the task is, if anybody's, and why."""

    member: str | None
    because: str  # Because
    rule: str  # what matched: `owner`, `territory:<id>`, `load`, `round_robin`, `nobody`
    passed_over: tuple[str, ...] = ()  # who would have been asked, and is away


def choose(
    roster: Roster,
    team: Team,
    *,
    lookup: Mapping[str, object],
    owner: object,
    load: Mapping[str, int],
    turns: Sequence[str],
    away: Collection[str],
) -> Chosen:
    """Whom the team gives a task to.

    `lookup` holds the lead's traits (`traits.region`) and `groups`; `owner` is what its owner trait says, whatever
    that is; `load` the open tasks of each member; `turns` the team's last assignments, the oldest first, a member as
    often as they had a task (up to `MOST_TURNS`); `away` who is not there. The lead's owner comes first where the team
    says so and they are of this team and there. Of a territory nobody of which is there, and of a lead of no
    territory, the whole team takes turns. A team nobody of which is there gives its task to nobody.
    """
    members = [member for member in team.members if member in roster.members]
    present = [member for member in members if member not in away]
    absent = tuple([member for member in members if member in away])
    owned = roster.owner_of(owner) if team.owner_first else None
    if owned in present:
        return Chosen(owned, Because.OWNER, "owner")
    passed = (owned,) if owned is not None and owned in absent else ()
    if team.assignment is Assignment.NOBODY:
        return Chosen(None, Because.NOBODY, "nobody", passed)
    if not members:
        return Chosen(None, Because.NO_MEMBERS, str(team.assignment))
    if not present:
        return Chosen(None, Because.ALL_AWAY, str(team.assignment), absent)
    if team.assignment is Assignment.LOAD:
        return Chosen(_least_loaded(roster, present, load, turns), Because.LOAD, "load", absent)
    if team.assignment is Assignment.TERRITORY:
        return _in_territory(roster, team, lookup, turns, present, absent, owned)
    return Chosen(_next_in_turn(roster, present, turns), Because.ROUND_ROBIN, "round_robin", absent)


def _in_territory(
    roster: Roster,
    team: Team,
    lookup: Mapping[str, object],
    turns: Sequence[str],
    present: Sequence[str],
    absent: tuple[str, ...],
    owned: str | None,
) -> Chosen:
    """Somebody of the first territory that holds, in turn; else anybody of the team."""
    rule = "round_robin"
    for territory in team.territories:
        if predicate(territory.where)(lookup.get):
            rule = f"territory:{territory.id}"
            there = [member for member in present if member in territory.members]
            if there:
                passed = tuple([member for member in absent if member in territory.members or member == owned])
                return Chosen(_next_in_turn(roster, there, turns), Because.TERRITORY, rule, passed)
            break
    return Chosen(_next_in_turn(roster, present, turns), Because.ROUND_ROBIN, rule, absent)


def _weight(roster: Roster, member: str) -> int:
    return max(roster.members[member].weight, 1)


def _least_loaded(roster: Roster, members: Sequence[str], load: Mapping[str, int], turns: Sequence[str]) -> str:
    """Whoever has the fewest open tasks for their weight, of several the one who waited longest."""
    lightest = min(load.get(member, 0) / _weight(roster, member) for member in members)
    return _longest_waiting([m for m in members if load.get(m, 0) / _weight(roster, m) == lightest], turns)


def _next_in_turn(roster: Roster, members: Sequence[str], turns: Sequence[str]) -> str:
    """Whoever is owed most of this round: in each run of as many turns as the weights sum to, so many as one's weight.

    Only the last round but one turn is looked at, so that who comes back from an absence has one's round, and not
    all that was missed.
    """
    weights = {member: _weight(roster, member) for member in members}
    mine = [member for member in turns if member in weights]
    recent = mine[max(len(mine) - sum(weights.values()) + 1, 0) :]
    owed = {member: (weight - recent.count(member)) / weight for member, weight in weights.items()}
    most = max(owed.values())
    return _longest_waiting([member for member in members if owed[member] == most], turns)


def _longest_waiting(members: Sequence[str], turns: Sequence[str]) -> str:
    """Who had no task for longest; of those who never had one the first in the team's order."""
    last = {member: place for place, member in enumerate(turns)}
    return min(members, key=lambda member: last.get(member, -1))
