"""What a request asks of the list of leads, and what every page of the list needs to speak of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from psycopg import Connection

from couveuse.core.model import LeadClass, Stage, Temperature
from couveuse.core.roster import Roster
from couveuse.engine import finding
from couveuse.engine.behind import FromImport, Line, earners_of
from couveuse.engine.finding import NO_STAGE, NOBODY, Entry, Filters
from couveuse.engine.flows import Entered
from couveuse.engine.live import LiveModel
from couveuse.language.words import Words
from couveuse.report.names import Names
from couveuse.report.persons import Person, person
from couveuse.store import lead_views, rosters
from couveuse.store.lead_views import Around
from couveuse.store.listing import Order, Place, Wanted
from couveuse.web import reading
from couveuse.web.api.asking import cursor_of, parts_of
from couveuse.web.asking import Asked
from couveuse.web.permissions import tasks_seen
from couveuse.web.problems import Problem

# What may be chosen for "did something in the last ... days".
DAYS: Final = (1, 7, 30, 90)
# In which orders the list may be read on screen: those that cost no more than a page, however many leads there are.
ORDERS: Final = (Order.SCORE, Order.NEWEST)


class Row(NamedTuple):
    """One lead of the list, as it is shown."""

    entry: Entry
    person: Person
    company: str
    level: float
    owner: str
    did: str  # what it did last, in words


class Tag(NamedTuple):
    """A filter that is on: its text, and the address of the list without it."""

    text: str
    remove: str


@dataclass(frozen=True)
class Lister:
    """The list of leads for one reader, under the model that acts; of one request and its connection."""

    asked: Asked
    connection: Connection[Any]
    model: LiveModel
    roster: Roster
    around: Around

    @classmethod
    def of(cls, asked: Asked, connection: Connection[Any]) -> "Lister":
        """Ready to list; raises NothingPublished."""
        around = lead_views.around(connection, asked.who.user_id)
        return cls(asked, connection, reading.acting(connection), rosters.roster_of(around.document), around)

    @property
    def words(self) -> Words:
        """The words of the reader's language."""
        return self.asked.words

    def wanted(self, filters: Filters) -> Wanted:
        """Which leads filters mean; raises BadFilter."""
        return finding.wanted_of(
            self.connection, self.model, self.roster, filters, me=self.asked.who.member, now=self.asked.now,
            seen=tasks_seen(self.asked.who),
        )  # fmt: skip

    def names(self, scores: Sequence[float]) -> Names:
        """How things are called, with gauges for these scores."""
        names = Names(self.model.plan.model, self.asked.language, scores)
        names.formats = names.teller.formats = self.asked.formats
        return names

    def rows(self, entries: Sequence[Entry], names: Names, events: dict[int, str]) -> list[Row]:
        """Leads as they are shown."""
        found = []
        for entry in entries:
            who = person(entry.card.traits)
            company = who.company or entry.card.company or entry.card.domain or ""
            event = events.get(entry.card.lead_id)
            did = "" if event is None else names.event(event)
            level = names.level(entry.reading.score)
            found.append(Row(entry, who, company, level, self.owner_of(entry.card.traits), did))
        return found

    def owner_of(self, traits: Any) -> str:
        """Whose a lead is, by name; who is no member any more by what the trait says; '' nobody's."""
        named = traits.get(self.roster.owner_trait)
        member = self.roster.members.get(self.roster.owner_of(named) or "")
        return member.name if member is not None else named.strip() if isinstance(named, str) else ""

    # ---- What may be chosen ------------------------------------------------------------------------------------------

    @cached_property
    def bands(self) -> list[tuple[str, str]]:
        """The bands of the model, the highest first."""
        names = self.names([])
        return [(band.id, names.band_name(band)) for band in reversed(self.model.plan.model.bands)]

    @cached_property
    def stages(self) -> list[tuple[str, str]]:
        """Stages, the most advanced first; and none."""
        known = [stage.name.lower() for stage in reversed(Stage)]
        return [(name, self.words.say(f"stage.{name}")) for name in (*known, NO_STAGE)]

    @cached_property
    def temperatures(self) -> list[tuple[str, str]]:
        """Temperatures, the hottest first."""
        order = (Temperature.HOT, Temperature.WARM, Temperature.COLD, Temperature.IRRELEVANT)
        return [(each.value, self.words.say(f"temperature.{each.value}")) for each in order]

    @cached_property
    def classes(self) -> list[tuple[str, str]]:
        """Why a lead may be irrelevant."""
        return [(each.value, self.words.say(f"class.{each.value}")) for each in LeadClass]

    @cached_property
    def personas(self) -> list[tuple[str, str]]:
        """The personas of the model."""
        names = self.names([])
        return [(each.id, names.persona(each.id)) for each in self.model.plan.model.personas]

    @property
    def groups(self) -> list[tuple[str, str]]:
        """The groups in which somebody is or was, by name."""
        return [(name, name) for name in self.around.groups]

    @property
    def sources(self) -> list[tuple[str, str]]:
        """The sources that leads have, by name."""
        return [(name, name) for name in self.around.sources]

    @cached_property
    def members(self) -> list[tuple[str, str]]:
        """The members of the team, by name."""
        return sorted(((each.id, each.name) for each in self.roster.members.values()), key=lambda pair: pair[1].lower())

    def spans(self, name: str) -> list[tuple[str, str]]:
        """Lengths of time until now, for `active` and `ripened`."""
        return [(str(days), self.words.count(f"leads_filter.tag_{name}", days, n=days)) for days in DAYS]

    # ---- In which order ----------------------------------------------------------------------------------------------

    @cached_property
    def order(self) -> Order:
        """The order that is asked for; the best score first where none is, or one that is not offered."""
        asked = self.asked.request.GET.get("order")
        return next((each for each in ORDERS if each == asked), Order.SCORE)

    @property
    def ordered(self) -> dict[str, str]:
        """The order as addresses have it."""
        return {} if self.order is Order.SCORE else {"order": self.order.value}

    def orders(self, filters: Filters) -> list[tuple[str, str, bool]]:
        """The orders that are offered: the name of each, its address, and whether it is that of the list."""
        found = []
        for each in ORDERS:
            more = {} if each is Order.SCORE else {"order": each.value}
            found.append((self.words.say(f"leads_order.{each}"), address_of(filters, **more), each is self.order))
        return found

    # ---- Filters that are on -----------------------------------------------------------------------------------------

    def tags(self, filters: Filters) -> list[Tag]:
        """The filters that are on, each with the way to be without it; the search has its own field."""
        known = {
            "band": self.bands, "stage": self.stages, "temperature": self.temperatures, "class": self.classes,
            "persona": self.personas, "owner": [*self.members, (NOBODY, self.words.say("leads_filter.nobody"))],
        }  # fmt: skip
        found = []
        for name, value in filters.pairs():
            if name != "q":
                text = self._called(name, dict(known.get(name, ())).get(value, value))
                found.append(Tag(text, address_of(filters.without(name, value), **self.ordered)))
        return found

    def _called(self, name: str, value: str) -> str:
        if name in ("active", "ripened"):
            return self.words.count(f"leads_filter.tag_{name}", int(value), n=value)
        if name == "entered":
            return self._entered(value)
        if name == "line":
            return self._line(Line.read(value))
        if name == "import":
            asked = FromImport.read(value)
            return self.words.say(f"leads_filter.tag_import_{asked.part}", number=str(asked.number))
        if name == "score":
            return self._score(*value.split("..", 1))
        if name == "unsourced":
            return self.words.say("leads_filter.tag_unsourced")
        if name in ("temperature", "mine"):
            return self.words.say("leads_filter.tag_mine") if name == "mine" else value
        return self.words.say("leads_filter.tag", name=self.words.say(f"leads_filter.{name}"), value=value)

    def _line(self, line: Line) -> str:
        key = "tag_line_fit" if self._is_fit(line) else "tag_line"
        return self.words.say(f"leads_filter.{key}", line=self.names([]).rule(line.rule), days=str(line.days))

    def note(self, filters: Filters) -> str:
        """What has to be known of the leads behind a line of the points table: as of when, and whether all are kept."""
        if not filters.line:
            return ""
        line = Line.read(filters.line)
        found = earners_of(self.connection, self.model, line)
        key = f"note_line{'_fit' if self._is_fit(line) else ''}{'_best' if len(found.leads) < found.of else ''}"
        shown, of = (self.asked.formats.number(number) for number in (len(found.leads), found.of))
        return self.words.say(f"leads_filter.{key}", days=str(line.days), shown=shown, of=of)

    def _is_fit(self, line: Line) -> bool:
        return line.rule in {each.id for each in self.model.plan.model.fit}

    def _score(self, low: str, high: str) -> str:
        key = "tag_score" if low and high else "tag_score_above" if low else "tag_score_up_to"
        numbers = {name: self.asked.formats.points(float(text or 0)) for name, text in (("low", low), ("high", high))}
        return self.words.say(f"leads_filter.{key}", **numbers)

    def _entered(self, value: str) -> str:
        entered = Entered.read(value)
        known = self.roster.teams
        teams = [
            known[id].label.text(self.asked.language, id) if id in known else id for id in entered.teams
        ]  # fmt: skip
        key = f"{entered.step}_of" if teams else entered.step.value
        days = [entered.first] if entered.first == entered.last else [entered.first, entered.last]
        when = " – ".join(self.asked.formats.day(each) for each in days)
        return self.words.say(f"leads_entered.{key}", when=when, teams=", ".join(teams))


def filters_of(query: QueryDict) -> Filters:
    """What an address asks for; raises BadFilter."""
    return Filters.read(query.getlist)


def address_of(filters: Filters, name: str = "leads", **more: str) -> str:
    """The address of the list, or of another page of it, with filters."""
    query = urlencode([*filters.pairs(), *more.items()])
    return f"{reverse(name)}?{query}" if query else str(reverse(name))


def place_of(asked: Asked) -> Place | None:
    """Where the page begins; None at the beginning, and where nobody made such a cursor."""
    try:
        parts = parts_of(asked.request.GET.get("after"), ((int, float), int))
    except Problem:
        return None
    return None if parts is None else Place(float(parts[0]), parts[1])


def after(place: Place) -> str:
    """A place as an address has it."""
    return cursor_of(place.score, place.lead_id)
