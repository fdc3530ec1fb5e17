"""The folder of a private PostgreSQL: made whole or not at all, whose it is, and how it is set."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from couveuse.errors import CouveuseError
from couveuse.store import tethers
from couveuse.store.binaries import Binaries, open_to_all

NAME = "couveuse"  # of the database, and of its user
# Whom root becomes, the first that exists; PostgreSQL refuses to run as root.
UNPRIVILEGED = ("couveuse", "postgres", "nobody")
MIB = 1 << 20
# What PostgreSQL keeps in memory: a quarter of it all on a small machine, an eighth on a large one. A million leads'
# events touch 3 GB of states, keys and indexes: without room for them each event reads seven pages and writes three.
LEAST_BUFFERS, MANY_BUFFERS, MOST_BUFFERS = 32 * MIB, 512 * MIB, 4096 * MIB
# Nothing of ours stands in the environment of a server: it would show secrets to its user.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}

CONFIGURATION = """\
# Written anew at each start. What you want otherwise goes into local.conf beside this file, which is read last.
listen_addresses = ''
unix_socket_directories = '.'
unix_socket_permissions = 0700
cluster_name = 'couveuse'
max_connections = 60
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
max_wal_size = 4GB
random_page_cost = 1.1
fsync = on
synchronous_commit = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_checkpoints = off
# What a statement was about is personal data: whoever sent it is told the error, and the log is not.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
include_if_exists = 'local.conf'
"""
LOCAL = "# Settings of PostgreSQL of your own; they hold from the next start on.\n"


class BadCluster(CouveuseError):
    """The folder of the private PostgreSQL cannot be used."""


@dataclass(frozen=True, slots=True)
class User:
    """Under whom PostgreSQL runs; `KEEP` where that is who we are."""

    uid: int = tethers.KEEP
    gid: int = tethers.KEEP

    @property
    def is_other(self) -> bool:
        """Whether it is somebody else than we are."""
        return self.uid != tethers.KEEP


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's folder, the programs that serve it, and under whom."""

    folder: Path
    binaries: Binaries
    user: User

    @contextmanager
    def reached(self) -> Iterator[tuple[str, Sequence[int]]]:
        """The folder as a program is told it, and what the program must inherit.

        Parents of the folder may be closed to its user: then the way is a descriptor, opened by us and inherited.
        """
        if not (self.user.is_other and sys.platform == "linux"):
            yield str(self.folder), ()
            return
        descriptor = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command that runs one of PostgreSQL's programs, tied to this process."""
        return tethers.command(
            signal.SIGINT, [self.binaries.program(program), *arguments], uid=self.user.uid, gid=self.user.gid
        )

    def configure(self) -> None:
        """Write the server's settings, unless they stand there already."""
        memory = total_memory()
        text = CONFIGURATION.format(buffers=buffers_for(memory) // MIB, cache=memory // 2 // MIB)
        path = self.folder / "postgresql.conf"
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
            return
        # A new file in the old one's place: root must not write through a link that the folder's user has put there.
        unfinished = path.with_name(".postgresql.conf")
        unfinished.unlink(missing_ok=True)
        with unfinished.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)  # whoever serves has to read it; the folder is closed to all others
            file.write(text)
        unfinished.replace(path)


def of(folder: Path, binaries: Binaries, user: User) -> Cluster:
    """The cluster of a folder; its programs are copied first where they are closed to its user."""
    return Cluster(folder, open_to_all(binaries) if user.is_other else binaries, user)


def major_of(folder: Path) -> int | None:
    """The version of PostgreSQL that made a cluster; None where there is none yet. Raises BadCluster."""
    try:
        text = (folder / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        if folder.is_dir() and any(folder.iterdir()):
            raise BadCluster(f"{folder} holds files but no cluster of PostgreSQL: {UNKNOWN_CURE}") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadCluster(f"{folder}/PG_VERSION cannot be read ({error}): {UNKNOWN_CURE}") from None
    if not text.isdigit():
        raise BadCluster(f"{folder}/PG_VERSION is damaged: {UNKNOWN_CURE}")
    return int(text)


def user_for(folder: Path) -> User:
    """Root becomes the folder's owner, else the first of `UNPRIVILEGED`; everybody else stays who they are.

    Raises BadCluster for a folder that is not ours to serve, or where root can become nobody else.
    """
    found = folder.stat() if folder.exists() else None
    if os.geteuid() != 0:
        if found and found.st_uid != os.geteuid():
            name = _name(found.st_uid)
            raise BadCluster(f"{folder} belongs to {name}: run as {name} or as root, or set COUVEUSE_DATA")
        return User()
    if found and found.st_uid != 0:
        return User(found.st_uid, found.st_gid)
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(entry.pw_uid, entry.pw_gid)
    raise BadCluster(
        "PostgreSQL refuses to run as root, and there is no other user to become: make one (useradd --system "
        "couveuse), or set COUVEUSE_DATABASE_URL"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the user {uid}"


def make(cluster: Cluster) -> None:
    """Make the cluster and its database; it appears whole or not at all. Raises BadCluster."""
    unfinished = cluster.folder.with_name(f".{cluster.folder.name}-unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)  # of a start that was cut short; we hold the folder's lock
    unfinished.mkdir(mode=0o700)
    if cluster.user.is_other:
        os.chown(unfinished, cluster.user.uid, cluster.user.gid)
    made = Cluster(unfinished, cluster.binaries, cluster.user)
    try:
        locale = _locale(cluster.binaries.major)
        _run(made, "initdb", "--auth=trust", "-U", NAME, "-E", "UTF8", *locale)
        (unfinished / "local.conf").write_text(LOCAL, encoding="utf-8")
        _run(made, "postgres", "--single", "postgres", told=f"create database {NAME}\n")
        if cluster.folder.exists():
            cluster.folder.rmdir()  # empty
        unfinished.rename(cluster.folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _locale(major: int) -> Sequence[str]:
    """Byte order in indexes, and letters of every language known; the same on every system from PostgreSQL 17 on."""
    if major >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C", "--lc-ctype=C.UTF-8")


def _run(cluster: Cluster, program: str, *arguments: str, told: str = "") -> None:
    with cluster.reached() as (place, inherited):
        # `--single` has to stand first and the database last; everything else may stand anywhere.
        first, *rest = arguments
        ended = subprocess.run(
            cluster.command(program, first, "-D", place, *rest),
            cwd="/", env=ENVIRONMENT, pass_fds=inherited, input=told, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if ended.returncode:
        why, cure = reason(ended.stderr)
        raise BadCluster(f"PostgreSQL's folder cannot be made in {cluster.folder.parent} ({why}): {cure}")


# What stands in an error of PostgreSQL, and what to do about it.
CURES = {
    'lock file "postmaster.pid" already exists': "stop the server that runs there (postmaster.pid names it)",
    "pre-existing shared memory block": "stop what is left of the server that ran there",
    "No space left on device": "free disk space, then start again",
    "Disk quota exceeded": "free disk space, then start again",
    "Permission denied": "correct the folder's rights, or set COUVEUSE_DATA to another folder",
    "Read-only file system": "set COUVEUSE_DATA to a folder that may be written",
    "Cannot allocate memory": "free memory, or set a smaller shared_buffers in local.conf",
    "incompatible with server": "install the PostgreSQL that made the folder",
    "unrecognized configuration parameter": "correct local.conf",
    "configuration file": "correct local.conf",
}
UNKNOWN_CURE = "restore the folder from a backup, or move it away to begin anew"


def reason(said: str) -> tuple[str, str]:
    """Why PostgreSQL refused, by its own words, and the cure."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    weighty = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:", "couveuse:"))]
    # The first that says it: what follows is often about what the first has brought.
    line = (weighty or lines or ["it said nothing"])[0]
    for word in ("FATAL:", "PANIC:", "error:", "couveuse:"):
        line = line.rpartition(word)[2].strip() if word in line else line
    return line, next((cure for word, cure in CURES.items() if word in said), UNKNOWN_CURE)


def buffers_for(memory: int) -> int:
    """How much of the memory that there is PostgreSQL may take for its buffers, in bytes."""
    return max(min(max(memory // 4, LEAST_BUFFERS), MANY_BUFFERS), min(memory // 8, MOST_BUFFERS))


def total_memory() -> int:
    """The memory that we may use, in bytes: the machine's, or the container's where that is less."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            found = min(found, int(text))
    return found
