"""The folding of one batch: the leads that it touches, under every live model, and all that comes of it.

What a batch has no time for, or what asks for an archive that is away, is put off; nobody else waits for it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import structlog
from psycopg import Connection

from couveuse.archive.errors import OutOfReach
from couveuse.core.errors import OutOfOrder, StateMismatch
from couveuse.core.events import COOLING, VERDICT_GIVEN, Fact
from couveuse.core.fold import begin, extend
from couveuse.core.reading import Reading
from couveuse.core.state import State
from couveuse.engine import handing
from couveuse.engine.arrivals import Touched, asks_who, corrects, says_who
from couveuse.engine.crossing import crossed, weightiest
from couveuse.engine.folding import fold_lead, is_admitted, known_of, learn, reading_of, row_of, since_always
from couveuse.engine.following import follow
from couveuse.engine.handing import CORRECTED, VERDICT
from couveuse.engine.live import LiveModel
from couveuse.engine.recalling import Recaller
from couveuse.engine.resolving import Resolved
from couveuse.store import archives, leads, refolds, states
from couveuse.store.crossings import write_crossings
from couveuse.store.events import Stored, TooManyFacts
from couveuse.store.leads import Who
from couveuse.store.refolds import PutOff
from couveuse.store.states import Held, StateRow

log = structlog.get_logger("couveuse.engine")

# So many facts are folded again within one batch, which takes some 200 ms: others wait for their scores meanwhile.
MOST_REFOLDED: Final = 10_000


def load_leads(
    recaller: Recaller, connection: Connection[Any], lead_ids: Sequence[int], most: int | None = None
) -> tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]]:
    """With what the folds of leads begin, and their facts in canonical order.

    Raises TooManyFacts where there are more than `most`, OutOfReach where the archive is needed and is away.
    """
    stored = recaller.load(connection, lead_ids, most)
    return leads.load_who(connection, lead_ids), stored


class Work:
    """The folding of one batch: what it has read, and what it will write."""

    def __init__(
        self, recaller: Recaller, connection: Connection[Any], models: Sequence[LiveModel], now: int, *, is_quiet: bool
    ) -> None:
        self.recaller, self.connection, self.models, self.now = recaller, connection, models, now
        self.is_quiet = is_quiet
        self.written: Sequence[StateRow] = ()
        self.because = CORRECTED
        self.whos: Mapping[int, Who] = {}
        self.refolded = self.put_off = self.handed_over = self.withdrawn = 0
        self._loaded: tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]] = ({}, {})

    def fold(self, touched: Mapping[int, Touched], resolved: Resolved) -> None:
        """Fold, under every live model, the leads touched or to be folded again, and write what comes of it."""
        lead_ids = sorted(touched.keys() | resolved.refold)
        if not lead_ids:
            return
        old = self._locked(lead_ids)
        # Asked once the locks are had: whoever puts a lead off holds its lock.
        off = refolds.waiting_among(self.connection, lead_ids)
        everybody, touched = touched, {number: lead for number, lead in touched.items() if number not in off}
        refold = resolved.refold - off
        unsure = refold | resolved.made | {number for number, lead in touched.items() if asks_who(lead)}
        self.whos = leads.load_who(self.connection, sorted(unsure)) if unsure else {}
        folded = {model.id: self._extended(model, touched, resolved, old, refold) for model in self.models}
        off |= self._without_time(refold) if refold else set()
        refold -= off
        stored = self._refolded(folded, old, refold) if refold else {}
        for lead_id in off:
            touched.pop(lead_id, None)
            for found in folded.values():
                found.pop(lead_id, None)
        quiet = {number for number, lead in touched.items() if not lead.is_live}
        self.is_quiet |= bool(touched) and len(quiet) == len(touched)
        readings = {model.id: self._write(model, folded[model.id], old) for model in self.models}
        if not self.is_quiet:
            self._cross(old, quiet, touched)
        self._know(touched, refold, stored)
        off |= self._unless_away(set(touched), lambda some: self._hand_over(some, touched, folded, readings))
        judged = {number for number, lead in everybody.items() if corrects(lead)}
        corrected = resolved.refold | judged
        off |= self._unless_away(corrected - off, lambda some: self._withdraw(some, judged))
        if off:
            self._put_off(off, everybody, corrected, judged)

    def _unless_away(self, lead_ids: set[int], do: Callable[[Collection[int]], None]) -> set[int]:
        """Do what may ask for facts; leads that have some in an archive that is away are left out, and told."""
        if not lead_ids:
            return set()
        try:
            with self.connection.transaction():
                do(lead_ids)
        except OutOfReach as error:
            far = self._far(lead_ids, error)
            do(lead_ids - far)
            return far
        return set()

    def _far(self, lead_ids: Collection[int], error: OutOfReach) -> set[int]:
        """Of some leads those with facts in the archive, which is away: these are put off, and nobody else waits."""
        far = {lead_id for lead_id, _, _ in archives.months_of_leads(self.connection, lead_ids)}
        if not far:
            raise error
        log.warning("archive out of reach", reason=str(error), leads=len(far))
        return far

    def _withdraw(self, corrected: Collection[int], judged: Collection[int]) -> None:
        """Let work follow the facts, and withdraw what no fact keeps any more; `judged`: because of a verdict."""
        models = {model.id: model for model in self.models}
        empty = [number for number in corrected if (who := self.whos.get(number)) is not None and who.is_empty]
        follow(self.connection, empty, self.now)
        asked, self.withdrawn = set(corrected), 0
        for because, lead_ids in ((self.because, asked.difference(judged)), (VERDICT, asked.intersection(judged))):
            if lead_ids:
                self.withdrawn += handing.withdraw(
                    self.connection, models, lead_ids, self._load, because=because, now=self.now
                )

    def _locked(self, lead_ids: Sequence[int]) -> dict[tuple[int, int], Held]:
        """The leads' states, locked; those of a model that is coming are read once the others' locks are had.

        Whoever makes the states of a coming model holds the locks on the acting model's: what was written while this
        waited for them is seen by a second statement, and by the first it is not.
        """
        standing = [model.id for model in self.models if not model.is_coming]
        old = states.lock_states(self.connection, standing, lead_ids)
        coming = [model.id for model in self.models if model.is_coming]
        return old | states.lock_states(self.connection, coming, lead_ids) if coming else old

    def _is_left(self, model: LiveModel, lead_id: int, old: Mapping[tuple[int, int], Held]) -> bool:
        """Whether the state of a lead under a model that is coming is left to whoever makes that model's states.

        That one goes by the acting model's states, and will read these facts, too; a lead that has none is not met.
        """
        if not model.is_coming or (model.id, lead_id) in old:
            return False
        return any((each.id, lead_id) in old for each in self.models if each.acts)

    def _load(self, lead_ids: Sequence[int]) -> tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]]:
        """Of leads, with what their folds begin, and their facts; those that were loaded before are not again."""
        whos, stored = self._loaded
        missing = [number for number in lead_ids if number not in stored]
        if missing:
            more = load_leads(self.recaller, self.connection, missing)
            whos, stored = self._loaded = ({**whos, **more[0]}, {**stored, **more[1]})
        return whos, stored

    def _without_time(self, refold: Collection[int]) -> set[int]:
        """Load what is to be folded again, as far as a batch has time for it; the leads of most facts are put off."""
        try:
            self._loaded = load_leads(self.recaller, self.connection, sorted(refold), MOST_REFOLDED)
        except TooManyFacts:
            counted = self.recaller.count(self.connection, refold, most=MOST_REFOLDED)
            off, left = set(), MOST_REFOLDED
            for lead_id in sorted(counted, key=lambda number: (counted[number], number)):
                if counted[lead_id] > left:
                    off.add(lead_id)
                else:
                    left -= counted[lead_id]
            return off
        except OutOfReach as error:
            return self._far(refold, error)
        return set()

    def _put_off(
        self, off: Collection[int], touched: Mapping[int, Touched], corrected: Collection[int], judged: Collection[int]
    ) -> None:
        """Have leads folded again outside of a batch, with the hand-overs that may come of it."""
        self.put_off = len(off)
        wishes = []
        for lead_id in sorted(off):
            live = [fact.key for fact in touched[lead_id].live] if lead_id in touched else []
            because = VERDICT if lead_id in judged else self.because
            wishes.append(PutOff(lead_id, because if lead_id in corrected else None, live))
        refolds.put_off(self.connection, wishes)

    def _extended(
        self,
        model: LiveModel,
        touched: Mapping[int, Touched],
        resolved: Resolved,
        old: Mapping[tuple[int, int], Held],
        refold: set[int],
    ) -> dict[int, State]:
        """The states that go on with the new facts; a lead whose state cannot is added to `refold`."""
        found: dict[int, State] = {}
        for lead_id, lead in touched.items():
            if lead_id in refold:
                continue
            held = old.get((model.id, lead_id))
            if held is None and self._is_left(model, lead_id, old):
                continue
            try:
                if held is not None:
                    state = states.unpack_state(model.plan, held.state, self.recaller.payloads)
                elif lead_id in resolved.made:
                    who = self.whos[lead_id]
                    state = begin(model.plan, who.email, since_always(model.plan, who.given))
                else:
                    raise StateMismatch
                extend(model.plan, state, self._facts(lead_id, lead))
                found[lead_id] = state
            except (OutOfOrder, StateMismatch):
                refold.add(lead_id)
        return found

    def _facts(self, lead_id: int, lead: Touched) -> list[Fact]:
        who = self.whos.get(lead_id)
        if who is None or not who.is_known:
            return [each.fact for each in lead.arrived]
        return [each.fact for each in lead.arrived if is_admitted(each.fact, each.accepted.flags, who)]

    def _refolded(
        self,
        folded: Mapping[int, dict[int, State]],
        old: Mapping[tuple[int, int], Held],
        refold: set[int],
    ) -> Mapping[int, Sequence[Stored]]:
        """Fold leads from all their facts; who has no identities any more has no state."""
        self.refolded = len(refold)
        whos, stored = self._load(sorted(refold))
        self.whos = {**self.whos, **whos}
        empty = [number for number in refold if whos[number].is_empty]
        if empty:
            states.remove_states(self.connection, empty)
        for model in self.models:
            for lead_id in refold - set(empty):
                if not self._is_left(model, lead_id, old):
                    folded[model.id][lead_id] = fold_lead(model.plan, whos[lead_id], stored[lead_id])
        return stored

    def _write(
        self, model: LiveModel, folded: Mapping[int, State], old: Mapping[tuple[int, int], Held]
    ) -> dict[int, Reading]:
        """Write the states under one model; returns what they say now."""
        readings = {lead_id: reading_of(model.plan, state, self.now) for lead_id, state in folded.items()}
        rows = [
            row_of(model.bands, lead_id, state, readings[lead_id], self.recaller.payloads)
            for lead_id, state in folded.items()
        ]
        states.update_states(self.connection, model.id, [row for row in rows if (model.id, row.lead_id) in old])
        states.copy_states(self.connection, model.id, [row for row in rows if (model.id, row.lead_id) not in old])
        if model.acts:
            self.written = rows
        return readings

    def _cross(
        self, old: Mapping[tuple[int, int], Held], quiet: Collection[int], touched: Mapping[int, Touched]
    ) -> None:
        """Write what leads have crossed under the acting model by what came live."""
        acting = next((model for model in self.models if model.acts), None)
        if acting is None:
            return  # a model that does not act is folded again by itself

        def cause(lead_id: int) -> str | None:
            return weightiest(acting.plan, touched[lead_id].live) if lead_id in touched else None

        before = {lead_id: held for (model_id, lead_id), held in old.items() if model_id == acting.id}
        moved = crossed(self.written, before, quiet, cause)
        write_crossings(self.connection, acting.id, moved, by_time=False, now=self.now)

    def _know(
        self, touched: Mapping[int, Touched], refold: Collection[int], stored: Mapping[int, Sequence[Stored]]
    ) -> None:
        """What is known of who the leads are, for lists and pages."""
        known = {number: known_of(self.whos[number], stored[number]) for number in refold if number in stored}
        told = [number for number, lead in touched.items() if number not in refold and says_who(lead)]
        if told:
            loaded = leads.load_known(self.connection, told)
            for number in told:
                known[number] = known_of(self.whos[number], ()) if touched[number].is_given else loaded[number]
                for fact in self._facts(number, touched[number]):
                    learn(known[number], fact)
        if known:
            leads.set_known(self.connection, known)

    def _hand_over(
        self,
        lead_ids: Collection[int],
        touched: Mapping[int, Touched],
        folded: Mapping[int, Mapping[int, State]],
        readings: Mapping[int, Mapping[int, Reading]],
    ) -> None:
        acting = next((model for model in self.models if model.acts), None)
        if acting is None:
            return  # a model that does not act is folded again by itself
        moved = []
        for lead_id, state in folded[acting.id].items():
            if lead_id not in lead_ids:
                continue
            live = touched[lead_id].live if lead_id in touched else []
            reading = readings[acting.id][lead_id]
            if live and (reading.routes or any(fact.event in COOLING for fact in live)):
                counted = [fact for fact in live if fact.event != VERDICT_GIVEN]
                moved.append(handing.Moved(lead_id, counted, state, reading))
        if moved:
            whys = handing.Reasons(acting, self._load, self.now)
            self.handed_over = handing.hand_over(self.connection, acting, moved, whys, self.now)
