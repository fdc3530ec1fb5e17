"""What is kept of facts is what the list names, and never what names people."""

import json

import pytest

from couveuse.archive.keeping import Keeper, Projector, checked, covers, is_identifier, lacking, wanted_of
from couveuse.errors import BadInput

KEY = "alice@example.com"


def kept(names, *parts, event="Page Viewed", key=KEY, withheld=()):
    return Keeper(names, withheld).keep(event, json.dumps(parts).encode(), key)


def test_it_works():
    context = {"page": {"path": "/a", "title": "T"}, "ip": "192.0.2.1"}
    names = ["path", "context.page.path", "traits.plan"]
    found = kept(names, "m1", {"path": "/a", "q": 1}, context, {"plan": "pro", "city": "Lyon"})
    assert found == ("m1", '{"path":"/a"}', '{"page":{"path":"/a"}}', '{"plan":"pro"}', False)


def test_nothing_kept_is_nothing():
    assert kept(["path"], "m1", {"q": 1}) == ("m1", None, None, None, False)


@pytest.mark.parametrize("name", ["email", "traits.first_name", "context.ip", "userId", "context.traits.Phone-Number"])
def test_what_names_people_is_never_kept(name):
    assert is_identifier(name)
    with pytest.raises(BadInput, match="never archived"):
        checked([name])


def test_a_fact_whose_read_property_names_people_stays():
    names, withheld = wanted_of([["email", "color"]], ())
    assert withheld == ("email",)
    assert kept(names, "m1", {"email": KEY, "color": "red"}, withheld=withheld) == (
        "m1",
        '{"color":"red"}',
        None,
        None,
        True,
    )
    assert not kept(names, "m1", {"color": "red"}, withheld=withheld).stays


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/merci?e=bob@example.org&a=1", "/merci?e=(removed)&a=1"),
        ("/merci?e=bob%40example.org", "/merci?e=(removed)"),
        ("/users/u-77/invoices", "/users/(removed)/invoices"),
    ],
)
def test_an_address_or_a_key_in_what_is_kept_is_taken_out_and_the_fact_stays(path, shown):
    found = kept(["path"], "m1", {"path": path}, None, None, "u-77")
    assert json.loads(found.properties or "") == {"path": shown}
    assert found.stays


def test_a_key_within_a_longer_word_is_none():
    assert not kept(["path"], "m1", {"path": "/pumps/12345"}, None, None, "234").stays


def test_a_message_id_that_holds_the_persons_key_is_taken_out():
    found = kept(["path"], f"{KEY}-2026", {"path": "/a"})
    assert KEY not in found.message_id
    assert found.stays


def test_objects_that_are_kept_whole_lose_what_names_people_in_them():
    found = kept(["cart"], "m1", {"cart": {"total": 3, "buyer": {"firstName": "Ada", "tier": 1}}})
    assert json.loads(found.properties or "") == {"cart": {"total": 3, "buyer": {"tier": 1}}}
    assert found.stays


@pytest.mark.parametrize("event", ["Traits Set", "Group Joined", "Verdict Given", "Lead Rejected", "Opportunity Won"])
def test_what_is_said_of_a_person_stays(event):
    assert kept(["path"], "m1", {"path": "/a"}, event=event).stays


def test_numbers_that_no_float_holds_are_kept_as_they_are():
    found = kept(["n", "path"], "m1", {"n": 10**30, "path": "/a"})
    assert json.loads(found.properties or "") == {"n": 10**30, "path": "/a"}


def test_a_dotted_name_is_one_key_or_a_way_into_an_object():
    for properties in ({"cart.total": 5}, {"cart": {"total": 5}}):
        assert json.loads(kept(["cart.total"], "m1", properties).properties or "") == properties
    assert kept(["cart.total"], "m1", {"cart": 5}).properties is None


def test_what_covers_what():
    assert covers(["properties.path"], "path")
    assert list(lacking(["cart", "path"], ["cart.total", "color", "properties.path"])) == ["color"]


def test_a_projector_takes_nothing_out():
    taken = Projector(["email"]).take(json.dumps(["m1", {"email": KEY, "x": 1}, None, None, "u", "d"]).encode())
    assert json.loads(taken.properties or "") == {"email": KEY}
    assert taken.keys == ("u", "d")
