"""A model on its way: how far its states are, who would move, and whether it is to act or to be given up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.urls import reverse
from psycopg import Connection

from couveuse.core.model import Model, Route
from couveuse.documents.differences import Difference, differences
from couveuse.engine import drafting
from couveuse.engine.comparing import HandOver, Moved
from couveuse.engine.drafting import MOST_PER_DAY, CommandRuns, NotReady, OnItsWay
from couveuse.report.names import Names
from couveuse.report.persons import person
from couveuse.store import cards, processes, versions
from couveuse.store.cards import Card
from couveuse.web import database, failures
from couveuse.web.areas.scoring.people import named
from couveuse.web.areas.scoring.showing import Table, labels_of, model_of_text, team_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# So many are named in each direction, and of each hand-over.
MOST_SHOWN: Final = 60
MOST_OPEN: Final = 12  # without being asked
MOST_HANDED: Final = 12
UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True)
class MoverRow:
    """A lead that would go into another band."""

    lead_id: int
    name: str
    beneath: str
    before: float
    after: float
    level_before: float
    level_after: float
    was: str
    now: str
    temperature_before: Any
    temperature_after: Any


@dataclass(frozen=True, slots=True)
class MoveRow:
    """So many leads from one band into another."""

    was: str
    now: str
    leads: str


@dataclass(frozen=True, slots=True)
class HandRow:
    """Hand-overs to a team that would be made, and of whom."""

    team: str
    treatment: str
    cause: str
    leads: int
    named: list[tuple[int, str]]


class Shown:
    """A draft for one reader: the models before and after, and who is who."""

    def __init__(self, asked: Asked, way: OnItsWay, before: Model, found: Mapping[int, Card], roster: Any) -> None:
        self.asked, self.way, self.found = asked, way, found
        self.before, self.after = before, model_of_text(way.draft.document)
        moved = [each for move in self._moves for each in move.named]
        scores = [score for each in moved for score in (each.before, each.after)]
        self.names_before = Names(before, asked.language, scores)
        self.names_after = Names(self.after, asked.language, scores)
        self.table = Table(asked, self.after, None, roster, 90)

    @property
    def _moves(self) -> Any:
        return self.way.comparison.moves if self.way.comparison is not None else ()

    @property
    def changes(self) -> list[Difference]:
        """What differs in the documents."""
        return differences(self.before, self.after)

    @property
    def labels(self) -> dict[str, str]:
        """What people read for the ids of entries."""
        return labels_of(self.asked, self.before, self.after)

    def count(self, way: int) -> int:
        """How many go up (1), down (-1), or stay at their height (0)."""
        return self.way.comparison.going(way) if self.way.comparison is not None else 0

    def moves(self, way: int) -> list[MoveRow]:
        """From which band into which, the most first."""
        found = sorted((each for each in self._moves if each.way == way), key=lambda each: -each.leads)
        return [
            MoveRow(self._band(self.names_before, each.before), self._band(self.names_after, each.after),
                    self.asked.formats.number(each.leads))
            for each in found
        ]  # fmt: skip

    def _band(self, names: Names, place: int) -> str:
        return names.band_name(names.model.bands[place])

    def movers(self, way: int) -> list[MoverRow]:
        """Those who move one way, whose score changes most first."""
        found = [(move, each) for move in self._moves if move.way == way for each in move.named]
        found.sort(key=lambda pair: (-abs(pair[1].after - pair[1].before), pair[1].lead_id))
        return [self._mover(move, each) for move, each in found if each.lead_id in self.found][:MOST_SHOWN]

    def _mover(self, move: Any, each: Moved) -> MoverRow:
        card = self.found[each.lead_id]
        name, beneath = named(self.names_after, card, person(card.traits))
        bands = self.before.bands[move.before], self.after.bands[move.after]
        return MoverRow(
            each.lead_id, name, beneath, each.before, each.after, self.names_before.level(each.before),
            self.names_after.level(each.after), self.names_before.band_name(bands[0]),
            self.names_after.band_name(bands[1]), bands[0].temperature, bands[1].temperature,
        )  # fmt: skip

    @property
    def hand_overs(self) -> list[HandRow]:
        """Hand-overs that would be made if so many a day were asked for."""
        found = self.way.comparison.hand_overs if self.way.comparison is not None else ()
        return [self._hand_over(each) for each in found]

    def _hand_over(self, each: HandOver) -> HandRow:
        route = Route(each.team, each.treatment)
        whom = [
            (one.lead_id, named(self.names_after, card, person(card.traits))[0])
            for one in each.named
            if (card := self.found.get(one.lead_id)) is not None
        ]
        return HandRow(
            self.table.team(route), self.table.treatment(route), self.names_after.cause(each.cause), each.leads,
            whom[:MOST_HANDED],
        )  # fmt: skip


def _known(connection: Connection[Any], draft_id: int) -> OnItsWay:
    if draft_id >= 2**62:
        raise Http404
    found = drafting.on_its_way(connection, draft_id)
    if found is None:
        raise Http404
    return found


@page(Permission.SEE_SCORING)
def show(asked: Asked, draft_id: int) -> HttpResponse:
    """The page; while work goes on htmx asks for its progress again."""
    return _shown(asked, draft_id)


def _shown(asked: Asked, draft_id: int, *, error: str = "", per_day: str = "0", status: int = 200) -> HttpResponse:
    with database.reading() as connection:
        way = _known(connection, draft_id)
        if asked.is_htmx and not error:
            return _progress(asked, way)
        base = versions.version(connection, way.draft.base_id)
        if base is None:
            raise Http404
        ids = {each.lead_id for move in way.comparison.moves for each in move.named} if way.comparison else set()
        ids |= {each.lead_id for hand in way.comparison.hand_overs for each in hand.named} if way.comparison else set()
        found = cards.load_cards(connection, sorted(ids)) if ids else {}
        roster = team_of(connection)
        works = way.draft.standing.is_open and any(
            each.kind == processes.WORKSHOP for each in processes.alive(connection)
        )
    shown = Shown(asked, way, model_of_text(base.published.document), found, roster)
    return render(
        asked, "scoring/draft.html", status, title=asked.say(f"scoring_draft.title_{way.draft.standing}"), shown=shown,
        way=way, base=base.published, works=works, error=error, per_day=per_day, most_per_day=MOST_PER_DAY,
        is_going=_is_going(way), most_open=MOST_OPEN, why=failures.why(asked, way.job),
    )  # fmt: skip


def _is_going(way: OnItsWay) -> bool:
    """Whether a job works on it, or is to."""
    return way.draft.standing in ("making", "publishing") and way.job is not None and not way.job.standing.is_over


def _progress(asked: Asked, way: OnItsWay) -> HttpResponse:
    """The progress alone; the whole page where that is another one by now."""
    if not _is_going(way):
        return redirect(asked, reverse("scoring_draft", kwargs={"draft_id": way.draft.id}))
    return render(asked, "scoring/progress.html", way=way, works=True)


@page(Permission.PUBLISH, methods=("POST",))
def publish(asked: Asked, draft_id: int) -> HttpResponse:
    """Let it act, once whoever asks has ticked that they mean it."""
    post = asked.request.POST
    per_day = post.get("per_day", "0").strip() or "0"
    if not (per_day.isascii() and per_day.isdigit() and int(per_day[:9]) <= MOST_PER_DAY):
        most = asked.formats.number(MOST_PER_DAY)
        return _shown(
            asked, draft_id, error=asked.say("scoring_draft.per_day_wrong", most=most), per_day=per_day[:20],
            status=UNPROCESSABLE,
        )  # fmt: skip
    if post.get("sure") != "1":
        return _shown(asked, draft_id, error=asked.say("scoring_draft.unsure"), per_day=per_day, status=UNPROCESSABLE)
    try:
        with database.writing() as connection:
            _known(connection, draft_id)
            drafting.publish(connection, draft_id, per_day=int(per_day), by=asked.who.by, now=asked.now)
    except NotReady:
        return _back(asked, draft_id, "scoring_draft.not_ready")
    return _back(asked, draft_id, None)


@page(Permission.PUBLISH, methods=("POST",))
def give_up(asked: Asked, draft_id: int) -> HttpResponse:
    """Forget it, with the states that were made for it; nothing else changes."""
    try:
        with database.writing() as connection:
            _known(connection, draft_id)
            done = drafting.give_up(connection, draft_id, by=asked.who.by, now=asked.now)
    except NotReady:
        return _back(asked, draft_id, "scoring_draft.not_ready")
    except CommandRuns:
        return _back(asked, draft_id, "scoring_draft.command")
    if not done:
        return _back(asked, draft_id, "scoring_draft.ending")
    return redirect(asked, reverse("scoring"), "scoring_draft.given_up")


@page(Permission.PUBLISH, methods=("POST",))
def again(asked: Asked, draft_id: int) -> HttpResponse:
    """Let the job that failed work once more."""
    with database.writing() as connection:
        _known(connection, draft_id)
        done = drafting.try_again(connection, draft_id)
    return _back(asked, draft_id, None if done else "scoring_draft.not_ready")


def _back(asked: Asked, draft_id: int, toast: str | None) -> HttpResponse:
    return redirect(asked, reverse("scoring_draft", kwargs={"draft_id": draft_id}), toast)
