"""The team: who it is, who is away, and the document that says so."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from psycopg import Connection

from couveuse.core.model import Label
from couveuse.core.roster import Hours, Member, Roster, Team
from couveuse.core.roster_changes import Change, changes
from couveuse.core.times import SECOND_US
from couveuse.documents.findings import DocumentErrors
from couveuse.documents.team import parse_team
from couveuse.documents.team_shapes import WEEKDAYS
from couveuse.engine.staffing import lacking
from couveuse.errors import BadInput
from couveuse.store import rosters
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of, wrong
from couveuse.web.api.instance import PageAsked
from couveuse.web.api.settings_shapes import TeamVersionsPage, TeamVersionWhole
from couveuse.web.api.team_shapes import (
    AbsenceAsked,
    AbsenceMade,
    RosterShape,
    TeamApplied,
    TeamDocumentAsked,
    TeamDocumentShape,
)
from couveuse.web.problems import Kind, Problem

router = Router(tags=["team"])
VersionId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The version's number.")]
AbsenceId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The absence's number.")]


@router.get(
    "", response=RosterShape, auth=BearerToken(Scope.TEAM_READ), operation_id="read_team", summary="Read the team"
)
def read_team(request: HttpRequest) -> dict[str, Any]:
    """Teams, members, and who is away now or will be."""
    now = now_us()
    with database.reading() as connection:
        version, roster = rosters.newest(connection), rosters.load_roster(connection)
        absences = rosters.load_absences(connection)
    away = roster.away(now)
    return {
        "version": None if version is None else version.id,
        "name": roster.name,
        "currency": roster.currency,
        "teams": [_team(each) for each in roster.teams.values()],
        "members": [_member(roster, each, away) for each in roster.members.values()],
        "absences": [
            {
                "id": each.id,
                "member": each.absence.member,
                "first_day": each.absence.first_day.isoformat(),
                "last_day": each.absence.last_day.isoformat(),
                "because": each.absence.because,
                "of_document": each.is_of_document,
            }
            for each in absences
        ],
    }


@router.get(
    "/document", response=TeamDocumentShape, auth=BearerToken(Scope.TEAM_READ), operation_id="read_team_document",
    summary="Read the team's document",
)  # fmt: skip
def read_document(request: HttpRequest) -> dict[str, Any]:
    """The document that counts, in YAML, as it was applied."""
    with database.reading() as connection:
        version = rosters.newest(connection)
    if version is None:
        raise Problem(Kind.NO_TEAM)
    return {"version": version.id, "at": iso(version.at), "by": version.by, "text": version.text}


@router.put(
    "/document", response=TeamApplied, auth=BearerToken(Scope.TEAM_WRITE), operation_id="apply_team_document",
    summary="Apply a document of the team",
)  # fmt: skip
def apply_document(request: HttpRequest, asked: TeamDocumentAsked) -> dict[str, Any]:
    """Let a document count from now on, as a whole or not at all; every error is told with its line and its cure."""
    try:
        document = parse_team(asked.text, "the document")
    except DocumentErrors as error:
        raise Problem(
            Kind.BAD_DOCUMENT,
            f"{len(error.findings)} in all; the first: {error.findings[0]}",
            errors=[
                {
                    "where": ["body", "text"],
                    "message": each.message,
                    "line": each.line,
                    "column": each.column,
                    "field": each.field,
                    "cure": each.cure,
                }
                for each in error.findings
            ],
        ) from error
    with database.writing() as connection:
        found = lacking(connection, document.roster)
        if asked.dry_run:
            return _applied(None, rosters.foreseen(connection, document), found)
        try:
            applied = rosters.apply_roster(
                connection, document, by=by_of(request), now=now_us(), replaces=asked.replaces
            )
        except rosters.Outdated as error:
            raise Problem(Kind.OUTDATED, str(error)) from error
    return _applied(applied.version, applied.changes, found)


@router.get(
    "/versions", response=TeamVersionsPage, auth=BearerToken(Scope.TEAM_READ), operation_id="list_team_versions",
    summary="List the versions of the team's document",
)  # fmt: skip
def list_versions(request: HttpRequest, asked: Query[PageAsked]) -> dict[str, Any]:
    """The documents that were applied, the newest first, each with when and by whom."""
    only(request, PageAsked)
    before = (parts_of(asked.cursor, (int,)) or [2**63 - 1])[0]
    with database.reading() as connection:
        found = rosters.versions(connection, asked.limit + 1, before=before)
    shown = found[: asked.limit]
    return {
        "versions": [{"version": each.id, "at": iso(each.at), "by": each.by} for each in shown],
        "next": cursor_of(shown[-1].id) if len(found) > asked.limit else None,
    }


@router.get(
    "/versions/{version_id}", response=TeamVersionWhole, auth=BearerToken(Scope.TEAM_READ),
    operation_id="read_team_version", summary="Read a version of the team's document",
)  # fmt: skip
def read_version(request: HttpRequest, version_id: VersionId) -> dict[str, Any]:
    """Its text, and what it changed of the one before it."""
    with database.reading() as connection:
        found = _version(connection, version_id)
        before = next(iter(rosters.versions(connection, 1, before=version_id)), None)
    roster = Roster() if before is None else before.document().roster
    changed = _told(changes(roster, found.document().roster))
    return {"version": found.id, "at": iso(found.at), "by": found.by, "text": found.text, "changes": changed}


@router.post(
    "/versions/{version_id}/restore", response=TeamApplied, auth=BearerToken(Scope.TEAM_WRITE),
    operation_id="restore_team_version", summary="Go back to a version of the team's document",
)  # fmt: skip
def restore_version(request: HttpRequest, version_id: VersionId) -> dict[str, Any]:
    """Its text counts again, as a version of its own."""
    with database.writing() as connection:
        document = _version(connection, version_id).document()
        found = lacking(connection, document.roster)
        applied = rosters.apply_roster(connection, document, by=by_of(request), now=now_us())
    return _applied(applied.version, applied.changes, found)


def _version(connection: Connection[Any], number: int) -> rosters.Version:
    found = rosters.version_of(connection, number)
    if found is None:
        raise Problem(Kind.NO_SUCH_VERSION, f"There is no version {number}.")
    return found


@router.post(
    "/absences", response={201: AbsenceMade}, auth=BearerToken(Scope.TEAM_WRITE), operation_id="add_absence",
    summary="Write down that a member is away",
)  # fmt: skip
def add_absence(request: HttpRequest, asked: AbsenceAsked) -> Status[dict[str, Any]]:
    """They get no task on these days, both inclusive."""
    first, last = _day(asked.first_day, "first_day"), _day(asked.last_day, "last_day")
    with database.writing() as connection:
        number = _added(connection, request, asked, first, last)
    return Status(201, {"id": number})


@router.delete(
    "/absences/{absence_id}", response=AbsenceMade, auth=BearerToken(Scope.TEAM_WRITE),
    operation_id="remove_absence", summary="Take an absence back",
)  # fmt: skip
def remove_absence(request: HttpRequest, absence_id: AbsenceId) -> dict[str, Any]:
    """An absence that the document says comes back when it is applied again."""
    with database.writing() as connection:
        if not rosters.remove_absence(connection, absence_id, by=by_of(request), now=now_us()):
            raise Problem(Kind.NO_SUCH_ABSENCE, f"There is no absence {absence_id}.")
    return {"id": absence_id}


def _added(connection: Connection[Any], request: HttpRequest, asked: AbsenceAsked, first: date, last: date) -> int:
    try:
        return rosters.add_absence(
            connection, asked.member, first, last, because=asked.because, by=by_of(request), now=now_us()
        )
    except BadInput as error:
        raise wrong("member" if asked.member in str(error) else "last_day", str(error), "body") from error


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(name, "Not a day; write it as 2026-12-21.", "body") from None


def _applied(version: int | None, changed: Sequence[Change], found: Sequence[str]) -> dict[str, Any]:
    return {"version": version, "changes": _told(changed), "lacking": list(found)}


def _told(changed: Sequence[Change]) -> list[dict[str, Any]]:
    return [{"what": each.what, "id": each.id, "did": each.did, "fields": list(each.fields)} for each in changed]


def said(label: Label) -> dict[str, str]:
    """A label by language, as far as it has any."""
    return {name: text for name in ("fr", "en") if (text := getattr(label, name))}


def _hours(hours: Hours) -> dict[str, Any]:
    return {
        "timezone": hours.timezone,
        "week": {
            WEEKDAYS[day]: [f"{_clock(first)}-{_clock(last)}" for first, last in spans]
            for day, spans in enumerate(hours.week)
        },
        "holidays": hours.holidays,
        "days_off": sorted(day.isoformat() for day in hours.days_off),
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _team(team: Team) -> dict[str, Any]:
    return {
        "id": team.id,
        "label": said(team.label),
        "members": list(team.members),
        "leads": list(team.leads),
        "hours": _hours(team.hours),
        "assignment": str(team.assignment),
        "owner_first": team.owner_first,
        "within_seconds": team.promise.within // SECOND_US,
        "treatments": {name: said(label) for name, label in team.treatments.items()},
    }


def _member(roster: Roster, member: Member, away: frozenset[str]) -> dict[str, Any]:
    return {
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "telephone": member.telephone,
        "language": member.language,
        "timezone": roster.hours_of(member.id).timezone,
        "hours": None if member.hours is None else _hours(member.hours),
        "is_away": member.id in away,
    }
