"""The first address: it leads on."""

import pytest

from tests.web.people import alice, charlie, nobody, signed_in

pytestmark = pytest.mark.usefixtures("town")


def test_who_has_signed_in_comes_to_the_first_page() -> None:
    assert signed_in(alice()).get("/").headers["Location"] == "/today"


def test_nobody_is_sent_to_sign_in() -> None:
    answer = nobody().get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/account/login/"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/nowhere", "/leads/999999999", "/leads/bulk"])
def test_who_is_lost_is_told_so_in_the_frame_of_all_pages(address: str) -> None:
    lost = signed_in(alice()).get(address)
    page = lost.content.decode()
    assert lost.status_code in (404, 405)
    assert '<a href="/leads"' in page
    assert '<a class="button primary" href="/">' in page


def test_nobody_who_is_lost_is_shown_where_to_sign_in() -> None:
    lost = nobody().get("/nowhere")
    assert lost.status_code == 404
    assert '<a class="button primary" href="/account/login/">' in lost.content.decode()
    assert "<nav" not in lost.content.decode()


def test_who_may_not_look_sees_no_more_than_before() -> None:
    refused = signed_in(charlie()).get("/settings/users")
    assert refused.status_code == 403
    assert "Your role does not open this page" in refused.content.decode()
