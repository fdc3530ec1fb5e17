"""The first address: it leads on."""

import pytest

from tests.web.people import alice, nobody, signed_in

pytestmark = pytest.mark.usefixtures("town")


def test_who_has_signed_in_comes_to_the_first_page() -> None:
    assert signed_in(alice()).get("/").headers["Location"] == "/today"


def test_nobody_is_sent_to_sign_in() -> None:
    answer = nobody().get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/login/"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
