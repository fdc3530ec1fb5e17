"""The menu of every page: one's language and one's theme, kept."""

import pytest

from couveuse.store.accounts.models import User
from tests.web.people import alice, nobody, signed_in

pytestmark = pytest.mark.usefixtures("town")
CHOOSE = "/settings/me/choose"


def own(email: str) -> tuple[str, str, str]:
    user = User.objects.get(email=email)
    return user.name, user.language, user.theme


def test_a_language_that_is_chosen_holds_on_the_next_page_too() -> None:
    person = alice()
    client = signed_in(person)
    answer = client.post(CHOOSE, {"language": "fr", "next": "/leads?temperature=hot"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/leads?temperature=hot")
    assert '<html lang="fr"' in client.get("/leads").content.decode()
    assert '<html lang="fr"' in client.get("/settings/me").content.decode()


def test_a_theme_that_is_chosen_changes_nothing_else() -> None:
    person = alice()
    name, language, _ = own(person.email)
    client = signed_in(person)
    client.post(CHOOSE, {"theme": "dark", "next": "/leads"})
    assert own(person.email) == (name, language, "dark")
    assert 'data-theme="dark"' in client.get("/leads").content.decode()


@pytest.mark.parametrize("said", [{"language": "de"}, {"theme": "pink"}, {"language": ""}])
def test_what_there_is_not_changes_nothing(said: dict[str, str]) -> None:
    person = alice()
    before = own(person.email)
    assert signed_in(person).post(CHOOSE, {**said, "next": "/leads"}).headers["Location"] == "/"
    assert own(person.email) == before


@pytest.mark.parametrize("address", ["https://example.org/", "//example.org/", "leads", "", "/" + "x" * 2001])
def test_one_comes_back_to_a_page_of_ours_alone(address: str) -> None:
    answer = signed_in(alice()).post(CHOOSE, {"theme": "light", "next": address})
    assert answer.headers["Location"] == "/"


def test_the_menu_comes_back_to_what_is_open_with_its_filters() -> None:
    page = signed_in(alice()).get("/leads?temperature=hot&lang=fr").content.decode()
    assert '<input type="hidden" name="next" value="/leads?temperature=hot">' in page


def test_nobody_chooses_nothing() -> None:
    answer = nobody().post(CHOOSE, {"language": "fr", "next": "/leads"})
    assert answer.headers["Location"].startswith("/account/login/")
