"""The commands are put together: all of them, in the order of the reference, and help does without what they need."""

import re
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from couveuse.cli import commands
from couveuse.cli.app import COMMANDS, GROUPS, app
from tests.processes import python

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
# What is long to import, or asks for a database: no command needs it to say what it is.
HEAVY = {"couveuse.core", "couveuse.store", "couveuse.engine", "couveuse.web", "django", "duckdb", "psycopg", "pyarrow"}


def named(help_page: str) -> list[str]:
    """The commands that a help page lists, in its order."""
    listed = help_page.partition("Commands")[2]
    return re.findall(r"^\W*([a-z][a-z-]*)  ", listed, re.MULTILINE)


def ask(*words: str) -> str:
    answer = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, [*words, "--help"], prog_name="couveuse")
    assert answer.exit_code == 0
    return answer.output


def written(*words: str) -> list[str]:
    """What the reference has below these words, in its order, each once."""
    titles = re.findall(r"^## `couveuse ([a-z -]+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    below = [title.split()[len(words)] for title in titles if title.split()[: len(words)] == list(words)]
    return list(dict.fromkeys(below))


def test_help_names_every_command_of_the_reference_in_its_order() -> None:
    assert named(ask()) == written()
    assert len(written()) == len(GROUPS) + len(COMMANDS)


@pytest.mark.parametrize("name", [name for name, _ in GROUPS])
def test_so_does_the_help_of_each_group(name: str) -> None:
    assert named(ask(name)) == written(name)


def test_no_module_of_commands_is_left_out() -> None:
    there = {each.stem for each in Path(str(commands.__file__)).parent.glob("*.py")} - {"__init__", "choices"}
    modules = {name: sys.modules[f"{commands.__name__}.{name}"] for name in there}
    groups = {name for name, module in modules.items() if isinstance(getattr(module, "app", None), typer.Typer)}
    assert there == groups | {function.__module__.rpartition(".")[2] for _, function in COMMANDS}
    assert len(groups) == len(GROUPS)


def test_help_comes_without_what_the_commands_need() -> None:
    code = "import sys, couveuse.cli.app; print(*sys.modules)"
    with python(code) as process:
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert not HEAVY & set(said.split())


def test_each_command_says_what_it_does() -> None:
    for name, each in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group has them
        assert each.help, name
