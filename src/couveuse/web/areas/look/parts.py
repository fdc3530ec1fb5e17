"""Every part that pages are made of, on one page: for whoever makes another, and whoever looks whether all is well."""

from typing import Final

from django.http import HttpResponse

from couveuse.core.model import Temperature
from couveuse.report import charts
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

_SCORES: Final = (
    (4.0, Temperature.COLD),
    (14.5, Temperature.WARM),
    (37.0, Temperature.HOT),
    (22.0, Temperature.IRRELEVANT),
)
_MOST: Final = 40.0


@page(Permission.SEE_DOCS)
def parts(asked: Asked) -> HttpResponse:
    """The page; what it shows is invented."""
    shares = [(temperature.value, number) for (_, temperature), number in zip(_SCORES, (58, 27, 11, 4), strict=True)]
    strip = charts.strip(shares, charts.Words(asked.say("look_parts.strip"), asked.say("look_parts.strip_text")))
    return render(
        asked,
        "look/parts.html",
        title=asked.say("look_parts.title"),
        scores=[(score, temperature, score / _MOST) for score, temperature in _SCORES],
        named=[(asked.words.known("temperature", name), number) for name, number in shares],
        strip=strip,
        interval=charts.interval(0.25, 0.21, 0.29, 0.2, 0.5),
        rows=[
            {"kind": "human", "margin": asked.formats.signed(points), "what": asked.say(f"look_parts.{what}"),
             "about": "", "iso": asked.formats.iso(asked.now), "when": asked.formats.short_date(asked.now)}
            for what, points in (("visit", 1.0), ("download", 5.0), ("quote", 20.0))
        ],
    )  # fmt: skip
