"""What a batch brings: facts by the lead that they touch, and what they ask of it."""

from couveuse.core.events import TRAITS_SET, Fact
from couveuse.engine.arrivals import Arrived, Touched, asks_who, by_lead, corrects, says_who
from couveuse.engine.resolving import Keyed, Resolved, nodes_of, place_of
from couveuse.store.identities import Identity
from couveuse.store.packets import Flag
from tests.engine.town import NOW, accepted

ADA, VISITOR = "ada@example.com", "a-device"
WHOSE = Resolved({(0, ADA): Identity(1, 0, ADA, lead_id=7), (2, VISITOR): Identity(2, 2, VISITOR)})


def arrived(event: str, at: int = NOW, *, email: str | None = ADA, flags: int = Flag.NONE) -> Arrived:
    it = accepted(event, at, email=email, anonymous_id=VISITOR, message_id=f"{event} {at}", flags=flags)
    fact = Fact(at, event, f"{event} {at}", "web", {}, {}, {})
    place = place_of(at, event, "web", fact.message_id)
    return Arrived(it, fact, Keyed(nodes_of(email, None, VISITOR), place, flags))


def touched(*facts: Arrived) -> Touched:
    return by_lead(facts, WHOSE)[7]


def test_a_lead_has_its_facts_in_canonical_order_and_a_visitors_touch_none() -> None:
    late, early = arrived("Page Viewed", NOW), arrived("Page Viewed", NOW - 5)
    found = by_lead([late, arrived("Page Viewed", email=None), early], WHOSE)
    assert {lead: each.arrived for lead, each in found.items()} == {7: [early, late]}
    assert not found[7].changes


def test_what_came_quietly_is_not_live() -> None:
    quiet, loud = arrived("Page Viewed", NOW, flags=Flag.QUIET), arrived("Page Viewed", NOW + 1)
    assert not touched(quiet).is_live
    assert touched(quiet, loud).is_live
    assert touched(quiet, loud).live == [loud.fact]


def test_only_claims_that_change_something_ask_who_the_lead_is() -> None:
    assert not asks_who(touched(arrived("Page Viewed", flags=Flag.CLAIM)))
    assert not asks_who(touched(arrived(TRAITS_SET)))
    assert asks_who(touched(arrived(TRAITS_SET, flags=Flag.CLAIM)))


def test_traits_and_groups_tell_who_a_lead_is_and_behaviours_do_not() -> None:
    assert not says_who(touched(arrived("Page Viewed"), arrived("Verdict Given", NOW + 1)))
    assert says_who(touched(arrived(TRAITS_SET)))
    assert says_who(Touched(is_given=True))


def test_a_verdict_corrects() -> None:
    assert corrects(touched(arrived("Page Viewed"), arrived("Verdict Given", NOW + 1)))
    assert not corrects(touched(arrived(TRAITS_SET)))
