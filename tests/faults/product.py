"""The whole product as real processes that tests may kill: a private PostgreSQL, front doors, engines.

Everything is ended by its own pid when the product is left, however the test ended.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Self

import psycopg

from couveuse import configuration
from couveuse.documents.reading import read_model
from couveuse.engine import publishing
from couveuse.store import connections, migrating
from couveuse.store.private import PrivateServer
from couveuse.store.write_keys import KeyKind, create_key
from tests.processes import ENVIRONMENT, children, free_port, lives, until

SERVER_KEY, PUBLIC_KEY = "cvs_test-of-a-server", "cvp_test-of-a-page"
COUVEUSE = ("-m", "couveuse.cli")
FRONT_DOOR, ENGINE = (*COUVEUSE, "web", "--serve", "intake"), (*COUVEUSE, "engine")
SERVER, SITE = "server", "site"
"""The sources of the two keys."""

TABLES = (
    "inbox, seen, events, identities, standings, leads, merges, given_traits, lead_states, episodes, handovers, "
    "refolds, consents, suppressions, rejects, companies, imported, import_shares, imports, audit, tasks, "
    "task_entries, alerts, digest_items, intents, intent_attempts"
)


class Part:
    """One of our commands as a process, with what it starts itself."""

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], said: Path) -> None:
        self._words, self._environment, self._said = words, environment, said
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def start(self) -> None:
        assert self.pid is None, f"{self._words} runs already"
        with self._said.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._words], env=self._environment, cwd=self._said.parent,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def everybody(self) -> list[int]:
        """The process and its children."""
        return [] if self.pid is None else [self.pid, *children(self.pid)]

    def kill(self) -> None:
        """kill -9, children too."""
        if self._process is None:
            return
        left = self.everybody()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        until(lambda: not any(map(lives, left)))

    def stop(self, seconds: float = 60.0) -> int:
        """End it in good order; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(seconds)
        self._process = None
        return code


class Product:
    """PostgreSQL in a folder of the test's own, a front door, engines, and two write keys."""

    def __init__(self, folder: Path, *, engines: int = 1, models: tuple[str, ...] = ("bareme-complet",)) -> None:
        self.folder = folder
        self.server = PrivateServer(folder / "data")
        self.url = self.server.url
        self.port = free_port()
        self._models, self._engines = models, engines
        self.parts: dict[str, Part] = {}

    def __enter__(self) -> Self:
        try:
            self.server.start()
            migrating.migrate(self.url)
            with connections.connect(self.url, "test", autocommit=True) as connection:
                self.model_ids = publish(connection, self._models)
                create_key(connection, kind=KeyKind.SERVER, source=SERVER, key=SERVER_KEY)
                create_key(connection, kind=KeyKind.PUBLIC, source=SITE, key=PUBLIC_KEY)
            self.start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as ending:
            ending.callback(self.server.stop)
            for part in self.parts.values():
                ending.callback(part.kill)

    def forget_parts(self) -> None:
        """End front door and engines, so that others may be had."""
        for part in self.parts.values():
            part.kill()
        self.parts.clear()

    def environment(self, url: str | None = None, **settings: object) -> dict[str, str]:
        """With what a part runs; on another URL where a test stands between."""
        bare = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("COUVEUSE_")}
        given = {"database_url": url or self.url, "port": self.port, "data": self.folder, "log_format": "json"}
        return bare | {f"COUVEUSE_{name.upper()}": str(value) for name, value in {**given, **settings}.items()}

    def part(self, name: str, *words: str, url: str | None = None, **settings: object) -> Part:
        """A part by name: a Python with these words, made when it is first asked for; not started."""
        if name not in self.parts:
            self.parts[name] = Part(words, self.environment(url, **settings), self.folder / f"{name}.log")
        return self.parts[name]

    @property
    def front_door(self) -> Part:
        return self.part("web", *FRONT_DOOR)

    @property
    def engines(self) -> list[Part]:
        return [self.part(f"engine {number}", *ENGINE) for number in range(self._engines)]

    def start_all(self) -> None:
        """Start what does not run; returns when the front door answers and the engines have given a sign of life."""
        if not self.server.is_running:
            self.server.start()
        for part in {self.front_door, *self.engines, *self.parts.values()}:
            if part.pid is None:
                part.start()
        until(self.is_up)

    def is_up(self) -> bool:
        """Whether the front door answers and every engine has given a sign of life."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/healthz")
            answers = line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        engines = {part.pid for name, part in self.parts.items() if name.startswith("engine")}
        try:
            lively = {pid for (pid,) in self.rows("select pid from processes where kind = 'engine'")}
        except (psycopg.Error, connections.NoDatabase):
            return False
        return answers and engines <= lively

    def kill_postgres(self, rng: Random) -> None:
        """kill -9 of the server itself, or of one of its processes, upon which it ends all and recovers by itself."""
        pid = self.server.pid
        assert pid is not None
        others = children(pid)
        if others and rng.random() < 0.4:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(others), signal.SIGKILL)
            return
        os.kill(pid, signal.SIGKILL)
        until(lambda: not self.server.is_running)
        self.server.start()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that commits each statement; a server that has just come back may have too many at once."""
        with self._connected() as connection:
            yield connection

    def _connected(self) -> psycopg.Connection[Any]:
        deadline = time.monotonic() + 60
        while True:
            try:
                return connections.connect(self.url, "test", autocommit=True, statement_ms=0)
            except connections.NoDatabase as error:
                if "too many clients" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self.connection() as connection:
            return connection.execute(query, values or None).fetchall()

    def waiting(self) -> int:
        """How many packets wait for the engine, and how often leads are to be folded again."""
        return int(self.rows("select (select count(*) from inbox) + (select count(*) from refolds)")[0][0])

    def empty(self) -> None:
        """Forget all that came and what was made of it; the models and the keys stay."""
        self.settle()
        with self.connection() as connection:
            connection.execute(f"truncate {TABLES} restart identity cascade")

    def settle(self, seconds: float = 120.0) -> None:
        """Wait until everything that was accepted is folded; what the engines have said is told where it is not."""
        try:
            until(lambda: not self.waiting(), seconds)
        except AssertionError:
            for name, part in self.parts.items():
                print(name, part.pid, part.said[-3000:])
            raise

    def deadlocks(self) -> int:
        """How many deadlocks PostgreSQL has met since it last recovered, or engines have told of."""
        query = "select deadlocks from pg_stat_database where datname = current_database()"
        return int(self.rows(query)[0][0]) + sum(part.said.count("deadlock") for part in self.parts.values())


def publish(connection: psycopg.Connection[Any], models: tuple[str, ...]) -> list[int]:
    """The first model acts, the others only score; returns their numbers."""
    settings = configuration.read({})
    return [
        publishing.publish(
            connection, read_model(model), settings, standing="scoring" if place else "acting", by="a test"
        )
        for place, model in enumerate(models)
    ]
