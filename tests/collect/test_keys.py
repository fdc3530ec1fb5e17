"""Write keys: how requests show them, from where they may be used, and how quickly."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from couveuse.collect import answers, keys
from couveuse.collect.keys import Admitted, Allowance, KeyRing, may_come_from, normal_origin, shown_by
from couveuse.store.write_keys import KeyKind, WriteKey, digest_of

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def a_key(
    text: str = "k",
    *,
    kind: KeyKind = KeyKind.PUBLIC,
    origins: tuple[str, ...] = ("https://www.example.com",),
    rate: int | None = None,
    revoked_at: datetime | None = None,
) -> WriteKey:
    return WriteKey(1, digest_of(text), text[:8], kind, "site", origins, rate, NOW, revoked_at)


def basic(text: str) -> bytes:
    return b"Basic " + b64encode(text.encode())


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({b"authorization": basic("k:")}, ["k"]),
        ({b"authorization": basic("k:ignored:x")}, ["k"]),
        ({b"authorization": basic("k")}, ["k"]),
        ({b"authorization": b"basic " + b64encode(b"k:")}, ["k"]),
        ({b"authorization": b"Bearer token"}, []),
        ({b"authorization": b"Basic ***"}, []),
        ({b"authorization": b"Basic /w=="}, []),
        ({b"authorization": basic(":")}, []),
        ({b"authorization": basic("x" * 201)}, []),
        ({b"x-write-key": b"k"}, ["k"]),
        ({b"x-write-key": b"id:secret"}, ["id:secret", "secret"]),
        ({b"x-write-key": b"id:***"}, []),
        ({}, []),
    ],
)
def test_a_request_shows_its_key_by_basic_authentication_or_as_jitsu_does(
    headers: dict[bytes, bytes], shown: list[str]
) -> None:
    assert shown_by(headers) == shown


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("HTTPS://www.Example.com:443/", "https://www.example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("*", "*"),
        ("example.com", None),
        ("https://example.com/path", None),
        ("https://example.com:port", None),
        ("https://u@example.com", None),
        ("null", None),
        ("", None),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(text: str, origin: str | None) -> None:
    assert normal_origin(text) == origin


@pytest.mark.parametrize(
    ("allowed", "origin", "may"),
    [
        (["https://www.example.com"], "https://www.example.com", True),
        (["https://www.example.com"], "https://WWW.example.com:443", True),
        (["https://www.example.com"], "http://www.example.com", False),
        (["https://www.example.com"], "https://www.example.com.evil.example", False),
        (["https://*.example.com"], "https://a.b.example.com", True),
        (["https://*.example.com"], "https://example.com", False),
        (["https://*.example.com"], "https://evilexample.com", False),
        (["https://*.example.com"], "http://a.example.com", False),
        (["*"], "null", True),
        (["https://www.example.com"], "null", False),
        ([], "https://www.example.com", False),
    ],
)
def test_a_page_may_use_a_key_that_names_its_site(allowed: list[str], origin: str, may: bool) -> None:
    assert may_come_from(allowed, origin) is may


def test_a_server_key_is_not_for_browsers() -> None:
    admitted = Admitted(a_key(kind=KeyKind.SERVER, origins=()), None)
    assert admitted.refusal(b"https://www.example.com") is answers.SERVER_KEY
    assert admitted.refusal(None) is None


def test_a_public_key_is_for_its_sites_and_for_what_is_no_page() -> None:
    admitted = Admitted(a_key(), None)
    assert admitted.refusal(b"https://www.example.com") is None
    assert admitted.refusal(None) is None
    refusal = admitted.refusal(b"https://evil.example")
    assert refusal is not None
    assert (refusal.status, refusal.code) == (403, "origin_not_allowed")


def test_an_allowance_is_overdrawn_once_and_then_waited_for() -> None:
    allowance = Allowance(10)
    begin = allowance.counted_at
    assert allowance.wait(begin) == 0
    allowance.spend(25)
    assert allowance.wait(begin) == pytest.approx(1.5, abs=0.01)
    assert allowance.wait(begin + 1) == pytest.approx(0.5, abs=0.01)
    assert allowance.wait(begin + 1.6) == 0
    allowance.spend(1)
    assert allowance.wait(begin + 100) == 0
    assert allowance.left == 10  # what was not used in one second is not kept for another


def test_a_ring_finds_keys_that_are_not_revoked() -> None:
    ring = KeyRing()
    ring.replace([a_key("one"), a_key("two", revoked_at=NOW)])
    assert ring.find(["two", "three"]) is None
    found = ring.find(["three", "one"])
    assert found is not None
    assert found.is_public


def allowance_in(ring: KeyRing) -> Allowance:
    found = ring.find(["k"])
    assert found is not None
    assert found.allowance is not None
    return found.allowance


def test_an_allowance_outlives_the_keys_being_read_again_and_not_a_change_of_rate() -> None:
    ring = KeyRing()
    ring.replace([a_key(rate=5)])
    first = allowance_in(ring)
    ring.replace([a_key(rate=5)])
    assert allowance_in(ring) is first
    ring.replace([a_key(rate=6)])
    assert allowance_in(ring).left == 6


def test_keys_that_are_nobodys_are_remembered_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_UNKNOWN", 10)
    ring = KeyRing()
    ring.remember_nobodys(["a", "b"])
    assert ring.is_nobodys(["a", "b"])
    assert not ring.is_nobodys(["a", "c"])
    for number in range(100):
        ring.remember_nobodys([str(number)])
        assert len(ring._unknown) <= 12
