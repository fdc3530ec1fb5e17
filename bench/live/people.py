"""Invented people, each with an e-mail, a user id and a browser; and what they do, as it waits for the engine.

What is said of a page is what a browser's client says, so that events have the size that they have in life.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from os import urandom
from random import Random
from uuid import UUID

from bench.core import START, histories
from couveuse.core.events import PAGE_VIEWED, VERDICT_GIVEN, Fact
from couveuse.core.times import DAY_US
from couveuse.store.packets import Accepted, Flag
from couveuse.store.payloads import Compressor

HISTORY_US = 541 * DAY_US
_AGENTS = [
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
    for version in range(140, 157)
]
_BRANDS = [{"brand": "Not:A-Brand", "version": "8"}, {"brand": "Chromium", "version": "156"}]
_CAMPAIGNS = ["newsletter-mai", "salon-lyon", "webinaire-pompes", "relance-devis"]


def email(number: int) -> str:
    return f"lead{number}@example.com"


def user_id(number: int) -> str:
    return f"u{number}"


def device(number: int) -> str:
    """A browser's id: the same for the same person, and as little compressible as any."""
    text = blake2b(b"device %d" % number, digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def message_id(dice: Random) -> str:
    return f"ajs-next-{1_780_000_000_000 + dice.randrange(10**10)}-{UUID(int=dice.getrandbits(128), version=4)}"


def dressed(fact: Fact, dice: Random) -> Fact:
    """A fact with what its sender says beside it: a browser says much of a page, others say little."""
    if fact.event != PAGE_VIEWED:
        return replace(fact, context={"library": {"name": "analytics-python", "version": "2.4.0"}})
    path = str(fact.properties["path"])
    title = path.strip("/").replace("/", " ").title() or "Home"
    page = {"path": path, "referrer": dice.choice(["", "https://www.example.org/"]), "search": "", "title": title,
            "url": f"https://www.example.com{path}"}  # fmt: skip
    context: dict[str, object] = {
        "page": page,
        "userAgent": dice.choice(_AGENTS),
        "userAgentData": {"brands": _BRANDS, "mobile": dice.random() < 0.3, "platform": "Windows"},
        "locale": dice.choice(["fr-FR", "en-US", "de-DE"]),
        "library": {"name": "analytics.js", "version": "next-1.84.3"},
        "timezone": "Europe/Paris",
    }
    if dice.random() < 0.2:
        context["campaign"] = {"source": "mail", "medium": "email", "name": dice.choice(_CAMPAIGNS)}
    return replace(fact, properties=dict(page), context=context)


def pasts(count: int, facts: int, *, end: int) -> list[list[Fact]]:
    """Histories that end before an instant (microseconds), dressed."""
    dice = Random(20)
    shift = end - (START + HISTORY_US)
    return [_past(history, shift, dice) for history in histories(Random(19), count, facts)]


def _past(history: Sequence[Fact], shift: int, dice: Random) -> list[Fact]:
    names = {fact.message_id: message_id(dice) for fact in history}
    found = []
    for fact in history:
        told = dressed(fact, dice)
        if told.event == VERDICT_GIVEN:
            told = replace(told, properties={**told.properties, "of": names.get(str(told.properties["of"]), "none")})
        found.append(replace(told, at=fact.at + shift, message_id=names[fact.message_id]))
    return found


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that anybody may do, with its payload."""

    event: str
    payload: bytes
    is_page: bool


def happenings(count: int) -> Sequence[Happening]:
    """So many, in the shares of the bench's history; no verdicts, for these correct what one person did.

    The payload names some browser: which one matters to nobody who folds.
    """
    dice, payloads = Random(21), Compressor()
    found = []
    for (fact,) in histories(Random(22), count, 1):
        if fact.event != VERDICT_GIVEN:
            told = replace(dressed(fact, dice), message_id=message_id(dice))
            is_page = fact.event == PAGE_VIEWED
            browser = device(dice.randrange(10**9)) if is_page else None
            found.append(Happening(fact.event, payloads.pack_fact(told, None, browser), is_page))
    return found


def arriving(leads: int, dice: Random, clock: Iterator[int]) -> Iterator[Accepted]:
    """Facts of any of so many people, as they wait for the engine, at the instants of a clock (microseconds)."""
    can_happen = happenings(20_000)
    flags = int(Flag.NONE)
    for at in clock:
        what = can_happen[int(dice.random() * len(can_happen))]
        who = int(dice.random() * leads)
        browser = device(who) if what.is_page else None
        yield Accepted(at, at, what.event, "web", urandom(16), None, user_id(who), browser, flags, what.payload)
