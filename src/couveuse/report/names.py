"""How things are called in one language under one model, and where a score stands: what every page asks."""

from collections.abc import Iterable

from couveuse.core.model import Band, Label, LeadClass, Model, Stage, Temperature
from couveuse.core.reading import RouteDue
from couveuse.language.formats import Formats
from couveuse.language.plain import clean
from couveuse.report import charts
from couveuse.report.charts import Zone
from couveuse.report.receipts import Row, Teller
from couveuse.report.values import LeadRow
from couveuse.report.words import words


class Names:
    """The names and places of one model, in one language; `scores` are those that a page shows."""

    def __init__(self, model: Model, language: str, scores: Iterable[float] = ()) -> None:
        self.model = model
        self.words = words(language)
        self.formats = Formats(self.words, model.timezone)
        self.teller = Teller(model, self.words, self.formats)
        self.zones = _zones(self, list(scores))

    def short(self, text: str, most: int = 60) -> str:
        """A text that fits: its beginning, with a mark where it was cut."""
        text = " ".join(clean(text[: most * 4]).split())
        return text if len(text) <= most else self.words.say("page.cut", text=text[: most - 1].rstrip())

    def called(self, row: LeadRow, most: int = 60) -> str:
        """How a lead is called: its name, else its e-mail or id, else its company."""
        for text in (row.name, row.lead, row.company):
            if text.strip():
                return self.short(text, most)
        return self.words.say("page.unnamed")

    def beneath(self, row: LeadRow, most: int = 60) -> str:
        """What stands under a lead's name: company and job title, or the e-mail where neither is known."""
        parts = [self.short(text, most) for text in (row.company, row.job_title) if text.strip()]
        return " · ".join(parts) or (self.short(row.lead, most) if row.name.strip() else "")

    def band(self, id: str) -> Band | None:
        """The model's band of that id."""
        return next((band for band in self.model.bands if band.id == id), None)

    def band_name(self, band: Band) -> str:
        """A band's label, else the product's word for its id, else its id."""
        return self.short(band.label.text(self.words.language, self.words.known("band", band.id)), 40)

    def band_called(self, id: str) -> str:
        """The name of the band of that id."""
        band = self.band(id)
        return self.band_name(band) if band else self.short(id, 40)

    def band_place(self, id: str) -> int:
        """Where a band stands among the model's, the lowest being 0."""
        return next((place for place, band in enumerate(self.model.bands) if band.id == id), 0)

    def band_range(self, place: int) -> str:
        """The scores of the band at that place, in words; an edge belongs to the band below it."""
        bands = self.model.bands
        low = bands[place - 1].up_to if place else None
        high = bands[place].up_to
        key = {(True, True): "any", (True, False): "up_to", (False, True): "over", (False, False): "between"}
        texts = [None if edge is None else self.formats.points(edge) for edge in (low, high)]
        return self.words.say(f"bands.{key[low is None, high is None]}", low=texts[0], high=texts[1])

    def temperature(self, temperature: Temperature) -> str:
        """A temperature in one word."""
        return self.words.say(f"temperature.{temperature.value}")

    def stage(self, stage: Stage | None) -> str:
        """A stage in one word; none has a word too."""
        return self.words.say(f"stage.{stage.name.lower() if stage is not None else 'none'}")

    def lead_class(self, lead_class: LeadClass | None) -> str:
        """Why a lead is irrelevant."""
        return self.words.say(f"class.{(lead_class or LeadClass.OTHER).value}")

    def persona(self, id: str) -> str:
        """A persona's label, else its id."""
        labels = {persona.id: persona.label for persona in self.model.personas}
        return self.short(labels.get(id, Label()).text(self.words.language, id))

    def team(self, id: str) -> str:
        """A team, in words where the product knows it."""
        return self.short(self.words.known("team", id), 40)

    def treatment(self, id: str) -> str:
        """A treatment, in words where the product knows it."""
        return self.short(self.words.known("treatment", id), 60)

    def act(self, row: LeadRow) -> RouteDue | None:
        """Of the routes that stand the one to act on: that of the most advanced stage, then of the most points.

        What a band opened comes behind what a rule did: a rule says what the person asked for.
        """
        rules = {rule.id: rule for rule in self.model.rules}

        def urgency(route: RouteDue) -> tuple[int, float]:
            rule = rules.get(route.cause)
            return (-1, 0.0) if rule is None else (-1 if rule.stage is None else int(rule.stage), rule.points)

        return max(row.routes, key=urgency, default=None)

    def cause(self, id: str) -> str:
        """What opened a route: a rule or a band, by its label."""
        return self.short(self.teller.rule(id)) if id in self.teller.labels else self.band_called(id)

    def rule(self, id: str) -> str:
        """A rule by its label."""
        return self.short(self.teller.rule(id), 80)

    def event(self, name: str) -> str:
        """An event by the product's word for it, or by its own name."""
        return self.short(self.words.known("event", name), 80)

    def purpose(self, id: str) -> str:
        """What a consent is for, in words where the product knows it."""
        return self.short(self.words.known("purpose", id), 60)

    def basis(self, id: str) -> str:
        """On what a consent stands, in words where the product knows it."""
        return self.short(self.words.known("basis", id), 60)

    def because(self, id: str) -> str:
        """Why something was withdrawn, in words where the product knows it."""
        return self.short(self.words.known("because", id), 80)

    def level(self, score: float) -> float:
        """How full the gauge of a score is."""
        return charts.gauge_level(score, self.zones)

    def temperature_at(self, score: float) -> Temperature:
        """The temperature of the band that a score is in."""
        return next((zone.temperature for zone in self.zones if score <= zone.high), self.zones[-1].temperature)

    def points(self, value: float) -> str:
        """So many points, with their unit."""
        return self.words.count("page.points", abs(round(value, 1)), p=self.formats.points(value))

    def beneath_line(self, row: Row) -> str:
        """What stands under a line of a receipt: its day, its fact, and why something was taken."""
        day = [] if row.at_us is None else [self.formats.short_date(row.at_us)]
        event = self.event(row.event) if row.event and self.event(row.event) != row.label else ""
        fact = " ".join(part for part in (event, self.short(row.about, 60)) if part)
        return " · ".join(part for part in (*day, fact, *row.notes) if part)


def _zones(names: Names, scores: list[float]) -> tuple[Zone, ...]:
    """The bands over the scores that there are; the first and the last reach as far as the scores do."""
    bands = names.model.bands
    edges = [band.up_to for band in bands if band.up_to is not None]
    low = min([0.0, *scores, *edges[:1]])
    high = max([*scores, *(edge * 1.5 for edge in edges), low + 1])
    ends = [low, *edges, high]
    return tuple(
        Zone(ends[place], ends[place + 1], names.band_name(band), band.temperature) for place, band in enumerate(bands)
    )
