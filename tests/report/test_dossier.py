"""A lead's page: its record as in the report, and what else is known; nothing from outside is more than text."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from couveuse.core.events import Verdict
from couveuse.core.model import DAY_US, Label
from couveuse.core.reading import RouteDue
from couveuse.errors import BadInput, CouveuseError
from couveuse.report import render_dossier
from couveuse.report.values import Consent, Episode, Fact, HandOver, Identity
from tests.report.parsed import parsed
from tests.report.sample import AT, MODEL, a_dossier, a_page, a_row
from tests.report.test_page import HOSTILE, LANGUAGES


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request):
    return render_dossier(a_dossier(request.param))


def hostile(text):
    """A page in which every text that comes from outside is this one."""
    row = a_row(lead=text, name=text, company=text, job_title=text, source=text, last_event=text, persona=text,
                routes=(RouteDue(text, text, text),))  # fmt: skip
    lead_page = a_page(row, (20.0,), facts=(Fact(AT - DAY_US, text, text, 20.0, Verdict.MACHINE),), interests=(text,))
    lines = tuple(replace(line, rule=text, event=text, about=text) for line in lead_page.lines)
    model = replace(MODEL, name=text, label=Label(),
                    bands=tuple(replace(b, label=Label(text, text)) for b in MODEL.bands),
                    rules=tuple(replace(r, event=text, label=Label(text, text)) for r in MODEL.rules))  # fmt: skip
    return a_dossier(
        "en", model=model, page=replace(lead_page, lines=lines), traits={text: text}, groups=(text,),
        identities=(Identity("user_id", text, is_known=False),), merged=(text,), suppressed=(text,),
        consents=(Consent(text, True, AT, text, text, text),),
        episodes=(Episode(1, AT, AT, (HandOver(text, text, text, AT, 1.0, AT, text),)),),
    )  # fmt: skip


def test_it_works(page):
    tree = parsed(page)
    assert tree.one("h1").text == a_dossier().page.row.name
    assert tree.one("table", class_="receipt").one("tfoot").one("td", class_="total").text == tree.one("b").text
    assert [section.attributes["id"] for section in tree.all("section")] == [
        "top", "handovers", "consents", "identities", "traits",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_its_language_and_leads_to_the_other(language):
    tree = parsed(render_dossier(a_dossier(language)))
    other = next(each for each in LANGUAGES if each != language)
    assert tree.one("html").attributes["lang"] == language
    assert [link.attributes["href"] for link in tree.all("a", lang=other)] == [f"?lang={other}"]


def test_another_language_is_refused():
    with pytest.raises(BadInput, match="fr or en"):
        render_dossier(a_dossier("de"))


def test_a_ledger_that_does_not_add_up_is_never_shown():
    with pytest.raises(CouveuseError, match="does not add up"):
        render_dossier(a_dossier("en", page=a_page(points=(20.0,), total=21.0)))


def test_what_is_claimed_is_said_to_be_so():
    known, _, device = parsed(render_dossier(a_dossier("en"))).one("section", id="identities").all("li")
    assert "not verified" not in known.text
    assert device.text.endswith("device, claimed, not verified")


def test_a_hand_over_that_was_withdrawn_is_struck_and_says_why():
    section = parsed(render_dossier(a_dossier("en"))).one("section", id="handovers")
    standing, withdrawn = section.all("li")
    assert "Sales: make an appointment" in standing.text
    assert list(standing.all("s")) == []
    assert withdrawn.one("s").text == "Telemarketing: detect a project"
    assert "facts corrected" in withdrawn.text


def test_an_address_that_must_not_be_written_to_is_said_first():
    tree = parsed(render_dossier(a_dossier("en", suppressed=("ada@example.com",))))
    assert tree.one("p", class_="stop").text == "Do not write to ada@example.com."


def test_what_is_empty_says_so():
    bare = a_dossier("en", traits={}, groups=(), consents=(), episodes=(), merged=(), valid_until_us=None)
    tree = parsed(render_dossier(bare))
    assert "Never handed over" in tree.one("section", id="handovers").text
    assert "No consent is recorded" in tree.one("section", id="consents").text
    assert "Nothing is known" in tree.one("section", id="traits").text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_outside_stays_text(text):
    kind = parsed(render_dossier(hostile("Hydrotech")))
    page = render_dossier(hostile(text))
    tree = parsed(page)
    assert [each.tag for each in tree.all()] == [each.tag for each in kind.all()]
    assert [sorted(each.attributes) for each in tree.all()] == [sorted(each.attributes) for each in kind.all()]
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", page) == []


def test_nothing_is_asked_of_the_network(page):
    tree = parsed(page)
    addresses = [value for element in tree.all() for name, value in element.attributes.items()
                 if name in {"src", "href", "action", "srcset", "poster", "data", "xlink:href"}]  # fmt: skip
    assert [address for address in addresses if not address.startswith(("#", "?lang="))] == []
    assert re.findall(r"url\(|@import|https?:|//[a-z]+\.", page) == []
    assert [name for element in tree.all() for name in element.attributes if name.startswith("on")] == []


def test_every_anchor_leads_somewhere_and_no_id_is_given_twice(page):
    tree = parsed(page)
    ids = [element.attributes["id"] for element in tree.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = {element.attributes["href"] for element in tree.all("a")}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    labels = [value for element in tree.all() for name, value in element.attributes.items()
              if name in {"aria-labelledby", "for"}]  # fmt: skip
    assert {id for label in labels for id in label.split()} <= set(ids)


def test_the_headings_go_down_one_step_at_a_time(page):
    levels = [int(each.tag[1]) for each in parsed(page).all() if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_long_history_leaves_the_page_small():
    page = render_dossier(a_dossier("fr", number=5_000))
    assert len(page.encode()) < 150_000
    assert "l’API les donne toutes" in page


def test_of_several_routes_the_most_advanced_one_is_what_to_do():
    due = [
        RouteDue("telemarketing", "detect-project", "download"),
        RouteDue("sales", "make-appointment", "quote"),
        RouteDue("telemarketing", "make-appointment", "callback"),
        RouteDue("sales", "make-appointment", "high"),
    ]
    for routes in (due, due[::-1]):
        page = a_page(a_row(26.0, routes=tuple(routes)))
        act = parsed(render_dossier(a_dossier("en", page=page))).one("p", class_="act").text
        assert act == "Hand over to Sales: make an appointment. Cause: Quote request."
