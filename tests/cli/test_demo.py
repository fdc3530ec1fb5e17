"""The demo, small: a history of a few leads comes in, its end is played live, leads are named, all ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from couveuse.cli import demo
from couveuse.errors import BadInput
from couveuse.store.private import url_of

ROOT = Path(__file__).parents[2]


def couveuse(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUVEUSE_")}
    environment |= {f"COUVEUSE_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "couveuse.cli", *words], env=environment, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip


def test_it_works(tmp_path):
    made = [sys.executable, str(ROOT / "examples/pompes/generate.py"), "--out", str(tmp_path), "--leads", "60"]
    subprocess.run(made, check=True, capture_output=True)
    data = tmp_path / "data"
    shown = couveuse(
        "demo", str(tmp_path / "events.ndjson"), "--leads", str(tmp_path / "leads.csv"), "--for", "2",
        "--model", str(ROOT / "examples/pompes/bareme.yaml"), DATA=str(data), PORT="18765",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "60 leads, 60 of them new." in shown.stdout
    assert " points, to " in shown.stdout
    assert "/api/v1/leads?limit=5" in shown.stdout
    # It was asked for no stay: nothing of it is left running.
    assert couveuse("doctor", DATABASE_URL=url_of(data), DATA=str(tmp_path / "other")).returncode == 1


def test_a_history_that_is_not_there_is_named_with_the_cure():
    with pytest.raises(BadInput, match=r"python examples/pompes/generate\.py"):
        demo.show("no-such.ndjson", None, "bareme-b2b", None, 1.0, "en", stay=False)
