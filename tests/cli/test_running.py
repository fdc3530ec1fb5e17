"""`couveuse up` as real processes: it starts, heals whoever is killed, and leaves nobody behind whatever ends it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from couveuse.store import private
from tests.processes import Running, couveuse_runs, free_port, lives, until


@pytest.fixture
def port() -> int:
    return free_port()


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def up(tmp_path: Path, port: int) -> Iterator[Running]:
    with couveuse_runs(tmp_path, "up", port=port) as running:
        until(lambda: is_ready(port))
        yield running


def named(running: Running, word: str) -> int:
    """The child whose command holds a word."""
    return next(pid for pid, command in running.children().items() if word in command)


def test_it_works(up: Running, port: int, tmp_path: Path) -> None:
    data = tmp_path / "couveuse-data"
    assert private.is_ready(data)
    with psycopg.connect(private.url_of(data)) as connection:
        assert connection.execute("select name from models where standing = 'acting'").fetchone() == ("bareme-b2b",)
    until(lambda: any(line["event"] == "ready" and line["where"] == f"http://127.0.0.1:{port}" for line in up.lines))
    everybody = up.children(deep=True)
    assert up.stop() == 0
    assert not any(map(lives, everybody))
    assert not private.is_ready(data)
    assert (data / "postgresql.log").read_text().rstrip().endswith("database system is shut down")


def test_it_stops_in_reverse_order(up: Running) -> None:
    assert up.stop(signal.SIGINT) == 0
    said = [line["event"] for line in up.lines]
    assert said.index("engine stopped") < said.index("stopped")
    assert up.lines[-1]["event"] == "stopped"
    assert not [line for line in up.lines if line["level"] in ("error", "warning")]


@pytest.mark.parametrize("word", ["couveuse.cli engine", "couveuse.cli web", "couveuse.cli deliver", "postgres -D"])
def test_a_child_that_is_killed_is_started_again(up: Running, port: int, word: str) -> None:
    killed = named(up, word)
    os.kill(killed, signal.SIGKILL)
    until(lambda: any(word in command for pid, command in up.children().items() if pid != killed))
    until(lambda: is_ready(port))
    assert any(line["event"] == "child has died" for line in up.lines)
    assert up.stop() == 0


def test_nobody_is_left_when_it_is_killed_itself_and_the_next_one_starts_at_once(
    up: Running, port: int, tmp_path: Path
) -> None:
    everybody = up.children(deep=True)
    assert len(everybody) > 5
    up.process.kill()
    up.process.wait()
    with couveuse_runs(tmp_path, "up", port=port) as second:
        until(lambda: not any(map(lives, everybody)))
        until(lambda: is_ready(port))
        assert second.stop() == 0


def test_it_stops_while_it_starts(tmp_path: Path, port: int) -> None:
    with couveuse_runs(tmp_path, "up", port=port) as running:
        until(running.children)
        everybody = running.children(deep=True)
        assert running.stop() == 0
        assert not any(map(lives, everybody))


def test_a_second_one_on_the_folder_or_the_port_is_refused_before_anything_starts(
    up: Running, port: int, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with couveuse_runs(other, "up", port=free_port(), data=tmp_path / "couveuse-data") as second:
        assert second.process.wait(120) == 2
        assert "is in use by another Couveuse" in second.said.read_text()
    with couveuse_runs(other, "up", port=port) as second:
        assert second.process.wait(120) == 2
        assert f"127.0.0.1:{port} is in use by another program" in second.said.read_text()
    assert not (other / "couveuse-data").exists()


def test_a_given_database_is_used(tmp_path: Path, database: str, port: int) -> None:
    with couveuse_runs(tmp_path, "up", port=port, database_url=database, engine_workers=2) as running:
        until(lambda: is_ready(port))
        with psycopg.connect(database, autocommit=True) as connection:
            alive = "select count(*) from processes where kind = 'engine' and pid <> 0"
            until(lambda: connection.execute(alive).fetchone() == (2,))
        assert not any("postgres" in command for command in running.children().values())
        assert running.stop() == 0


def test_a_database_that_is_away_is_said(tmp_path: Path, port: int) -> None:
    url = f"postgresql://couveuse@127.0.0.1:{free_port()}/couveuse"
    with couveuse_runs(tmp_path, "up", port=port, database_url=url) as running:
        assert running.process.wait(120) == 2
        assert "PostgreSQL does not answer" in running.said.read_text()


def test_a_disk_that_was_full_is_tried_again(up: Running, port: int, tmp_path: Path) -> None:
    """PostgreSQL dies and cannot start: the rest goes on waiting, and it comes back when it can."""
    cluster = tmp_path / "couveuse-data" / "postgresql"
    control = cluster / "global" / "pg_control"
    control.rename(control.with_name("away"))
    os.kill(named(up, "postgres -D"), signal.SIGKILL)
    until(lambda: any(line["event"] == "postgresql does not start" for line in up.lines))
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    until(lambda: not is_ready(port))
    control.with_name("away").rename(control)
    until(lambda: is_ready(port))
    assert up.stop() == 0


def test_the_supervisor_is_light() -> None:
    code = "import sys, couveuse.cli.supervising; print(*sys.modules)"
    from tests.processes import python

    with python(code) as process:
        out, _ = process.communicate(timeout=120)
    assert not {"django", "pyarrow", "duckdb", "numpy", "psycopg", "granian"} & set(out.split())
