"""`couveuse team`: the document of the team checked and applied, who is in it, who is away."""

import json
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import typer
from psycopg import Connection

from couveuse.cli import FINDING, note
from couveuse.cli.databases import database
from couveuse.cli.tables import many, print_rows
from couveuse.core.roster import Channel, Hours, Reach, Roster, Team
from couveuse.core.roster_changes import Change
from couveuse.core.times import DAY_US, iso, moment
from couveuse.documents import durations
from couveuse.documents.findings import TeamErrors
from couveuse.documents.reading import read_model
from couveuse.documents.schema import team_schema
from couveuse.documents.team import read_team, without_team
from couveuse.documents.team_shapes import WEEKDAYS
from couveuse.engine.clocks import now_us
from couveuse.engine.staffing import lacking
from couveuse.errors import BadInput
from couveuse.store import rosters
from couveuse.store.connections import connect

BY = "command line"
MOST_BECAUSE = 200
MOST_VERSIONS = 50


def check(path: str, model: str | None) -> None:
    """Print every error of a team's document, and what a scoring model asks for that it lacks; exit code 1 for any."""
    try:
        roster = read_team(path).roster
    except TeamErrors as errors:
        print(errors, file=sys.stderr)
        note(f"{path}: {many(len(errors.findings), 'error')}")
        raise typer.Exit(FINDING) from None
    found = [] if model is None else without_team(read_model(model).model, roster)
    for line in found:
        note(f"{model}: {line}")
    if found:
        note(f"{path}: {many(len(found), 'finding')}")
        raise typer.Exit(FINDING)
    told = (many(len(roster.teams), "team"), many(len(roster.members), "member"), many(len(roster.lists), "list"))
    typer.echo(f"{path}: fine ({', '.join(told)}, {roster.hours.timezone})")


def schema() -> None:
    """Print the JSON Schema of a team's document."""
    sys.stdout.write(json.dumps(team_schema(), ensure_ascii=False, indent=2) + "\n")


def apply(path: str, dry_run: bool, form: str) -> None:
    """Let a document count from now on, or say what would change."""
    document = read_team(path)
    with database() as url, connect(url, "team") as connection:
        if dry_run:
            _print_changes(rosters.foreseen(connection, document), form)
            note("Nothing was written.")
            return
        applied = rosters.apply_roster(connection, document, by=BY, now=now_us())
        found = lacking(connection, document.roster)
    _print_changes(applied.changes, form)
    for line in found:
        note(f"The scoring model that acts asks for more: {line}")
    if applied.removed_members:
        note(f"Removed: {', '.join(applied.removed_members)}. Nothing new is given to them.")
    note(f"Version {applied.version} counts{'' if applied.is_new else ', as before'}.")


def _print_changes(found: Sequence[Change], form: str) -> None:
    if form == "json":
        for change in found:
            told = {"what": change.what, "id": change.id, "did": change.did, "fields": change.fields}
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    cells = [[change.what, change.id, str(change.did), ", ".join(change.fields)] for change in found]
    print_rows("Changes", ("what", "id", "change", "of what"), cells or [["nothing", "", "", ""]])


# ---- Who is there ------------------------------------------------------------------------------------------


def show(form: str) -> None:
    """Print the teams, their members, and who is or will be away."""
    now = now_us()
    with database() as url, connect(url, "team") as connection:
        roster = rosters.load_roster(connection)
        # From yesterday on, since it is yesterday somewhere.
        absences = rosters.load_absences(connection, since=moment(now - DAY_US).date())
    if form == "json":
        sys.stdout.write(json.dumps(_told(roster, absences), ensure_ascii=False) + "\n")
        return
    if not roster.teams:
        note("There is no team yet; write one and apply it: couveuse team apply FILE")
        return
    away = roster.away(now)
    print_rows(
        "Teams",
        ("team", "members", "leads", "gives tasks by", "within", "hours", "treatments"),
        [_team_cells(team) for team in roster.teams.values()],
    )
    print()
    print_rows(
        "Members",
        ("member", "name", "e-mail", "reached by", "weight", "teams", "today"),
        [
            [member.id, member.name, member.email, _reached(member.channels), str(member.weight),
             ", ".join(team.id for team in roster.teams.values() if member.id in team.members),
             "away" if member.id in away else ""]
            for member in roster.members.values()
        ],
        right=("weight",),
    )  # fmt: skip
    if absences:
        print()
        print_rows("Absences", ("number", "member", "from", "until", "because", "said by"), _absence_cells(absences))


def _team_cells(team: Team) -> list[str]:
    by = "owner, then " * team.owner_first + str(team.assignment)
    within = durations.written(team.promise.within)
    treatments = ", ".join(team.treatments)
    return [team.id, ", ".join(team.members), ", ".join(team.leads), by, within, hours_in_words(team.hours), treatments]


def hours_in_words(hours: Hours) -> str:
    """Working hours as the document writes them, days that are alike together.

    >>> hours_in_words(Hours(holidays="FR"))
    'mon-fri 09:00-18:00 Europe/Paris, holidays of FR'
    """
    told: list[str] = []
    first = 0
    for day in range(1, 8):
        if day < 7 and hours.week[day] == hours.week[first]:
            continue
        if hours.week[first]:
            days = WEEKDAYS[first] if day - first == 1 else f"{WEEKDAYS[first]}-{WEEKDAYS[day - 1]}"
            told.append(f"{days} {' '.join(f'{_clock(start)}-{_clock(end)}' for start, end in hours.week[first])}")
        first = day
    return f"{'; '.join(told)} {hours.timezone}" + (f", holidays of {hours.holidays}" if hours.holidays else "")


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _reached(channels: Sequence[Channel]) -> str:
    told = (channel.reach if channel.reach is Reach.EMAIL else f"{channel.reach} {channel.to}" for channel in channels)
    return ", ".join(told) or str(Reach.EMAIL)


def _absence_cells(absences: Sequence[rosters.Away]) -> list[list[str]]:
    return [
        [str(away.id), away.absence.member, str(away.absence.first_day), str(away.absence.last_day),
         away.absence.because, "the document" if away.is_of_document else away.by]
        for away in absences
    ]  # fmt: skip


def _told(roster: Roster, absences: Sequence[rosters.Away]) -> dict[str, object]:
    return {
        "team": roster.name,
        "currency": roster.currency,
        "teams": [
            {"id": team.id, "label": {"fr": team.label.fr, "en": team.label.en}, "members": team.members,
             "leads": team.leads, "assignment": team.assignment, "owner_first": team.owner_first,
             "treatments": list(team.treatments), "hours": hours_in_words(team.hours),
             "within": durations.written(team.promise.within)}
            for team in roster.teams.values()
        ],
        "members": [
            {"id": member.id, "name": member.name, "email": member.email, "telephone": member.telephone,
             "language": member.language, "weight": member.weight}
            for member in roster.members.values()
        ],
        "absences": [
            {"id": away.id, "member": away.absence.member, "from": str(away.absence.first_day),
             "until": str(away.absence.last_day), "because": away.absence.because,
             "is_of_document": away.is_of_document}
            for away in absences
        ],
    }  # fmt: skip


def show_document(number: int | None) -> None:
    """Print a document as it was applied: the one that counts, or that of a version."""
    with database() as url, connect(url, "team") as connection:
        found = rosters.newest(connection) if number is None else rosters.version_of(connection, number)
    if found is None:
        raise BadInput("there is no such document; see: couveuse team history")
    sys.stdout.write(found.text)


def history(form: str) -> None:
    """Print which documents were applied, when and by whom, the newest first."""
    with database() as url, connect(url, "team") as connection:
        found = rosters.versions(connection, MOST_VERSIONS)
    if form == "json":
        for version in found:
            told = {"version": version.id, "at": iso(version.at), "by": version.by}
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    cells = [[str(version.id), iso(version.at)[:19] + "Z", version.by] for version in found]
    print_rows("Documents of the team", ("version", "applied", "by"), cells, right=("version",))


# ---- Absences ----------------------------------------------------------------------------------------------


def absent(member: str, first: str | None, last: str | None, because: str) -> None:
    """Write down that a member is away: new tasks pass them over."""
    if len(because) > MOST_BECAUSE or not because.isprintable():
        raise BadInput(f"--because: say it in one line of {MOST_BECAUSE} characters at most")
    with database() as url, connect(url, "team") as connection:
        first_day = _day("--from", first) if first else _today(connection, member)
        last_day = _day("--until", last) if last else first_day
        number = rosters.add_absence(connection, member, first_day, last_day, because=because, by=BY, now=now_us())
    note(f"{member} is away from {first_day} to {last_day} (absence {number}). New tasks pass them over.")


def back(member: str, on: str | None) -> None:
    """End the absences of a member that hold on a day."""
    with database() as url, connect(url, "team") as connection:
        day = _day("--on", on) if on else _today(connection, member)
        ended = rosters.end_absences(connection, member, day, by=BY, now=now_us())
    if not ended:
        note(f"{member} was not to be away on {day}.")
        return
    note(f"{member} is back on {day}.")
    if any(is_of_document for _, is_of_document in ended):
        note("The document says otherwise: correct it there, too, or it says so again when it is next applied.")


def _today(connection: Connection[Any], member: str) -> date:
    """The date that it is for a member."""
    hours = rosters.load_roster(connection).hours_of(member)
    return moment(now_us(), ZoneInfo(hours.timezone)).date()


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text}: give a day like 2026-12-21") from None
