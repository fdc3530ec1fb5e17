"""What all pages of the settings keep: few questions to the database, both languages, no word left out."""

import pytest

from couveuse.documents.team import parse_team
from couveuse.store import rosters, write_keys
from couveuse.store.accounts.models import Role
from couveuse.store.write_keys import KeyKind
from tests.engine.town import NOW, Town
from tests.web.people import a_person, alice, signed_in
from tests.web.test_queries import MOST, counted
from tests.web.test_settings_outgoing import ENDPOINTS, HOOK, plan
from tests.web.test_settings_team import POMPES

PAGES = (
    "/settings", "/settings/team", "/settings/team/document", "/settings/team/versions", "/settings/team/versions/1",
    "/settings/team/members", "/settings/team/members/bob", "/settings/team/teams/sales", "/settings/team/hours",
    "/settings/team/teams/sales/hours", "/settings/team/members/bob/hours", "/settings/keys", "/settings/tokens",
    "/settings/outgoing", "/settings/outgoing/1", "/settings/outgoing/endpoints", "/settings/outgoing/endpoints/crm",
    "/settings/outgoing/addresses", "/settings/switches", "/settings/health", "/settings/audit",
)  # fmt: skip


@pytest.fixture
def busy(town: Town) -> Town:
    """A town with a team, a key, an endpoint, and something that went out and did not arrive."""
    rosters.apply_roster(town.connection, parse_team(POMPES, "equipe.yaml"), by="a test", now=NOW)
    write_keys.create_key(town.connection, kind=KeyKind.SERVER, source="site")
    signed_in(alice()).post(ENDPOINTS, {"id": "crm", "url": HOOK})
    plan(town, 1, standing="dead", answer="HTTP 410")
    return town


def test_each_asks_the_database_twelve_times_at_most(busy: Town, monkeypatch: pytest.MonkeyPatch):
    client = signed_in(a_person("Anne", Role.OWNER))
    too_many = {}
    for place in PAGES:
        client.get(place)  # what is read once for a process is read now
        with counted(monkeypatch) as sent:
            answer = client.get(place)
        assert answer.status_code == 200, place
        if len(sent) > MOST:
            too_many[place] = sent
    assert {place: len(sent) for place, sent in too_many.items()} == {}, too_many


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_is_said_in_the_language_of_who_reads(busy: Town, language):
    client = signed_in(a_person("Anne", Role.OWNER, language=language))
    for place in PAGES:
        page = client.get(place).content.decode()
        assert f'lang="{language}"' in page
        assert "settings_" not in page.replace("/settings_", ""), place  # a key that is no word


def test_none_holds_a_script_or_a_style_of_its_own(busy: Town):
    client = signed_in(a_person("Anne", Role.OWNER))
    for place in PAGES:
        page = client.get(place).content.decode()
        assert " style=" not in page, place
        assert "<script>" not in page, place
        assert "unsafe" not in client.get(place).headers["Content-Security-Policy"]
