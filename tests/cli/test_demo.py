"""The demo, small: a history of a few leads comes in, its end is played live, leads are named, all ends."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from couveuse.cli import demo
from couveuse.errors import BadInput
from couveuse.store.accounts.people import ROLES
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
        "--model", str(ROOT / "examples/pompes/bareme.yaml"), "--team", str(ROOT / "examples/pompes/equipe.yaml"),
        DATA=str(data), PORT="18765",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "60 leads, 60 of them new." in shown.stdout
    assert " points, to " in shown.stdout
    assert "/api/v1/leads?limit=5" in shown.stdout
    people = re.findall(r"^ +(\w+)@example\.com +([0-9a-f-]{19})   (\w+)$", shown.stdout, re.MULTILINE)
    assert [(name, role) for name, _, role in people] == [(role, role) for role in ROLES]
    assert len({password for _, password, _ in people}) == 1
    # It was asked for no stay: nothing of it is left running.
    assert couveuse("doctor", DATABASE_URL=url_of(data), DATA=str(tmp_path / "other")).returncode == 1


def test_a_history_that_is_not_there_is_named_with_the_cure():
    with pytest.raises(BadInput, match=r"python examples/pompes/generate\.py"):
        demo.show("no-such.ndjson", None, "bareme-b2b", None, 1.0, "en", stay=False)


def test_its_people_are_who_they_are_on_the_team_and_are_made_once(database):
    from couveuse.cli.demo_people import make_people
    from couveuse.documents.team import read_team
    from couveuse.store import connections, rosters
    from couveuse.store.accounts.models import User

    with connections.connect(database, "test", autocommit=True) as connection:
        team = read_team(str(ROOT / "examples/pompes/equipe.yaml"))
        rosters.apply_roster(connection, team, by="a test", now=1)
        first = make_people(connection, language="fr", now=1)
        second = make_people(connection, language="fr", now=2)
    assert {user.role: user.member for user in User.objects.all()} == {
        "owner": None, "marketing": None, "telemarketing": "alice", "sales": "chloe", "reader": None,
    }  # fmt: skip
    assert first[0].password != second[0].password
    assert all(user.check_password(second[0].password) for user in User.objects.all())
    assert User.objects.get(role="sales").name == "Chloé Garnier"
