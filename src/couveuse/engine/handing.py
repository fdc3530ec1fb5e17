"""Hand-overs: which routes that stand become work for a team, once an episode; and which are withdrawn.

Only a fact opens a route, and a fact that came quietly (an import, a replay, a model published anew) opens none. One
episode is open at most for a lead; while it is, further causes join it, and another team's cause escalates. After its
end a new one needs time (`again_after`) or a fact of the decision stage. What the past opened is withdrawn only when
its facts go, never by decay.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection

from couveuse.core.events import COOLING, Fact
from couveuse.core.ledger import Ledger, LineKind
from couveuse.core.model import Stage
from couveuse.core.plan import LAST_FACT, Plan
from couveuse.core.reading import Reading, RouteDue, lines, value
from couveuse.core.state import State
from couveuse.engine.folding import fold_lead, readings_at
from couveuse.engine.following import give_back
from couveuse.engine.live import LiveModel
from couveuse.store import handovers as store
from couveuse.store.events import Stored
from couveuse.store.handovers import Episode, HandOver, Key
from couveuse.store.leads import Who

RULE, BAND = "rule", "band"
Load = Callable[[Sequence[int]], tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]]]
"""Reads, for leads, with what their folds begin, and their facts in canonical order."""

# Why hand-overs are withdrawn.
CORRECTED, VERDICT, UNMERGED = "corrected", "verdict", "unmerged"
# So many lines of the ledger say why.
REASONS = 5


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead that live facts have moved: what they were, in canonical order, and what its state says now."""

    lead_id: int
    facts: Sequence[Fact]
    state: State
    reading: Reading


@dataclass(frozen=True, slots=True)
class Due:
    """A route that live facts open, and the instant of the fact."""

    lead_id: int
    route: RouteDue
    kind: str
    at: int
    is_decision: bool
    reading: Reading
    value: float  # what winning the lead would be worth


def due_routes(plan: Plan, moved: Moved) -> list[Due]:
    """The routes that a lead's live facts open: a rule's if one of them fired it last, a band's if it stands."""
    ended = max((fact.at for fact in moved.facts if fact.event in COOLING), default=None)
    open_facts = [fact for fact in moved.facts if ended is None or fact.at > ended]
    if not open_facts or not moved.reading.routes:
        return []
    instants = {fact.at for fact in open_facts}
    fired = {rule.id: moved.state.ints[cell] for rule, cell in plan.route_cells}
    decides = {rule.id for rule in plan.model.rules if rule.stage is Stage.DECISION}
    matches = [plan.match_fact(fact) for fact in open_facts]
    decided = any(rule.id in decides for match in matches for rule in match.rules)
    worth = value(plan, moved.state)
    due = []
    for route in moved.reading.routes:
        if route.cause not in fired:
            due.append(Due(moved.lead_id, route, BAND, open_facts[-1].at, decided, moved.reading, worth))
        elif fired[route.cause] in instants:
            is_decision = decided or route.cause in decides
            due.append(Due(moved.lead_id, route, RULE, fired[route.cause], is_decision, moved.reading, worth))
    return due


def hand_over(
    connection: Connection[Any],
    model: LiveModel,
    moved: Collection[Moved],
    whys: "Reasons",
    now: int,
) -> int:
    """Close the episodes that facts end, and write the hand-overs that facts open; returns how many are new."""
    due = [each for lead in moved for each in due_routes(model.plan, lead)]
    ending = {lead.lead_id: lead.facts for lead in moved if any(fact.event in COOLING for fact in lead.facts)}
    return make(connection, model, due, ending, whys, now)


def make(
    connection: Connection[Any],
    model: LiveModel,
    due: Sequence[Due],
    ending: Mapping[int, Sequence[Fact]],
    whys: "Reasons",
    now: int,
) -> int:
    """Close episodes that facts end, and write the hand-overs that are due; returns how many are new."""
    if not due and not ending:
        return 0
    episodes = store.last_episodes(connection, {each.lead_id for each in due} | ending.keys())
    episodes = _close(connection, episodes, ending)
    opened = _open(connection, model, episodes, due)
    first: dict[Key, Due] = {}
    for each in due:
        if each.lead_id in opened:
            # One statement may write a key once; what else the same facts cause is the same work.
            first.setdefault((each.lead_id, each.route.team, opened[each.lead_id], each.kind), each)
    known = store.causes_of(connection, first) if first else {}
    # A band hands over again with each fact of a lead that is in it: it is known, and nothing is written.
    told = {key: each for key, each in first.items() if each.kind == RULE or each.route.cause not in known.get(key, ())}
    if not told:
        return 0
    # A ledger is a fold of all facts: only what is new is told why.
    new = {each.lead_id for key, each in told.items() if key not in known}
    reasons = whys.of(new) if new else {}
    made = [
        HandOver(
            each.lead_id, opened[each.lead_id], model.id, each.route.team, each.route.treatment, each.kind,
            each.route.cause, each.at, each.reading.score, each.reading.band.id, reasons.get(each.lead_id, ()),
            each.reading.rate, each.value,
        )
        for each in told.values()
    ]  # fmt: skip
    return store.hand_over(connection, made, now)


def _close(
    connection: Connection[Any], episodes: dict[int, Episode], ending: Mapping[int, Sequence[Fact]]
) -> dict[int, Episode]:
    closing: dict[int, tuple[int, str]] = {}
    for lead_id, facts in ending.items():
        episode = episodes.get(lead_id)
        if episode is None or episode.closed_at is not None:
            continue
        # What happened before the episode began is no end of it, however late it is told.
        ends = [fact for fact in facts if fact.event in COOLING and fact.at >= episode.opened_at]
        if ends:
            closing[episode.id] = (ends[-1].at, ends[-1].event)
            episodes[lead_id] = replace(episode, closed_at=ends[-1].at)
    if closing:
        store.close_episodes(connection, closing)
    return episodes


def _open(
    connection: Connection[Any], model: LiveModel, episodes: Mapping[int, Episode], due: Sequence[Due]
) -> dict[int, int]:
    """The episode of each lead that has one open, or may have a new one."""
    opened: dict[int, int] = {}
    opening: dict[int, tuple[int, int]] = {}
    for each in due:
        episode = episodes.get(each.lead_id)
        if episode is None:
            opening.setdefault(each.lead_id, (1, each.at))
        elif episode.closed_at is None:
            opened[each.lead_id] = episode.id
        elif each.at > episode.closed_at and (
            each.is_decision or each.at - episode.closed_at >= model.plan.model.again_after
        ):
            opening.setdefault(each.lead_id, (episode.number + 1, each.at))
    if opening:
        opened |= store.open_episodes(connection, opening)
    return opened


# ---- Why, and what is withdrawn ------------------------------------------------------------------------------------


class Reasons:
    """Why leads are handed over: their ledgers' weightiest lines, folded when they are first asked for."""

    def __init__(self, model: LiveModel, load: Load, now: int) -> None:
        self._model, self._load, self._now = model, load, now
        self._known: dict[int, list[dict[str, Any]]] = {}

    def of(self, lead_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
        """The lines of each lead that weigh most now, the heaviest first."""
        missing = sorted(set(lead_ids) - self._known.keys())
        if missing:
            whos, stored = self._load(missing)
            self._known |= {lead_id: self._weightiest(whos[lead_id], stored[lead_id]) for lead_id in missing}
        return {lead_id: self._known[lead_id] for lead_id in lead_ids}

    def _weightiest(self, who: Who, stored: Sequence[Stored]) -> list[dict[str, Any]]:
        plan, ledger = self._model.plan, Ledger()
        state = fold_lead(plan, who, stored, ledger=ledger)
        points: dict[str, float] = {}
        last: dict[str, int | None] = {}
        for line in lines(plan, state, ledger, max(self._now, state.ints[LAST_FACT])):
            points[line.rule] = points.get(line.rule, 0.0) + line.points
            last[line.rule] = None if line.kind in (LineKind.FIT, LineKind.TOTAL) else line.at
        heaviest = sorted((rule for rule in points if points[rule] > 0), key=lambda rule: -points[rule])[:REASONS]
        return [{"rule": rule, "points": round(points[rule], 6), "at": last[rule]} for rule in heaviest]


def withdraw(
    connection: Connection[Any], models: Mapping[int, LiveModel], lead_ids: Collection[int], load: Load, *,
    because: str, now: int,
) -> int:  # fmt: skip
    """Withdraw hand-overs of leads whose facts were corrected, where no cause of them stands; returns how many.

    What a merge that was undone had brought goes back to the lead whose facts keep it.
    """
    standing = [each for each in store.standing_of_leads(connection, lead_ids) if each.model_id in models]
    if not standing:
        return 0
    asked = set(lead_ids) if because == UNMERGED else set[int]()
    whos, stored = load(sorted({each.lead_id for each in standing} | asked))
    fallen = gone(standing, models, whos, stored, now)
    if fallen and because == UNMERGED:
        falling = [each for each in standing if each.id in fallen]
        back = give_back(connection, falling, gone, models, whos, {each: stored[each] for each in asked}, now)
        fallen = [number for number in fallen if number not in back]
    if fallen:
        store.withdraw(connection, fallen, because=because, now=now)
    return len(fallen)


def gone(
    standing: Iterable[store.Standing],
    models: Mapping[int, LiveModel],
    whos: Mapping[int, Who],
    stored: Mapping[int, Sequence[Stored]],
    now: int,
) -> list[int]:
    """Which hand-overs no cause keeps any more.

    A cause stands if the facts up to its instant, as they are known today, still open its route then; or if others open
    it now.
    """
    of_leads: dict[tuple[int, int], list[store.Standing]] = {}
    for each in standing:
        of_leads.setdefault((each.lead_id, each.model_id), []).append(each)
    found: list[int] = []
    for (lead_id, model_id), several in of_leads.items():
        facts = stored[lead_id]
        latest = max(now, facts[-1].fact.at) if facts else now
        instants = {instant for each in several for _, instant in each.causes} | {latest}
        readings = readings_at(models[model_id].plan, whos[lead_id], facts, instants) if facts else {}
        routes = {
            instant: {(route.team, route.cause) for route in reading.routes} for instant, reading in readings.items()
        }
        found += [each.id for each in several if not _any_stands(each, routes, latest)]
    return found


def _any_stands(standing: store.Standing, routes: Mapping[int, Collection[tuple[str, str]]], latest: int) -> bool:
    asked = [*standing.causes, *((cause, latest) for cause, _ in standing.causes)]
    return any((standing.team, cause) in routes.get(instant, ()) for cause, instant in asked)
