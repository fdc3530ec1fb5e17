"""The front door as an ASGI application: who may send, what is taken, and an answer only once it is durable."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from couveuse.collect import answers, bodies, documents, messages, routes
from couveuse.collect.answers import Answer
from couveuse.collect.counts import Counts
from couveuse.collect.judging import Judge, Judged, cure
from couveuse.collect.keys import Admitted, is_key, shown_by
from couveuse.collect.normalising import Arrival, instant
from couveuse.collect.routes import Call, serves
from couveuse.collect.watching import Watch
from couveuse.collect.writing import Lot, Outcome, Writer
from couveuse.configuration import Configuration
from couveuse.core.events import Reject
from couveuse.store import private

__all__ = ["FrontDoor", "application", "serves"]

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# So many bytes of bodies may be in one process at a time.
MOST_HELD: Final = 64 << 20

_HEADERS = frozenset((
    b"authorization", b"x-write-key", b"content-encoding", b"origin", b"sentat", b"host",
))  # fmt: skip
_OUTCOMES: Mapping[Outcome, Answer] = {
    Outcome.STORED: answers.DONE,
    Outcome.AWAY: answers.AWAY,
    Outcome.FULL: answers.FULL,
    Outcome.NOT_STORED: answers.NOT_STORED,
}


def application(configuration: Configuration, url: str | None = None) -> "FrontDoor":
    """The front door on a database: the configuration's, unless another one is named."""
    return FrontDoor(configuration, url or private.url(configuration))


class FrontDoor:
    """The application: `couveuse.collect.routes` says which path means what. Its `counts` are since it began."""

    def __init__(self, configuration: Configuration, url: str) -> None:
        self._configuration, self._url = configuration, url
        self._room = bodies.Room(MOST_HELD)
        self._is_open = False
        self.counts = Counts()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection of the server's: a request, or the server's own beginning and end."""
        match scope["type"]:
            case "http":
                answer = await self._answer(scope, receive)
                if answer is None:
                    return
                if answer.code:
                    self.counts.refusals[answer.code] += 1
                await send(answer.start)
                await send(answer.body)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await send({"type": "websocket.close"})

    async def open(self) -> None:
        """Begin: connections are opened, though the database may be away."""
        self._judge = Judge()
        self._writer = Writer(self._url, self.counts)
        await self._writer.open()
        self._watch = Watch(self._url, self._writer, self._configuration.backlog)
        await self._watch.open()
        self._is_open = True

    async def close(self) -> None:
        """End in good order: what was taken is stored first."""
        self._is_open = False
        await self._writer.close()
        await self._watch.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.open()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    # ---- Requests ----------------------------------------------------------------------------------------------

    async def _answer(self, scope: Message, receive: Receive) -> Answer | None:
        """What a request is answered; None where its sender has left."""
        self.counts.requests += 1
        path, method = scope["path"], scope["method"]
        call = routes.call_at(path)
        if call is None:
            return await self._document(scope, path, method)
        if method == "POST":
            return await self._take_in(call, _headers(scope), receive)
        return answers.PREFLIGHT if method == "OPTIONS" else answers.ONLY_POST

    async def _document(self, scope: Message, path: str, method: str) -> Answer:
        """What a browser asks for before it sends."""
        project = routes.project_at(path)
        if project is None and not routes.is_source_config(path):
            return answers.NOT_FOUND
        if method != "GET":
            return answers.PREFLIGHT if method == "OPTIONS" else answers.ONLY_GET
        if not self._is_open:
            return answers.CLOSING
        headers = _headers(scope)
        shown = [project] if project is not None else shown_by(headers)
        admitted = await self._watch.admitted([key for key in shown if is_key(key)])
        if isinstance(admitted, Answer):
            return admitted
        if not admitted.is_public:
            return answers.SERVER_KEY
        refusal = admitted.refusal(headers.get(b"origin"))
        if refusal is not None:
            return refusal
        origin = documents.origin_of(self._configuration, scope["scheme"], headers)
        if project is not None:
            return documents.settings(project, origin)
        return documents.source_config(shown[0], admitted.key.source, origin)

    async def _take_in(self, call: Call, headers: Mapping[bytes, bytes], receive: Receive) -> Answer | None:
        """A request of the intake: first what costs nothing to find out, then its body, then its facts."""
        if not self._is_open:
            return answers.CLOSING
        if self._writer.is_away:
            return answers.AWAY
        if self._watch.is_full():
            return answers.BACKLOG
        shown = shown_by(headers)
        admitted: Admitted | None = None
        if shown:
            known = await self._admitted(shown, headers)
            if isinstance(known, Answer):
                return known
            admitted = known
        with bodies.Share(self._room) as share:
            body = await bodies.read(receive, share)
            if isinstance(body, bytes) and b"content-encoding" in headers:
                body = bodies.inflate(body, headers[b"content-encoding"], share)
            if not isinstance(body, bytes):
                return body
            return await self._store(call, body, headers, shown, admitted)

    async def _admitted(self, shown: Sequence[str], headers: Mapping[bytes, bytes]) -> Admitted | Answer:
        admitted = await self._watch.admitted(shown)
        if isinstance(admitted, Answer):
            return admitted
        return admitted.refusal(headers.get(b"origin")) or admitted.too_fast() or admitted

    async def _store(
        self, call: Call, body: bytes, headers: Mapping[bytes, bytes], shown: Sequence[str], admitted: Admitted | None
    ) -> Answer:
        received_at = time.time_ns() // 1000
        found = messages.batch(body) if call is Call.BATCH else messages.single(body)
        if isinstance(found, Answer):
            return found
        if admitted is None:
            inner = found.write_key if isinstance(found, messages.Batch) else found.get("writeKey")
            shown = [inner] if isinstance(inner, str) and is_key(inner) else []
            known = await self._admitted(shown, headers)
            if isinstance(known, Answer):
                return known
            admitted = known
        sent_at = instant(headers[b"sentat"].decode("latin-1")) if b"sentat" in headers else None
        arrival = Arrival(received_at, admitted.key.source, admitted.is_public, sent_at)
        if isinstance(found, messages.Batch):
            judged = await self._judge.all(found, arrival, shown[0])
        else:
            judged = self._judge.one(call, found, body, arrival, shown[0])
        return await self._stored(call, judged, admitted)

    async def _stored(self, call: Call, judged: Judged, admitted: Admitted) -> Answer:
        """The answer, once everything is durable."""
        if not judged.facts and not judged.rejects:
            return answers.DONE
        if admitted.allowance is not None:
            admitted.allowance.spend(len(judged.facts) + len(judged.rejects))
        outcome = await self._writer.store(Lot(judged.facts, judged.rejects, judged.size))
        if outcome is Outcome.STORED:
            self.counts.facts += len(judged.facts)
            for reject in judged.rejects:
                self.counts.rejects[reject.reason] += 1
            if judged.rejects and call is not Call.BATCH:
                reason = Reject(judged.rejects[0].reason)
                return answers.refused(400, reason.value, cure(reason))
        return _OUTCOMES[outcome]


def _headers(scope: Message) -> dict[bytes, bytes]:
    """Those headers that we read; of several of one name the last."""
    return {name: value for name, value in scope["headers"] if name in _HEADERS}
