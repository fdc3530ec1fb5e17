"""What is left of the first steps, for the page that shows them until they are over; then nothing is asked any more."""

import threading
from typing import Any, Final

from psycopg import Connection

from couveuse import configuration
from couveuse.engine import starting
from couveuse.engine.starting import Steps


class _Thread(threading.local):
    """The connection on which the steps of this thread's database were found to be over."""

    over: Connection[Any] | None = None


_thread: Final = _Thread()


def left(connection: Connection[Any]) -> Steps | None:
    """The steps that are to be shown; None where all are done, or the list is put away.

    That all are done is remembered for as long as this thread's connection lives: what was done once is not undone.
    That the list is put away is not: it may be taken out again.
    """
    if _thread.over is connection:
        return None
    found = starting.steps(connection, configuration.read())
    if found.is_over:
        _thread.over = connection
    return found if found.is_shown else None
