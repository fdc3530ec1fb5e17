"""The model's values: what a person reads for an id, and which stage is the more advanced."""

import dataclasses

import pytest

from couveuse.core.model import Label, Model, Repeat, Stage, Window
from tests.core.making import ALL


def test_it_works() -> None:
    model = Model("a", (ALL,))
    assert (model.timezone, model.rules, model.total_cap, model.fresh) == ("UTC", (), None, 7 * 86_400_000_000)


@pytest.mark.parametrize(
    ("label", "french", "english"),
    [
        (Label("Clic", "Click"), "Clic", "Click"),
        (Label("Clic"), "Clic", "Clic"),
        (Label(en="Click"), "Click", "Click"),
        (Label(), "id", "id"),
    ],
)
def test_a_label_falls_back_to_the_other_language_and_then_to_the_id(label: Label, french: str, english: str) -> None:
    assert (label.text("fr", "id"), label.text("en", "id")) == (french, english)


def test_stages_are_in_the_order_of_the_buying_cycle() -> None:
    assert Stage.DISCOVERY < Stage.EVALUATION < Stage.DECISION


def test_a_value_is_never_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Repeat(1, Window.DAY).at_most = 2  # type: ignore[misc]  # that is the point
