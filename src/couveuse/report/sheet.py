"""What every part of the report asks beside names: reasons, samples, and the rules that made points."""

from collections.abc import Sequence

from couveuse.report.names import Names
from couveuse.report.values import LeadRow, LearntRate, Report, RuleRow


class Sheet(Names):
    """The names and places of one report, in its language."""

    def __init__(self, report: Report) -> None:
        scores = [row.score for row in report.leads]
        scores += [edge for column in report.histogram for edge in (column.low, column.high)]
        super().__init__(report.model, report.language, scores)
        self.report = report
        self.rules = {rule.id: rule for rule in report.model.rules}
        self.fits = {fit.id: fit for fit in report.model.fit}
        self.anchors = {page.row.lead: f"lead-{place}" for place, page in enumerate(report.lead_pages, start=1)}

    def leads(self, number: int) -> str:
        """So many leads."""
        return self.words.count("page.leads", number, n=self.formats.number(number))

    def reasons(self, row: LeadRow) -> list[tuple[str, float]]:
        """Why a lead stands where it does: each rule once, with how often and how much in all."""
        found: dict[str, list[float]] = {}
        for reason in row.why:
            found.setdefault(reason.rule, []).append(reason.points)
        told = []
        for rule, points in found.items():
            name = self.rule(rule)
            many = len(points) > 1
            told.append((self.words.say("leads.times", n=len(points), rule=name) if many else name, sum(points)))
        return sorted(told, key=lambda reason: -reason[1])[:3]

    def beneath_rule(self, id: str) -> str:
        """What stands under a rule's name: its event, or that it is of the fit; nothing that its name says already."""
        text = self.words.say("rules.fit") if id in self.fits else ""
        if id in self.rules:
            text = self.event(self.rules[id].event)
        return "" if text.casefold() == self.rule(id).casefold() else text

    def bare(self, rate: float) -> str:
        """A rate without its sign of percent, for the first of two."""
        return self.formats.share(rate).rstrip("%").rstrip()

    def sample(self, learnt: LearntRate) -> str:
        """A rate as it must be said: of how many, and between what."""
        if learnt.rate is None or learnt.low is None or learnt.high is None:
            return self.words.say("bands.unseen")
        key = "bands.sample" if learnt.observations == learnt.leads else "bands.readings"
        return self.words.count(
            key,
            learnt.leads,
            share=self.formats.share(learnt.rate),
            n=self.formats.number(learnt.leads),
            rows=self.formats.number(learnt.observations),
            low=self.bare(learnt.low),
            high=self.formats.share(learnt.high),
        )

    def rules_made(self) -> tuple[list[RuleRow], list[str]]:
        """The rules that made lines, those with most points left first; and the names of the model's others."""
        made = sorted((row for row in self.report.rules if row.lines), key=lambda row: -row.points_now)
        ids = {row.id for row in made}
        return made, [self.rule(id) for id in (*self.rules, *self.fits) if id not in ids]

    def most_points(self, rows: Sequence[RuleRow]) -> float:
        """The end of the bars' axis."""
        return max([abs(row.points) for row in rows] + [abs(row.points_now) for row in rows] + [1.0])
