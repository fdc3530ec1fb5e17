"""Values changed in place: one value is written anew, everything else stays as it was, to the letter."""

from difflib import ndiff

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couveuse.documents.findings import ModelErrors, Path
from couveuse.documents.presets import presets
from couveuse.documents.reading import Document, parse_model, read_model
from couveuse.errors import BadModel
from tests.documents.parts import HEAD, a_document, changed

COMMENTED = """\
# Ours, since spring.
couveuse: 1
name:   small     # three spaces
rules:            # the table
  - id: a         # first
    event: X
    points: 1     # was 2
    # before the next

  - {id: b,   event: "Y",  # in braces
     points: 2}   # still b
# the bands
bands: [{id: all, rate: 0, temperature: cold}]
# the end
"""


def changes(before: Document, after: Document) -> list[str]:
    lines = ndiff(before.text.splitlines(), after.text.splitlines())
    return [line for line in lines if line[0] in "+-"]


def commented() -> Document:
    return parse_model(COMMENTED, "commented.yaml")


def test_it_works() -> None:
    document = changed(commented(), ("rules", 0, "points"), 7)
    assert document.model.rules[0].points == 7
    assert changes(commented(), document) == ["-     points: 1     # was 2", "+     points: 7     # was 2"]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("name",), "other: one", ["- name:   small     # three spaces", '+ name:   "other: one"     # three spaces']),
        (("rules", 1, "points"), -2.5, ["-      points: 2}   # still b", "+      points: -2.5}   # still b"]),
        (("rules", 0, "stage"), "decision", ["+     stage: decision"]),
        (("rules", 1, "repeat"), "once",
         ["-      points: 2}   # still b", "+      points: 2, repeat: once}   # still b"]),
        (("rules", 2), {"id": "c", "event": "Z", "points": 1}, ["+   - {id: c, event: Z, points: 1}"]),
        (("timezone",), "Europe/Paris", ["+ timezone: Europe/Paris"]),
        (
            ("bands", 0, "label"), {"fr": "Tout"},
            ["- bands: [{id: all, rate: 0, temperature: cold}]",
             "+ bands: [{id: all, rate: 0, temperature: cold, label: {fr: Tout}}]"],
        ),
        (
            ("bands",), [{"id": "one", "rate": 0.5, "temperature": "hot"}],
            ["- bands: [{id: all, rate: 0, temperature: cold}]", "+ bands: [{id: one, rate: 0.5, temperature: hot}]"],
        ),
    ],
)  # fmt: skip
def test_only_what_was_asked_for_changes(path: Path, value: object, lines: list[str]) -> None:
    assert changes(commented(), changed(commented(), path, value)) == lines


def test_a_block_is_replaced_up_to_the_comments_after_it() -> None:
    rules = [{"id": "z", "event": "Z", "points": 1}]
    document = changed(commented(), ("rules",), rules)
    assert [rule.id for rule in document.model.rules] == ["z"]
    assert document.text.endswith("# the bands\nbands: [{id: all, rate: 0, temperature: cold}]\n# the end\n")
    assert document.text.startswith(COMMENTED[: COMMENTED.index("  - id: a")])


def test_line_ends_of_windows_stay() -> None:
    document = parse_model(COMMENTED.replace("\n", "\r\n"), "windows.yaml")
    found = changed(changed(document, ("rules", 0, "stage"), "decision"), ("rules", 0, "points"), 3)
    assert found.text.count("\r\n") == found.text.count("\n") == document.text.count("\n") + 1


def test_an_empty_list_takes_its_first_entry() -> None:
    document = changed(a_document("rules: []\n"), ("rules", 0), {"id": "a", "event": "X", "points": 1})
    assert document.text.endswith("rules: [{id: a, event: X, points: 1}]\n")


def test_a_value_that_makes_the_model_wrong_is_refused_with_its_line() -> None:
    with pytest.raises(ModelErrors) as caught:
        changed(commented(), ("rules", 0, "points"), "many")
    assert [(found.line, found.field) for found in caught.value.findings] == [(7, "rules[0].points")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ((), "one step at least"),
        (("rules", 9, "points"), r"rules\[9\] is not there; write a number under 2"),
        (("rules", 9), r"rules\[9\] is not there"),
        (("rules", "x"), "rules.x is not there"),
        (("name", "x"), "name.x is not there"),
        (("nothing", "x"), "nothing is not there; write one of: couveuse, name"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: Path, message: str) -> None:
    with pytest.raises(BadModel, match=message):
        changed(commented(), path, 1)


def test_what_an_alias_says_is_changed_at_its_anchor_only() -> None:
    text = HEAD + "rules:\n  - {id: a, event: X, points: 1, where: &w {x: 1}}\n"
    text += "  - {id: b, event: X, points: 1, where: *w}\n"
    document = parse_model(text, "alias.yaml")
    with pytest.raises(BadModel, match=r"rules\[1\]\.where is an alias"):
        changed(document, ("rules", 1, "where", "x"), 2)
    found = changed(document, ("rules", 0, "where", "x"), 2)
    assert found.model.rules[0].where == found.model.rules[1].where != document.model.rules[0].where


@settings(max_examples=20)
@given(st.sampled_from(sorted(presets())), st.floats(0, 1000), st.integers(0, 6))
def test_points_can_be_changed_in_any_preset(name: str, points: float, index: int) -> None:
    document = read_model(name)
    found = changed(document, ("rules", index, "points"), points)
    assert found.model.rules[index].points == points
    assert len(found.text.splitlines()) == len(document.text.splitlines())


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)


@settings(max_examples=50)
@given(TEXT.filter(lambda text: text == text.strip() and text.isprintable()))
def test_any_text_can_be_put_anywhere(text: str) -> None:
    for path in (("rules", 0, "event"), ("rules", 1, "event"), ("rules", 0, "where"), ("rules", 1, "where")):
        value: object = {"x": text} if path[-1] == "where" else text
        assert changed(commented(), path, value).tree.data["rules"][path[1]][path[2]] == value  # type: ignore[index]
