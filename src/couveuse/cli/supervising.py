"""`couveuse up`: PostgreSQL, front door and pages, engines, deliverers. Whoever dies is started again; all end with us.

Light on purpose: it only starts, waits and stops. Its children are tied to it (`couveuse.store.tethers`), so that none
is left even where it is killed itself.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

import structlog
import typer

from couveuse import configuration, logs
from couveuse.cli import note
from couveuse.configuration import Configuration
from couveuse.engine.trials import Trials
from couveuse.errors import CouveuseError
from couveuse.serve.addresses import require_free
from couveuse.store import tethers
from couveuse.store.private import PrivateServer

_log = structlog.get_logger("couveuse.up")

TICK: Final = 0.25
TIDY_SECONDS: Final = 60.0


class Stopped(BaseException):
    """We were told to stop."""


class Child:
    """One of our own commands as a process."""

    def __init__(self, name: str, words: Sequence[str], environment: Mapping[str, str], patience: float) -> None:
        self._name, self._words, self._environment, self._patience = name, words, environment, patience
        self._process: subprocess.Popen[bytes] | None = None
        self._trials = Trials()

    def start(self) -> None:
        """Start it."""
        self._trials.begin()
        self._process = subprocess.Popen(command(*self._words), env=self._environment, start_new_session=True)
        _log.info("started", child=self._name, pid=self._process.pid)

    def look_after(self) -> None:
        """Start it again if it has died, after a pause."""
        if self._process is not None and (code := self._process.poll()) is not None:
            _log.error("child has died", child=self._name, code=code, again_in=self._trials.fail())
            self._process = None
        if self._process is None and self._trials.is_due:
            self.start()

    def stop(self) -> None:
        """Stop it in good order; kill it where it does not heed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            _log.error("child does not stop and is killed", child=self._name)
            self._process.kill()
            self._process.wait()
        self._process = None


def command(*words: str) -> list[str]:
    """The command that runs one of ours, tied to this process."""
    return tethers.command(signal.SIGTERM, [sys.executable, "-m", "couveuse.cli", *words])


class Supervisor:
    """All of them, in the order in which they start."""

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self._server = PrivateServer(settings.data, _say) if settings.is_private else None
        self._server_trials = Trials()
        self._environment = dict(os.environ)
        if self._server is not None:
            # The children neither start nor lock a server of their own.
            self._environment["COUVEUSE_DATABASE_URL"] = self._server.url
            self._environment.pop("COUVEUSE_DATABASE_URL_FILE", None)
        self._children = [Child("web", ["web"], self._environment, 20.0)]
        for number in range(1, settings.engine_workers + 1):
            self._children.append(Child(f"engine {number}", ["engine"], self._environment, 30.0))
        for number in range(1, settings.deliverers + 1):
            self._children.append(Child(f"deliverer {number}", ["deliver"], self._environment, 90.0))
        self._is_announced = False
        self._tidy_at = 0.0

    def run(self) -> None:
        """Start everything and look after it, until an error or a signal ends it; then stop in reverse order."""
        try:
            self._begin()
            while True:
                self._look_after()
                time.sleep(TICK)
        finally:
            self._end()

    def _begin(self) -> None:
        if self._server is not None:
            self._server_trials.begin()
            self._server.start()
            _log.info("started", child="postgresql", pid=self._server.pid)
        migrated = subprocess.run(command("migrate", "--publish-first"), env=self._environment, check=False)
        if migrated.returncode:
            raise typer.Exit(migrated.returncode)  # it has said why
        for child in self._children:
            child.start()

    def _look_after(self) -> None:
        self._look_after_server()
        for child in self._children:
            child.look_after()
        if not self._is_announced and answers(self._settings):
            self._is_announced = True
            _announce(self._settings)
            self._welcome()

    def _welcome(self) -> None:
        """Print where the first visitor makes the owner's account, while there is none.

        A process of its own finds it out, so that this one loads nothing that it needs no more.
        """
        asked = subprocess.run(command("welcome"), env=self._environment, check=False, capture_output=True, text=True)
        if asked.returncode == 0:
            link = asked.stdout.strip()
            note(f"Nobody has an account yet. Whoever opens this link makes the owner's:\n\n    {link}\n")

    def _look_after_server(self) -> None:
        if self._server is None:
            return
        if time.monotonic() >= self._tidy_at:
            self._server.tidy()
            self._tidy_at = time.monotonic() + TIDY_SECONDS
        if self._server.is_running or not self._server_trials.is_due:
            return
        try:
            _log.error("child has died", child="postgresql")
            self._server_trials.begin()
            self._server.start()
            _log.info("started", child="postgresql", pid=self._server.pid)
        except CouveuseError as error:
            _log.error("postgresql does not start", error=str(error), again_in=self._server_trials.fail())

    def _end(self) -> None:
        for child in reversed(self._children):
            child.stop()
        if self._server is not None:
            self._server.stop()
        _log.info("stopped")


def up() -> None:
    """Run everything until told to stop."""
    settings = configuration.read()
    logs.set_up("up", settings)
    require_free(settings.host, settings.port)
    with suppress(Stopped), _stopping():
        Supervisor(settings).run()


@contextmanager
def _stopping() -> Iterator[None]:
    """Within, the first signal to stop raises `Stopped`, and those that follow change nothing."""
    asked = False

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise Stopped(signal.Signals(number).name)

    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    before = {number: signal.getsignal(number) for number in numbers}
    if before[signal.SIGHUP] == signal.SIG_IGN:
        numbers.remove(signal.SIGHUP)  # as nohup wants it
    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])


def _say(text: str) -> None:
    _log.info(text)


def answers(settings: Configuration) -> bool:
    """Whether the front door answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    line = http.client.HTTPConnection(host, settings.port, timeout=1)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _announce(settings: Configuration) -> None:
    _log.info("ready", where=settings.url)
    if sys.stderr.isatty():
        note(f"\nCouveuse is at {settings.url}; Ctrl-C stops it.")
        if settings.is_private:
            note(f"Its data, and what PostgreSQL says: {settings.data}/")
        note("A key to send events with: couveuse key create. What may be wrong: couveuse doctor.\n")
