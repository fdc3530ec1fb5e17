"""How members and teams are reached, on screen: ticked, typed, gathered once a day; nobody is left without a way."""

from typing import Any

import pytest

from couveuse.core.roster import Channel, Digest, Reach
from couveuse.documents.team import parse_team
from couveuse.store import endpoints, rosters, sealed
from couveuse.store.sealed import Box
from tests.engine.town import NOW, Town
from tests.web.people import alice, signed_in
from tests.web.test_settings_team import PLACE, POMPES, ZOE, newest
from tests.web.test_settings_teams import CALLERS, CALLS

BOX = Box("a key of the tests' own")
DAVID: dict[str, Any] = {
    "name": "David Roux", "email": "david.roux@example.com", "telephone": "+33 1 99 00 12 41", "language": "fr",
    "weight": "1", "teams": ["sales"], "leads": [], "own": "1", "digest": "08:30",
}  # fmt: skip


@pytest.fixture
def reachable(town: Town) -> Town:
    """The team of the pump makers, with a Slack channel and an endpoint set up."""
    sealed.put_secret(town.connection, BOX, "slack-sales", "https://hooks.example.com/x", by="a test", now=NOW)
    endpoints.add_endpoint(town.connection, BOX, "crm", "https://crm.example.com/", [], by="a test", now=NOW)
    rosters.apply_roster(town.connection, parse_team(POMPES, "equipe.yaml"), by="a test", now=NOW)
    return town


@pytest.fixture
def client(reachable: Town) -> Any:
    """Alice, who owns it."""
    return signed_in(alice())


def posted(client: Any, town: Town, place: str, said: dict[str, Any]) -> Any:
    return client.post(place, said | {"replaces": newest(town).id})


def shown(client: Any, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200
    return str(answer.content.decode())


def member(town: Town, id: str) -> Any:
    return rosters.load_roster(town.connection).members[id]


def test_a_form_that_changes_nothing_of_it_leaves_the_text_as_it_is(client: Any, reachable: Town):
    assert 'value="08:30"' in shown(client, f"{PLACE}/members/david")
    assert posted(client, reachable, f"{PLACE}/members/david", DAVID).status_code == 303
    assert posted(client, reachable, CALLS, CALLERS | {"addresses": "", "digest": ""}).status_code == 303
    assert newest(reachable).text == POMPES


def test_a_member_is_reached_by_what_is_ticked_and_typed_and_the_comments_stay(client: Any, reachable: Town):
    said = DAVID | {"slack": ["slack-sales"], "webhook": ["crm"], "addresses": "d@example.com, d2@example.com\n",
                    "digest": "09:15"}  # fmt: skip
    assert posted(client, reachable, f"{PLACE}/members/david", said).status_code == 303
    found = member(reachable, "david")
    assert [(each.reach, each.to) for each in found.channels] == [
        ("email", "david.roux@example.com"), ("email", "d@example.com"), ("email", "d2@example.com"),
        ("slack", "slack-sales"), ("webhook", "crm"),
    ]  # fmt: skip
    assert found.digest == Digest(9 * 60 + 15)
    assert "# one mail each morning, instead of one for each alert" in newest(reachable).text
    form = shown(client, f"{PLACE}/members/david")
    assert 'name="slack" value="slack-sales" checked' in form
    assert "d@example.com\nd2@example.com</textarea>" in form


def test_what_is_unticked_and_emptied_goes(client: Any, reachable: Town):
    posted(client, reachable, f"{PLACE}/members/david", DAVID | {"slack": ["slack-sales"]})
    posted(client, reachable, f"{PLACE}/members/david", DAVID | {"digest": ""})
    found = member(reachable, "david")
    assert (found.channels, found.digest) == ((Channel(Reach.EMAIL, "david.roux@example.com"),), None)


def test_an_own_e_mail_that_changes_stays_the_way_and_keeps_its_place(client: Any, reachable: Town):
    posted(client, reachable, f"{PLACE}/members/david", DAVID | {"slack": ["slack-sales"]})
    posted(
        client, reachable, f"{PLACE}/members/david", DAVID | {"slack": ["slack-sales"], "email": "david@example.org"}
    )
    assert [each.to for each in member(reachable, "david").channels] == ["david@example.org", "slack-sales"]
    assert "channels: [email, {slack: slack-sales}]" in newest(reachable).text.replace('"', "")


def test_somebody_new_may_be_reached_on_slack_alone(client: Any, reachable: Town):
    said = ZOE | {"own": "", "slack": ["slack-sales"], "digest": ""}
    assert posted(client, reachable, f"{PLACE}/members", said).status_code == 303
    assert member(reachable, "zoe").channels == (Channel(Reach.SLACK, "slack-sales"),)


def test_a_team_has_a_mailbox_of_its_own_and_a_time_for_whoever_has_none(client: Any, reachable: Town):
    said = CALLERS | {"addresses": "appels@example.com", "slack": ["slack-sales"], "digest": "08:00"}
    assert posted(client, reachable, CALLS, said).status_code == 303
    team = rosters.load_roster(reachable.connection).teams["telemarketing"]
    assert [each.to for each in team.channels] == ["appels@example.com", "slack-sales"]
    assert team.digest == Digest(8 * 60)
    posted(client, reachable, CALLS, CALLERS)
    team = rosters.load_roster(reachable.connection).teams["telemarketing"]
    assert (team.channels, team.digest) == ((), None)


def test_a_way_that_is_no_longer_set_up_is_still_shown_and_kept(client: Any, reachable: Town):
    posted(client, reachable, f"{PLACE}/members/david", DAVID | {"slack": ["slack-sales"]})
    sealed.remove_secret(reachable.connection, "slack-sales")
    assert 'value="slack-sales" checked' in shown(client, f"{PLACE}/members/david")
    answer = posted(client, reachable, f"{PLACE}/members/david", DAVID | {"slack": ["slack-sales"], "weight": "2"})
    assert (answer.status_code, member(reachable, "david").weight) == (303, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"own": ""}, "go nowhere"), ({"addresses": "david"}, "no e-mail address: david."),
        ({"addresses": " ".join(f"d{n}@example.com" for n in range(21))}, "20 addresses at most"),
        ({"addresses": f"{'d' * 250}@example.com"}, "no e-mail address"), ({"slack": ["moon"]}, "not there any more"),
        ({"webhook": ["moon"]}, "not there any more"), ({"digest": "8h30"}, "Write the time as 08:30"),
        ({"digest": "24:00"}, "Write the time as 08:30"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_beside_its_field(
    client: Any, reachable: Town, change: dict[str, Any], said: str
):
    answer = posted(client, reachable, f"{PLACE}/members/david", DAVID | change)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert newest(reachable).text == POMPES


def test_twenty_addresses_are_taken(client: Any, reachable: Town):
    said = DAVID | {"addresses": " ".join(f"d{n}@example.com" for n in range(20))}
    assert posted(client, reachable, f"{PLACE}/members/david", said).status_code == 303
