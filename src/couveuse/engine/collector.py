"""Python's collector of cycles, where very many values are made and few of them are in cycles.

Left alone it looks at all that a batch holds again and again: a third of an import's time was spent so.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# So many more values than went before it looks at the youngest; Python's own number is some hundreds.
VALUES: Final = 50_000
_RARELY: Final = (VALUES, 20, 100)


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let the collector look seldom, as long as the block lasts."""
    before = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_seldom() -> None:
    """Let the collector look seldom from now on, in a process that does nothing else."""
    gc.set_threshold(*_RARELY)
