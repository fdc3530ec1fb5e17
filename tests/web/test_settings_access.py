"""Write keys and API tokens on screen: shown once, revoked at once, made by nobody else; and who did what."""

import re
import tomllib
from importlib.resources import files

import pytest

from couveuse.store import write_keys
from couveuse.store.accounts.models import Role
from couveuse.store.api_tokens import Scope
from tests.engine.town import Town
from tests.web.asking import Asker
from tests.web.people import a_person, alice, bob, charlie, signed_in

MANY = " ".join(f"https://{n}.example.com" for n in range(51))
KEYS, TOKENS, AUDIT = "/settings/keys", "/settings/tokens", "/settings/audit"


def secret_of(page: str) -> str:
    found = re.search(r'<pre id="secret"[^>]*>([^<]+)</pre>', page)
    assert found is not None, page
    return found[1]


def test_a_key_is_made_and_shown_this_once(town: Town):
    client = signed_in(alice())
    made = client.post(KEYS, {"kind": "public", "source": "site", "origins": "https://www.example.com", "rate": "50"})
    assert made.status_code == 201
    key = secret_of(made.content.decode())
    [kept] = write_keys.load_keys(town.connection)
    assert (kept.digest, kept.source, kept.rate) == (write_keys.digest_of(key), "site", 50)
    assert key in made.content.decode().split("https://")[0] or key in made.content.decode()
    later = client.get(KEYS).content.decode()
    assert key not in later
    assert kept.hint in later
    assert town.rows("select by, about from audit where did = 'made a write key'") == [
        ("alice@example.com", {"write_key": kept.id})
    ]
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("kind", "origins", "words"),
    [("server", "", "avec curl seul"), ("public", "https://*.example.com", "Dans une page")],
)
def test_what_to_paste_is_said_in_the_language_of_the_page(kind, origins, words):
    client = signed_in(a_person("Amélie", Role.OWNER, language="fr"))
    page = client.post(KEYS, {"kind": kind, "source": "site", "origins": origins}).content.decode()
    assert words in page
    assert "Segment's" not in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "server", "source": " "}, "Name what sends"),
        ({"kind": "public", "source": "site"}, "Say which site"),
        ({"kind": "server", "source": "crm", "origins": "https://example.com"}, "for no page"),
        ({"kind": "public", "source": "site", "origins": "example.com"}, "Write https://"),
        ({"kind": "public", "source": "site", "origins": MANY}, "Fifty"),
        ({"kind": "server", "source": "crm", "rate": "0"}, "Write a whole number"),
        ({"kind": "server", "source": "crm", "rate": "1e3"}, "Write a whole number"),
        ({"kind": "root", "source": "crm"}, "Choose one of the two kinds"),
        ({"kind": "server", "source": "x" * 201}, "200 characters"),
    ],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_refused_beside_its_field(town: Town, form, said):
    answer = signed_in(alice()).post(KEYS, form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert write_keys.load_keys(town.connection) == []


def test_what_was_typed_is_shown_again_and_is_no_markup(town: Town):
    answer = signed_in(alice()).post(KEYS, {"kind": "public", "source": "<b>site</b>", "origins": "<script>"})
    page = answer.content.decode()
    assert "&lt;b&gt;site&lt;/b&gt;" in page
    assert "<script>" not in page.replace('<script src="', "")


def test_a_revoked_key_lets_nobody_in_and_is_told_apart(town: Town):
    client = signed_in(alice())
    client.post(KEYS, {"kind": "server", "source": "crm"})
    [key] = write_keys.load_keys(town.connection)
    assert client.post(f"{KEYS}/{key.id}/revoke").status_code == 303
    assert write_keys.load_keys(town.connection)[0].revoked_at is not None
    assert "1 revoked key" in client.get(KEYS).content.decode()
    client.post(f"{KEYS}/{key.id}/revoke")
    assert len(town.rows("select from audit where did = 'revoked a write key'")) == 1


def test_a_token_is_made_for_its_scopes_and_shown_this_once(town: Town):
    client = signed_in(alice())
    made = client.post(TOKENS, {"name": "sync", "scopes": ["team:read"], "days": "30"})
    token = secret_of(made.content.decode())
    asker = Asker(token)
    assert asker.get("/api/v1/team").status == 200
    assert asker.get("/api/v1/leads").status == 403
    later = client.get(TOKENS).content.decode()
    assert token not in later
    [(number,)] = town.rows("select id from api_tokens")
    client.post(f"{TOKENS}/{number}/revoke")
    assert asker.get("/api/v1/team").status == 401
    assert "1 token expired or revoked" in client.get(TOKENS).content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["team:read"], "days": "30"},
        {"name": "x", "days": "30"},
        {"name": "x", "scopes": ["all:write"], "days": "30"},
        {"name": "x", "scopes": ["team:read"], "days": "31"},
        {"name": "x" * 201, "scopes": ["team:read"], "days": "30"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(town: Town, form):
    assert signed_in(alice()).post(TOKENS, form).status_code == 422
    assert town.rows("select from api_tokens") == []


@pytest.mark.parametrize("place", [KEYS, TOKENS])
def test_nobody_but_an_owner_makes_keys(town: Town, place):
    for person in (bob(None), charlie(), a_person("Mary", Role.MARKETING)):
        client = signed_in(person)
        assert client.get(place).status_code == 403
        assert client.post(place, {"kind": "server", "source": "crm", "name": "x"}).status_code == 403
        assert client.post(f"{place}/1/revoke").status_code == 403
    assert town.rows("select from write_keys") == town.rows("select from api_tokens") == []


def test_both_languages_are_complete(town: Town):
    client = signed_in(a_person("Anne", Role.OWNER, language="fr"))
    for place in ("/settings", KEYS, TOKENS, AUDIT, "/settings/switches"):
        answer = client.get(place)
        assert (answer.status_code, 'lang="fr"' in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_scope_says_what_it_is_for_in_both_languages(language):
    words = tomllib.loads(files("couveuse.web.areas.settings").joinpath("words.toml").read_text("utf-8"))
    assert {scope.value.replace(":", "_") for scope in Scope} == set(words["settings_scope"])
    assert all(texts[language] for texts in words["settings_scope"].values())


# ---- Who did what ----------------------------------------------------------------------------------------------------


def test_who_did_what_is_told_the_newest_first_page_by_page(town: Town):
    client = signed_in(alice())
    for number in range(60):
        town.connection.execute(
            "insert into audit (at, by, did, about) values (%s, %s, 'merge', %s)",
            [number + 1, "anna" if number % 2 else "token 1: sync", f'{{"lead": {number % 3}, "key": "abc-digest"}}'],
        )
    page = client.get(AUDIT).content.decode()
    assert page.count("merged two leads") == 51  # once in the filter
    assert "abc-digest" not in page
    following = re.search(r'href="(/settings/audit\?[^"]*before=\d+)"', page)
    assert following is not None
    rest = client.get(following[1].replace("&amp;", "&")).content.decode()
    [(every,)] = town.rows("select count(*) from audit")
    assert rest.count('<tr><td class="last">') == every - 50
    part = client.get(following[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def test_who_is_no_person_is_called_in_the_language_of_the_page(town: Town):
    town.connection.execute("insert into audit (at, by, did, about) values (1, 'command line', 'merge', '{}')")
    for language, words in (("fr", "la ligne de commande"), ("en", "the command line")):
        page = signed_in(a_person(f"Owner{language}", Role.OWNER, language=language)).get(AUDIT).content.decode()
        assert f"<bdi>{words}</bdi>" in page
        assert 'value="command line"' in page


def test_filters_are_by_person_deed_and_lead(town: Town):
    client = signed_in(alice())
    for by, did, lead in (("anna", "merge", 1), ("anna", "unmerge", 2), ("bert", "merge", 2)):
        town.connection.execute(
            "insert into audit (at, by, did, about) values (1, %s, %s, %s)", [by, did, f'{{"lead": {lead}}}']
        )

    def rows(**query: object) -> int:
        return client.get(AUDIT, query).content.decode().count('<tr><td class="last">')

    assert (rows(by="anna"), rows(did="merge"), rows(lead=2), rows(by="anna", lead=2), rows(by="zoe")) == (
        2,
        2,
        2,
        1,
        0,
    )
    assert rows(by="anna", did="merge", lead=2) == 0
    assert rows(lead="x' or 1=1", before="nothing") >= 3


def test_the_audit_is_for_those_who_may(town: Town):
    assert signed_in(bob(None)).get(AUDIT).status_code == 403
    assert signed_in(a_person("Mary", Role.MARKETING)).get(AUDIT).status_code == 200
