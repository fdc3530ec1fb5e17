"""The truth: what each lead wants, when, and whether it buys. It knows nothing of points.

A lead is of a hidden kind. Only prospects may have a project; a project goes through discovery, evaluation and
decision, may be dropped after each, and is won or lost by what the lead is, needs and can pay. Behaviour
(`history.py`) is a noisy expression of the phase of the day; no behaviour makes anyone buy.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from clock import DAYS
from dice import Dice
from market import Person

# Shares of the hidden kinds. A candidate looks for a job, and a curious one for knowledge: their titles do not tell.
KINDS = {
    "prospect": 64.0,
    "curious": 17.0,
    "candidate": 7.0,
    "student": 5.0,
    "vendor": 4.0,
    "competitor": 2.5,
    "internal": 0.5,
}


class Phase(StrEnum):
    """Where a lead is on its way, known to the truth only; kinds without a project stay in a phase of their own."""

    DORMANT = "dormant"
    DISCOVERY = "discovery"
    EVALUATION = "evaluation"
    DECISION = "decision"
    CUSTOMER = "customer"
    CURIOUS = "curious"
    CANDIDATE = "candidate"
    STUDENT = "student"
    VENDOR = "vendor"
    COMPETITOR = "competitor"
    INTERNAL = "internal"


# A phase of a project: its shortest and longest length in days, and the chance to go on after it.
PROJECT = (
    (Phase.DISCOVERY, 12, 90, 0.75),
    (Phase.EVALUATION, 14, 80, 0.72),
    (Phase.DECISION, 8, 50, 1.0),
)
PROJECT_AT_ONCE = 0.5  # of the projects begin with the first visit, the others later
SECOND_PROJECT = 0.3  # of the projects dropped or lost are taken up again

# The odds of winning a decision: the product of what each of these says, times need and budget.
WIN = 0.5
WIN_BY_ROLE = {
    "direction": 1.5,
    "achats": 1.3,
    "maintenance": 1.15,
    "ingénierie": 1.0,
    "technique": 0.55,
    "conseil": 0.4,
}
WIN_BY_SECTOR = {"eau": 1.4, "chimie": 1.3, "pharmacie": 1.1, "agroalimentaire": 1.0, "papier": 0.9, "bâtiment": 0.5}
WIN_BY_SIZE = {"1-9": 0.55, "10-49": 0.95, "50-249": 1.35, "250-999": 1.2, "1000+": 0.3}
WIN_BY_SOURCE = {
    "referral": 1.7,
    "partner": 1.4,
    "search": 1.05,
    "salon": 0.85,
    "newsletter": 0.85,
    "ads": 0.7,
    "webinar": 0.6,
}
WIN_BY_COUNTRY = {"MA": 0.6, "CH": 0.9, "LU": 0.9}
# Large groups buy under frame contracts that this firm does not have: fewer projects, too.
PROJECT_BY_SIZE = {"1000+": 0.55}


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody sees: the kind, the phases by their first day, and the day and outcome of decisions."""

    kind: str
    keen: float  # how much this person clicks and reads, whatever it wants
    arrival: int
    starts: tuple[int, ...]
    phases: tuple[Phase, ...]
    won: int | None
    lost: tuple[int, ...]

    def phase(self, day: int) -> Phase:
        """The phase of that day."""
        return self.phases[max(bisect_right(self.starts, day) - 1, 0)]


def win_odds(person: Person, budget: float) -> float:
    """The chance that a project which reached its decision is won, by who the lead is and what it can pay."""
    company = person.company
    odds = WIN * (0.5 + budget) * WIN_BY_ROLE.get(person.role, 0.5) * WIN_BY_SECTOR.get(company.sector, 0.0)
    odds *= WIN_BY_SIZE[company.size] * WIN_BY_SOURCE[person.source] * WIN_BY_COUNTRY.get(company.country, 1.0)
    return min(odds, 0.92)


def arrival(dice: Dice) -> int:
    """The day of the first visit: somewhat more of them as the months go by."""
    first = dice.whole(0, DAYS - 12)
    return first if dice.chance(0.6 + 0.4 * first / DAYS) else dice.whole(0, DAYS - 12)


def a_truth(person: Person, kind: str, dice: Dice) -> Truth:
    """One life: chance and who the person is decide it; what it will do on the site comes after."""
    keen = dice.bell(0.3, 1.9)
    start = arrival(dice)
    if kind != "prospect":
        return Truth(kind, keen, start, (start,), (Phase(kind),), None, ())
    need, budget = dice.draw(), dice.draw()
    spans: list[tuple[int, Phase]] = [(start, Phase.DORMANT)]
    lost: list[int] = []
    won = None
    has_project = dice.chance((0.48 + 0.5 * need) * PROJECT_BY_SIZE.get(person.company.size, 1.0))
    day = start if dice.chance(PROJECT_AT_ONCE) else start + dice.whole(15, 280)
    while has_project and won is None and day < DAYS:
        end, decided = _project(day, need, spans, dice)
        if decided and dice.chance(win_odds(person, budget)):
            won = end
        elif decided:
            lost.append(end)
        spans.append((end, Phase.DORMANT if won is None else Phase.CUSTOMER))
        has_project = dice.chance(SECOND_PROJECT)
        day = end + dice.whole(40, 200)
    starts, phases = zip(*spans, strict=True)
    return Truth(kind, keen, start, starts, phases, won if won is not None and won < DAYS else None, tuple(lost))


def _project(day: int, need: float, spans: list[tuple[int, Phase]], dice: Dice) -> tuple[int, bool]:
    """Adds the phases of one project; the day on which it ends, and whether it came to a decision."""
    for phase, shortest, longest, goes_on in PROJECT:
        spans.append((day, phase))
        day += int(dice.bell(shortest, longest))
        if phase is not Phase.DECISION and not dice.chance(goes_on * (0.75 + 0.45 * need)):
            return day, False
    return day, True
