"""A network between our processes and PostgreSQL that a test may cut: a proxy on loopback, in a thread of its own."""

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


class Network:
    """Passes bytes to a server's socket until it is cut. What was open when it was cut stays silent for ever."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        (folder,) = parse_qs(parts.query)["host"]
        self._socket = f"{folder}/{SOCKET}"
        self._name = f"{parts.username}@", parts.path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network")
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self._never = asyncio.Event()  # one that is held: what waits for nobody's event may be collected
        self._upstream: set[asyncio.StreamWriter] = set()
        self._epoch = 0  # bytes of connections of earlier ones go nowhere
        self.url, self.upstream = "", url

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(self._listen())
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"postgresql://{self._name[0]}127.0.0.1:{port}{self._name[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """From now on nothing comes through: neither a byte nor an end; who connects is not answered."""
        self._is_cut = True
        self._epoch += 1

    def mend(self) -> None:
        """From now on what connects anew comes through. The server has found out by itself that the others are gone."""
        self._is_cut = False
        self._run(self._end_upstream())

    def _run(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(30)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _end_upstream(self) -> None:
        for each in tuple(self._upstream):
            each.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there: asyncio.StreamWriter | None = None
        epoch = self._epoch
        try:
            if self._is_cut:
                await self._never.wait()
            server, there = await asyncio.open_unix_connection(self._socket)
            self._upstream.add(there)
            await asyncio.gather(self._pass(reader, there, epoch), self._pass(server, writer, epoch))
        except OSError:
            pass  # the server is away: whoever asked is hung up on
        except asyncio.CancelledError:
            return
        finally:
            for each in (writer, there):
                if each is not None:
                    self._upstream.discard(each)
                    each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, epoch: int) -> None:
        while True:
            try:
                data = await reader.read(65_536)
            except OSError:
                data = b""
            if epoch != self._epoch:
                await self._never.wait()
            if not data:
                break
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
