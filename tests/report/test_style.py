"""The colours: contrast by the formula of WCAG 2.2, from the tokens as they stand in the style sheet."""

import re
from importlib.resources import files
from itertools import product

import pytest

FOLDER = files("couveuse.report").joinpath("templates")
STYLE = "\n".join(FOLDER.joinpath(name).read_text("utf-8") for name in ("tokens.css", "report.css"))
TEXT = ("ink", "quiet", "accent", "cold", "warm", "hot", "irrelevant")
GROUNDS = ("paper", "card", "hover")
SHAPES = ("cold-fill", "warm-fill", "hot-fill")


def blocks():
    """The tokens of each block that sets them: light, dark by the system, dark by choice."""
    found = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block)) for block in re.findall(r"\{([^{}]*)\}", STYLE)]
    return [each for each in found if "paper" in each]


LIGHT, DARK, CHOSEN = blocks()


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_the_standard_s():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), list(product(TEXT, GROUNDS)))
def test_text_is_readable_on_every_ground(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), list(product(SHAPES, GROUNDS)))
def test_shapes_stand_out(theme, shape, ground):
    assert contrast(theme[shape], theme[ground]) > 2  # never alone: each has its word and its form beside it


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_chosen_theme_reads_in_its_button(theme):
    assert contrast(theme["paper"], theme["ink"]) >= 4.5


def test_dark_is_dark_whoever_asks_for_it():
    assert DARK == CHOSEN
    assert set(LIGHT) == set(DARK)
    assert luminance(DARK["paper"]) < 0.02 < luminance(LIGHT["paper"])


def test_no_colour_stands_outside_the_tokens():
    rules = "\n".join(line for line in STYLE.splitlines() if "--" not in line.split(":")[0])
    assert re.findall(
        r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r"--[\w-]+:[^;]*;|#(tube|telling|pages|theme-\w+)\b", "", rules)
    ) == ["#fff"]


def test_every_token_that_is_used_is_set():
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= set(re.findall(r"--([\w-]+):", STYLE))


def test_motion_is_only_for_those_who_want_it():
    assert re.findall(r"transition|animation", STYLE) == []
    assert STYLE.count("scroll-behavior") == 1
    assert "@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }" in STYLE
