"""The machine's clock, for those who begin something: what is begun is told the time."""

import time


def now_us() -> int:
    """The clock, in microseconds."""
    return time.time_ns() // 1000
