"""The ledger of one lead as a receipt: a row a line, what was taken from it and why, and a total that adds up in print.

Rows are rounded to one decimal like every number on a page; where the rounded rows do not make the rounded
total, a row of rounding says so, as on a till receipt. A ledger that truly does not add up is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from couveuse.core.ledger import LineKind
from couveuse.core.model import Cap, Label, Model
from couveuse.errors import CouveuseError
from couveuse.language.formats import Formats
from couveuse.language.words import Words
from couveuse.report.values import LeadPage, LedgerLine

MOST_ROWS = 60  # older rows are brought forward in one: a page a person reads, and a file a mail can carry
CLOSE = 1e-6  # scores are compared rounded to 6 decimals
ADJUSTMENTS = ("add", "raise", "set", "recycle")
TAKEN = (LineKind.CAP, LineKind.CUT, LineKind.DECAY)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the receipt, in tenths of a point, so that what is printed can be added by hand."""

    label: str
    given: int
    left: int
    at_us: int | None = None
    event: str = ""
    about: str = ""
    notes: tuple[str, ...] = ()
    rule: str = ""  # of the model's, where the row is of one

    @property
    def taken(self) -> int:
        """What a cap, a cut or time took, as printed."""
        return self.left - self.given


@dataclass(frozen=True, slots=True)
class Receipt:
    """The rows and their sums; every column adds up as printed."""

    rows: tuple[Row, ...]
    given: int
    total: int

    @property
    def taken(self) -> int:
        """What was taken in all, as printed."""
        return self.total - self.given

    @property
    def has_taken(self) -> bool:
        """Whether any row lost anything: else one column of points says it all."""
        return any(row.taken for row in self.rows)


@dataclass(frozen=True, slots=True)
class Carried:
    """Rows that are not told: how many, what they gave, and what is left of it."""

    rows: int = 0
    given: float = 0.0
    left: float = 0.0


NONE = Carried()


def tenths(points: float) -> int:
    """Points rounded to a tenth, as a whole number of tenths.

    >>> tenths(4.25), tenths(-1.26)
    (42, -13)
    """
    return round(round(points, 6) * 10)


def receipt(
    page: LeadPage, model: Model, words: Words, formats: Formats, elsewhere: str = "", most: int | None = MOST_ROWS, *,
    before: Carried = NONE, after: Carried = NONE,
) -> Receipt:  # fmt: skip
    """The receipt of a lead's page; `CouveuseError` if the ledger's lines do not make its total.

    `elsewhere` says where the rows that are brought forward are all shown; `most` None: none is. Of a long ledger the
    page has some of the lines only: then `before` and `after` are what stands before and after these.
    """
    exact = sum(line.points for line in page.lines) + before.left + after.left
    if abs(exact - page.total) > CLOSE * max(1.0, abs(page.total)):
        raise CouveuseError(words.say("receipt.broken", lead=page.row.lead, sum=round(exact, 6), total=page.total))
    teller = Teller(model, words, formats)
    groups = grouped(page.lines)
    kept = len(groups) if most is None else min(most, len(groups))
    earlier = groups[: len(groups) - kept]
    rows = [teller.row(group) for group in groups[len(earlier) :]]
    if earlier or before.rows:
        rows.insert(0, teller.carried("receipt.carried", _together(earlier, before), elsewhere))
    if after.rows:
        still = sum(group[0].kind in (LineKind.FIT, LineKind.TOTAL) for group in groups)
        rows.insert(len(rows) - still, teller.carried("receipt.later", after, ""))
    total = tenths(page.total)
    gap = total - sum(row.left for row in rows)
    if gap:
        rows.append(Row(words.say("receipt.rounding"), gap, gap))
    return Receipt(tuple(rows), sum(row.given for row in rows), total)


def _together(groups: Sequence[Sequence[LedgerLine]], others: Carried) -> Carried:
    """Rows that are not told, with others."""
    lines = [line for group in groups for line in group]
    given = sum(line.points for line in lines if _gives(line))
    left = sum(line.points for line in lines)
    return Carried(len(groups) + others.rows, given + others.given, left + others.left)


def grouped(lines: Sequence[LedgerLine]) -> list[list[LedgerLine]]:
    """Lines that take from a line go with it: they follow it, with its instant, its event and its rule."""
    groups: list[list[LedgerLine]] = []
    for line in lines:
        first = groups[-1][0] if groups else None
        goes = first is not None and line.kind in TAKEN and _whose(line) == _whose(first)
        if goes:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _whose(line: LedgerLine) -> tuple[int | None, str, str]:
    return line.at_us, line.event, line.rule


def _gives(line: LedgerLine) -> bool:
    return line.kind not in TAKEN and line.kind is not LineKind.TOTAL


class Teller:
    """The words of a model's lines: its rules' labels, its caps, its adjustments."""

    def __init__(self, model: Model, words: Words, formats: Formats) -> None:
        self.words, self.formats, self.model = words, formats, model
        labels: dict[str, Label] = {rule.id: rule.label for rule in model.rules}
        labels.update({fit.id: fit.label for fit in model.fit})
        self.labels = {id: label.text(words.language, id) for id, label in labels.items()}
        self.caps: dict[str, Cap] = {id: cap for cap in model.caps for id in cap.rules}

    def rule(self, id: str) -> str:
        """What a rule, or an adjustment, is called."""
        if id in ADJUSTMENTS and id not in self.labels:
            return self.words.say(f"receipt.{id}")
        return self.labels.get(id, id)

    def row(self, group: Sequence[LedgerLine]) -> Row:
        """One line, with all that was taken from it."""
        first = group[0]
        given = sum(line.points for line in group if _gives(line))
        left = sum(line.points for line in group)
        taken = [line for line in group if line.kind in TAKEN]
        # What time takes is said once, under the receipt; anything else is named, and then both with their points.
        by_time_alone = all(line.kind is LineKind.DECAY for line in taken)
        notes = () if by_time_alone else tuple(self._note(line, alone=len(taken) == 1) for line in taken)
        if first.kind is LineKind.FIT:
            notes = (self.words.say("receipt.fit_note"),)
        dated = first.kind not in (LineKind.FIT, LineKind.TOTAL)
        at_us = first.at_us if dated else None
        rule = first.rule if first.rule in self.labels else ""
        return Row(self._label(first), tenths(given), tenths(left), at_us, first.event, first.about, notes, rule)

    def carried(self, word: str, rows: Carried, elsewhere: str) -> Row:
        """The row that stands for lines that are not told."""
        label = self.words.count(word, rows.rows, n=self.formats.number(rows.rows))
        return Row(label, tenths(rows.given), tenths(rows.left), notes=(elsewhere,) if elsewhere else ())

    def _label(self, line: LedgerLine) -> str:
        if line.kind is not LineKind.TOTAL:
            return self.rule(line.rule)
        cap = self.model.total_cap
        if cap is None:
            return self.words.say("receipt.total_cap_plain")
        return self.words.say("receipt.total_cap", points=self.formats.points(cap))

    def _note(self, line: LedgerLine, *, alone: bool) -> str:
        what = self._what(line)
        if alone:
            return what
        return self.words.say("receipt.took", what=what, points=self.formats.number(line.points, 1))

    def _what(self, line: LedgerLine) -> str:
        cap = self.caps.get(line.rule)
        if line.kind is not LineKind.CAP or cap is None:
            return self.words.say(f"receipt.{line.kind.value}")
        window = self.words.say(f"window.{cap.per.value}")
        return self.words.say("receipt.cap_of", points=self.formats.points(cap.points), window=window)
