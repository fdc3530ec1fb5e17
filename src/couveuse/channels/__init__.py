"""The outside world: a folder for each way out, all alike. `rendering` makes a message of a notice, `sending` sends it.

Nothing here knows of the queue, of who is told and when, or of a database. What an attempt came to is a value.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken it, and calls it by this reference."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will not take this, today or tomorrow; `is_gone` asks for nothing more at this address."""

    reason: str
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """It was surely not taken; it may be tried again, after so many seconds where the other side has said so."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken: all of it had left when the line broke, or no answer came in time."""

    reason: str


Outcome = Delivered | Refused | Failed | Unknown
"""What an attempt came to."""
