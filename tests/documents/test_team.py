"""A team's document read: what is sound becomes a roster, what is not says where, what and how to mend it."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.conditions import Operator, Test
from couveuse.core.model import DAY_US, Label
from couveuse.core.roster import (
    Absence,
    Assignment,
    Channel,
    Digest,
    Hours,
    Member,
    Promise,
    Reach,
    Roster,
    Team,
    Territory,
)
from couveuse.core.times import HOUR_US
from couveuse.documents.findings import Finding, TeamErrors
from couveuse.documents.reading import parse_model, read_model
from couveuse.documents.team import EXAMPLES, parse_team, read_team, without_team
from couveuse.documents.team_shapes import SHAPES, TeamPart, keys_of
from couveuse.errors import BadInput
from tests.documents.parts import HEAD as MODEL_HEAD
from tests.documents.parts import PIECES
from tests.documents.team_parts import FULL, HEAD, MEMBERS, SALES

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "pompes"


def refusals(text: str) -> tuple[Finding, ...]:
    try:
        parse_team(text, "equipe.yaml")
    except TeamErrors as errors:
        return errors.findings
    return ()


def refusal(text: str) -> Finding:
    (found,) = refusals(text)
    return found


def test_it_works() -> None:
    roster = read_team(HEAD + "teams: [{id: sales}]\n").roster
    assert (roster.name, roster.currency, roster.owner_trait) == ("small", "EUR", "owner")
    assert roster.teams == {"sales": Team("sales")}
    assert (roster.members, roster.lists, roster.absences, roster.hours) == ({}, {}, (), Hours())


def test_every_clause_reaches_the_core() -> None:
    roster = parse_team(FULL, "equipe.yaml").roster
    office = ((9 * 60, 12 * 60 + 30), (14 * 60, 18 * 60))
    hours = Hours("Europe/Paris", (office,) * 5 + ((),) * 2, "FR", frozenset([date(2026, 12, 24)]))
    assert roster == Roster(
        name="pompes-durand",
        currency="CHF",
        owner_trait="account_manager",
        hours=hours,
        members={
            "alice": Member(
                "alice", "Alice Martin", "alice@example.com", "+33 1 23 45 67 89", "fr",
                (Channel(Reach.EMAIL, "alice@example.com"), Channel(Reach.SLACK, "slack-sales")),
                digest=Digest(8 * 60 + 30), weight=2,
            ),
            "bob": Member(
                "bob", "Bob Durand", "bob@example.com",
                hours=Hours("America/New_York", hours.week, "", hours.days_off),
            ),
        },
        absences=(Absence("alice", date(2026, 12, 21), date(2027, 1, 3), "congés"),),
        lists={"direction": (Channel(Reach.EMAIL, "boss@example.com"), Channel(Reach.WEBHOOK, "crm"))},
        teams={
            "telemarketing": Team(
                "telemarketing",
                Label("Télémarketing", "Telemarketing"),
                ("alice", "bob"),
                ("alice",),
                Hours("Europe/Paris", ((),) * 5 + (((0, 1440),),) * 2, "FR", frozenset([date(2026, 12, 24)])),
                Assignment.TERRITORY,
                False,
                (Territory("north", Test("traits.region", Operator.IN, ("Nord",)), ("bob",)),),
                Promise(4 * HOUR_US, {"detect-project": HOUR_US}, ("lead", "direction"), HOUR_US // 2, 5, 60 * DAY_US),
                ("member", "bob"),
                (Channel(Reach.WEBHOOK, "crm"), Channel(Reach.EMAIL, "team@example.com")),
                Digest(9 * 60),
                7,
                {"detect-project": Label("Détecter un projet", "Detect a project")},
            ),
        },
    )  # fmt: skip


def test_what_is_left_out_of_ones_own_hours_is_as_everybodys() -> None:
    roster = read_team(FULL).roster
    assert roster.hours_of("bob").week == roster.hours.week
    assert roster.hours_of("bob").timezone == "America/New_York"
    assert roster.members["alice"].hours is None


WRONG = [
    # what stands after the head, the members and the teams of a sound document; the field; what is said; the cure
    ("colour: red", "colour", 'unknown key "colour"', "one of: couveuse"),
    ("currency: euros", "currency", '"euros"', "currency: EUR"),
    ("owner: traits.owner", "owner", "bare here", "write owner"),
    ("hours: {timezone: Europe/Pari}", "hours.timezone", "not a time zone", "write Europe/Paris"),
    ("hours: {holidays: XX}", "hours.holidays", "no country", "as FR"),
    ("hours: {holidays: fr}", "hours.holidays", "no country", "write FR"),
    ("hours: {holidays: FR-99}", "hours.holidays", "no region of FR", "FR-57"),
    ("hours: {holidays: FRA}", "hours.holidays", "no country", "as FR"),
    ("hours: {holidays: 3}", "hours.holidays", "no country", "FR"),
    ("hours: {days_off: [24/12/2026]}", "hours.days_off[0]", "is no day", "2026-12-24"),
    ("hours: {days_off: [2026-02-30]}", "hours.days_off[0]", "is no day", "2026-12-24"),
    ("hours: {week: {}}", "hours.week", "a mapping is wanted", "mon-fri"),
    ("hours: {week: {lun: []}}", "hours.week.lun", "no day of the week", "mon, tue"),
    ("hours: {week: {fri-mon: []}}", "hours.week.fri-mon", "no day of the week", "later one"),
    ("hours: {week: {mon: []}}", "hours.week", "nobody ever works", "write a span"),
    ("hours: {week: {mon-fri: [\"09:00-18:00\"], tue: []}}", "hours.week.tue", "written twice", "keep one"),
    ("hours: {week: {mon: \"09:00-18:00\"}}", "hours.week.mon", "a list is wanted", "write ["),
    ("hours: {week: {mon: [9-18]}}", "hours.week.mon[0]", "no span of a day", "09:00-12:30"),
    ("hours: {week: {mon: [\"18:00-09:00\"]}}", "hours.week.mon[0]", "ends before it begins", "midnight"),
    ("hours: {week: {mon: [\"09:00-12:00\", \"11:00-18:00\"]}}", "hours.week.mon[1]", "begins before", "in order"),
    ("hours: {weeks: {}}", "hours.weeks", "unknown key", "write week"),
    ("lists: {direction: []}", "lists.direction", "the list is empty", "plain value"),
    ("lists: {direction: [boss]}", "lists.direction[0]", "no e-mail address", "alice@example.com"),
    ("lists: {direction: [email]}", "lists.direction[0]", "email is whose?", "the address"),
    ("lists: {direction: ['a@example.com\nBcc: b@example.com']}", "lists.direction[0]", "no e-mail", "alice@"),
    ("lists: {direction: [{slack: Sales!}]}", "lists.direction[0]", "not an id", "slack-sales"),
    ("lists: {direction: [{slak: sales}]}", "lists.direction[0]", 'unknown channel "slak"', "write slack"),
    ("lists: {direction: [{slack: a, webhook: b}]}", "lists.direction[0]", "one thing", "{webhook: id}"),
    ("lists: {Direction!: [a@example.com]}", "lists.Direction!", "not an id", "small letters"),
    ("lists: {lead: [a@example.com]}", "lists.lead", "a word of its own", "choose another"),
    ("lists: {alice: [a@example.com]}", "lists.alice", "a member's id already", "otherwise"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "message", "cure"), WRONG)
def test_an_error_names_its_field_what_is_wrong_and_the_cure(text: str, field: str, message: str, cure: str) -> None:
    found = refusal(HEAD + MEMBERS + SALES.format("") + text + "\n")
    assert found.field == field
    assert message in found.message
    assert cure in found.cure


@pytest.mark.parametrize(
    ("clause", "field", "message", "cure"),
    [
        ("members: [alice, carl]", "members[1]", 'no member has the id "carl"', "alice, bob"),
        ("members: [alice, alice]", "members[1]", "written twice", "weight"),
        ("members: [alice], leads: [bob]", "leads[0]", "no member of this team", "write alice"),
        ("leads: [alice]", "leads[0]", "no member of this team", "under members first"),
        ("assignment: turns", "assignment", '"turns"', "round_robin"),
        ("assignment: round_robin", "assignment", "has no members", "assignment: nobody"),
        ("members: [alice], assignment: territory", "assignment", "no territories", "territories: ["),
        ("members: [alice], territories: [{id: n, where: {traits.x: 1}, members: [alice]}]", "territories",
         "decide nothing", "assignment: territory"),
        ("members: [alice], assignment: territory, territories: [{id: n, where: {traits.x: 1}, members: [bob]}]",
         "territories[0].members[0]", "no member of this team", "write alice"),
        ("members: [alice], assignment: territory, territories: [{id: n, where: {score: 1}, members: [alice]}]",
         "territories[0].where.score", "cannot be read here", "in circles"),
        ("members: [bob], assignment: territory, territories: [&n {id: n, where: {traits.x: 1}, members: [bob]}, *n]",
         "territories[1].id", "already the id", "another"),
        ("owner_first: maybe", "owner_first", "true or false", "owner_first: true"),
        ("alert: [boss]", "alert[0]", "no member and no list", "member, owner"),
        ("alert: [lead]", "alert[0]", "nobody leads this team", "leads: [alice]"),
        ("sla: {raise_to: [nobody]}", "sla.raise_to[0]", "no member and no list", "member, owner"),
        ("sla: {raise_every: 4h}", "sla.raise_every", "nobody is told", "raise_to: [lead]"),
        ("sla: {raise_times: 2}", "sla.raise_times", "nobody is told", "raise_to: [lead]"),
        ("sla: {within: 1d}", "sla.within", "no length of working time", "as 30m or 8h"),
        ("sla: {within: 8}", "sla.within", "no length of working time", "as 30m or 8h"),
        ("sla: {within: 99999h}", "sla.within", "no length of working time", "as 30m or 8h"),
        ("sla: {news_within: a month}", "sla.news_within", "not a duration", "7d"),
        ("sla: {raise_to: [team], raise_times: 0}", "sla.raise_times", "under 1", "1 or more"),
        ("sla: {by_treatment: {call: 1h}}", "sla.by_treatment.call", 'no treatment "call"', "under treatments first"),
        ("treatments: {call: {de: Anruf}}", "treatments.call.de", 'unknown key "de"', "fr, en"),
        ("treatments: {Call me: {en: Call}}", "treatments.Call me", "not an id", "small letters"),
        ("treatments: {call: Call}", "treatments.call", "a mapping is wanted", "plain value"),
        ("digest: 8h", "digest", "no time of day", "08:30"),
        ("digest: 24:00", "digest", "no time of day", "08:30"),
        ("tries: 0", "tries", "under 1", "1 or more"),
        ("channels: [email]", "channels[0]", "email is whose?", "the address"),
        ("chanels: []", "chanels", "unknown key", "write channels"),
        ("label: ", "label", "nothing is written here", "leave the key out"),
    ],
)  # fmt: skip
def test_an_error_of_a_team_too(clause: str, field: str, message: str, cure: str) -> None:
    found = refusal(HEAD + MEMBERS + SALES.format(f", {clause}"))
    assert found.field == f"teams[0].{field}"
    assert message in found.message
    assert cure in found.cure


@pytest.mark.parametrize(
    ("member", "field", "message", "cure"),
    [
        ('{id: carl, name: "C\\ud800", email: carl@example.com}', "name", "cannot be stored", "delete it"),
        ("{id: carl, name: Carl}", "email", "email is missing", "alice@example.com"),
        ("{id: carl, name: Carl, email: carl}", "email", "no e-mail address", "alice@example.com"),
        ("{id: carl, name: Carl, email: ALICE@example.com}", "email", "already the e-mail of members[0]", "another"),
        ("{id: alice, name: Carl, email: carl@example.com}", "id", "already the id of members[0]", "another"),
        ("{id: member, name: Carl, email: carl@example.com}", "id", "a word of its own", "another"),
        ("{id: Carl, name: Carl, email: carl@example.com}", "id", "not an id", "small letters"),
        ("{id: carl, name: Carl, email: carl@example.com, language: de}", "language", '"de"', "fr, en"),
        ("{id: carl, name: Carl, email: carl@example.com, weight: 11}", "weight", "over 10", "10 or less"),
        ("{id: carl, name: Carl, email: carl@example.com, channels: []}", "channels", "the list is empty", "channels"),
        ("{id: carl, name: Carl, email: carl@example.com, absences: [{from: 2026-01-02, until: 2026-01-01}]}",
         "absences[0].until", "is before", "later day last"),
        ("{id: carl, name: Carl, email: carl@example.com, absences: [{from: 2026-01-02}]}",
         "absences[0].until", "until is missing", "until: "),
        ("{id: carl, name: Carl, email: carl@example.com, absences: [{to: x, from: 2026-01-02, until: 2026-01-02}]}",
         "absences[0].to", "unknown key", "from, until, because"),
    ],
)  # fmt: skip
def test_an_error_of_a_member_too(member: str, field: str, message: str, cure: str) -> None:
    found = refusal(f"{HEAD}{MEMBERS}  - {member}\n{SALES.format('')}")
    assert found.field == f"members[2].{field}"
    assert message in found.message
    assert cure in found.cure


def test_all_errors_are_told_at_once_each_with_its_line_and_column() -> None:
    text = """\
couveuse: 2
team: many
members:
  - {id: alice, name: Alice, email: nowhere}
teams:
  - id: sales
    members: [alice, bob]
    sla: {within: 1d}
  - {id: sales}
"""
    assert [(found.line, found.column, found.field) for found in refusals(text)] == [
        (1, 11, "couveuse"),
        (4, 37, "members[0].email"),
        (7, 22, "teams[0].members[1]"),
        (8, 19, "teams[0].sla.within"),
        (9, 10, "teams[1].id"),
    ]
    with pytest.raises(TeamErrors) as caught:
        parse_team(text, "equipe.yaml")
    assert str(caught.value).startswith(
        "equipe.yaml:1:11 couveuse: this version reads format 1, not 2; write couveuse: 1"
    )
    assert isinstance(caught.value, BadInput)


@pytest.mark.parametrize(
    ("text", "message", "cure"),
    [
        ("\n", "the file is empty", "couveuse: 1 and team: ..., or copy examples/pompes/equipe.yaml"),
        ("- a\n", "not a team's document but plain text", "couveuse: 1 and team: ..."),
        ("team: [a\n", "not YAML", "close every quote"),
        (MODEL_HEAD, "team is missing", "add team: "),
    ],
)
def test_what_is_no_such_document_is_refused(text: str, message: str, cure: str) -> None:
    assert any(message in found.message and cure in found.cure for found in refusals(text))


def test_a_file_that_is_not_there_is_an_error_with_a_cure(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.yaml", "no such file; name the team's document"), (tmp_path, "a folder")):
        with pytest.raises(TeamErrors, match=message):
            read_team(str(path))


def test_the_example_fits_its_scoring_model() -> None:
    roster = read_team(str(EXAMPLE / "equipe.yaml")).roster
    assert {"telemarketing", "sales"} <= set(roster.teams)
    assert without_team(read_model(str(EXAMPLE / "bareme.yaml")).model, roster) == []


def test_the_how_to_shows_a_sound_document() -> None:
    page = (ROOT / "docs" / "howto" / "team.md").read_text(encoding="utf-8")
    (shown,) = re.findall("```yaml\n(.*?)```", page, re.DOTALL)
    roster = parse_team(shown, "team.md").roster
    assert without_team(read_model(str(EXAMPLE / "bareme.yaml")).model, roster) == []
    assert roster.teams["sales"].promise.within == 4 * HOUR_US


def test_what_a_model_asks_of_teams_that_are_not_here_is_told_once() -> None:
    text = """\
rules:
  - {id: a, event: A, points: 1, route: {team: sales, treatment: call}}
  - {id: b, event: B, points: 1, route: {team: telemarketing, treatment: call}}
bands: [{id: all, rate: 0, temperature: cold, route: {team: sales, treatment: visit}}]
"""
    model = parse_model(f"couveuse: 1\nname: m\n{text}", "m.yaml").model
    roster = parse_team(HEAD + SALES.format(", treatments: {call: {en: Call}}"), "equipe.yaml").roster
    assert without_team(model, roster) == [
        'b: there is no team "telemarketing"; add it to teams, or route to another',
        'all: the team "sales" has no treatment "visit"; add it to the team\'s treatments',
    ]


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_a_roster_or_a_list_of_findings(text: str) -> None:
    for found in refusals(text):
        assert found.cure
        assert len(str(found).splitlines()) == 1


@given(st.data())
def test_any_change_of_one_value_is_a_roster_or_a_list_of_findings(data: st.DataObject) -> None:
    lines = FULL.splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    words = lines[index].split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(PIECES)
    lines[index] = " ".join(words)
    assert all(found.cure for found in refusals("\n".join(lines)))


def test_every_key_has_an_example_and_every_shape_its_place() -> None:
    assert {key for container in SHAPES for key in keys_of(container)} == set(EXAMPLES)
    assert set(TeamPart.__subclasses__()) <= set(SHAPES.values())
