"""The doctor on screen: what is wrong first, with its cure, in the language of who reads."""

import tomllib
from importlib.resources import files

import pytest

from couveuse.engine import doctoring, outgoing
from couveuse.store import health, write_keys
from couveuse.store.accounts.models import Role
from couveuse.store.write_keys import KeyKind
from tests.engine.town import Town
from tests.web.people import a_person, alice, bob, signed_in

PLACE = "/settings/health"


def test_it_works(town: Town):
    page = signed_in(alice()).get(PLACE).content.decode()
    assert "none alive: nothing goes out" in page
    assert "none alive: no import, count or backup is made" in page
    assert "Run couveuse up, or couveuse deliver." in page
    assert "all applied" in page
    assert 'href="/settings/keys"' in page


def test_what_was_mended_is_fine(town: Town):
    write_keys.create_key(town.connection, kind=KeyKind.SERVER, source="site")
    page = signed_in(alice()).get(PLACE).content.decode()
    assert "in use: 1" in page
    assert "nothing can send events" not in page


def test_it_is_said_in_french(town: Town):
    page = signed_in(a_person("Anne", Role.OWNER, language="fr")).get(PLACE).content.decode()
    assert "rien ne part" in page
    assert "ni import, ni décompte, ni sauvegarde" in page
    assert "Lancer couveuse up, ou couveuse deliver." in page
    assert "none alive" not in page


def test_a_place_s_name_is_no_markup(town: Town):
    town.connection.execute(
        "insert into endpoints (id, url, sealed, made_at, failing_since) values ('<b>', 'https://crm', '', 1, 1)"
    )
    page = signed_in(alice()).get(PLACE).content.decode()
    assert "Endpoint &lt;b&gt;" in page


def test_it_is_for_those_who_may(town: Town):
    assert signed_in(bob(None)).get(PLACE).status_code == 403


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_finding_has_its_words(language):
    """What the sources name as a code stands in all tables of the page; a cure wherever there may be one."""
    import inspect
    import re

    words = tomllib.loads(files("couveuse.web.areas.settings").joinpath("words.toml").read_text("utf-8"))
    source = "".join(map(inspect.getsource, (doctoring, outgoing.checks, outgoing._troubled, health.checks)))
    known = set(words["settings_says"])
    said = {word for word in re.findall(r'"([a-z]+(?:_[a-z]+)*)"', source) if word in known}
    assert len(said) > 40
    assert set(words["settings_check"]) == known
    assert set(words["settings_cure"]) <= known
    assert all(words[table][code][language] for table in ("settings_says", "settings_check") for code in said)
