"""A town with a team, a dispatcher and a minder whose clock is told, for tests of what becomes of hand-overs."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from couveuse.core.times import HOUR_US as HOUR
from couveuse.core.times import microseconds
from couveuse.documents.team import parse_team
from couveuse.engine.alerting import compose
from couveuse.engine.dispatching import Dispatcher
from couveuse.engine.minding import Minder
from couveuse.store.intents import Intent
from couveuse.store.rosters import apply_roster
from tests.engine.town import MODEL, NOW, Town, configuration

TEAM = """
couveuse: 1
team: town
hours: {timezone: Europe/Paris, week: {mon-sun: ["09:00-18:00"]}, holidays: none}
members:
  - {id: alice, name: Alice Martin, email: alice@example.org, language: fr}
  - {id: bob, name: Bob Durand, email: bob@example.org}
  - {id: carol, name: Carol Roux, email: carol@example.org}
  - {id: dan, name: Dan Petit, email: dan@example.org}
lists: {board: [board@example.org]}
teams:
  - id: telemarketing
    label: {fr: Télémarketing, en: Telemarketing}
    members: [alice, bob]
    leads: [alice]
    assignment: round_robin
    owner_first: false
    treatments: {detect-project: {fr: Détecter un projet, en: Detect a project}}
    alert: [member]
    sla: {within: 4h, raise_to: [lead], raise_every: 2h, raise_times: 2}
  - id: sales
    members: [carol, dan]
    leads: [dan]
    assignment: load
    treatments: {make-appointment: {fr: Prendre rendez-vous, en: Make an appointment}}
    alert: [member, owner, board]
    sla: {within: 8h, by_treatment: {make-appointment: 2h}, news_within: 30d}
"""
SECRET = "s" * 50
SETTINGS = configuration(secret_key=SECRET, public_url="https://couveuse.example.com")


class Counts(dict[str, int]):
    """What was counted."""

    def count(self, what: str, number: int = 1) -> None:
        """Count so many."""
        self[what] = self.get(what, 0) + number

    def fail(self) -> None:
        """Count a failure."""
        self.count("failures")


class Desk(Town):
    """A town whose hand-overs reach people."""

    def __init__(self, url: str, team: str | None = TEAM, model: str = MODEL) -> None:
        super().__init__(url, model)
        self.counts = Counts()
        self.dispatcher = Dispatcher(url, SETTINGS, self.counts, lambda: self.now)
        self.minder = Minder(url, self.counts, lambda: self.now)
        if team is not None:
            self.apply(team)

    def apply(self, team: str) -> None:
        """Let a team's document count."""
        apply_roster(self.connection, parse_team(team, "team"), by="a test", now=NOW)

    def come(self, *facts: Any) -> None:
        """Accept facts, fold them, and dispatch what comes of them."""
        self.take(*facts)
        self.dispatch()

    def dispatch(self) -> int:
        """Dispatch all that waits."""
        return self.dispatcher.work(self.connection)

    def mind(self) -> int:
        """Mind all that is due."""
        return self.minder.work(self.connection)

    def tasks(self) -> list[tuple[Any, ...]]:
        """Each task: team, standing, member; the oldest first."""
        return self.rows("select team, standing, member from tasks order by id")

    def alerts(self) -> list[tuple[Any, ...]]:
        """Each alert: key, whether it was withdrawn."""
        return self.rows("select key, withdrawn_at is not null from alerts order by id")

    def intents(self) -> list[tuple[Any, ...]]:
        """What goes out to people: kind, target, standing; the oldest first."""
        return self.rows("select kind, target, standing from intents where audience = 'team' order by id")

    def send(self) -> None:
        """Let all that waits have gone."""
        self.connection.execute("update intents set standing = 'done', settled_at = %s where standing = 'waiting'",
                                [self.now])  # fmt: skip

    def composed(self, kind: str | None = None) -> list[Any]:
        """What everything that waits would say now."""
        rows = self.rows(
            "select id, key, channel, audience, kind, target, about, alert_id, due_at, attempts, unknowns, 0, 1 "
            "from intents where standing = 'waiting' and (%s::text is null or kind = %s) order by id",
            kind, kind,
        )  # fmt: skip
        return [compose(self.connection, Intent(*row), SETTINGS, self.now) for row in rows]


def at(hour: float, day: int = 0) -> int:
    """An hour of the clock on the wall in Paris, on the day of `NOW` or so many days later."""
    midnight = microseconds(datetime(2026, 5, 28, tzinfo=ZoneInfo("Europe/Paris")))
    return midnight + int((hour + day * 24) * HOUR)
