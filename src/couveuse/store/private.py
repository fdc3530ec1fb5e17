"""A PostgreSQL of our own in the data folder: a direct child that ends with us, and the only one in its folder.

Start it from a thread that lasts as long as it should: its end is tied to that thread's (see `tethers`).
"""

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from couveuse.configuration import Configuration
from couveuse.errors import CouveuseError
from couveuse.store import binaries, clusters, tethers

FOLDER, LOCK, LOG = "postgresql", "postgresql.lock", "postgresql.log"
SOCKET = ".s.PGSQL.5432"
# The longest path that a socket may have, in bytes: 108 on Linux, 104 on macOS, with a zero at the end.
LONGEST = 103
# Where a short way to a folder with a long path stands. Not the environment's folder for temporary files: every process
# has to find the same.
SHORT = Path("/tmp")
# How long a start is tried again while what is left of a server that was killed goes away.
PATIENCE = 10.0
# How long a server may take to stop before it is hurried: its last checkpoint writes what is in memory.
STOP_PATIENCE = 60.0
LOG_BYTES = 10 * clusters.MIB
TICK = 0.01

# What PostgreSQL says while another server, or what is left of it, is still there.
PASSING = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block", "is still in use")


class FolderInUse(CouveuseError):
    """Another Couveuse runs on this data folder."""


class NotStarted(CouveuseError):
    """The private PostgreSQL does not start."""


def url(configuration: Configuration) -> str:
    """Where the database is; says nothing of whether it answers."""
    return configuration.database_url or url_of(configuration.data)


def url_of(data: Path) -> str:
    """Where the private server of a data folder answers."""
    return f"postgresql://{clusters.NAME}@/{clusters.NAME}?host={quote(str(_way(_cluster_folder(data))), safe='')}"


def _cluster_folder(data: Path) -> Path:
    return Path(os.path.realpath(data)) / FOLDER


def _way(folder: Path) -> Path:
    """The path by which clients reach a cluster's folder: short enough, and without a comma, which parts hosts."""
    if len(os.fsencode(folder / SOCKET)) <= LONGEST and "," not in str(folder):
        return folder
    return SHORT / f"couveuse-{hashlib.blake2b(os.fsencode(folder), digest_size=10).hexdigest()}" / "p"


class PrivateServer:
    """The server of one data folder, made at first start. Holds the folder's lock from `start` to `stop`.

    Start it again after it has died: `is_running` says whether it has.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.data = Path(os.path.realpath(folder))
        self.url = url_of(folder)
        self._cluster_folder = _cluster_folder(folder)
        self._say = say
        self._lock: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._child.pid if self._child is not None and self.is_running else None

    @property
    def is_running(self) -> bool:
        """Whether our child lives."""
        return self._child is not None and self._child.poll() is None

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data / LOG

    def start(self) -> None:
        """Start the server, and return when it takes connections; a long recovery is waited for.

        Raises FolderInUse, BadCluster, NoBinaries, or NotStarted with what PostgreSQL said.
        """
        if self.is_running:
            return
        try:
            self._take_lock()
            cluster = self._ready_cluster()
            _make_way(cluster.folder)
            self.tidy()
            _end_predecessor(cluster.folder)
            self._launch(cluster)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server in good order, hurrying it only where it does not; then anybody may start it."""
        if self._child is not None:
            for sent, patience in ((signal.SIGINT, STOP_PATIENCE), (signal.SIGQUIT, PATIENCE), (signal.SIGKILL, None)):
                if self._child.poll() is None:
                    self._child.send_signal(sent)
                with suppress(subprocess.TimeoutExpired):
                    self._child.wait(patience)
                    break
            self._child = None
        if self._lock is not None:
            _remove_way(self._cluster_folder)
            os.close(self._lock)
            self._lock = None

    def tidy(self) -> None:
        """Keep the log under its size, and the short way in place; to be called now and then."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES:
                # The server goes on appending to the same file, so it is emptied and not replaced.
                self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes()[-LOG_BYTES:])
                os.truncate(self.log, 0)
        if self._cluster_folder.exists():
            with suppress(clusters.BadCluster):
                _make_way(self._cluster_folder)

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.data / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(
                f"{self.data} is in use by another Couveuse (process {_written(self.data / LOCK)}): stop that one, or "
                "set COUVEUSE_DATA to another folder"
            ) from None
        except OSError as error:
            raise clusters.BadCluster(
                f"{self.data} cannot be used ({error.strerror}): correct its rights or free disk space, or set "
                "COUVEUSE_DATA to another folder"
            ) from error
        with suppress(OSError):  # for whoever meets the lock; a full disk is told by what needs it
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _ready_cluster(self) -> clusters.Cluster:
        folder = self._cluster_folder
        user = clusters.user_for(folder)
        major = clusters.major_of(folder)
        cluster = clusters.of(folder, binaries.find(major), user)
        try:
            if major is None:
                self._say(f"Making a PostgreSQL {cluster.binaries.major} in {folder}.")
                clusters.make(cluster)
            cluster.configure()
        except OSError as error:
            raise clusters.BadCluster(
                f"{folder} cannot be written ({error.strerror}): correct its rights, or free disk space"
            ) from error
        return cluster

    def _launch(self, cluster: clusters.Cluster) -> None:
        """Wait for as long as it lives; try again for `PATIENCE` where it meets what a killed one left."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.log.open("ab") as log, cluster.reached() as (place, inherited):
                began = log.tell()
                self._child = subprocess.Popen(
                    cluster.command("postgres", "-D", place),
                    cwd="/", env=clusters.ENVIRONMENT, pass_fds=inherited,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,  # Ctrl-C in a terminal is for us, who stop it in its turn
                )  # fmt: skip
            if self._comes_up(cluster.folder):
                return
            said = _since(self.log, began)
            if time.monotonic() > deadline or not any(words in said for words in PASSING):
                why, cure = clusters.reason(said)
                raise NotStarted(
                    f"PostgreSQL does not start in {cluster.folder} ({why}): {cure}; it is told in {self.log}"
                )
            time.sleep(0.2)

    def _comes_up(self, folder: Path) -> bool:
        """Whether the child takes connections, or else has ended: no clock, for a recovery may be long."""
        assert self._child is not None
        tell_at = time.monotonic() + PATIENCE
        while self._child.poll() is None:
            if _status(folder) == (self._child.pid, "ready"):
                return True
            if time.monotonic() > tell_at:
                self._say("PostgreSQL is recovering from an abrupt end; this may take minutes.")
                tell_at = float("inf")
            time.sleep(TICK)
        return False


def _status(folder: Path) -> tuple[int, str] | None:
    """The process and the state that a server has written of itself: its first and its eighth line."""
    try:
        lines = (folder / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
    except (OSError, ValueError, IndexError):
        return None


def _since(log: Path, place: int) -> str:
    with log.open("rb") as file:
        file.seek(place)
        return file.read(1 << 20).decode(errors="replace")


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"


def _make_way(folder: Path) -> None:
    """Make the short way to a cluster's folder, where one is needed; raises BadCluster where somebody has taken it."""
    way = _way(folder)
    if way == folder:
        return
    try:
        way.parent.mkdir(mode=0o700, exist_ok=True)
        found = way.parent.lstat()
        if (found.st_uid, found.st_mode & 0o170777) == (os.geteuid(), 0o040700):
            with suppress(FileExistsError):
                way.symlink_to(folder)
            if way.readlink() == folder:
                return
        why = "it is not ours alone"
    except OSError as error:
        why = error.strerror or str(error)
    raise clusters.BadCluster(
        f"{way.parent}, the short way to a folder whose path is too long for a socket, cannot be used ({why}): remove "
        "it, or set COUVEUSE_DATA to a shorter path"
    )


def _remove_way(folder: Path) -> None:
    """Leave nothing behind of a short way that is ours."""
    way = _way(folder)
    with suppress(OSError):
        if way != folder and way.readlink() == folder:
            way.unlink()
            way.parent.rmdir()


def _end_predecessor(folder: Path) -> None:
    """Wait for the server of a parent that was killed, which is stopping; and forget it where only its name is left.

    We hold the folder's lock, so no other Couveuse is its parent. Linux only: elsewhere PostgreSQL's own check speaks.
    """
    status = _status(folder)
    if status is None or sys.platform != "linux":
        return
    pid = status[0]
    for sent, patience in ((signal.SIGINT, STOP_PATIENCE), (signal.SIGQUIT, PATIENCE)):
        with suppress(ProcessLookupError):
            if pid in _servers_in(folder):
                os.kill(pid, sent)
        if _until(lambda: not _servers_in(folder), patience):
            break
    else:
        raise FolderInUse(f"a PostgreSQL (process {pid}) does not leave {folder}: stop it with kill -QUIT {pid}")
    if tethers.lives(pid):
        # A zombie, or somebody else's process of the same number: PostgreSQL would take it for a server of this folder.
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _servers_in(folder: Path) -> list[int]:
    """The live processes of PostgreSQL that stand in the folder."""
    here = folder.stat()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            there = (process / "cwd").stat()
            is_here = (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
            if is_here and (process / "comm").read_text(encoding="utf-8").startswith("postgres"):
                found.append(int(process.name))
    return found


def _until(condition: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def attach_or_start(configuration: Configuration, say: Callable[[str], None] = lambda _: None) -> Iterator[str]:
    """The URL of a database that runs: the given one, the private one that somebody runs, or one run for this block.

    Raises what `PrivateServer.start` raises.
    """
    if not configuration.is_private:
        yield configuration.database_url
        return
    server = PrivateServer(configuration.data, say)
    deadline = time.monotonic() + STOP_PATIENCE
    while True:
        try:
            server.start()
            break
        except FolderInUse:
            if is_ready(configuration.data):
                yield server.url
                return
            if time.monotonic() > deadline and not _is_starting(configuration.data):
                raise
            time.sleep(0.1)  # it starts, or it stops and leaves the folder to us
    try:
        yield server.url
    finally:
        server.stop()


def is_ready(data: Path) -> bool:
    """Whether the private server of a data folder takes connections."""
    folder = _cluster_folder(data)
    status = _status(folder)
    if status is None or status[1] != "ready":
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            line.connect(str(_way(folder) / SOCKET))  # a socket whose server was killed refuses
        except OSError:
            return False
    return True


def _is_starting(data: Path) -> bool:
    status = _status(_cluster_folder(data))
    return status is not None and status[1] == "starting"
