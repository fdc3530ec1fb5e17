"""Words of a team's document become addresses, each once."""

import pytest

from couveuse.core.recipients import Recipient, recipients
from couveuse.core.roster import Channel, Digest, Member, Reach, Roster, Team

EMAIL, SLACK = Reach.EMAIL, Reach.SLACK
ALICE = Member("alice", "Alice", "alice@example.com")
BOB = Member("bob", "Bob", "bob@example.com", channels=(Channel(SLACK, "bob-slack"), Channel(EMAIL, "b@example.org")))
CAROL = Member("carol", "Carol", "carol@example.com", digest=Digest(540))
SALES = Team("sales", members=("alice", "bob", "carol"), leads=("carol",))
DESK = Team("desk", members=("bob",), leads=("bob",), channels=(Channel(SLACK, "desk-slack"),))
ROSTER = Roster(
    teams={"sales": SALES, "desk": DESK},
    members={each.id: each for each in (ALICE, BOB, CAROL)},
    lists={"board": (Channel(EMAIL, "board@example.com"), Channel(EMAIL, "Alice@example.com"))},
)
A = Recipient(EMAIL, "alice@example.com", "alice")
B = [Recipient(SLACK, "bob-slack", "bob"), Recipient(EMAIL, "b@example.org", "bob")]
C = Recipient(EMAIL, "carol@example.com", "carol", Digest(540))


def told(*words, team="sales", member="alice", owner=None, away=(), roster=ROSTER):
    return recipients(roster, team, words, member=member, owner=owner, away=away)


def test_it_works():
    assert told("member", "lead") == [A, C]


@pytest.mark.parametrize(
    ("words", "found"),
    [(["member"], [A]), (["owner"], B), (["lead"], [C]), (["team"], [A, *B, C]), (["bob"], B), (["nobody"], [])],
)
def test_each_word_names_somebody(words, found):
    assert told(*words, owner="bob") == found


def test_each_address_is_told_once():
    assert told("member", "team", "alice") == [A, *B, C]
    assert told("member", "board") == [A, Recipient(EMAIL, "board@example.com")]


def test_a_task_of_nobody_and_a_lead_without_an_owner_name_nobody():
    assert told("member", "owner", member=None) == []


def test_of_a_team_who_is_away_is_not_told_unless_all_are():
    assert told("team", away={"bob"}) == [A, C]
    assert told("team", away={"alice", "bob", "carol"}) == [A, *B, C]


def test_a_team_with_channels_of_its_own_is_told_there():
    assert told("team", team="desk") == [Recipient(SLACK, "desk-slack")]


def test_a_teams_digest_is_of_whoever_has_none():
    roster = Roster({"sales": Team("sales", members=("alice", "carol"), digest=Digest(600))}, ROSTER.members)
    assert [each.digest for each in told("team", roster=roster)] == [Digest(600), Digest(540)]


def test_a_team_that_nobody_knows_is_told_to_everybody_who_leads():
    assert told("member", team="gone") == [C, *B]
    assert told("member", team="gone", roster=Roster()) == []
