"""What a batch brings: facts as they arrived, traits of files of leads, and what both are for the leads they touch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from couveuse.core.events import CHANGES, VERDICT_GIVEN, Change, Fact
from couveuse.engine.resolving import Keyed, Resolved
from couveuse.store.packets import Accepted, Flag

_OF_THE_PERSON: Final = frozenset((Change.TRAITS, Change.JOIN, Change.LEAVE))


@dataclass(frozen=True, slots=True)
class Arrived:
    """A new fact, decoded, with how it came."""

    accepted: Accepted
    fact: Fact
    keyed: Keyed


@dataclass(frozen=True, slots=True)
class Given:
    """Traits that a row of a file of leads gives, held since always; whose they are is said like a fact's."""

    keyed: Keyed
    traits: str  # JSON


@dataclass(slots=True)
class Touched:
    """A lead that a batch touches: its new facts in canonical order, and which of them may hand it over."""

    arrived: list[Arrived] = field(default_factory=list)
    is_given: bool = False  # traits, held since always
    changes: bool = False  # some fact is no behaviour: most leads are spared three questions by it

    @property
    def is_live(self) -> bool:
        """Whether some fact did not come quietly."""
        return any(not each.accepted.flags & Flag.QUIET for each in self.arrived)

    @property
    def live(self) -> list[Fact]:
        """The facts that did not come quietly."""
        return [each.fact for each in self.arrived if not each.accepted.flags & Flag.QUIET]


def by_lead(arrived: Sequence[Arrived], resolved: Resolved) -> defaultdict[int, Touched]:
    """The leads that new facts touch; what belongs to no lead touches none."""
    touched: defaultdict[int, Touched] = defaultdict(Touched)
    for each in arrived:
        lead_id = resolved.nearest(each.keyed).lead_id
        if lead_id is not None:
            lead = touched[lead_id]
            lead.arrived.append(each)
            if each.fact.event in CHANGES:
                lead.changes = True
    for lead in touched.values():
        if len(lead.arrived) > 1:
            lead.arrived.sort(key=lambda each: each.fact.key)
    return touched


def asks_who(lead: Touched) -> bool:
    """Whether folding on needs to know if a trusted fact knows the lead."""
    return lead.changes and any(
        each.accepted.flags & Flag.CLAIM and CHANGES.get(each.fact.event) for each in lead.arrived
    )


def says_who(lead: Touched) -> bool:
    """Whether something new tells who the lead is."""
    return lead.is_given or (
        lead.changes and any(CHANGES.get(each.fact.event) in _OF_THE_PERSON for each in lead.arrived)
    )


def corrects(lead: Touched) -> bool:
    """Whether a verdict takes a fact back."""
    return lead.changes and any(each.fact.event == VERDICT_GIVEN for each in lead.arrived)
