"""What a message to people of ours says, worked out when it is about to leave: what goes out refers, and holds nothing.

So an alert that waited for a mail server tells what is so now; and one that tells what is so no more does not leave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.core.model import Label, Model, Stage, Temperature
from couveuse.core.notices import OF_OUTSIDE, PERSONAL, Appointment, Notice, NoticeKind, Person, Reason
from couveuse.core.times import DAY_US, MINUTE_US, moment
from couveuse.documents.reading import parse_model
from couveuse.engine import account_mail
from couveuse.engine.folding import TEMPERATURES
from couveuse.engine.links import PATH, Link, Links
from couveuse.language.words import LANGUAGES, Words
from couveuse.report.names import Names
from couveuse.report.persons import person
from couveuse.store import alerts, cards, crossings, holds, secrets, tasks, versions
from couveuse.store.alerts import Alert, Told
from couveuse.store.intents import Intent
from couveuse.store.rosters import load_roster
from couveuse.store.switches import REHEARSAL, is_switched_on

# A link in a message opens the lead's page for so long: a task may be put off for weeks.
LINK_US: Final = 90 * DAY_US
# Where the acting model is told in plain words, to who has signed in.
MODEL_PAGE: Final = "/model"
# Whether a lead is still held is asked so often, for what would tell of it.
LOOK_AGAIN_US: Final = 15 * MINUTE_US
ALERTS: Final = frozenset(NoticeKind) - OF_OUTSIDE - {NoticeKind.DIGEST, NoticeKind.TRIAL} - PERSONAL
# What is told of a lead only while it is worth a call, and nobody holds it.
OF_THE_RELEVANT: Final = frozenset((NoticeKind.HANDED_OVER, NoticeKind.OVERDUE, NoticeKind.NEWS_WANTED))
# What endpoints outside are told of, as what it is to people of ours.
EVENTS: Final = {
    "lead.handed_over": NoticeKind.HANDED_OVER,
    "task.created": NoticeKind.HANDED_OVER,
    "handover.withdrawn": NoticeKind.WITHDRAWN,
    "lead.hot": NoticeKind.HOT,
    "lead.irrelevant": NoticeKind.IRRELEVANT,
    "band.changed": NoticeKind.BAND_CHANGED,
    "task.closed": NoticeKind.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing to tell any more, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """There is something to tell, and not before an instant: somebody holds the lead."""

    at: int


def compose(connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> Notice | Gone | Later:
    """The notice that an intent is to bring, in its recipient's language; or why there is nothing to tell (yet)."""
    if intent.kind in PERSONAL:
        return account_mail.compose(connection, intent, settings, now) or Gone("of no use any more")
    composer = _Composer(connection, intent, settings, now)
    kind = EVENTS.get(intent.kind) or NoticeKind(intent.kind)
    if kind is NoticeKind.TRIAL:
        return composer.bare(kind)
    if kind is NoticeKind.DIGEST:
        return composer.digest(intent.id)
    if kind in OF_OUTSIDE:
        return composer.outside(kind, intent.about)
    number = intent.alert_id if intent.alert_id is not None else intent.about.get("alert")
    alert = None if number is None else alerts.alert(connection, number)
    return Gone("erased") if alert is None else composer.of(alert, kind)


class _Composer:
    """Composes for one recipient."""

    def __init__(self, connection: Connection[Any], intent: Intent, settings: Configuration, now: int) -> None:
        self.connection, self.settings, self.now = connection, settings, now
        self.is_perhaps_known = intent.unknowns > 0
        self.is_rehearsal = is_switched_on(connection, REHEARSAL)
        self.roster = load_roster(connection, since=moment(now).date())
        self.reader = str(intent.target.get("member") or intent.about.get("member") or "")

    def language(self, team: str) -> str:
        """The reader's; of a place that is nobody's that of whoever leads the team."""
        group = self.roster.teams.get(team)
        persons = (self.reader, *((*group.leads, *group.members) if group is not None else ()))
        known = [self.roster.members[person] for person in persons if person in self.roster.members]
        language = known[0].language if known else "en"
        return language if language in LANGUAGES else "en"

    def bare(self, kind: NoticeKind, team: str = "") -> Notice:
        """A notice of nothing yet."""
        zone = self.roster.hours_of(self.reader, team).timezone
        return Notice(
            kind, self.language(team), zone, self.now, url=self.settings.url, currency=self.roster.currency,
            is_perhaps_known=self.is_perhaps_known, is_rehearsal=self.is_rehearsal,
        )  # fmt: skip

    def digest(self, number: int) -> Notice | Gone:
        """All that a digest has to tell still."""
        found = [self.of(each, each.kind) for each in alerts.alerts_in_digest(self.connection, number)]
        items = [
            replace(each, is_perhaps_known=False, is_rehearsal=False) for each in found if isinstance(each, Notice)
        ]
        return replace(self.bare(NoticeKind.DIGEST), items=tuple(items)) if items else Gone("nothing is left of it")

    def outside(self, kind: NoticeKind, about: Mapping[str, Any]) -> Notice | Gone:
        """What an endpoint outside hears of a lead's crossing or of a task that is done with, as it is now."""
        if kind is NoticeKind.CLOSED:
            return self._closed(int(about["task"]))
        crossing = crossings.crossing(self.connection, int(about["crossing"]))
        now = None if crossing is None else crossings.stands(self.connection, crossing.lead_id)
        if crossing is None or now is None:
            return Gone("the lead is gone")
        version = versions.version(self.connection, now.model_id)
        assert version is not None  # states are of published models
        names = Names(_model(version.published.document), "en")
        bands = names.model.bands
        temperature = TEMPERATURES[now.temperature]
        gone = {
            NoticeKind.HOT: temperature is not Temperature.HOT and "the lead is not hot any more",
            NoticeKind.IRRELEVANT: temperature is not Temperature.IRRELEVANT and "the lead is not irrelevant any more",
            NoticeKind.BAND_CHANGED: (now.model_id, now.band) != (crossing.model_id, crossing.band)
            and "the band is another one by now",
        }[kind]
        if gone:
            return Gone(gone)
        notice = replace(
            self.bare(kind), lead=self._lead(crossing.lead_id), url=self._url(crossing.lead_id, "en"), score=now.score,
            band=names.band_name(bands[now.band]), band_id=bands[now.band].id, rate=bands[now.band].rate,
            temperature=temperature, stage=None if now.stage is None else Stage(now.stage),
            lead_class=now.lead_class or "",
        )  # fmt: skip
        is_change = kind is NoticeKind.BAND_CHANGED and crossing.band_was is not None
        return replace(notice, band_was_id=bands[crossing.band_was or 0].id) if is_change else notice

    def _closed(self, number: int) -> Notice | Gone:
        task = tasks.task(self.connection, number)
        lead_id = None if task is None else cards.survivor(self.connection, task.lead_id)
        if task is None or lead_id is None:
            return Gone("erased")
        if task.is_open:
            return Gone("the task was opened again")
        notice = self.bare(NoticeKind.CLOSED, task.team)
        team = self.roster.teams.get(task.team)
        label = team.treatments.get(task.treatment, Label()) if team is not None else Label()
        return replace(
            notice, lead=self._lead(lead_id), url=self._url(lead_id, notice.language), member=self._called(task.member),
            team=task.team if team is None else team.label.text(notice.language, task.team),
            treatment=label.text(notice.language, task.treatment), score=task.score, rate=task.rate,
            expected=task.expected, outcome=task.outcome or task.standing, because=task.outcome_reason or "",
        )  # fmt: skip

    def of(self, alert: Alert, kind: NoticeKind) -> Notice | Gone | Later:
        """What an alert tells now; `kind` is what it is to be told as."""
        told = alerts.told_of(self.connection, alert.id)
        lead_id = cards.survivor(self.connection, alert.lead_id)
        if told is None or lead_id is None:
            return Gone("erased")
        gone = _why_gone(alert, told, kind, self.now)
        if gone:
            return Gone(gone)
        if kind in OF_THE_RELEVANT:
            hold = holds.standing_holds(self.connection, [lead_id], self.now).get(lead_id)
            if hold is not None:
                return Later(min(hold.until or holds.NEVER, self.now + LOOK_AGAIN_US))
        return self._notice(alert, told, kind, lead_id)

    def _notice(self, alert: Alert, told: Told, kind: NoticeKind, lead_id: int) -> Notice:
        notice = self.bare(kind, alert.team)
        team, task, handover = self.roster.teams.get(alert.team), told.task, told.handover
        names = None if handover is None else self._names(handover.model_id, notice.language)
        treatment = task.treatment if task is not None else handover.treatment if handover is not None else ""
        label = team.treatments.get(treatment, Label()) if team is not None else Label()
        said = treatment if names is None else names.treatment(treatment)
        called = alert.team if names is None else names.team(alert.team)
        notice = replace(
            notice,
            lead=self._lead(lead_id),
            url=self._url(lead_id, notice.language),
            model_url=self.settings.url + MODEL_PAGE,
            team=called if team is None else team.label.text(notice.language, called),
            treatment=label.text(notice.language, said),
            because=self._because(alert, told, kind, names, notice.language),
        )
        if kind is NoticeKind.WITHDRAWN:
            return notice
        if task is not None:
            notice = replace(
                notice, member=self._called(task.member), due_at=task.due_at, rate=task.rate, expected=task.expected,
                score=task.score, notes=alerts.notes_of(self.connection, task.id),
            )  # fmt: skip
        if kind is NoticeKind.APPOINTMENT:
            notice = replace(notice, appointment=self._appointment(alert))
        if handover is not None and names is not None:
            notice = replace(
                notice, score=handover.score, rate=handover.rate, band=names.band_called(handover.band),
                expected=task.expected if task is not None else handover.rate * handover.value,
                why=tuple(Reason(names.rule(each["rule"]), each["points"], each["at"]) for each in handover.why),
            )  # fmt: skip
        return replace(
            notice,
            temperature=None if told.temperature is None else TEMPERATURES[told.temperature],
            stage=None if told.stage is None else Stage(told.stage),
        )

    def _appointment(self, alert: Alert) -> Appointment | None:
        """The meeting of which an alert tells; its key ends with which word of it this is."""
        sequence = alert.key.rpartition(":")[2]
        if alert.task_id is None or not sequence.isdigit():
            return None
        said = tasks.appointment(self.connection, alert.task_id, int(sequence))
        if said is None:
            return None
        uid = f"task-{alert.task_id}@{urlsplit(self.settings.url).hostname}"
        ends_at = said.starts_at + said.minutes * MINUTE_US
        return Appointment(uid, said.sequence, said.starts_at, ends_at, said.place, said.is_called_off)

    def _called(self, member: str | None) -> str:
        known = self.roster.members.get(member or "")
        return known.name if known is not None else ""

    def _names(self, model_id: int, language: str) -> Names | None:
        version = versions.version(self.connection, model_id)
        return None if version is None else Names(_model(version.published.document), language)

    def _lead(self, lead_id: int) -> Person:
        card = cards.load_cards(self.connection, [lead_id])[lead_id]
        who = person(card.traits)
        return Person(card.key, who.name, who.company or card.company or "", who.job_title, who.telephone)

    def _url(self, lead_id: int, language: str) -> str:
        token = Links(secrets.secret_key(self.settings)).sign(Link(lead_id, self.now + LINK_US, language))
        return self.settings.url + PATH + token

    def _because(self, alert: Alert, told: Told, kind: NoticeKind, names: Names | None, language: str) -> str:
        """Why, in words: of what was withdrawn or changed."""
        if kind not in (NoticeKind.WITHDRAWN, NoticeKind.CHANGED):
            return ""
        words = Words(language, "couveuse.engine")
        code = alert.because or (told.handover.withdrawn_because if told.handover is not None else "") or "other"
        why = words.known("because", code)
        why = words.say("because.other") if why == code else why
        if kind is NoticeKind.WITHDRAWN or names is None or alert.of_id is None:
            return why
        kept = alerts.told_of(self.connection, alert.of_id)
        if kept is None or kept.handover is None:
            return why
        return words.say("changed.stands", why=why, cause=names.cause(kept.handover.cause))


@lru_cache(maxsize=16)
def _model(document: str) -> Model:
    return parse_model(document, "a published model").model


def _why_gone(alert: Alert, told: Told, kind: NoticeKind, now: int) -> str:
    """Why an alert has nothing to tell any more; '' where it has."""
    if kind in (NoticeKind.WITHDRAWN, NoticeKind.CHANGED):
        return ""
    if alert.withdrawn_at is not None:
        return "withdrawn"
    is_irrelevant = told.temperature is not None and TEMPERATURES[told.temperature] is Temperature.IRRELEVANT
    if kind in OF_THE_RELEVANT and is_irrelevant:
        return "the lead is irrelevant"
    task = told.task
    if task is None:
        return ""
    if kind is NoticeKind.NEWS_WANTED:
        return "" if task.standing == "accepted" else "there is news of it"
    if kind is NoticeKind.HANDED_OVER and task.standing not in ("open", "accepted"):
        return "the task is closed"
    if kind is NoticeKind.OVERDUE and (task.standing != "open" or max(task.due_at, task.not_before or 0) > now):
        return "the task is not overdue any more"
    return ""
