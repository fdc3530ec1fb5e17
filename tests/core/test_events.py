"""Facts: which row is one, how it is known, what it says, and in which order facts count."""

import json
from collections.abc import Mapping
from random import Random
from zoneinfo import ZoneInfo

import pytest

from couveuse.core import events
from couveuse.core.events import CURES, Fact, Refused, Reject, Row, check, csv_value, digest, is_too_early, read
from couveuse.core.times import DAY_US, instant

PARIS = ZoneInfo("Europe/Paris")
AT = "2026-03-03T15:00:00Z"
LATEST = instant("2026-06-01T00:00:00Z", PARIS) or 0


def a_row(**said: object) -> dict[str, object]:
    return {"event": "Page Viewed", "occurred_at": AT, "email": "ada@example.org", **said}


def checked(row: object) -> Row:
    found = check(row, zone=PARIS, latest=LATEST)
    assert isinstance(found, Row), found
    return found


def reason(row: object) -> Reject | None:
    found = check(row, zone=PARIS, latest=LATEST)
    return found.reason if isinstance(found, Refused) else None


def test_it_works() -> None:
    row = checked(a_row(message_id="m1", source="web", path="/tarifs", user_id="u1"))
    assert (row.email, row.user_id, row.anonymous_id) == ("ada@example.org", "u1", None)
    assert row.fact == Fact(1_772_550_000_000_000, "Page Viewed", "m1", "web", {"path": "/tarifs"})


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (["event"], Reject.NOT_AN_OBJECT),
        ("text", Reject.NOT_AN_OBJECT),
        (None, Reject.NOT_AN_OBJECT),
        (a_row(event=""), Reject.NO_EVENT),
        (a_row(event="  "), Reject.NO_EVENT),
        (a_row(event=None), Reject.NO_EVENT),
        (a_row(event=["Page Viewed"]), Reject.NO_EVENT),
        (a_row(occurred_at=None), Reject.NO_TIME),
        (a_row(occurred_at=""), Reject.NO_TIME),
        (a_row(occurred_at="yesterday"), Reject.BAD_TIME),
        (a_row(occurred_at=1_772_550_000), Reject.BAD_TIME),
        (a_row(occurred_at="1850-01-01T00:00:00Z"), Reject.BAD_TIME),
        (a_row(occurred_at="2026-06-01T00:00:00.000001Z"), Reject.FUTURE),
        (a_row(email=None), Reject.NO_IDENTITY),
        (a_row(email=" ", user_id="", anonymous_id=None), Reject.NO_IDENTITY),
        (a_row(email=True), Reject.NO_IDENTITY),
        (a_row(path="a\x00b"), Reject.NUL),
        (a_row(cart={"items": ["x", {"na\x00me": 1}]}), Reject.NUL),
        (a_row(path="x" * (1 << 20)), Reject.TOO_LARGE),
        (a_row(path="é" * (1 << 19)), Reject.TOO_LARGE),
        (a_row(event="Traits Set"), Reject.BAD_CHANGE),
        (a_row(event="Traits Set", traits={}), Reject.BAD_CHANGE),
        (a_row(event="Group Joined"), Reject.BAD_CHANGE),
        (a_row(event="Group Left", group=""), Reject.BAD_CHANGE),
        (a_row(event="Consent Given"), Reject.BAD_CHANGE),
        (a_row(event="Consent Withdrawn", purpose=None), Reject.BAD_CHANGE),
        (a_row(event="Score Adjusted", points=5), Reject.BAD_CHANGE),
        (a_row(event="Score Adjusted", kind="double", points=5), Reject.BAD_CHANGE),
        (a_row(event="Score Adjusted", kind="add"), Reject.BAD_CHANGE),
        (a_row(event="Score Adjusted", kind="add", points="5"), Reject.BAD_CHANGE),
        (a_row(event="Score Adjusted", kind="set", points=True), Reject.BAD_CHANGE),
        (a_row(event="Verdict Given", verdict="machine"), Reject.BAD_CHANGE),
        (a_row(event="Verdict Given", of="m1", verdict="robot"), Reject.BAD_CHANGE),
        (a_row(event="Verdict Given", of=["m1"], verdict="machine"), Reject.BAD_CHANGE),
    ],
)
def test_what_is_no_fact_says_why(row: object, why: Reject) -> None:
    assert reason(row) is why


@pytest.mark.parametrize(
    "row",
    [
        a_row(occurred_at="2026-06-01T00:00:00Z"),
        a_row(path="a\\u0000b"),
        a_row(path="x" * ((1 << 20) - 200)),
        a_row(event="Traits Set", traits={"job_title": None}),
        a_row(event="Group Joined", group="Clients"),
        a_row(event="Consent Given", purpose="newsletter"),
        a_row(event="Score Adjusted", kind="reset"),
        a_row(event="Score Adjusted", kind="add", points=-2.5),
        a_row(event="Verdict Given", of="m1", verdict="doubtful"),
        a_row(event="Verdict Given", of=17, verdict="human"),
        {"event": "Anything", "occurred_at": AT, "anonymous_id": "device"},
        {"event": "Anything", "occurred_at": AT, "user_id": 12},
    ],
)
def test_what_is_a_fact(row: object) -> None:
    assert reason(row) is None


@pytest.mark.parametrize("points", [float("nan"), float("inf"), 10**400])
def test_an_adjustment_is_by_a_number_that_can_be_added(points: object) -> None:
    assert reason(a_row(event="Score Adjusted", kind="add", points=points)) is Reject.BAD_CHANGE


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"event": "x" * 201}, Reject.LONG_KEY),
        ({"user_id": "x" * 501}, Reject.LONG_KEY),
        ({"anonymous_id": "x" * 501}, Reject.LONG_KEY),
        ({"email": "x" * 501}, Reject.LONG_KEY),
        ({"message_id": "x" * 501}, Reject.LONG_KEY),
        ({"event": "x\ud800"}, Reject.NOT_TEXT),
        ({"user_id": "\udc00é"}, Reject.NOT_TEXT),
        ({"event": "é" * 200, "user_id": "é" * 500, "message_id": "m" * 500}, None),
    ],
)
def test_keys_and_names_that_are_stored_are_text_and_bounded(said: Mapping[str, object], why: Reject | None) -> None:
    assert events.unstorable(checked(a_row(**said))) is why


def test_keys_are_joined_before_what_else_happened_at_that_instant() -> None:
    joined = checked(a_row(event="Identities Joined", message_id="b")).fact
    assert joined.key < checked(a_row(message_id="a")).fact.key


def test_what_only_the_inside_knows_has_a_meaning() -> None:
    assert set(events.STANDARD_EVENTS) | events.CHANGES.keys() >= events.INSIDE_ONLY


def test_a_missing_message_id_is_a_digest_of_the_instant_that_the_sender_wrote() -> None:
    row = a_row()
    at = checked(row).fact.at
    found = events.fact_of(row, at + 5, sent=at)
    assert isinstance(found, Row)
    assert (found.fact.at, found.fact.message_id) == (at + 5, digest(row, at))


def test_every_reject_has_its_cure() -> None:
    assert CURES.keys() == set(Reject)
    assert all(cure and "\n" not in cure for cure in CURES.values())


def test_a_time_without_a_zone_is_the_zones() -> None:
    assert checked(a_row(occurred_at="2026-03-03T16:00:00")).fact.at == checked(a_row()).fact.at


def test_keys_are_texts_without_white_space_and_numbers_are_written_out() -> None:
    row = checked(a_row(email=" Ada@Example.ORG ", user_id=12.0, anonymous_id=" d ", message_id=7, source=" web "))
    assert (row.email, row.user_id, row.anonymous_id) == ("ada@example.org", "12", "d")
    assert (row.fact.message_id, row.fact.source) == ("7", "web")


def test_properties_may_stand_bare_dotted_or_in_their_object() -> None:
    bare = checked(a_row(path="/a", **{"context.page.title": "t", "traits.plan": "pro"})).fact
    objects = checked(a_row(properties={"path": "/a"}, context={"page.title": "t"}, traits={"plan": "pro"})).fact
    dotted = checked(a_row(**{"properties.path": "/a", "context.page.title": "t", "traits.plan": "pro"})).fact
    assert bare == objects == dotted
    assert read(bare, "path") == read(bare, "properties.path") == "/a"
    assert read(bare, "context.page.title") == "t"
    assert read(bare, "traits.plan") == "pro"
    assert read(bare, "plan") is None


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cart.total", 5), ("properties.cart.total", 5), ("cart.items.n", None), ("flat.name", 6), ("deep.a.b", 7),
        ("context.ip", "x"), ("cart", {"total": 5}), ("missing.name", None), ("traits.t", None),
    ],
)  # fmt: skip
def test_a_dotted_path_is_one_key_first_and_then_a_way_inwards(name: str, found: object) -> None:
    fact = Fact(0, "X", "m", "", {"cart": {"total": 5}, "flat.name": 6, "deep": {"a.b": 7}}, {"ip": "x"})
    assert read(fact, name) == found


# ---- Digest -------------------------------------------------------------------------------------------------------

LIKE: tuple[Mapping[str, object], ...] = (
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}),
    a_row(amount=12.0, cart={"m": 2, "n": 1}, path="/a"),
    a_row(properties={"path": "/a", "amount": 12}, **{"properties.cart": {"n": 1, "m": 2}}),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, country=None, plan="", message_id=None),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, occurred_at="2026-03-03T16:00:00+01:00"),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, email=" ADA@example.org"),
)
UNLIKE: tuple[Mapping[str, object], ...] = (
    a_row(path="/a", amount=12, cart={"n": 1}),
    a_row(path="/a", amount="12", cart={"n": 1, "m": 2}),
    a_row(path="/A", amount=12, cart={"n": 1, "m": 2}),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, user_id="u"),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, source="web"),
    a_row(path="/a", amount=12, cart={"n": True, "m": 2}),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, event="Page Seen"),
    a_row(path="/a", amount=12, cart={"n": 1, "m": 2}, occurred_at="2026-03-03T15:00:00.000001Z"),
    a_row(context={"path": "/a", "amount": 12, "cart": {"n": 1, "m": 2}}),
)


def test_rows_that_say_the_same_are_one_fact_whatever_the_order_of_their_keys() -> None:
    assert len({checked(row).fact.message_id for row in LIKE}) == 1


def test_a_difference_in_anything_makes_two() -> None:
    found = [checked(row).fact.message_id for row in (*UNLIKE, LIKE[0])]
    assert len(set(found)) == len(found)


def test_a_digest_does_not_hang_by_the_order_of_keys_however_deep() -> None:
    rng = Random(1)
    row = a_row(a={"b": {"c": [1, {"d": 2, "e": 3}], "f": 4}, "g": 5}, h="é", i=[1, 2])
    wanted = digest(row, 0)
    for _ in range(20):
        assert digest(_shuffled(row, rng), 0) == wanted
    assert digest(a_row(i=[2, 1]), 0) != digest(a_row(i=[1, 2]), 0), "the order of a list is part of what is said"


def _shuffled(value: object, rng: Random) -> object:
    if isinstance(value, dict):
        pairs = [(key, _shuffled(inner, rng)) for key, inner in value.items()]
        rng.shuffle(pairs)
        return dict(pairs)
    return [_shuffled(item, rng) for item in value] if isinstance(value, list) else value


def test_text_that_is_no_unicode_has_a_digest_all_the_same() -> None:
    assert reason(json.loads(json.dumps(a_row(path="\ud800")))) is None


# ---- Order, CSV, words --------------------------------------------------------------------------------------------


def test_the_canonical_order() -> None:
    ordered = [
        Fact(1, "Verdict Given", "z", "z"),
        Fact(2, "Consent Given", "b", "a"),
        Fact(2, "Traits Set", "a", "b"),
        Fact(2, "Group Left", "c", "b"),
        Fact(2, "Page Viewed", "Z", ""),
        Fact(2, "Score Adjusted", "a", ""),
        Fact(2, "Page Viewed", "b", ""),
        Fact(2, "Verdict Given", "é", ""),
        Fact(2, "Page Viewed", "\uffff", ""),
        Fact(2, "Page Viewed", "\U0001f600", ""),
        Fact(2, "Page Viewed", "a", "a"),
        Fact(3, "Traits Set", "a", ""),
    ]
    shuffled = ordered.copy()
    Random(2).shuffle(shuffled)
    assert sorted(shuffled, key=lambda fact: fact.key) == ordered
    in_bytes = sorted(ordered[4:10], key=lambda fact: fact.message_id.encode())
    assert in_bytes == ordered[4:10], "the order of code points is that of UTF-8's bytes"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12), ("-12", -12), ("0", 0), ("0.5", 0.5), ("-0.50", -0.5), ("999999999999999", 999_999_999_999_999),
        ("9999999999999999", "9999999999999999"), ("012", "012"), ("+12", "+12"), ("12.", "12."), (".5", ".5"),
        ("1e5", "1e5"),
        ("1,5", "1,5"), ("1 000", "1 000"), (" 12", " 12"), ("true", True), ("FALSE", False), ("True", True),
        ("yes", "yes"),
        ("", ""), ("NaN", "NaN"), ("١٢", "١٢"), ("12\n", "12\n"), ("null", "null"),
    ],
)  # fmt: skip
def test_a_csv_cell_is_a_number_by_one_strict_pattern(cell: str, value: object) -> None:
    found = csv_value(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("reason_given", "early"),
    [
        ("too early", True), ("Too-Early", True), ("trop  tôt", True), ("TROP_TOT", True), (" too early ", True),
        ("much too early", False), ("no budget", False), ("", False), (None, False), (3, False),
    ],
)  # fmt: skip
def test_too_early_however_it_is_written(reason_given: object, early: bool) -> None:
    assert is_too_early(reason_given) is early


def test_the_standard_names_carry_their_meaning() -> None:
    assert set(events.STANDARD_EVENTS) >= events.CLICKS | events.COOLING
    assert {"Score Adjusted", "Verdict Given"} <= events.CHANGES.keys()


def test_a_sender_may_be_a_day_ahead() -> None:
    assert events.FUTURE_US == DAY_US
