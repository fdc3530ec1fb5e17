"""A program that asks the API, and a reader of pages, for tests: in process, by WSGI as in life."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from psycopg import Connection

from couveuse.store import api_tokens
from couveuse.store.api_tokens import Scope

EVERY = tuple(Scope)


@dataclass(frozen=True)
class Answer:
    """A response: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    """Sends requests to the application."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: object) -> Answer:
        return self.ask("GET", path, query=query, headers=headers)

    def post(self, path: str, body: object = None, *, headers: dict[str, str] | None = None) -> Answer:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, data=data, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, object] | None = None,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        from django.test import Client

        named = {name: value for name, value in (query or {}).items() if value is not None}
        given = dict(headers or {})
        if self.token is not None:
            given.setdefault("Authorization", f"Bearer {self.token}")
        whole = f"{path}?{urlencode(named, doseq=True)}" if named else path
        client = Client(raise_request_exception=False, headers=given)
        found = client.generic(method, whole, data, content_type="application/json")
        body = b"".join(found.streaming_content) if found.streaming else found.content
        return Answer(found.status_code, {k.lower(): v for k, v in found.headers.items()}, body)

    def pages(self, path: str, inside: str, **query: object) -> Iterator[Any]:
        """What stands in all pages of a list, by its cursors."""
        while True:
            answer = self.get(path, **query)
            assert answer.status == 200, answer.text
            yield from answer.json[inside]
            if answer.json["next"] is None:
                return
            query["cursor"] = answer.json["next"]


def a_token(
    connection: Connection[Any],
    *scopes: Scope,
    name: str = "test",
    expires_at: datetime | None = None,
) -> str:
    """A token with these scopes, all of them if none is said."""
    return api_tokens.create_token(connection, name=name, scopes=scopes or EVERY, expires_at=expires_at)
