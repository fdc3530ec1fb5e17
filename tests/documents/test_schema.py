"""The published JSON Schema: up to date, sound, and of one mind with the reader about shapes."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from couveuse.documents.presets import preset, presets
from couveuse.documents.schema import DIALECT, model_schema
from couveuse.documents.writing import dump_model
from tests.documents.parts import HEAD, RULE, refusals
from tests.laws import random_models, vocabulary

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "model.schema.json"
VALIDATOR = Draft202012Validator(model_schema())


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
    VALIDATOR.validate(data(dump_model(model)))


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
