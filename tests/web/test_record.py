"""One lead on screen: who and what to do, what happened with its points, the receipt; what is done by hand, by whom."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from couveuse.core import times
from couveuse.core.times import DAY_US, HOUR_US
from couveuse.engine import records
from couveuse.engine.findable import Indexer
from couveuse.store.accounts.models import Role
from couveuse.web import database as pages
from couveuse.web.areas.leads import record as record_page
from tests.engine.desk import Desk
from tests.engine.town import NOW, accepted
from tests.web.people import a_person, alice, bob, charlie, signed_in

ANNA, BEN = "anna@example.com", "ben@example.com"
ANNAS = {
    "first_name": "Anna", "last_name": "Rey", "telephone": "+33 1 70 18 99 00", "company": "Pompes Rey",
    "job_title": "CEO",
}  # fmt: skip
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A town with a team, whose clock is the pages' clock."""
    pages.close()
    with Desk(database) as found:
        yield found
    pages.close()


@pytest.fixture
def owner(desk: Desk) -> Client:
    return signed_in(alice())


def fact(event: str, when: int = NOW, email: str = ANNA, **words: Any) -> Any:
    return accepted(event, when, email=email, **words)


def lead(desk: Desk, email: str = ANNA) -> int:
    return desk.lead(email) or 0


def get(client: Client, path: str, status: int = 200, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, (path, answer.status_code)
    return unescape(answer.content.decode())


def post(client: Client, path: str, status: int = 303, **said: Any) -> str:
    answer = client.post(path, said)
    assert answer.status_code == status, (path, answer.status_code, answer.content[:400])
    return unescape(answer.content.decode()) if status != 303 else answer.headers["Location"]


def text(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def ripe(desk: Desk) -> int:
    """A lead with a task of telemarketing, and who it is."""
    desk.come(
        fact("Traits Set", NOW - DAY_US, traits=ANNAS),
        fact("Page Viewed", NOW - HOUR_US, path="/tarifs"),
        fact("Document Downloaded", NOW, title="Guide"),
    )  # fmt: skip
    return lead(desk)


# ---- What is shown ---------------------------------------------------------------------------------------------------


def test_it_works(desk: Desk, owner: Client) -> None:
    page = text(get(owner, f"/leads/{ripe(desk)}"))
    for said in ("Anna Rey", "Pompes Rey · CEO", "Telemarketing: Detect a project",
                 "with Alice Martin", "+33 1 70 18 99 00", "Document downloaded Guide", "+5", "Ledger",
                 "Task opened", "Alert: ripe lead"):  # fmt: skip
        assert said in page, said


def test_the_receipt_adds_up_and_each_line_leads_to_its_rule(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    page = get(owner, f"/leads/{number}")
    assert "/scoring/lines/download" in page
    receipt = re.search(r'<table class="receipt".*?</table>', page, re.DOTALL)
    assert receipt is not None
    rows = re.findall(r"<tr>(.*?)</tr>", receipt.group().partition("<tbody>")[2], re.DOTALL)
    last = [float(re.findall(r'<td class="n[^"]*">(.*?)</td>', row)[-1].replace("\u2212", "-")) for row in rows]
    assert sum(last[:-1]) == pytest.approx(last[-1])


def test_a_number_is_rung_up_unless_the_person_does_not_want_it(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    assert 'href="tel:+33170189900"' in get(owner, f"/leads/{number}")
    desk.take(fact("Consent Withdrawn", NOW + 1, purpose="phone"))
    page = get(owner, f"/leads/{number}")
    assert "tel:" not in page
    assert "Do not call" in page
    assert "+33 1 70 18 99 00" not in page.partition('<ul class="reach">')[2].partition("</ul>")[0]


def test_as_of_an_instant_only_what_had_happened_counts(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    page = text(get(owner, f"/leads/{number}?at=2026-05-20"))
    assert "As it was on 20 May 2026" in page
    assert "Document downloaded" not in page
    for page in ("", "/receipt"):
        assert "is not an instant" in text(get(owner, f"/leads/{number}{page}?at=yesterday"))


def test_what_was_known_at_an_instant_leaves_out_what_came_later(desk: Desk, owner: Client) -> None:
    desk.take(fact("Page Viewed", NOW - DAY_US))
    desk.take(fact("Quote Requested", NOW - DAY_US + 1, received_at=NOW))
    number = lead(desk)
    page = text(get(owner, f"/leads/{number}?at=2026-05-28T00:00&known_at=2026-05-27T23:00"))
    assert "By what was known on 27 May 2026" in page
    assert "Quote requested" not in page.partition("What happened")[2].partition("Hand-overs")[0]


def test_a_merged_lead_leads_to_the_one_that_holds_its_facts(desk: Desk, owner: Client) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email=BEN))
    anna, ben = lead(desk), lead(desk, BEN)
    post(owner, f"/leads/{ben}/merge", lead=ben, into=anna)
    answer = owner.get(f"/leads/{ben}?show=notes")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/leads/{anna}?show=notes")


@pytest.mark.parametrize("path", ["/leads/999", "/leads/99999999999999999999", "/leads/999/receipt", "/leads/999/hold",
                                  "/leads/999/merge", "/leads/999/erase", "/leads/999/edit"])  # fmt: skip
def test_there_is_no_such_lead(owner: Client, path: str) -> None:
    get(owner, path, 404)


def test_a_lead_in_french(desk: Desk, owner: Client) -> None:
    page = text(get(owner, f"/leads/{ripe(desk)}?lang=fr"))
    assert "Relevé de points" in page
    assert "Télémarketing : Détecter un projet" in page


# ---- The timeline ----------------------------------------------------------------------------------------------------


def rows(page: str) -> list[str]:
    return [
        text(row)
        for row in re.findall(
            r"<li class=.*?</li>", page.partition('<ol class="timeline">')[2].partition("</ol>")[0], re.DOTALL
        )
    ]


def walked(client: Client, path: str) -> list[str]:
    """All rows of a timeline, page after page."""
    found: list[str] = []
    while path:
        page = get(client, path)
        found += rows(page)
        more = re.search(r'<p class="more"><a class="button" href="([^"]*after=[^"]*)"', page)
        path = more.group(1) if more else ""
    return found


def test_pages_follow_one_another_without_a_gap_or_a_double(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.come(*(fact("Page Viewed", NOW - n // 3 * HOUR_US, path=f"/p{n}") for n in range(30)))
    desk.come(fact("Document Downloaded", NOW + 1), fact("Quote Requested", NOW + 2))
    number = lead(desk)
    whole = rows(get(owner, f"/leads/{number}"))
    assert len(whole) > 32
    monkeypatch.setattr(record_page, "MOST", 7)
    assert walked(owner, f"/leads/{number}") == whole


@pytest.mark.parametrize(("show", "said", "unsaid"), [
    ("points", "Document downloaded", "Task opened"), ("tasks", "Task opened", "Page viewed"),
    ("alerts", "Alert: ripe lead", "Task opened"), ("facts", "Page viewed", "Task opened"),
])  # fmt: skip
def test_a_timeline_is_narrowed_by_kind(desk: Desk, owner: Client, show: str, said: str, unsaid: str) -> None:
    found = " ".join(rows(get(owner, f"/leads/{ripe(desk)}?show={show}")))
    assert said in found
    assert unsaid not in found


def test_the_next_rows_come_by_themselves_where_a_script_asks_for_them(
    desk: Desk, owner: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(record_page, "MOST", 2)
    page = get(owner, f"/leads/{ripe(desk)}")
    more = re.search(r'hx-get="([^"]*after=[^"]*)"', page)
    assert more is not None
    part = get(owner, more.group(1), **{"HX-Request": "true"})
    assert "<html" not in part
    assert len(rows(part)) == 2


def test_a_place_that_was_changed_begins_anew(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    assert rows(get(owner, f"/leads/{number}?after=nonsense&show=nothing")) == rows(get(owner, f"/leads/{number}"))


# ---- A lead of very many facts ---------------------------------------------------------------------------------------


def test_a_lead_of_many_facts_is_not_folded_unasked(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(records, "MOST_IN_PAGE", 20)
    monkeypatch.setattr(record_page, "MOST", 7)
    desk.come(*(fact("Page Viewed", NOW - n // 2 * HOUR_US, path=f"/p{n}") for n in range(30)))
    number = lead(desk)
    page = get(owner, f"/leads/{number}")
    assert "Folding the ledger reads all facts again" in page
    assert "With points" not in page
    facts = walked(owner, f"/leads/{number}?show=facts")
    assert len(facts) == len(set(facts)) == 30
    part = get(owner, f"/leads/{number}/receipt", **{"HX-Request": "true"})
    assert "<html" not in part
    assert 'class="receipt"' in part
    assert get(owner, f"/leads/{number}/receipt?fold=1").count("/scoring/lines/visit") == 30


def printed(page: str) -> list[str]:
    """The totals of a receipt, and what its rows say is left, without spaces."""
    table = re.search(r'<table class="receipt".*?</table>', page, re.DOTALL)
    assert table is not None
    return re.findall(r'<td class="n total">(.*?)</td>', table.group())


def test_of_many_facts_the_score_comes_at_once_and_then_each_line(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.come(*(fact("Page Viewed", NOW - n * HOUR_US, path=f"/p{n}") for n in range(30)))
    number = lead(desk)
    whole = get(owner, f"/leads/{number}/receipt")
    monkeypatch.setattr(records, "MOST_IN_PAGE", 20)
    first = get(owner, f"/leads/{number}/receipt")
    assert "All facts are read again" in first
    assert "/scoring/lines/visit" not in first
    address = re.search(r'hx-get="(.*?)"', first)
    assert address is not None
    assert f'href="{address.group(1)}"' in first  # without a script by a button
    folded = get(owner, unescape(address.group(1)))
    assert printed(first) == printed(folded) == printed(whole)
    assert re.findall(r"<polyline.*?>", folded) == re.findall(r"<polyline.*?>", whole)


def test_a_long_ledger_is_paged_and_every_page_sums_to_the_score(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    desk.come(*(fact("Page Viewed", NOW - n * HOUR_US, path=f"/p{n}") for n in range(30)))
    number = lead(desk)
    whole = printed(get(owner, f"/leads/{number}/receipt"))
    monkeypatch.setattr(records, "MOST_IN_PAGE", 20)
    monkeypatch.setattr(record_page, "MOST_LONG", 7)
    path, seen = f"/leads/{number}/receipt?fold=1", list[str]()
    while path:
        page = get(owner, path)
        assert printed(page) == whole
        seen += re.findall(r"/p\d+", page)
        later = "Later lines" in page
        assert later is ("until=" in path)
        found = re.search(r'href="([^"]*)">Earlier lines', page)
        path = unescape(found.group(1)) if found else ""
    assert len(seen) == len(set(seen)) == 30


def test_as_of_an_instant_a_lead_of_many_facts_is_told_by_its_facts(
    desk: Desk, owner: Client, monkeypatch: Any
) -> None:
    desk.come(*(fact("Page Viewed", NOW - n * HOUR_US, path=f"/p{n}") for n in range(30)))
    number, then = lead(desk), times.moment(NOW - 10 * HOUR_US).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = get(owner, f"/leads/{number}?at={then}")
    monkeypatch.setattr(records, "MOST_IN_PAGE", 5)
    first = get(owner, f"/leads/{number}?at={then}")
    assert "All facts are read again" in first
    folded = get(owner, f"/leads/{number}?at={then}&fold=1")
    assert printed(folded) == printed(whole)
    assert "/p9" not in folded
    assert "/p10" in folded


def test_of_more_facts_than_a_page_reads_nothing_is_folded(desk: Desk, owner: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(records, "MOST_IN_PAGE", 3)
    monkeypatch.setattr(records, "MOST_ON_DEMAND", 5)
    desk.come(*(fact("Page Viewed", NOW - n) for n in range(9)))
    assert "couveuse explain" in get(owner, f"/leads/{lead(desk)}/receipt?fold=1", 422)
    assert "couveuse explain" in get(owner, f"/leads/{lead(desk)}?at=2026-01-01&fold=1", 422)


# ---- By hand ---------------------------------------------------------------------------------------------------------


def test_a_note_by_hand_stands_on_the_timeline(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    assert post(owner, f"/leads/{number}/note", text="Call after the fair", id="n1") == f"/leads/{number}"
    post(owner, f"/leads/{number}/note", text="Call after the fair", id="n1")
    desk.work()
    page = get(owner, f"/leads/{number}?show=notes")
    assert page.count("Call after the fair") == 1
    post(owner, f"/leads/{number}/note", text="  ", id="n2")
    assert "Nothing is noted" in get(owner, f"/leads/{number}")


def test_points_by_hand_are_a_line_with_its_reason(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    post(owner, f"/leads/{number}/points", kind="add", points="12,5", reason="Met at the fair", id="p1")
    desk.work()
    page = text(get(owner, f"/leads/{number}"))
    assert "Points added by hand" in page
    assert "12.5" in page


@pytest.mark.parametrize(("said", "wrong"), [
    ({"kind": "add", "points": "many", "reason": "why"}, "Write a number"),
    ({"kind": "add", "points": "nan", "reason": "why"}, "Write a number"),
    ({"kind": "add", "points": "1e99", "reason": "why"}, "Write a number"),
    ({"kind": "double", "points": "1", "reason": "why"}, "Choose what to do"),
    ({"kind": "add", "points": "1", "reason": ""}, "Say why"),
])  # fmt: skip
def test_points_that_will_not_do(desk: Desk, owner: Client, said: dict[str, str], wrong: str) -> None:
    assert wrong in post(owner, f"/leads/{ripe(desk)}/points", 422, **said)


def test_a_verdict_by_hand_takes_a_hit_out_and_its_task_back(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    page = get(owner, f"/leads/{number}")
    address = next(each for each in re.findall(r'href="(/leads/\d+/verdict\?[^"]*)"', page))
    form = get(owner, address)
    hit = dict(re.findall(r'<input type="hidden" name="(at|source|of)" value="([^"]*)"', form))
    post(owner, f"/leads/{number}/verdict", **hit, verdict="machine", reason="A scanner", id="v1")
    desk.work()
    desk.dispatch()
    assert desk.tasks() == [("telemarketing", "withdrawn", "alice")]
    assert "machine: does not count" in get(owner, f"/leads/{number}")


@pytest.mark.parametrize("hit", [{"at": "1", "source": "web", "of": "nothing"}, {"at": "x", "source": "", "of": ""},
                                 {"at": "9" * 18, "source": "\x00", "of": "\x00"}])  # fmt: skip
def test_a_hit_that_is_not_the_leads_is_not_judged(desk: Desk, owner: Client, hit: dict[str, str]) -> None:
    number = ripe(desk)
    desk.take(fact("Page Viewed", NOW, BEN, message_id="bens"))
    assert "has no such hit" in post(owner, f"/leads/{number}/verdict", 422, **hit, verdict="machine")
    bens = {"at": str(NOW), "source": "web", "of": "bens"}
    assert "has no such hit" in post(owner, f"/leads/{number}/verdict", 422, **bens, verdict="machine")
    assert desk.rows("select count(*) from inbox") == [(0,)]


def test_traits_owner_and_groups_are_edited_together(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    post(owner, f"/leads/{number}/edit", first_name="Anne", last_name="Rey", owner="carol", join="VIP", id="e1")
    desk.work()
    page = text(get(owner, f"/leads/{number}"))
    for said in ("Anne Rey", "Carol Roux", "VIP"):
        assert said in page
    post(owner, f"/leads/{number}/edit", leave="VIP", id="e2")
    desk.work()
    assert "VIP" not in text(get(owner, f"/leads/{number}")).partition("Owner")[2].partition("What happened")[0]


def test_of_an_edit_that_will_not_do_nothing_is_recorded(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    page = post(owner, f"/leads/{number}/edit", 422, first_name="Anne", owner="nobody-of-ours", id="e1")
    assert "Choose a member" in page
    assert desk.rows("select count(*) from inbox") == [(0,)]
    assert "telephone number" in post(owner, f"/leads/{number}/edit", 422, telephone="x", id="e2")


def test_a_lead_is_held_and_lifted(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    post(owner, f"/leads/{number}/hold", until="", because="They are moving")
    page = text(get(owner, f"/leads/{number}"))
    assert "On hold until it is lifted." in page
    assert "They are moving" in page
    post(owner, f"/leads/{number}/lift")
    assert "On hold" not in text(get(owner, f"/leads/{number}"))
    for bad in ("2020-01-01", "soon", "9999-12-31"):
        assert "Choose a day to come" in post(owner, f"/leads/{number}/hold", 422, until=bad)


def test_a_task_is_put_off_from_the_page(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    ((task, version),) = desk.rows("select id, version from tasks")
    path = f"/leads/{number}/tasks/{task}/later"
    day = record_page.times.iso(pages_now() + 3 * DAY_US)[:10]
    assert "Choose a day" in post(owner, path, 422, until="", version=version)
    post(owner, path, until=day, version=version, note="After the fair")
    assert "put off until" in text(get(owner, f"/leads/{number}"))
    assert "Somebody worked on it meanwhile" in post(owner, path, 422, until=day, version=version, note="again")


def pages_now() -> int:
    import time

    return time.time_ns() // 1000


def test_two_leads_are_merged_side_by_side_and_parted_again(desk: Desk, owner: Client) -> None:
    desk.take(fact("Document Downloaded"), fact("Page Viewed", email=BEN))
    anna, ben = lead(desk), lead(desk, BEN)
    assert BEN in get(owner, f"/leads/{anna}/merge?q={BEN}")
    assert "Nobody is known by" in get(owner, f"/leads/{anna}/merge?q=nobody@example.com")
    page = text(get(owner, f"/leads/{anna}/merge?with={ben}"))
    assert "Together: " in page
    assert post(owner, f"/leads/{anna}/merge", lead=ben, into=anna) == f"/leads/{anna}"
    page = get(owner, f"/leads/{anna}")
    assert "Merged with ben@example.com" in page
    merge = re.search(rf"/leads/{anna}/merges/(\d+)/undo", page)
    assert merge is not None
    post(owner, merge.group())
    assert 0 < (desk.score(BEN) or 0) < 1
    assert "Merge with ben@example.com undone" in text(get(owner, f"/leads/{anna}"))


def test_the_other_lead_is_found_by_its_name_too(desk: Desk, owner: Client) -> None:
    desk.take(fact("Traits Set", traits=ANNAS))
    desk.take(fact("Traits Set", email=BEN, traits={"first_name": "Benoît", "last_name": "Rey"}))
    anna, ben = lead(desk), lead(desk, BEN)
    while Indexer().work(desk.connection):
        pass
    page = get(owner, f"/leads/{anna}/merge?q=benoit")
    assert f"/leads/{anna}/merge?with={ben}" in page
    assert ">Benoît Rey<" in page
    assert f"with={anna}" not in get(owner, f"/leads/{anna}/merge?q=rey")


def test_traits_stand_under_their_words(desk: Desk, owner: Client) -> None:
    desk.take(fact("Traits Set", traits={"job_title": "PDG", "referred": True, "pumps": 3}))
    page = text(get(owner, f"/leads/{lead(desk)}?lang=fr"))
    assert "Fonction PDG" in page
    assert "Recommandé oui" in page
    assert "pumps 3" in page
    assert "Recommandé : oui" in page.replace("\u00a0", " ").replace("\u202f", " ")  # on the timeline
    assert "True" not in page


def test_amounts_are_written_as_numbers_are_and_other_numbers_as_they_came(desk: Desk, owner: Client) -> None:
    desk.take(
        fact("Traits Set", traits={"employees": 2669, "deal_value": 17300.5, "founded": 1998, "budget": "2500 or so"}),
        fact("Project Detected", amount=18000.0),
        fact("Opportunity Won", amount=1200, currency="GBP"),
        fact("Quote Requested", amount=500.0, title="Pompe"),
    )
    page = text(get(owner, f"/leads/{lead(desk)}?lang=fr")).replace("\u202f", " ").replace("\u00a0", " ")
    for words in ("Salariés 2 669", "Valeur d’une affaire 17 300,5", "founded 1998", "Budget 2500 or so",
                  "Projet détecté 18 000 €", "Affaire gagnée 1 200 £", "Demande de devis Pompe"):  # fmt: skip
        assert words in page, words


def test_the_timeline_says_what_was_done_to_a_score_and_what_was_agreed_to(desk: Desk, owner: Client) -> None:
    desk.take(
        fact("Score Adjusted", NOW, kind="raise", points=12.5, reason="met at a fair"),
        fact("Score Adjusted", NOW + 1, kind="add", points=3, reason="asked twice"),
        fact("Consent Given", NOW + 2, purpose="phone", basis="consent", source="a fair"),
    )
    page = text(get(owner, f"/leads/{lead(desk)}?lang=fr"))
    assert "Score ajusté porté à 12,5 au moins · met at a fair" in page
    assert "Score ajusté asked twice" in page
    assert "Consentement donné Appels téléphoniques" in page


def test_a_ripe_lead_without_a_task_says_so_and_is_called_at_once(desk: Desk, owner: Client) -> None:
    desk.take(fact("Traits Set", traits=ANNAS), fact("Document Downloaded", pages_now() - HOUR_US, title="Guide"))
    page = get(owner, f"/leads/{lead(desk)}")
    assert "Handed over to Telemarketing already: Detect a project." in text(page)
    assert "No task is open." in text(page)
    assert '<a class="button primary" href="tel:+33170189900">' in page


def test_leads_that_shared_a_device_are_offered(desk: Desk, owner: Client) -> None:
    desk.take(fact("Page Viewed", anonymous_id="tablet"), fact("Page Viewed", NOW + 1, BEN, anonymous_id="tablet"))
    assert "Perhaps the same person" in get(owner, f"/leads/{lead(desk)}/merge")


def test_a_link_to_hand_out_opens_the_page_and_is_written_down(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    page = post(owner, f"/leads/{number}/link", 201, days="7", language="fr")
    token = re.search(r"/l/([^<\s]+)", page)
    assert token is not None
    assert Client().get(f"/l/{token.group(1)}").status_code == 200
    assert desk.rows("select by, did from audit where did = 'signed a link'") == [
        ("alice@example.com", "signed a link")
    ]
    post(owner, f"/leads/{number}/link", 422, days="9999", language="fr")


def test_an_owner_erases_by_typing_whom(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    assert "Nothing was erased" in post(owner, f"/leads/{number}/erase", 422, typed="anna")
    post(owner, f"/leads/{number}/erase", typed=ANNA)
    get(owner, f"/leads/{number}", 404)


# ---- Attacks ---------------------------------------------------------------------------------------------------------


def test_what_people_send_is_text_wherever_it_stands(desk: Desk, owner: Client) -> None:
    desk.come(
        fact("Traits Set", NOW - DAY_US, traits={**dict.fromkeys(ANNAS, EVIL), "lead_source": EVIL, "in": {"a": EVIL}}),
        fact("Page Viewed", NOW - 2, path=EVIL, title=EVIL, message_id=EVIL, source=EVIL),
        fact("Group Joined", NOW - 1, group=EVIL),
        fact(EVIL, NOW - 1),
        fact("Note Written", NOW, text=EVIL, by=EVIL),
        fact("Document Downloaded", NOW, title=EVIL),
        accepted("Page Viewed", NOW, email=ANNA, user_id=EVIL, anonymous_id=EVIL),
        fact("Consent Given", NOW, purpose=EVIL, source=EVIL, wording=EVIL),
    )  # fmt: skip
    number = lead(desk)
    post(owner, f"/leads/{number}/hold", until="", because=EVIL)
    verdict = f"/verdict?at=1&source={EVIL}&of={EVIL}"
    for path in ("", "/receipt", "/edit", "/hold", f"/merge?q={EVIL}", verdict, "/erase", "?show=notes", f"?at={EVIL}"):
        answer = owner.get(f"/leads/{number}{path}")
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content
        assert b'"><script' not in answer.content


def test_a_link_in_traits_is_never_followed(desk: Desk, owner: Client) -> None:
    desk.take(fact("Traits Set", traits={"website": "javascript:alert(1)", "telephone": "javascript:alert(1)"}))
    page = get(owner, f"/leads/{lead(desk)}")
    assert 'href="javascript' not in page


def test_a_reader_reads_and_does_nothing(desk: Desk) -> None:
    number, client = ripe(desk), signed_in(charlie())
    page = get(client, f"/leads/{number}")
    assert "Actions" not in page
    assert "Task opened" not in page
    for path in ("note", "points", "verdict", "edit", "hold", "lift", "merge", "erase", "link", "relevant"):
        assert client.post(f"/leads/{number}/{path}").status_code == 403, path


def test_another_teams_task_is_neither_shown_nor_put_off_nor_its_alert_seen(desk: Desk) -> None:
    desk.come(fact("Quote Requested"))
    number = lead(desk)
    ((task, alert),) = desk.rows(
        "select t.id, a.id from tasks t join alerts a on a.task_id = t.id where t.team = 'sales'"
    )
    client = signed_in(bob())
    page = get(client, f"/leads/{number}")
    assert "Sales is on it." in text(page)
    assert "Alert: ripe lead" not in page
    assert f"/tasks/{task}/later" not in page
    for path in (f"tasks/{task}/later", f"alerts/{alert}"):
        assert client.post(f"/leads/{number}/{path}", {"until": "2099-01-01", "version": 0}).status_code == 404
    assert desk.rows("select acknowledged_at from alerts") == [(None,)]


def test_an_alert_is_acknowledged_by_its_own_leads_address_alone(desk: Desk, owner: Client) -> None:
    number = ripe(desk)
    desk.take(fact("Page Viewed", email=BEN))
    post(owner, f"/leads/{lead(desk, BEN)}/alerts/1", 404)
    post(owner, f"/leads/{number}/alerts/1")
    assert desk.rows("select acknowledged_by from alerts") == [("alice@example.com",)]


def test_a_merge_of_other_leads_is_not_undone_by_this_ones_address(desk: Desk, owner: Client) -> None:
    desk.take(*(fact("Page Viewed", email=each) for each in (ANNA, BEN, "cleo@example.com")))
    anna, ben, cleo = lead(desk), lead(desk, BEN), lead(desk, "cleo@example.com")
    post(owner, f"/leads/{ben}/merge", lead=ben, into=anna)
    post(owner, f"/leads/{cleo}/merges/1/undo", 404)
    assert post(owner, f"/leads/{cleo}/merge", lead=ben, into=anna) == f"/leads/{cleo}"
    assert desk.rows("select count(*) from merges") == [(1,)]


def test_who_merges_no_leads_may_not(desk: Desk) -> None:
    desk.take(fact("Page Viewed"), fact("Page Viewed", email=BEN))
    client = signed_in(a_person("Sam", Role.SALES))
    assert client.post(f"/leads/{lead(desk)}/merge", {"lead": lead(desk, BEN), "into": lead(desk)}).status_code == 403
    assert client.post(f"/leads/{lead(desk)}/erase", {"typed": ANNA}).status_code == 403


def test_a_forged_form_does_nothing(desk: Desk) -> None:
    number = ripe(desk)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(f"/leads/{number}/erase", {"typed": ANNA}).status_code == 403
    assert client.post(f"/leads/{number}/note", {"text": "x"}).status_code == 403
    assert lead(desk) == number
