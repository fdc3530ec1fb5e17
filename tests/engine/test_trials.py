"""What does not last is tried again later each time, up to a limit; what has lasted is tried again soon."""

import time

from couveuse.engine.trials import FIRST_PAUSE, LASTS_SECONDS, LONGEST_PAUSE, Trials


def test_pauses_grow_to_a_limit_and_begin_anew_after_what_lasted(monkeypatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    trials = Trials()
    pauses = []
    for _ in range(8):
        trials.begin()
        pauses.append(trials.fail())
        assert not trials.is_due
        now += pauses[-1]
        assert trials.is_due
    assert pauses == [FIRST_PAUSE * 2**number for number in range(6)] + [LONGEST_PAUSE] * 2
    trials.begin()
    now += LASTS_SECONDS + 1
    assert trials.fail() == FIRST_PAUSE
