"""Text is compared without case and accents, and a glob covers a whole text in time that grows with it alone."""

import pytest

from couveuse.core.text import email, glob, plain


def matches(pattern: str, text: str) -> bool:
    return glob(pattern).fullmatch(plain(text)) is not None


def test_it_works() -> None:
    assert plain("Étudiante EN Master") == "etudiante en master"
    assert matches("*etud*", "Étudiante")


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("ge\u0301ne\u0301ral", "general"), ("GÉNÉRAL", "general"), ("Straße", "strasse"), ("ﬁn", "fin"),
        ("İzmir", "izmir"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"), ("１２", "12"), ("", ""), ("ÇA", "ca"), ("œuvre", "œuvre"), ("a\u00a0b", "a b"),
    ],
)  # fmt: skip
def test_letters_alone_count(text: str, letters: str) -> None:
    assert plain(text) == letters
    assert plain(letters) == letters


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("", "", True), ("", "a", False), ("*", "", True), ("*", "anything\nat all", True), ("?", "", False),
        ("?", "é", True),
        ("b?b", "Béb", True), ("b?b", "bb", False), ("b.b", "bob", False), ("b.b", "b.b", True), ("[ab]", "a", False),
        ("[ab]", "[AB]", True), ("a*", "a", True), ("*a", "ba", True), ("*a", "ab", False), ("a*a", "a", False),
        ("a*a", "aa", True), ("a**b", "axxb", True), ("*ab*ab*", "abab", True), ("*ab*ab*", "aab", False),
        ("*aab", "aaab", True), ("a?*c", "abc", True), ("a?*c", "ac", False), ("a*?c", "abbc", True),
        ("\\d", "5", False),
        ("\\?", "\\x", True), ("(a|b)+", "(A|B)+", True), ("*été*", "L'ETE vient", True), ("x$", "x", False),
    ],
)  # fmt: skip
def test_a_glob_covers_the_whole_text_and_only_two_signs_are_special(pattern: str, text: str, holds: bool) -> None:
    assert matches(pattern, text) is holds


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("*a*a*a*a*a*b", False), ("*a*a*a*a*a*", True), ("*a" * 40 + "*b", False), ("a?*a?*a?*a?*b", False),
        ("?*" * 30 + "c", False), ("*aaaab*", False),
    ],
)  # fmt: skip
def test_a_hostile_pattern_over_a_long_text_answers(pattern: str, holds: bool) -> None:
    """Tried again and again such a pattern would not end within the age of the world."""
    assert matches(pattern, "a" * 100_000) is holds


def test_an_email_is_trimmed_and_in_lower_case() -> None:
    assert email("  Ada@Example.ORG\n") == "ada@example.org"
