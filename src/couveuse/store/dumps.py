"""PostgreSQL's own programs that save and restore a database: pg_dump, pg_restore, psql. They end with us.

No password stands on a command line or in their environment: libpq reads it from a file that only we may read.
"""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from psycopg.pq import Conninfo, ConninfoOption

from couveuse.errors import CouveuseError
from couveuse.store import binaries, tethers
from couveuse.store.binaries import Binaries

# gzip's level: what our rows hold is mostly compressed already, and is written as hexadecimal digits.
LEVEL: Final = "3"
CHUNK: Final = 1 << 20
# What newer programs say first and older servers do not know.
_UNKNOWN_BEFORE: Final = {17: re.compile(rb"^SET transaction_timeout = 0;$", re.MULTILINE)}
_SCHEMA: Final = re.compile(r"\d+; \d+ \d+ (?:COMMENT - |ACL - )?SCHEMA ")
# The head of what pg_restore writes stands within so many bytes.
_HEAD: Final = 8192
CURES: Final = {
    "No space left on device": "free disk space, then try again",
    "Disk quota exceeded": "free disk space, then try again",
    "Permission denied": "correct the folder's rights",
    "permission denied": "let the database's user own all tables, as couveuse migrate made them",
    "server version mismatch": "install the client programs of that PostgreSQL",
    "lock timeout": "stop whatever uses the database, then try again",
    "could not connect": "start PostgreSQL, or correct COUVEUSE_DATABASE_URL",
    "connection to server": "start PostgreSQL, or correct COUVEUSE_DATABASE_URL",
}


class NotDumped(CouveuseError):
    """The database could not be saved."""


class NotRestored(CouveuseError):
    """The database could not be restored; what stood in it before stands there still."""


@dataclass(frozen=True, slots=True)
class Access:
    """The programs, and the environment in which they find the database."""

    programs: Binaries
    environment: Mapping[str, str]
    server_major: int

    def command(self, program: str, *words: str) -> list[str]:
        """One of the programs, tied to this process."""
        return tethers.command(signal.SIGTERM, [self.programs.program(program), *words])


@contextmanager
def access(url: str, connection: psycopg.Connection[Any]) -> Iterator[Access]:
    """The programs that fit the server of an open connection; raises NoBinaries.

    Where the connection is one by TLS, theirs has to be, too.
    """
    major = connection.info.server_version // 10_000
    programs = binaries.find_clients(major, by_tls=bool(connection.pgconn.ssl_in_use))
    options = [option for option in Conninfo.parse(url.encode()) if option.val is not None]
    password = next((option.val for option in options if option.keyword == b"password"), None)
    with ExitStack() as stack:
        environment = _environment(options)
        if password:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="couveuse-"))
            environment["PGPASSFILE"] = str(_keep(password, Path(folder) / "pass"))
        yield Access(programs, environment, major)


def _keep(password: bytes, path: Path) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(b"*:*:*:*:" + password.replace(b"\\", b"\\\\").replace(b":", b"\\:") + b"\n")
    return path


def _environment(options: Iterable[ConninfoOption]) -> dict[str, str]:
    """What libpq reads, but for the password."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("COUVEUSE_")}
    found |= {"LC_ALL": "C", "PGCLIENTENCODING": "UTF8", "PGAPPNAME": "couveuse dump"}
    for option in options:
        if option.val is not None and option.envvar is not None and option.keyword != b"password":
            found[option.envvar.decode()] = option.val.decode()
    return found


def dump(access: Access, path: Path, *, schema: str, snapshot: str) -> None:
    """Write what a snapshot sees of a schema into a file of pg_dump's own form; raises NotDumped."""
    words = ("--format=custom", f"--compress={LEVEL}", f'--schema="{schema}"', f"--snapshot={snapshot}", "--no-owner",
             "--no-privileges", "--no-publications", "--no-subscriptions", "--no-tablespaces", "--no-password",
             f"--file={path}")  # fmt: skip
    _run(access, "pg_dump", words, NotDumped("the database could not be saved"))


def read_whole(access: Access, path: Path) -> set[str]:
    """Read a dump to its end, as restoring would; returns the tables whose rows it holds. Raises NotDumped."""
    wrong = NotDumped(f"{path} cannot be read again")
    _run(access, "pg_restore", (f"--file={os.devnull}", str(path)), wrong)
    listed = _run(access, "pg_restore", ("--list", str(path)), wrong)
    return set(re.findall(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+)", listed, re.MULTILINE))


def restore(access: Access, path: Path, *, before: str, after: str) -> None:
    """Carry out a dump between two scripts, all in one transaction: it is there whole, or nothing has changed.

    Raises NotRestored.
    """
    listed = _run(access, "pg_restore", ("--list", str(path)), NotRestored(f"{path} cannot be read"))
    with (
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as said_of_source,
        tempfile.NamedTemporaryFile("w", encoding="utf-8") as parts,
    ):
        # The schema itself is there, and may be somebody else's.
        parts.writelines(line + "\n" for line in listed.splitlines() if not _SCHEMA.match(line))
        parts.flush()
        words = ("--file=-", "--no-owner", "--no-privileges", f"--use-list={parts.name}", str(path))
        source = subprocess.Popen(
            access.command("pg_restore", *words),
            env=access.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said_of_source,
        )  # fmt: skip
        target = subprocess.Popen(
            access.command("psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"),
            env=access.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
        try:
            with suppress(BrokenPipeError):  # psql has said why
                _pump(access, source, target, before, after)
            code = target.wait()
        finally:
            for process in (source, target):
                process.kill()
                process.wait()
            assert source.stdout is not None  # a pipe
            source.stdout.close()
        if source.returncode and source.returncode > 0:
            raise _told(NotRestored(f"{path} cannot be read"), _read(said_of_source))
        if code:
            raise _told(NotRestored("the database could not be restored, and stands as before"), _read(said))


def _pump(
    access: Access, source: subprocess.Popen[bytes], target: subprocess.Popen[bytes], before: str, after: str
) -> None:
    """Feed psql; the end comes only once the dump was read to its end, without which nothing is committed."""
    assert source.stdout is not None
    assert target.stdin is not None
    into = target.stdin
    try:
        into.write(f"begin;\n{before}\n".encode())
        head = source.stdout.read(_HEAD)
        for major, words in _UNKNOWN_BEFORE.items():
            if access.server_major < major:
                head = words.sub(b"", head)
        into.write(head)
        while chunk := source.stdout.read(CHUNK):
            into.write(chunk)
        if source.wait() == 0:
            into.write(f"\n{after}\ncommit;\n".encode())
        else:
            target.kill()
    finally:
        with suppress(BrokenPipeError):
            into.close()


def _run(access: Access, program: str, words: Sequence[str], wrong: CouveuseError) -> str:
    process = subprocess.Popen(
        access.command(program, *words), env=access.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        out, said = process.communicate()
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise _told(wrong, said.decode(errors="replace"))
    return out.decode(errors="replace")


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(1 << 16).decode(errors="replace")


def _told(wrong: CouveuseError, said: str) -> CouveuseError:
    """The error with what the program said of it, in one line, and the cure."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    line = next((line for line in lines if "rror:" in line.lower() or "FATAL" in line), lines[0] if lines else "killed")
    why = re.sub(r"^.*?(?:error|ERROR|FATAL):\s*", "", line)
    cure = next((cure for word, cure in CURES.items() if word in said), "look at the server's log")
    return type(wrong)(f"{wrong} ({why}): {cure}")
