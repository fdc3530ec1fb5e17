"""What goes out, on screen: channels tried, endpoints added and changed, the log, sending on; and who attacks by it."""

import re
from collections.abc import Iterator

import pytest

from couveuse.channels import guarded
from couveuse.engine import alerting
from couveuse.store import endpoints, intents, switches
from couveuse.store.accounts.models import Role
from couveuse.store.intents import NewIntent
from tests.channels.servers import Hooks, http_server
from tests.engine.town import NOW, Town
from tests.web.people import a_person, alice, bob, charlie, signed_in
from tests.web.test_settings_access import secret_of

PLACE, ENDPOINTS, ADDRESSES = (
    "/settings/outgoing", "/settings/outgoing/endpoints", "/settings/outgoing/addresses",
)  # fmt: skip
HOOK = "https://crm.example.com/hook"
SLACK = "https://hooks.slack.example.com/services/T000/B000/very-secret-path"


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """A server that loopback may be used for."""
    monkeypatch.setenv("COUVEUSE_PRIVATE_HOSTS", "127.0.0.1")
    with http_server() as hooks:
        yield hooks


def plan(town: Town, number: int, *, standing: str = "done", channel: str = "webhook", answer: str = "") -> int:
    target = {"endpoint": "crm"} if channel == "webhook" else {"member": "paul"}
    made = NewIntent(f"k:{number}", channel, "outside", "lead.handed_over", target, {"lead": 7}, None, NOW + number)
    (found,) = intents.plan_intents(town.connection, [made], NOW + number)
    assert found is not None
    town.connection.execute(
        "update intents set standing = %s, answer = %s, attempts = 1 where id = %s", [standing, answer, found]
    )
    return found


# ---- Endpoints -------------------------------------------------------------------------------------------------------


def test_an_endpoint_is_added_and_its_secret_shown_this_once(town: Town):
    client = signed_in(alice())
    made = client.post(ENDPOINTS, {"id": "crm", "url": HOOK, "events": ["lead.handed_over", "task.created"]})
    secret = secret_of(made.content.decode())
    assert (made.status_code, secret.startswith("whsec_")) == (201, True)
    [kept] = endpoints.list_endpoints(town.connection)
    assert (kept.id, kept.url, list(kept.events)) == ("crm", HOOK, ["lead.handed_over", "task.created"])
    for place in (PLACE, f"{ENDPOINTS}/crm", "/settings/audit"):
        assert secret not in client.get(place).content.decode()
    assert town.rows("select about from audit where did = 'added an endpoint'") == [({"endpoint": "crm"},)]


def test_the_form_offers_every_event_that_there_is(town: Town):
    page = signed_in(alice()).get(ENDPOINTS).content.decode()
    assert set(re.findall(r'name="events" value="([^"]+)"', page)) == set(alerting.EVENTS)


def test_an_endpoint_is_changed_disabled_and_enabled(town: Town):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": HOOK})
    assert client.post(f"{ENDPOINTS}/crm", {"url": f"{HOOK}/2", "events": ["task.created"]}).status_code == 303
    [kept] = endpoints.list_endpoints(town.connection)
    assert (kept.url, list(kept.events)) == (f"{HOOK}/2", ["task.created"])
    client.post(f"{ENDPOINTS}/crm/disable")
    assert "disabled" in client.get(f"{ENDPOINTS}/crm").content.decode()
    client.post(f"{ENDPOINTS}/crm/enable")
    assert endpoints.list_endpoints(town.connection)[0].disabled_at is None
    assert client.post(f"{ENDPOINTS}/crm", {"url": HOOK, "events": ["no.such"]}).status_code == 422
    for act in ("rotate", "disable", "enable"):
        assert client.post(f"{ENDPOINTS}/none/{act}").status_code == 404


def test_a_renewed_secret_is_shown_this_once_beside_the_old_one(town: Town):
    client = signed_in(alice())
    first = secret_of(client.post(ENDPOINTS, {"id": "crm", "url": HOOK}).content.decode())
    second = secret_of(client.post(f"{ENDPOINTS}/crm/rotate").content.decode())
    assert first != second
    assert second not in client.get(f"{ENDPOINTS}/crm").content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"id": "CRM", "url": HOOK}, "small letters"),
        ({"id": "../x", "url": HOOK}, "small letters"),
        ({"id": "crm", "url": "crm.example.com"}, "Write it as https"),
        ({"id": "crm", "url": "ftp://crm.example.com/"}, "Write it as https"),
        ({"id": "crm", "url": "https://user:password@crm.example.com/"}, "Write it as https"),
        ({"id": "crm", "url": "http://crm.example.com/hook"}, "not encrypted"),
        ({"id": "crm", "url": HOOK, "events": ["lead.born"]}, "does not exist"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused_beside_its_field(town: Town, form, said):
    answer = signed_in(alice()).post(ENDPOINTS, form)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert endpoints.list_endpoints(town.connection) == []


def test_the_same_name_twice_is_refused(town: Town):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": HOOK})
    assert "is taken" in client.post(ENDPOINTS, {"id": "crm", "url": f"{HOOK}/2"}).content.decode()


# ---- Who would have us ask the inside --------------------------------------------------------------------------------

INSIDE = (
    "https://127.0.0.1/", "https://localhost/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.7/", "https://192.168.1.1/admin",
    "https://172.16.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[fe80::1]/", "https://[fd00::1]/",
    "https://0.0.0.0/", "https://100.64.0.1/", "https://[64:ff9b::7f00:1]/",
)  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_of_the_inside_is_refused_in_words(town: Town, url):
    answer = signed_in(alice()).post(ENDPOINTS, {"id": "crm", "url": url})
    assert (answer.status_code, "inside of a network" in answer.content.decode()) == (422, True)
    assert signed_in(a_person("Anne", Role.OWNER)).post(ADDRESSES, {"name": "sales", "url": url}).status_code == 422
    assert town.rows("select from endpoints") == town.rows("select from sealed_secrets") == []


def test_a_name_that_leads_inside_is_refused(town: Town, monkeypatch):
    monkeypatch.setattr(guarded, "look_up", lambda host, port, timeout: ["93.184.215.14", "10.0.0.7"])
    answer = signed_in(alice()).post(ENDPOINTS, {"id": "crm", "url": "https://rebound.example.com/"})
    assert (answer.status_code, "inside of a network" in answer.content.decode()) == (422, True)


def test_a_name_that_comes_to_lead_inside_is_refused_when_it_is_tried(town: Town, monkeypatch):
    monkeypatch.setattr(guarded, "look_up", lambda host, port, timeout: ["93.184.215.14"])
    client = signed_in(alice())
    assert client.post(ENDPOINTS, {"id": "crm", "url": "https://rebound.example.com/"}).status_code == 201
    monkeypatch.setattr(guarded, "look_up", lambda host, port, timeout: ["127.0.0.1"])
    tried = client.post(f"{ENDPOINTS}/crm/try")
    assert (tried.status_code, "inside of a network" in tried.content.decode()) == (422, True)


def test_an_endpoint_cannot_be_changed_to_lead_inside(town: Town):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": HOOK})
    assert client.post(f"{ENDPOINTS}/crm", {"url": "https://127.0.0.1/"}).status_code == 422
    assert endpoints.list_endpoints(town.connection)[0].url == HOOK


def test_a_redirect_to_the_inside_is_not_followed(town: Town, outside: Hooks):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": f"{outside.url}/hook"})
    outside.script = [(302, {"Location": f"{outside.url}/secret"}, b"")]
    tried = client.post(f"{ENDPOINTS}/crm/try").content.decode()
    assert [path for path, _, _ in outside.got] == ["/hook"]
    assert "redirects are not followed" in tried


# ---- Trying ----------------------------------------------------------------------------------------------------------


def test_a_trial_tells_what_the_other_side_answered(town: Town, outside: Hooks):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": f"{outside.url}/hook"})
    taken = client.post(f"{ENDPOINTS}/crm/try")
    assert (taken.status_code, "took the trial message" in taken.content.decode()) == (200, True)
    [(_, headers, body)] = outside.got
    assert "webhook-signature" in headers
    assert b'"trial"' in body
    outside.script = [(500, {}, b"<script>alert(1)</script>")]
    refused = client.post(f"{ENDPOINTS}/crm/try").content.decode()
    assert "Not taken, for now" in refused
    assert "500" in refused
    assert "<script>alert" not in refused


def test_nothing_is_tried_while_all_is_stopped(town: Town, outside: Hooks):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": f"{outside.url}/hook"})
    switches.turn(town.connection, switches.STOP, on=True, by="a test", now=NOW)
    tried = client.post(f"{ENDPOINTS}/crm/try")
    assert "Everything is stopped" in tried.content.decode()
    assert outside.got == []


def test_mail_that_cannot_leave_says_what_to_set(town: Town, monkeypatch):
    monkeypatch.delenv("COUVEUSE_MAIL_URL", raising=False)
    client = signed_in(alice())
    assert "COUVEUSE_MAIL_URL" in client.get(PLACE).content.decode()
    assert "COUVEUSE_MAIL_URL" in client.post(f"{PLACE}/mail/try", {"to": "x@example.com"}).content.decode()


# ---- Addresses of Slack's --------------------------------------------------------------------------------------------


def test_an_address_of_slack_s_is_kept_sealed_and_never_shown(town: Town, caplog):
    client = signed_in(alice())
    assert client.post(ADDRESSES, {"name": "sales", "url": SLACK}).status_code == 303
    pages = [client.get(place).content.decode() for place in (PLACE, ADDRESSES, f"{ADDRESSES}?name=sales")]
    assert "sales" in pages[0]
    assert not any("very-secret-path" in page for page in pages)
    assert "very-secret-path" not in repr(town.rows("select * from sealed_secrets")) + caplog.text
    assert town.rows("select by, about from audit where did = 'kept an address'") == [
        ("alice@example.com", {"secret": "sales"})
    ]
    client.post(f"{ADDRESSES}/sales/remove")
    assert town.rows("select from sealed_secrets") == []


def test_an_address_that_will_not_do_is_not_shown_again(town: Town):
    answer = signed_in(alice()).post(ADDRESSES, {"name": "Sales!", "url": SLACK})
    assert (answer.status_code, "very-secret-path" in answer.content.decode()) == (422, False)


# ---- The log ---------------------------------------------------------------------------------------------------------


def test_the_log_is_read_page_by_page_and_by_filters(town: Town):
    client = signed_in(alice())
    client.post(ENDPOINTS, {"id": "crm", "url": HOOK})
    for number in range(55):
        plan(town, number, channel="webhook" if number % 5 else "email")
    page = client.get(PLACE).content.decode()
    assert page.count('<tr><td class="first">') == 50
    following = re.search(r'href="(/settings/outgoing\?[^"]*before=\d+)"', page)
    assert following is not None
    assert client.get(following[1].replace("&amp;", "&")).content.decode().count('<tr><td class="first">') == 5
    assert client.get(PLACE, {"channel": "email"}).content.decode().count('<tr><td class="first">') == 11
    assert client.get(PLACE, {"endpoint": "crm"}).content.decode().count('<tr><td class="first">') == 44
    assert client.get(PLACE, {"standing": "dead"}).content.decode().count('<tr><td class="first">') == 0
    assert client.get(PLACE, {"standing": "x'", "before": "y"}).status_code == 200


def test_what_was_given_up_is_seen_with_its_attempts_and_sent_on(town: Town):
    client = signed_in(alice())
    number = plan(town, 1, standing="dead", answer="HTTP 410")
    town.connection.execute(
        "insert into intent_attempts (intent_id, number, at, ended_at, outcome, answer)"
        " values (%s, 1, 1, 2, 'refused', 'HTTP 410')", [number],
    )  # fmt: skip
    page = client.get(f"{PLACE}/{number}").content.decode()
    assert "HTTP 410" in page
    assert 'href="/leads/7"' in page
    client.post(f"{PLACE}/{number}/replay")
    assert town.rows("select standing from intents where id = %s", number) == [("waiting",)]
    client.post(f"{PLACE}/{number}/replay")  # it only waits
    assert len(town.rows("select from audit where did = 'replayed intents'")) == 1
    assert client.get(f"{PLACE}/999999").status_code == 404


def test_all_that_was_given_up_is_sent_on_at_once(town: Town):
    client = signed_in(alice())
    plan(town, 1, standing="dead"), plan(town, 2, standing="dead"), plan(town, 3, standing="parked")
    client.post(f"{PLACE}/replay", {"standing": "dead"})
    assert sorted(town.rows("select standing from intents")) == [("parked",), ("waiting",), ("waiting",)]
    client.post(f"{PLACE}/replay", {"standing": "done"})
    assert sorted(town.rows("select standing from intents")) == [("parked",), ("waiting",), ("waiting",)]


def test_what_the_other_side_said_is_no_markup(town: Town):
    plan(town, 1, standing="dead", answer="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in signed_in(alice()).get(PLACE).content.decode()


# ---- Who may ---------------------------------------------------------------------------------------------------------


def test_marketing_sees_the_log_and_changes_nothing(town: Town):
    owner, mary = signed_in(alice()), signed_in(a_person("Mary", Role.MARKETING))
    owner.post(ENDPOINTS, {"id": "crm", "url": f"{HOOK}?token=hidden"})
    number = plan(town, 1, standing="dead")
    page = mary.get(PLACE).content.decode()
    assert "crm.example.com" in page
    assert "token=hidden" not in page
    assert '<form method="post"' not in page.split('id="main"')[1]
    for place in (ENDPOINTS, f"{ENDPOINTS}/crm", ADDRESSES):
        assert mary.get(place).status_code == 403
    for place in (ENDPOINTS, f"{ENDPOINTS}/crm/rotate", f"{ENDPOINTS}/crm/try", ADDRESSES, f"{PLACE}/{number}/replay",
                  f"{PLACE}/replay", f"{PLACE}/mail/try"):  # fmt: skip
        assert mary.post(place, {"standing": "dead"}).status_code == 403
    assert town.rows("select standing from intents") == [("dead",)]


def test_others_see_nothing_of_it(town: Town):
    for person in (bob(None), charlie()):
        assert signed_in(person).get(PLACE).status_code == 403
        assert signed_in(person).post("/settings/switches/stop", {"on": "1", "sure": "1"}).status_code == 403
    assert town.rows("select from switches") == []


# ---- The switches ----------------------------------------------------------------------------------------------------


def test_the_red_button_asks_whether_one_is_sure_and_shows_on_every_page(town: Town):
    client = signed_in(alice())
    unsure = client.post("/settings/switches/stop", {"on": "1", "because": "a wrong model"})
    assert (unsure.status_code, town.rows("select from switches")) == (422, [])
    assert "a wrong model" in unsure.content.decode()
    client.post("/settings/switches/stop", {"on": "1", "sure": "1", "because": "a <wrong> model"})
    assert switches.is_switched_on(town.connection, switches.STOP)
    page = client.get("/settings/switches").content.decode()
    assert "a &lt;wrong&gt; model" in page
    assert "alice@example.com" in page
    for place in ("/settings", "/settings/audit"):
        assert 'class="banner"' in client.get(place).content.decode()
    client.post("/settings/switches/stop", {"on": "0"})
    assert not switches.is_switched_on(town.connection, switches.STOP)
    assert 'class="banner"' not in client.get("/settings").content.decode()


def test_a_rehearsal_begins_and_ends(town: Town):
    client = signed_in(a_person("Mary", Role.MARKETING))
    client.post("/settings/switches/rehearsal", {"on": "1", "sure": "1"})
    assert switches.switched_on(town.connection) == ["rehearsal"]
    client.post("/settings/switches/rehearsal", {"on": "0"})
    assert switches.switched_on(town.connection) == []
    client.post("/settings/switches/whatever", {"on": "1", "sure": "1"})
    assert client.post("/settings/switches/stop", {"on": "1", "sure": "1", "because": "x" * 201}).status_code == 422
    assert switches.switched_on(town.connection) == []
