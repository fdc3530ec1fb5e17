"""Who is let in: write keys and API tokens, made and revoked. A secret is in one answer alone, when it is made."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status

from couveuse.core.times import microseconds, moment
from couveuse.engine import access
from couveuse.store import api_tokens, write_keys
from couveuse.store.api_tokens import ApiToken, Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, iso, now_us, wrong
from couveuse.web.api.settings_shapes import (
    KeyAsked,
    KeyMade,
    KeysShape,
    Revoked,
    TokenAsked,
    TokenMade,
    TokensShape,
)
from couveuse.web.problems import Kind, Problem

router = Router(tags=["access"])
KeyId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The key's number.")]
TokenId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The token's number.")]


def _at(at: datetime | None) -> str | None:
    return None if at is None else iso(microseconds(at))


@router.get(
    "/keys", response=KeysShape, auth=BearerToken(Scope.KEYS_READ), operation_id="list_keys",
    summary="List the write keys",
)  # fmt: skip
def list_keys(request: HttpRequest) -> dict[str, Any]:
    """What may send events; the keys themselves are known to their senders alone."""
    with database.reading() as connection:
        found = write_keys.load_keys(connection)
    return {
        "keys": [
            {
                "id": each.id, "hint": each.hint, "kind": each.kind, "source": each.source,
                "origins": list(each.origins), "rate": each.rate, "created_at": _at(each.created_at),
                "used_at": _at(each.used_at), "revoked_at": _at(each.revoked_at),
            }
            for each in found
        ]
    }  # fmt: skip


@router.post(
    "/keys", response={201: KeyMade}, auth=BearerToken(Scope.KEYS_WRITE), operation_id="make_key",
    summary="Make a write key",
)  # fmt: skip
def make_key(request: HttpRequest, asked: KeyAsked) -> Status[dict[str, Any]]:
    """A public key names the sites that may use it; a server key names none. It is shown this once."""
    with database.writing() as connection:
        try:
            made = access.make_key(
                connection, kind=asked.kind, source=asked.source, origins=asked.origins, rate=asked.rate,
                by=by_of(request), now=now_us(),
            )  # fmt: skip
        except access.BadField as error:
            raise wrong(error.field, str(error), "body") from error
    return Status(201, {"id": made.id, "key": made.secret})


@router.delete(
    "/keys/{key_id}", response=Revoked, auth=BearerToken(Scope.KEYS_WRITE), operation_id="revoke_key",
    summary="Revoke a write key",
)  # fmt: skip
def revoke_key(request: HttpRequest, key_id: KeyId) -> dict[str, Any]:
    """Within seconds it lets nothing in any more; what it brought stays."""
    with database.writing() as connection:
        if not access.revoke_key(connection, key_id, by=by_of(request), now=now_us()):
            raise Problem(Kind.NO_SUCH_KEY, f"There is no key {key_id} that lets anything in.")
    return {"id": key_id}


@router.get(
    "/tokens", response=TokensShape, auth=BearerToken(Scope.KEYS_READ), operation_id="list_tokens",
    summary="List the API tokens",
)  # fmt: skip
def list_tokens(request: HttpRequest) -> dict[str, Any]:
    """Which programs may ask for what, and when they last did."""
    with database.reading() as connection:
        found = api_tokens.load_tokens(connection)
    now = moment(now_us())
    return {
        "tokens": [
            {
                "id": each.id, "hint": each.hint, "name": each.name, "scopes": list(each.scopes),
                "standing": each.standing(now), "created_at": _at(each.created_at), "expires_at": _at(each.expires_at),
                "used_at": _at(each.used_at), "revoked_at": _at(each.revoked_at),
            }
            for each in found
        ]
    }  # fmt: skip


@router.post(
    "/tokens", response={201: TokenMade}, auth=BearerToken(Scope.KEYS_WRITE), operation_id="make_token",
    summary="Make an API token",
)  # fmt: skip
def make_token(request: HttpRequest, asked: TokenAsked) -> Status[dict[str, Any]]:
    """A program makes no token that may more than its own: other scopes are refused. It is shown this once."""
    own: ApiToken = request.auth
    beyond = sorted({scope.value for scope in asked.scopes} - set(own.scopes))
    if beyond:
        raise wrong("scopes", f"Your own token has not the scope {beyond[0]}.", "body")
    with database.writing() as connection:
        try:
            made = access.make_token(
                connection, name=asked.name, scopes=asked.scopes, days=asked.days, by=by_of(request), now=now_us()
            )
        except access.BadField as error:
            raise wrong(error.field, str(error), "body") from error
    return Status(201, {"id": made.id, "token": made.secret})


@router.delete(
    "/tokens/{token_id}", response=Revoked, auth=BearerToken(Scope.KEYS_WRITE), operation_id="revoke_token",
    summary="Revoke an API token",
)  # fmt: skip
def revoke_token(request: HttpRequest, token_id: TokenId) -> dict[str, Any]:
    """It lets nobody in any more, from this moment on."""
    with database.writing() as connection:
        if not access.revoke_token(connection, token_id, by=by_of(request), now=now_us()):
            raise Problem(Kind.NO_SUCH_KEY, f"There is no token {token_id} that lets anybody in.")
    return {"id": token_id}
