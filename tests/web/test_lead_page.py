"""/l/<token>: one lead, read-only, for whoever holds a link that is valid; nothing from outside is more than text."""

import base64
import hashlib
import re
import time

import pytest

from couveuse.engine.links import Link, Links
from tests.engine.town import DAY, Town, accepted
from tests.report.parsed import parsed
from tests.report.test_page import HOSTILE
from tests.web.asking import Answer, Asker, a_token

NOW = time.time_ns() // 1000
ADA, BOB = "ada@example.com", "bob@example.org"


def signed(town: Town, key: str, days: float = 30, language: str | None = None) -> str:
    from django.conf import settings

    return "/l/" + Links(settings.SECRET_KEY).sign(Link(town.lead(key), NOW + round(days * DAY), language))


def a_page(town: Town, key: str = ADA, **query: object) -> Answer:
    return Asker().get(signed(town, key), **query)


@pytest.fixture(scope="module")
def people(street: Town) -> Town:
    street.now = NOW
    street.take(
        accepted(
            "Traits Set", NOW - 40 * DAY, email=ADA, traits={"first_name": "Ada", "job_title": "CEO", "size": [1]}
        ),
        accepted("Document Downloaded", NOW - 20 * DAY, email=ADA, anonymous_id="device-1", title="Guide"),
        accepted("Quote Requested", NOW - 2 * DAY, email=ADA, message_id="q"),
        accepted("Document Downloaded", NOW - DAY, email=ADA, message_id="bot"),
        accepted("Verdict Given", NOW, email=ADA, of="bot", verdict="machine"),
        accepted("Consent Given", NOW - DAY, email=ADA, purpose="newsletter"),
        accepted("Email Complained", NOW - DAY, email=BOB),
    )
    return street


def test_it_works(people):
    tree = parsed(a_page(people).text)
    assert tree.one("h1").text == "Ada"
    assert (
        tree.one("table", class_="receipt").one("td", class_="total").text
        == tree.one("span", class_="big").one("b").text
    )
    assert "Handed over to Sales: make an appointment" in tree.one("p", class_="act").text
    assert [each.text for each in tree.one("section", id="identities").all("bdi")] == [ADA, "device-1"]
    assert "Marketing e-mail: yes" in tree.one("section", id="consents").text
    assert "Sales: make an appointment" in tree.one("section", id="handovers").text
    assert tree.one("ol").one("s").text == "Document downloaded"
    assert "[1]" in tree.one("section", id="traits").text


def test_what_is_known_is_told_in_the_words_of_the_page(people):
    people.take(
        accepted(
            "Traits Set", NOW - DAY, email="words@example.com",
            traits={"phone": "1", "telephone": "2", "referred": True, "size": [1], "last_name": "Rey"},
        ),
        accepted("Consent Given", NOW - DAY, email="words@example.com", purpose="phone"),
        accepted("Score Adjusted", NOW - DAY, email="words@example.com", kind="raise", points=5, reason="met"),
    )  # fmt: skip
    tree = parsed(a_page(people, "words@example.com", lang="fr").text)
    traits = tree.one("section", id="traits")
    assert [each.text for each in traits.all("dt")] == ["Nom", "Téléphone", "Recommandé", "size", "telephone"]
    assert [each.text for each in traits.all("dd")] == ["Rey", "1", "oui", "[1]", "2"]
    past = " ".join(tree.one("ol").text.split())
    assert "Consentement donné Appels téléphoniques" in past
    assert "Score ajusté met" in past


def test_its_score_is_that_of_the_api(people):
    api = Asker(a_token(people.connection))
    score = api.get(f"/api/v1/leads/{people.lead(ADA)}").json["score"]
    assert parsed(a_page(people).text).one("span", class_="big").one("b").text == f"{score:.1f}"


def test_an_address_that_complained_is_not_to_be_written_to(people):
    assert parsed(a_page(people, BOB).text).one("p", class_="stop").text == f"Do not write to {BOB}."


def test_a_page_has_no_form_and_no_button_that_acts(people):
    tree = parsed(a_page(people).text)
    assert list(tree.all("form")) == list(tree.all("button")) == []
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert Asker().ask(method, signed(people, ADA)).status == 405


@pytest.mark.parametrize(
    ("chosen", "headers", "query", "language"),
    [
        (None, {}, {}, "en"),
        (None, {"Accept-Language": "fr-CA, en;q=0.8"}, {}, "fr"),
        (None, {"Accept-Language": "de, en;q=0.2, fr;q=0.9"}, {}, "fr"),
        (None, {"Accept-Language": "fr"}, {"lang": "en"}, "en"),
        ("fr", {"Accept-Language": "en"}, {}, "fr"),
        ("fr", {}, {"lang": "en"}, "en"),
        ("fr", {}, {"lang": "de"}, "fr"),
        (None, {"Accept-Language": ";q=fr,,=,*;q=x"}, {}, "en"),
    ],
)
def test_the_language_is_the_address_s_the_link_s_or_the_reader_s(people, chosen, headers, query, language):
    answer = Asker().get(signed(people, ADA, language=chosen), headers=headers, **query)
    assert parsed(answer.text).one("html").attributes["lang"] == language


# ---- Links that let nobody in --------------------------------------------------------------------------------------


def test_a_link_that_has_expired_says_until_when_it_was_valid(people):
    answer = Asker().get(signed(people, ADA, days=-1), lang="fr")
    assert (answer.status, parsed(answer.text).one("h1").text) == (403, "Ce lien a expiré")
    assert ADA not in answer.text
    assert "couveuse link LEAD" in answer.text


@pytest.mark.parametrize("token", ["x", "x.y", "WzEsMSwiIl0.AAAA", "%00", "é", "." * 3_000, "<script>"])
def test_a_link_that_was_not_signed_here_is_not_valid(people, token):
    answer = Asker().get(f"/l/{token}")
    assert (answer.status, parsed(answer.text).one("h1").text) == (403, "This link is not valid")


def test_a_link_to_a_lead_that_was_erased_says_so(people):
    from django.conf import settings

    token = Links(settings.SECRET_KEY).sign(Link(4711, NOW + DAY))
    answer = Asker().get(f"/l/{token}")
    assert (answer.status, parsed(answer.text).one("h1").text) == (404, "This page is no more")


def test_without_a_database_a_page_says_what_to_do(people, monkeypatch):
    from couveuse.web import database

    address = signed(people, ADA)
    database.close()
    with monkeypatch.context() as away:
        away.setenv("COUVEUSE_DATABASE_URL", "postgresql://couveuse@127.0.0.1:1/none")
        answer = Asker().get(address)
    assert (answer.status, "couveuse doctor" in answer.text) == (503, True)


def test_without_a_model_a_page_says_what_to_do(town: Town):
    town.take(accepted("Page Viewed", email=ADA))
    town.rows("update models set standing = 'retired' returning id")
    answer = a_page(town)
    assert (answer.status, "couveuse rescore" in answer.text) == (503, True)


def test_a_link_to_a_lead_that_was_merged_shows_the_one_that_stayed(town: Town):
    town.take(accepted("Page Viewed", email=ADA), accepted("Page Viewed", email=BOB))
    address = signed(town, ADA)
    api = Asker(a_token(town.connection))
    api.post(f"/api/v1/leads/{town.lead(ADA)}/merge", {"into": town.lead(BOB)})
    tree = parsed(Asker().get(address).text)
    assert tree.one("h1").text == BOB
    assert f"Merged by hand with {ADA}." in tree.one("section", id="identities").text


# ---- Nothing from outside, nothing to outside ----------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_outside_stays_text(town: Town, text):
    """In traits, properties, names of events, keys, groups and consents."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()

    def tags(word: str, email: str) -> list[tuple[str, list[str]]]:
        town.take(
            accepted("Traits Set", NOW - 3 * DAY, email=email, traits={word: word, "name": word, "company": word}),
            accepted(word, NOW - 2 * DAY, email=email, user_id=f"{word}-{email}", title=word, **{word: word}),
            accepted("Document Downloaded", NOW - DAY, email=email, title=word, source=word),
            accepted("Group Joined", NOW - DAY, email=email, group=word),
            accepted("Consent Given", NOW - DAY, email=email, purpose="phone", source=word, wording=word),
        )
        tree = parsed(a_page(town, email).text)
        return [(each.tag, sorted(each.attributes)) for each in tree.all()]

    assert tags(text, "a@example.com") == tags("Hydrotech", "b@example.com")


def test_the_policy_lets_in_the_page_s_own_script_and_nothing_else(people):
    answer = a_page(people)
    digest = base64.b64encode(hashlib.sha256(parsed(answer.text).one("script").text.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]


def test_nothing_is_asked_of_the_network(people):
    text = a_page(people).text
    assert re.findall(r"url\(|@import|https?:|//[a-z]+\.", text) == []


# ---- Too much ------------------------------------------------------------------------------------------------------


def test_a_lead_with_thousands_of_facts_has_a_page_that_adds_up(town: Town):
    town.now = NOW
    town.take(*(accepted("Page Viewed", NOW - n * 60_000_000, email=ADA, path=f"/{n}") for n in range(6_000)),
              *(accepted("Traits Set", NOW - DAY, email=ADA, traits={f"t{n}": "x" * 500}) for n in range(100)),
              *(accepted("Page Viewed", NOW - DAY, email=ADA, anonymous_id=f"d{n}") for n in range(200)))  # fmt: skip
    answer = a_page(town)
    tree = parsed(answer.text)
    assert len(answer.body) < 200_000
    total = tree.one("table", class_="receipt").one("td", class_="total").text
    assert total == tree.one("span", class_="big").one("b").text
    assert len(list(tree.one("ol").all("li"))) == 40
    assert len(list(tree.one("section", id="identities").all("li"))) == 40
    assert "6,260 earlier facts are not shown here." in tree.one("div", class_="past").text


def test_a_model_of_nothing_has_a_page_too(database: str):
    from couveuse.web import database as pages

    pages.close()
    bare = "couveuse: 1\nname: bare\nrules: []\nbands:\n  - {id: all, rate: 0.1, temperature: cold}\n"
    with Town(database, bare) as town:
        town.take(accepted("Anything", email=ADA))
        assert parsed(a_page(town).text).one("h1").text == ADA
    pages.close()
