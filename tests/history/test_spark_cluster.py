"""A standalone cluster on loopback: executors in processes of their own, reached by the command line."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from couveuse.history import spark_session
from tests.history import towns

pytestmark = pytest.mark.spark

SOURCE = str(Path(spark_session.__file__).parents[2])
MODEL = """\
couveuse: 1
name: small
timezone: Europe/Paris
half_life: 90d
rules:
  - {id: visit, event: Page Viewed, points: 1, repeat: {at_most: 1, per: visit}}
  - {id: click, event: Email Clicked, points: 3, stage: evaluation}
bands:
  - {id: low, up_to: 2, rate: 0.1, temperature: cold}
  - {id: high, rate: 0.5, temperature: hot}
"""


def environment() -> dict[str, str]:
    """What a node of the cluster is told: which Python its workers run, and where Couveuse is."""
    return {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": SOURCE, "SPARK_LOCAL_IP": "127.0.0.1",
            "JDK_JAVA_OPTIONS": towns.QUICK_JAVA}  # fmt: skip


@contextmanager
def daemon(folder: Path, name: str, ready: str, *words: str) -> Iterator[None]:
    """A part of a standalone cluster, from when it says that it is ready to the end of the block."""
    import pyspark

    launcher = Path(pyspark.__file__).parent / "bin" / "spark-class"
    command = [str(launcher), f"org.apache.spark.deploy.{name}", "--host", "127.0.0.1", "--webui-port", "0", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(), cwd=folder)
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if ready in line:
                break
        else:
            pytest.fail("".join(said[-5:]))
        yield
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def master(tmp_path) -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    address = f"spark://127.0.0.1:{port}"
    with ExitStack() as cluster:
        cluster.enter_context(daemon(tmp_path, "master.Master", "New state: ALIVE", "--port", str(port)))
        words = ("--cores", "2", "--memory", "1g", "--work-dir", str(tmp_path / "work"), address)
        cluster.enter_context(daemon(tmp_path, "worker.Worker", "Successfully registered", *words))
        yield address


def score(folder: Path, *words: str) -> list[dict[str, object]]:
    """What `couveuse score` prints of the history in the folder, one lead a line; nothing else is said."""
    code = "from couveuse.cli import main; main()"
    asked = ["score", "events-*.parquet", "--model", "model.yaml", "--at", "2029-01-01", "--format", "json", *words]
    done = subprocess.run(
        [sys.executable, "-c", code, *asked], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "warn" not in done.stderr.lower()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_cluster_scores_as_this_machine_does(master, tmp_path):
    town = towns.a_town(31, 60)
    for number, rows in enumerate(towns.shared_by(town.rows, 3)):
        towns.write_parquet(tmp_path / f"events-{number}.parquet", rows)
    (tmp_path / "model.yaml").write_text(MODEL, encoding="utf-8")
    found = score(tmp_path, "--on", master)
    assert len(found) > 30
    assert found == score(tmp_path)
