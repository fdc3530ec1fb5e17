"""Who gets a task: each way of giving them, who is passed over, and that each choice says why."""

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.assigning import MOST_TURNS, Because, Chosen, choose
from couveuse.core.conditions import Operator, Test
from couveuse.core.roster import Assignment, Member, Roster, Team, Territory

NORTH = Territory("north", Test("traits.region", Operator.IN, ("Nord", "Picardie")), ("bob", "carl"))
ALL = Territory("france", Test("traits.country", Operator.EQUALS, "FR"), ("alice",))


def a_roster(**weights: int) -> Roster:
    weights = weights or {"alice": 1, "bob": 1, "carl": 1}
    return Roster(members={id: Member(id, id.title(), f"{id}@example.com", weight=w) for id, w in weights.items()})


def a_team(
    assignment: Assignment, *, owner_first: bool = False, members: str = "alice bob carl", **said: object
) -> Team:
    return Team("t", members=tuple(members.split()), assignment=assignment, owner_first=owner_first, **said)  # type: ignore[arg-type]


def chosen(
    team: Team,
    *,
    roster: Roster | None = None,
    traits: dict[str, object] | None = None,
    owner: object = None,
    load: dict[str, int] | None = None,
    turns: str = "",
    away: str = "",
) -> Chosen:
    lookup = {f"traits.{name}": value for name, value in (traits or {}).items()}
    return choose(
        roster or a_roster(), team, lookup=lookup, owner=owner, load=load or {}, turns=turns.split(), away=away.split()
    )


ROUND = a_team(Assignment.ROUND_ROBIN)
LOAD = a_team(Assignment.LOAD)
TERRITORY = a_team(Assignment.TERRITORY, territories=(NORTH, ALL))


def test_it_works() -> None:
    assert chosen(ROUND) == Chosen("alice", Because.ROUND_ROBIN, "round_robin")
    assert chosen(ROUND, turns="alice bob").member == "carl"
    assert chosen(ROUND, turns="alice bob carl").member == "alice"


def test_a_team_may_leave_its_tasks_to_whoever_takes_them() -> None:
    assert chosen(a_team(Assignment.NOBODY)) == Chosen(None, Because.NOBODY, "nobody")


def test_the_owner_comes_first_where_the_team_says_so() -> None:
    for assignment in Assignment:
        team = a_team(assignment, owner_first=True)
        assert chosen(team, owner="carl@example.com") == Chosen("carl", Because.OWNER, "owner")
        assert chosen(a_team(assignment), owner="carl").because != Because.OWNER


def test_an_owner_of_another_team_or_of_nobodys_is_none() -> None:
    team = a_team(Assignment.ROUND_ROBIN, owner_first=True, members="alice bob")
    for owner in ("carl", "zoe@example.com", "", None, 7, ["alice"]):
        assert chosen(team, owner=owner) == Chosen("alice", Because.ROUND_ROBIN, "round_robin")


def test_an_owner_who_is_away_is_passed_over_and_the_choice_says_so() -> None:
    team = a_team(Assignment.ROUND_ROBIN, owner_first=True)
    assert chosen(team, owner="bob", away="bob").passed_over == ("bob",)
    assert chosen(a_team(Assignment.NOBODY, owner_first=True), owner="bob", away="bob").passed_over == ("bob",)
    team = a_team(Assignment.TERRITORY, owner_first=True, territories=(NORTH, ALL))
    assert chosen(team, owner="carl", away="carl", traits={"country": "FR"}) == Chosen(
        "alice", Because.TERRITORY, "territory:france", ("carl",)
    )


def test_the_one_with_the_fewest_open_tasks_has_the_next() -> None:
    assert chosen(LOAD, load={"alice": 3, "bob": 1, "carl": 2}) == Chosen("bob", Because.LOAD, "load")
    assert chosen(LOAD, load={"alice": 3, "bob": 1, "carl": 2}, away="bob").member == "carl"
    assert chosen(LOAD, load={"alice": 1, "bob": 1, "carl": 1}, turns="carl bob alice").member == "carl"
    assert chosen(LOAD, load={"alice": 3, "bob": 2}, roster=a_roster(alice=3, bob=1), turns="").member == "alice"


def test_the_first_territory_that_holds_is_the_leads() -> None:
    both = {"region": "nord", "country": "FR"}
    assert chosen(TERRITORY, traits=both) == Chosen("bob", Because.TERRITORY, "territory:north")
    assert chosen(TERRITORY, traits=both, turns="bob").member == "carl"
    assert chosen(TERRITORY, traits={"country": "FR"}).rule == "territory:france"


def test_a_lead_of_no_territory_and_one_whose_territory_is_empty_go_round_the_team() -> None:
    assert chosen(TERRITORY, traits={"country": "BE"}, turns="alice") == Chosen(
        "bob", Because.ROUND_ROBIN, "round_robin"
    )
    assert chosen(TERRITORY, traits={"region": "Nord"}, away="bob carl") == Chosen(
        "alice", Because.ROUND_ROBIN, "territory:north", ("bob", "carl")
    )


def test_a_team_that_is_away_as_a_whole_gives_to_nobody_and_says_so() -> None:
    for team in (ROUND, LOAD, TERRITORY):
        found = chosen(team, away="alice bob carl zoe")
        assert found == Chosen(None, Because.ALL_AWAY, str(team.assignment), ("alice", "bob", "carl"))


def test_a_team_without_members_gives_to_nobody_and_says_so() -> None:
    assert chosen(a_team(Assignment.LOAD, members="")) == Chosen(None, Because.NO_MEMBERS, "load")
    assert chosen(a_team(Assignment.ROUND_ROBIN, members="zoe")).because == Because.NO_MEMBERS


def test_who_comes_back_has_one_round_and_not_all_that_was_missed() -> None:
    turns = ["alice", "bob"] * 20
    after: list[str] = []
    for _ in range(4):
        member = chosen(ROUND, turns=" ".join(turns)).member
        assert member is not None
        turns.append(member)
        after.append(member)
    assert after == ["carl", "alice", "bob", "carl"]


NAMES = ("alice", "bob", "carl", "dora")
WEIGHTS = st.lists(st.integers(1, 10), min_size=1, max_size=4)
PAST = st.lists(st.sampled_from(NAMES), max_size=30)


@given(WEIGHTS, PAST)
def test_of_each_round_everybody_has_so_many_turns_as_their_weight(weights: list[int], past: list[str]) -> None:
    of = dict(zip(NAMES, weights, strict=False))
    team, length = a_team(Assignment.ROUND_ROBIN, members=" ".join(of)), sum(weights)
    turns = deque(past, maxlen=MOST_TURNS)
    made: list[str] = []
    for _ in range(4 * length):
        member = chosen(team, roster=a_roster(**of), turns=" ".join(turns)).member
        assert member is not None
        turns.append(member)
        made.append(member)
    # Whatever was before, the rounds after the first two are as they should be.
    assert Counter(made[2 * length : 3 * length]) == of == Counter(made[-length:])


@given(
    st.sampled_from(list(Assignment)), st.booleans(), st.sets(st.sampled_from(NAMES)), st.sampled_from([*NAMES, None]),
    st.sampled_from(["Nord", "Sud", None]), PAST, st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9)),
)  # fmt: skip
def test_nobody_who_is_away_or_of_another_team_gets_anything(
    assignment: Assignment,
    owner_first: bool,
    away: set[str],
    owner: str | None,
    region: str | None,
    past: list[str],
    load: dict[str, int],
) -> None:
    roster = a_roster(alice=1, bob=2, carl=1, dora=3)
    team = a_team(assignment, owner_first=owner_first, territories=(NORTH,))
    asked = dict(turns=" ".join(past), away=" ".join(away), load=load, owner=owner, traits={"region": region})
    found = chosen(team, roster=roster, **asked)  # type: ignore[arg-type]
    assert found == chosen(team, roster=roster, **asked)  # type: ignore[arg-type]
    assert found.rule
    if found.member is None:
        assert assignment is Assignment.NOBODY or away.issuperset(team.members)
        assert found.because in (Because.NOBODY, Because.ALL_AWAY)
    else:
        assert found.member in set(team.members) - away
        assert found.because
    assert away.issuperset(found.passed_over)
