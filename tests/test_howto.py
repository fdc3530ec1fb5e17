"""The commands and settings that the how-to pages show exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from couveuse import configuration
from couveuse.cli.app import app

PAGES = sorted((Path(__file__).parents[1] / "docs" / "howto").glob("*.md"))
KNOWN = {configuration.PREFIX + setting.name for setting in configuration.SETTINGS}
COMMAND = re.compile(r"^(?:.*/bin/|ExecStart=\S*/)?couveuse ((?!%i)[a-z].*)$")


def shown(page: Path) -> Iterator[str]:
    """The commands that stand in a page's blocks, what follows them in a pipe or as a remark left out."""
    for block in re.findall(
        r"^[ ]*```[^\n]*\n(.*?)^[ ]*```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.replace("\\\n", " ").splitlines():
            found = COMMAND.match(line.strip())
            if found:
                yield re.split(r"\s+(?:#|\||>|<)", found[1])[0]


@pytest.mark.parametrize(
    ("page", "command"),
    [(page, command) for page in PAGES for command in shown(page)],
    ids=lambda value: str(value)[-60:],
)
def test_every_command_is_taken(page: Path, command: str) -> None:
    words = [word for word in shlex.split(command) if word != "..."]
    group: Any = get_command(app)
    path = []
    while hasattr(group, "commands"):
        path.append(words.pop(0))
        group = group.commands[path[-1]]
    if "..." not in command:
        group.make_context(" ".join(path), words)  # refuses what it does not know


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_is_one_of_ours(page: Path) -> None:
    named = set(re.findall(r"\bCOUVEUSE_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert {name.removesuffix(configuration.SUFFIX) for name in named} <= KNOWN


def test_they_show_some() -> None:
    assert sum(1 for page in PAGES for _ in shown(page)) > 30
