"""States as they are stored: what is read again is what was written, whatever form it had to take."""

import pytest

from couveuse.core.conditions import Operator, Test
from couveuse.core.errors import StateMismatch
from couveuse.core.model import Fit, Past
from couveuse.core.state import packed, parts
from couveuse.core.times import DAY_US
from couveuse.store.payloads import Compressor
from couveuse.store.states import pack_state, unpack_state
from tests.core.making import a_fact, a_lead, a_plan, a_rule

PLAN = a_plan(
    a_rule("Page Viewed", id="page"),
    a_rule("Email Clicked", id="click", past=(Past("Page Viewed", DAY_US, 3),), half_life=DAY_US),
    fit=(Fit("size", Test("traits.size", Operator.GTE, 5), 5), Fit("in", Test("groups", Operator.CONTAINS, "a"), 1)),
)
FACTS = (
    a_fact("Page Viewed", 1), a_fact("Page Viewed", 2), a_fact("Email Clicked", 3),
    a_fact("Group Joined", 4, group="Á"), a_fact("Verdict Given", 5, of="m-9", verdict="machine"),
)  # fmt: skip


@pytest.fixture
def payloads():
    return Compressor()


@pytest.mark.parametrize("traits", [{}, {"size": 7}, {"size": 2.0}, {"size": 10**30}, {"size": "half a pair \ud800"}])
def test_what_is_read_again_is_what_was_written(payloads, traits):
    state = a_lead(PLAN, *FACTS, a_fact("Traits Set", 6, traits=traits), email="ada@example.org")
    again = unpack_state(PLAN, pack_state(state, payloads), payloads)
    assert packed(again) == packed(state)
    assert again.held == state.held
    assert again.verdicts == state.verdicts


def test_a_state_that_is_a_payload_is_read_too(payloads):
    state = a_lead(PLAN, *FACTS)
    assert packed(unpack_state(PLAN, payloads.pack(parts(state)), payloads)) == packed(state)


def test_a_state_of_another_model_is_refused(payloads):
    other = a_plan(a_rule("Page Viewed"))
    with pytest.raises(StateMismatch):
        unpack_state(other, pack_state(a_lead(PLAN, *FACTS), payloads), payloads)
