"""The roster: whose hours count, who is away by their own date, and whom an owner trait names."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.roster import Absence, Hours, Member, Roster, Team
from couveuse.core.times import instant

NIGHT = Hours("America/New_York")
ALICE = Member("alice", "Alice Martin", "Alice@example.com")
BOB = Member("bob", "Bob Durand", "bob@example.com", hours=NIGHT)
ROSTER = Roster(
    teams={"sales": Team("sales", members=("alice", "bob"), hours=Hours("Europe/Brussels"))},
    members={"alice": ALICE, "bob": BOB},
    absences=(
        Absence("alice", date(2026, 3, 3), date(2026, 3, 4)),
        Absence("bob", date(2026, 3, 3), date(2026, 3, 3)),
    ),
    hours=Hours("Europe/Paris"),
)


def away(text: str) -> list[str]:
    found = instant(text, ZoneInfo("UTC"))
    assert found is not None
    return sorted(ROSTER.away(found))


def test_it_works() -> None:
    assert away("2026-03-03T15:00:00Z") == ["alice", "bob"]
    assert ROSTER.owner_of("alice") == "alice"


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("2026-03-02T22:59:59Z", []),
        ("2026-03-02T23:00:00Z", ["alice"]),  # it is 3 March in Paris
        ("2026-03-03T05:00:00Z", ["alice", "bob"]),  # and now in New York
        ("2026-03-04T04:59:59Z", ["alice", "bob"]),
        ("2026-03-04T05:00:00Z", ["alice"]),
        ("2026-03-04T22:59:59Z", ["alice"]),  # the last day belongs to the absence
        ("2026-03-04T23:00:00Z", []),
    ],
)
def test_an_absence_is_of_whole_days_where_the_member_is(when: str, who: list[str]) -> None:
    assert away(when) == who


def test_a_members_own_hours_come_before_the_teams_and_these_before_everybodys() -> None:
    zones = [ROSTER.hours_of(*asked).timezone for asked in (("bob", "sales"), ("alice", "sales"), ("alice",))]
    assert zones == ["America/New_York", "Europe/Brussels", "Europe/Paris"]
    assert ROSTER.hours_of("nobody", "nowhere") == Hours("Europe/Paris")


@pytest.mark.parametrize(
    ("named", "member"),
    [
        ("bob", "bob"),
        (" BOB ", "bob"),
        ("ALICE@example.com", "alice"),
        ("carl", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_an_owner_is_named_by_id_or_e_mail(named: object, member: str | None) -> None:
    assert ROSTER.owner_of(named) == member
