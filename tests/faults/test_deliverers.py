"""kill -9 of deliverers, and of PostgreSQL under them: all arrives, nothing twice but marked, little is parked."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from random import Random
from typing import Any, Self

import psycopg
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from couveuse.engine.ways import THREADS
from couveuse.store import endpoints, intents, migrating
from couveuse.store.connections import NoDatabase
from couveuse.store.intents import NewIntent
from couveuse.store.sealed import Box
from tests.channels.servers import DROP, Hooks, Mailbox, hang, http_server, mail_server
from tests.conftest import profile
from tests.engine.post_office import SECRET_KEY
from tests.faults.product import COUVEUSE, Part, Product
from tests.processes import free_port, until

DELIVER = (*COUVEUSE, "deliver")
ROUNDS = 500 if profile() == "faults" else 10
DELIVERERS = 3
SETTLED = ("done", "parked")
_numbers = itertools.count(1)


class SlowMailbox(Mailbox):
    """Takes its time before and after it takes a mail, so that whoever is killed is killed on the way."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self._rng = rng
        self.arrivals: Counter[tuple[str, bool]] = Counter()  # by number and whether it was marked

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - their name
        await asyncio.sleep(self._rng.random() * 0.03)
        answer = await super().handle_DATA(server, session, envelope)
        mail = self.mails[-1]
        self.arrivals[str(mail["Message-ID"]), "[Perhaps already received]" in str(mail["Subject"])] += 1
        self.raw.clear()
        await asyncio.sleep(self._rng.random() * 0.03)
        return answer


class Posted(Product):
    """A database and deliverers, without front doors and engines; and where all goes that goes out."""

    def __init__(self, folder: Any, box: Mailbox, hooks: Hooks) -> None:
        super().__init__(folder, engines=0)
        self.box, self.hooks = box, hooks
        self.secret = ""

    def __enter__(self) -> Self:
        try:
            self.server.start()
            migrating.migrate(self.url)
            with self.connection() as connection:
                self.secret = endpoints.add_endpoint(
                    connection, Box(SECRET_KEY), "crm", f"{self.hooks.url}/hook", [], by="a test", now=1
                ) or ""  # fmt: skip
        except BaseException:
            self.__exit__()
            raise
        return self

    def deliverer(self, name: str) -> Part:
        return self.part(
            name, *DELIVER, secret_key=SECRET_KEY, private_hosts="127.0.0.1", mail_from="couveuse@example.com",
            mail_url=f"smtp://127.0.0.1:{self.box.port}",
        )  # fmt: skip

    def plan(self, *channels: str, target: dict[str, str] | None = None) -> list[int]:
        """A trial message by each channel; their numbers."""
        places = {"email": {"address": "paul@example.com"}, "webhook": {"endpoint": "crm"}}
        now = time.time_ns() // 1000
        planned = [
            NewIntent(
                f"trial:{next(_numbers)}", channel, "team" if channel == "email" else "outside", "trial",
                target or places[channel], {}, None, now,
            )
            for channel in channels
        ]  # fmt: skip
        numbers: list[int | None] = []

        def is_planned() -> bool:
            with suppress(NoDatabase, psycopg.Error), self.connection() as connection:
                numbers[:] = intents.plan_intents(connection, planned, now)
                return True
            return False  # PostgreSQL is just being killed; a key that was planned after all is planned once

        until(is_planned)
        return [number for number in numbers if number is not None]

    def standing(self, id: int) -> str:
        return str(self.rows("select standing from intents where id = %s", id)[0][0])

    def standings(self, channel: str) -> dict[str, str]:
        return dict(self.rows("select key, standing from intents where channel = %s", channel))

    def lively(self) -> list[Part]:
        """The deliverers that have given a sign of life since they were started."""
        with suppress(NoDatabase, psycopg.Error):
            pids = {pid for (pid,) in self.rows("select pid from processes where kind = 'deliverer'")}
            return [part for part in self.parts.values() if part.pid in pids]
        return []

    def left(self) -> int:
        return int(self.rows("select count(*) from intents where standing in ('waiting', 'flying')")[0][0])

    def hurry(self) -> bool:
        """Whether all is settled; pauses are cut short."""
        with suppress(NoDatabase, psycopg.Error), self.connection() as connection:
            connection.execute("update intents set due_at = 1 where standing = 'waiting' and due_at > %s",
                               [time.time_ns() // 1000])  # fmt: skip
            connection.execute("delete from quiet_targets")
            connection.execute("notify couveuse_intents")
            return not self.left()
        return False


@pytest.fixture
def posted(tmp_path) -> Iterator[Posted]:
    with ExitStack() as ending:
        box = ending.enter_context(mail_server(SlowMailbox(Random(7))))
        hooks = ending.enter_context(http_server())
        yield ending.enter_context(Posted(tmp_path, box, hooks))


def kill_a_deliverer(posted: Posted, rng: Random) -> int:
    until(posted.lively)  # who is killed while it starts has nothing under way
    part = rng.choice(posted.lively())
    part.kill()
    part.start()
    return 1


def kill_postgres(posted: Posted, rng: Random) -> int:
    """All deliverers lose their numbers; what they had begun they settle when it is back, if nobody was quicker."""
    until(lambda: len(posted.lively()) == DELIVERERS)
    posted.kill_postgres(rng)
    return DELIVERERS


@pytest.mark.parametrize(("kill", "rounds"), [(kill_a_deliverer, ROUNDS), (kill_postgres, ROUNDS // 5)])
def test_all_arrives_and_nothing_twice_unmarked_whoever_is_killed(posted, kill, rounds):
    rng = Random(kill.__name__)
    parts = [posted.deliverer(f"deliverer {number}") for number in range(DELIVERERS)]
    for part in parts:
        part.start()
    until(lambda: len(posted.lively()) == DELIVERERS)
    killed = 0
    for _ in range(rounds):
        posted.plan(*rng.choices(("email", "webhook"), (3, 1), k=rng.randint(5, 25)))
        threading.Event().wait(rng.random() * 0.1)
        killed += kill(posted, rng)
    until(posted.hurry, 60 + rounds / 5)
    mails, hooks = posted.standings("email"), posted.standings("webhook")
    assert set(mails.values()) <= set(SETTLED)
    assert set(hooks.values()) == {"done"}
    check_mails(posted, mails, killed)
    ids = Counter(headers["webhook-id"] for _, headers, _ in posted.hooks.got)
    assert len(ids) == len(hooks)
    assert sum(ids.values()) - len(ids) <= killed * THREADS["webhook"]
    _, headers, body = posted.hooks.got[-1]
    assert Verifier(posted.secret).verify(body, headers)["type"] == "trial"


def check_mails(posted: Posted, mails: dict[str, str], killed: int) -> None:
    """Each mail arrived, once unmarked at most; no more were marked or parked than were under way."""
    from couveuse.channels.email.sending import message_id

    arrivals = posted.box.arrivals
    url = f"http://127.0.0.1:{posted.port}"
    numbers = {key: message_id(url, "couveuse@example.com", key) for key in mails}
    counted = {key: (arrivals[number, False], arrivals[number, True]) for key, number in numbers.items()}
    assert [key for key, (unmarked, _) in counted.items() if unmarked > 1] == []
    assert [key for key, standing in mails.items() if standing == "done" and not any(counted[key])] == []
    under_way = killed * THREADS["email"]
    marked, parked = sum(marked for _, marked in counted.values()), list(mails.values()).count("parked")
    print(f"{len(mails)} mails, {killed} killed, {marked} marked, {parked} parked")
    assert marked + parked <= 2 * under_way
    assert parked <= under_way
    assert {number for number, _ in arrivals} <= set(numbers.values())


def test_mail_servers_and_endpoints_that_are_not_well(tmp_path):
    """Down, then 4xx, 5xx, a dropped line; an endpoint that leads inside, one that hangs, one that is gone."""
    with ExitStack() as ending:
        hooks = ending.enter_context(http_server())
        inside = ending.enter_context(http_server())
        box = Mailbox()
        box.port = free_port()
        posted = ending.enter_context(Posted(tmp_path, box, hooks))
        with posted.connection() as connection:
            for id in ("leads-inside", "hangs", "gone"):
                endpoints.add_endpoint(connection, Box(SECRET_KEY), id, f"{hooks.url}/{id}", [], by="a test", now=1)

        def answer(handler: Any) -> None:
            answers = {
                "/leads-inside": (307, f"http://127.0.0.1:{inside.port}/"),
                "/gone": (410, ""),
                "/hook": (204, ""),
            }
            if handler.path == "/hangs":
                hang(hooks)(handler)
                return
            status, location = answers[handler.path]
            handler.send_response(status)
            handler.send_header("Location", location)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        hooks.script = [answer] * 1_000
        deliverer = posted.deliverer("deliverer")
        deliverer.start()
        (mail,) = posted.plan("email")
        until(lambda: posted.rows("select attempts from intents where id = %s", mail)[0][0] == 1)
        until(lambda: posted.standing(mail) == "waiting")  # nobody listens
        ending.enter_context(mail_server(box, box.port))
        for id in ("hangs", "leads-inside", "gone"):
            posted.plan("webhook", target={"endpoint": id})
        (hook,) = posted.plan("webhook")
        until(lambda: posted.standing(mail) == "done" and posted.standing(hook) == "done")
        until(lambda: posted.rows("select count(*) from intents where standing = 'dead'")[0][0] == 2)
        assert inside.got == []
        assert posted.rows("select id, disabled_because from endpoints where disabled_at is not null") == [
            ("gone", "the endpoint answers 410")
        ]
        assert posted.rows("select standing from intents where target ->> 'endpoint' = 'hangs'") == [("flying",)]

        box.script = ["451 later", "550 no"]
        (refused,) = posted.plan("email")
        until(lambda: posted.rows("select answer from intents where id = %s", refused)[0][0] != "")
        until(lambda: posted.hurry() or posted.standing(refused) == "dead")
        box.script = [DROP]
        (dropped,) = posted.plan("email")
        until(lambda: posted.hurry() or posted.standing(dropped) == "done")
        unmarked, marked = box.mails[-2:]
        assert unmarked["Message-ID"] == marked["Message-ID"]
        assert ["Perhaps" in mail["Subject"] for mail in (unmarked, marked)] == [False, True]
        hooks.released.set()
        assert deliverer.stop() == 0
