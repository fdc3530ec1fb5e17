"""The ordinary changes to a team's document are made in its text: what nobody asked to change stays, to the letter."""

from difflib import ndiff
from pathlib import Path

import pytest

from couveuse.documents import team_editing
from couveuse.documents.findings import TeamErrors
from couveuse.documents.team import TeamDocument, parse_team
from couveuse.documents.team_editing import NoSuch

POMPES = Path(__file__).parents[2] / "examples" / "pompes" / "equipe.yaml"
ZOE = {"id": "zoe", "name": "Zoé Petit", "email": "zoe@example.com", "telephone": "+33 1 99 00 00 01", "language": "fr"}


def pompes() -> TeamDocument:
    return parse_team(POMPES.read_text("utf-8"), "equipe.yaml")


def changes(before: TeamDocument, after: TeamDocument) -> list[str]:
    lines = ndiff(before.text.splitlines(), after.text.splitlines())
    return [line.rstrip() for line in lines if line[0] in "+-"]


def test_a_member_comes_at_the_end_of_the_list_and_of_a_team_s_turns() -> None:
    found = team_editing.add_member(pompes(), ZOE, ["telemarketing"])
    assert found.roster.members["zoe"].email == "zoe@example.com"
    assert found.roster.teams["telemarketing"].members == ("alice", "bob", "zoe")
    assert found.roster.teams["sales"].members == pompes().roster.teams["sales"].members
    removed = [line for line in changes(pompes(), found) if line.startswith("-")]
    assert removed == ["-     members: [alice, bob]"]


def test_what_a_member_says_is_changed_in_its_place() -> None:
    said = {"name": "Alice Bernard", "email": "alice.martin@example.com", "telephone": "+33 1 99 00 12 34",
            "language": "fr", "weight": 3}  # fmt: skip
    found = team_editing.change_member(pompes(), "alice", said, ["telemarketing"], ["telemarketing"])
    assert found.roster.members["alice"].name == "Alice Bernard"
    assert changes(pompes(), found) == [
        (
            '-   - {id: alice, name: Alice Martin, email: alice.martin@example.com, telephone: "+33 1 99 00 12 34", '
            "language: fr,"
        ),
        (
            '+   - {id: alice, name: Alice Bernard, email: alice.martin@example.com, telephone: "+33 1 99 00 12 34", '
            "language: fr,"
        ),
        "-      weight: 2}            # full time: two turns of each round",
        "+      weight: 3}            # full time: two turns of each round",
    ]


def test_what_is_said_as_it_was_changes_nothing() -> None:
    said = {"name": "Alice Martin", "email": "alice.martin@example.com", "telephone": "+33 1 99 00 12 34",
            "language": "fr", "weight": 2}  # fmt: skip
    found = team_editing.change_member(pompes(), "alice", said, ["telemarketing"], ["telemarketing"])
    assert found.text == pompes().text


def test_a_member_changes_teams_and_leaves_territories_behind() -> None:
    document = pompes()
    emma = {"name": "Emma Janssens", "email": "emma.janssens@example.com", "telephone": "+32 2 555 12 42",
            "language": "fr"}  # fmt: skip
    with pytest.raises(TeamErrors) as refused:  # she alone has the territory: somebody has to be named for it
        team_editing.change_member(document, "emma", emma, ["telemarketing"], [])
    assert "territories" in str(refused.value)
    david = {"name": "David Roux", "email": "david.roux@example.com", "telephone": "+33 1 99 00 12 41",
             "language": "fr", "digest": "08:30"}  # fmt: skip
    found = team_editing.change_member(document, "david", david, ["telemarketing"], ["telemarketing"])
    assert found.roster.teams["telemarketing"].leads == ("alice", "david")
    assert "david" not in found.roster.teams["sales"].members
    assert [each.members for each in found.roster.teams["sales"].territories][2] == ("chloe",)
    assert found.roster.members["david"].digest == document.roster.members["david"].digest


def test_a_member_goes_from_wherever_they_are_named_with_their_lines() -> None:
    found = team_editing.remove_member(pompes(), "bob")
    assert "bob" not in found.roster.members
    assert found.roster.teams["telemarketing"].members == ("alice",)
    assert changes(pompes(), found) == [
        (
            '-   - {id: bob, name: Bob Lefèvre, email: bob.lefevre@example.com, telephone: "+33 1 99 00 12 35", '
            "language: fr,"
        ),
        '-      hours: {week: {mon-fri: ["08:30-12:30"]}}}',
        "-     members: [alice, bob]",
        "+     members: [alice]",
    ]


def test_whom_others_depend_on_is_not_removed_silently() -> None:
    with pytest.raises(TeamErrors, match="lead"):
        team_editing.remove_member(pompes(), "alice")  # nobody leads telemarketing then, who is told of what is late


def test_who_is_not_there_is_not_changed() -> None:
    for act in (
        lambda: team_editing.remove_member(pompes(), "nobody"),
        lambda: team_editing.change_member(pompes(), "nobody", ZOE, [], []),
        lambda: team_editing.set_hours(pompes(), "teams", "nobody", None),
        lambda: team_editing.set_team(pompes(), "nobody", {}),
        lambda: team_editing.remove_team(pompes(), "nobody"),
        lambda: team_editing.add_territory(pompes(), "nobody", {}),
        lambda: team_editing.change_territory(pompes(), "sales", "nowhere", {}),
        lambda: team_editing.remove_territory(pompes(), "sales", "nowhere"),
        lambda: team_editing.raise_territory(pompes(), "sales", "nowhere"),
    ):
        with pytest.raises(NoSuch):
            act()


def test_an_id_or_an_e_mail_that_is_taken_is_refused_with_its_line() -> None:
    with pytest.raises(TeamErrors) as refused:
        team_editing.add_member(pompes(), ZOE | {"id": "bob"})
    assert refused.value.findings[0].line > 1
    with pytest.raises(TeamErrors):
        team_editing.add_member(pompes(), ZOE | {"email": "bob.lefevre@example.com"})


@pytest.mark.parametrize("name", ['Zoé: "l\'autre"', "- a, b]", "#x", "{x: y}", "yes", "é" * 40])
def test_a_name_of_any_kind_is_read_back(name: str) -> None:
    assert team_editing.add_member(pompes(), ZOE | {"name": name}).roster.members["zoe"].name == name


def test_hours_are_of_everybody_of_a_team_or_of_a_member() -> None:
    hours = {"timezone": "Europe/Paris", "week": {"mon-fri": ["09:00-17:00"]}}
    found = team_editing.set_hours(pompes(), "teams", "sales", hours)
    assert found.roster.teams["sales"].hours.week[0] == ((540, 1020),)
    assert found.roster.teams["telemarketing"].hours == pompes().roster.teams["telemarketing"].hours
    again = team_editing.set_hours(found, "teams", "sales", None)
    assert again.roster == pompes().roster
    assert team_editing.set_hours(pompes(), "members", "bob", None).roster.members["bob"].hours is None
    assert team_editing.set_hours(pompes(), "", "", hours).roster.hours.week[0] == ((540, 1020),)


def test_a_team_gives_its_tasks_otherwise() -> None:
    found = team_editing.set_team(pompes(), "telemarketing", {"assignment": "load", "sla.within": "4h", "tries": None})
    team = found.roster.teams["telemarketing"]
    assert (str(team.assignment), team.tries) == ("load", 5)
    assert "within: 4h           # of working time" in found.text


def test_a_document_without_a_member_gets_its_first() -> None:
    bare = parse_team("couveuse: 1\nteam: house\nteams:\n  - {id: sales}\n", "equipe.yaml")
    found = team_editing.add_member(bare, ZOE, ["sales"], ["sales"])
    assert found.roster.teams["sales"].leads == ("zoe",)
    assert team_editing.remove_member(found, "zoe").roster.members == {}


def test_comments_on_lines_of_their_own_stay() -> None:
    text = "couveuse: 1\nteam: house\nmembers:\n  # the first\n  - id: a\n    name: A\n    email: a@example.com\n"
    text += "  # the second\n  - id: b  # here\n    name: B\n    email: b@example.com\n# teams\nteams: [{id: sales}]\n"
    found = team_editing.remove_member(parse_team(text, "equipe.yaml"), "a")
    assert "# the first" in found.text
    assert "# the second" in found.text
    assert "- id: b  # here" in found.text
    assert list(found.roster.members) == ["b"]


def test_a_team_comes_at_the_end_and_goes_with_its_lines() -> None:
    said = {"id": "north", "label": {"fr": "Nord"}, "members": ["bob"], "assignment": "load", "sla": {"within": "4h"}}
    found = team_editing.add_team(pompes(), said)
    assert changes(pompes(), found) == [
        "+   - {id: north, label: {fr: Nord}, members: [bob], assignment: load, sla: {within: 4h}}"
    ]
    assert team_editing.remove_team(found, "north").text == pompes().text
    left = team_editing.remove_team(pompes(), "sales")
    assert list(left.roster.teams) == ["telemarketing"]
    assert left.roster.members == pompes().roster.members
    with pytest.raises(TeamErrors):
        team_editing.remove_team(left, "telemarketing")


def test_what_held_nothing_else_goes_with_what_is_taken_out() -> None:
    keys = ("within", "by_treatment.make-appointment", "raise_to", "raise_every", "raise_times")
    found = team_editing.set_team(pompes(), "telemarketing", {f"sla.{key}": None for key in keys})
    assert "sla" not in found.data["teams"][0]
    again = team_editing.set_team(found, "telemarketing", {"sla.by_treatment.detect-project": "1h"})
    assert again.data["teams"][0]["sla"] == {"by_treatment": {"detect-project": "1h"}}


def test_whoever_is_in_a_team_already_keeps_their_turn() -> None:
    found = team_editing.set_team(pompes(), "telemarketing", {}, members=["emma", "bob", "alice"], leads=["emma"])
    team = found.roster.teams["telemarketing"]
    assert (team.members, team.leads) == (("alice", "bob", "emma"), ("emma",))
    fewer = team_editing.set_team(pompes(), "sales", {}, members=["emma", "frank", "chloe"], leads=["frank"])
    assert fewer.roster.teams["sales"].territories[2].members == ("chloe",)


def test_the_first_territory_makes_a_team_give_by_territory_and_the_last_one_takes_that_with_it() -> None:
    where = {"traits.region": {"in": ["Nord", "N"]}}
    found = team_editing.add_territory(pompes(), "telemarketing", {"id": "n", "where": where, "members": ["bob"]})
    team = found.roster.teams["telemarketing"]
    assert (str(team.assignment), [each.id for each in team.territories]) == ("territory", ["n"])
    assert "# whoever owns a lead sells" in found.text
    again = team_editing.remove_territory(found, "telemarketing", "n")
    assert again.text == pompes().text


def test_territories_change_places_and_whose_they_are() -> None:
    found = team_editing.raise_territory(pompes(), "sales", "france")
    assert [each.id for each in found.roster.teams["sales"].territories] == ["abroad", "france", "large-groups"]
    assert team_editing.raise_territory(pompes(), "sales", "abroad").text == pompes().text
    said = {"where": {"traits.country": "BE"}, "members": ["frank"]}
    changed = team_editing.change_territory(pompes(), "sales", "france", said)
    assert changes(pompes(), changed) == [
        "-       - {id: france, where: {traits.country: FR}, members: [chloe, david]}",
        "+       - {id: france, where: {traits.country: BE}, members: [frank]}",
    ]
    assert len(team_editing.remove_territory(pompes(), "sales", "france").roster.teams["sales"].territories) == 2
