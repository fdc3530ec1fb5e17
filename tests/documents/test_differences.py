"""What differs between two models: by entry and field, both ways, and nothing where nothing does."""

import pytest

from couveuse.documents.differences import Difference, Kind, differences
from couveuse.documents.presets import presets
from couveuse.documents.reading import parse_model, read_model
from tests.engine.town import MODEL


def found(text: str, before: str = MODEL) -> list[Difference]:
    return differences(parse_model(before, "before").model, parse_model(text, "after").model)


def test_it_works():
    assert found(MODEL.replace("points: 5", "points: 12")) == [
        Difference(Kind.CHANGED, "rules", "download", "points", "5", "12")
    ]


@pytest.mark.parametrize("name", presets())
def test_a_model_does_not_differ_from_itself(name):
    model = read_model(name).model
    assert differences(model, model) == []


def test_a_comment_is_no_difference():
    assert found("# for the sales team\n" + MODEL) == []


def test_entries_come_and_go():
    line = "  - {id: visit, event: Page Viewed, points: 1, stage: discovery}\n"
    (gone,) = found(MODEL.replace(line, ""))
    assert (gone.kind, gone.section, gone.id, gone.after) == (Kind.REMOVED, "rules", "visit", "")
    assert "Page Viewed" in gone.before
    (come,) = found(MODEL, MODEL.replace(line, ""))
    assert (come.kind, come.id, come.before) == (Kind.ADDED, "visit", "")


def test_what_stands_by_itself_differs_too():
    assert found(MODEL.replace("half_life: 30d", "half_life: 90d").replace("name: town", "name: city")) == [
        Difference(Kind.CHANGED, "name", "", "", "town", "city"),
        Difference(Kind.CHANGED, "half_life", "", "", "30d", "90d"),
    ]
    (gone,) = found(MODEL.replace("half_life: 30d\n", ""))
    assert (gone.kind, gone.section, gone.before, gone.after) == (Kind.REMOVED, "half_life", "30d", "")


def test_a_field_that_was_not_there_is_added():
    (route,) = found(MODEL.replace("points: 1, stage: discovery", "points: 1, stage: discovery, repeat: once"))
    assert (route.kind, route.id, route.field, route.before, route.after) == (Kind.ADDED, "visit", "repeat", "", "once")


def test_another_order_is_told():
    visit, *rest = (line for line in MODEL.splitlines() if "id: visit" in line or "id: quote" in line)
    text = MODEL.replace(visit, "VISIT").replace(rest[0], visit).replace("VISIT", rest[0])
    assert [(each.section, each.field) for each in found(text)] == [("rules", "order")]
