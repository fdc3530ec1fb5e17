"""Charts as SVG: small pure functions from numbers and finished texts to markup.

Widths are in percent and heights in pixels, so that a chart fills its column and its letters keep their size
on a telephone. What must stretch (a curve) stands in a nested drawing that is stretched, under unstretched text.
Colours are classes: the style sheet owns them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from couveuse.core.model import Temperature

GAUGE_HEIGHT = 32
TUBE = 28  # the inside of the gauge
WIDE = 1000  # the unit of stretched drawings


@dataclass(frozen=True, slots=True)
class Zone:
    """A band as the charts draw it: the scores (low, high], its name, its temperature, a few words on it."""

    low: float
    high: float
    name: str
    temperature: Temperature
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One bin of a histogram, with the temperature of the band that it stands in."""

    low: float
    high: float
    count: int
    temperature: Temperature


@dataclass(frozen=True, slots=True)
class Dot:
    """A fact under a curve: where it is on the time axis (0 to 1), and whether it counted."""

    place: float
    counted: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart says to who cannot see it: its title and its description."""

    title: str
    description: str


def percent(part: float, whole: float = 1.0) -> str:
    """A length as SVG takes it: a percentage from 0 to 100, two decimals at most."""
    share = min(max(part / whole, 0.0), 1.0) if whole else 0.0
    return f"{round(share * 100, 2):g}%"


def drawing(words: Words, height: int, kind: str, *parts: Markup) -> Markup:
    """A chart as wide as its place, told by its title and description."""
    return Markup(
        '<svg class="chart {}" role="img" width="100%" height="{}"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(kind, height, words.title, words.description, Markup("").join(parts))


def gauge_level(score: float, zones: Sequence[Zone]) -> float:
    """How full the gauge is: each band has an equal part of it, so that 19 and 21 are seen apart beside 90.

    >>> cold, hot = Zone(0, 20, "low", Temperature.COLD), Zone(20, 100, "high", Temperature.HOT)
    >>> gauge_level(10, [cold, hot]), gauge_level(60, [cold, hot])
    (0.25, 0.75)
    """
    for place, zone in enumerate(zones):
        if score <= zone.high or place == len(zones) - 1:
            inside = (score - zone.low) / (zone.high - zone.low) if zone.high > zone.low else 0.5
            return (place + min(max(inside, 0.0), 1.0)) / len(zones)
    return 0.0


def gauge(level: float, temperature: Temperature) -> Markup:
    """The small vertical gauge beside a score; the tube is drawn once in the page and used here."""
    if temperature is Temperature.IRRELEVANT:
        inside = Markup('<path d="M2 27 10 5"/>')
    else:
        height = max(round(TUBE * level, 1), 1.5)
        inside = Markup('<rect x="3" y="{:g}" width="6" height="{:g}" rx="1.5"/>').format(30 - height, height)
    return Markup('<svg class="gauge {}" width="12" height="{}" aria-hidden="true">{}<use href="#tube"/></svg>').format(
        temperature.value, GAUGE_HEIGHT, inside
    )


def tube(zones: int) -> Markup:
    """The gauge's tube with a tick at each edge between bands, drawn once and used beside every score."""
    ticks = Markup("").join(
        Markup('<path d="M7 {0:g}H11"/>').format(30 - TUBE * place / zones) for place in range(1, zones)
    )
    return Markup(
        '<svg class="off" width="0" height="0" aria-hidden="true"><symbol id="tube" viewBox="0 0 12 32">'
        '<rect class="glass" x="1.5" y=".5" width="9" height="31" rx="3"/>{}</symbol></svg>'
    ).format(ticks)


def strip(parts: Sequence[tuple[str, int]], words: Words) -> Markup:
    """One bar cut into parts (class, count), in the order given."""
    whole = sum(count for _, count in parts)
    pieces, done = [], 0
    for kind, count in parts:
        if count:
            pieces.append(
                Markup('<rect class="{}" x="{}" width="{}" height="16"/>').format(
                    kind, percent(done, whole), percent(count, whole)
                )
            )
        done += count
    return drawing(words, 16, "strip", *pieces)


def bar(whole: float, part: float, most: float, tone: str = "ink") -> Markup:
    """One row of a bar chart that is a table: the outline is what was, the filling what counts of it."""
    return Markup(
        '<svg class="bar {}" width="100%" height="14" aria-hidden="true"><rect class="was" x="0" y="1" height="12"'
        ' width="{}"/><rect class="now" x="0" y="1" height="12" width="{}"/></svg>'
    ).format(tone, percent(abs(whole), most), percent(abs(part), most))


def days(counts: Sequence[int], tone: str, words: Words, height: int = 36) -> Markup:
    """How many each day, the oldest first, as small columns; the last day is not over, and is drawn as an outline."""
    most, pitch = max([*counts, 1]), 100 / max(len(counts), 1)
    bars = []
    for place, count in enumerate(counts):
        tall = max(round((height - 3) * count / most, 1), 1.5) if count else 0
        kind = "today" if place == len(counts) - 1 else tone
        if tall:
            bars.append(
                Markup('<rect class="{}" x="{:.2f}%" y="{:g}" width="{:.2f}%" height="{:g}"/>').format(
                    kind, pitch * (place + 0.12), height - 1 - tall, pitch * 0.76, tall
                )
            )
    base = Markup('<line class="base" x2="100%" y1="{0}" y2="{0}"/>').format(height - 0.5)
    return drawing(words, height, f"days {tone}", *bars, base)


def interval(rate: float, low: float, high: float, prior: float, most: float) -> Markup:
    """A rate as a dot, its interval as a line, and the rate put to it beforehand as a hollow diamond."""
    return Markup(
        '<svg class="interval" width="100%" height="22" aria-hidden="true">'
        '<line class="base" x2="100%" y1="21.5" y2="21.5"/>'
        '<rect class="span" x="{}" y="10" height="2" width="{}"/><circle cx="{}" cy="11" r="4"/>'
        '<svg x="{}" y="5" width="12" height="12" overflow="visible"><path class="prior" d="M0 1 5 6 0 11-5 6Z"/></svg>'
        "</svg>"
    ).format(percent(low, most), percent(high - low, most), percent(rate, most), percent(prior, most))


def ruler(columns: Sequence[Column], zones: Sequence[Zone], edges: Sequence[tuple[float, str]], words: Words) -> Markup:
    """The bands as a ruler under the real distribution of the scores; `edges` are the numbers on the ruler."""
    low, span = zones[0].low, zones[-1].high - zones[0].low
    most = max((column.count for column in columns), default=0) or 1
    bars = (_column(column, low, span, most) for column in columns)
    return drawing(words, 234, "ruler", *bars, *_zones(zones, low, span), *_edges(edges, low, span))


def _column(column: Column, low: float, span: float, most: int) -> Markup:
    height = max(round(150 * column.count / most, 1), 1.5) if column.count else 0
    return Markup('<rect class="{}" x="{}" y="{:g}" width="{}" height="{:g}"/>').format(
        column.temperature.value,
        percent(column.low - low, span),
        160 - height,
        percent((column.high - column.low) * 0.92, span),
        height,
    )


def _zones(zones: Sequence[Zone], low: float, span: float) -> list[Markup]:
    pieces = []
    for zone in zones:
        wide = (zone.high - zone.low) / span if span else 1.0
        pieces.append(
            Markup('<rect class="{0}" x="{1}" y="166" width="{2}" height="10"/>').format(
                zone.temperature.value, percent(zone.low - low, span), percent(wide)
            )
        )
        if wide >= 0.06:
            middle = percent(zone.low - low + (zone.high - zone.low) / 2, span)
            place = "" if wide >= 0.2 else "roomy"
            pieces.append(
                Markup(
                    '<text class="name {0}" x="{1}" y="212" text-anchor="middle">{2}</text>'
                    '<text class="{0}" x="{1}" y="228" text-anchor="middle">{3}</text>'
                ).format(place, middle, zone.name, zone.note)
            )
    return pieces


def _edges(edges: Sequence[tuple[float, str]], low: float, span: float) -> list[Markup]:
    pieces = []
    for place, (score, text) in enumerate(edges):
        anchor = "start" if place == 0 else "end" if place == len(edges) - 1 else "middle"
        pieces.append(
            Markup('<svg x="{0}" overflow="visible"><path class="tick" d="M0 162V180"/></svg>'
                   '<text x="{0}" y="194" text-anchor="{1}">{2}</text>').format(
                percent(score - low, span), anchor, text
            )
        )  # fmt: skip
    return pieces


def curve(
    points: Sequence[tuple[float, float]],
    zones: Sequence[Zone],
    dots: Sequence[Dot],
    ends: tuple[str, str],
    words: Words,
) -> Markup:
    """A score over time: `points` and `dots` are placed from 0 to 1; hairlines stand at the bands' edges."""
    low, high = reach([score for _, score in points], zones)
    span = (high - low) or 1.0

    def y(score: float) -> float:
        return round(118 - 110 * (score - low) / span, 1)

    path = " ".join(f"{x * WIDE:g},{y(score):g}" for x, score in thinned(points))
    drawn = [(x, y(score)) for x, score in points]
    edges = [(y(zone.low), zone.name) for zone in zones[1:] if low < zone.low < high]
    lines, names = _hairlines(edges, drawn)
    plot = Markup(
        '<svg width="100%" height="124" viewBox="0 0 1000 124" preserveAspectRatio="none">'
        '<polyline class="line" points="{0}"/></svg><line class="base" x2="100%" y1="{1:g}" y2="{1:g}"/>'
    ).format(path, y(max(low, 0.0)))
    marks = [
        Markup('<circle class="{}" cx="{}" cy="134" r="3"/>').format("dot" if d.counted else "void", percent(d.place))
        for d in dots
    ]
    return drawing(words, 164, "curve", *lines, plot, *names, *marks, _ends(ends, 158))


def _hairlines(
    edges: Sequence[tuple[float, str]], drawn: Sequence[tuple[float, float]]
) -> tuple[list[Markup], list[Markup]]:
    """A line at each edge between bands, and its name only where the one above leaves room for it.

    The name stands at the end where the curve is farther from it, so that neither hides the other.
    """
    lines, names, last = [], [], 0.0
    for y, name in reversed(edges):
        lines.append(Markup('<line class="edge" x2="100%" y1="{0:g}" y2="{0:g}"/>').format(y))
        if y - last >= 15:
            at = 'x="100%" text-anchor="end"' if _is_freer_right(drawn, y - 8) else 'x="0"'
            names.append(Markup('<text class="name" {} y="{:g}">{}</text>').format(Markup(at), y - 4, name))
            last = y
    return lines, names


def _is_freer_right(drawn: Sequence[tuple[float, float]], y: float) -> bool:
    """Whether a curve keeps farther from a height in the last sixth of its time than in the first."""
    left = [abs(each - y) for x, each in drawn if x <= 1 / 6]
    right = [abs(each - y) for x, each in drawn if x >= 5 / 6]
    return bool(left and right) and min(right) > min(left)


def _ends(ends: tuple[str, str], y: int) -> Markup:
    return Markup('<text x="0" y="{0}">{1}</text><text x="100%" y="{0}" text-anchor="end">{2}</text>').format(y, *ends)


def reach(scores: Sequence[float], zones: Sequence[Zone]) -> tuple[float, float]:
    """The axis of a curve: from zero or below to a little above the highest score or the first band's edge."""
    top = max([*scores, zones[0].high if len(zones) > 1 else 1.0])
    return min([*scores, 0.0]), top * 1.08


def thinned(points: Sequence[tuple[float, float]], places: int = 250) -> list[tuple[float, float]]:
    """A curve with at most four points (first, lowest, highest, last) at each of so many places."""
    kept: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        kept.setdefault(int(point[0] * places), []).append(point)
    thin: list[tuple[float, float]] = []
    for group in kept.values():
        wanted = {0, len(group) - 1}
        wanted |= {min(range(len(group)), key=lambda i: group[i][1]), max(range(len(group)), key=lambda i: group[i][1])}
        thin += [(round(group[i][0], 4), round(group[i][1], 2)) for i in sorted(wanted)]
    return thin


def reliability(
    points: Sequence[tuple[float, float, float, float]], axes: tuple[str, str, str], words: Words
) -> Markup:
    """Rates (said, seen, low, high): on the diagonal what is seen is what was said. `axes`: said, seen, most."""
    most = max([max(said, high) for said, _, _, high in points] + [0.01])
    side, left, foot = 220, 8, 228

    def x(rate: float) -> float:
        return round(left + side * rate / most, 1)

    def y(rate: float) -> float:
        return round(foot - side * rate / most, 1)

    marks = [
        Markup('<path class="span" d="M{0:g} {1:g}V{2:g}"/><circle cx="{0:g}" cy="{3:g}" r="4"/>').format(
            x(said), y(low), y(high), y(seen)
        )
        for said, seen, low, high in points
    ]
    said, seen, top = axes
    frame = Markup(
        '<path class="base" d="M{0} {1}V{2}H{3}"/><path class="diagonal" d="M{0} {2} {3} {1}"/>'
        '<text x="{4}" y="{5}">{6}</text><text x="{0}" y="{7}">0</text>'
        '<text x="{3}" y="{7}" text-anchor="end">{8}</text>'
        '<text x="{9}" y="{7}" text-anchor="middle">{10}</text>'
    ).format(left, foot - side, foot, left + side, left + 6, 20, seen, foot + 16, top, left + side / 2, said)
    return drawing(words, 250, "reliability", frame, *marks)
