"""One lead: all that is known of it, its ledger line by line, its facts."""

from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Path, Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core.reading import interests
from couveuse.core.times import EVER
from couveuse.engine.folding import reading_of
from couveuse.store import cards, identities
from couveuse.store.api_tokens import Scope
from couveuse.store.facts import Span
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
from couveuse.web.api.shapes import Direction, Elsewhere, FactsPage, LeadWhole, LedgerPage
from couveuse.web.problems import Kind, Problem
from couveuse.web.reading import looker

router = Router(tags=["leads"])
LeadId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The lead's number.")]
PATH: Final = "/api/v1/leads/"
_AT: Final = "As of this instant: facts that had occurred by then, with the corrections known today."
_KNOWN_AT: Final = "Only what was received by this instant: later facts and verdicts are left out."


class AsOf(Schema):
    """As of when, under which model."""

    model: int | None = Field(None, ge=1, le=2**31 - 1, description="A model's version; the acting one if not said.")
    at: str | None = Field(None, max_length=40, description=_AT, examples=[EXAMPLE])
    known_at: str | None = Field(None, max_length=40, description=_KNOWN_AT, examples=[EXAMPLE])


class LedgerAsked(AsOf):
    """Which page of a ledger."""

    limit: int = Field(200, ge=1, le=5_000)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


class FactsAsked(Schema):
    """Which facts, and which page of them."""

    at: str | None = Field(None, max_length=40, description=_AT, examples=[EXAMPLE])
    known_at: str | None = Field(None, max_length=40, description=_KNOWN_AT, examples=[EXAMPLE])
    order: Direction = Direction.NEWEST
    limit: int = Field(100, ge=1, le=500)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


class Moved(Exception):
    """The lead is part of another one now."""

    def __init__(self, lead_id: int, rest: str = "") -> None:
        super().__init__()
        self.lead_id, self.rest = lead_id, rest

    def response(self, request: HttpRequest) -> HttpResponse:
        """Where to ask instead, with the same question."""
        query = request.META.get("QUERY_STRING", "")
        location = f"{PATH}{self.lead_id}{self.rest}"
        whole = f"{location}?{query}" if query else location
        return JsonResponse({"id": self.lead_id, "location": location}, status=308, headers={"Location": whole})


@router.get(
    "/{lead_id}", response={200: LeadWhole, 308: Elsewhere}, auth=BearerToken(Scope.LEADS_READ), by_alias=True,
    operation_id="read_lead", summary="Read a lead",
)  # fmt: skip
def lead(request: HttpRequest, lead_id: LeadId, asked: Query[AsOf]) -> dict[str, Any]:
    """All that is known of one lead, now or as of any instant, under any published version of a model.

    Identities, episodes and merges are always those of today. A lead that was merged into another one answers 308.
    """
    only(request, AsOf)
    now = now_us()
    with database.reading() as connection:
        card = _card(connection, lead_id)
        model = model_of(connection, asked.model)
        at, known_at = instant(asked.at, "at", model), instant(asked.known_at, "known_at", model)
        state = None if asked.at or asked.known_at else looker(connection).state(connection, lead_id, model)
        if state is not None:
            reading, traits, groups = reading_of(model.plan, state, now), card.traits, card.groups
        else:
            look = looker(connection).look(connection, lead_id, model, at=at, known_at=known_at, now=now)
            state, reading, traits, groups = look.state, look.reading, look.known.traits, look.known.groups
        weights = interests(model.plan, state, reading.at)
        return {
            **told.lead_of(card, reading, traits),
            "model": name_of(model),
            "at": iso(reading.at),
            "known_at": iso(known_at),
            "created_at": iso(card.created_at),
            "traits": traits,
            "groups": list(groups),
            "interests": dict(sorted(weights.items(), key=lambda item: (-item[1], item[0]))),
            **told.around(connection, lead_id, at),
            "hold": told.hold_now(connection, lead_id, now),
            "ledger": f"{PATH}{lead_id}/ledger",
            "facts": f"{PATH}{lead_id}/facts",
        }


@router.get(
    "/{lead_id}/ledger", response={200: LedgerPage, 308: Elsewhere}, auth=BearerToken(Scope.LEADS_READ),
    operation_id="read_ledger", summary="Read a lead's ledger",
)  # fmt: skip
def ledger(request: HttpRequest, lead_id: LeadId, asked: Query[LedgerAsked]) -> dict[str, Any]:
    """The lines whose sum is the score: which fact, which rule, what kind of line, how many points.

    It is folded from the facts when it is asked for. Pages of one ledger are of one instant, that of the first page.
    """
    only(request, LedgerAsked)
    now = now_us()
    parts = parts_of(asked.cursor, (int, int, int, int, int)) or [None, None, None, 0, None]
    number, at, known_at, start, count = parts
    with database.reading() as connection:
        card = _card(connection, lead_id, "/ledger")
        model = model_of(connection, asked.model if number is None else number)
        asked_at, asked_known_at = instant(asked.at, "at", model), instant(asked.known_at, "known_at", model)
        if number is None:
            at, known_at = asked_at, asked_known_at
        look = looker(connection).look(connection, lead_id, model, at=at, known_at=known_at, now=now)
    if count not in (None, len(look.lines)):
        raise Problem(Kind.CHANGED, "The lead's facts of that time are not what they were: it was merged or corrected.")
    end = start + asked.limit
    known = now if known_at is None else known_at
    following = cursor_of(model.id, look.reading.at, known, end, len(look.lines)) if end < len(look.lines) else None
    return {
        "id": lead_id,
        "lead": card.key,
        "model": name_of(model),
        "at": iso(look.reading.at),
        "known_at": iso(asked_known_at),
        "score": look.reading.score,
        "behaviour": look.reading.behaviour,
        "fit": look.reading.fit,
        "sum": look.sum,
        "count": len(look.lines),
        "agrees": look.agrees,
        "lines": [told.line_of(line) for line in look.lines[max(start, 0) : end]],
        "next": following,
    }


@router.get(
    "/{lead_id}/facts", response={200: FactsPage, 308: Elsewhere}, auth=BearerToken(Scope.FACTS_READ),
    operation_id="read_facts", summary="Read a lead's facts",
)  # fmt: skip
def facts(request: HttpRequest, lead_id: LeadId, asked: Query[FactsAsked]) -> dict[str, Any]:
    """All that was recorded of a lead, each fact whole, with what is thought of it and whether it counts."""
    only(request, FactsAsked)
    parts = parts_of(asked.cursor, (str, int, int, str, str))
    if parts is not None and parts[0] != asked.order.value:
        raise wrong("cursor", "It is of a list in the other order; leave it out to begin again.")
    newest_first = asked.order is Direction.NEWEST
    with database.reading() as connection:
        card = _card(connection, lead_id, "/facts")
        at, known_at = _instants(connection, asked)
        keys = identities.identities_of_leads(connection, [lead_id])
        span = Span(list(keys), EVER if at is None else at, EVER if known_at is None else known_at)
        after = None if parts is None else (parts[1], parts[2], parts[3], parts[4])
        found, goes_on = looker(connection).facts(
            connection, lead_id, span, after, most=asked.limit, newest_first=newest_first
        )
    return {
        "id": lead_id,
        "lead": card.key,
        "at": iso(at),
        "known_at": iso(known_at),
        "facts": told.facts_of(found, keys),
        "next": cursor_of(asked.order.value, *found[-1].stored.fact.key) if goes_on else None,
    }


def _instants(connection: Connection[Any], asked: FactsAsked) -> tuple[int | None, int | None]:
    if asked.at is None and asked.known_at is None:
        return None, None
    model = model_of(connection, None)
    return instant(asked.at, "at", model), instant(asked.known_at, "known_at", model)


def _card(connection: Connection[Any], lead_id: int, rest: str = "") -> cards.Card:
    """Who the lead is; raises Problem where there is none, and Moved where it is part of another one."""
    survivor = cards.survivor(connection, lead_id)
    if survivor is None:
        raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
    if survivor != lead_id:
        raise Moved(survivor, rest)
    return cards.load_cards(connection, [lead_id])[lead_id]
