"""The leads behind a line of the points table, and behind an import, as an address asks for them."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.engine.live import LiveModel
from couveuse.errors import BadInput
from couveuse.store import imports, learnt
from couveuse.store.brought import Brought, Part
from couveuse.store.learnt import PERIODS, Earners

LINE_WRITTEN: Final = "visit.30"
IMPORT_WRITTEN: Final = "12.new"
_MOST_NUMBER: Final = 2**31 - 1


class BadBehind(BadInput):
    """What leads are to stand behind is not written as it must be, or is not there; `field` says which of both."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the points table, by the id of its rule, and the last days in which it gave points.

    >>> Line.read("visit.30")
    Line(rule='visit', days=30)
    """

    rule: str
    days: int

    @classmethod
    def read(cls, text: str) -> "Line":
        """What an address asks for; raises BadBehind."""
        rule, _, days = text.rpartition(".")
        if not rule or days not in [str(each) for each in PERIODS]:
            known = ", ".join(map(str, PERIODS))
            raise BadBehind("line", f"write the id of a line and one of {known} days, as in {LINE_WRITTEN}")
        return cls(rule, int(days))

    @property
    def written(self) -> str:
        """The same as an address has it."""
        return f"{self.rule}.{self.days}"


@dataclass(frozen=True, slots=True)
class FromImport:
    """An import, and which of its leads.

    >>> FromImport.read("12"), FromImport.read("12.new").part
    (FromImport(number=12, part=<Part.ALL: 'all'>), <Part.NEW: 'new'>)
    """

    number: int
    part: Part = Part.ALL

    @classmethod
    def read(cls, text: str) -> "FromImport":
        """What an address asks for; raises BadBehind."""
        number, dot, part = text.partition(".")
        is_number = number.isascii() and number.isdigit() and len(number) <= 10 and 1 <= int(number) <= _MOST_NUMBER
        if not is_number or (dot and part not in (Part.NEW, Part.KNOWN)):
            raise BadBehind(
                "import", f"write the number of an import, with .new or .known for a part, as in {IMPORT_WRITTEN}"
            )
        return cls(int(number), Part(part) if dot else Part.ALL)


def earners_of(connection: Connection[Any], model: LiveModel, line: Line) -> Earners:
    """The leads behind a line under a model, as of the newest report; raises BadBehind.

    Of a line that gave to more leads than are kept, they are those that it gave most to. Where an earlier version of
    ours wrote the report, they are those that the line's page names.
    """
    planned = model.plan.model
    if line.rule not in {each.id for each in planned.rules} | {each.id for each in planned.fit}:
        raise BadBehind("line", f"{line.rule[:80]}: the model has no such line; see its points table")
    found = learnt.behind(connection, model.id, line.rule, line.days)
    if found.leads or not found.of:
        return found
    report = learnt.latest(connection, model.id)
    period = None if report is None else report.rule(line.rule).in_days(line.days)
    return Earners(() if period is None else tuple(each.lead_id for each in period.best), found.of)


def brought_of(connection: Connection[Any], asked: FromImport) -> Brought:
    """The leads of an import, or the part of them that is asked for; raises BadBehind."""
    found = imports.import_by_id(connection, asked.number)
    if found is None:
        raise BadBehind("import", f"there is no import {asked.number}")
    return Brought(found.id, asked.part, found.started_at)
