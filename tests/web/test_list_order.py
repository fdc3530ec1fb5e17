"""The list of leads in another order: the newest first, page by page, filtered or not."""

import re
from html import unescape

import pytest

from couveuse.store import listing
from couveuse.web.areas.leads import list_page
from tests.engine.town import NOW, Town, accepted
from tests.web.asking import Asker, a_token
from tests.web.people import alice, signed_in
from tests.web.test_flows import hot, index

NAMES = ["ann", "ben", "cat", "dan", "eve", "fay", "guy"]  # as they come; ben and eve are hot


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are asked for while who was hot is so still."""
    monkeypatch.setattr("couveuse.web.asking.time.time_ns", lambda: (NOW + 100) * 1000)


def come(town: Town) -> None:
    for place, name in enumerate(NAMES):
        email, at = f"{name}@example.com", NOW + 2 * place
        town.take(*(hot(email, at) if name in ("ben", "eve") else [accepted("Page Viewed", at, email=email)]))
    index(town)


def listed(client, address: str) -> list[str]:
    """All leads of a list, each page by the link of the one before."""
    found: list[str] = []
    while address:
        page = client.get(address).content.decode()
        named = dict.fromkeys(re.findall(r"(\w+)@example\.com", page))
        found += [name for name in named if name in NAMES and name not in found]
        following = re.search(r'<tr class="more">.*?href="([^"]+)"', page)
        address = unescape(following[1]) if following else ""
    return found


def test_the_newest_come_first_page_by_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    come(town)
    monkeypatch.setattr(list_page, "MOST", 3)
    client = signed_in(alice())
    assert listed(client, "/leads?order=newest") == NAMES[::-1]
    assert listed(client, "/leads")[:2] == ["ben", "eve"]


@pytest.mark.parametrize("few", [listing.FEW, 1])
def test_filters_go_on_with_it(town: Town, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    come(town)
    monkeypatch.setattr(listing, "FEW", few)
    monkeypatch.setattr(list_page, "MOST", 3)
    client = signed_in(alice())
    assert listed(client, "/leads?order=newest&temperature=hot") == ["eve", "ben"]
    assert listed(client, "/leads?order=newest&q=example") == NAMES[::-1]


def test_the_page_offers_both_orders_and_keeps_the_one_that_is_asked_for(town: Town) -> None:
    come(town)
    client = signed_in(alice())
    page = client.get("/leads?order=newest&temperature=hot").content.decode()
    assert '<a href="/leads?temperature=hot">Best score first</a>' in page
    assert '<a href="/leads?temperature=hot&amp;order=newest" aria-current="true">Newest first</a>' in page
    assert page.count('<input type="hidden" name="order" value="newest">') == 2  # the search and the filters
    assert 'href="/leads?order=newest"' in page  # without the filter, in the same order
    page = client.get("/leads").content.decode()
    assert '<a href="/leads" aria-current="true">Best score first</a>' in page
    assert 'name="order"' not in page


@pytest.mark.parametrize("asked", ["", "number", "name", "NEWEST", "newest\x00"])
def test_an_order_that_is_not_offered_is_that_of_scores(town: Town, asked: str) -> None:
    come(town)
    assert listed(signed_in(alice()), f"/leads?order={asked}")[:2] == ["ben", "eve"]


def test_programs_ask_for_it_page_by_page_and_a_cursor_is_of_its_order(town: Town) -> None:
    come(town)
    api = Asker(a_token(town.connection))
    found = [each["lead"] for each in api.pages("/api/v1/leads", "leads", order="newest", limit=2)]
    assert found == [f"{name}@example.com" for name in NAMES[::-1]]
    cursor = api.get("/api/v1/leads", order="newest", limit=2).json["next"]
    assert api.get("/api/v1/leads", order="number", cursor=cursor).status == 422
