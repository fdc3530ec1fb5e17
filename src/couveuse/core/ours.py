"""Our own people: those of our e-mail domains and addresses are irrelevant, of class internal, in every model."""

from collections.abc import Iterable
from dataclasses import replace

from couveuse.core.conditions import Any, Condition, Operator, Test
from couveuse.core.model import Irrelevant, LeadClass, Model
from couveuse.core.text import email as email_of


def with_our_own(model: Model, domains: Iterable[str], addresses: Iterable[str]) -> Model:
    """The model with a line before all others that sets aside who is of these e-mail domains (their sub-domains, too).

    A domain may be written as `example.com`, `@example.com` or `*.example.com`. Without domains and addresses the model
    stays as it is.
    """
    names = tuple(name for name in (domain.strip().lower().lstrip("*").lstrip("@.") for domain in domains) if name)
    people = tuple(found for found in (email_of(address) for address in addresses) if found)
    parts: list[Condition] = []
    if names:
        parts.append(Test("traits.email_domain", Operator.IN, names))
        parts.append(Test("traits.email_domain", Operator.ENDS_WITH, tuple(f".{name}" for name in names)))
    if people:
        parts.append(Test("traits.email", Operator.IN, people))
    if not parts:
        return model
    return replace(model, irrelevant=(Irrelevant(LeadClass.INTERNAL, Any(tuple(parts))), *model.irrelevant))
