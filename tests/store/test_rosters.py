"""The team in the store: applied as a whole, kept in versions, removed without being forgotten; absences."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from couveuse.core.roster import Absence, Roster
from couveuse.core.roster_changes import Change, Did
from couveuse.documents.team import parse_team
from couveuse.errors import BadInput
from couveuse.store import rosters
from tests.documents import team_parts

NOW = 1_772_550_000_000_000
FULL = parse_team(team_parts.FULL, "equipe.yaml")
# Without Bob, and with a team that nobody was in before.
OTHER = parse_team(
    team_parts.HEAD + "members: [{id: alice, name: Alice Durand, email: alice@example.com}]\n"
    "teams: [{id: sales, members: [alice]}]\n",
    "equipe.yaml",
)
HOLIDAY = FULL.roster.absences[0]


@pytest.fixture
def store(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database) as connection:
        yield connection


def applied(store: psycopg.Connection[Any], document: object = FULL, now: int = NOW) -> rosters.Applied:
    return rosters.apply_roster(store, document, by="alice", now=now)  # type: ignore[arg-type]


def rows(store: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return store.execute(query).fetchall()  # type: ignore[arg-type]  # a statement of the test's


def test_it_works(store: psycopg.Connection[Any]) -> None:
    found = applied(store)
    assert (found.version, found.is_new, found.removed_members, found.removed_teams) == (1, True, (), ())
    assert rosters.load_roster(store) == FULL.roster


def test_without_a_document_the_roster_is_empty(store: psycopg.Connection[Any]) -> None:
    assert rosters.load_roster(store) == Roster()
    assert rosters.newest(store) is None


def test_tables_repeat_the_document_for_queries_to_join(store: psycopg.Connection[Any]) -> None:
    applied(store)
    (team,) = rows(store, "select id, label->>'fr', settings->>'tries', settings ? 'members', removed_at from teams")
    assert team == ("telemarketing", "Télémarketing", "7", False, None)
    members = rows(store, "select id, name, email, language, settings->>'weight' from members order by id")
    assert members == [
        ("alice", "Alice Martin", "alice@example.com", "fr", "2"),
        ("bob", "Bob Durand", "bob@example.com", "en", None),
    ]
    memberships = rows(store, "select team, member, place, is_lead from memberships order by place")
    assert memberships == [("telemarketing", "alice", 0, True), ("telemarketing", "bob", 1, False)]


def test_who_is_removed_keeps_a_row_and_is_told_of(store: psycopg.Connection[Any]) -> None:
    applied(store)
    found = applied(store, OTHER, NOW + 1)
    assert (found.removed_members, found.removed_teams) == (("bob",), ("telemarketing",))
    assert rows(store, "select id, removed_at from members order by id") == [("alice", None), ("bob", NOW + 1)]
    assert rows(store, "select member from memberships") == [("alice",)]
    assert rosters.load_roster(store) == OTHER.roster
    # Removed once is told once; and who comes back is there again.
    assert applied(store, OTHER, NOW + 2).removed_members == ()
    applied(store, FULL, NOW + 3)
    assert rows(store, "select count(*) from members where removed_at is not null") == [(0,)]


def test_a_document_is_kept_where_it_says_something_new(store: psycopg.Connection[Any]) -> None:
    applied(store)
    assert applied(store, FULL, NOW + 1) == rosters.Applied(1, False, ())
    applied(store, OTHER, NOW + 2)
    kept = rosters.versions(store, 10)
    assert [(version.id, version.at, version.by) for version in kept] == [(2, NOW + 2, "alice"), (1, NOW, "alice")]
    assert kept[1].text == team_parts.FULL
    assert rows(store, "select did, about->>'document' from audit order by id") == [
        ("team applied", "1"), ("team applied", "2"),
    ]  # fmt: skip


def test_what_would_change_is_told_beforehand_and_afterwards(store: psycopg.Connection[Any]) -> None:
    applied(store)
    foreseen = rosters.foreseen(store, OTHER)
    assert foreseen == [
        Change("roster", "", Did.CHANGED, ("name", "currency", "owner_trait", "hours")),
        Change("team", "sales", Did.ADDED),
        Change("team", "telemarketing", Did.REMOVED),
        Change("member", "alice", Did.CHANGED, ("name", "telephone", "language", "channels", "digest", "weight")),
        Change("member", "bob", Did.REMOVED),
        Change("list", "direction", Did.REMOVED),
        Change("absence", "alice", Did.REMOVED, ("2026-12-21", "2027-01-03")),
    ]
    assert rosters.load_roster(store) == FULL.roster
    assert list(applied(store, OTHER).changes) == foreseen
    assert rosters.foreseen(store, OTHER) == []


def test_a_document_that_is_refused_half_way_leaves_everything_as_it_was(store: psycopg.Connection[Any]) -> None:
    applied(store)
    store.commit()
    store.execute("alter table memberships add constraint no_sales check (team <> 'sales')")
    with pytest.raises(psycopg.errors.CheckViolation):
        applied(store, OTHER)
    assert rosters.load_roster(store) == FULL.roster
    assert rows(store, "select id from teams where removed_at is null") == [("telemarketing",)]


# ---- Absences ----------------------------------------------------------------------------------------------------


def away(store: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    return [
        (absence.member, absence.first_day.isoformat(), absence.last_day.isoformat())
        for absence in rosters.load_roster(store).absences
    ]


def add(store: psycopg.Connection[Any], member: str, first: str, last: str) -> int:
    first_day, last_day = date.fromisoformat(first), date.fromisoformat(last)
    return rosters.add_absence(store, member, first_day, last_day, because="ill", by="bob", now=NOW)


def test_an_absence_by_hand_stays_when_a_document_is_applied(store: psycopg.Connection[Any]) -> None:
    applied(store)
    number = add(store, "bob", "2026-03-02", "2026-03-04")
    assert away(store) == [("bob", "2026-03-02", "2026-03-04"), ("alice", "2026-12-21", "2027-01-03")]
    applied(store, FULL, NOW + 1)
    applied(store, parse_team(team_parts.FULL.replace("until: 2027-01-03", "until: 2027-01-05"), "x"), NOW + 2)
    assert away(store) == [("bob", "2026-03-02", "2026-03-04"), ("alice", "2026-12-21", "2027-01-05")]
    by_hand, of_document = rosters.load_absences(store)
    assert by_hand == rosters.Away(number, Absence("bob", date(2026, 3, 2), date(2026, 3, 4), "ill"), NOW, "bob", False)
    assert of_document.is_of_document
    assert [found.absence.member for found in rosters.load_absences(store, since=date(2026, 3, 5))] == ["alice"]


def test_who_was_removed_is_not_away(store: psycopg.Connection[Any]) -> None:
    applied(store)
    add(store, "bob", "2026-03-02", "2026-03-04")
    applied(store, OTHER)
    assert away(store) == []


def test_whoever_is_back_is_away_no_more_and_a_later_absence_stays(store: psycopg.Connection[Any]) -> None:
    applied(store)
    add(store, "alice", "2026-03-02", "2026-03-06")
    add(store, "alice", "2026-03-04", "2026-03-04")
    ended = rosters.end_absences(store, "alice", date(2026, 3, 4), by="bob", now=NOW)
    assert [is_of_document for _, is_of_document in ended] == [False, False]
    assert away(store) == [("alice", "2026-03-02", "2026-03-03"), ("alice", "2026-12-21", "2027-01-03")]
    assert rosters.end_absences(store, "alice", date(2026, 3, 4), by="bob", now=NOW) == []
    ((_, is_of_document),) = rosters.end_absences(store, "alice", date(2026, 12, 28), by="bob", now=NOW)
    assert is_of_document
    assert away(store)[1:] == [("alice", "2026-12-21", "2026-12-27")]
    applied(store, FULL, NOW + 1)
    assert away(store)[1:] == [("alice", "2026-12-21", "2027-01-03")]


def test_an_absence_is_removed_by_its_number_once(store: psycopg.Connection[Any]) -> None:
    applied(store)
    number = add(store, "bob", "2026-03-02", "2026-03-04")
    assert rosters.remove_absence(store, number, by="bob", now=NOW)
    assert not rosters.remove_absence(store, number, by="bob", now=NOW)
    assert rows(store, "select did from audit order by id") == [
        ("team applied",), ("absence added",), ("absence removed",),
    ]  # fmt: skip


def test_an_absence_that_makes_no_sense_is_refused_with_the_cure(store: psycopg.Connection[Any]) -> None:
    applied(store)
    applied(store, OTHER)
    for member in ("bob", "nobody"):
        with pytest.raises(BadInput, match=f"{member}: there is no such member; give an id"):
            add(store, member, "2026-03-02", "2026-03-04")
        with pytest.raises(BadInput, match="no such member"):
            rosters.end_absences(store, member, date(2026, 3, 4), by="bob", now=NOW)
    with pytest.raises(BadInput, match="give the later day as the last one"):
        add(store, "alice", "2026-03-04", "2026-03-02")
