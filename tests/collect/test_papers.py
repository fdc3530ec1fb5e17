"""The page on HTTP says what the front door does: its paths, codes, limits, and what a browser may not say."""

import re
from pathlib import Path

from couveuse.collect import answers, bodies, messages, routes
from couveuse.collect.answers import Answer
from couveuse.collect.app import MOST_HELD
from couveuse.collect.normalising import FORMS, STANDARD_NAMES
from couveuse.core.events import INSIDE_ONLY, MOST_KEY, MOST_NAME, Reject

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
# Of files alone, or never said of a message: it has a time where none is given, and none in the future.
OF_FILES = {Reject.BAD_CELLS, Reject.NO_TIME, Reject.FUTURE}


def section(title: str) -> str:
    """What stands under a title."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_it_has_every_path() -> None:
    shown = set(re.findall(r"`(/[^`<]+)`", section("Paths")))
    assert {path for path in routes.CALLS if not path.startswith("/api/")} <= shown
    assert "`/api/s/<type>`, `/api/s/s2s/<type>`" in PAGE


def test_it_has_every_code_and_no_other() -> None:
    said = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| \d.*?\|(.*?)\|", section("Answers"), re.MULTILINE))))
    known = {each.code for each in vars(answers).values() if isinstance(each, Answer) and each.code}
    assert said | {"not_stored"} == known | {"origin_not_allowed", "rate"}


def test_it_has_every_reason() -> None:
    said = set(
        re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", section("Reasons of rejects"), re.MULTILINE)))
    )
    assert said == {reason.value for reason in Reject} - OF_FILES


def test_its_limits_are_the_limits() -> None:
    limits = section("Limits")
    assert (bodies.MOST_EVENT, "| an event | 32 KB |" in limits) == (32 << 10, True)
    assert (bodies.MOST_BODY, "once inflated | 4 MiB and 64 KiB |" in limits) == ((4 << 20) + (64 << 10), True)
    assert f"events in a batch | {messages.MOST_EVENTS:,} |" in limits
    assert f"| {MOST_NAME} characters |" in limits
    assert f"| {MOST_KEY} characters |" in limits
    assert f"| {messages.MOST_DEPTH} levels |" in limits
    assert f"| {MOST_HELD >> 20} MiB | 429 `busy` |" in limits


def test_it_lists_what_carries_a_meaning() -> None:
    words = " ".join(PAGE.split())
    inside = re.search(r"a public key may not say: (.*?)\.", words)
    assert inside
    assert set(inside[1].split(", ")) == INSIDE_ONLY
    forms = re.search(r"in a form \((.*?)\)", words)
    assert forms
    assert set(forms[1].split(", ")) == FORMS
    assert all(f"`{theirs}` is {ours}" in words for theirs, ours in STANDARD_NAMES.items())
