"""A company on screen: its people best first, what they did of late, who has them, what waits; and all companies."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from couveuse.core.times import DAY_US
from couveuse.store import companies
from couveuse.web import database as pages
from couveuse.web.areas.leads import company as company_page
from tests.engine.desk import TEAM, Desk
from tests.engine.town import accepted
from tests.web.people import alice, bob, charlie, signed_in
from tests.web.test_record import EVIL, get, pages_now, post, text, walked


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A town with a team, at the time of the pages' clock."""
    pages.close()
    with Desk(database) as found:
        found.now = pages_now()
        yield found
    pages.close()


@pytest.fixture
def owner(desk: Desk) -> Client:
    return signed_in(alice())


def fact(desk: Desk, event: str, email: str, ago: int = 0, **words: Any) -> Any:
    return accepted(event, desk.now - ago, email=email, **words)


def the_company(desk: Desk, domain: str = "pompes.fr") -> int:
    return int(desk.rows("select id from companies where domain = %s", domain)[0][0])


def test_it_works(desk: Desk, owner: Client) -> None:
    desk.come(
        fact(desk, "Page Viewed", "low@pompes.fr"),
        fact(desk, "Traits Set", "high@mail.pompes.fr", DAY_US, traits={"name": "Hélène Haut", "owner": "carol"}),
        fact(desk, "Quote Requested", "high@mail.pompes.fr"),
        fact(desk, "Page Viewed", "else@other.fr"),
    )
    page = text(get(owner, f"/companies/{the_company(desk)}"))
    assert "2 people known" in page
    assert "looked after by Carol Roux" in page
    assert page.index("Hélène Haut") < page.index("low@pompes.fr")
    assert "else@other.fr" not in page
    assert "Quote requested" in page
    assert "Sales: Make an appointment" in page
    assert "20." in page or "19.9" in page


def test_people_follow_one_another_page_by_page(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.take(*(fact(desk, "Page Viewed", f"p{n}@pompes.fr", ago=k) for n in range(11) for k in range(n % 4 + 1)))
    whole = get(owner, f"/companies/{the_company(desk)}")
    monkeypatch.setattr(company_page, "MOST", 3)
    seen: list[str] = []
    path = f"/companies/{the_company(desk)}"
    while path:
        page = get(owner, path)
        seen += [f"p{n}@pompes.fr" for n in range(11) if f">p{n}@pompes.fr<" in page]
        _, _, rest = page.partition('<tr class="more"><td colspan="5"><a class="button" href="')
        path = rest.partition('"')[0]
    assert sorted(seen) == sorted(f"p{n}@pompes.fr" for n in range(11))
    assert whole.count("@pompes.fr<") == 11


def test_who_was_merged_away_works_there_no_more(desk: Desk, owner: Client) -> None:
    desk.take(fact(desk, "Page Viewed", "a@pompes.fr"), fact(desk, "Page Viewed", "b@pompes.fr"))
    a, b = desk.lead("a@pompes.fr"), desk.lead("b@pompes.fr")
    post(owner, f"/leads/{b}/merge", lead=b, into=a)
    page = text(get(owner, f"/companies/{the_company(desk)}"))
    assert "1 person known" in page
    assert "b@pompes.fr" not in page


def test_tasks_of_other_teams_are_not_shown(desk: Desk, owner: Client) -> None:
    desk.come(fact(desk, "Quote Requested", "a@pompes.fr"))
    number = the_company(desk)
    assert "Make an appointment" in get(owner, f"/companies/{number}")
    assert "Make an appointment" not in get(signed_in(bob()), f"/companies/{number}")
    assert "Open tasks" not in get(signed_in(charlie()), f"/companies/{number}")


def test_a_task_is_told_by_the_name_of_its_lead_and_in_the_words_of_the_team(desk: Desk, owner: Client) -> None:
    desk.come(
        fact(desk, "Traits Set", "a@pompes.fr", traits={"first_name": "Ada", "last_name": "Byron"}),
        fact(desk, "Quote Requested", "a@pompes.fr"),
    )
    assert "Ada Byron Sales: Make an appointment" in " ".join(
        text(get(owner, f"/companies/{the_company(desk)}")).split()
    )
    desk.apply(TEAM.replace("id: sales", "id: sales\n    label: {en: Field sales}"))
    assert "Field sales: Make an appointment" in text(get(owner, f"/companies/{the_company(desk)}"))


def test_what_happened_is_counted_up_to_a_limit(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.take(*(fact(desk, "Page Viewed", f"p{n}@pompes.fr") for n in range(9)))
    monkeypatch.setattr(companies, "MOST_FACTS", 4)
    (lately,) = companies.lately(desk.connection, the_company(desk), since=0, now=desk.now)
    assert lately.times == 4


def test_a_company_of_very_many_people_says_so(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.take(*(fact(desk, "Page Viewed", f"p{n}@pompes.fr") for n in range(5)))
    for module in (companies, company_page):
        monkeypatch.setattr(module, "MOST_PEOPLE", 3)
    assert "more than 3 people known" in get(owner, f"/companies/{the_company(desk)}")


def test_companies_are_found_by_the_beginning_of_their_domain(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.take(*(fact(desk, "Page Viewed", f"x@{name}.fr") for name in ("alpha", "alpine", "beta")))
    page = text(get(owner, "/companies?q=alp"))
    assert "alpha.fr" in page
    assert "beta.fr" not in page
    assert "No company whose domain begins with" in get(owner, "/companies?q=zzz")
    monkeypatch.setattr(company_page, "MOST", 1)
    assert walked(owner, "/companies") == []
    first = get(owner, "/companies")
    assert "alpha.fr" in first
    assert "alpine.fr" not in first
    assert "after=" in first


@pytest.mark.parametrize("query", ["q=%00", f"q={EVIL}", "after=nonsense", "q=%25_"])
def test_a_search_of_anything_breaks_nothing(desk: Desk, owner: Client, query: str) -> None:
    desk.take(fact(desk, "Page Viewed", "a@pompes.fr"))
    answer = owner.get(f"/companies?{query}")
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content


def test_there_is_no_such_company(owner: Client) -> None:
    get(owner, "/companies/999", 404)
    get(owner, "/companies/99999999999999999999", 404)


def test_what_people_send_is_text_here_too(desk: Desk, owner: Client) -> None:
    desk.come(
        fact(desk, "Traits Set", "a@pompes.fr", traits={"name": EVIL, "job_title": EVIL, "owner": EVIL}),
        fact(desk, EVIL, "a@pompes.fr"),
    )
    answer = owner.get(f"/companies/{the_company(desk)}")
    assert b"<script>alert" not in answer.content
