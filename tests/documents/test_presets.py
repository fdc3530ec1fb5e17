"""The presets: the articles' tables line by line, and nothing that they do not say."""

import pytest

from couveuse.core.conditions import Operator, Test
from couveuse.core.model import DAY_US, Cap, HotWhen, Past, Repeat, Route, Stage, Temperature, Window
from couveuse.documents.presets import preset, presets
from couveuse.documents.reading import read_model

DETECT = Route("telemarketing", "detect-project")
CALL = Route("telemarketing", "make-appointment")
SELL = Route("sales", "make-appointment")


def test_it_works() -> None:
    assert list(presets()) == ["bareme-b2b", "parcours-achat", "bareme-complet"]


@pytest.mark.parametrize("name", presets())
def test_a_preset_is_named_as_it_is_called_told_in_both_languages_and_explained(name: str) -> None:
    model = read_model(name).model
    assert model.name == presets()[name].name == name
    assert presets()[name].says.fr
    assert presets()[name].says.en
    assert model.timezone == "Europe/Paris"
    labels = [model.label, *(each.label for each in (*model.rules, *model.fit, *model.bands, *model.personas))]
    assert all(label.fr and label.en for label in labels)
    assert preset(name).startswith("# ")


def test_the_first_articles_table_is_the_first_preset() -> None:
    model = read_model("bareme-b2b").model
    weak, strong = Test("strength", Operator.EQUALS, "weak"), Test("strength", Operator.EQUALS, "strong")
    table = [(rule.event, rule.where, rule.points, rule.repeat, rule.route) for rule in model.rules]
    assert table == [
        ("Email Clicked", weak, 1, None, None),
        ("Email Clicked", strong, 3, None, DETECT),
        ("Page Viewed", None, 1, Repeat(1, Window.VISIT), None),
        ("Document Downloaded", None, 5, None, DETECT),
        ("Callback Requested", None, 10, None, CALL),
        ("Quote Requested", None, 20, None, SELL),
        ("Project Detected", None, 0, None, SELL),
    ]
    assert len([rule for rule in model.rules if rule.points]) == 6
    assert [rule.stage for rule in model.rules] == [None] * 6 + [Stage.DECISION]


def test_the_first_articles_bands_are_the_first_presets() -> None:
    bands = read_model("bareme-b2b").model.bands
    assert [(band.id, band.up_to, band.rate, band.temperature, band.route) for band in bands] == [
        ("low", 10, 0.05, Temperature.COLD, None),
        ("mid", 20, 0.25, Temperature.WARM, None),
        ("high", None, 0.5, Temperature.HOT, SELL),
    ]


def test_the_first_preset_says_nothing_that_its_article_does_not() -> None:
    model = read_model("bareme-b2b").model
    assert model.fit == model.caps == model.hot_when == model.irrelevant == model.personas == model.topics == ()
    assert (model.half_life, model.total_cap, model.stage_window, model.recycle_to) == (None, None, None, None)
    assert model.cycle_ends_on == ()
    assert not any(rule.lead or rule.past for rule in model.rules)


def test_the_second_articles_actions_stand_in_their_stages_with_their_points() -> None:
    model = read_model("parcours-achat").model
    by_stage = {stage: {rule.event: rule.points for rule in model.rules if rule.stage is stage} for stage in Stage}
    assert set(by_stage[Stage.DISCOVERY]) == {"Social Followed", "Ad Clicked", "Newsletter Subscribed"}
    assert set(by_stage[Stage.DISCOVERY].values()) <= {5, 10}
    assert by_stage[Stage.DISCOVERY]["Newsletter Subscribed"] == 5
    assert set(by_stage[Stage.EVALUATION]) == {"Document Downloaded", "Email Clicked"}
    assert all(10 <= points <= 20 for points in by_stage[Stage.EVALUATION].values())
    assert by_stage[Stage.DECISION] == {"Trial Started": 30, "Demo Requested": 30}
    assert len(model.rules) == 7


def test_engaged_regularly_is_three_clicks_in_thirty_days() -> None:
    (engaged,) = [rule for rule in read_model("parcours-achat").model.rules if rule.event == "Email Clicked"]
    assert engaged.past == (Past("Email Clicked", 30 * DAY_US, 2),)


def test_from_30_the_second_preset_alerts_sales_and_its_others_are_cold_or_set_aside() -> None:
    model = read_model("parcours-achat").model
    cold, mature = model.bands
    assert (cold.temperature, cold.route) == (Temperature.COLD, None)
    assert (mature.temperature, mature.route) == (Temperature.HOT, SELL)
    assert cold.up_to is not None
    assert 25 <= cold.up_to < 30
    assert [line.lead_class.value for line in model.irrelevant] == ["competitor", "student", "vendor"]


def test_the_third_preset_shows_all_that_a_model_can_say() -> None:
    model = read_model("bareme-complet").model
    assert model.half_life == 90 * DAY_US
    assert model.caps == (Cap(("visit", "weak-click"), 10, Window.WEEK),)
    assert (model.total_cap, model.stage_window) == (100, 180 * DAY_US)
    assert model.hot_when == (HotWhen("Quote Requested", 30 * DAY_US), HotWhen("Demo Requested", 30 * DAY_US))
    reader = model.rules[-1]
    assert reader.where == Test("path", Operator.MATCHES, "/tarifs*")
    assert reader.lead == Test("groups", Operator.CONTAINS, "Inscription Newsletter")
    assert (reader.past, reader.points) == ((Past("Email Opened", 30 * DAY_US, 1),), 15)
    assert reader.repeat == Repeat(1, Window.EVER)
    assert [fit.points for fit in model.fit] == [10, 5]
    assert model.cycle_ends_on == ("Opportunity Won", "Opportunity Lost")
    assert model.personas
    assert model.topics
    assert (model.value.trait, model.value.default) == ("deal_value", 1000)
