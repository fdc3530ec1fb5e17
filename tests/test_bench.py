"""Each measurement of the live product runs, on small sizes, and tells what the README quotes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import rows

ROOT = Path(__file__).parents[1]
# What each tells, of all that it does.
TOLD = {
    "engine": {"long_run", "share_of_a_bare_copy", "two_engines", "times_for_more_leads", "times_for_more_events"},
    "front": {"single events", "batches of 100", "batches of 100, gzip", "single events, two processes"},
    "latency": {"milliseconds", "share_of_a_core"},
    "alerts": {"milliseconds", "alerts", "share_of_a_core"},
    "pages": {"pages", "worst_p50_ms", "worst_p95_ms"},
    "size": {"invented"},
    "import": {"rows_per_second", "postgres_cpu_seconds"},
    "rescore": {"seconds", "events"},
    "archive": {"seconds", "bytes_an_event", "events"},
    "idle": {"share_of_a_core", "megabytes_pss"},
}


# These two use all that the others use; the others are tried by `make bench` itself, and by `pytest -m bench`.
ALWAYS = ("engine", "latency")


@pytest.mark.parametrize("name", [n if n in ALWAYS else pytest.param(n, marks=pytest.mark.bench) for n in TOLD])
def test_it_works(tmp_path: Path, name: str) -> None:
    words = [sys.executable, "-m", "bench", name, "--smoke", "--data", str(tmp_path)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads((tmp_path / "results" / f"{name}.json").read_text(encoding="utf-8"))
    assert found.keys() >= TOLD[name] | {"command", "commit", "machine"}
    assert str(tmp_path) not in found["command"]
    assert list(tmp_path.glob("live*")) == []  # what it has made is gone
    assert list(rows(tmp_path / "results"))
