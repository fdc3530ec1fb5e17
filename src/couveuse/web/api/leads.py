"""Lists of leads: by score or by number, filtered, page by page."""

from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from ninja import Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core.errors import StateMismatch
from couveuse.core.model import LeadClass, Stage, Temperature
from couveuse.core.reading import DECIMALS, Reading
from couveuse.core.text import email as email_of
from couveuse.engine.folding import TEMPERATURES, reading_of
from couveuse.engine.live import LiveModel
from couveuse.store import cards, listing, states
from couveuse.store.api_tokens import Scope
from couveuse.store.identities import EMAIL, USER_ID
from couveuse.store.listing import FIRST, Listed, Place, Wanted
from couveuse.store.packets import identity_digest
from couveuse.web import database
from couveuse.web.api import told
from couveuse.web.api.asking import (
    EXAMPLE,
    BearerToken,
    cursor_of,
    instant,
    iso,
    model_of,
    name_of,
    now_us,
    only,
    parts_of,
    wrong,
)
from couveuse.web.api.shapes import LeadsPage, Order, StageName
from couveuse.web.problems import Kind, Problem
from couveuse.web.reading import looker

router = Router(tags=["leads"])
STANDING: Final = ("acting", "scoring")
_NO_STAGE: Final = -1
_MOST_KEY: Final = 500


class LeadsAsked(Schema):
    """Which leads, and which page of them."""

    model: int | None = Field(None, ge=1, le=2**31 - 1, description="A model's version; the acting one if not said.")
    band: list[str] = Field([], max_length=50, description="Bands of the model, by id; as often as wanted.")
    stage: list[StageName] = Field([], max_length=4)
    temperature: list[Temperature] = Field([], max_length=4)
    lead_class: list[LeadClass] = Field([], max_length=5, alias="class")
    company: str | None = Field(None, max_length=253, description="The company's e-mail domain.")
    email: str | None = Field(None, max_length=_MOST_KEY, description="The lead to which this e-mail points.")
    user_id: str | None = Field(None, max_length=_MOST_KEY, description="The lead to which this user id points.")
    updated_since: str | None = Field(
        None,
        max_length=40,
        description="Leads whose score was written since then, by facts or by the daily sweep.",
        examples=[EXAMPLE],
    )
    order: Order = Field(
        Order.SCORE, description="By score a lead whose score changes between two pages may come twice or not at all."
    )
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


class _Page(NamedTuple):
    """Where a page begins, and under which model."""

    model: LiveModel
    after: Place


@router.get(
    "", response=LeadsPage, auth=BearerToken(Scope.LEADS_READ), by_alias=True, operation_id="list_leads",
    summary="List leads",
)  # fmt: skip
def leads(request: HttpRequest, asked: Query[LeadsAsked]) -> dict[str, Any]:
    """The leads of a model with their scores now, the best first.

    Filters look at what was stored, which time alone makes stale by a day at most; whoever meets them no more now is
    left out.
    """
    only(request, LeadsAsked)
    now = now_us()
    with database.reading() as connection:
        page = _page(connection, asked)
        wanted = _wanted(page.model, asked)
        by_number = asked.order is Order.NUMBER
        listed, after = listing.list_leads(
            connection, page.model.id, wanted, page.after, most=asked.limit, by_number=by_number
        )
        readings = {each.lead_id: _reading(connection, page.model, each, now) for each in listed}
        met = [lead_id for lead_id, reading in readings.items() if _meets(page.model, wanted, reading)]
        who = cards.load_cards(connection, met)
    return {
        "model": name_of(page.model),
        "at": iso(now),
        "leads": [told.lead_of(who[lead_id], readings[lead_id]) for lead_id in met],
        "next": None if after is None else cursor_of(asked.order.value, page.model.id, after.score, after.lead_id),
    }


def _page(connection: Connection[Any], asked: LeadsAsked) -> _Page:
    parts = parts_of(asked.cursor, (str, int, (int, float), int))
    if parts is None:
        model = model_of(connection, asked.model)
        if model.published.standing not in STANDING:
            raise Problem(Kind.NOT_ACTING, f"Model {model.id} is {model.published.standing}.")
        return _Page(model, FIRST)
    order, number, score, lead_id = parts
    if order != asked.order.value or asked.model not in (None, number):
        raise wrong("cursor", "It is of a list in another order or of another model; leave it out to begin again.")
    model = model_of(connection, number)
    if model.published.standing not in STANDING:
        raise Problem(Kind.CHANGED, f"Model {number}, of which this list was, is {model.published.standing} now.")
    return _Page(model, Place(float(score), lead_id))


def _wanted(model: LiveModel, asked: LeadsAsked) -> Wanted:
    if asked.email is not None and asked.user_id is not None:
        raise wrong("user_id", "Give an e-mail or a user id, not both.")
    identity = None
    if asked.email is not None:
        identity = identity_digest(EMAIL, email_of(asked.email))
    elif asked.user_id is not None:
        identity = identity_digest(USER_ID, asked.user_id.strip())
    bands = _bands(model, asked.band) if asked.band else None
    return Wanted(
        bands=bands,
        scores=_edges(model, bands) if bands else (None, None),
        stages=[_stage_number(each) for each in asked.stage] or None,
        temperatures=[TEMPERATURES.index(each) for each in asked.temperature] or None,
        classes=[each.value for each in asked.lead_class] or None,
        since=instant(asked.updated_since, "updated_since", model),
        company=None if asked.company is None else _text("company", asked.company.strip().lower()),
        identity=identity,
    )


def _text(name: str, text: str) -> str:
    if "\x00" in text:
        raise wrong(name, "It holds a NUL character.")
    return text


def _stage_number(name: StageName) -> int:
    return _NO_STAGE if name is StageName.NONE else int(Stage[name.name])


def _bands(model: LiveModel, names: list[str]) -> list[int]:
    numbers = model.bands.numbers
    for name in names:
        if name not in numbers:
            raise wrong("band", f"The model has no such band; it has {', '.join(numbers)}.")
    return sorted({numbers[name] for name in names})


def _edges(model: LiveModel, bands: list[int]) -> tuple[float | None, float | None]:
    """Between which scores these bands lie: the list is walked by score, and need not be walked elsewhere."""
    room = 10.0**-DECIMALS  # scores are rounded before they are compared with edges
    low = model.plan.model.bands[bands[0] - 1].up_to if bands[0] else None
    high = model.plan.model.bands[bands[-1]].up_to
    return None if low is None else low - room, None if high is None else high + room


def _reading(connection: Connection[Any], model: LiveModel, listed: Listed, now: int) -> Reading:
    try:
        state = states.unpack_state(model.plan, listed.state, looker(connection).payloads)
    except StateMismatch:
        return looker(connection).look(connection, listed.lead_id, model, now=now).reading
    return reading_of(model.plan, state, now)


def _meets(model: LiveModel, wanted: Wanted, reading: Reading) -> bool:
    stage = _NO_STAGE if reading.stage is None else int(reading.stage)
    lead_class = None if reading.lead_class is None else reading.lead_class.value
    return (
        (wanted.bands is None or model.bands.numbers[reading.band.id] in wanted.bands)
        and (wanted.stages is None or stage in wanted.stages)
        and (wanted.temperatures is None or TEMPERATURES.index(reading.temperature) in wanted.temperatures)
        and (wanted.classes is None or lead_class in wanted.classes)
    )
