"""What a process counts of its work, for its sign of life."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """What this process has done, for its sign of life; several threads count into it."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str, number: int = 1) -> None:
        """Count so many."""
        with self.lock:
            self.counts[what] += number

    def fail(self) -> None:
        """Count a failure of our own."""
        self.count("failures")

    def as_json(self) -> dict[str, int]:
        """The same as JSON values."""
        with self.lock:
            return dict(self.counts)
