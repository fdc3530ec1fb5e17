"""The page of settings says what the settings are, and their listing shows no secret."""

from pathlib import Path

import pytest

from couveuse.cli.settings import page, show
from couveuse.configuration import SETTINGS
from tests.cli.conftest import Ask

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: see the page's third line"


def test_it_has_every_setting() -> None:
    assert all(f"| `COUVEUSE_{setting.name}` |" in page() for setting in SETTINGS)


def test_the_values_in_use_are_listed_without_secrets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "port").write_text("8001\n")
    show(
        {
            "COUVEUSE_DATABASE_URL": "postgresql://couveuse:hidden@database.example.com/couveuse",
            "COUVEUSE_PORT_FILE": str(tmp_path / "port"),
            "COUVEUSE_OUR_DOMAINS": "example.com, example.org",
        }
    )
    out = capsys.readouterr().out
    assert "hidden" not in out
    lines = out.splitlines()
    assert "COUVEUSE_DATABASE_URL=(set; not shown)" in lines
    assert "COUVEUSE_PORT=8001 from COUVEUSE_PORT_FILE" in lines
    assert "COUVEUSE_OUR_DOMAINS=example.com,example.org" in lines
    assert "COUVEUSE_HOST=127.0.0.1 (default)" in lines


def test_the_command_lists_them(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUVEUSE_PORT", "8002")
    answer = ask("doctor", "--settings")
    assert answer.code == 0
    assert "COUVEUSE_PORT=8002" in answer.out


@pytest.mark.parametrize("name", ["COUVEUSE_PROT", "COUVEUSE_PORT"])
def test_what_cannot_be_used_is_refused_with_the_cure(ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    answer = ask("doctor", "--settings")
    assert answer.code == 2
    (line,) = answer.lines
    assert line.startswith(f"couveuse: {name}: ")
