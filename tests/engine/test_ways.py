"""Where intents go by each channel, and what an outcome means for the place: left alone, failing, disabled."""

import json

import pytest

from couveuse.engine.clocks import now_us
from couveuse.engine.ways import ways
from couveuse.errors import BadInput
from couveuse.store import endpoints
from couveuse.store.sealed import Box
from tests.channels.servers import drop, http_server
from tests.engine.post_office import SECRET_KEY, Office
from tests.engine.town import configuration

SECOND = 1_000_000


@pytest.fixture
def hooks():
    with http_server() as hooks:
        yield hooks


@pytest.fixture
def office(shared_database):
    with Office(shared_database) as office:
        yield office


def later(seconds: float):
    """A clock that is so much ahead."""
    return lambda: now_us() + round(seconds * SECOND)


def endpoint(office, id="crm"):
    return next(each for each in endpoints.list_endpoints(office.connection) if each.id == id)


def test_it_works(office, hooks):
    office.endpoint("crm", f"{hooks.url}/hook")
    office.secret("sales", f"{hooks.url}/services/x")
    hook = office.plan("webhook", audience="outside", about={"alert": 5, "member": "paul"})
    post = office.plan("slack")
    office.work("webhook")
    office.work("slack")
    assert [office.standing(number)[0] for number in (hook, post)] == ["done", "done"]
    assert [path for path, _, _ in hooks.got] == ["/hook", "/services/x"]
    told = json.loads(hooks.got[0][2])
    assert (told["type"], told["data"]["about"]) == ("lead.handed_over", {"alert": 5})  # and nobody of ours by name


def test_slack_hears_one_message_a_second(office, hooks):
    office.secret("sales", hooks.url)
    office.secret("other", hooks.url)
    for _ in range(3):
        office.plan("slack")
    office.plan("slack", {"secret": "other"})
    office.work("slack")
    assert len(hooks.got) == 2  # one to each address
    office.work("slack", later(1.1))
    assert len(hooks.got) == 3


def test_slack_is_left_alone_for_as_long_as_it_asks(office, hooks):
    office.secret("sales", hooks.url)
    number = office.plan("slack")
    office.plan("slack")
    hooks.script = [(429, {"Retry-After": "60"}, b"")]
    office.work("slack")
    office.work("slack", later(50))
    assert len(hooks.got) == 1
    office.work("slack", later(61))
    assert len(hooks.got) == 2
    assert office.standing(number)[1] >= 1


def test_an_endpoint_that_fails_is_left_alone_and_shown(office, hooks):
    office.endpoint("crm", hooks.url)
    office.endpoint("well", hooks.url)
    first, second = office.plan("webhook", audience="outside"), office.plan("webhook", audience="outside")
    well = office.plan("webhook", {"endpoint": "well"}, audience="outside")
    hooks.script = [(500, {}, b"")]
    office.work("webhook")
    assert [office.standing(number)[0] for number in (first, second, well)] == ["waiting", "waiting", "done"]
    assert endpoint(office).failing_since is not None
    office.work("webhook", later(7))
    assert office.standing(first)[0] == office.standing(second)[0] == "done"
    assert endpoint(office).failing_since is None


def test_an_unknown_outcome_is_tried_again_with_the_same_id(office, hooks):
    office.endpoint("crm", hooks.url)
    number = office.plan("webhook", audience="outside")
    hooks.script = [drop]
    office.work("webhook")
    assert office.standing(number) == ("waiting", 1, 0)
    office.work("webhook", later(7))
    assert office.standing(number)[0] == "done"
    assert len({headers["webhook-id"] for _, headers, _ in hooks.got}) == 1
    assert office.outcomes(number) == ["unknown", "delivered"]


def test_an_endpoint_that_is_gone_is_disabled(office, hooks):
    office.endpoint("crm", hooks.url)
    first, second = office.plan("webhook", audience="outside"), office.plan("webhook", audience="outside")
    hooks.script = [(410, {}, b"")]
    office.work("webhook")
    assert [office.standing(number) for number in (first, second)] == [("dead", 1, 0), ("dead", 0, 0)]
    assert endpoint(office).disabled_because == "the endpoint answers 410"
    assert "is disabled" in office.answer(second)
    assert ("disabled an endpoint",) in office.rows("select did from audit")


@pytest.mark.parametrize(
    ("channel", "target", "answer"),
    [
        ("slack", {"secret": "none"}, "couveuse outgoing secret set none"),
        ("webhook", {"endpoint": "none"}, "there is no endpoint none"),
    ],
)
def test_a_place_that_is_not_there(office, channel, target, answer):
    number = office.plan(channel, target)
    office.work(channel)
    assert office.standing(number) == ("dead", 0, 0)
    assert answer in office.answer(number)


def test_secrets_of_another_secret_key_are_told_with_the_cure(office, hooks):
    office.box = Box("another secret key of a test, or so")
    office.endpoint("crm", hooks.url)
    office.secret("sales", hooks.url)
    numbers = [office.plan("webhook"), office.plan("slack")]
    office.work("webhook")
    office.work("slack")
    assert [office.standing(number)[0] for number in numbers] == ["dead", "dead"]
    assert all("set it again" in office.answer(number) for number in numbers)
    assert hooks.got == []


def test_a_webhook_to_the_team_goes_in_a_rehearsal_and_says_so(office, hooks):
    from couveuse.store import switches

    office.endpoint("crm", hooks.url)
    switches.turn(office.connection, switches.REHEARSAL, on=True, by="alice", now=1)
    ours, outside = office.plan("webhook"), office.plan("webhook", audience="outside")
    office.work("webhook")
    assert [office.standing(number)[0] for number in (ours, outside)] == ["done", "withdrawn"]
    assert json.loads(hooks.got[0][2])["data"]["is_rehearsal"] is True


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"mail_url": "smtp://mail.example.com?tls=x"}, "COUVEUSE_MAIL_URL"),
        ({"mail_url": "smtp://mail.example.com", "mail_from": "nobody"}, "COUVEUSE_MAIL_FROM"),
        ({"private_hosts": "10.0.0.1/8"}, "COUVEUSE_PRIVATE_HOSTS"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_at_start(settings, named):
    with pytest.raises(BadInput, match=named):
        ways(configuration(secret_key=SECRET_KEY, **settings))


def test_without_a_mail_url_there_is_no_way_for_mail():
    made = [make() for make in ways(configuration(secret_key=SECRET_KEY))]
    assert {way.channel for way in made} == {"slack", "webhook"}
    for way in made:
        way.rest()
        way.close()
