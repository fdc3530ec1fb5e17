import pytest

from couveuse.core.conditions import Operator, Test
from couveuse.core.model import Irrelevant, LeadClass
from couveuse.core.ours import with_our_own
from couveuse.core.plan import plan
from couveuse.core.reading import at
from tests.core.making import START, a_fact, a_lead, a_plan, a_rule

MODEL = a_plan(
    a_rule(points=5),
    irrelevant=(Irrelevant(LeadClass.COMPETITOR, Test("traits.email_domain", Operator.IN, ("rival.example",))),),
).model


def class_of(email: str | None, *, domains: tuple[str, ...] = (), addresses: tuple[str, ...] = ()) -> LeadClass | None:
    planned = plan(with_our_own(MODEL, domains, addresses))
    reading = at(planned, a_lead(planned, a_fact(), email=email), START)
    assert reading.score == 5
    return reading.lead_class


@pytest.mark.parametrize("email", ["ana@ours.example", "bob@mail.ours.example"])
@pytest.mark.parametrize("domain", ["ours.example", "@ours.example", "*.Ours.example"])
def test_it_works(email: str, domain: str) -> None:
    assert class_of(email, domains=(domain,)) is LeadClass.INTERNAL


@pytest.mark.parametrize("email", ["ana@yours.example", "ana@ours.example.com", "ours.example@example.com", None])
def test_other_domains_are_not_ours(email: str | None) -> None:
    assert class_of(email, domains=("ours.example",)) is None


def test_single_addresses_are_ours_too() -> None:
    assert class_of("ana@example.com", addresses=(" Ana@Example.com",)) is LeadClass.INTERNAL
    assert class_of("bob@example.com", addresses=("ana@example.com",)) is None


def test_our_own_come_before_every_other_class() -> None:
    assert class_of("ana@rival.example", addresses=("ana@rival.example",)) is LeadClass.INTERNAL
    assert class_of("bob@rival.example", addresses=("ana@rival.example",)) is LeadClass.COMPETITOR


def test_without_any_of_our_own_the_model_stays_as_it_is() -> None:
    assert with_our_own(MODEL, ("", " ", "*."), ("",)) is MODEL
