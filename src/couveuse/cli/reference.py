"""The reference of the command line, written from the commands themselves: `python -m couveuse.cli.reference`."""

import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any

from typer.main import get_command

HEAD = """# Command line

This page is written by `python -m couveuse.cli.reference > docs/reference/cli.md`.

Answers go to the standard output, everything else to the standard error. Long work shows progress on a terminal and is
silent in a pipe.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a finding: `couveuse model check` has found an error in the model |
| 2 | bad usage or bad input, with one line that names the cure |
| 130 | interrupted |
"""


def reference() -> str:
    """The whole page, in Markdown."""
    from couveuse.cli.app import app

    return HEAD + "".join(_sections(get_command(app), "couveuse"))


def _sections(command: Any, path: str) -> Iterator[str]:
    """A command's section, or those of the commands of a group; typed as Typer's own objects are not."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, each in inner.items():
            yield from _sections(each, f"{path} {name}")
        return
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and param.name != "help"]
    usage = " ".join([path, *(_metavar(argument) for argument in arguments), *(["[OPTIONS]"] if options else [])])
    yield f"\n## `{path}`\n\n{command.help}\n\n    {usage}\n"
    if arguments or options:
        yield "\n| | meaning | if not said |\n|---|---|---|\n"
    for argument in arguments:
        yield f"| `{_metavar(argument)}` | {argument.help or ''} | {_default(argument)} |\n"
    for option in options:
        names = ", ".join(f"`{name}`" for name in option.opts)
        yield f"| {names}{_values(option)} | {option.help or ''} | {_default(option)} |\n"


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper()) + (" ..." if param.nargs == -1 else "")


def _values(option: Any) -> str:
    """What may stand after an option: one of a few words, or anything; nothing after a flag."""
    if isinstance(option.default, Enum):
        return " " + ", ".join(f"`{choice.value}`" for choice in type(option.default))
    if option.is_flag:
        return ""
    return " ... (as often as wanted)" if option.multiple else " ..."


def _default(param: Any) -> str:
    if param.required:
        return "needed"
    default = param.default
    if default is None or default is False:
        return ""
    return f"`{default.value if isinstance(default, Enum) else default}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
