"""The command line: words in, values to the layers below, tables and files out."""

import sys

from couveuse.errors import CouveuseError

DONE, FINDING, BAD_INPUT = 0, 1, 2


def main() -> None:
    """Run `couveuse`: 0 done, 1 a finding, 2 bad usage or bad input, with one line on stderr that names the cure."""
    from couveuse.cli.app import app

    try:
        app()
    except CouveuseError as error:
        print(f"couveuse: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can be written there, not even at exit.
        sys.stdout = None
        sys.exit(DONE)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        print(
            f"couveuse: {error.filename or ''}: {error.strerror or error}; check the path and the disk", file=sys.stderr
        )
        sys.exit(BAD_INPUT)
