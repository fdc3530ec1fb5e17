"""The team in the store: its documents, its tables, absences. What a roster means is the core's to say.

The newest document counts. Tables repeat what it says, so that queries may join them; people and teams that it says
nothing of any more keep their row, since tasks and logs name them.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from psycopg import Connection

from couveuse.core.roster import Absence, Roster
from couveuse.core.roster_changes import Change, changes
from couveuse.documents.team import TeamDocument, parse_team
from couveuse.errors import BadInput
from couveuse.store import audit
from couveuse.store.statements import statement

_NEWEST = statement("rosters", "newest")
_VERSIONS = statement("rosters", "versions")
_VERSION = statement("rosters", "version")
_KEEP = statement("rosters", "keep")
_WRITE_MEMBERS = statement("rosters", "write_members")
_REMOVE_MEMBERS = statement("rosters", "remove_members")
_WRITE_TEAMS = statement("rosters", "write_teams")
_REMOVE_TEAMS = statement("rosters", "remove_teams")
_CLEAR_MEMBERSHIPS = statement("rosters", "clear_memberships")
_WRITE_MEMBERSHIPS = statement("rosters", "write_memberships")
_TEAMS_OF = statement("rosters", "teams_of")
_OPEN_TASKS = statement("rosters", "open_tasks")
_OPEN_TASKS_OF_TEAMS = statement("rosters", "open_tasks_of_teams")
_CLEAR_ABSENCES = statement("rosters", "clear_absences")
_WRITE_ABSENCES = statement("rosters", "write_absences")
_ABSENCES = statement("rosters", "absences")
_ADD_ABSENCE = statement("rosters", "add_absence")
_REMOVE_ABSENCE = statement("rosters", "remove_absence")
_END_ABSENCES = statement("rosters", "end_absences")
_IS_MEMBER = statement("rosters", "is_member")
# Whoever applies a document holds this lock of the transaction's.
LOCK = 0x7465616D
# What has columns of its own is not repeated among the settings.
_MEMBER_COLUMNS = frozenset(("id", "name", "email", "telephone", "language", "absences"))
_TEAM_COLUMNS = frozenset(("id", "label", "members", "leads"))


@dataclass(frozen=True, slots=True)
class Version:
    """A document of the team as it was applied."""

    id: int
    text: str
    at: int
    by: str

    def document(self) -> TeamDocument:
        """The document read again."""
        return _read(self.text)


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a document came to; the open tasks of whom it removed are anybody's to take."""

    version: int
    is_new: bool  # whether the text is not the one that counted before
    changes: tuple[Change, ...]
    removed_members: tuple[str, ...] = ()
    removed_teams: tuple[str, ...] = ()


class Outdated(BadInput):
    """Another document counts than the one that was to be replaced."""


@dataclass(frozen=True, slots=True)
class Away:
    """An absence with its number, who said it, and whether the document does."""

    id: int
    absence: Absence
    at: int
    by: str
    is_of_document: bool


@lru_cache(maxsize=8)
def _read(text: str) -> TeamDocument:
    # A document is refused before it is kept, so that what is kept can be read.
    return parse_team(text, "the team's document")


def roster_of(text: str | None) -> Roster:
    """The roster of a document that was applied, without absences said by hand; an empty one where none was."""
    return Roster() if text is None else _read(text).roster


def newest(connection: Connection[Any]) -> Version | None:
    """The document that counts; None where none was ever applied."""
    row = connection.execute(_NEWEST).fetchone()
    return None if row is None else Version(*row)


def versions(connection: Connection[Any], most: int, *, before: int = 2**63 - 1) -> list[Version]:
    """The documents that were applied below a number, the newest first."""
    wanted = {"most": most, "before": before}
    return [Version(*row) for row in connection.execute(_VERSIONS, wanted).fetchall()]


def version_of(connection: Connection[Any], number: int) -> Version | None:
    """The document of a version; None where there is none."""
    row = connection.execute(_VERSION, {"id": number}).fetchone()
    return None if row is None else Version(*row)


def load_roster(connection: Connection[Any], *, since: date | None = None) -> Roster:
    """The roster that counts, with the absences of its document and those said by hand; empty where none was applied.

    `since` leaves out absences that ended before that day.
    """
    version = newest(connection)
    if version is None:
        return Roster()
    absences = tuple(away.absence for away in load_absences(connection, since=since))
    return replace(version.document().roster, absences=absences)


def foreseen(connection: Connection[Any], document: TeamDocument) -> list[Change]:
    """What applying a document would change."""
    version = newest(connection)
    return changes(Roster() if version is None else version.document().roster, document.roster)


def apply_roster(
    connection: Connection[Any], document: TeamDocument, *, by: str, now: int, replaces: int | None = None
) -> Applied:
    """Let a document count from now on: its tables are written, and it is kept where it says anything new.

    Absences of the document before are replaced; those said by hand stay. `replaces`: the version that has to count
    until now (0: none); raises Outdated where another one does.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        version = newest(connection)
        counts = 0 if version is None else version.id
        if replaces not in (None, counts):
            raise Outdated(f"version {counts} counts, and not {replaces}: read it, and write yours anew")
        found = tuple(foreseen(connection, document))
        is_new = version is None or version.text != document.text
        number = _kept(connection, document, by, now) if version is None or is_new else version.id
        members, teams = _write_tables(connection, document, now)
        connection.execute(_CLEAR_ABSENCES)
        rows = json.dumps(list(map(_absence_row, document.roster.absences)))
        connection.execute(_WRITE_ABSENCES, {"rows": rows, "now": now, "by": by})
        if is_new:
            audit.record(connection, by=by, did="team applied", about={"document": number}, now=now)
    return Applied(number, is_new, found, members, teams)


def _kept(connection: Connection[Any], document: TeamDocument, by: str, now: int) -> int:
    row = connection.execute(_KEEP, {"document": document.text, "now": now, "by": by}).fetchone()
    assert row is not None  # it was inserted
    return int(row[0])


def _write_tables(
    connection: Connection[Any], document: TeamDocument, now: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write people, teams and who is in which; returns the ids of people and teams that are gone."""
    roster = document.roster
    told = {key: {each["id"]: each for each in _listed(document.data, key)} for key in ("members", "teams")}
    members = [
        {"id": member.id, "name": member.name, "email": member.email, "telephone": member.telephone,
         "language": member.language, "settings": _settings(told["members"][member.id], _MEMBER_COLUMNS)}
        for member in roster.members.values()
    ]  # fmt: skip
    teams = [
        {"id": team.id, "label": {"fr": team.label.fr, "en": team.label.en},
         "settings": _settings(told["teams"][team.id], _TEAM_COLUMNS)}
        for team in roster.teams.values()
    ]  # fmt: skip
    connection.execute(_WRITE_MEMBERS, {"rows": json.dumps(members)})
    connection.execute(_WRITE_TEAMS, {"rows": json.dumps(teams)})
    connection.execute(_CLEAR_MEMBERSHIPS)
    connection.execute(_WRITE_MEMBERSHIPS, {"rows": json.dumps(list(_memberships(roster)))})
    removed = connection.execute(_REMOVE_MEMBERS, {"ids": list(roster.members), "now": now}).fetchall()
    removed_teams = connection.execute(_REMOVE_TEAMS, {"ids": list(roster.teams), "now": now}).fetchall()
    return tuple(sorted(id for (id,) in removed)), tuple(sorted(id for (id,) in removed_teams))


def _listed(data: Mapping[str, object], key: str) -> Sequence[Mapping[str, Any]]:
    found = data.get(key, [])
    assert isinstance(found, list)  # the document was checked
    return found


def _settings(written: Mapping[str, object], columns: frozenset[str]) -> dict[str, object]:
    return {key: value for key, value in written.items() if key not in columns}


def _memberships(roster: Roster) -> Iterator[dict[str, object]]:
    for team in roster.teams.values():
        for place, member in enumerate(team.members):
            yield {"team": team.id, "member": member, "place": place, "is_lead": member in team.leads}


def _absence_row(absence: Absence) -> dict[str, str]:
    first, last = absence.first_day.isoformat(), absence.last_day.isoformat()
    return {"member": absence.member, "first_day": first, "last_day": last, "because": absence.because}


# ---- Absences ----------------------------------------------------------------------------------------------------


def load_absences(connection: Connection[Any], *, since: date | None = None) -> list[Away]:
    """Absences of whoever is still there, by first day; `since` leaves out those that ended before that day."""
    return [
        Away(number, Absence(member, first, last, because), at, by, is_of_document)
        for number, member, first, last, because, at, by, is_of_document in connection.execute(
            _ABSENCES, {"since": since}
        ).fetchall()
    ]


def add_absence(
    connection: Connection[Any], member: str, first_day: date, last_day: date, *, because: str, by: str, now: int
) -> int:
    """Write down that a member is away on these days, both inclusive; returns the absence's number."""
    if last_day < first_day:
        raise BadInput(f"{last_day} is before {first_day}; give the later day as the last one")
    given = {"member": member, "first_day": first_day, "last_day": last_day, "because": because, "by": by, "now": now}
    with connection.transaction():
        row = connection.execute(_ADD_ABSENCE, given).fetchone()
        if row is None:
            raise _no_such(member)
        audit.record(connection, by=by, did="absence added", about={"absence": row[0]}, now=now)
    return int(row[0])


def remove_absence(connection: Connection[Any], number: int, *, by: str, now: int) -> bool:
    """Whether there was such an absence, which there is no more."""
    with connection.transaction():
        found = connection.execute(_REMOVE_ABSENCE, {"id": number}).fetchone() is not None
        if found:
            audit.record(connection, by=by, did="absence removed", about={"absence": number}, now=now)
    return found


def end_absences(connection: Connection[Any], member: str, day: date, *, by: str, now: int) -> list[tuple[int, bool]]:
    """End every absence of a member that holds on that day: they are there on it.

    Returns the number of each, and whether the document says it: applied again, it says so again.
    """
    with connection.transaction():
        if connection.execute(_IS_MEMBER, {"member": member}).fetchone() is None:
            raise _no_such(member)
        ended = connection.execute(_END_ABSENCES, {"member": member, "day": day}).fetchall()
        for number, _ in ended:
            audit.record(connection, by=by, did="absence ended", about={"absence": number}, now=now)
    return [(int(number), bool(is_of_document)) for number, is_of_document in ended]


def _no_such(member: str) -> BadInput:
    return BadInput(f"{member}: there is no such member; give an id that couveuse team show lists")


def teams_of(connection: Connection[Any], member: str) -> list[str]:
    """The teams of a member, by id."""
    return [str(team) for (team,) in connection.execute(_TEAMS_OF, [member]).fetchall()]


def open_tasks(connection: Connection[Any], members: Collection[str]) -> dict[str, int]:
    """How many open tasks each of some members has; without those that have none."""
    return dict(connection.execute(_OPEN_TASKS, [list(members)]).fetchall())


def open_tasks_of_teams(connection: Connection[Any], teams: Collection[str]) -> dict[tuple[str, str], int]:
    """How many open tasks each of some teams has, by team and treatment; without those that have none."""
    rows = connection.execute(_OPEN_TASKS_OF_TEAMS, [list(teams)]).fetchall()
    return {(team, treatment): count for team, treatment, count in rows}
