"""The settings: their page, which `python -m couveuse.cli.settings` writes, and their values in this environment."""

import os
import sys
from collections.abc import Mapping

import typer

from couveuse.configuration import PREFIX, SETTINGS, SUFFIX, Setting, read

HEAD = """# Settings

This page is written by `python -m couveuse.cli.settings > docs/reference/settings.md`.

The environment is the only place for settings. They are read strictly: an unknown variable that begins with
`COUVEUSE_`, or a value that cannot be used, is refused at start with the cure. Any setting may stand in a file, as
secrets should: `COUVEUSE_SECRET_KEY_FILE` names a file that holds the value of `COUVEUSE_SECRET_KEY`.
`couveuse doctor --settings` shows the values in use, without secrets.

| setting | if not set | what it does |
|---|---|---|
"""


def page() -> str:
    """The page, in Markdown."""
    return HEAD + "".join(_row(setting) for setting in SETTINGS)


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    secret = " A secret." if setting.is_secret else ""
    return f"| `{PREFIX}{setting.name}` | {default} | {setting.does}{secret} |\n"


def show(environment: Mapping[str, str] = os.environ) -> None:
    """Print every setting with its value; secrets are only said to be set. Raises BadConfiguration."""
    configuration = read(environment)
    for setting in SETTINGS:
        name = PREFIX + setting.name
        value = getattr(configuration, setting.name.lower())
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        if setting.is_secret and text:
            text = "(set; not shown)"
        origin = (
            "" if name in environment else f" from {name}{SUFFIX}" if name + SUFFIX in environment else " (default)"
        )
        typer.echo(f"{name}={text}{origin}")
        typer.echo(f"    {setting.does}")


if __name__ == "__main__":
    sys.stdout.write(page())
