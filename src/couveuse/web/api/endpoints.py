"""Places outside: endpoints changed, enabled, given another secret; addresses of Slack's; and trying any of them."""

from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Path, Router, Status

from couveuse import configuration
from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.engine import outgoing
from couveuse.engine.outgoing import BadPlace
from couveuse.errors import BadInput
from couveuse.store import endpoints, sealed
from couveuse.store.api_tokens import Scope
from couveuse.store.endpoints import Endpoint
from couveuse.web import database
from couveuse.web.api import told
from couveuse.web.api.asking import BearerToken, by_of, iso, now_us, wrong
from couveuse.web.api.outgoing import EndpointId
from couveuse.web.api.outgoing_shapes import EndpointDisabled, EndpointMade, EndpointShape
from couveuse.web.api.settings_shapes import (
    AddressAsked,
    AddressesShape,
    AddressName,
    EndpointChange,
    TrialAsked,
    TrialShape,
)
from couveuse.web.problems import Kind, Problem

router = Router(tags=["outgoing"])
Name = Annotated[str, Path(max_length=63, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="Its name.")]
_BECAME: Final[dict[type, str]] = {Delivered: "taken", Failed: "failed", Refused: "refused", Unknown: "unknown"}


def _found(every: list[Endpoint], id: str) -> Endpoint:
    found = next((each for each in every if each.id == id), None)
    if found is None:
        raise Problem(Kind.NO_SUCH_ENDPOINT, "There is no endpoint of that id.")
    return found


@router.get(
    "/endpoints/{endpoint_id}", response=EndpointShape, auth=BearerToken(Scope.OUTGOING_READ),
    operation_id="read_endpoint", summary="Read an endpoint",
)  # fmt: skip
def read_endpoint(request: HttpRequest, endpoint_id: EndpointId) -> dict[str, Any]:
    """Where it is, for which events, and how it stands; never its secrets."""
    with database.reading() as connection:
        return told.endpoint_of(_found(endpoints.list_endpoints(connection), endpoint_id))


@router.put(
    "/endpoints/{endpoint_id}", response=EndpointShape, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="change_endpoint", summary="Change an endpoint",
)  # fmt: skip
def change_endpoint(request: HttpRequest, endpoint_id: EndpointId, asked: EndpointChange) -> dict[str, Any]:
    """Another address and other events. Addresses of the inside are refused, unless the settings allow them."""
    with database.writing() as connection:
        try:
            outgoing.change_endpoint(
                connection, configuration.read(), endpoint_id, asked.url, asked.events, by=by_of(request), now=now_us()
            )
        except BadPlace as error:
            raise wrong(error.field, str(error), "body") from error
        return told.endpoint_of(_found(endpoints.list_endpoints(connection), endpoint_id))


@router.post(
    "/endpoints/{endpoint_id}/enable", response=EndpointDisabled, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="enable_endpoint", summary="Enable an endpoint",
)  # fmt: skip
def enable(request: HttpRequest, endpoint_id: EndpointId) -> dict[str, Any]:
    """It gets again what is planned from now on; what was given up meanwhile can be sent on."""
    with database.writing() as connection:
        _found(endpoints.list_endpoints(connection), endpoint_id)
        endpoints.enable_endpoint(connection, endpoint_id, by=by_of(request), now=now_us())
    return {"id": endpoint_id}


@router.post(
    "/endpoints/{endpoint_id}/rotate", response={201: EndpointMade}, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="rotate_endpoint", summary="Give an endpoint another secret",
)  # fmt: skip
def rotate(request: HttpRequest, endpoint_id: EndpointId) -> Status[dict[str, Any]]:
    """A new secret beside the last one, shown this once: messages are signed with both until the next change."""
    with database.writing() as connection:
        _found(endpoints.list_endpoints(connection), endpoint_id)
        secret = outgoing.rotate_endpoint(
            connection, configuration.read(), endpoint_id, by=by_of(request), now=now_us()
        )
    return Status(201, {"id": endpoint_id, "secret": secret})


# ---- Addresses of Slack's --------------------------------------------------------------------------------------------


@router.get(
    "/addresses", response=AddressesShape, auth=BearerToken(Scope.OUTGOING_READ), operation_id="list_addresses",
    summary="List the addresses of Slack's",
)  # fmt: skip
def addresses(request: HttpRequest) -> dict[str, Any]:
    """By name; an address itself is a secret, and in no answer."""
    with database.reading() as connection:
        found = sealed.names(connection)
    return {"addresses": [{"name": name, "at": iso(at), "by": by} for name, at, by in found]}


@router.put(
    "/addresses/{name}", response=AddressName, auth=BearerToken(Scope.OUTGOING_WRITE), operation_id="set_address",
    summary="Keep an address of Slack's",
)  # fmt: skip
def set_address(request: HttpRequest, name: Name, asked: AddressAsked) -> dict[str, Any]:
    """It is kept sealed; one of the same name is replaced."""
    with database.writing() as connection:
        try:
            outgoing.set_secret(connection, configuration.read(), name, asked.url, by=by_of(request), now=now_us())
        except BadPlace as error:
            raise wrong(error.field, str(error), "body") from error
    return {"name": name}


@router.delete(
    "/addresses/{name}", response=AddressName, auth=BearerToken(Scope.OUTGOING_WRITE),
    operation_id="remove_address", summary="Forget an address of Slack's",
)  # fmt: skip
def remove_address(request: HttpRequest, name: Name) -> dict[str, Any]:
    """What is planned for it is given up when its time comes."""
    with database.writing() as connection:
        if not outgoing.remove_secret(connection, name, by=by_of(request), now=now_us()):
            raise Problem(Kind.NO_SUCH_ENDPOINT, "There is no address of that name.")
    return {"name": name}


# ---- Trying ----------------------------------------------------------------------------------------------------------


@router.post(
    "/try", response=TrialShape, auth=BearerToken(Scope.OUTGOING_WRITE), operation_id="try_channel",
    summary="Send a trial message",
)  # fmt: skip
def try_channel(request: HttpRequest, asked: TrialAsked) -> dict[str, Any]:
    """It leaves now, past the queue, and what came of it is answered; refused while all is stopped."""
    with database.writing() as connection:
        try:
            outcome = outgoing.try_out(
                connection, configuration.read(), asked.channel, asked.to, language=asked.language, now=now_us()
            )
        except BadInput as error:
            raise wrong("channel" if isinstance(error, outgoing.CannotTry) else "to", str(error), "body") from error
    answer = outcome.reference if isinstance(outcome, Delivered) else outcome.reason
    return {"became": _BECAME.get(type(outcome), "nowhere"), "answer": answer}
