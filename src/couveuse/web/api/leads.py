"""Lists of leads: by score or by number, filtered, page by page."""

from dataclasses import replace
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from ninja import Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core.model import LeadClass, Temperature
from couveuse.engine.behind import IMPORT_WRITTEN, LINE_WRITTEN
from couveuse.engine.finding import MOST_DAYS, MOST_TEXT, MOST_VALUES, BadFilter, Filters, page_of, wanted_of
from couveuse.engine.flows import WRITTEN
from couveuse.engine.live import LiveModel
from couveuse.store.api_tokens import Scope
from couveuse.store.listing import FIRST, Order, Place, Wanted
from couveuse.store.rosters import load_roster
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
from couveuse.web.api.shapes import LeadsPage, StageName
from couveuse.web.problems import Kind, Problem
from couveuse.web.reading import looker

router = Router(tags=["leads"])
STANDING: Final = ("acting", "scoring")
_MOST_KEY: Final = 500


class LeadsFilter(Schema):
    """Which leads."""

    band: list[str] = Field([], max_length=50, description="Bands of the model, by id; as often as wanted.")
    stage: list[StageName] = Field([], max_length=4)
    temperature: list[Temperature] = Field([], max_length=4)
    lead_class: list[LeadClass] = Field([], max_length=5, alias="class")
    q: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description="Beginnings of words: of a name, a company, an e-mail, a user id, or a telephone number.",
    )
    persona: list[str] = Field([], max_length=MOST_VALUES)
    group: list[str] = Field([], max_length=MOST_VALUES, description="In one of these groups.")
    source: list[str] = Field([], max_length=MOST_VALUES, description="From one of these sources, as traits have it.")
    owner: list[str] = Field(
        [], max_length=MOST_VALUES, description="Owned by one of these members of the team, by id; or `nobody`."
    )
    member: str | None = Field(
        None, max_length=_MOST_KEY, description="Leads that this member of the team owns, and those of their tasks."
    )
    company: str | None = Field(None, max_length=253, description="The company's e-mail domain.")
    email: str | None = Field(None, max_length=_MOST_KEY, description="The lead to which this e-mail points.")
    user_id: str | None = Field(None, max_length=_MOST_KEY, description="The lead to which this user id points.")
    updated_since: str | None = Field(
        None,
        max_length=40,
        description="Leads whose score was written since then, by facts or by the daily sweep.",
        examples=[EXAMPLE],
    )
    active: int | None = Field(None, ge=1, le=MOST_DAYS, description="Who did something in so many days until now.")
    ripened: int | None = Field(None, ge=1, le=MOST_DAYS, description="Who became hot in so many days until now.")
    score: str | None = Field(
        None, max_length=MOST_TEXT, description="More than one score and at most another one; either may be left out.",
        examples=["15..20", "35.."],
    )  # fmt: skip
    unsourced: bool = Field(False, description="Of whom no trait says where they come from.")
    line: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description=(
            "Leads to which a line of the points table gave points in the last 7, 30 or 90 days (of a fit line: whom it"
            " fits), as of the newest report on the history: the line's id and the days. Of a line that gave points to"
            " more than 2,000 leads they are the 2,000 that it gave most to."
        ),
        examples=[LINE_WRITTEN],
    )
    brought: str | None = Field(
        None,
        max_length=MOST_TEXT,
        alias="import",
        description=(
            "Leads of whom an import spoke, by its number; with `.new` those who came with it, with `.known` those who"
            " were known before."
        ),
        examples=[IMPORT_WRITTEN],
    )
    entered: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description=(
            "Who entered a step of the funnel from a day until another one, in the instance's time zone, as `steps` of"
            " `read_today` counts them: the step and both days, then teams by id where it is of teams."
        ),
        examples=[WRITTEN, "done.2026-11-21.2026-11-27.sales"],
    )


class LeadsAsked(LeadsFilter):
    """Which leads, and which page of them."""

    model: int | None = Field(None, ge=1, le=2**31 - 1, description="A model's version; the acting one if not said.")
    order: Order = Field(
        Order.SCORE,
        description=(
            "The best score first, by number, or the newest first. By score a lead whose score changes between two"
            " pages may come twice or not at all."
        ),
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
        found = page_of(
            connection, looker(connection), page.model, wanted(connection, page.model, asked, now), page.after,
            most=asked.limit, order=asked.order, now=now,
        )  # fmt: skip
    after = found.next
    return {
        "model": name_of(page.model),
        "at": iso(now),
        "leads": [told.lead_of(each.card, each.reading) for each in found.entries],
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


def filters(asked: LeadsFilter) -> Filters:
    """What is asked for, as screens and views have it; raises BadFilter."""
    values: dict[str, Any] = {
        "q": [asked.q], "band": asked.band, "stage": [each.value for each in asked.stage],
        "temperature": [each.value for each in asked.temperature], "class": [each.value for each in asked.lead_class],
        "persona": asked.persona, "group": asked.group, "source": asked.source, "owner": asked.owner,
        "company": [asked.company], "email": [asked.email], "user_id": [asked.user_id],
        "active": [asked.active], "ripened": [asked.ripened], "entered": [asked.entered],
        "score": [asked.score], "unsourced": ["1" if asked.unsourced else None],
        "line": [asked.line], "import": [asked.brought],
        "mine": ["1" if asked.member else None],
    }  # fmt: skip
    return Filters.read(lambda name: [str(each) for each in values[name] if each is not None])


def wanted(connection: Connection[Any], model: LiveModel, asked: LeadsFilter, now: int) -> Wanted:
    """Which leads are asked for; raises Problem."""
    try:
        found = wanted_of(connection, model, load_roster(connection), filters(asked), me=asked.member, now=now)
    except BadFilter as error:
        raise wrong("member" if error.field == "mine" else error.field, str(error)) from error
    return replace(found, since=instant(asked.updated_since, "updated_since", model))
