"""Which request goes where: probes, the front door, Django's pages; and how a process that serves begins and ends."""

import asyncio
import multiprocessing
import os
import signal
from enum import StrEnum
from typing import Any

import structlog

from couveuse.configuration import Configuration
from couveuse.serve.access import logged, words_of
from couveuse.serve.messages import Message, Receive, Send, answer
from couveuse.serve.pages import pages
from couveuse.serve.probes import PATHS, Probes
from couveuse.store.processes import SignsOfLife

_log = structlog.get_logger("couveuse.serve")


class Part(StrEnum):
    """What a process serves, beside the probes."""

    INTAKE = "intake"
    PAGES = "pages"
    ALL = "all"


class Dispatch:
    """The application of one process."""

    def __init__(self, configuration: Configuration, url: str, part: Part = Part.ALL) -> None:
        from couveuse.collect.app import application
        from couveuse.collect.routes import CALLS, serves

        self._url = url
        self._serves = serves
        self._probes = Probes(configuration, url)
        self._front_door = application(configuration, url) if part is not Part.PAGES else None
        self._intake: Any = self._front_door
        if configuration.log == "debug" and self._front_door is not None:
            self._intake = logged(self._front_door, words_of(CALLS))  # thousands of lines a second
        self._has_pages = part is not Part.INTAKE
        self._pages: Any = None
        self._page_requests = 0
        self._life = SignsOfLife(url, "web", self._counts, newer=_end_server)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection of the server's."""
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await send({"type": "websocket.close"})

    async def _request(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._intake is not None and self._serves(path):
            await self._intake(scope, receive, send)
        elif path in PATHS:
            await self._probes(scope, receive, send)
        elif self._pages is not None:
            self._page_requests += 1
            await self._pages(scope, receive, send)
        else:
            await answer(send, 404, b"This process does not serve that: see couveuse web --serve.\n")

    async def open(self) -> None:
        """Begin: load what is served. The database may be away."""
        if self._front_door is not None:
            await self._front_door.open()
        if self._has_pages:
            self._pages = await asyncio.to_thread(pages, self._url)
        self._life.start()

    async def close(self) -> None:
        """End in good order."""
        if self._front_door is not None:
            await self._front_door.close()
        await asyncio.to_thread(self._life.stop)

    def _counts(self) -> dict[str, Any]:
        intake = self._front_door.counts.as_json() if self._front_door is not None else {}
        return {**intake, "pages": self._page_requests}

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.open()
                except Exception:  # noqa: BLE001 - told, and the process does not begin
                    _log.exception("cannot begin")
                    await send({"type": "lifespan.startup.failed"})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _end_server() -> None:
    """Ask the server whose process this is to stop; a process that stands alone is stopped by whoever started it."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        os.kill(parent.pid, signal.SIGTERM)
