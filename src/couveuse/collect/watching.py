"""What the front door keeps an eye on with a connection of its own: the keys, and how much waits for the engine."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg

from couveuse.collect import answers
from couveuse.collect.answers import Answer
from couveuse.collect.keys import Admitted, KeyRing
from couveuse.collect.writing import PATIENCE, Writer
from couveuse.store import intake
from couveuse.store.connections import options
from couveuse.store.write_keys import fetch_keys, mark_used

# How often what waits is counted while something comes in.
TICK: Final = 1.0
# A revoked key lets nobody in after so long.
KEYS_EVERY: Final = 5.0
# Unknown keys do not make us ask more often than this.
KEYS_APART: Final = 0.25
# So long an answer of the database's is waited for; after that the connection is given up.
SILENT: Final = 10.0
# So many requests may wait to hear whether their key is a new one.
MOST_ASKING: Final = 1000


class Watch:
    """The keys as they are in the database, and the backlog as it was a moment ago."""

    def __init__(self, url: str, writer: Writer, most_waiting: int) -> None:
        self._url, self._writer, self._most_waiting = url, writer, most_waiting
        self.keys = KeyRing()
        self._sampled = 0  # events that waited
        self._committed_then = 0  # by us, when they were counted
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._asked = asyncio.Event()
        self._coming: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asking = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin; returns once the keys are here, or cannot be had."""
        coming = self._coming
        self._task = asyncio.create_task(self._run())
        await coming

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            await self._connection.close()
        self._coming.cancel()

    def is_full(self) -> bool:
        """Whether more waits for the engine than may; ours counts as it comes, that of others each second."""
        ours = self._writer.committed - self._committed_then + self._writer.waiting
        return self._sampled + ours >= self._most_waiting

    async def admitted(self, shown: Sequence[str]) -> Admitted | Answer:
        """The key that a request shows; where it is unknown, the keys are asked for once more before it is refused."""
        if not shown:
            return answers.NO_KEY
        found = self.keys.find(shown)
        if found is not None:
            return found
        if self.keys.is_nobodys(shown):
            return answers.UNKNOWN_KEY
        if self._asking >= MOST_ASKING:
            return answers.BUSY
        if not await self._asked_again():
            return answers.AWAY
        found = self.keys.find(shown)
        if found is not None:
            return found
        self.keys.remember_nobodys(shown)
        return answers.UNKNOWN_KEY

    async def _asked_again(self) -> bool:
        """Whether the keys were loaded since the question; one load answers all who ask."""
        self._asking += 1
        self._asked.set()
        try:
            return await asyncio.wait_for(asyncio.shield(self._coming), PATIENCE)
        except TimeoutError:
            return False
        finally:
            self._asking -= 1

    async def _run(self) -> None:
        loaded_at = 0.0
        while True:
            self._asked.clear()
            if self._asking or time.monotonic() - loaded_at >= KEYS_EVERY or not self.keys.is_loaded:
                await self._load_keys()
                loaded_at = time.monotonic()
            if self._writer.committed != self._committed_then or self._sampled:
                await self._count_waiting()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), TICK)
                await asyncio.sleep(max(0.0, loaded_at + KEYS_APART - time.monotonic()))

    async def _load_keys(self) -> None:
        coming, self._coming = self._coming, asyncio.get_running_loop().create_future()
        is_loaded = False
        try:
            async with asyncio.timeout(SILENT):
                self.keys.replace(await fetch_keys(await self._connected()))
                is_loaded = True
                if self.keys.used:
                    await mark_used(await self._connected(), self.keys.used)
                    self.keys.used = set()
        except (psycopg.Error, TimeoutError):
            await self._hang_up()  # the writer tells of it; the keys that are known go on
        finally:
            if not coming.done():
                coming.set_result(is_loaded)

    async def _count_waiting(self) -> None:
        committed = self._writer.committed
        try:
            async with asyncio.timeout(SILENT):
                self._sampled = await intake.backlog(await self._connected())
            self._committed_then = committed
        except (psycopg.Error, TimeoutError):
            await self._hang_up()

    async def _hang_up(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        self._connection = None

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, **options("watch"))
        return self._connection
