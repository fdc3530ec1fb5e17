"""The plan: which fields of an event the model reads, what an event means, and where a state keeps it."""

import pytest

from couveuse.core import plan as planning
from couveuse.core.conditions import Operator, Test
from couveuse.core.events import Change
from couveuse.core.model import Decay, HotWhen, Past, Persona, Repeat, Topic, Value, Window
from tests.core.making import a_fact, a_plan, a_rule


def equals(name: str, value: object) -> Test:
    return Test(name, Operator.EQUALS, value)  # type: ignore[arg-type]  # a scalar


def test_it_works() -> None:
    planned = a_plan(a_rule(where=equals("path", "/a")), a_rule("Gift", id="gift"))
    assert [rule.id for rule in planned.match_fact(a_fact(path="/A")).rules] == ["click"]
    assert planned.match_fact(a_fact(path="/b")).rules == ()
    assert planned.event_fields("Click") == ("path",)


def test_the_fields_of_an_event_are_those_that_its_rules_pasts_and_heats_read() -> None:
    planned = a_plan(
        a_rule("Click", where=equals("path", "/a")),
        a_rule("Gift", where=equals("size", 1), past=(Past("Click", where=equals("context.ip", "x")),)),
        hot_when=(HotWhen("Click", where=equals("traits.plan", "pro")),),
    )
    assert planned.event_fields("Click") == ("context.ip", "path", "traits.plan")
    assert planned.event_fields("Gift") == ("size",)
    assert planned.event_fields("Other") == ()
    assert planned.fields() == ("context.ip", "path", "size", "traits.plan")


def test_changes_are_read_by_no_rule() -> None:
    planned = a_plan(a_rule("Traits Set", where=equals("path", "/a")))
    assert planned.event_fields("Traits Set") == ()
    match = planned.match_fact(a_fact("Traits Set", traits={"a": 1}))
    assert (match.change, match.rules) == (Change.TRAITS, ())


@pytest.mark.parametrize("name", ["strength", "properties.strength"])
@pytest.mark.parametrize(
    ("said", "strength"),
    [
        ({"url": "https://example.org/DEVIS?a=1"}, "strong"), ({"url": "https://example.org/blog"}, "weak"),
        ({}, "weak"),
        ({"url": 7}, "weak"), ({"url": "/devis", "strength": "weak"}, "weak"),
        ({"url": "/x", "strength": "Strong"}, "strong"),
        ({"url": "/devis", "strength": ""}, "strong"), ({"url": "/devis", "strength": None}, "strong"),
    ],
)  # fmt: skip
def test_a_click_without_strength_has_it_from_its_link(name: str, said: dict[str, object], strength: str) -> None:
    strengths = [a_rule("Email Clicked", id=value, where=equals(name, value)) for value in ("weak", "strong")]
    planned = a_plan(*strengths, strong_links=("*/devis*",))
    assert [rule.id for rule in planned.match_fact(a_fact("Email Clicked", **said)).rules] == [strength]


def test_what_is_no_click_has_no_strength_of_its_own() -> None:
    planned = a_plan(a_rule("Ad Clicked", where=equals("strength", "strong")), strong_links=("*",))
    assert planned.event_fields("Ad Clicked") == ("strength",)
    assert planned.match_fact(a_fact("Ad Clicked", url="/devis")).rules == ()


def test_what_is_remembered_of_matches_tells_true_from_1_and_text_from_numbers() -> None:
    rules = [a_rule(id=str(value), where=equals("x", value)) for value in (True, 1, "1", 0, False)]
    planned = a_plan(*rules)
    for value, ids in (
        (1, ["1"]),
        (True, ["True"]),
        ("1", ["1"]),
        (1.0, ["1"]),
        (False, ["False"]),
        (0, ["0"]),
        ([1], []),
    ):
        found = planned.match_fact(a_fact(x=value)).rules
        assert [rule.id for rule in found] == ids, value
        assert found == planned.match_fact(a_fact(x=value)).rules
    assert rules[1].where != rules[2].where
    assert planned.match("Click", (1,)).rules[0] is planned.rules[1]
    assert planned.match("Click", ("1",)).rules[0] is planned.rules[2]


def test_what_is_remembered_of_matches_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_MATCHES", 10)
    planned = a_plan(a_rule(where=equals("x", 3)))
    for value in [*range(100), 3]:
        assert bool(planned.match("Click", (value,)).rules) is (value == 3)
        assert len(planned._matches) <= 10


def test_a_click_feeds_what_asks_for_openings_and_an_opening_does_not_feed_what_asks_for_clicks() -> None:
    planned = a_plan(a_rule(past=(Past("Email Opened"), Past("Email Clicked"))))
    assert [tracker.event for tracker in planned.match("Email Clicked", ()).feeds] == ["Email Opened", "Email Clicked"]
    assert [tracker.event for tracker in planned.match("Email Opened", ()).feeds] == ["Email Opened"]


def test_pasts_that_ask_for_the_same_events_share_what_is_kept_of_them() -> None:
    where = equals("path", "/a")
    pasts = (
        Past("Gift"),
        Past("Gift", at_least=3),
        Past("Gift", within=5),
        Past("Gift", where=where),
        Past("Gift", where=where),
    )
    planned = a_plan(*(a_rule(id=f"r{i}", past=(past,)) for i, past in enumerate(pasts)))
    assert [(tracker.depth, tracker.condition) for tracker in planned.trackers] == [(3, None), (1, where)]
    assert (planned.layout.trails, planned.trackers[0].cell) == (1, -1)


def test_the_models_own_half_life_is_the_first_and_each_stands_once() -> None:
    rules = [a_rule(id=f"r{i}", half_life=half) for i, half in enumerate((Decay.NONE, 5, Decay.MODEL, 5, 9))]
    assert a_plan(*rules, half_life=9).half_lives == [9, 0, 5]
    assert a_plan(*rules).half_lives == [0, 5, 9]


def test_page_views_are_followed_only_where_a_rule_counts_by_visit() -> None:
    visit = a_rule("Page Viewed", repeat=Repeat(1, Window.VISIT))
    assert a_plan(visit).match("Page Viewed", ()).is_page
    assert not a_plan(a_rule("Page Viewed")).match("Page Viewed", ()).is_page


def test_an_early_rejection_is_told_only_where_the_model_recycles() -> None:
    rejected = a_fact("Lead Rejected", reason="too early")
    assert a_plan(recycle_to=5.0).match_fact(rejected).recycles
    assert not a_plan().match_fact(rejected).recycles
    assert not a_plan(recycle_to=5.0).match_fact(a_fact("Lead Rejected", reason="no budget")).recycles
    assert a_plan().match_fact(rejected).cools


def test_topics_are_those_of_the_path_each_once() -> None:
    topics = (Topic("/a/*", "a"), Topic("*/x", "x"), Topic("/a/b/*", "a"))
    planned = a_plan(topics=topics)
    assert planned.topics == ["a", "x"]
    assert planned.match_fact(a_fact(path="/A/b/X")).topics == (0, 1)
    assert planned.match_fact(a_fact(path=5)).topics == ()


def test_the_fields_of_a_lead() -> None:
    planned = a_plan(
        a_rule(lead=equals("traits.city", "x")),
        personas=(
            Persona("p", Test("interests", Operator.CONTAINS, "a")),
            Persona("q", Test("groups", Operator.EXISTS, True)),
        ),
        value=Value("deal"),
    )
    assert planned.lead_fields == ("groups", "traits.city", "traits.deal", "traits.lead_class")
    assert planned.reads_groups
    assert planned.read_traits({"city": "", "other": 1}) == {"traits.city": None}
    assert planned.read_traits({"deal": 5, "city": "Lyon"}) == {"traits.city": "Lyon", "traits.deal": 5}


def test_a_trait_in_an_object_is_set_with_it_and_gone_without() -> None:
    planned = a_plan(a_rule(lead=equals("traits.company.name", "x")))
    for said, found in (
        ({"company": {"name": "x"}}, "x"), ({"company": {}}, None), ({"company": None}, None),
        ({"company.name": "y"}, "y"),
        ({"company": "x"}, None),
    ):  # fmt: skip
        assert planned.read_traits(said) == {"traits.company.name": found}
    assert planned.read_traits({"name": "x"}) == {}


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("ada@example.org", {"traits.email": "ada@example.org", "traits.email_domain": "example.org"}),
        ("a@b@example.org", {"traits.email": "a@b@example.org", "traits.email_domain": "example.org"}),
        (None, {}),
    ],
)
def test_what_follows_from_an_email(email: str | None, found: dict[str, object]) -> None:
    rules = [a_rule(id=name, lead=equals(f"traits.{name}", "x")) for name in ("email", "email_domain")]
    assert a_plan(*rules).derived(email) == found
    assert a_plan(a_rule()).derived(email) == {}
