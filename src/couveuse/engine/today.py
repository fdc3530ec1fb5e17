"""What changed since the last working day, for one who looks: the same numbers for the page and for the API.

Whoever sees all teams is told which leads turned hot in the whole company; who calls or sells, which leads were handed
to their teams. Nothing of all leads is counted here: that was done in the background (`engine.rolling_up`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection

from couveuse.core.events import LEAD_REJECTED, OPPORTUNITY_WON
from couveuse.core.roster import Hours, Roster
from couveuse.core.times import DAY_US, microseconds, moment
from couveuse.engine.calendars import working_of
from couveuse.engine.rolling_up import BEFORE, DAYS, LEADS, SHOWN_DAYS, SOURCES, SPANS
from couveuse.store import rollups, today
from couveuse.store.flows import Step as Entering
from couveuse.store.rollups import Rollup, Scored, Source, Standing
from couveuse.store.rosters import newest, roster_of
from couveuse.store.today import Late, Ripe, Unseen
from couveuse.store.versions import Version, acting

# So many of each are shown; the numbers count all, up to `MOST`.
SHOWN: Final = 6
# An alert of long ago that nobody has acknowledged is nobody's work any more.
UNSEEN_DAYS: Final = 14
# The day before is looked for among so many.
_BACK_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel: how many leads stand there now (None: nobody stands in it), and entered it on each day.

    The days are the last ones, the oldest first; the last is today, and not over. `spans` are the leads that entered it
    within so many days, today included, each once; `before` as many as `COMPARED_DAYS` before the last of these.
    `teams` are those that it is of; none: the company.
    """

    id: str
    now: int | None
    days: Sequence[int]
    spans: Mapping[int, int]
    before: int
    teams: Sequence[str] = ()

    def within(self, days: int) -> int:
        """How many entered it on so many days (one of `SPANS`), today included."""
        return self.spans[days]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of all leads, and as of when."""

    at: int
    standings: Sequence[Standing]
    scores: Sequence[Scored]
    sources: Sequence[Source]
    steps: Sequence[Step]
    first_day: date

    @property
    def dates(self) -> list[date]:
        """The days of the steps, the oldest first."""
        return [self.first_day + timedelta(days=place) for place in range(SHOWN_DAYS)]

    @property
    def today(self) -> date:
        """The last of them, which is not over."""
        return self.dates[-1]

    @property
    def leads(self) -> int:
        """How many leads there are, the irrelevant ones included."""
        return sum(each.leads for each in self.standings)

    def of_temperature(self, temperature: int) -> int:
        """How many of a temperature."""
        return sum(each.leads for each in self.standings if each.temperature == temperature)

    def of_band(self, band: int) -> int:
        """How many in a band that are not irrelevant."""
        return sum(each.leads for each in self.standings if each.band == band and each.temperature != 3)

    def of_stage(self, stage: int | None) -> int:
        """How many in a stage that are not irrelevant."""
        return sum(each.leads for each in self.standings if each.stage == stage and each.temperature != 3)


@dataclass(frozen=True, slots=True)
class Today:
    """What changed since an instant, and what waits; numbers up to `MOST`. `counted` None: nothing was counted yet."""

    since: int
    days_back: int
    model: Version
    roster: Roster
    ripened: Sequence[Ripe]
    ripened_number: int
    late: Sequence[Late]
    late_number: int
    unseen: Sequence[Unseen]
    unseen_number: int
    counted: Counted | None


def since_of(hours: Hours, zone: str, now: int) -> tuple[int, int]:
    """The same time of the last working day before today, and how many days ago that is; yesterday if nobody works.

    By whole days of 24 hours, as lists of leads are asked for them.
    """
    here, working = ZoneInfo(zone), working_of(hours)
    today_ = moment(now, here).date()
    for back in range(1, _BACK_DAYS + 1):
        begins = microseconds(datetime.combine(today_ - timedelta(days=back), clock_time(), here))
        if working.between(begins, begins + DAY_US):
            return now - back * DAY_US, back
    return now - DAY_US, 1


def look_at_today(
    connection: Connection[Any],
    *,
    teams: Collection[str] | None,
    member: str | None,
    sees_tasks: bool,
    zone: str,
    now: int,
) -> Today | None:
    """What changed and what waits, for whoever sees these teams (None: all); None where no model acts."""
    model = acting(connection)
    if model is None:
        return None
    roster = roster_of(None if (document := newest(connection)) is None else document.text)
    since, back = since_of(roster.hours, zone, now)
    number = model.published.id
    ours = _ours(teams, sees_tasks)
    ripened, ripe_number = _ripened(connection, number, ours, since)
    late: tuple[list[Late], int] = ([], 0)
    unseen: tuple[list[Unseen], int] = ([], 0)
    if sees_tasks:
        late = today.late(connection, number, teams=teams, member=member, now=now, shown=SHOWN)
        unseen = today.unseen(connection, teams=teams, since=now - UNSEEN_DAYS * DAY_US, shown=SHOWN)
    found = rollups.rollups(connection)
    return Today(since, back, model, roster, ripened, ripe_number, *late, *unseen, counted_of(found, ours))


def _ours(teams: Collection[str] | None, sees_tasks: bool) -> Collection[str] | None:
    """The teams whose leads somebody is told of; None: the whole company's, of those who are in no team, too."""
    return teams if teams and sees_tasks else None


def _ripened(
    connection: Connection[Any], model_id: int, ours: Collection[str] | None, since: int, shown: int = SHOWN
) -> tuple[list[Ripe], int]:
    if ours is None:
        return today.ripened(connection, model_id, since=since, shown=shown)
    return today.handed_over(connection, model_id, teams=ours, since=since, shown=shown)


def arrived(
    connection: Connection[Any], *, teams: Collection[str] | None, sees_tasks: bool, since: int, shown: int
) -> tuple[list[Ripe], Version | None]:
    """Who ripened, or was handed over, after an instant, the newest first."""
    model = acting(connection)
    if model is None:
        return [], None
    found, _ = _ripened(connection, model.published.id, _ours(teams, sees_tasks), since + 1, shown)
    return found, model


# ---- What was counted ------------------------------------------------------------------------------------------------


def counted_of(found: Mapping[str, Rollup], teams: Collection[str] | None) -> Counted | None:
    """What was counted, as one sees it who sees these teams (None: all); None where nothing was yet."""
    if not {LEADS, SOURCES, DAYS} <= found.keys() or "spans" not in found[DAYS].counted:
        return None
    leads = found[LEADS].counted
    standings = [Standing(*row) for row in leads["standings"]]
    first = date.fromisoformat(found[DAYS].counted["today"]) - timedelta(days=SHOWN_DAYS - 1)
    moved = _Moved({}, {})
    for day, kind, about, number in found[DAYS].counted["last"]:
        place = (date.fromisoformat(day) - first).days
        if 0 <= place < SHOWN_DAYS:
            moved.days.setdefault((kind, about), [0] * SHOWN_DAYS)[place] += number
    for span, kind, about, number in found[DAYS].counted["spans"]:
        moved.spans.setdefault((kind, about), {})[span] = number
    return Counted(
        found[LEADS].at,
        standings,
        [Scored(*row) for row in leads["scores"]],
        [Source(*row) for row in found[SOURCES].counted],
        _company(standings, moved) if teams is None else _teams(moved, teams),
        first,
    )


class _Moved(NamedTuple):
    """What happened day by day, and within spans of days, by kind and what it is about."""

    days: dict[tuple[str, str], list[int]]
    spans: dict[tuple[str, str], dict[str, int]]

    def step(
        self, id: Entering, now: int | None, kind: str, meant: Callable[[str], bool], teams: Sequence[str] = ()
    ) -> Step:
        """What is counted of a kind, of what is meant by it."""
        days = [0] * SHOWN_DAYS
        for (each, about), numbers in self.days.items():
            if each == kind and meant(about):
                days = [one + other for one, other in zip(days, numbers, strict=True)]
        known = [numbers for (each, about), numbers in self.spans.items() if each == kind and meant(about)]
        spans = {span: sum(numbers.get(str(span), 0) for numbers in known) for span in SPANS}
        before = sum(numbers.get(BEFORE, 0) for numbers in known)
        return Step(id.value, now, days, spans, before, teams)


def _company(standings: Sequence[Standing], moved: _Moved) -> list[Step]:
    def now(temperature: int) -> int:
        return sum(each.leads for each in standings if each.temperature == temperature)

    def is_(word: str) -> Callable[[str], bool]:
        return lambda about: about == word

    everybody = sum(each.leads for each in standings)
    return [
        moved.step(Entering.NEW, everybody, "entered", is_("new")),
        moved.step(Entering.WARM, now(1), "entered", is_("warm")),
        moved.step(Entering.HOT, now(2), "entered", is_("hot")),
        moved.step(Entering.HANDED_OVER, None, "handed_over", bool),
        moved.step(Entering.WON, None, "became", is_(OPPORTUNITY_WON)),
        moved.step(Entering.REJECTED, None, "became", is_(LEAD_REJECTED)),
    ]


def _teams(moved: _Moved, teams: Collection[str]) -> list[Step]:
    """What was handed to some teams, and what they made of it: a lead is told with all that were done with it."""

    def any_of(ends: Collection[str] | None) -> Callable[[str], bool]:
        def meant(about: str) -> bool:
            pairs = [each.partition("/") for each in about.split(",")]
            return any(team in teams and (ends is None or end in ends) for team, _, end in pairs)

        return meant

    ours = sorted(teams)
    return [
        moved.step(Entering.HANDED_OVER, None, "handed_over", any_of(None), ours),
        moved.step(Entering.CLOSED, None, "outcome", any_of(None), ours),
        moved.step(Entering.WON, None, "outcome", any_of(("won",)), ours),
    ]
