"""`/healthz`, `/readyz` and `/metrics`: bare, so that neither a dead page nor a dead database hides what is wrong."""

import asyncio
import json
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final

import psycopg
from psycopg.errors import UndefinedTable

from couveuse.configuration import Configuration
from couveuse.serve.messages import Message, Receive, Send, answer
from couveuse.store import health, processes
from couveuse.store.connections import first_line, options
from couveuse.store.health import Check, Look
from couveuse.store.processes import Counts
from couveuse.store.statements import statement

PATHS: Final = frozenset(("/healthz", "/readyz", "/metrics"))
# However often they are asked for, the database is asked once in so many seconds.
FRESH_SECONDS: Final = 1.0
# How long its answer is waited for.
SILENT_SECONDS: Final = 10.0
_COUNTS = statement("processes", "counts")


class Probes:
    """Answers the paths of `PATHS`, for any of the processes that serve."""

    def __init__(self, configuration: Configuration, url: str) -> None:
        self._configuration, self._url = configuration, url
        self._lock = asyncio.Lock()
        self._answers: dict[str, tuple[float, int, bytes]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request. Whoever asks from outside learns whether we are ready, and no figures."""
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, b"use GET here\n")
        elif path == "/healthz":
            await answer(send, 200, b"ok\n")
        elif path == "/readyz":
            status, body = await self._fresh(path)
            told = body if is_near(scope) else b'{"ready": %s}\n' % (b"true" if status == 200 else b"false")
            await answer(send, status, told, b"application/json")
        elif is_near(scope):
            await answer(send, *await self._fresh(path), _KIND)
        else:
            await answer(send, 404, b"figures are only told within the network, and not through a proxy\n")

    async def _fresh(self, path: str) -> tuple[int, bytes]:
        async with self._lock:
            made_at, status, body = self._answers.get(path, (float("-inf"), 0, b""))
            if time.monotonic() - made_at > FRESH_SECONDS:
                status, body = await (self._ready() if path == "/readyz" else self._measured())
                self._answers[path] = (time.monotonic(), status, body)
            return status, body

    async def _ready(self) -> tuple[int, bytes]:
        checks = await self._checks()
        is_ready = all(check.is_fine for check in checks)
        told = {check.name: {"fine": check.is_fine, "says": check.says} | _cure(check) for check in checks}
        body = json.dumps({"ready": is_ready, "checks": told}, ensure_ascii=False) + "\n"
        return 200 if is_ready else 503, body.encode()

    async def _checks(self) -> list[Check]:
        try:
            async with asyncio.timeout(SILENT_SECONDS), await self._connected() as connection:
                found: Look | None = await _look(connection)
        except UndefinedTable:
            found = None
        except TimeoutError:
            return [Check("database", "does not answer", "start PostgreSQL, or correct COUVEUSE_DATABASE_URL")]
        except psycopg.Error as error:
            return [Check("database", first_line(error), "start PostgreSQL, or correct COUVEUSE_DATABASE_URL")]
        return [Check("database", "answers"), *health.checks(found, self._configuration.backlog)]

    async def _measured(self) -> tuple[int, bytes]:
        from couveuse.serve import metrics  # when first asked for: not everybody does

        found, measured, counts = None, None, dict[str, Counts]()
        try:
            async with asyncio.timeout(SILENT_SECONDS), await self._connected() as connection:
                found = await _look(connection)
                row = await _one(connection, metrics.MEASURE, {**metrics.VALUES, **health.VALUES})
                measured = metrics.Measured(*row)
                counts = processes.total(await (await connection.execute(_COUNTS)).fetchall())
        except (psycopg.Error, TimeoutError):
            pass  # what is known is told
        return 200, metrics.text(found, measured, counts)

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self._url, autocommit=True, **options("probe", statement_ms=5000))


_KIND: Final = b"text/plain; version=0.0.4; charset=utf-8"
_FORWARDED: Final = frozenset((b"forwarded", b"x-forwarded-for", b"x-real-ip"))


def is_near(scope: Message) -> bool:
    """Whether a request comes from this machine or its network, and straight: a proxy says for whom it asks."""
    client = scope.get("client")
    try:
        is_private = client is not None and ip_address(client[0].partition("%")[0]).is_private
    except ValueError:
        return False
    return is_private and not any(name.lower() in _FORWARDED for name, _ in scope["headers"])


async def _look(connection: psycopg.AsyncConnection[Any]) -> Look:
    return Look(*await _one(connection, health.LOOK, health.VALUES))


async def _one(connection: psycopg.AsyncConnection[Any], query: Any, values: Any) -> Iterable[Any]:
    row = await (await connection.execute(query, values)).fetchone()
    assert row is not None  # each of our statements here has one row
    return tuple(row)


def _cure(check: Check) -> dict[str, str]:
    return {} if check.is_fine else {"cure": check.cure}
