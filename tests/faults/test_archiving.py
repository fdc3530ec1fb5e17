"""kill -9 of whoever archives and drops months, at random moments: no fact is lost or counted twice."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

from tests.conftest import profile
from tests.engine.town import DAY, NOW, Town, accepted
from tests.processes import ENVIRONMENT

ROUNDS = 500 if profile() == "faults" else 6
MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04"]
COUVEUSE = (sys.executable, "-m", "couveuse.cli", "archive")


def test_no_fact_is_lost_or_counted_twice_however_archiving_ends(database: str, tmp_path: Path) -> None:
    rng = Random(7)
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("COUVEUSE_")}
    environment |= {"COUVEUSE_DATABASE_URL": database, "COUVEUSE_DATA": str(tmp_path), "COUVEUSE_LOG": "warning"}
    with Town(database) as town:
        town.take(*(
            accepted("Page Viewed", NOW - rng.randrange(30, 140) * DAY + number, email=f"p{number % 40}@example.com")
            for number in range(12_000)
        ))  # fmt: skip
        told = 12_000
        killed = 0
        for number in range(ROUNDS):
            words = rng.choice((["run"], ["drop", *MONTHS]))
            process = subprocess.Popen(
                [*COUVEUSE, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            late = accepted("Page Viewed", NOW - rng.randrange(30, 140) * DAY, email=f"p{number % 40}@example.com")
            town.take(late)
            told += 1
            threading.Event().wait(1 + rng.random() * 2)
            if process.poll() is None:
                killed += 1
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for words in (["run"], ["drop", *MONTHS], ["verify"]):
            ended = subprocess.run([*COUVEUSE, *words], env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr
        assert town.rows("select count(*) from events where at < %s", NOW - 30 * DAY) == [(0,)]
        leads = [lead for (lead,) in town.rows("select id from leads")]
        stored = town.worker._folder.recaller.load(town.connection, leads)
        messages = [each.fact.message_id for facts in stored.values() for each in facts]
        assert len(messages) == len(set(messages)) == told
        files = {path.name for path in (tmp_path / "archive").rglob("*") if path.is_file()}
        assert not [name for name in files if name.startswith("_")]
        print(f"{ROUNDS} rounds, {killed} killed, {told} facts")
