"""When what does not last is to be tried again: later each time, and soon again once it has lasted."""

import time
from dataclasses import dataclass
from typing import Final

# It is begun again after so long, twice as long each time it does not last, and at most after so long.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LASTS_SECONDS: Final = 60.0


@dataclass(slots=True)
class Trials:
    """When to try again what does not last."""

    pause: float = FIRST_PAUSE
    due_at: float = 0.0
    began_at: float = 0.0

    def begin(self) -> None:
        """It is tried now."""
        self.began_at = time.monotonic()

    def fail(self) -> float:
        """It did not last; returns the seconds until it is to be tried again."""
        if time.monotonic() - self.began_at > LASTS_SECONDS:
            self.pause = FIRST_PAUSE
        pause, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE)
        self.due_at = time.monotonic() + pause
        return pause

    @property
    def is_due(self) -> bool:
        """Whether it may be tried."""
        return time.monotonic() >= self.due_at
