"""A queue with people of a team, endpoints and secrets, and deliverers in threads, for tests of what goes out."""

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import psycopg

from couveuse.configuration import Configuration
from couveuse.core.notices import Notice
from couveuse.engine.alerting import Gone
from couveuse.engine.clocks import now_us
from couveuse.engine.delivering import Deliverer, Tally
from couveuse.engine.delivery_process import work
from couveuse.engine.ways import Way, ways
from couveuse.store import connections, endpoints, intents, sealed, secrets
from couveuse.store.intents import Intent, NewIntent
from couveuse.store.sealed import Box
from tests.channels.making import a_notice
from tests.engine.town import configuration

SECRET_KEY = "a secret key of a test, and of nothing else"
TABLES = "intents, intent_attempts, alerts, members, endpoints, sealed_secrets, switches, quiet_targets, audit"
_numbers = itertools.count(1)


@dataclass
class Holder:
    """Holds a number, as the post of a process does."""

    number: int | None = 7


class Office:
    """The queue of one database, on a connection of the test's own."""

    def __init__(self, url: str, **settings: str) -> None:
        self.url = url
        self.settings: Configuration = configuration(
            secret_key=SECRET_KEY, private_hosts="127.0.0.1", mail_from="Couveuse <couveuse@example.com>", **settings
        )
        self.box = Box(secrets.secret_key(self.settings))
        self.connection = connections.connect(url, "test", autocommit=True)
        self.gone: dict[int, str] = {}  # alerts of which nothing is to be told any more
        self.broken: set[int] = set()
        self.tally = Tally()
        self.holder = Holder()

    def __enter__(self) -> Self:
        self.connection.execute(f"truncate {TABLES} restart identity cascade")
        self.member("paul", "Paul Martin", "paul@example.com")
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def member(self, id: str, name: str, email: str) -> None:
        self.connection.execute("insert into members (id, name, email) values (%s, %s, %s)", [id, name, email])

    def endpoint(self, id: str, url: str) -> str:
        secret = endpoints.add_endpoint(self.connection, self.box, id, url, [], by="a test", now=now_us())
        assert secret is not None
        return secret

    def secret(self, name: str, text: str) -> None:
        sealed.put_secret(self.connection, self.box, name, text, by="a test", now=now_us())

    def alert(self) -> int:
        """An alert's row, to which intents refer."""
        row = self.connection.execute(
            "insert into alerts (kind, key, lead_id, team, at) values ('handed_over', %s, 1, 'sales', 1) returning id",
            [f"handed_over:{next(_numbers)}"],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def plan(
        self,
        channel: str = "email",
        target: Mapping[str, Any] | None = None,
        *,
        audience: str = "team",
        due_at: int | None = None,
        key: str | None = None,
        about: Mapping[str, Any] | None = None,
        alert_id: int | None = None,
    ) -> int:
        """One intent more; its number."""
        alert = alert_id or self.alert()
        place = (
            target
            or {"email": {"member": "paul"}, "slack": {"secret": "sales"}, "webhook": {"endpoint": "crm"}}[channel]
        )
        kind = "lead.handed_over" if channel == "webhook" else "handed_over"
        made = NewIntent(
            key or f"alert:{alert}:{channel}:{next(iter(place.values()))}", channel, audience, kind, place,
            about or {"alert": alert}, alert, now_us() if due_at is None else due_at,
        )  # fmt: skip
        (number,) = intents.plan_intents(self.connection, [made], now_us())
        assert number is not None
        return number

    def compose(
        self, connection: psycopg.Connection[Any], intent: Intent, settings: Configuration, now: int
    ) -> Notice | Gone:
        """What each intent is to bring."""
        if intent.alert_id in self.broken:
            raise KeyError(intent.alert_id)
        if intent.alert_id in self.gone:
            return Gone(self.gone[intent.alert_id])
        return a_notice(notes=(f"intent {intent.id}",))

    def way(self, channel: str) -> Way:
        return next(made for make in ways(self.settings) if (made := make()).channel == channel)

    def deliverer(self, channel: str = "email", clock: Any = now_us) -> Deliverer:
        return Deliverer(self.url, self.way(channel), self.holder, self.compose, self.settings, self.tally, clock=clock)

    def work(self, channel: str = "email", clock: Any = now_us) -> None:
        """Deliver all that is due of a channel."""
        deliverer = self.deliverer(channel, clock)
        try:
            while deliverer.work(self.connection):
                pass
        finally:
            deliverer._way.close()

    @contextmanager
    def process(self) -> Iterator[Tally]:
        """A whole process of deliverers, in threads of this one."""
        stopping, tally = threading.Event(), Tally()
        running = threading.Thread(
            target=work, args=(self.settings, self.url, stopping, ways(self.settings)),
            kwargs={"compose": self.compose, "tally": tally},
        )  # fmt: skip
        running.start()
        try:
            yield tally
        finally:
            stopping.set()
            running.join(120)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values or None).fetchall()

    def standing(self, id: int) -> tuple[str, int, int]:
        """How an intent stands: its standing, its attempts, its unknowns."""
        return self.rows("select standing, attempts, unknowns from intents where id = %s", id)[0]

    def answer(self, id: int) -> str:
        return str(self.rows("select answer from intents where id = %s", id)[0][0])

    def make_due(self, id: int) -> None:
        """As if the pause had passed."""
        self.connection.execute("update intents set due_at = 1 where id = %s", [id])
        self.connection.execute("delete from quiet_targets")

    def outcomes(self, id: int) -> list[str]:
        return [
            row[0] for row in self.rows("select outcome from intent_attempts where intent_id = %s order by number", id)
        ]
