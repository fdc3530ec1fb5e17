"""Others' words in one line: nothing in them ends the line, and French spaces stay."""

import pytest

from couveuse.language.plain import clean, in_a_line


def test_it_works():
    assert in_a_line("  Marie \n Durand ", 60) == "Marie Durand"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", "\x1e"])
def test_nothing_ends_the_line(end):
    assert in_a_line(f"Marie{end}Bcc: eve@example.com", 60).splitlines() == ["Marie Bcc: eve@example.com"]


def test_no_break_spaces_stay():
    assert in_a_line("12\u202f500\u00a0€", 60) == "12\u202f500\u00a0€"


def test_what_forces_a_direction_is_dropped_and_what_cannot_be_shown_is_marked():
    assert clean("a\u202eb\x00c\ud800") == "ab\ufffdc\ufffd"


def test_a_long_text_is_cut():
    assert in_a_line("x" * 100, 10) == "x" * 9 + "…"
    assert len(in_a_line(" " * 1000 + "x", 10)) <= 10
