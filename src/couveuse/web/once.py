"""`Idempotency-Key`: a request of the API that changes something, sent again with the same key, is done once.

Whatever the request writes and the answer to it are one transaction: of a process that is killed both stand or
neither. An answer that is an error has changed nothing, and its key is free again.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import psycopg
from django.http import HttpRequest, HttpResponse
from psycopg import Connection, Rollback

from couveuse import configuration
from couveuse.store import answers, api_tokens, secrets
from couveuse.store.answers import Asking, Kept
from couveuse.store.connections import NoDatabase
from couveuse.store.sealed import Box, CannotOpen
from couveuse.web import database
from couveuse.web.api.asking import now_us
from couveuse.web.problems import Kind, Problem

HEADER: Final = "Idempotency-Key"
# Says of an answer that it was given before.
AGAIN: Final = "Idempotent-Replayed"
MOST_KEY: Final = 255
MOST_BODY: Final = 1 << 20
PATTERN: Final = r"^[\x21-\x7e]{1,255}$"
METHODS: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
# What is given again of the headers of an answer, beside its body.
HEADERS: Final = ("Content-Type", "Location")
_KEY: Final = re.compile(PATTERN)

Answer = Callable[[HttpRequest], HttpResponse]


def once(answer: Answer) -> Answer:
    """Middleware, next to the views: what carries the header is done once within a day."""

    def answered(request: HttpRequest) -> HttpResponse:
        if HEADER not in request.headers or not request.path_info.startswith("/api/") or request.method not in METHODS:
            return answer(request)
        try:
            return _once(request, answer)
        except Problem as problem:
            return problem.response()
        except (NoDatabase, psycopg.OperationalError):
            return Problem(Kind.AWAY, headers={"Retry-After": "5"}).response()

    return answered


def _once(request: HttpRequest, answer: Answer) -> HttpResponse:
    key, body = _key(request), _body(request)
    token_id = _token_of(request)
    if token_id is None:
        return answer(request)  # which tells what is wrong with the token
    said = (str(request.method), request.get_full_path(), request.headers.get("Content-Type", ""))
    digest = answers.digest_of(*(each.encode("utf-8", "surrogatepass") for each in said), body)
    asking = Asking(token_id, answers.digest_of(key.encode()), digest)
    with database.whole() as connection, connection.transaction() as transaction:
        response = _done(connection, asking, lambda: answer(request), now_us())
        if not 200 <= response.status_code < 400:
            raise Rollback(transaction)
    return response


def _done(connection: Connection[Any], asking: Asking, do: Callable[[], HttpResponse], now: int) -> HttpResponse:
    """What was answered before, or what doing it answers now, which is kept; raises Problem."""
    erased = answers.begin(connection, asking)
    if erased is None:
        raise Problem(Kind.KEY_BUSY, headers={"Retry-After": "1"})
    try:
        found = answers.kept(connection, _box(), asking, now)
    except CannotOpen as error:
        raise Problem(Kind.KEY_SPENT) from error
    if found is not None:
        return _again(found)
    response = do()
    # What streams is read once it has been answered: it is not kept, and changes nothing.
    if 200 <= response.status_code < 400 and not response.streaming:
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        answers.keep(connection, _box(), asking, erased, response.status_code, headers, response.content, now)
    return response


def _again(found: Kept) -> HttpResponse:
    if not found.is_same:
        raise Problem(Kind.KEY_TAKEN)
    if found.body is None:
        raise Problem(Kind.KEY_SPENT)
    return HttpResponse(found.body, status=found.status, headers={**found.headers, AGAIN: "true"})


def _key(request: HttpRequest) -> str:
    key = str(request.headers[HEADER])
    if not _KEY.fullmatch(key):
        message = f"Send 1 to {MOST_KEY} visible ASCII characters, as a random UUID."
        where = [{"where": ["header", HEADER], "message": message}]
        raise Problem(Kind.BAD_VALUE, f"{HEADER}: {message}", errors=where)
    return key


def _body(request: HttpRequest) -> bytes:
    """The body, as far as one may be sent with a key."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > MOST_BODY:
        raise Problem(
            Kind.BAD_VALUE, f"{HEADER}: it goes with a body of {MOST_BODY:,} bytes at most.",
            cure="Send the request without the header, or less at a time.",
        )  # fmt: skip
    return bytes(request.body)


def _token_of(request: HttpRequest) -> int | None:
    """The number of the token that is shown, if it lets in."""
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    if word.lower() != "bearer":
        return None
    with database.writing() as connection:
        found = api_tokens.find_token(connection, token.strip())
    return found.id if found is not None and found.standing(datetime.now(UTC)) == "active" else None


@cache
def _box() -> Box:
    return Box(secrets.secret_key(configuration.read()))
