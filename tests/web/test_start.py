"""The first five minutes: steps ticked by what there is, a model chosen, a key made and its event seen to arrive."""

import re
from typing import Any

import pytest
from django.test import Client

from couveuse.engine import starting
from couveuse.engine.jobs import Standing
from couveuse.engine.publishing import publish_first
from couveuse.engine.starting import Step
from couveuse.store import connections, write_keys
from couveuse.store.accounts.models import Role
from tests.engine.town import Town, accepted, configuration
from tests.engine.uploading import work
from tests.web.people import a_person, alice, bob, signed_in
from tests.web.test_imports_page import DECLARED, kept, page, text_of


@pytest.fixture
def client(town: Town) -> Client:
    return signed_in(alice())


def ticked(town: Town, **settings: str) -> set[Step]:
    found = starting.steps(town.connection, configuration(**settings))
    return {each.step for each in found.steps if each.is_done}


def test_steps_are_ticked_by_what_there_is(town: Town, client: Client) -> None:
    assert ticked(town) == {Step.MODEL}  # the town's model was published by somebody
    town.take(accepted("Quote Requested", email="ana@example.com"))
    assert ticked(town) == {Step.MODEL, Step.DATA, Step.LEAD}
    bob()
    assert ticked(town, mail_url="smtp://localhost:25") == {
        Step.MODEL, Step.DATA, Step.LEAD, Step.PEOPLE, Step.MAIL,
    }  # fmt: skip
    shown = page(client, "/start")
    assert f"/leads/{town.lead('ana@example.com')}" in shown


def test_a_model_that_nobody_chose_is_not_ticked(database: str) -> None:
    publish_first(database, configuration())
    with connections.connect(database, "test", autocommit=True) as connection:
        found = starting.steps(connection, configuration())
    assert found.next is Step.MODEL
    assert found.model == "bareme-b2b"


def test_a_preset_is_shown_as_its_table_and_chosen(town: Town, client: Client) -> None:
    shown = page(client, "/start/model?lang=fr")
    assert "Demande de devis" in shown
    assert "prendre rendez-vous" in shown
    assert client.post("/start/model", {"preset": "parcours-achat"}).status_code == 303
    assert town.rows("select name from models where standing = 'acting'") == [("parcours-achat",)]
    town.take(accepted("Quote Requested", email="ana@example.com"))
    assert town.rows(
        "select count(*) from lead_states s join models m on m.id = s.model_id where m.name <> 'town'"
    ) != [(0,)]
    assert client.post("/start/model", {"preset": "parcours-achat"}).status_code == 303  # the same again is a choice
    answer = client.post("/start/model", {"preset": "bareme-b2b"})
    assert answer.status_code == 409
    assert "change the model under Scoring" in text_of(answer)
    assert client.post("/start/model", {"preset": "../../etc/passwd"}).status_code == 422


def test_the_list_is_put_away_and_taken_out_again(town: Town, client: Client) -> None:
    assert starting.steps(town.connection, configuration()).is_shown
    client.post("/start/list", {"do": "away"})
    assert not starting.steps(town.connection, configuration()).is_shown
    assert "Show the list on the first page again" in page(client, "/start")
    client.post("/start/list", {"do": "back"})
    assert starting.steps(town.connection, configuration()).is_shown


def test_a_key_is_shown_once_and_its_event_is_seen_to_arrive(town: Town, client: Client) -> None:
    answer = client.post("/start/send", {"kind": "server", "source": "shop", "origins": ""})
    assert answer.status_code == 201
    shown = text_of(answer)
    (key,) = set(re.findall(r"cvs_[\w-]{20,}", shown))
    email = re.search(r"first-event-\d+@example\.com", shown)
    assert email is not None
    for word in ("curl -u", "segment.analytics", "@segment/analytics-node"):
        assert word in shown
    (stored,) = write_keys.load_keys(town.connection)
    assert stored.digest == write_keys.digest_of(key)
    place = f"/start/arrived/{stored.id}"
    assert "Nothing of the source shop yet" in page(client, place)
    assert key not in page(client, place)
    town.take(accepted("Page Viewed", anonymous_id="d1", source="shop", received_at=2**60))
    assert "this is a visitor" in page(client, place)
    town.take(accepted("Quote Requested", email=email[0], source="shop", received_at=2**60))
    answer = client.get(place, HTTP_HX_REQUEST="true")
    assert answer.status_code == 286  # nobody need ask again
    part = text_of(answer)
    assert "20.0 points" in part
    assert f"/leads/{town.lead(email[0])}" in part
    assert "<html" not in part


def test_the_snippet_for_a_page_wants_its_site(town: Town, client: Client) -> None:
    wrong = client.post("/start/send", {"kind": "public", "source": "site", "origins": ""})
    assert wrong.status_code == 422
    right = client.post("/start/send", {"kind": "public", "source": "site", "origins": "https://www.example.com"})
    assert "AnalyticsBrowser.load" in text_of(right)
    assert "cvp_" in text_of(right)


def test_what_another_source_sent_is_not_taken_for_it(town: Town, client: Client) -> None:
    client.post("/start/send", {"kind": "server", "source": "shop"})
    (stored,) = write_keys.load_keys(town.connection)
    town.take(accepted("Quote Requested", email="ana@example.com", source="crm", received_at=2**60))
    town.take(accepted("Quote Requested", email="old@example.com", source="shop", received_at=1))
    assert "Nothing of the source shop yet" in page(client, f"/start/arrived/{stored.id}")


def test_only_who_manages_keys_makes_one(town: Town) -> None:
    marketing = signed_in(a_person("Mia", Role.MARKETING))
    assert marketing.post("/start/send", {"kind": "server", "source": "x"}).status_code == 403
    assert "/start/send" not in page(marketing, "/start")
    assert write_keys.load_keys(town.connection) == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_sample_goes_the_whole_way_to_a_scored_lead(town: Town, client: Client, language: str) -> None:
    answer: Any = client.get(f"/start/sample.csv?lang={language}")
    sample = b"".join(answer.streaming_content)
    assert 200 < sample.count(b"\r\n") < 1_000
    assert not re.search(rb"@(?!example\.(com|org))", sample)
    address = kept(client, sample, "sample.csv")
    shown = page(client, address)
    for key in ("event", "occurred_at", "email", "message_id"):
        assert f'<option value="{key}" selected>' in shown
    guessed = dict.fromkeys(re.findall(r'name="(as-\d+)"', shown), "own")
    for place, key in enumerate(("event", "occurred_at", "email", "message_id")):
        guessed[f"as-{place}"] = key
    assert client.post(address, {**guessed, **DECLARED, "do": "import"}).status_code == 303
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert {Step.DATA, Step.LEAD} <= ticked(town)
    (row,) = town.rows("select counts from imports")
    assert row[0]["rejects"] == {}
    assert town.rows("select count(*) from leads where traits ->> 'first_name' is null") == [(0,)]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_page_speaks_each_language(town: Town, client: Client, language: str) -> None:
    for place in ("/start", "/start/model", "/start/send"):
        assert f'lang="{language}"' in page(client, f"{place}?lang={language}")
