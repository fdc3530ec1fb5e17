"""What goes out: how it stands, the red button, the rehearsal, what was given up, and where webhooks go."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from couveuse import configuration
from couveuse.engine import outgoing
from couveuse.errors import BadInput
from couveuse.store import endpoints, intents, switches
from couveuse.store.api_tokens import Scope
from couveuse.store.intents import Row
from couveuse.web import database
from couveuse.web.api import told
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of, wrong
from couveuse.web.api.outgoing_shapes import (
    EndpointAsked,
    EndpointDisabled,
    EndpointMade,
    IntentsPage,
    IntentStanding,
    IntentWhole,
    OutgoingShape,
    Replayed,
    SwitchAsked,
    Switched,
    SwitchName,
)
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["outgoing"])
IntentId = Annotated[int, Path(ge=1, le=2**63 - 2, description="The number of what goes out.")]
EndpointId = Annotated[str, Path(max_length=80, description="The endpoint's id.")]


class IntentsAsked(Schema):
    """Which of what goes out, and which page of it."""

    standing: list[IntentStanding] = Field([], max_length=6, description="All if not said.")
    channel: Text | None = Field(None, max_length=20)
    endpoint: Text | None = Field(None, max_length=80, description="Only what went to this endpoint, or is to go.")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get(
    "", response=OutgoingShape, auth=BearerToken(Scope.OUTGOING_READ), operation_id="read_outgoing",
    summary="Read how what goes out stands",
)  # fmt: skip
def read_outgoing(request: HttpRequest) -> dict[str, Any]:
    """What waits, what was parked or given up, which switches are on, who delivers, and to which endpoints."""
    with database.reading() as connection:
        found, channels = outgoing.standing(connection), intents.counts(connection)
    look = found.look
    return {
        "channels": channels,
        "waiting": dict(look.waiting),
        "under_way": look.under_way,
        "parked": look.parked,
        "dead": look.dead,
        "oldest_due_at": iso(look.oldest_due),
        "deliverers": found.deliverers,
        "switches": [
            {"name": name, "at": iso(at), "by": by, "because": because}
            for name, (at, by, because) in look.switched.items()
        ],
        "endpoints": [told.endpoint_of(each) for each in found.endpoints],
    }


@router.get(
    "/intents", response=IntentsPage, auth=BearerToken(Scope.OUTGOING_READ), operation_id="list_intents",
    summary="List what goes out",
)  # fmt: skip
def list_intents(request: HttpRequest, asked: Query[IntentsAsked]) -> dict[str, Any]:
    """The newest first."""
    only(request, IntentsAsked)
    parts = parts_of(asked.cursor, (int,))
    standings = [str(each) for each in asked.standing] or None
    with database.reading() as connection:
        found = intents.page(
            connection, standings=standings, channel=asked.channel, endpoint=asked.endpoint,
            before=None if parts is None else parts[0], most=asked.limit + 1,
        )  # fmt: skip
    page = found[: asked.limit]
    following = cursor_of(page[-1].id) if len(found) > asked.limit else None
    return {"intents": [intent_of(each) for each in page], "next": following}


@router.get(
    "/intents/{intent_id}", response=IntentWhole, auth=BearerToken(Scope.OUTGOING_READ), operation_id="read_intent",
    summary="Read one thing that goes out",
)  # fmt: skip
def read_intent(request: HttpRequest, intent_id: IntentId) -> dict[str, Any]:
    """With each attempt, and what the other side answered."""
    with database.reading() as connection:
        found = intents.one(connection, intent_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_INTENT, f"There is no {intent_id}.")
    history = [
        {
            "number": each.number, "at": iso(each.at), "ended_at": iso(each.ended_at), "outcome": each.outcome,
            "answer": each.answer,
        }
        for each in found[1]
    ]  # fmt: skip
    return {**intent_of(found[0]), "history": history}


@router.post(
    "/intents/{intent_id}/replay", response=Replayed, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="replay_intent", summary="Send on what was parked or given up",
)  # fmt: skip
def replay(request: HttpRequest, intent_id: IntentId) -> dict[str, Any]:
    """Refused where it is neither parked nor given up, or what it tells was withdrawn."""
    with database.writing() as connection:
        sent = intents.replay(connection, [intent_id], by=by_of(request), now=now_us())
        found = None if sent else intents.one(connection, intent_id)
    if not sent and found is None:
        raise Problem(Kind.NO_SUCH_INTENT, f"There is no {intent_id}.")
    if found is not None:
        raise Problem(Kind.NOT_GIVEN_UP, f"{intent_id} is {found[0].standing}.")
    return {"intents": sent}


@router.put(
    "/switches/{name}", response=Switched, auth=BearerToken(Scope.OUTGOING_WRITE), operation_id="turn_switch",
    summary="Stop all that goes out, or rehearse",
)  # fmt: skip
def turn(request: HttpRequest, name: SwitchName, asked: SwitchAsked) -> dict[str, Any]:
    """`stop`: nothing goes out. `rehearsal`: only the team gets anything, marked so."""
    with database.writing() as connection:
        under_way = switches.turn(
            connection, str(name), on=asked.on, by=by_of(request), because=asked.because, now=now_us()
        )
    return {"name": name, "on": asked.on, "under_way": under_way}


@router.post(
    "/endpoints", response={201: EndpointMade}, auth=BearerToken(Scope.OUTGOING_WRITE), operation_id="add_endpoint",
    summary="Add an endpoint for webhooks",
)  # fmt: skip
def add_endpoint(request: HttpRequest, asked: EndpointAsked) -> Status[dict[str, Any]]:
    """Its secret is shown this once. Addresses of the inside are refused, unless the settings allow them."""
    with database.writing() as connection:
        try:
            secret = outgoing.add_endpoint(
                connection, configuration.read(), asked.id, asked.url, asked.events, by=by_of(request), now=now_us()
            )
        except BadInput as error:
            raise wrong("endpoint", str(error), "body") from error
    return Status(201, {"id": asked.id, "secret": secret})


@router.post(
    "/endpoints/{endpoint_id}/disable", response=EndpointDisabled, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="disable_endpoint", summary="Disable an endpoint",
)  # fmt: skip
def disable(request: HttpRequest, endpoint_id: EndpointId) -> dict[str, Any]:
    """Nothing is sent there any more."""
    with database.writing() as connection:
        known = {each.id for each in endpoints.list_endpoints(connection)}
        if endpoint_id not in known:
            raise Problem(Kind.NO_SUCH_ENDPOINT, "There is no endpoint of that id.")
        endpoints.disable_endpoint(connection, endpoint_id, because="by hand", by=by_of(request), now=now_us())
    return {"id": endpoint_id}


def intent_of(row: Row) -> dict[str, Any]:
    """One thing that goes out, as the API's answers have it."""
    return {
        "id": row.id,
        "key": row.key,
        "channel": row.channel,
        "audience": row.audience,
        "kind": row.kind,
        "target": {name: str(value) for name, value in row.target.items()},
        "alert_id": row.alert_id,
        "standing": row.standing,
        "made_at": iso(row.made_at),
        "due_at": iso(row.due_at),
        "attempts": row.attempts,
        "unknowns": row.unknowns,
        "settled_at": iso(row.settled_at),
        "answer": row.answer,
    }
