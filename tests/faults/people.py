"""Random people who use a company's site and mails, as messages: late ones, shared devices, verdicts, claims.

Times are always given and always past, so that what is stored can be told from what was sent.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is sent, and whether a public key sends it."""

    message: Message
    is_claim: bool


@dataclass(slots=True)
class Person:
    """One person, with the keys by which they show up; some devices are shared."""

    email: str | None
    user_id: str | None
    devices: list[str]


@dataclass
class Crowd:
    """People of one sender; crowds of one town share them, so that the same people come by several ways at once."""

    rng: Random
    name: str
    people: list[Person]
    claims: float = 0.15
    late: float = 0.1
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    hits: list[str] = field(default_factory=list)

    def messages(self, count: int) -> list[Said]:
        """So many messages, by one key."""
        is_claim = self.rng.random() < self.claims
        return [Said(self._message(is_claim), is_claim) for _ in range(count)]

    def _message(self, is_claim: bool) -> Message:
        rng = self.rng
        person = rng.choice(self.people)
        message_id = f"{self.name}-{next(self.numbers)}"
        said: Message = {"messageId": message_id, "timestamp": self._time(), **self._keys(person)}
        roll = rng.random()
        if roll < 0.12:
            return {**said, "type": "identify", "traits": self._traits(person, is_claim)}
        if roll < 0.55 or is_claim:
            self._remember(message_id)
            path = rng.choice(("/", "/tarifs", "/tarifs/pro", "/produits/pompes/p1", "/blog/été", "/devis"))
            return {**said, "type": "page", "properties": {"path": path, "title": "Nos pompes"}}
        if roll < 0.6 and self.hits:
            verdict = rng.choice(("machine", "machine", "doubtful", "human"))
            return {**said, **track("Verdict Given", of=rng.choice(self.hits), verdict=verdict)}
        self._remember(message_id)
        return {**said, **self._deed()}

    def _deed(self) -> Message:
        rng = self.rng
        event = rng.choice((
            "Email Clicked", "Email Clicked", "Email Opened", "Document Downloaded", "Callback Requested",
            "Quote Requested", "Lead Rejected", "Opportunity Won", "Score Adjusted", "Group Joined", "Consent Given",
        ))  # fmt: skip
        said: Message = {
            "Email Clicked": {"url": rng.choice(("https://www.example.com/devis", "https://www.example.com/blog"))},
            "Lead Rejected": {"reason": rng.choice(("too early", "no budget"))},
            "Score Adjusted": {"kind": rng.choice(("add", "raise", "set")), "points": rng.choice((-3, 5, 12.5, 30))},
            "Group Joined": {"group": "Inscription Newsletter"},
            "Consent Given": {"purpose": "email_marketing", "basis": "consent"},
        }.get(event, {})
        return track(event, **said)

    def _remember(self, message_id: str) -> None:
        self.hits.append(message_id)
        del self.hits[:-200]

    def _time(self) -> str:
        """A little ago; now and then long ago, or out of order."""
        rng, ago = self.rng, 50_000
        if rng.random() < self.late:
            ago = rng.choice((rng.randrange(5_000_000), rng.randrange(HOUR), rng.randrange(3 * DAY), 40 * DAY))
        at = time.time_ns() // 1000 - ago
        return (_EPOCH + timedelta(microseconds=at)).isoformat()

    def _keys(self, person: Person) -> Message:
        """The keys of one message: mostly a device or a user id, now and then an e-mail beside them."""
        rng = self.rng
        keys: Message = {}
        if person.devices and rng.random() < 0.6:
            keys["anonymousId"] = rng.choice(person.devices)
        if person.user_id and (not keys or rng.random() < 0.4):
            keys["userId"] = person.user_id
        if person.email and (not keys or rng.random() < 0.3):
            keys["context"] = {"traits": {"email": person.email}}
        return keys or {"anonymousId": f"{self.name}-passer-by"}

    def _traits(self, person: Person, is_claim: bool) -> Message:
        rng = self.rng
        traits: Message = {"job_title": rng.choice(("Directeur général", "étudiante", "CEO", "acheteur", None))}
        if person.email and rng.random() < 0.6:
            traits["email"] = person.email
        if is_claim:
            traits["city"] = "Orléans"
        return traits


def track(event: str, **properties: object) -> Message:
    """A message of that event."""
    return {"type": "track", "event": event, "properties": properties}


def a_town(rng: Random, count: int, name: str = "p") -> list[Person]:
    """People: most have an e-mail, a user id and devices; some share a device or have been given another's user id."""
    people = []
    for number in range(count):
        email = f"{name}{number}@{rng.choice(('example.com', 'example.org', 'mail.example.net'))}"
        devices = [f"{name}{number}-device-{i}" for i in range(rng.randint(0, 2))]
        people.append(
            Person(
                email if rng.random() < 0.85 else None, f"{name}{number}-user" if rng.random() < 0.7 else None, devices
            )
        )
    for person in people:
        if rng.random() < 0.15:
            person.devices.append(f"{name}-shared-{rng.randrange(max(count // 10, 1))}")
        if rng.random() < 0.05:
            person.user_id = rng.choice(people).user_id
    return people
