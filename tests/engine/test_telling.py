"""When a digest goes, and what a place is called."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.recipients import Recipient
from couveuse.core.roster import Hours, Member, Reach, Roster
from couveuse.core.times import microseconds
from couveuse.core.working import Working
from couveuse.engine.telling import next_time, place_of

PARIS = ZoneInfo("Europe/Paris")


def at(*words):
    return microseconds(datetime(*words, tzinfo=PARIS))


def next_at(now, minutes=510, **hours):
    return next_time(Working(Hours(**hours), lambda on: on == date(2026, 5, 25)), minutes, now)


def test_it_works():
    assert next_at(at(2026, 5, 28, 7)) == at(2026, 5, 28, 8, 30)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (at(2026, 5, 28, 8, 30), at(2026, 5, 29, 8, 30)),  # now is too late
        (at(2026, 5, 29, 12), at(2026, 6, 1, 8, 30)),  # over a weekend
        (at(2026, 5, 22, 12), at(2026, 5, 26, 8, 30)),  # and a holiday
        (at(2026, 3, 27, 12), at(2026, 3, 30, 8, 30)),  # over a change of clocks
    ],
)
def test_it_goes_at_the_next_working_day(now, found):
    assert next_at(now) == found


def test_who_never_works_gets_it_at_once():
    now = at(2026, 5, 28, 7)
    assert next_at(now, week=((),) * 7) == now


@pytest.mark.parametrize(
    ("recipient", "target"),
    [
        (Recipient(Reach.EMAIL, "a@example.org", "a"), {"member": "a"}),
        (Recipient(Reach.EMAIL, "other@example.org", "a"), {"address": "other@example.org"}),
        (Recipient(Reach.EMAIL, "list@example.org"), {"address": "list@example.org"}),
        (Recipient(Reach.SLACK, "sales"), {"secret": "sales"}),
        (Recipient(Reach.WEBHOOK, "crm", "a"), {"endpoint": "crm"}),
    ],
)
def test_a_place_is_what_it_is_called_in_the_queue(recipient, target):
    place = place_of(Roster(members={"a": Member("a", "A", "a@example.org")}), recipient)
    assert (place.target, place.name, place.audience) == (target, next(iter(target.values())), "team")
