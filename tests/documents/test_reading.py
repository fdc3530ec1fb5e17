"""Documents read: what is sound becomes the core's value, what is not says where, what and how to mend it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.conditions import Not, Operator, Test
from couveuse.core.model import (
    DAY_US,
    Cap,
    Conversion,
    Decay,
    HotWhen,
    Irrelevant,
    Label,
    LeadClass,
    Past,
    Persona,
    Repeat,
    Route,
    Rule,
    Stage,
    Topic,
    Value,
    Window,
)
from couveuse.documents.findings import ModelErrors
from couveuse.documents.reading import parse_model, read_model
from couveuse.documents.refusals import EXAMPLES
from couveuse.documents.shapes import SHAPES, Shape, keys_of
from couveuse.documents.tree import MOST_BYTES, MOST_DEPTH
from couveuse.errors import BadModel
from tests.documents.parts import BANDS, HEAD, PIECES, RULE, a_document, a_rule, refusal, refusals


def test_it_works() -> None:
    model = a_document().model
    assert (model.name, model.timezone) == ("small", "UTC")
    assert [(band.id, band.up_to, band.rate) for band in model.bands] == [("low", 10, 0.05), ("high", None, 0.5)]
    assert model.rules == model.fit == model.caps == ()


def test_every_clause_of_a_rule_reaches_the_core() -> None:
    document = a_document(
        """
rules:
  - id: everything
    label: {fr: Tout, en: Everything}
    event: Page Viewed
    where: {not: {path: /}}
    lead: {traits.job_title: boss}
    past: [{event: Email Opened, within: 2w, at_least: 3, where: {mailing: spring}}, {event: Quote Requested}]
    points: -2.5
    repeat: {at_most: 2, per: visit}
    stage: decision
    route: {team: sales, treatment: make-appointment}
    half_life: 12h
  - {id: often, event: X, points: 1, repeat: always, half_life: none}
  - {id: once, event: X, points: 1, repeat: once}
"""
    )
    everything, often, once = document.model.rules
    assert everything == Rule(
        id="everything",
        event="Page Viewed",
        points=-2.5,
        label=Label("Tout", "Everything"),
        where=Not(Test("path", Operator.EQUALS, "/")),
        lead=Test("traits.job_title", Operator.EQUALS, "boss"),
        past=(
            Past("Email Opened", 14 * DAY_US, 3, Test("mailing", Operator.EQUALS, "spring")),
            Past("Quote Requested", None, 1, None),
        ),
        repeat=Repeat(2, Window.VISIT),
        stage=Stage.DECISION,
        route=Route("sales", "make-appointment"),
        half_life=DAY_US // 2,
    )
    assert (often.repeat, often.half_life) == (None, Decay.NONE)
    assert (once.repeat, once.half_life) == (Repeat(1, Window.EVER), Decay.MODEL)


def test_every_clause_of_a_model_reaches_the_core() -> None:
    model = a_document(
        """
label: {fr: Petit}
timezone: America/Sao_Paulo
strong_links: ["*/devis*"]
half_life: 90d
rules: [{id: a, event: A, points: 1}, {id: b, event: B, points: 1}]
fit: [{id: boss, where: {traits.job_title: boss}, points: 10, label: {en: Boss}}]
caps: [{rules: [a, b], points: 10, per: week}, {total: 100}]
hot_when: [{event: Quote Requested, within: 30d, where: {amount: {gt: 5}}}, {event: Demo Requested}]
stage_window: 180d
irrelevant: [{class: student, where: {groups: {contains: Students}}}]
personas: [{id: reader, where: {interests.pompes: {gte: 1}}}]
topics: [{path: "/pompes/*", topic: pompes}]
value: {trait: deal_value, default: 1000}
cycle: {ends_on: [Opportunity Won]}
conversion: {event: Meeting Booked, within: 60d}
recycle_to: 5
fresh: 3d
again_after: 36h
"""
    ).model
    assert (model.label, model.timezone, model.strong_links) == (Label("Petit"), "America/Sao_Paulo", ("*/devis*",))
    assert model.fit[0].label == Label(en="Boss")
    assert (model.caps, model.total_cap) == ((Cap(("a", "b"), 10, Window.WEEK),), 100)
    assert model.hot_when == (
        HotWhen("Quote Requested", 30 * DAY_US, Test("amount", Operator.GT, 5)),
        HotWhen("Demo Requested"),
    )
    in_students = Test("groups", Operator.CONTAINS, "Students")
    assert model.irrelevant == (Irrelevant(LeadClass.STUDENT, in_students),)
    assert model.personas == (Persona("reader", Test("interests.pompes", Operator.GTE, 1)),)
    assert model.topics == (Topic("/pompes/*", "pompes"),)
    assert (model.value, model.cycle_ends_on) == (Value("deal_value", 1000), ("Opportunity Won",))
    assert model.conversion == Conversion("Meeting Booked", 60 * DAY_US)
    assert (model.half_life, model.stage_window, model.recycle_to) == (90 * DAY_US, 180 * DAY_US, 5)
    assert (model.fresh, model.again_after) == (3 * DAY_US, DAY_US * 3 // 2)


WRONG = [
    # what stands after the head of a sound document; the field; what is said of it; and of the cure
    (RULE.format("where: {path: {matchs: x}}"), "rules[0].where.path.matchs", "unknown operator", "write matches"),
    (RULE.format("where: {amount: {gt: 'x'}}"), "rules[0].where.amount.gt", "a number is wanted", "without quotes"),
    (RULE.format("stage: decison"), "rules[0].stage", '"decison"', "write decision"),
    (RULE.format("repeat: onc"), "rules[0].repeat", '"onc"', "write once"),
    (RULE.format("repeat: 3"), "rules[0].repeat", "a mapping is wanted", "repeat: once"),
    (RULE.format("repeat: {at_most: 0, per: day}"), "rules[0].repeat.at_most", "0 is under 1", "1 or more"),
    (RULE.format("repeat: {at_most: 1.5, per: day}"), "rules[0].repeat.at_most", "a whole number", "at_most: 1"),
    (RULE.format("repeat: {at_most: 1}"), "rules[0].repeat.per", "per is missing", "per: week"),
    (RULE.format("repeat: {at_most: 1, per: year}"), "rules[0].repeat.per", '"year"', "one of: visit, hour, day"),
    (RULE.format("half_life: 3 months"), "rules[0].half_life", "not a half-life", "30m, 12h, 7d or 2w"),
    (RULE.format("half_life: 0d"), "rules[0].half_life", "not a half-life", "30m, 12h, 7d or 2w"),
    (RULE.format("route: sales"), "rules[0].route", "a mapping is wanted", "{team: sales"),
    (RULE.format("route: {team: sales}"), "rules[0].route.treatment", "is missing", "make-appointment"),
    (RULE.format("route: {team: Sales!, treatment: x}"), "rules[0].route.team", "not an id", "small letters"),
    (RULE.format("label: Visit"), "rules[0].label", "a mapping is wanted", "{fr: "),
    (RULE.format("label: {de: Besuch}"), "rules[0].label.de", 'unknown key "de"', "fr, en"),
    (RULE.format("past: {event: X}"), "rules[0].past", "a list is wanted", "past: [{event"),
    (RULE.format("past: [{event: X, at_least: 101}]"), "rules[0].past[0].at_least", "over 100", "100 or less"),
    (RULE.format("past: [{event: X, at_least: 0}]"), "rules[0].past[0].at_least", "under 1", "1 or more"),
    (RULE.format("past: [{event: X, within: 30}]"), "rules[0].past[0].within", "not a duration", "30m, 12h"),
    (RULE.format("past: [{event: X, within: 30s}]"), "rules[0].past[0].within", "not a duration", "30m, 12h"),
    (RULE.format("past: [{event: X, within: 99999999w}]"), "rules[0].past[0].within", "not a duration", "30m"),
    (RULE.format("lead: {job_title: x}"), "rules[0].lead.job_title", "cannot be read here", "write traits.job_title"),
    (RULE.format("lead: {score: {gt: 5}}"), "rules[0].lead.score", "cannot be read", "in circles"),
    (RULE.format("colour: red"), "rules[0].colour", 'unknown key "colour"', "one of: id, label, event"),
    (RULE.format("pionts: 3"), "rules[0].pionts", 'unknown key "pionts"', "write points"),
    (RULE.format("where: "), "rules[0].where", "nothing is written here", "leave the key out"),
    ("rules: [{id: a, event: X}]", "rules[0].points", "points is missing", "points: 5"),
    ("rules: [{id: a, event: X, points: '5'}]", "rules[0].points", 'not "5"', "points: 5"),
    ("rules: [{id: a, event: X, points: true}]", "rules[0].points", "not true", "points: 5"),
    ("rules: [{id: a, event: X, points: .inf}]", "rules[0].points", "not a finite", "points: 5"),
    ("rules: [{id: a, event: X, points: .nan}]", "rules[0].points", "not a finite", "points: 5"),
    (f"rules: [{{id: a, event: X, points: {'9' * 400}}}]", "rules[0].points", "not a finite", "points: 5"),
    ("rules: [{id: a, event: 5, points: 5}]", "rules[0].event", "text is wanted", 'quotes: "5"'),
    ("rules: [{id: a, event: '', points: 5}]", "rules[0].event", "is empty", "plain text"),
    ("rules: [{id: A b, event: X, points: 5}]", "rules[0].id", '"A b" is not an id', "small letters"),
    ("rules: [{id: add, event: X, points: 5}]", "rules[0].id", "the ledger's own word", "another id"),
    ("rules: [5]", "rules[0]", "a mapping is wanted", "{id: download"),
    ("rules: {id: a}", "rules", "a list is wanted", "rules: [{"),
    ("rules: [{id: a, event: X, points: 1}, {id: a, event: Y, points: 1}]", "rules[1].id", "rules[0]", "a-2"),
    ("fit: [{id: low, where: {groups: {exists: true}}, points: 1}]", "bands[0].id", "fit[0]", "low-2"),
    ("fit: [{id: x, where: {path: /}, points: 1}]", "fit[0].where.path", "cannot be read here", "traits.path"),
    ("fit: [{id: x, points: 1}]", "fit[0].where", "is missing", "where: "),
    ("caps: [{rules: [nope], points: 1, per: day}]", "caps[0].rules[0]", 'the id "nope"', "write the rule"),
    ("caps: [{rules: [], points: 1, per: day}]", "caps[0].rules", "the list is empty", "rules: ["),
    ("caps: [{total: 1}, {total: 2}]", "caps[1].total", "caps[0]", "one total"),
    ("caps: [{total: -1}]", "caps[0].total", "-1 is under 0", "0 or more"),
    ("caps: [3]", "caps[0]", "a mapping is wanted", "{total: 100}"),
    ("irrelevant: [{class: studnt, where: {groups: {exists: true}}}]", "irrelevant[0].class", "studnt", "student"),
    ("irrelevant: [{class: other, where: {}}]", "irrelevant[0].where", "an empty condition", "{traits.country: FR}"),
    ("personas: [{id: p, where: {topic.x: {gt: 1}}}]", "personas[0].where.topic.x", "cannot be read", "interests"),
    ("hot_when: [{within: 3d}]", "hot_when[0].event", "event is missing", "event: "),
    ("topics: [{path: /x}]", "topics[0].topic", "topic is missing", "topic: pompes"),
    ("value: {trait: traits.amount}", "value.trait", "bare here", "write amount"),
    ("cycle: {ends_on: []}", "cycle.ends_on", "the list is empty", "[Opportunity Won"),
    ("conversion: {within: 6 months}", "conversion.within", "not a duration", "30m"),
    ("timezone: Europe/Pari", "timezone", "not a time zone", "write Europe/Paris"),
    ("timezone: localtime", "timezone", "not a time zone", "write "),
    ("timezone: ../../etc/passwd", "timezone", "not a time zone", "write "),
    ("timezone: Europe", "timezone", "not a time zone", "write "),
    ("half_life: none", "half_life", "not a duration", "30m"),
    ("thresholds: 5", "thresholds", "unknown key", "one of: couveuse"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "message", "cure"), WRONG)
def test_an_error_names_its_field_what_is_wrong_and_the_cure(text: str, field: str, message: str, cure: str) -> None:
    found = refusal(HEAD + text)
    assert found.field == field
    assert message in found.message
    assert cure in found.cure


BANDED = "couveuse: 1\nname: banded\nbands:\n"
NINE = "  - {id: x, up_to: 9, rate: 0, temperature: cold}\n"
OPEN = "  - {id: c, rate: 0, temperature: cold}\n"


@pytest.mark.parametrize(
    ("bands", "field", "message", "line"),
    [
        ("  - {id: a, up_to: 1, rate: 0, temperature: cold}\n", "bands[0].up_to", "the last band has no", 4),
        (
            "  - {id: a, rate: 0, temperature: cold}\n  - {id: b, rate: 0, temperature: cold}\n",
            "bands[0].up_to", "only the last band", 4,
        ),
        (
            NINE.replace("x", "a") + NINE.replace("x", "b") + OPEN,
            "bands[1].up_to", "bands out of order: 9 is not over 9", 5,
        ),
        ("  - {id: a, rate: 5, temperature: cold}\n", "bands[0].rate", "5 is over 1", 4),
        ("  - {id: a, rate: -0.1, temperature: cold}\n", "bands[0].rate", "-0.1 is under 0", 4),
        ("  - {id: a, rate: 0, temperature: irrelevant}\n", "bands[0].temperature", "irrelevant", 4),
        ("  - {id: a, temperature: cold}\n", "bands[0].rate", "rate is missing", 4),
        ("  []\n", "bands", "the list is empty", 4),
    ],
)  # fmt: skip
def test_bands_stand_in_order_and_only_the_last_is_open(bands: str, field: str, message: str, line: int) -> None:
    found = refusal(BANDED + bands)
    assert (found.field, found.line) == (field, line)
    assert message in found.message


RULES = """\
rules: [{id: a, event: A, points: 1}, {id: b, event: B, points: -1}]
fit: [{id: f, where: {traits.x: 1}, points: 1}]
"""


@pytest.mark.parametrize(
    ("caps", "field", "message"),
    [
        ("[{rules: [a], points: 1, per: day}, {rules: [a], points: 1, per: week}]", "caps[1].rules[0]", "in caps[0]"),
        ("[{rules: [a, a], points: 1, per: day}]", "caps[0].rules[1]", "is capped already"),
        ("[{rules: [a, c], points: 1, per: day}]", "caps[0].rules[1]", 'no rule has the id "c"'),
        ("[{rules: [f], points: 1, per: day}]", "caps[0].rules[0]", '"f" is a fit rule'),
        ("[{rules: [b], points: 1, per: day}]", "caps[0].rules[0]", "takes points away"),
        ("[{rules: [a], points: 1, per: visit}]", "caps[0].per", '"visit"'),
        ("[{rules: [a], points: -1, per: day}]", "caps[0].points", "under 0"),
    ],
)
def test_a_cap_holds_rules_that_exist_each_in_one_cap_and_none_that_takes(caps: str, field: str, message: str) -> None:
    found = refusal(f"{HEAD}{RULES}caps: {caps}\n")
    assert found.field == field
    assert message in found.message


def test_only_page_views_repeat_by_visit() -> None:
    assert a_rule("repeat: {at_most: 1, per: visit}").model.rules[0].repeat == Repeat(1, Window.VISIT)
    found = refusal(HEAD + "rules: [{id: a, event: Email Clicked, points: 1, repeat: {at_most: 1, per: visit}}]")
    assert (found.field, found.message) == ("rules[0].repeat.per", "only a rule on Page Viewed can count by visit")


def test_a_model_has_four_half_lives_at_most_its_own_included() -> None:
    lengths = ["1d", "24h", "2d", "3d", "none"]  # a day is 24 hours: three different ones, and the model's
    rules = [f"{{id: r{i}, event: X, points: 1, half_life: {length}}}" for i, length in enumerate(lengths)]
    text = f"{HEAD}half_life: 90d\nrules: [{', '.join(rules)}"
    assert refusals(text + "]") == ()
    found = refusal(text + ", {id: more, event: X, points: 1, half_life: 4d}]")
    assert found.field == "rules[5].half_life"
    assert "number 5" in found.message


def test_all_errors_are_told_at_once_in_the_order_of_the_text() -> None:
    text = """\
couveuse: 2
name: many
timezone: Paris
rules:
  - id: A
    event: X
    points: five
    where:
      any:
        - path:
            matchs: /x
        - {not: {amount: {between: [9, 1]}}}
  - {id: b, event: X, points: 1}
  - {id: b, event: X, points: 1}
caps: [{rules: [nope], points: 1, per: day}]
bands: [{id: all, up_to: 5, rate: 0, temperature: cold}]
colour: red
"""
    places = [(found.line, found.column, found.field) for found in refusals(text)]
    assert places == [
        (1, 11, "couveuse"),
        (3, 11, "timezone"),
        (5, 9, "rules[0].id"),
        (7, 13, "rules[0].points"),
        (11, 13, "rules[0].where.any[0].path.matchs"),
        (12, 36, "rules[0].where.any[1].not.amount.between"),
        (14, 10, "rules[2].id"),
        (15, 17, "caps[0].rules[0]"),
        (16, 19, "bands[0].up_to"),
        (17, 1, "colour"),
    ]


def test_an_error_is_one_line_with_file_line_and_column() -> None:
    with pytest.raises(ModelErrors) as caught:
        parse_model(HEAD + RULE.format("where: {path: {matchs: x}}") + "colour: red", "bareme.yaml")
    first, second = str(caught.value).splitlines()
    assert first.startswith(
        'bareme.yaml:7:59 rules[0].where.path.matchs: unknown operator "matchs"; write matches (one of: equals, in, '
    )
    assert second.startswith('bareme.yaml:8:1 colour: unknown key "colour"; write one of: couveuse, name, ')
    assert isinstance(caught.value, BadModel)


@pytest.mark.parametrize("version", ["2", "'1'", "true", "1.5", "latest"])
def test_only_format_1_is_read(version: str) -> None:
    found = refusal(f"couveuse: {version}\nname: x\n{BANDS}")
    assert (found.field, found.cure) == ("couveuse", "write couveuse: 1")


def test_a_document_says_its_format_its_name_and_its_bands() -> None:
    assert [found.field for found in refusals("timezone: UTC")] == ["bands", "couveuse", "name"]
    assert {found.line for found in refusals("# a comment\n\ntimezone: UTC")} == {3}


# ---- Text that is hardly YAML -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "the file is empty", 1),
        ("# only a comment\n", "the file is empty", 1),
        ("just words\n", "not a scoring model but plain text", 1),
        ("- a\n- b\n", "not a scoring model", 1),
        ("name: [a\n", "not YAML", 2),
        ("name: a: b\n", "a second colon", 1),
        ("bands:\n\t- a\n", "a tab stands", 2),
        ("name: x\0y\n", "a character that YAML does not allow", 1),
        ("name: 'open\n", "not YAML", 2),
        ("couveuse: 1\n---\ncouveuse: 1\n", "a second document", 2),
        ("a: *nowhere\n", "names no finished anchor", 1),
        ("a: &x [*x]\n", "names no finished anchor", 1),
        ("a: &x 1\nb: &x 2\n", "defined twice", 2),
        ("%YAML 9.9\n---\na: 1\n", "", 1),
    ],
)
def test_what_is_not_yaml_is_one_error(text: str, message: str, line: int) -> None:
    found = refusal(text)
    assert message in found.message
    assert found.line == line


def test_a_key_written_twice_is_refused_and_not_guessed() -> None:
    found = refusal(HEAD + "timezone: UTC\ntimezone: Europe/Paris\n")
    assert (found.line, found.column, found.field) == (7, 1, "timezone")
    assert "first on line 6" in found.message


def test_a_key_that_is_no_text_is_refused() -> None:
    messages = [found.message for found in refusals(HEAD + RULE.format("where: {12: x}"))]
    assert messages == ['the key "12" is not text']


def test_tags_are_refused() -> None:
    found = refusal(HEAD + "rules: [{id: a, event: !!python/name:os.system x, points: 1}]")
    assert "under the tag" in found.message
    assert refusals(HEAD + "rules: [{id: a, event: !!str 12, points: 1}]") == ()


def test_a_date_is_text_as_it_is_in_events() -> None:
    assert a_rule("where: {day: 2026-03-01}").model.rules[0].where == Test("day", Operator.EQUALS, "2026-03-01")


def test_aliases_and_merges_are_read() -> None:
    rule = "{id: b, <<: *base, points: 2}"
    model = a_document(f"rules:\n  - &base {{id: a, event: X, points: 1, where: {{x: 1}}}}\n  - {rule}\n").model
    first, second = model.rules
    assert (second.id, second.points, second.event, second.where) == ("b", 2, "X", first.where)
    assert "merges mappings only" in refusal(HEAD + "rules:\n  - {id: b, <<: 3, event: X, points: 2}\n").message


# ---- Bounds -------------------------------------------------------------------------------------------------------


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 40)]
    found = refusal("\n".join(lines))
    assert "over 20,000 values, aliases written out" in found.message
    assert found.line == 5


def test_a_bomb_of_merges_is_refused_too() -> None:
    lines = ["m0: &m0 {k: 1}"]
    lines += [f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}" for i in range(1, 40)]
    assert "aliases written out" in refusal("\n".join(lines)).message


def test_what_is_too_deep_or_too_big_is_refused() -> None:
    deep = HEAD + RULE.format("where: " + "{not: " * MOST_DEPTH + "{x: 1}" + "}" * MOST_DEPTH)
    assert "nested more than 40 deep" in refusal(deep).message
    assert "nested more than 40 deep" in refusal("[" * 100_000).message
    assert refusal("# " + "x" * MOST_BYTES).message == "the file is over 1 MB"
    assert "over 20,000 values" in refusal("strong_links: [" + "x," * 20_000 + "x]").message


def test_an_error_on_every_line_is_told_with_its_line() -> None:
    found = refusals(HEAD + "".join(f"k{i}: 1\n" for i in range(3000)))
    assert [each.line for each in found] == list(range(6, 3006))


# ---- Files --------------------------------------------------------------------------------------------------------


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    document = read_model(str(path))
    assert document.model == a_document().model
    assert document.name == str(path)


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        (b"couveuse: 1\nname: bar\xe8me\n", "not in UTF-8", (2, 10)),
        (b"# " + b"\xff" * 1_100_000, "over 1 MB", (0, 0)),
        (b"", "the file is empty", (1, 1)),
    ],
)
def test_a_file_that_is_no_document_is_refused(
    tmp_path: Path, content: bytes, message: str, place: tuple[int, int]
) -> None:
    path = tmp_path / "model.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelErrors, match=message) as caught:
        read_model(str(path))
    (found,) = caught.value.findings
    assert (found.line, found.column) == place


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("bareme-b2", "no such file, nor a preset of that name; write bareme-b2b"),
        ("nowhere/model.yaml", "no such file"),
        (".", "this is a folder"),
        ("a\0b", "cannot be read"),
    ],
)
def test_a_file_that_is_not_there_is_an_error_with_a_cure(path: str, message: str) -> None:
    with pytest.raises(ModelErrors, match=message):
        read_model(path)


# ---- Always -------------------------------------------------------------------------------------------------------


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_is_a_model_or_a_list_of_findings(text: str) -> None:
    for found in refusals(text):
        assert found.cure
        assert len(str(found).splitlines()) == 1


@given(st.data())
def test_any_change_of_one_value_is_a_model_or_a_list_of_findings(data: st.DataObject) -> None:
    lines = (HEAD + RULE.format("where: {path: {matches: x}}, past: [{event: X, within: 3d}]")).splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    words = lines[index].split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(PIECES)
    lines[index] = " ".join(words)
    assert all(found.cure for found in refusals("\n".join(lines)))


def test_every_key_has_an_example_and_every_shape_its_place() -> None:
    keys = {key for container in SHAPES for key in keys_of(container)}
    durations = {"within", "stage_window", "fresh", "again_after"}  # said by durations themselves
    assert keys - durations == set(EXAMPLES)
    known = {shape for shapes in SHAPES.values() for shape in shapes}
    assert known == set(Shape.__subclasses__())
