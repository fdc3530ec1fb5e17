"""`couveuse demo`: the whole product on a company's history, its visitors replayed live, leads named as they ripen."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from couveuse import configuration
from couveuse.cli import note, replaying
from couveuse.cli.calling import Callers, Spoken, label
from couveuse.cli.demo_people import Made, make_people
from couveuse.cli.inboxes import HOST, keeping
from couveuse.cli.supervising import answers, command
from couveuse.configuration import Configuration
from couveuse.core.times import DAY_US
from couveuse.documents.reading import read_model
from couveuse.documents.team import read_team
from couveuse.engine.clocks import now_us
from couveuse.engine.links import PATH, Link, Links
from couveuse.engine.publishing import publish_first
from couveuse.errors import BadInput, CouveuseError
from couveuse.serve.addresses import is_free
from couveuse.store import api_tokens, connections, handovers, leads, migrating, rosters, secrets, write_keys
from couveuse.store.api_tokens import Scope
from couveuse.store.private import attach_or_start, url
from couveuse.store.write_keys import KeyKind

PATIENCE = 60.0
LINK_DAYS = 7
MAIL_PORT = 1025
# How much of the history's end is played live, and where nobody says otherwise in how many seconds.
LIVE_US = 5 * DAY_US


@dataclass(frozen=True, slots=True)
class Demo:
    """What is shown: a history, its leads, the model that acts, and how long the replay lasts."""

    events: Path
    leads: Path | None
    model: str
    team: Path | None
    seconds: float
    language: str
    stay: bool


def show(
    events: str, known: str | None, model: str, team: str | None, seconds: float, language: str, stay: bool | None
) -> None:
    """Run the product on the history, replay its end, and stay until told to stop where that is wanted."""
    for path in filter(None, (events, known, team)):
        if not Path(path).is_file():
            raise BadInput(f"{path}: no such file; make the example's: python examples/pompes/generate.py --out demo")
    stays = sys.stdout.isatty() if stay is None else stay
    paths = [Path(each) if each else None for each in (known, team)]
    _show(Demo(Path(events), paths[0], model, paths[1], seconds, language, stays))


def _show(wanted: Demo) -> None:
    document = read_model(wanted.model)
    settings = _settings()
    # As it is now: Django, once it is set up here, has the database's address in it.
    environment = {**os.environ, "COUVEUSE_DATA": str(settings.data)}
    settings.data.mkdir(parents=True, exist_ok=True)
    _say("1", f"A private PostgreSQL in {settings.data}/, and the scoring model {document.model.name}.")
    with attach_or_start(settings) as database:
        migrating.migrate(database)
        publish_first(database, settings, wanted.model)
        if wanted.team is not None:
            _apply(database, wanted.team)
        made = _people(database, wanted.language)
    now = now_us()
    history = replaying.split(wanted.events, settings.data / "history.ndjson", now=now, last=LIVE_US)
    with _mails(settings, environment), _running(settings, environment):
        _say("2", f"Its history: {history.rows:,} events, brought in as any file is.")
        _bring_in(wanted, history.past, environment)
        _say("3", f"Its last days, live: {len(history.coming):,} events through the front door at {settings.url}.")
        Replay(wanted, settings, document.model, made).run(history.coming)
        _say("5", "Closed months go to the archive, and everything into a backup, as on any day.")
        for words in (("archive", "run"), ("backup",)):
            print(f"   {' '.join(words):<22} {_said_last(environment, *words)}", flush=True)
        if wanted.stay:
            note("Everything goes on; Ctrl-C stops it.")
            signal.pause()


def _settings() -> Configuration:
    """The settings, on the next free port where theirs is taken."""
    found = configuration.read()
    port = _free(found.host, found.port)
    os.environ["COUVEUSE_PORT"] = str(port)
    return replace(found, port=port)


def _free(host: str, first: int) -> int:
    port = next((port for port in range(first, first + 50) if is_free(host, port)), None)
    if port is None:
        raise BadInput(f"port {first} and the fifty behind it are taken: free one, or name another as COUVEUSE_PORT")
    return port


def _say(number: str, text: str) -> None:
    print(f"{number}. {text}", flush=True)


def _apply(database: str, team: Path) -> None:
    with connections.connect(database, "demo", autocommit=True) as connection:
        rosters.apply_roster(connection, read_team(str(team)), by="the demo", now=now_us())


def _people(database: str, language: str) -> list[Made]:
    with connections.connect(database, "demo", autocommit=True) as connection:
        return make_people(connection, language=language, now=now_us())


@contextmanager
def _mails(settings: Configuration, environment: dict[str, str]) -> Iterator[None]:
    """A mail server for the time of the block, which keeps what the product sends; the product is told of it."""
    folder = settings.data / "inbox"
    with keeping(folder, _free(HOST, MAIL_PORT)) as port:
        environment |= {
            "COUVEUSE_MAIL_URL": f"smtp://{HOST}:{port}",
            "COUVEUSE_MAIL_FROM": "Couveuse <couveuse@example.com>",
            "COUVEUSE_INBOX": str(folder.absolute()),
        }
        yield


@contextmanager
def _running(settings: Configuration, environment: dict[str, str]) -> Iterator[None]:
    """`couveuse up`, for the time of the block."""
    quiet = {"COUVEUSE_LOG": "warning", **environment}
    product = subprocess.Popen(command("up"), env=quiet, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(settings):
            if product.poll() is not None or time.monotonic() > deadline:
                raise CouveuseError("the product does not start: run couveuse up, and see what it says")
            time.sleep(0.1)
        yield
    finally:
        product.terminate()
        product.wait()


def _bring_in(wanted: Demo, past: Path, environment: dict[str, str]) -> None:
    words = ["import", str(past), "--basis", "legitimate-interest", "--consent-source", "the demo's history",
             "--consent-date", datetime.now(UTC).date().isoformat()]  # fmt: skip
    if wanted.leads is not None:
        words += ["--leads", str(wanted.leads)]
    done = subprocess.run(command(*words), env=environment, check=False)
    if done.returncode:
        raise CouveuseError("the history could not be brought in; it says why above")


class Replay:
    """Sends rows as they would come, and prints the leads that are handed over meanwhile."""

    def __init__(self, wanted: Demo, settings: Configuration, model: Any, people: Sequence[Made]) -> None:
        self._wanted, self._settings, self._model, self._people = wanted, settings, model, people
        self._links = Links(secrets.secret_key(settings))
        self._labels = {rule.id: rule.label for rule in model.rules} | {band.id: band.label for band in model.bands}
        self._first: str | None = None
        self._told: set[int] = set()

    def run(self, rows: Sequence[Any]) -> None:
        """Replay them all, then say where to look."""
        with connections.connect(url(self._settings), "demo", autocommit=True) as connection:
            key = write_keys.create_key(connection, kind=KeyKind.SERVER, source="demo", origins=[], rate=None)
            last = handovers.newest(connection)
            sending = threading.Thread(target=self._send, args=(key, rows), daemon=True)
            sending.start()
            callers = Callers(connection, self._wanted.language)
            while True:
                is_over = not sending.is_alive()
                for made in handovers.made_since(connection, last):
                    last = made.id
                    self._tell(connection, made)
                self._listen(connection, callers.turn())
                if is_over and self._is_folded(connection):
                    break
                time.sleep(0.2)
            self._where_to_look(connection)

    def _send(self, key: str, rows: Sequence[Any]) -> None:
        sender = replaying.Sender(self._settings.url, key)
        run = f"{time.time_ns():x}"
        number = 0
        for handful in replaying.paced(rows, self._wanted.seconds):
            messages = []
            for row in handful:
                number += 1
                messages.append(replaying.message(row, f"{run}-{number}"))
            sender.send(messages)

    def _is_folded(self, connection: psycopg.Connection[Any]) -> bool:
        from couveuse.store import inbox

        return inbox.backlog(connection)[0] == 0

    def _tell(self, connection: psycopg.Connection[Any], made: handovers.Made) -> None:
        name, company = _who(connection, made.lead_id)
        name = name or made.key
        label = self._labels.get(made.cause)
        cause = label.text(self._wanted.language, made.cause) if label else made.cause
        words = f"{made.score:.1f} points, to {made.team} ({made.treatment}), for “{cause}”"
        print(f"   {_clock(made.made_at)}  {name}{company}: {words}")
        if made.lead_id not in self._told:
            link = self._link(made.lead_id)
            self._first = self._first or link
            print(f"             {link}")
        self._told.add(made.lead_id)
        sys.stdout.flush()

    def _listen(self, connection: psycopg.Connection[Any], spoken: Spoken | None) -> None:
        """Print what somebody of the team says of a task."""
        if spoken is None:
            return
        name, _ = _who(connection, spoken.task.lead_id)
        opened = f", which opens a task of {spoken.opened.team}" if spoken.opened is not None else ""
        print(f"   {_clock(now_us())}  {spoken.task.team} called {name or 'a lead'}: "
              f"“{label(spoken.told, self._wanted.language)}”{opened}", flush=True)  # fmt: skip

    def _link(self, lead_id: int) -> str:
        expires = now_us() + LINK_DAYS * DAY_US
        return self._settings.url + PATH + self._links.sign(Link(lead_id, expires, self._wanted.language))

    def _where_to_look(self, connection: psycopg.Connection[Any]) -> None:
        token = api_tokens.create_token(connection, name="demo", scopes=list(Scope), expires_at=None)
        address = self._settings.url
        _say("4", "Where to look:")
        print(f"   the application        {address}")
        for each in self._people:
            print(f"     {each.email:<27} {each.password}   {each.role}")
        if self._first:
            print(f"   a lead, line by line   {self._first}")
        print(f"   what the team gets     {address}/inbox?lang={self._wanted.language}")
        print(f"   the best leads         curl -H 'Authorization: Bearer {token}' '{address}/api/v1/leads?limit=5'")
        print(f"   is all well            {address}/readyz   {address}/metrics")
        print(f"   send events of yours   COUVEUSE_DATA={self._settings.data} couveuse key create --source mine")
        sys.stdout.flush()


def _who(connection: psycopg.Connection[Any], lead_id: int) -> tuple[str, str]:
    """A lead's name, and its company as it stands behind it; both may be empty."""
    known = leads.load_known(connection, [lead_id])[lead_id].traits
    name = " ".join(str(known[part]) for part in ("first_name", "last_name") if known.get(part))
    return name, f", {known['company']}" if isinstance(known.get("company"), str) else ""


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).astimezone().strftime("%H:%M:%S")


def _said_last(environment: dict[str, str], *words: str) -> str:
    """A command run to its end, and the last thing that it printed."""
    done = subprocess.run(command(*words), env=environment, check=False, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or [""]
    return lines[-1]
