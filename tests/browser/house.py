"""The whole product as somebody would start it (`couveuse up`), with a mail server beside it, for a browser."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.channels.servers import Mailbox, mail_server
from tests.faults.product import COUVEUSE, Part
from tests.processes import ENVIRONMENT, free_port, until

ROOT = Path(__file__).parents[2]
POMPES = ROOT / "examples" / "pompes"
PASSWORD = "correct horse battery"
ROLES = ("owner", "marketing", "telemarketing", "sales", "reader")
# Who somebody is in the team's document of the example.
MEMBERS = {"telemarketing": "alice", "sales": "frank"}


class House:
    """A running product in a folder of its own."""

    def __init__(self, folder: Path, mails: Mailbox) -> None:
        self.folder, self.mails = folder, mails
        self.port = free_port()
        bare = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("COUVEUSE_")}
        self.environment = bare | {
            "COUVEUSE_DATA": str(folder / "data"),
            "COUVEUSE_PORT": str(self.port),
            "COUVEUSE_MAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "COUVEUSE_MAIL_FROM": "Couveuse <couveuse@example.com>",
            "COUVEUSE_LOG_FORMAT": "json",
        }
        self.up = Part((*COUVEUSE, "up"), self.environment, folder / "up.log")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def answers(self) -> bool:
        """Whether it is ready."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def run(self, *words: str, given: str = "") -> str:
        """What a command of ours says; it has to succeed."""
        done = subprocess.run(
            [sys.executable, *COUVEUSE, *words], env=self.environment, cwd=self.folder, input=given,
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def person(self, role: str, *, member: str | None = None, language: str = "en") -> str:
        """Somebody new with that role; their e-mail."""
        email = f"{role}@example.com"
        words = ["user", "create", "--email", email, "--name", role.capitalize(), "--role", role, "--lang", language]
        self.run(*words, *(("--member", member) if member else ()), "--password-stdin", given=f"{PASSWORD}\n")
        return email

    def furnish(self, leads: int) -> None:
        """The example company's history, its scoring model, its team, and one person for each role."""
        made = self.folder / "made"
        subprocess.run(
            [sys.executable, str(POMPES / "generate.py"), "--out", str(made), "--leads", str(leads)],
            env=ENVIRONMENT, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        self.run("rescore", str(POMPES / "bareme.yaml"), "--yes")
        self.run("team", "apply", str(POMPES / "equipe.yaml"))
        self.run(
            "import", str(made / "events.ndjson"), "--leads", str(made / "leads.csv"), "--basis", "legitimate-interest",
            "--consent-source", "trade fair", "--consent-date", "2026-01-15", "--hand-over", "10",
        )  # fmt: skip
        for role in ROLES:
            self.person(role, member=MEMBERS.get(role))


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """A product that runs for the time of the block."""
    with mail_server() as mails:
        made = House(folder, mails)
        made.up.start()
        try:
            until(lambda: made.answers() or made.up.pid is None)
            assert made.up.pid is not None, made.up.said
            yield made
        finally:
            if made.up.pid is not None:
                made.up.stop()
