"""What the team of the demo makes of its leads: somebody calls the best one, and says what came of it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from couveuse.core import outcomes
from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.core.times import DAY_US, HOUR_US, moment
from couveuse.engine import tasking
from couveuse.engine.clocks import now_us
from couveuse.store import tasks
from couveuse.store.published import live_models
from couveuse.store.rosters import load_roster
from couveuse.store.tasks import Task

# Somebody says what came of a call so often.
EVERY_SECONDS: Final = 4.0
_NOTES: Final[Mapping[str, Mapping[str, str]]] = {
    "project": {
        "fr": "Remplace deux pompes de relevage avant l’été ; budget voté.",
        "en": "Replaces two lifting pumps before summer; the budget is voted.",
    },
    "meeting": {"fr": "Veut voir la gamme inox sur place.", "en": "Wants to see the stainless range on site."},
    "later": {"fr": "En réunion, rappeler demain matin.", "en": "In a meeting, call again tomorrow morning."},
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of which task, and the task that it opened."""

    task: Task
    told: Told
    opened: Task | None


class Callers:
    """The people of telemarketing and sales, each with the same answers in turn."""

    def __init__(self, connection: Connection[Any], language: str) -> None:
        self._connection, self._language = connection, language
        self._next = time.monotonic() + EVERY_SECONDS
        self._desks: Iterator[tuple[str, Iterator[Callable[[int], Told]]]] = cycle(
            [("telemarketing", cycle(self._of_calls())), ("sales", cycle(self._of_sales()))]
        )

    def turn(self) -> Spoken | None:
        """What one of them says now, if it is time and there is somebody to call."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + EVERY_SECONDS
        return self.call()

    def call(self) -> Spoken | None:
        """What one of them says of the best task of the next team that has one."""
        roster = load_roster(self._connection)
        for _ in range(2):
            team, answers = next(self._desks)
            found = self._best(team)
            if found is None or team not in roster.teams or not roster.teams[team].members:
                continue
            by = found.member or roster.teams[team].members[0]
            now = now_us()
            told = next(answers)(now)
            done = tasking.settle(self._connection, found.id, told, version=found.version, by=by, now=now)
            if isinstance(done, tasking.Done):
                return Spoken(found, told, done.follow_up)
        return None

    def _best(self, team: str) -> Task | None:
        acting = next((model.id for model in live_models(self._connection) if model.standing == "acting"), None)
        page = tasks.queue_page(
            self._connection, model_id=acting, teams=[team], member=None, cursor=None, most=1,
            now=now_us(),
        )  # fmt: skip
        return page.tasks[0] if page.tasks else None

    def _note(self, name: str) -> str:
        return _NOTES[name][self._language]

    def _of_calls(self) -> Sequence[Callable[[int], Told]]:
        return (
            lambda _: Told(Outcome.PROJECT_DETECTED, amount=18_000.0, currency="EUR", note=self._note("project")),
            lambda now: Told(Outcome.APPOINTMENT_MADE, starts_at=_morning(now, 10), minutes=45, place="Lyon",
                             note=self._note("meeting")),
            lambda _: Told(Outcome.NO_ANSWER),
            lambda _: Told(Outcome.NOT_RELEVANT, lead_class=LeadClass.COMPETITOR),
            lambda now: Told(Outcome.CALL_AGAIN, call_at=_morning(now, 9), note=self._note("later")),
            lambda _: Told(Outcome.NO_BUDGET),
        )  # fmt: skip

    def _of_sales(self) -> Sequence[Callable[[int], Told]]:
        return (
            lambda _: Told(Outcome.ACCEPTED),
            lambda _: Told(Outcome.WON, amount=24_500.0, currency="EUR"),
            lambda _: Told(Outcome.REJECTED, reason="too early"),
            lambda _: Told(Outcome.LOST, reason="competitor chosen"),
        )


def label(told: Told, language: str) -> str:
    """An outcome in words."""
    return outcomes.TABLE[told.outcome].label.text(language, told.outcome)


def _morning(now: int, hour: int) -> int:
    """Tomorrow at an hour, in Paris."""
    there = moment(now + DAY_US).astimezone(ZoneInfo("Europe/Paris"))
    return now + DAY_US + (hour - there.hour) * HOUR_US
