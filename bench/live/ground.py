"""A private PostgreSQL of the bench's own, with a database for each measurement, and our own commands beside it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.data import MODEL
from bench.live.processes import cpu_seconds
from couveuse.cli.supervising import command
from couveuse.configuration import read
from couveuse.documents.reading import read_model
from couveuse.engine.publishing import publish
from couveuse.store import connections, migrating
from couveuse.store.private import PrivateServer

PATIENCE = 60.0


class Ground:
    """A running server and its folder."""

    def __init__(self, folder: Path, server: PrivateServer) -> None:
        self.folder, self._server = folder, server

    def url(self, name: str) -> str:
        """The URL of a database."""
        return urlunsplit(urlsplit(self._server.url)._replace(path=f"/{name}"))

    def has(self, name: str) -> bool:
        """Whether there is a database of that name."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            return connection.execute("select from pg_database where datname = %s", [name]).fetchone() is not None

    def make(self, name: str) -> str:
        """A new database, migrated, with the bench's model acting; returns its URL."""
        self.drop(name)
        self.administer(f"create database {name}")
        url = self.url(name)
        migrating.migrate(url)
        with connections.connect(url, "bench", autocommit=True) as connection:
            publish(connection, read_model(str(MODEL)), read({}), standing="acting", by="the bench")
        return url

    def drop(self, name: str) -> None:
        """Forget a database."""
        self.administer(f"drop database if exists {name} with (force)")

    def administer(self, statement: str) -> None:
        """Run one statement that allows no transaction around it."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(statement)

    def ask(self, name: str, question: str) -> int:
        """The one number that a database answers."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            row = connection.execute(question).fetchone()
        assert row is not None  # the question is an aggregate
        return int(row[0])

    def cpu_seconds(self) -> float:
        """Processor time of PostgreSQL, all its processes together."""
        assert self._server.pid is not None
        return cpu_seconds(self._server.pid)

    def written(self) -> tuple[int, int]:
        """How many bytes of its log the server has ever written, and how many checkpoints it has made."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            row = connection.execute(
                "select pg_current_wal_lsn() - '0/0'::pg_lsn, num_timed + num_requested from pg_stat_checkpointer"
            ).fetchone()
        assert row is not None  # one row always
        return int(row[0]), int(row[1])

    @contextmanager
    def running(self, *words: str, url: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of our own commands, for the time of the block."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COUVEUSE_")}
        environment |= {"COUVEUSE_DATABASE_URL": url, "COUVEUSE_DATA": str(self.folder), "COUVEUSE_LOG": "warning"}
        environment |= {f"COUVEUSE_{name.upper()}": value for name, value in settings.items()}
        process = subprocess.Popen(command(*words), env=environment, start_new_session=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def ground(data: Path, *, keep: bool = False) -> Iterator[Ground]:
    """A server in the bench's folder; its databases are kept for another run only where that is asked."""
    folder = data / "live"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with PrivateServer(folder) as server:
            yield Ground(folder, server)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def until(condition, patience: float = PATIENCE) -> None:  # type: ignore[no-untyped-def]
    """Wait for a condition; raises TimeoutError."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience:g} s: {condition}")
        time.sleep(0.02)
