"""The reference of the command line says what the commands say."""

from pathlib import Path

from couveuse.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "write it again: see the page's first line"


def test_it_has_every_command_and_option() -> None:
    page = reference()
    for command in ("score", "explain", "model check", "model diff", "model presets", "model schema"):
        assert f"## `couveuse {command}`" in page
    assert "| `--format`, `-f` `table`, `json`, `csv` | How to print. | `table` |" in page
    assert "| `--model`, `-m` ... |" in page
