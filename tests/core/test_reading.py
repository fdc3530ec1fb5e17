"""The reading: bands to their edges, what changes between two readings, and when time alone changes a band."""

import math

import pytest

from couveuse.core import fold, reading
from couveuse.core.conditions import Not, Operator, Test
from couveuse.core.errors import BeforeLastFact
from couveuse.core.ledger import Ledger, LineKind
from couveuse.core.model import (
    Band,
    Fit,
    HotWhen,
    Irrelevant,
    LeadClass,
    Persona,
    Route,
    Stage,
    Temperature,
    Topic,
    Value,
)
from couveuse.core.plan import Plan
from couveuse.core.reading import Maturity, RouteDue, band_of, crossings, next_band
from couveuse.core.state import State, empty
from couveuse.core.times import DAY_US, HOUR_US, SECOND_US
from tests.core.making import START, a_fact, a_lead, a_plan, a_rule, bands

SALES = Route("sales", "make-appointment")


def at(planned: Plan, state: State, day: float) -> reading.Reading:
    return reading.at(planned, state, START + round(day * DAY_US))


def has(trait: str) -> Test:
    return Test(f"traits.{trait}", Operator.EXISTS, True)


def test_it_works() -> None:
    planned = a_plan(a_rule(points=8), half_life=10 * DAY_US, bands=bands(5), fit=(Fit("known", has("city"), 2),))
    lead = a_lead(planned, a_fact("Traits Set", -1, traits={"city": "Lyon"}), a_fact())
    read = at(planned, lead, 10)
    assert (read.score, read.behaviour, read.fit, read.total, read.band.id, read.rate) == (6, 4, 2, 0, "1", 0.9)


def test_an_empty_lead_reads_as_one_of_no_points() -> None:
    planned = a_plan(a_rule(stage=Stage.DECISION, route=SALES))
    read = at(planned, empty(planned), 0)
    assert (read.score, read.stage, read.maturity, read.routes, read.last_event_at) == (
        0,
        None,
        Maturity.NONE,
        (),
        None,
    )
    assert next_band(planned, empty(planned), START) is None


def test_an_instant_before_the_last_fact_is_refused() -> None:
    planned = a_plan(a_rule())
    lead = a_lead(planned, a_fact())
    with pytest.raises(BeforeLastFact, match="fold the lead until that instant"):
        reading.at(planned, lead, START - 1)
    assert reading.at(planned, lead, START).score == 1


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (-1e9, "0"), (10, "0"), (10.0000004, "0"), (10.000001, "1"), (20, "1"), (20.0000004999, "1"), (20.0000006, "2"),
        (1e9, "2"),
    ],
)  # fmt: skip
def test_an_edge_belongs_to_the_band_below_and_counts_to_six_decimals(score: float, band: str) -> None:
    assert band_of(a_plan(bands=bands(10, 20)), score).id == band


# ---- Temperature, class, persona, value ---------------------------------------------------------------------------


def test_irrelevant_stands_over_hot_and_leaves_the_score() -> None:
    planned = a_plan(
        a_rule(points=8, route=SALES),
        hot_when=(HotWhen("Click"),),
        irrelevant=(Irrelevant(LeadClass.STUDENT, has("school")), Irrelevant(LeadClass.VENDOR, has("shop"))),
    )
    lead = a_lead(planned, a_fact("Traits Set", -1, traits={"shop": 1}), a_fact())
    read = at(planned, lead, 1)
    assert (read.temperature, read.lead_class, read.score, read.routes) == ("irrelevant", "vendor", 8, ())
    assert read.maturity is Maturity.SIGNAL


@pytest.mark.parametrize(("days", "heat"), [(30, "hot"), (30 + 1e-9, "cold")])
def test_hot_when_lasts_to_the_microsecond(days: float, heat: str) -> None:
    planned = a_plan(hot_when=(HotWhen("Click", 30 * DAY_US),))
    lead = a_lead(planned, a_fact())
    assert at(planned, lead, days).temperature == heat


def test_interests_fade_and_make_a_persona_until_they_weigh_less_than_half() -> None:
    persona = Persona("reader", Test("interests", Operator.CONTAINS, "POMPES"))
    planned = a_plan(topics=(Topic("/pompes*", "pompes"),), personas=(persona,), half_life=DAY_US)
    lead = a_lead(
        planned, a_fact(path="/pompes/1", id="a"), a_fact(path="/pompes/2", id="b"), a_fact(path="/x", id="c")
    )
    assert reading.interests(planned, lead, START) == {"pompes": 2.0}
    assert reading.interests(planned, lead, START + 2 * DAY_US) == {"pompes": 0.5}
    assert at(planned, lead, 2).persona == "reader"
    assert at(planned, lead, 2.001).persona is None


def test_the_first_persona_that_holds_is_the_leads() -> None:
    planned = a_plan(personas=(Persona("a", has("x")), Persona("b", Not(has("y"))), Persona("c", Not(has("y")))))
    assert at(planned, empty(planned), 0).persona == "b"


@pytest.mark.parametrize(("trait", "worth"), [(500, 500.0), (12.5, 12.5), ("500", 100.0), (None, 100.0), (True, 100.0)])
def test_the_value_is_the_traits_where_it_is_a_number(trait: object, worth: float) -> None:
    planned = a_plan(value=Value("deal", 100.0))
    lead = a_lead(planned, a_fact("Traits Set", traits={"deal": trait}))
    assert reading.value(planned, lead) == worth
    assert reading.value(a_plan(), lead) == 0.0


# ---- Routes -------------------------------------------------------------------------------------------------------


def test_a_rules_route_is_fresh_for_less_than_seven_days_of_its_last_fact() -> None:
    planned = a_plan(a_rule(route=SALES))
    lead = a_lead(planned, a_fact(), a_fact(day=1))
    due = (RouteDue("sales", "make-appointment", "click"),)
    assert reading.at(planned, lead, START + 8 * DAY_US - 1).routes == due
    assert reading.at(planned, lead, START + 8 * DAY_US).routes == ()


def test_only_a_fact_opens_a_bands_route() -> None:
    """-8 that fade lift 10 into the band above 5; the route opens with the next fact, even one that gives nothing."""
    bye = a_rule("Bye", -8, half_life=DAY_US)
    planned = a_plan(a_rule(points=10), bye, bands=bands(5, route=SALES))
    lead = a_lead(planned, a_fact(), a_fact("Bye"))
    assert (at(planned, lead, 0).band.id, at(planned, lead, 5).band.id) == ("0", "1")
    assert at(planned, lead, 5).routes == ()
    lead = fold.advance(planned, lead, a_fact("Anything", 5))
    assert at(planned, lead, 5).routes == (RouteDue("sales", "make-appointment", "1"),)


def test_a_verdict_opens_no_bands_route() -> None:
    bye = a_rule("Bye", -8, half_life=DAY_US)
    planned = a_plan(a_rule(points=10), bye, bands=bands(5, route=SALES))
    lead = a_lead(planned, a_fact(), a_fact("Bye"), a_fact("Verdict Given", 5, of="x", verdict="machine"))
    assert at(planned, lead, 6).routes == ()


# ---- Lines --------------------------------------------------------------------------------------------------------


def test_lines_tell_what_caps_cuts_time_and_the_total_took() -> None:
    planned = a_plan(a_rule(points=8), half_life=10 * DAY_US, total_cap=9, fit=(Fit("known", has("city"), 7),))
    ledger = Ledger()
    facts = (
        a_fact(),
        a_fact("Score Adjusted", 1, kind="reset"),
        a_fact("Click", 2),
        a_fact("Traits Set", 3, traits={"city": "x"}),
    )
    lead = a_lead(planned, *facts, ledger=ledger)
    lines = reading.lines(planned, lead, ledger, START + 12 * DAY_US)
    assert [(line.kind, line.rule, line.points) for line in lines] == [
        (LineKind.POINTS, "click", 8), (LineKind.CUT, "click", -8), (LineKind.POINTS, "click", 8),
        (LineKind.DECAY, "click", -4), (LineKind.FIT, "known", 7), (LineKind.TOTAL, "total", -2),
    ]  # fmt: skip
    assert math.fsum(line.points for line in lines) == at(planned, lead, 12).score == 9


# ---- Crossings ----------------------------------------------------------------------------------------------------


def a_ladder() -> Plan:
    return a_plan(
        a_rule(points=6, route=SALES),
        a_rule("Bye", -6),
        bands=(*bands(5, 10)[:2], Band("2", None, 0.9, Temperature.HOT, route=SALES)),
        irrelevant=(Irrelevant(LeadClass.INTERNAL, has("ours")),),
    )


def test_bands_climbed_are_all_those_entered_from_below() -> None:
    planned = a_ladder()
    before, lead = at(planned, empty(planned), 0), a_lead(planned, a_fact(id="a"), a_fact(id="b"))
    found = crossings(planned, before, at(planned, lead, 0))
    assert [band.id for band in found.climbed] == ["1", "2"]
    assert {route.cause for route in found.routes} == {"click", "2"}
    assert (found.fell_to, found.withdrawn, found.became_hot, found.came_back) == (None, (), True, False)


def test_a_fall_says_where_to_and_which_routes_stand_no_more() -> None:
    planned = a_ladder()
    lead = a_lead(planned, a_fact(id="a"), a_fact(id="b"))
    fallen = a_lead(planned, a_fact(id="a"), a_fact(id="b"), a_fact("Bye", 8, id="x"), a_fact("Bye", 8, id="y"))
    found = crossings(planned, at(planned, lead, 0), at(planned, fallen, 8))
    assert found.fell_to is planned.model.bands[0]
    assert {route.cause for route in found.withdrawn} == {"click", "2"}
    assert (found.climbed, found.became_hot, found.routes) == ((), False, ())


def test_irrelevance_comes_and_goes() -> None:
    planned = a_ladder()
    lead = a_lead(planned, a_fact())
    ours = fold.advance(planned, lead, a_fact("Traits Set", 1, traits={"ours": True}))
    again = fold.advance(planned, ours, a_fact("Traits Set", 2, traits={"ours": None}))
    gone, back = at(planned, lead, 1), at(planned, ours, 1)
    assert crossings(planned, gone, back).became_irrelevant is LeadClass.INTERNAL
    assert crossings(planned, back, at(planned, again, 2)).came_back
    assert crossings(planned, gone, gone) == reading.Crossings((), None, (), (), False, None, False)


# ---- The next change of band --------------------------------------------------------------------------------------


def foretold(planned: Plan, state: State, day: float = 0) -> tuple[int, str] | None:
    instant = START + round(day * DAY_US)
    change = next_band(planned, state, instant)
    assert next_band(planned, state, instant, reading.at(planned, state, instant)) == change
    return None if change is None else (change.at, change.band.id)


def test_a_fall_is_foretold_to_the_microsecond() -> None:
    """16 of a half-life of a day are 8 after a day; 8 is still in the band up to 8, and so is what rounds to it."""
    planned = a_plan(a_rule(points=16), half_life=DAY_US, bands=bands(8))
    lead = a_lead(planned, a_fact())
    found = foretold(planned, lead)
    assert found is not None
    when, band = found
    wanted = START + DAY_US * math.log2(16 / 8.0000005)
    assert band == "0"
    assert abs(when - wanted) <= 2
    assert reading.at(planned, lead, when - 2).band.id == "1"
    assert reading.at(planned, lead, when + 2).band.id == "0"
    assert START + DAY_US - SECOND_US < when < START + DAY_US


def test_each_band_on_the_way_down_is_foretold_from_the_one_before() -> None:
    planned = a_plan(a_rule(points=40), half_life=DAY_US, bands=bands(5, 10, 20))
    lead, day, seen = a_lead(planned, a_fact()), 0.0, []
    while (found := foretold(planned, lead, day)) is not None:
        day = (found[0] - START) / DAY_US
        seen.append((found[1], round(day, 4)))
    assert seen == [("2", 1.0), ("1", 2.0), ("0", 3.0)]


def test_a_rise_is_foretold_where_negative_points_fade() -> None:
    planned = a_plan(a_rule(points=10), a_rule("Bye", -8, half_life=DAY_US), bands=bands(6))
    lead = a_lead(planned, a_fact(), a_fact("Bye"))
    found = foretold(planned, lead)
    assert found is not None
    assert found[1] == "1"
    assert abs(found[0] - (START + DAY_US)) < SECOND_US


def test_a_score_that_rises_and_falls_again_is_foretold_both_times() -> None:
    """40 of three days and -40 of one: from 0 up over 5, and at last under it again; at both ends the band is one."""
    planned = a_plan(a_rule(points=40, half_life=3 * DAY_US), a_rule("Bye", -40, half_life=DAY_US), bands=bands(5))
    lead = a_lead(planned, a_fact(), a_fact("Bye"))
    up = foretold(planned, lead)
    assert up is not None
    assert up[1] == "1"
    down = foretold(planned, lead, (up[0] - START) / DAY_US)
    assert down is not None
    assert down[1] == "0"
    for when, band in (up, down):
        assert reading.at(planned, lead, when + 1_000).band.id == band
        assert reading.at(planned, lead, when - 1_000).band.id != band
    assert foretold(planned, lead, (down[0] - START) / DAY_US + 0.1) is None


def test_a_bump_that_does_not_reach_the_edge_changes_nothing() -> None:
    planned = a_plan(a_rule(points=40, half_life=3 * DAY_US), a_rule("Bye", -40, half_life=DAY_US), bands=bands(20))
    lead = a_lead(planned, a_fact(), a_fact("Bye"))
    highest = max(at(planned, lead, day / 100).score for day in range(2_000))
    assert 15 < highest < 20
    assert foretold(planned, lead) is None


def test_points_that_do_not_fade_change_no_band() -> None:
    assert foretold(*_lead_of(a_rule(points=16), bands=bands(8))) is None
    assert foretold(*_lead_of(a_rule(points=4), half_life=DAY_US, bands=bands(8))) is None


def test_what_the_cap_on_the_whole_hides_keeps_the_band_longer() -> None:
    planned, lead = _lead_of(a_rule(points=40), half_life=DAY_US, total_cap=10, bands=bands(5, 12))
    assert at(planned, lead, 0).band.id == "1"
    found = foretold(planned, lead)
    assert found is not None
    assert (found[1], round((found[0] - START) / HOUR_US)) == ("0", 72)


def test_fit_carries_a_lead_that_fades() -> None:
    rule, fit = a_rule(points=16), (Fit("known", Not(has("x")), 6),)
    found = foretold(*_lead_of(rule, half_life=DAY_US, fit=fit, bands=bands(6.5)))
    assert found is not None
    assert round((found[0] - START) / DAY_US, 3) == 5


def _lead_of(rule: object, **said: object) -> tuple[Plan, State]:
    planned = a_plan(rule, **said)  # type: ignore[arg-type]  # a rule
    return planned, a_lead(planned, a_fact())
