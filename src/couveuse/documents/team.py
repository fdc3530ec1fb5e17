"""From a file to a checked roster, or to everything that is wrong with it at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from couveuse.core.model import Label, Model
from couveuse.core.roster import (
    Absence,
    Assignment,
    Channel,
    Digest,
    Hours,
    Member,
    Promise,
    Roster,
    Team,
    Territory,
)
from couveuse.documents import checks, refusals, team_checks
from couveuse.documents.findings import TEAM, TeamErrors, Trouble
from couveuse.documents.refusals import Book
from couveuse.documents.sentences import said
from couveuse.documents.shapes import LabelShape
from couveuse.documents.team_shapes import (
    OWN_EMAIL,
    TAGS,
    HoursShape,
    MemberShape,
    PromiseShape,
    RosterShape,
    TeamShape,
    keys_at,
)
from couveuse.documents.texts import file_text
from couveuse.documents.tree import read_tree

# How each key is written, for the cure of what is missing or of the wrong kind.
EXAMPLES = {
    "couveuse": "couveuse: 1",
    "team": "team: pompes-durand",
    "currency": "currency: EUR",
    "owner": "owner: owner",
    "hours": 'hours: {timezone: Europe/Paris, week: {mon-fri: ["09:00-18:00"]}, holidays: FR}',
    "members": "members: [{id: alice, name: Alice Martin, email: alice@example.com}]",
    "lists": "lists: {direction: [boss@example.com]}",
    "teams": "teams: [{id: sales, members: [alice], assignment: round_robin}]",
    "timezone": "timezone: Europe/Paris",
    "week": 'week: {mon-fri: ["09:00-12:30", "14:00-18:00"]}',
    "holidays": "holidays: FR",
    "days_off": "days_off: [2026-12-24]",
    "id": "id: alice",
    "name": "name: Alice Martin",
    "email": "email: alice@example.com",
    "telephone": 'telephone: "+33 1 23 45 67 89"',
    "language": "language: fr",
    "channels": "channels: [sales@example.com, {slack: slack-sales}]",
    "digest": 'digest: "08:30"',
    "weight": "weight: 2",
    "absences": "absences: [{from: 2026-12-21, until: 2027-01-03}]",
    "from": "from: 2026-12-21",
    "until": "until: 2027-01-03",
    "because": "because: holidays",
    "label": "label: {fr: Télémarketing, en: Telemarketing}",
    "fr": "fr: Télémarketing",
    "en": "en: Telemarketing",
    "leads": "leads: [alice]",
    "assignment": "assignment: round_robin",
    "owner_first": "owner_first: true",
    "territories": "territories: [{id: north, where: {traits.region: Nord}, members: [alice]}]",
    "where": "where: {traits.region: {in: [Nord]}}",
    "treatments": "treatments: {detect-project: {fr: Détecter un projet, en: Detect a project}}",
    "sla": "sla: {within: 4h, raise_to: [lead]}",
    "within": "within: 4h",
    "by_treatment": "by_treatment: {make-appointment: 1h}",
    "raise_to": "raise_to: [lead]",
    "raise_every": "raise_every: 4h",
    "raise_times": "raise_times: 3",
    "news_within": "news_within: 30d",
    "alert": "alert: [member, team]",
    "tries": "tries: 5",
}

_BOOK = Book(EXAMPLES, keys_at, TAGS)
_TEXTS_NAME = "the team's document"


@dataclass(frozen=True, slots=True)
class TeamDocument:
    """A roster with the text that says it, and its plain data as they are written."""

    name: str
    text: str
    roster: Roster
    data: dict[str, object] = field(compare=False, repr=False)


def read_team(path_or_text: str) -> TeamDocument:
    """The roster of a file, or of a text of several lines; raises TeamErrors with every error of the document."""
    if "\n" in path_or_text:
        return parse_team(path_or_text, _TEXTS_NAME)
    missing = (said("file.missing"), said("file.name_team"))
    return parse_team(file_text(path_or_text, TEAM, missing=missing), path_or_text)


def parse_team(text: str, name: str) -> TeamDocument:
    """The roster that a text says; `name` is what errors call the text. Raises TeamErrors, all errors at once."""
    text = text.removeprefix("\ufeff")
    tree = read_tree(text, name, TEAM)
    shape, troubles = _checked(tree.data)
    findings = [*tree.findings, *map(tree.placed, troubles)]
    if findings or shape is None:
        raise TeamErrors(findings)
    assert isinstance(tree.data, dict)  # it has the shape of one
    return TeamDocument(name, text, _roster(shape), tree.data)


def _checked(data: object) -> tuple[RosterShape | None, list[Trouble]]:
    """The shape, if it has one, and all troubles; an empty value is said to be empty and nothing else."""
    empties = list(checks.empties(data))
    known = {trouble.path for trouble in empties}
    together = list(team_checks.troubles(data))
    try:
        return RosterShape.model_validate(data), empties + together
    except ValidationError as error:
        shaped = [trouble for trouble in refusals.troubles(error, _BOOK) if trouble.path not in known]
        return None, empties + shaped + together


# ---- A checked shape made into the core's values ------------------------------------------------------------


def _roster(shape: RosterShape) -> Roster:
    hours = _hours(shape.hours, Hours())
    return Roster(
        teams={team.id: _team(team, hours) for team in shape.teams},
        members={member.id: _member(member, hours) for member in shape.members},
        lists={name: tuple(channels) for name, channels in shape.lists.items()},
        absences=tuple(_absences(shape)),
        owner_trait=shape.owner,
        currency=shape.currency,
        hours=hours,
        name=shape.team,
    )


def _hours(shape: HoursShape | None, others: Hours) -> Hours:
    """Hours of one's own; what they leave out is as the others have it."""
    if shape is None:
        return others
    return Hours(
        timezone=shape.timezone or others.timezone,
        week=shape.week or others.week,
        holidays=others.holidays if shape.holidays is None else shape.holidays,
        days_off=others.days_off if shape.days_off is None else frozenset(shape.days_off),
    )


def _label(shape: LabelShape | None) -> Label:
    return Label(shape.fr, shape.en) if shape else Label()


def _digest(at: int | None) -> Digest | None:
    return None if at is None else Digest(at)


def _member(shape: MemberShape, hours: Hours) -> Member:
    channels = (replace(each, to=shape.email) if each == OWN_EMAIL else each for each in shape.channels or ())
    return Member(
        id=shape.id,
        name=shape.name,
        email=shape.email,
        telephone=shape.telephone,
        language=shape.language,
        channels=tuple(channels),
        hours=_hours(shape.hours, hours) if shape.hours else None,
        digest=_digest(shape.digest),
        weight=shape.weight,
    )


def _absences(shape: RosterShape) -> Iterator[Absence]:
    for member in shape.members:
        for absence in member.absences:
            yield Absence(member.id, absence.first_day, absence.last_day, absence.because)


def _promise(shape: PromiseShape | None) -> Promise:
    if shape is None:
        return Promise()
    said = {"within": shape.within, "news_within": shape.news_within}
    return Promise(
        by_treatment=shape.by_treatment,
        raise_to=tuple(shape.raise_to),
        raise_every=shape.raise_every,
        raise_times=shape.raise_times,
        **{key: length for key, length in said.items() if length is not None},
    )


def _team(shape: TeamShape, hours: Hours) -> Team:
    team = Team(
        id=shape.id,
        label=_label(shape.label),
        members=tuple(shape.members),
        leads=tuple(shape.leads),
        hours=_hours(shape.hours, hours),
        assignment=Assignment(shape.assignment),
        owner_first=shape.owner_first,
        territories=tuple(Territory(each.id, each.where, tuple(each.members)) for each in shape.territories),
        promise=_promise(shape.sla),
        channels=tuple[Channel, ...](shape.channels),
        digest=_digest(shape.digest),
        tries=shape.tries,
        treatments={name: _label(label) for name, label in shape.treatments.items()},
    )
    return team if shape.alert is None else replace(team, alert=tuple(shape.alert))


# ---- What a scoring model asks of a team --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gap:
    """A route of a scoring model that leads nowhere: its rule or band, the team, and the treatment that that lacks."""

    cause: str
    team: str
    treatment: str | None  # None: the team itself is not there

    def __str__(self) -> str:
        """A line that names the cure."""
        if self.treatment is None:
            return f'{self.cause}: there is no team "{self.team}"; add it to teams, or route to another'
        said = f'{self.cause}: the team "{self.team}" has no treatment "{self.treatment}"'
        return f"{said}; add it to the team's treatments"


def gaps(model: Model, roster: Roster) -> list[Gap]:
    """What a scoring model's routes name and the roster does not have, each once."""
    found: dict[Gap, None] = {}
    for cause, route in [*((rule.id, rule.route) for rule in model.rules), *((b.id, b.route) for b in model.bands)]:
        if route is None:
            continue
        team = roster.teams.get(route.team)
        if team is None:
            found[Gap(cause, route.team, None)] = None
        elif route.treatment not in team.treatments:
            found[Gap(cause, team.id, route.treatment)] = None
    return list(found)


def without_team(model: Model, roster: Roster) -> list[str]:
    """The same as lines that name the cure."""
    return [str(gap) for gap in gaps(model, roster)]
