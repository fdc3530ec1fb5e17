"""The desk: whose turn it is, one task taken on screen at a time, and all that its page shows of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.events import CHANGES, INSIDE_ONLY, NOTE_WRITTEN, VERDICT_GIVEN, Fact, Verdict
from couveuse.core.fold import learn_verdict, verdict_on
from couveuse.core.model import Model, Temperature
from couveuse.core.outcomes import Row
from couveuse.core.roster import Roster
from couveuse.core.state import State
from couveuse.core.times import DAY_US
from couveuse.engine.calling import Number, number_of
from couveuse.engine.folding import TEMPERATURES, is_admitted, reading_of
from couveuse.engine.follow_ups import SALES, sales_route_of
from couveuse.engine.live import LiveModel
from couveuse.engine.looking import Looker
from couveuse.engine.tasking import ON_SCREEN_US, offered_by
from couveuse.report.persons import person
from couveuse.store import sheets, tasks
from couveuse.store.leads import Who
from couveuse.store.sheets import Named, Sheet
from couveuse.store.states import unpack_state
from couveuse.store.tasks import Page, Place, Task

# So many tasks are looked at for one that nobody has on screen, and for the name of the next one.
MOST_AHEAD: Final = 20
# Where others have all of these on screen the next ones are looked at, so many times: 500 people at one queue.
MOST_PAGES: Final = 25
# So many of the last things that a lead did are shown, of so many facts that are looked at.
MOST_DEEDS: Final = 6
MOST_FACTS: Final = 30
# What a lead did longer before its task was opened is on its own page: a desk may not wait for a history of years.
LATELY_US: Final = 90 * DAY_US


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose queue it is: a member's own tasks with what is nobody's in `teams`; without a member all of `teams`."""

    teams: tuple[str, ...]
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The task that is on screen now (None: none may be had), the one after it, and who has the others on screen."""

    task_id: int | None
    following: Task | None
    held: Sequence[Task]


@dataclass(frozen=True, slots=True)
class View:
    """A task's page: `number` is as it may be shown now, `deeds` are the last things that the lead did itself.

    `notes` are what people of ours wrote of the lead lately, beside its tasks.
    """

    sheet: Sheet
    score: float | None
    temperature: Temperature | None
    number: Number
    deeds: Sequence[Fact]
    notes: Sequence[Fact]
    outcomes: Sequence[Row]


def teams_of_all(roster: Roster, model: Model | None) -> tuple[str, ...]:
    """Every team that may have tasks: those of the document, and those that the model sends leads to."""
    routes = [] if model is None else [rule.route for rule in model.rules] + [band.route for band in model.bands]
    routed = {route.team for route in routes if route is not None}
    return tuple(sorted(routed | roster.teams.keys() | {SALES.team}))


def queue(
    connection: Connection[Any], scope: Scope, model_id: int | None, *, now: int, most: int, cursor: Place | None = None
) -> Page:
    """What a scope has to do now, the best expected value first."""
    return tasks.queue_page(
        connection, model_id=model_id, teams=scope.teams, member=scope.member, cursor=cursor, most=most, now=now,
        with_free=scope.member is not None,
    )  # fmt: skip


def take_turn(
    connection: Connection[Any], scope: Scope, model_id: int | None, *, by: str, now: int, after: Place | None = None
) -> Turn:
    """Take the best task of a scope on screen that nobody else has; of two who ask at once each gets another one."""
    held, cursor = list[Task](), after
    for _ in range(MOST_PAGES):
        page = queue(connection, scope, model_id, now=now, most=MOST_AHEAD, cursor=cursor)
        free = [each for each in page.tasks if each.holder(now) in (None, by)]
        taken = tasks.take_first(connection, [each.id for each in free], by=by, until=now + ON_SCREEN_US, now=now)
        held += [each for each in page.tasks if each.holder(now) not in (None, by)]
        if taken is not None or page.next is None:
            following = next((each for each in free if each.id != taken), None)
            return Turn(taken, following, held)
        cursor = page.next
    return Turn(None, None, held)


def take(connection: Connection[Any], task_id: int, *, by: str, now: int) -> bool:
    """Whether somebody has a task on screen from now on."""
    return tasks.take_first(connection, [task_id], by=by, until=now + ON_SCREEN_US, now=now) is not None


def view(connection: Connection[Any], looker: Looker, sheet: Sheet, model: LiveModel | None, now: int) -> View:
    """All that a task's page shows."""
    telephone = "" if sheet.card is None else person(sheet.card.traits).telephone
    number = number_of(connection, telephone, sheet.said, is_known=sheet.is_known, now=now)
    deeds, notes = ([], []) if sheet.card is None else _lately(connection, looker, sheet)
    score, temperature = _score(looker, sheet, model, now) or (None, None)
    route = SALES if model is None else sales_route_of(model.plan.model)
    return View(sheet, score, temperature, number, deeds, notes, offered_by(sheet.task, route))


def scores_of(
    looker: Looker, named: Iterable[Named], model: LiveModel | None, now: int
) -> dict[int, tuple[float, Temperature]]:  # fmt: skip
    """The scores of leads now, by number; who has none is left out."""
    found = {each.card.lead_id: _score(looker, each, model, now) for each in named}
    return {lead_id: score for lead_id, score in found.items() if score is not None}


def _score(
    looker: Looker, kept: Sheet | Named, model: LiveModel | None, now: int
) -> tuple[float, Temperature] | None:  # fmt: skip
    """What the state says now; where none of that model is kept, what was last written down."""
    if kept.state is not None and model is not None:
        try:
            reading = reading_of(model.plan, unpack_state(model.plan, kept.state, looker.payloads), now)
            return reading.score, reading.temperature
        except StateMismatch:
            pass
    if kept.sort_score is None or kept.temperature is None:
        return None
    return kept.sort_score, TEMPERATURES[kept.temperature]


def _lately(connection: Connection[Any], looker: Looker, sheet: Sheet) -> tuple[list[Fact], list[Fact]]:
    """The last things that the lead did and notes on it, the newest first: nothing that machines did, or we."""
    assert sheet.card is not None
    stored = sheets.newest_facts(
        connection, sheet.card.lead_id, since=sheet.task.opened_at - LATELY_US, most=MOST_FACTS, names=looker.names,
        sources=looker.sources, payloads=looker.payloads,
    )  # fmt: skip
    who = Who(sheet.card.lead_id, None, sheet.is_known)
    told = State([], [], [], [], {}, {})
    once = {each.fact.key: each.fact for each in stored if is_admitted(each.fact, each.flags, who)}
    ordered = [once[key] for key in sorted(once)]
    for fact in ordered:
        if fact.event == VERDICT_GIVEN:
            learn_verdict(told, fact)
    newest = ordered[::-1]
    notes = [fact for fact in newest if fact.event == NOTE_WRITTEN]
    own = [fact for fact in newest if fact.event not in CHANGES and fact.event not in INSIDE_ONLY]
    human = [fact for fact in own if verdict_on(told.verdicts, fact.source, fact.message_id) is Verdict.HUMAN]
    return human[:MOST_DEEDS], notes
