"""Leads of very many facts, folded again outside of batches, so that nobody else waits for them.

A robot or a shared address may have a hundred thousand facts, and one more that comes late asks to fold them all: that
takes seconds. A batch puts such a lead off (`couveuse.store.refolds`), and so does every later batch until it has been
folded. Here its facts are read as of one instant and folded, with nothing locked; then what came of it is written at
once, and the wishes go that the instant knew. Those that came since have it folded once more, after a rest: the score
of such a lead is some seconds behind, and is right when nothing more comes.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.core.events import COOLING, VERDICT_GIVEN, Fact
from couveuse.core.reading import Reading
from couveuse.core.state import State
from couveuse.engine import handing
from couveuse.engine.batches import Counts, Folder
from couveuse.engine.crossing import crossed, weightiest
from couveuse.engine.folding import fold_lead, known_of, reading_of, row_of
from couveuse.engine.live import LiveModel, LiveModels, NothingPublished
from couveuse.engine.loops import Loop
from couveuse.engine.poison import is_away
from couveuse.store import archives, connections, handovers, leads, refolds, states
from couveuse.store.crossings import write_crossings
from couveuse.store.events import Stored
from couveuse.store.handovers import Standing
from couveuse.store.identities import share_bindings
from couveuse.store.leads import Who
from couveuse.store.refolds import PutOff

log = structlog.get_logger("couveuse.engine")

# How often it is looked whether a lead waits.
LOOK_SECONDS: Final = 1.0
# A lead rests for so many times as long as its folding took: a lead that never stops takes a fourth of a processor.
REST: Final = 3.0
# One that could not be folded is tried again after so long.
AGAIN_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead as of one instant: why it is folded, with what its fold begins, its facts, and what stands of it."""

    numbers: Sequence[int]
    wishes: Sequence[PutOff]
    models: Sequence[LiveModel]
    who: Who | None
    stored: Sequence[Stored]
    standing: Sequence[Standing]

    @property
    def because(self) -> str | None:
        """Why hand-overs whose facts are gone are withdrawn; None where nothing was corrected."""
        return next((each.because for each in reversed(self.wishes) if each.because is not None), None)

    @property
    def live(self) -> list[Fact]:
        """The facts for which it was put off and that came live."""
        places = {key for each in self.wishes for key in each.live}
        return [each.fact for each in self.stored if each.fact.key in places] if places else []

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of what it was put off for came live."""
        return not any(each.live for each in self.wishes)


class Refolder(Loop):
    """Folds again the leads that batches have put off, on a connection of its own."""

    name = application = "refolder"
    away_seconds = (LOOK_SECONDS, LOOK_SECONDS)

    def __init__(self, url: str, tally: Callable[[Counts], None], clock: Callable[[], int]) -> None:
        super().__init__(url, log)
        self._tally, self._clock = tally, clock
        self._folder = Folder(url)
        self._models = LiveModels()
        self._rests: dict[int, float] = {}

    def work(self, connection: Connection[Any]) -> bool:
        """Fold one lead that waits and does not rest; returns whether there was one."""
        self.turn += 1
        now = time.monotonic()
        self._rests = {lead_id: until for lead_id, until in self._rests.items() if until > now}
        for lead_id in refolds.leads_waiting(connection, len(self._rests) + 10):
            if lead_id not in self._rests and refolds.hold(connection, lead_id):
                self._hold(connection, lead_id)
                return True
        return False

    def _hold(self, connection: Connection[Any], lead_id: int) -> None:
        """Fold a lead that is held, give it back, and let it rest."""
        began = time.monotonic()
        self._rests[lead_id] = began + AGAIN_SECONDS
        try:
            self._refold(connection, lead_id)
            self._rests[lead_id] = time.monotonic() + (time.monotonic() - began) * REST
        except NothingPublished:
            raise
        except Exception as error:  # whatever one lead does to us, the others must be folded
            self._folder.forget()
            if is_away(error):
                raise
            log.exception("lead could not be folded again", number=lead_id, error=type(error).__name__)
        refolds.give_back(connection, lead_id)

    def _refold(self, connection: Connection[Any], lead_id: int) -> None:
        """Fold one lead; where a model was published meanwhile, its wishes stay and it is begun again."""
        seen = self._see(connection, lead_id)
        if seen.who is None:  # it was taken back
            with connection.transaction():
                states.remove_states(connection, [lead_id])
                refolds.done(connection, seen.numbers)
            return
        now = self._clock()
        folded = {model.id: fold_lead(model.plan, seen.who, seen.stored) for model in seen.models}
        acting = next(model for model in seen.models if model.acts)
        moved = _moved(acting, seen, lead_id, folded[acting.id], reading_of(acting.plan, folded[acting.id], now))
        whos, stored = {lead_id: seen.who}, {lead_id: seen.stored}
        whys = handing.Reasons(acting, lambda _: (whos, stored), now)
        if moved is not None and handing.due_routes(acting.plan, moved):
            whys.of([lead_id])  # now: it takes as long as the fold
        fallen = self._fallen(seen, now)
        with connection.transaction():
            share_bindings(connection)
            if [model.id for model in self._models.load(connection)] != [model.id for model in seen.models]:
                return
            self._write(connection, seen, folded, now)
            made = handing.hand_over(connection, acting, [moved], whys, now) if moved is not None else 0
            if fallen:
                handovers.withdraw(connection, fallen, because=seen.because or "corrected", now=now)
            refolds.done(connection, seen.numbers)
        self._tally(Counts(refolded=1, handed_over=made, withdrawn=len(fallen)))

    def _see(self, connection: Connection[Any], lead_id: int) -> Seen:
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            archives.hold(connection)
            numbers, wishes = refolds.wishes_of(connection, lead_id)
            models = self._models.load(connection)
            whos, stored = self._folder.load(connection, [lead_id])
            standing = handovers.standing_of_leads(connection, [lead_id])
        return Seen(numbers, wishes, models, whos.get(lead_id), stored[lead_id], standing)

    @staticmethod
    def _fallen(seen: Seen, now: int) -> list[int]:
        """Which hand-overs no fact keeps any more."""
        models = {model.id: model for model in seen.models}
        asked = [each for each in seen.standing if each.model_id in models]
        if seen.because is None or not asked or seen.who is None:
            return []
        lead_id = seen.who.lead_id
        return handing.gone(asked, models, {lead_id: seen.who}, {lead_id: seen.stored}, now)

    def _write(self, connection: Connection[Any], seen: Seen, folded: dict[int, State], now: int) -> None:
        """Write a lead's states; a model that is coming has none where whoever makes its states has not made it."""
        assert seen.who is not None  # the caller looked
        lead_id = seen.who.lead_id
        # In the order of batches: those of a coming model once the lock on the others is had.
        old = states.lock_states(connection, [model.id for model in seen.models if not model.is_coming], [lead_id])
        old |= states.lock_states(connection, [model.id for model in seen.models if model.is_coming], [lead_id])
        if seen.who.is_empty:
            states.remove_states(connection, [lead_id])
        for model in seen.models if not seen.who.is_empty else ():
            is_there = (model.id, lead_id) in old
            if model.is_coming and not is_there and old:
                continue
            reading = reading_of(model.plan, folded[model.id], now)
            row = row_of(model.bands, lead_id, folded[model.id], reading, self._folder.payloads)
            (states.update_states if is_there else states.copy_states)(connection, model.id, [row])
            if model.acts and not seen.is_quiet:
                before = {lead_id: old[model.id, lead_id]} if is_there else {}
                why = weightiest(model.plan, seen.live)
                moved = [each._replace(cause=why) for each in crossed([row], before)]
                write_crossings(connection, model.id, moved, by_time=False, now=now)
        leads.set_known(connection, {lead_id: known_of(seen.who, seen.stored)})

    # ---- As a thread of the engine's -----------------------------------------------------------------------

    def let_go(self) -> None:
        """What the folder remembers may not have been committed."""
        self._folder.forget()

    def expected(self, error: Exception) -> float | None:
        """Of a database or an archive that is away, and of a model that is missing, the worker tells."""
        return LOOK_SECONDS if is_away(error) or isinstance(error, NothingPublished) else None

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Fold one lead after the other, and look now and then whether another one waits."""
        while not stopping.is_set():
            if not self.work(connection):
                stopping.wait(LOOK_SECONDS)


def refold_waiting(url: str, clock: Callable[[], int]) -> None:
    """Fold the leads that wait, one after the other: for a command that ends with scores that are right."""
    refolder = Refolder(url, lambda _: None, clock)
    with connections.connect(url, "refolder", autocommit=True, statement_ms=0) as connection:
        while refolder.work(connection):
            pass


def _moved(acting: LiveModel, seen: Seen, lead_id: int, state: State, reading: Reading) -> handing.Moved | None:
    """What the facts that came live since the lead was put off have moved; None where they hand nobody over."""
    live = [fact for fact in seen.live if fact.event != VERDICT_GIVEN]
    if not live or not (reading.routes or any(fact.event in COOLING for fact in live)):
        return None
    return handing.Moved(lead_id, live, state, reading)
