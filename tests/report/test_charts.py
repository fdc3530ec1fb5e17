import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.model import Temperature
from couveuse.report.charts import (
    Column,
    Dot,
    Words,
    Zone,
    bar,
    curve,
    gauge,
    gauge_level,
    interval,
    ruler,
    strip,
    thinned,
)
from tests.report.parsed import parsed

WORDS = Words("A title", "A description")
ZONES = (
    Zone(0, 10, "Low", Temperature.COLD, "3 leads"),
    Zone(10, 20, "Middle", Temperature.WARM),
    Zone(20, 80, "High", Temperature.HOT),
)


def test_each_band_has_an_equal_part_of_the_gauge():
    assert [round(gauge_level(score, ZONES), 3) for score in (0, 5, 10, 20, 50, 80)] == [
        0,
        0.167,
        0.333,
        0.667,
        0.833,
        1,
    ]


@given(st.lists(st.floats(-1_000, 1_000), min_size=2))
def test_a_higher_score_never_fills_the_gauge_less(scores):
    levels = [gauge_level(score, ZONES) for score in sorted(scores)]
    assert levels == sorted(levels)
    assert all(0 <= level <= 1 for level in levels)


def test_an_irrelevant_lead_s_gauge_is_struck_and_not_filled():
    tree = parsed(gauge(0.9, Temperature.IRRELEVANT))
    assert list(tree.all("rect")) == []
    assert tree.one("path")


def test_a_chart_has_a_title_and_a_description():
    tree = parsed(strip([("hot", 1), ("cold", 3)], WORDS))
    assert (tree.one("title").text, tree.one("desc").text) == ("A title", "A description")


def test_the_parts_of_a_strip_fill_it():
    widths = [
        float(each.attributes["width"][:-1])
        for each in parsed(strip([("hot", 1), ("warm", 0), ("cold", 3)], WORDS)).all("rect")
    ]
    assert widths == [25, 75]


def test_a_strip_of_nothing_is_empty():
    assert list(parsed(strip([("hot", 0)], WORDS)).all("rect")) == []


def test_a_bar_is_as_long_as_its_share_even_where_points_are_negative():
    widths = [each.attributes["width"] for each in parsed(bar(-50, -25, 100)).all("rect")]
    assert widths == ["50%", "25%"]


def test_an_interval_lies_where_its_rates_are():
    tree = parsed(interval(0.25, 0.2, 0.3, 0.5, 1.0))
    assert tree.one("circle").attributes["cx"] == "25%"
    assert (tree.one("rect").attributes["x"], tree.one("rect").attributes["width"]) == ("20%", "10%")


def test_columns_stand_over_the_band_they_are_in():
    columns = [Column(0, 10, 30, Temperature.COLD), Column(20, 30, 3, Temperature.HOT)]
    tree = parsed(ruler(columns, ZONES, [(0, "0"), (10, "10"), (20, "20"), (80, "80")], WORDS))
    first, last = [each for each in tree.all("rect") if each.attributes["y"] != "166"]
    assert (first.attributes["x"], first.attributes["height"]) == ("0%", "150")
    assert (last.attributes["x"], last.attributes["height"], last.attributes["class"]) == ("25%", "15", "hot")


def test_a_small_count_is_still_seen():
    columns = [Column(0, 10, 100_000, Temperature.COLD), Column(20, 30, 1, Temperature.HOT)]
    tree = parsed(ruler(columns, ZONES, [(0, "0"), (80, "80")], WORDS))
    assert [each.attributes["height"] for each in tree.all("rect", class_="hot") if each.attributes["y"] != "166"] == [
        "1.5"
    ]


@pytest.mark.parametrize("scores", [(0, 0), (5, 90), (-20, -5), (1e9, 2e9)])
def test_a_curve_stays_within_its_frame(scores):
    points = [(place / max(len(scores) - 1, 1), score) for place, score in enumerate(scores)]
    tree = parsed(curve(points, ZONES, [Dot(0.5, True), Dot(1.0, False)], ("then", "now"), WORDS))
    for pair in tree.one("polyline").attributes["points"].split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= 1000
        assert 0 <= y <= 124
    assert len(list(tree.all("circle", class_="void"))) == 1


@pytest.mark.parametrize(("scores", "place"), [([11, 12, 40, 40], "100%"), ([40, 40, 12, 11], "0"), ([30, 30], "0")])
def test_a_bands_name_stands_where_the_curve_leaves_it_room(scores: list[float], place: str):
    points = [(each / (len(scores) - 1), score) for each, score in enumerate(scores)]
    tree = parsed(curve(points, ZONES, [], ("then", "now"), WORDS))
    middle = next(each for each in tree.all("text", class_="name") if each.text == "Middle")
    assert middle.attributes["x"] == place


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-100, 100)), min_size=1, max_size=3_000))
def test_a_thinned_curve_keeps_its_peaks_its_ends_and_its_order(points):
    points.sort(key=lambda point: point[0])
    thin = thinned(points, places=10)
    assert len(thin) <= 4 * 11
    assert [x for x, _ in thin] == sorted(x for x, _ in thin)
    for extreme in (min, max):
        assert extreme(y for _, y in thin) == pytest.approx(extreme(y for _, y in points), abs=0.006)
    assert thin[-1] == (round(points[-1][0], 4), round(points[-1][1], 2))


def test_a_hostile_name_stays_text_in_a_chart():
    zone = Zone(0, 80, "</text><script>", Temperature.COLD)
    markup = ruler([], [zone], [(0, "0"), (80, "80")], Words("<b>", "&"))
    assert re.findall("<script|<b>", markup) == []
