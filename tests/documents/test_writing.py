"""Models written: what is written reads back as the same value."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.conditions import Condition
from couveuse.core.model import (
    DAY_US,
    Conversion,
    Fit,
    HotWhen,
    Label,
    Model,
    Past,
    Persona,
    Repeat,
    Route,
    Rule,
    Value,
    Window,
)
from couveuse.documents.durations import LONGEST_US, duration_us, written
from couveuse.documents.presets import presets
from couveuse.documents.reading import parse_model, read_model
from couveuse.documents.writing import plain_model
from couveuse.errors import BadModel
from tests.documents.conditions_drawn import conditions
from tests.documents.parts import a_document, written_out
from tests.laws import random_models, vocabulary

LETTERS = st.characters(exclude_categories=["C", "Zl", "Zp"])
LINES = st.text(LETTERS, min_size=1, max_size=20).map(str.strip).filter(bool)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
LENGTHS = st.integers(1, LONGEST_US // 60_000_000).map(lambda minutes: minutes * 60_000_000)
LABELS = st.builds(Label, st.just("") | LINES, st.just("") | LINES)


def test_it_works() -> None:
    assert plain_model(a_document().model) == {
        "couveuse": 1, "name": "small", "timezone": "UTC",
        "bands": [{"id": "low", "up_to": 10, "rate": 0.05, "temperature": "cold"},
                  {"id": "high", "rate": 0.5, "temperature": "hot"}],
    }  # fmt: skip


@pytest.mark.parametrize("name", presets())
def test_a_preset_written_reads_back_as_itself(name: str) -> None:
    model = read_model(name).model
    assert parse_model(written_out(model), "copy").model == model


@given(st.integers(0, 2**32))
def test_any_model_written_reads_back_as_itself(seed: int) -> None:
    model = random_models.a_model(Random(seed), tuple(vocabulary.EVENTS))
    assert parse_model(written_out(model), "copy").model == model


@given(st.data())
def test_any_text_number_and_length_is_written_so_that_it_reads_back(data: st.DataObject) -> None:
    draw = data.draw
    condition: Condition = draw(conditions())
    rule = Rule(
        "r", draw(LINES), draw(FINITE), draw(LABELS), where=condition,
        past=(Past(draw(LINES), draw(st.none() | LENGTHS), draw(st.integers(1, 100)), draw(st.none() | conditions())),),
        repeat=draw(st.none() | st.builds(Repeat, st.integers(1, 10**6), st.sampled_from(list(Window)[1:]))),
        route=Route("a-1", "b"), half_life=draw(LENGTHS),
    )  # fmt: skip
    model = replace(
        a_document().model,
        name=draw(LINES), label=draw(LABELS), rules=(rule,), half_life=draw(st.none() | LENGTHS),
        strong_links=tuple(draw(st.lists(LINES, max_size=2))), recycle_to=draw(st.none() | FINITE),
        hot_when=(HotWhen(draw(LINES), draw(st.none() | LENGTHS), draw(st.none() | conditions())),),
        value=Value(draw(st.none() | LINES.filter(lambda text: not text.startswith("traits."))), abs(draw(FINITE))),
        conversion=Conversion(draw(LINES), draw(LENGTHS)), fresh=draw(LENGTHS), again_after=draw(LENGTHS),
        total_cap=draw(st.none() | FINITE.map(abs)), cycle_ends_on=tuple(draw(st.lists(LINES, max_size=2))),
    )  # fmt: skip
    assert parse_model(written_out(model), "copy").model == model


def test_what_is_usual_is_left_out() -> None:
    assert "fresh" not in plain_model(a_document("fresh: 7d\nvalue: {default: 0}\n").model)
    assert plain_model(a_document("fresh: 6d\n").model)["fresh"] == "6d"


def test_a_length_that_no_document_says_is_refused() -> None:
    with pytest.raises(BadModel, match="whole number of minutes"):
        plain_model(replace(a_document().model, half_life=1))


@given(LENGTHS)
def test_a_duration_written_reads_back(length_us: int) -> None:
    assert duration_us(written(length_us)) == length_us


def test_durations_are_fixed_lengths() -> None:
    assert [duration_us(text) for text in ("30m", "12h", "7d", "2w")] == [
        DAY_US // 48, DAY_US // 2, 7 * DAY_US, 14 * DAY_US,
    ]  # fmt: skip
    for text in ("", "d", "7", "07d", "7D", "7 d", "1y", "1s", "-1d", "1.5h", "0d", "٣d", "7d\n"):
        assert duration_us(text) is None


def test_fit_and_personas_keep_their_conditions() -> None:
    text = "fit: [{id: f, where: {any: [{traits.a: 1}, {groups: {contains: x}}]}, points: 1}]\n"
    model: Model = a_document(text, "personas: [{id: p, where: {interests: {contains: pompes}}}]\n").model
    copy = parse_model(written_out(model), "copy").model
    assert isinstance(copy.fit[0], Fit)
    assert isinstance(copy.personas[0], Persona)
    assert (copy.fit, copy.personas) == (model.fit, model.personas)
