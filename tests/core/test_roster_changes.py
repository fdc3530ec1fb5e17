"""What differs between two rosters: nothing between equal ones, and each thing once."""

from datetime import date

from couveuse.core.roster import Absence, Channel, Member, Reach, Roster, Team
from couveuse.core.roster_changes import Change, Did, changes

ALICE, BOB = (Member(id, id.title(), f"{id}@example.com") for id in ("alice", "bob"))
AWAY = Absence("alice", date(2026, 3, 2), date(2026, 3, 3))
ROSTER = Roster(
    teams={"sales": Team("sales", members=("alice",))},
    members={"alice": ALICE},
    lists={"direction": (Channel(Reach.EMAIL, "boss@example.com"),)},
    absences=(AWAY,),
)


def test_it_works() -> None:
    assert changes(ROSTER, ROSTER) == []
    assert changes(Roster(), ROSTER) == [
        Change("team", "sales", Did.ADDED),
        Change("member", "alice", Did.ADDED),
        Change("list", "direction", Did.ADDED),
        Change("absence", "alice", Did.ADDED, ("2026-03-02", "2026-03-03")),
    ]


def test_what_is_gone_is_told_and_an_absence_goes_with_its_member() -> None:
    after = Roster(teams=ROSTER.teams, members={"bob": BOB}, currency="CHF")
    assert changes(ROSTER, after) == [
        Change("roster", "", Did.CHANGED, ("currency",)),
        Change("member", "bob", Did.ADDED),
        Change("member", "alice", Did.REMOVED),
        Change("list", "direction", Did.REMOVED),
    ]


def test_of_what_changed_the_fields_are_named() -> None:
    team = Team("sales", members=("alice",), leads=("alice",), tries=9)
    after = Roster(teams={"sales": team}, members=ROSTER.members, lists={"direction": ()}, absences=(AWAY,))
    assert changes(ROSTER, after) == [
        Change("team", "sales", Did.CHANGED, ("leads", "tries")),
        Change("list", "direction", Did.CHANGED),
    ]
