"""The command line: words in, values to the layers below, tables and files out."""

import sys
from collections.abc import Sequence

from couveuse.errors import CouveuseError

DONE, FINDING, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main() -> None:
    """Run `couveuse` on the process's own arguments, and end it with the exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command: 0 done, 1 a finding, 2 bad usage or bad input, with one line on stderr that names the cure."""
    try:
        code = _command(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except CouveuseError as error:
        return _refused(str(error))
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can be written there, not even at exit.
        sys.stdout = None
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except RuntimeError as error:
        # What DuckDB makes of Ctrl-C while it works.
        if "interrupted" not in str(error).lower():
            raise
        return INTERRUPTED
    except OSError as error:
        where = error.filename or "the output, or a temporary file"
        sys.stdout = None  # what is left to be written would fail again at exit
        return _refused(f"{where}: {error.strerror or error}; check the path and the disk")


def note(text: str) -> None:
    """Say something beside the answer."""
    print(text, file=sys.stderr)


def _refused(message: str) -> int:
    print(f"couveuse: {message}", file=sys.stderr)
    return BAD_INPUT


def _command(arguments: Sequence[str]) -> int:
    """Find the command and run it; bad usage is said in one line, as everything else."""
    import typer
    from typer.main import get_command

    from couveuse.cli.app import app

    name = "couveuse"
    try:
        with get_command(app).make_context(name, list(arguments)) as context:
            context.command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        message = " ".join(error.format_message().split())
        if not message:  # a command without its arguments has printed its help
            return BAD_INPUT
        asked = getattr(error, "ctx", None)
        return _refused(f"{message} See: {asked.command_path if asked else name} --help")
    return DONE
