"""The published JSON Schema: up to date, sound, and of one mind with the reader about shapes."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from couveuse.documents.findings import TeamErrors
from couveuse.documents.presets import preset, presets
from couveuse.documents.schema import DIALECT, model_schema, team_schema
from couveuse.documents.team import parse_team
from tests.documents import team_parts
from tests.documents.parts import HEAD, RULE, refusals, written_out
from tests.laws import random_models, vocabulary

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "reference" / "model.schema.json"
VALIDATOR = Draft202012Validator(model_schema())
TEAM_PUBLISHED = ROOT / "docs" / "reference" / "team.schema.json"
TEAM_VALIDATOR = Draft202012Validator(team_schema())


def data(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


def test_it_works() -> None:
    Draft202012Validator.check_schema(model_schema())
    assert model_schema()["$schema"] == DIALECT
    VALIDATOR.validate(data(HEAD))


def test_the_published_schema_is_the_one_that_the_command_writes() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == model_schema()


def test_no_key_may_be_empty() -> None:
    assert '"null"' not in json.dumps(model_schema())


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_valid(name: str) -> None:
    VALIDATOR.validate(data(preset(name)))


@given(st.integers(0, 2**32))
def test_any_model_written_is_valid(seed: int) -> None:
    model = random_models.a_model(Random(seed), tuple(vocabulary.EVENTS))
    VALIDATOR.validate(data(written_out(model)))


@pytest.mark.parametrize(
    "text",
    [
        RULE.format("where: {path: {matchs: x}}"),
        RULE.format("where: {amount: {gt: 'x'}}"),
        RULE.format("where: {x: [a]}"),
        RULE.format("where: {any: []}"),
        RULE.format("where: {}"),
        RULE.format("where: {all: x}"),
        RULE.format("where: {traits: x}"),
        RULE.format("where: {nowhere.x: x}"),
        RULE.format("lead: {path: x}"),
        RULE.format("lead: {interests: {exists: true}}"),
        RULE.format("repeat: sometimes"),
        RULE.format("repeat: {at_most: 1, per: year}"),
        RULE.format("half_life: 3 months"),
        RULE.format("stage: late"),
        RULE.format("route: {team: sales}"),
        RULE.format("colour: red"),
        "caps: [{total: 1, points: 3}]",
        "caps: [{rules: [], points: 3, per: day}]",
        "value: {default: -1}",
        "fit: [{id: x, points: 3}]",
        "thresholds: 3",
    ],
)
def test_what_has_not_the_shape_is_refused_by_both(text: str) -> None:
    assert refusals(HEAD + text)
    assert not VALIDATOR.is_valid(data(HEAD + text))


# ---- The team's document ----------------------------------------------------------------------------------------


def team_data(text: str) -> object:
    """A document as an editor has it: a day is text."""
    return json.loads(json.dumps(data(text), default=str))


def test_the_teams_schema_is_published_and_sound_too() -> None:
    Draft202012Validator.check_schema(team_schema())
    assert json.loads(TEAM_PUBLISHED.read_text(encoding="utf-8")) == team_schema()
    assert '"null"' not in json.dumps(team_schema())


@pytest.mark.parametrize("text", [team_parts.FULL, (ROOT / "examples" / "pompes" / "equipe.yaml").read_text("utf-8")])
def test_a_sound_team_is_valid(text: str) -> None:
    TEAM_VALIDATOR.validate(team_data(text))


@pytest.mark.parametrize(
    "text",
    [
        "hours: {week: {lun: []}}",
        "hours: {week: {mon: [9-18]}}",
        "hours: {week: {}}",
        "hours: {holidays: France}",
        "hours: {days_off: [tomorrow]}",
        "currency: euros",
        "members: [{id: alice, name: Alice}]",
        "members: [{id: alice, name: Alice, email: alice}]",
        "members: [{id: alice, name: Alice, email: alice@example.com, digest: noon}]",
        "members: [{id: alice, name: Alice, email: alice@example.com, channels: [telephone]}]",
        "lists: {direction: [email]}",
        "lists: {direction: [{slack: a, webhook: b}]}",
        "teams: [{id: sales, sla: {within: 1d}}]",
        "teams: [{id: sales, assignment: chance}]",
        "teams: [{id: sales, territories: [{id: x, where: {score: 1}, members: [a]}]}]",
        "teams: [{id: sales, treatments: {Call: {}}}]",
        "teams: []",
        "colour: red",
    ],
)
def test_what_has_not_the_shape_of_a_team_is_refused_by_both(text: str) -> None:
    whole = team_parts.HEAD + text + ("" if text.startswith("teams") else "\nteams: [{id: sales}]") + "\n"
    with pytest.raises(TeamErrors):
        parse_team(whole, "equipe.yaml")
    assert not TEAM_VALIDATOR.is_valid(team_data(whole))
