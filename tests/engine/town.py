"""Facts as the front door leaves them, and an engine that takes them, for tests of the engine."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self
from uuid import uuid4

from psycopg import Connection

from couveuse.configuration import Configuration, read
from couveuse.core.events import Fact
from couveuse.core.text import email as email_of
from couveuse.documents.reading import parse_model
from couveuse.engine import publishing
from couveuse.engine.running import Tally, Worker
from couveuse.store import connections
from couveuse.store.packets import Accepted, Flag, digest_of, lane_of, pack
from couveuse.store.payloads import Compressor

DAY = 86_400_000_000
NOW = 1_780_000_000_000_000  # 28 May 2026
_numbers = itertools.count(1)
_payloads = Compressor()

MODEL = """
couveuse: 1
name: town
timezone: Europe/Paris
half_life: 30d
rules:
  - {id: visit, event: Page Viewed, points: 1, stage: discovery}
  - {id: download, event: Document Downloaded, points: 5, stage: evaluation,
     route: {team: telemarketing, treatment: detect-project}}
  - {id: quote, event: Quote Requested, points: 20, stage: decision, route: {team: sales, treatment: make-appointment}}
fit:
  - {id: boss, where: {traits.job_title: CEO}, points: 10}
bands:
  - {id: low, up_to: 10, rate: 0.05, temperature: cold}
  - {id: mid, up_to: 20, rate: 0.25, temperature: warm}
  - {id: high, rate: 0.50, temperature: hot, route: {team: sales, treatment: make-appointment}}
"""


def configuration(**settings: str) -> Configuration:
    """A configuration of these settings alone."""
    return read({f"COUVEUSE_{name.upper()}": value for name, value in settings.items()})


def accepted(
    event: str,
    at: int = NOW,
    *,
    email: str | None = None,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    message_id: str | None = None,
    source: str = "web",
    flags: int = Flag.NONE,
    received_at: int | None = None,
    traits: Mapping[str, object] | None = None,
    **properties: object,
) -> Accepted:
    """A fact as it waits for the engine."""
    message_id = message_id or f"m{next(_numbers)}"
    fact = Fact(at, event, message_id, source, properties, {}, traits or {})
    email = email_of(email) if email else None
    payload = _payloads.pack_fact(fact, user_id if email else None, anonymous_id if email or user_id else None)
    digest = digest_of(source, message_id)
    return Accepted(at, received_at or at, event, source, digest, email, user_id, anonymous_id, flags, payload)


def accept(connection: Connection[Any], *facts: Accepted) -> None:
    """Leave facts where the front door leaves them: a packet for each lane, in order."""
    lanes: dict[int, list[Accepted]] = {}
    for fact in facts:
        lanes.setdefault(lane_of(fact.email, fact.user_id, fact.anonymous_id), []).append(fact)
    for lane, packet in lanes.items():
        connection.execute(
            "insert into inbox (lane, events, received_at, packet) values (%s, %s, %s, %s)",
            [lane, len(packet), packet[0].received_at, pack(packet)],
        )


def publish(connection: Connection[Any], text: str = MODEL, **settings: str) -> int:
    """A model that acts; the one before is done with."""
    connection.execute("update models set standing = 'retired' where standing = 'acting'")
    document = parse_model(text, "town")
    return publishing.publish(connection, document, configuration(**settings), standing="acting", by="a test")


class Town:
    """A database with a model, and one worker with a clock that is told."""

    def __init__(self, url: str, model: str = MODEL) -> None:
        self.url = url
        self.now = NOW
        self.tally = Tally()
        self.connection = connections.connect(url, "test", autocommit=True)
        try:
            self.model_id = publish(self.connection, model)
        except BaseException:
            self.connection.close()
            raise
        self.worker = Worker(url, batch=1000, tally=self.tally, clock=lambda: self.now)

    @classmethod
    def again(cls, url: str, model_id: int) -> Self:
        """The same database, from another thread."""
        town = cls.__new__(cls)
        town.url, town.now, town.tally, town.model_id = url, NOW, Tally(), model_id
        town.connection = connections.connect(url, "test", autocommit=True)
        town.worker = Worker(url, batch=1000, tally=town.tally, clock=lambda: town.now)
        return town

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def take(self, *facts: Accepted) -> None:
        """Accept facts and fold them."""
        accept(self.connection, *facts)
        self.work()

    def work(self) -> None:
        """Fold all that waits."""
        while self.worker.work(self.connection):
            pass

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.connection.execute(query, values or None).fetchall()

    def lead(self, key: str) -> int | None:
        """The lead to which a key points."""
        found = self.rows("select lead_id from identities where key = %s", key)
        return found[0][0] if found else None

    def score(self, key: str) -> float | None:
        """The stored score of the lead to which a key points, to six decimals."""
        found = self.rows(
            "select s.score from identities i join lead_states s using (lead_id) where i.key = %s and model_id = %s",
            key, self.model_id,
        )  # fmt: skip
        return round(found[0][0], 6) if found else None

    def handovers(self, key: str) -> Sequence[tuple[Any, ...]]:
        """The hand-overs of a lead: (team, kind, cause, withdrawn), the oldest first."""
        return self.rows(
            "select team, kind, cause, withdrawn_at is not null from handovers where lead_id = %s order by id",
            self.lead(key),
        )


def a_message_id() -> str:
    """A message id that nobody has."""
    return str(uuid4())
