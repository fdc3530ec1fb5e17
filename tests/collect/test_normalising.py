"""Messages as facts: what each kind becomes, when it happened, whose it is, and why it is none."""

import copy
from typing import Any

import pytest

from couveuse.collect.normalising import Arrival, fact
from couveuse.core.events import INSIDE_ONLY, Refused, Reject, Row
from couveuse.core.times import instant, iso
from tests.collect.doors import UTC, as_a_file_says

NOW = instant("2026-11-27T12:00:00Z", UTC) or 0
SERVER, PUBLIC = Arrival(NOW, "crm", is_public=False), Arrival(NOW, "site", is_public=True)
TRACK = {"event": "Demo Requested", "userId": "u-1", "messageId": "m-1"}
PAGE = {"userId": "u-1", "messageId": "m-1"}


def made(kind: object, message: dict[str, Any], arrival: Arrival = SERVER) -> Row:
    found = fact(kind, copy.deepcopy(message), arrival)
    assert isinstance(found, Row), found
    assert found == as_a_file_says(found)
    return found


def reason(kind: object, message: dict[str, Any], arrival: Arrival = SERVER) -> Reject | None:
    found = fact(kind, copy.deepcopy(message), arrival)
    return found.reason if isinstance(found, Refused) else None


# ---- Kinds --------------------------------------------------------------------------------------------------


def test_a_track_is_the_event_that_it_names() -> None:
    row = made("track", {**TRACK, "properties": {"plan": "pro", "value": 1200.5}, "context": {"ip": "203.0.113.9"}})
    assert (row.fact.event, row.fact.source, row.fact.message_id) == ("Demo Requested", "crm", "m-1")
    assert (row.fact.properties, row.fact.context) == ({"plan": "pro", "value": 1200.5}, {"ip": "203.0.113.9"})
    assert (row.email, row.user_id, row.anonymous_id) == (None, "u-1", None)


def test_an_identify_sets_traits_and_its_email_is_whose_it_is() -> None:
    row = made(
        "identify", {"userId": "u-1", "messageId": "m", "traits": {"email": " Ana@Example.com ", "title": "CFO"}}
    )
    assert (row.fact.event, row.email, row.user_id) == ("Traits Set", "ana@example.com", "u-1")
    assert row.fact.traits == {"email": " Ana@Example.com ", "title": "CFO"}


def test_traits_of_an_identify_may_stand_in_its_context() -> None:
    message = {"userId": "u-1", "traits": {"title": "CEO"}, "context": {"traits": {"email": "a@b.com", "title": "CFO"}}}
    row = made("identify", {**message, "messageId": "m"})
    assert (row.fact.traits, row.email) == ({"email": "a@b.com", "title": "CEO"}, "a@b.com")
    assert row.fact.context == message["context"]


def test_a_null_trait_takes_the_trait_away() -> None:
    assert made("identify", {"userId": "u", "messageId": "m", "traits": {"title": None}}).fact.traits == {"title": None}


def test_an_identify_without_traits_joins_its_keys() -> None:
    row = made("identify", {"userId": "u-1", "anonymousId": "d-1", "messageId": "m"})
    assert (row.fact.event, row.user_id, row.anonymous_id) == ("Identities Joined", "u-1", "d-1")


def test_a_page_is_a_page_view_with_its_name_and_category() -> None:
    message = {**PAGE, "name": "Pricing", "category": "Docs", "properties": {"path": "/pricing", "name": "Prices"}}
    row = made("page", message)
    assert row.fact.event == "Page Viewed"
    assert row.fact.properties == {"path": "/pricing", "name": "Prices", "category": "Docs"}


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"properties": {"path": "/a", "url": "https://example.com/b"}}, "/a"),
        ({"properties": {"url": "https://example.com/tarifs?x=1#y"}}, "/tarifs"),
        ({"properties": {"url": "https://example.com"}}, "/"),
        ({"properties": {"path": "", "url": "https://example.com/b"}}, "/b"),
        ({"context": {"page": {"path": "/c", "url": "https://example.com/d"}}}, "/c"),
        ({"context": {"page": {"url": "https://example.com/d"}}}, "/d"),
        ({"properties": {"url": "https://example.com/b"}, "context": {"page": {"path": "/c"}}}, "/c"),
        ({"properties": {"url": "http://[::1"}}, None),
        ({"properties": {"url": 5}, "context": {"page": "x"}}, None),
        ({}, None),
    ],
)
def test_a_page_has_a_path_its_own_or_its_addresss(message: dict[str, Any], path: str | None) -> None:
    assert made("page", {**PAGE, **message}).fact.properties.get("path") == path


def test_a_screen_is_a_screen_view() -> None:
    row = made("screen", {**PAGE, "name": "Home", "category": "App", "properties": {"a": 1}})
    assert row.fact.event == "Screen Viewed"
    assert row.fact.properties == {"a": 1, "name": "Home", "category": "App"}


def test_a_group_says_the_company_of_a_person() -> None:
    message = {**PAGE, "groupId": "acme", "traits": {"name": "Acme", "employees": 420, "email": "info@acme.example"}}
    row = made("group", {**message, "context": {"traits": {"email": "ana@example.com"}}})
    assert row.fact.event == "Traits Set"
    assert row.fact.traits == {
        "company": {"id": "acme", "name": "Acme", "employees": 420, "email": "info@acme.example"}
    }
    assert row.email == "ana@example.com"  # the company's own address is nobody's


def test_a_companys_own_id_stands_and_the_groups_is_kept() -> None:
    row = made("group", {**PAGE, "groupId": 7, "traits": {"id": "siren-1"}})
    assert (row.fact.traits, row.fact.properties) == ({"company": {"id": "siren-1"}}, {"groupId": 7})


def test_a_group_that_names_nothing_is_incomplete() -> None:
    assert reason("group", PAGE) is Reject.BAD_CHANGE


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ({"previousId": "anon-77"}, (None, "u-1", "anon-77")),
        ({"previousId": "Ana@Example.com"}, ("ana@example.com", "u-1", None)),
        ({"previousId": "u-1", "anonymousId": "d-1"}, (None, "u-1", "d-1")),
        ({"previousId": 77}, (None, "u-1", "77")),
        ({"previousId": "d-0", "anonymousId": "d-1"}, (None, "u-1", "d-0")),
        ({"previousId": "", "anonymousId": "d-1"}, (None, "u-1", "d-1")),
    ],
)
def test_an_alias_joins_an_earlier_key(said: dict[str, Any], keys: tuple[str | None, ...]) -> None:
    row = made("alias", {**PAGE, **said})
    assert (row.fact.event, row.email, row.user_id, row.anonymous_id) == ("Identities Joined", *keys)
    if said["previousId"]:
        assert row.fact.properties["previousId"] == said["previousId"]


def test_a_device_that_an_alias_displaces_is_kept() -> None:
    row = made("alias", {**PAGE, "previousId": "d-0", "anonymousId": "d-1"})
    assert row.fact.properties == {"previousId": "d-0", "anonymousId": "d-1"}


@pytest.mark.parametrize("kind", ["Track", "charge", "", None, 5, ["track"], {"track": 1}, "batch"])
def test_a_kind_that_nobody_knows_is_rejected(kind: object) -> None:
    assert reason(kind, TRACK) is Reject.NO_TYPE


def test_names_of_other_vendors_become_standard_ones() -> None:
    row = made(
        "track", {**TRACK, "event": "Email Link Clicked", "properties": {"link_url": "https://example.com/devis"}}
    )
    assert (row.fact.event, row.fact.properties["url"]) == ("Email Clicked", "https://example.com/devis")
    assert row.fact.context["original_event"] == "Email Link Clicked"
    assert made("track", {**TRACK, "event": "Email Marked as Spam"}).fact.event == "Email Complained"


@pytest.mark.parametrize(
    ("event", "properties"),
    [
        ("Group Joined", {"group": "Clients"}),
        ("Group Left", {"group": "Clients"}),
        ("Consent Given", {"purpose": "marketing_email", "basis": "form"}),
        ("Consent Withdrawn", {"purpose": "phone"}),
        ("Score Adjusted", {"kind": "add", "points": 5}),
        ("Verdict Given", {"of": "m-0", "verdict": "machine"}),
    ],
)
def test_facts_that_change_a_lead_are_tracked_under_their_names(event: str, properties: dict[str, Any]) -> None:
    row = made("track", {**TRACK, "event": event, "properties": properties})
    assert (row.fact.event, row.fact.properties) == (event, properties)
    assert reason("track", {**TRACK, "event": event}) is Reject.BAD_CHANGE


# ---- What was sent is found again ----------------------------------------------------------------------------


def test_nothing_is_dropped_but_what_speaks_to_other_services() -> None:
    context = {"library": {"name": "x", "list": [1, {"a": None}]}, "ip": "203.0.113.9"}
    message = {**TRACK, "properties": {"deep": {"er": [1, 2.5, "é", True]}}, "context": context}
    beside = {"channel": "server", "version": 2, "category": "Docs"}
    others = {"integrations": {"All": True}, "_metadata": {"bundled": []}}
    dropped = {**others, "writeKey": "k", "sentAt": None, "type": "track", "receivedAt": "2026-01-01"}
    row = made("track", {**message, **beside, **dropped})
    assert row.fact.properties == message["properties"]
    assert row.fact.context == {**context, **beside}


def test_the_context_of_a_batch_is_that_of_its_events_where_they_say_nothing_else() -> None:
    arrival = Arrival(NOW, "crm", is_public=False, context={"ip": "203.0.113.1", "locale": "fr"})
    row = made("track", {**TRACK, "context": {"ip": "203.0.113.2"}}, arrival)
    assert row.fact.context == {"ip": "203.0.113.2", "locale": "fr"}
    assert arrival.context == {"ip": "203.0.113.1", "locale": "fr"}


# ---- Whose ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ({"userId": 12.0, "anonymousId": " d "}, (None, "12", "d")),
        ({"userId": None, "anonymousId": "d"}, (None, None, "d")),
        ({"userId": "", "anonymousId": "d"}, (None, None, "d")),
        ({"userId": {"a": 1}, "anonymousId": "d"}, (None, None, "d")),
        ({"userId": "u", "context": {"traits": {"email": "Ana@Example.com"}}}, ("ana@example.com", "u", None)),
        ({"userId": "u", "context": {"traits": {"email": None}}}, (None, "u", None)),
        ({"userId": "u", "context": {"traits": ["email"]}}, (None, "u", None)),
        ({"userId": None, "context": {"traits": {"email": "a@b.com"}}}, ("a@b.com", None, None)),
    ],
)
def test_null_and_empty_keys_are_absent_and_numbers_are_written_out(
    said: dict[str, Any], keys: tuple[str | None, ...]
) -> None:
    row = made("track", {**TRACK, **said})
    assert (row.email, row.user_id, row.anonymous_id) == keys


def test_an_address_written_into_a_form_is_whose_it_is() -> None:
    said = {"properties": {"email": "bob@example.com"}, "context": {"traits": {"email": "ana@example.com"}}}
    assert made("track", {**TRACK, "event": "Form Submitted", **said}).email == "bob@example.com"
    assert made("track", {**TRACK, "event": "Invite Sent", **said}).email == "ana@example.com"


@pytest.mark.parametrize("said", [{"userId": None}, {"userId": " "}, {"userId": []}, {"userId": True}])
def test_what_is_nobodys_is_rejected(said: dict[str, Any]) -> None:
    assert reason("track", {**TRACK, **said}) is Reject.NO_IDENTITY


# ---- When ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"timestamp": "2026-11-27T11:00:00Z"}, "2026-11-27T11:00:00Z"),
        ({"timestamp": "2026-11-27T11:00:00"}, "2026-11-27T11:00:00Z"),
        ({"originalTimestamp": "2026-11-27T11:00:00.5+01:00"}, "2026-11-27T10:00:00.500000Z"),
        ({}, "2026-11-27T12:00:00Z"),
        ({"timestamp": None}, "2026-11-27T12:00:00Z"),
        ({"timestamp": ""}, "2026-11-27T12:00:00Z"),
        # The sender's clock is an hour ahead, and the event was a minute old when it was sent.
        ({"timestamp": "2026-11-27T12:59:00Z", "sentAt": "2026-11-27T13:00:00Z"}, "2026-11-27T11:59:00Z"),
        ({"originalTimestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:30Z"}, "2026-11-27T11:59:30Z"),
        # What was corrected before is not corrected again.
        ({"timestamp": "2026-11-01T00:00:00Z", "originalTimestamp": "2025-01-01T00:00:00Z",
          "sentAt": "2025-01-01T00:00:10Z"}, "2026-11-01T00:00:00Z"),
        # A sentAt that is no time corrects nothing.
        ({"timestamp": "2026-11-27T11:00:00Z", "sentAt": "now"}, "2026-11-27T11:00:00Z"),
        ({"timestamp": "2026-11-27T11:00:00Z", "sentAt": 5}, "2026-11-27T11:00:00Z"),
        # Nothing happens after it was received.
        ({"timestamp": "2026-11-28T00:00:00Z"}, "2026-11-27T12:00:00Z"),
        ({"timestamp": "2026-11-27T12:00:05Z", "sentAt": "2026-11-27T12:00:00Z"}, "2026-11-27T12:00:00Z"),
        ({"timestamp": "2199-12-31T00:00:00Z"}, "2026-11-27T12:00:00Z"),
    ],
)  # fmt: skip
def test_a_senders_clock_is_corrected_by_when_it_sent(said: dict[str, Any], at: str) -> None:
    assert iso(made("track", {**TRACK, **said}).fact.at) == at


def test_a_batch_says_once_when_it_was_sent_and_an_event_may_say_otherwise() -> None:
    arrival = Arrival(NOW, "crm", is_public=False, sent_at=NOW + 3_600_000_000)
    timed = {**TRACK, "timestamp": "2026-11-27T12:30:00Z"}
    assert iso(made("track", timed, arrival).fact.at) == "2026-11-27T11:30:00Z"
    assert iso(made("track", {**timed, "sentAt": "2026-11-27T12:31:00Z"}, arrival).fact.at) == "2026-11-27T11:59:00Z"


@pytest.mark.parametrize(
    "said",
    [
        {"timestamp": "yesterday"},
        {"timestamp": 1_795_343_175_470},
        {"timestamp": "1850-01-01T00:00:00Z"},
        {"timestamp": "2200-01-01T00:00:00Z"},
        {"originalTimestamp": True},
        {"timestamp": {"a": 1}},
        {"timestamp": "1900-01-02T00:00:00Z", "sentAt": "2199-12-31T00:00:00Z"},
    ],
)
def test_what_is_no_time_or_too_far_off_is_rejected(said: dict[str, Any]) -> None:
    assert reason("track", {**TRACK, **said}) is Reject.BAD_TIME


def test_a_message_without_an_id_is_known_by_what_it_says_however_often_it_is_sent() -> None:
    message = {**TRACK, "messageId": None, "timestamp": "2026-11-27T11:00:00Z"}
    tries = [
        fact("track", {**message, "sentAt": sent_at}, Arrival(NOW + late, "crm", is_public=False))
        for sent_at, late in (("2026-11-27T11:00:01Z", 0), ("2026-11-27T11:00:09.5Z", 8_600_123))
    ]
    first, second = (row.fact for row in tries if isinstance(row, Row))
    assert first.message_id == second.message_id
    assert first.at != second.at
    other = made("track", {**message, "properties": {"a": 1}})
    assert other.fact.message_id != first.message_id


# ---- Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({**TRACK, "event": None}, Reject.NO_EVENT),
        ({**TRACK, "event": " "}, Reject.NO_EVENT),
        ({**TRACK, "event": {"a": 1}}, Reject.NO_EVENT),
        ({**TRACK, "event": "x" * 201}, Reject.LONG_KEY),
        ({**TRACK, "userId": "x" * 501}, Reject.LONG_KEY),
        ({**TRACK, "messageId": "x" * 501}, Reject.LONG_KEY),
        ({**TRACK, "properties": "text"}, Reject.BAD_PART),
        ({**TRACK, "properties": [1]}, Reject.BAD_PART),
        ({**TRACK, "context": 5}, Reject.BAD_PART),
        ({**TRACK, "traits": True}, Reject.BAD_PART),
        ({**TRACK, "properties": {"a": ["x\x00"]}}, Reject.NUL),
        ({**TRACK, "context": {"a\x00": 1}}, Reject.NUL),
        ({**TRACK, "userId": "u\x00"}, Reject.NUL),
        ({**TRACK, "event": "e\x00"}, Reject.NUL),
        ({**TRACK, "beside\x00": 1}, Reject.NUL),
    ],
)
def test_what_is_no_fact_says_why(message: dict[str, Any], why: Reject) -> None:
    assert reason("track", message) is why


def test_an_empty_list_is_an_empty_object_of_phps() -> None:
    row = made("track", {**TRACK, "properties": [], "context": [], "traits": []})
    assert (row.fact.properties, row.fact.context, row.fact.traits) == ({}, {}, {})


@pytest.mark.parametrize("event", sorted(INSIDE_ONLY))
def test_what_only_the_inside_knows_is_not_a_pages_to_say(event: str) -> None:
    words = {"group": "g", "kind": "reset", "of": "m", "verdict": "human"}
    message = {**TRACK, "event": event, "properties": words}
    assert reason("track", message, PUBLIC) is Reject.NOT_ALLOWED
    assert reason("track", message) is None


def test_a_vendors_name_for_what_only_the_inside_knows_is_not_a_pages_to_say_either() -> None:
    assert reason("track", {**TRACK, "event": "Email Marked as Spam"}, PUBLIC) is Reject.NOT_ALLOWED


@pytest.mark.parametrize("kind", ["identify", "track"])
def test_a_page_cannot_set_its_visitor_aside(kind: str) -> None:
    traits = {"email": "a@b.com", "job_title": "buyer", "lead_class": "competitor"}
    message = {"event": "Traits Set", "userId": "u", "traits": traits}
    assert made(kind, message, PUBLIC).fact.traits == {"email": "a@b.com", "job_title": "buyer"}
    assert made(kind, message).fact.traits == traits


def test_a_page_that_says_nothing_but_a_class_is_refused() -> None:
    context = {"traits": {"lead_class": "competitor"}}
    assert reason("identify", {"userId": "u", "context": context}, PUBLIC) is Reject.NOT_ALLOWED
    assert reason("identify", {"userId": "u", "traits": {"lead_class": None}}, PUBLIC) is Reject.NOT_ALLOWED


def test_a_page_may_say_who_its_visitor_is_and_what_they_asked() -> None:
    assert reason("identify", {"userId": "u", "traits": {"email": "a@b.com"}}, PUBLIC) is None
    assert reason("track", {**TRACK, "event": "Quote Requested"}, PUBLIC) is None
    assert reason("track", {**TRACK, "event": "Consent Given", "properties": {"purpose": "phone"}}, PUBLIC) is None
