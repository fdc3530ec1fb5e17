"""Delivering: intents that are due are claimed, attempted and settled; what an attempt came to decides what comes next.

Nothing leaves before its attempt stands in the database, so that whoever is killed leaves behind what was under way.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, assert_never

import structlog
from psycopg import Connection

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.configuration import Configuration
from couveuse.core.notices import Notice
from couveuse.core.times import SECOND_US
from couveuse.engine.alerting import Gone, Later
from couveuse.engine.clocks import now_us
from couveuse.engine.loops import Loop
from couveuse.engine.tallies import Tally
from couveuse.engine.ways import Nowhere, Way
from couveuse.store import connections, intents
from couveuse.store.intents import Intent, Settlement

log = structlog.get_logger("couveuse.deliverer")

# So long after each attempt that failed, the next one; after the last, an intent is given up: three days in all.
PAUSES_SECONDS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 86_400)
# Pauses differ by up to a fifth, so that what failed together does not come together again.
SPREAD: Final = 0.2
# Something of ours that may have arrived is sent once more after so long, marked.
AGAIN_SECONDS: Final = 2
MOST_UNKNOWNS: Final = 2
# Even if nobody wakes it, a deliverer looks this often; lines that nobody uses are closed then.
LOOK_SECONDS: Final = 5.0
REHEARSAL: Final = "rehearsal"

Compose = Callable[[Connection[Any], Intent, Configuration, int], Notice | Gone | Later]
"""The notice that an intent is to bring, as it is now; or why there is nothing to tell any more, or not yet."""


def after(outcome: Outcome, intent: Intent, attempt: int, now: int, chance: float = 0.5) -> Settlement:
    """How an intent stands after an attempt; `chance` is from 0 to 1.

    What was surely not taken waits longer each time, and is given up after the last pause. What may have been taken:
    a webhook is sent again, for its receiver tells copies by their id; the team is told once more, marked; a prospect
    never.
    """
    match outcome:
        case Delivered(reference):
            return Settlement(intents.DONE, intent.due_at, "delivered", reference=reference)
        case Refused(reason):
            return Settlement(_given_up(intent), intent.due_at, "refused", reason)
        case Failed(reason, wait):
            return _again(intent, attempt, now, "failed", reason, wait, chance)
        case Unknown(reason):
            if intent.channel == "webhook":
                return _again(intent, attempt, now, "unknown", reason, None, chance)
            may_go_again = intent.audience == intents.TEAM and intent.unknowns + 1 < MOST_UNKNOWNS
            standing = intents.WAITING if may_go_again else intents.PARKED
            return Settlement(standing, now + AGAIN_SECONDS * SECOND_US, "unknown", reason, is_unknown=True)
        case _:
            assert_never(outcome)


def _again(
    intent: Intent, attempt: int, now: int, outcome: str, reason: str, wait: float | None, chance: float
) -> Settlement:
    tries = max(attempt - intent.replayed_after, 1)
    if tries > len(PAUSES_SECONDS):
        return Settlement(_given_up(intent), intent.due_at, outcome, reason)
    pause = PAUSES_SECONDS[tries - 1] * (1 + SPREAD * (2 * chance - 1))
    return Settlement(intents.WAITING, now + round(max(pause, wait or 0.0) * SECOND_US), outcome, reason)


def _given_up(intent: Intent) -> str:
    """What may have arrived by an earlier attempt is not dead: nobody knows."""
    return intents.PARKED if intent.unknowns else intents.DEAD


class Numbered(Protocol):
    """Whoever holds the lock of this process's number."""

    @property
    def number(self) -> int | None:
        """The number, or None while it is not held."""
        ...


@dataclass(slots=True)
class _Ended:
    """An attempt that has ended and is not settled yet."""

    intent: Intent
    attempt: int
    outcome: Outcome
    place: Mapping[str, Any]


class Deliverer(Loop):
    """Delivers the intents of one channel, on a connection of its own, until it is told to stop."""

    name = application = "deliverer"

    def __init__(
        self,
        url: str,
        way: Way,
        numbered: Numbered,
        compose: Compose,
        settings: Configuration,
        tally: Tally,
        clock: Callable[[], int] = now_us,
    ) -> None:
        super().__init__(url, log, tally.fail)
        self._way, self._numbered, self._compose = way, numbered, compose
        self._settings, self._tally, self._now = settings, tally, clock
        self._held: dict[int, Intent] = {}  # claimed, and not begun
        self._ended: _Ended | None = None
        self.wake = threading.Event()
        self.stopping = threading.Event()
        self.done = threading.Event()  # it holds nothing any more, and will claim nothing
        self.flying_by: int | None = None  # under which number an attempt is under way

    @property
    def channel(self) -> str:
        """The channel whose intents it takes."""
        return self._way.channel

    def work(self, connection: Connection[Any]) -> int:
        """Deliver some intents that are due; returns how many were claimed."""
        self.turn += 1
        self._tidy(connection)
        number = self._numbered.number
        if number is None or self.stopping.is_set():
            return 0
        claimed = intents.claim_intents(
            connection, self.channel, by=number, most=self._way.batch, alone=self._way.is_alone, now=self._now()
        )
        self._held = {intent.id: intent for intent in claimed}
        for intent in claimed:
            if self.stopping.is_set():
                break
            self._deliver(connection, intent)
        self._tidy(connection)
        return len(claimed)

    def _tidy(self, connection: Connection[Any]) -> None:
        """Settle what has ended, and let go of what has not begun: the database may have been away meanwhile."""
        self._settle(connection)
        if self._held:
            intents.release(connection, self._held.values())
            self._held = {}

    def _deliver(self, connection: Connection[Any], intent: Intent) -> None:
        notice = self._composed(connection, intent)
        place = self._way.place(connection, intent)
        if isinstance(notice, Gone):
            self._drop(connection, intent, intents.WITHDRAWN, notice.reason)
            return
        if isinstance(notice, Later):
            intents.put_off(connection, intent, notice.at)
            self._held.pop(intent.id, None)
            return
        if isinstance(place, Nowhere):
            self._drop(connection, intent, intents.DEAD, place.reason)
            return
        begun = intents.begin_attempt(connection, intent, self._now())
        if begun.attempt is None:
            if begun.is_rehearsal and not begun.is_stopped and intent.audience != intents.TEAM:
                self._drop(connection, intent, intents.WITHDRAWN, REHEARSAL)
            return  # stopped, or withdrawn meanwhile: it is let go of
        self._held.pop(intent.id, None)
        self.flying_by = intent.claimed_by
        outcome: Outcome
        if isinstance(notice, Failed):
            outcome = notice
        else:
            marked = replace(notice, is_perhaps_known=intent.unknowns > 0, is_rehearsal=begun.is_rehearsal)
            outcome = self._sent(place, intent, marked)
        self._ended = _Ended(intent, begun.attempt, outcome, intent.target)
        self._settle(connection)

    def _composed(self, connection: Connection[Any], intent: Intent) -> Notice | Gone | Later | Failed:
        """The notice; what cannot be composed fails as an attempt does, so that it is seen and given up one day."""
        try:
            return self._compose(connection, intent, self._settings, self._now())
        except connections.LOST:
            raise
        except Exception as error:
            self._tally.fail()
            log.exception("notice cannot be composed", intent=intent.id, error=type(error).__name__)
            return Failed(f"the message cannot be composed: {type(error).__name__}")

    def _sent(self, place: Any, intent: Intent, notice: Notice) -> Outcome:
        """The attempt itself; what breaks in ourselves may have let something out."""
        try:
            return self._way.send(place, intent, notice, self._now())
        except Exception as error:
            self._tally.fail()
            log.exception("attempt failed", intent=intent.id, error=type(error).__name__)
            return Unknown(f"our own error: {type(error).__name__}")

    def _settle(self, connection: Connection[Any]) -> None:
        """Note what the last attempt came to; kept until PostgreSQL has taken it."""
        ended = self._ended
        if ended is None:
            return
        now = self._now()
        chance = (ended.intent.id * 2_654_435_761 + ended.attempt) % 1000 / 999
        settlement = after(ended.outcome, ended.intent, ended.attempt, now, chance)
        with connection.transaction():
            standing = intents.settle(connection, ended.intent, ended.attempt, settlement, now)
            self._way.settled(connection, ended.intent, ended.outcome, settlement.due_at, now)
        self._ended, self.flying_by = None, None
        self._tally.count(settlement.outcome)
        if standing in intents.TROUBLED:
            self._tally.count(str(standing))
        level = log.info if isinstance(ended.outcome, Delivered) else log.warning
        level(settlement.outcome, intent=ended.intent.id, channel=self.channel, standing=standing or "not ours",
              answer=settlement.answer)  # fmt: skip

    def _drop(self, connection: Connection[Any], intent: Intent, standing: str, answer: str) -> None:
        if intents.drop(connection, intent, standing=standing, answer=answer, now=self._now()):
            self._tally.count(standing)
            log.info("not attempted", intent=intent.id, channel=self.channel, standing=standing, reason=answer)
        self._held.pop(intent.id, None)

    def run(self, stopping: threading.Event) -> None:
        """Deliver until told to stop; PostgreSQL may go away and come back."""
        self.stopping = stopping
        try:
            super().run(stopping)
        finally:
            self.done.set()
            self._way.close()

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Deliver what is due whenever it is woken."""
        while not stopping.is_set():
            self.wake.clear()
            claimed = self.work(connection)
            self.has_worked()
            if not claimed and not self.wake.wait(LOOK_SECONDS):
                self._way.rest()
        self._tidy(connection)
