"""A lead's page put together: what the core wrote of it, beside its facts as people read them."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from couveuse.core.ledger import Line, LineKind
from couveuse.report.values import Fact, LeadPage, LeadRow, LedgerLine, Reason

REASONS = 3


def heaviest(lines: Iterable[Line]) -> tuple[Reason, ...]:
    """The rules that weigh most in a score, each with what its lines make together."""
    points: dict[str, float] = {}
    for line in lines:
        points[line.rule] = points.get(line.rule, 0.0) + line.points
    found = sorted(((rule, each) for rule, each in points.items() if each), key=lambda item: -abs(item[1]))
    return tuple(Reason(rule, each) for rule, each in found[:REASONS])


def lead_page(
    row: LeadRow,
    lines: Iterable[tuple[Line, Hashable]],
    deeds: Mapping[Hashable, Fact],
    curve: Sequence[tuple[int, float]],
    interests: Sequence[str],
) -> LeadPage:
    """The page of a lead: each line of the core's with the key of its fact (None where it has none), in ledger order.

    A fact's points are those of its lines, what caps took included, undecayed.
    """
    told, points = [], dict[Hashable, float]()
    for line, key in lines:
        deed = deeds.get(key)
        is_of_lead = line.kind in (LineKind.FIT, LineKind.TOTAL)
        at_us = None if is_of_lead else line.at
        event, about = (deed.event, deed.about) if deed else ("", "")
        told.append(LedgerLine(line.kind, line.points, at_us, event, line.rule, about))
        if key is not None and line.kind in (LineKind.POINTS, LineKind.CAP):
            points[key] = points.get(key, 0.0) + line.points
    facts = tuple(replace(deed, points=points[key]) if key in points else deed for key, deed in deeds.items())
    return LeadPage(row, tuple(told), row.score, facts, tuple(curve), tuple(interests))
