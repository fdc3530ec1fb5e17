"""A signed link says which lead, until when, in which language; none can be made up or changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.engine.links import Link, Links

SECRET = "s" * 50
LINK = Link(42, 1_800_000_000_000_000, "fr")


@pytest.mark.parametrize("link", [LINK, Link(2**62, 0), Link(1, 4_000_000_000_000_000, "en")])
def test_a_link_says_again_what_was_signed(link):
    assert Links(SECRET).read(Links(SECRET).sign(link)) == link


def test_a_link_fits_into_an_address_and_a_line_of_mail():
    token = Links(SECRET).sign(LINK)
    assert len(token) < 90
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_another_secret_reads_nothing():
    assert Links("t" * 50).read(Links(SECRET).sign(LINK)) is None


@pytest.mark.parametrize("place", range(0, 75, 5))
def test_a_link_that_was_changed_anywhere_is_none(place):
    token = Links(SECRET).sign(LINK)
    for sign in "A9-":
        changed = token[:place] + sign + token[place + 1 :]
        assert changed == token or Links(SECRET).read(changed) is None


def test_what_was_signed_for_something_else_is_no_link():
    from django.core.signing import Signer

    for salt in ("couveuse", "couveuse.web.links.unsubscribe", None):
        assert (
            Links(SECRET).read(Signer(key=SECRET, salt=salt, sep=".", fallback_keys=()).sign_object([1, 2, ""])) is None
        )


@given(st.text())
def test_any_other_text_is_none(text):
    assert Links(SECRET).read(text) is None
