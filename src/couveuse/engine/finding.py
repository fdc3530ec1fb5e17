"""Finding leads: what may be asked of a list, as addresses and saved views write it, and pages of what meets it.

Screens, the API, exports and bulk actions ask by the same `Filters`, so that all of them mean the same leads.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from psycopg import Connection

from couveuse.core.errors import StateMismatch
from couveuse.core.model import LeadClass, Stage, Temperature
from couveuse.core.reading import DECIMALS, Reading
from couveuse.core.roster import Roster
from couveuse.core.text import email as email_of
from couveuse.core.times import DAY_US
from couveuse.engine.behind import BadBehind, FromImport, Line, brought_of, earners_of
from couveuse.engine.findable import asked_words
from couveuse.engine.flows import BadFlow, Entered, flow_of
from couveuse.engine.folding import TEMPERATURES, reading_of
from couveuse.engine.live import LiveModel
from couveuse.engine.looking import Looker
from couveuse.errors import BadInput
from couveuse.store import cards, listing, states
from couveuse.store.cards import Card
from couveuse.store.flows import Flow
from couveuse.store.identities import EMAIL, USER_ID
from couveuse.store.listing import FIRST, Listed, Order, Place, Wanted
from couveuse.store.packets import identity_digest

NO_STAGE: Final = "none"
NOBODY: Final = "nobody"  # a lead's owner where there is none
_NO_STAGE_NUMBER: Final = -1
# So much of one thing may be asked for at once, and so long each word of it may be.
MOST_VALUES: Final = 50
MOST_TEXT: Final = 500
MOST_DAYS: Final = 3_650
MOST_QUERY: Final = 4_000
# So many leads are read at a time where all that meet are wanted.
AT_ONCE: Final = 500


class BadFilter(BadInput):
    """Something that is asked for will not do; `field` is what has to be corrected."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a list of leads; empty: all.

    The names are those of addresses. `owner` is a member's id, or `nobody`; `mine` leaves the leads of one member:
    those that they own and those of their tasks. `active` and `ripened` are numbers of days until now; `entered` is a
    step and its days (`couveuse.engine.flows.Entered`), `score` is written `15..20`; `unsourced` leaves those of whom
    nobody said where they come from. `line` is a line of the points table and its days, `brought` (in addresses:
    `import`) an import or a part of its leads (`couveuse.engine.behind`).
    """

    q: str = ""
    band: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    temperature: tuple[str, ...] = ()
    lead_class: tuple[str, ...] = field(default=(), metadata={"name": "class"})
    persona: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    company: str = ""
    email: str = ""
    user_id: str = ""
    mine: bool = False
    active: int | None = None
    ripened: int | None = None
    entered: str = ""
    score: str = ""
    unsourced: bool = False
    line: str = ""
    brought: str = field(default="", metadata={"name": "import"})

    @classmethod
    def read(cls, values: Callable[[str], Sequence[str]]) -> "Filters":
        """What an address asks for; `values` gives all values of a name. Raises BadFilter."""
        found: dict[str, Any] = {}
        for each in fields(cls):
            name = each.metadata.get("name", each.name)
            given = [_text(name, value) for value in values(name) if value.strip()]
            if given:
                found[each.name] = _READ[each.type](name, given)
        return cls(**found)

    def pairs(self) -> list[tuple[str, str]]:
        """The same as names and values, as an address has them."""
        found: list[tuple[str, str]] = []
        for each in fields(self):
            value = getattr(self, each.name)
            name = str(each.metadata.get("name", each.name))
            given = [one for one in (value if isinstance(value, tuple) else (value,)) if one not in ("", None, False)]
            found += [(name, "1" if one is True else str(one)) for one in given]
        return found

    def without(self, name: str, value: str) -> "Filters":
        """The same without one of its pairs."""
        left = [pair for pair in self.pairs() if pair != (name, value)]
        return Filters.read(lambda wanted: [each for key, each in left if key == wanted])

    @property
    def is_empty(self) -> bool:
        """Whether all leads are asked for."""
        return not self.pairs()


def filters_in(query: str) -> Filters:
    """What the query of an address asks for, as views keep it; raises BadFilter."""
    if len(query) > MOST_QUERY:
        raise BadFilter("query", f"a query has {MOST_QUERY} characters at most")
    given = parse_qs(query)
    return Filters.read(lambda name: given.get(name, []))


def query_of(filters: Filters) -> str:
    """Filters as the query of an address."""
    return urlencode(filters.pairs())


def _text(name: str, value: str) -> str:
    if len(value) > MOST_TEXT or "\x00" in value:
        raise BadFilter(name, f"{name}: write {MOST_TEXT} characters at most, without NUL")
    return value.strip()


def _many(name: str, given: Sequence[str]) -> tuple[str, ...]:
    if len(given) > MOST_VALUES:
        raise BadFilter(name, f"{name}: ask for {MOST_VALUES} at most")
    return tuple(dict.fromkeys(given))


def _days(name: str, given: Sequence[str]) -> int:
    text = given[-1]
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_DAYS):
        raise BadFilter(name, f"{name}: write a number of days from 1 to {MOST_DAYS}")
    return int(text)


_READ: Final[Mapping[object, Callable[[str, Sequence[str]], object]]] = {
    str: lambda _, given: given[-1],
    tuple[str, ...]: _many,
    bool: lambda _, given: given[-1] == "1",
    int | None: _days,
}


# ---- Which leads -----------------------------------------------------------------------------------------------------


def wanted_of(
    connection: Connection[Any], model: LiveModel, roster: Roster, filters: Filters, *, me: str | None, now: int,
    seen: Collection[str] | None = None,
) -> Wanted:  # fmt: skip
    """Which leads filters mean under a model, for whoever sees the tasks of some teams (None: all). Raises BadFilter.

    `me` is the member whose leads are `mine`.
    """
    words = asked_words(filters.q)
    if filters.q and not words:
        raise BadFilter("q", "write a name, a company, an e-mail or a telephone number")
    bands = [_place(model.bands.numbers, "band", name) for name in filters.band] or None
    temperatures = [_temperature(name) for name in filters.temperature]
    score = _score(filters.score) if filters.score else None
    wanted = Wanted(
        bands=bands,
        scores=_within(_edges(model, bands or _bands_of(model, temperatures)), score),
        score=score,
        stages=[_stage(name) for name in filters.stage] or None,
        temperatures=[TEMPERATURES.index(each) for each in temperatures] or None,
        classes=[_class(name) for name in filters.lead_class] or _classes_of(temperatures),
        personas=filters.persona or None,
        active_since=None if filters.active is None else now - filters.active * DAY_US,
        company=filters.company.lower() or None,
        identity=_identity(filters),
        words=words or None,
        groups=filters.group or None,
        sources=_sources(filters),
        owners=_owners(roster, filters.owner) if filters.owner else None,
    )
    if filters.ripened is not None:
        wanted = replace(wanted, leads=listing.ripened_since(connection, now - filters.ripened * DAY_US))
    if filters.entered:
        wanted = replace(wanted, flow=_flow(connection, roster, filters.entered, seen, now))
    wanted = _behind(connection, model, filters, wanted)
    return _mine(connection, roster, wanted, me) if filters.mine else wanted


def _behind(connection: Connection[Any], model: LiveModel, filters: Filters, wanted: Wanted) -> Wanted:
    """With the leads behind a line of the points table, and behind an import."""
    try:
        if filters.line:
            leads = earners_of(connection, model, Line.read(filters.line)).leads
            wanted = replace(wanted, leads=leads if wanted.leads is None else sorted(set(leads) & set(wanted.leads)))
        if filters.brought:
            wanted = replace(wanted, brought=brought_of(connection, FromImport.read(filters.brought)))
    except BadBehind as error:
        raise BadFilter(error.field, str(error)) from error
    return wanted


def _flow(connection: Connection[Any], roster: Roster, text: str, seen: Collection[str] | None, now: int) -> Flow:
    try:
        return flow_of(connection, Entered.read(text), roster.hours.timezone, seen=seen, now=now)
    except BadFlow as error:
        raise BadFilter("entered", str(error)) from error


def _mine(connection: Connection[Any], roster: Roster, wanted: Wanted, me: str | None) -> Wanted:
    if me is None:
        raise BadFilter("mine", "you are no member of the team, so that no lead is yours; see the settings of the team")
    mine, own = listing.leads_with_tasks_of(connection, me), _owners(roster, (me,))
    if wanted.leads is None and wanted.owners is None:
        return replace(wanted, owners=own, leads=mine, is_either=True)
    among = set(listing.owned_by(connection, own)) | set(mine)
    return replace(wanted, leads=sorted(among if wanted.leads is None else among.intersection(wanted.leads)))


def _score(text: str) -> tuple[float, float]:
    """From and to of `15..20`: more than 15, and 20 at most; either may be left out."""
    low, dots, high = text.partition("..")
    try:
        found = (float(low or "-inf"), float(high or "inf"))
    except ValueError:
        found = (inf, -inf)
    if not dots or text == ".." or not found[0] < found[1]:  # nor is anything less than NaN
        raise BadFilter("score", f"{text[:40]}: write it as 15..20, for more than 15 and 20 at most; or 15.., or ..20")
    return found


def _within(
    edges: tuple[float | None, float | None], score: tuple[float, float] | None
) -> tuple[float | None, float | None]:
    """Both together: between which scores the list is walked."""
    if score is None:
        return edges
    low, high = edges
    return (score[0] if low is None else max(low, score[0])), (score[1] if high is None else min(high, score[1]))


def _sources(filters: Filters) -> Sequence[str] | None:
    """The sources that are asked for, an empty one for leads of which nobody said where they come from."""
    if filters.unsourced and filters.source:
        raise BadFilter("source", "ask for leads without a source, or for those of some")
    return [""] if filters.unsourced else filters.source or None


def _owners(roster: Roster, names: Sequence[str]) -> list[str]:
    """As owners' traits name members: by id or by e-mail; an empty one for nobody."""
    found: list[str] = []
    for name in names:
        member = roster.members.get(name)
        if member is not None:
            found += [email_of(member.id), email_of(member.email)]
        else:
            found.append("" if name == NOBODY else email_of(name))
    if "" in found and len(found) > 1:
        raise BadFilter("owner", "ask for nobody's leads, or for those of members")
    return found


def _identity(filters: Filters) -> bytes | None:
    if filters.email and filters.user_id:
        raise BadFilter("user_id", "give an e-mail or a user id, not both")
    if filters.email:
        return identity_digest(EMAIL, email_of(filters.email))
    return identity_digest(USER_ID, filters.user_id) if filters.user_id else None


def _place(numbers: Mapping[str, int], name: str, word: str) -> int:
    if word not in numbers:
        raise BadFilter(name, f"{word}: the model has no such band; it has {', '.join(numbers)}")
    return numbers[word]


def _stage(word: str) -> int:
    names = {stage.name.lower(): int(stage) for stage in Stage} | {NO_STAGE: _NO_STAGE_NUMBER}
    if word not in names:
        raise BadFilter("stage", f"{word}: write one of {', '.join(names)}")
    return names[word]


def _temperature(word: str) -> Temperature:
    if word not in tuple(Temperature):
        raise BadFilter("temperature", f"{word}: write one of {', '.join(Temperature)}")
    return Temperature(word)


def _class(word: str) -> str:
    if word not in tuple(LeadClass):
        raise BadFilter("class", f"{word}: write one of {', '.join(LeadClass)}")
    return word


def _classes_of(temperatures: Sequence[Temperature]) -> list[str] | None:
    """Whoever is irrelevant has a class, by which few are found."""
    return [each.value for each in LeadClass] if list(temperatures) == [Temperature.IRRELEVANT] else None


def _bands_of(model: LiveModel, temperatures: Sequence[Temperature]) -> list[int] | None:
    """The bands in which alone leads of these temperatures are: what else makes hot, makes nobody warm or cold."""
    if not temperatures or not {Temperature.COLD, Temperature.WARM}.issuperset(temperatures):
        return None
    return [place for place, band in enumerate(model.plan.model.bands) if band.temperature in temperatures] or None


def _edges(model: LiveModel, bands: Sequence[int] | None) -> tuple[float | None, float | None]:
    """Between which scores these bands lie: the list is walked by score, and need not be walked elsewhere."""
    if not bands:
        return None, None
    room = 10.0**-DECIMALS  # scores are rounded before they are compared with edges
    low = model.plan.model.bands[min(bands) - 1].up_to if min(bands) else None
    high = model.plan.model.bands[max(bands)].up_to
    return None if low is None else low - room, None if high is None else high + room


# ---- Pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One lead of a list: who it is, and its reading now."""

    card: Card
    reading: Reading


@dataclass(frozen=True, slots=True)
class Page:
    """Leads of a list, and where the next page begins; it may hold none, and yet not be the last.

    `total` is how many there are from its place on, where that was known by the way.
    """

    entries: Sequence[Entry]
    next: Place | None
    total: int | None = None


def page_of(
    connection: Connection[Any], looker: Looker, model: LiveModel, wanted: Wanted, after: Place, *, most: int,
    order: Order = Order.SCORE, now: int,
) -> Page:  # fmt: skip
    """The leads after a place that meet what is asked now.

    Filters look at what was stored, which time alone makes stale by a day at most; whoever meets them no more now is
    left out.
    """
    listed, following, total = listing.list_leads(connection, model.id, wanted, after, most=most, order=order)
    readings = {each.lead_id: _reading(connection, looker, model, each, now) for each in listed}
    met = [lead_id for lead_id, reading in readings.items() if _meets(model, wanted, reading)]
    who = cards.load_cards(connection, met) if met else {}
    return Page([Entry(who[lead_id], readings[lead_id]) for lead_id in met], following, total)


def every_page(
    connect: Callable[[], AbstractContextManager[Connection[Any]]], looker: Callable[[Connection[Any]], Looker],
    model: LiveModel, wanted: Wanted, *, now: int,
) -> Iterator[Page]:  # fmt: skip
    """All leads that meet what is asked, by number, each page in a transaction of its own (`connect`)."""
    after: Place | None = FIRST
    while after is not None:
        with connect() as connection:
            found = page_of(
                connection, looker(connection), model, wanted, after, most=AT_ONCE, order=Order.NUMBER, now=now
            )  # fmt: skip
        after = found.next
        yield found


def counted(connection: Connection[Any], model: LiveModel, wanted: Wanted) -> int | None:
    """How many leads meet what is asked, up to `listing.FEW` and one more; None where counting would take long."""
    if wanted.of_leads():
        return listing.list_leads(connection, model.id, wanted, FIRST, most=1).total
    return listing.count_leads(connection, model.id, wanted)


def numbers_of(connection: Connection[Any], model: LiveModel, wanted: Wanted, most: int) -> list[int] | None:
    """The numbers of all leads that meet what was stored of it; None where there are more than `most`."""
    found = listing.numbers_of(connection, model.id, wanted, most=most + 1)
    return None if len(found) > most else sorted(found)


def _reading(connection: Connection[Any], looker: Looker, model: LiveModel, listed: Listed, now: int) -> Reading:
    try:
        state = states.unpack_state(model.plan, listed.state, looker.payloads)
    except StateMismatch:
        return looker.look(connection, listed.lead_id, model, now=now).reading
    return reading_of(model.plan, state, now)


def _meets(model: LiveModel, wanted: Wanted, reading: Reading) -> bool:
    stage = _NO_STAGE_NUMBER if reading.stage is None else int(reading.stage)
    lead_class = None if reading.lead_class is None else reading.lead_class.value
    return (
        (wanted.bands is None or model.bands.numbers[reading.band.id] in wanted.bands)
        and (wanted.score is None or wanted.score[0] < reading.score <= wanted.score[1])
        and (wanted.stages is None or stage in wanted.stages)
        and (wanted.temperatures is None or TEMPERATURES.index(reading.temperature) in wanted.temperatures)
        and (wanted.classes is None or lead_class in wanted.classes)
        and (wanted.personas is None or reading.persona in wanted.personas)
    )
