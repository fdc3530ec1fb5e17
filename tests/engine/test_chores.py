"""Chores are asked in their order whether they are due; one that fails stops no other."""

import threading

from couveuse.configuration import Configuration
from couveuse.engine.chores import Chores
from couveuse.engine.tallies import Tally
from tests.engine.town import NOW, configuration

SETTINGS = configuration()


def test_chores_are_asked_with_the_time_and_one_that_fails_stops_no_other() -> None:
    asked, stopping, tally = [], threading.Event(), Tally()

    def broken(url: str, settings: Configuration, now: int) -> None:
        raise ValueError

    def chore(url: str, settings: Configuration, now: int) -> None:
        asked.append((url, settings, now))
        stopping.set()

    Chores("postgresql:///unasked", SETTINGS, tally, (broken, chore), lambda: NOW).run(stopping)
    assert asked == [("postgresql:///unasked", SETTINGS, NOW)]
    assert tally.as_json() == {"failures": 1}


def test_whoever_is_told_to_stop_begins_no_further_chore() -> None:
    asked, stopping = [], threading.Event()

    def chore(url: str, settings: Configuration, now: int) -> None:
        asked.append(now)
        stopping.set()

    Chores("postgresql:///unasked", SETTINGS, Tally(), (chore, chore), lambda: NOW).run(stopping)
    assert asked == [NOW]
