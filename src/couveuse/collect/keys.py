"""Write keys as requests show them: which key it is, whether it may be used from there, and how quickly."""

import binascii
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from couveuse.collect import answers
from couveuse.collect.answers import Answer
from couveuse.store.write_keys import KeyKind, WriteKey, digest_of, normal_origin

# Longer ones are no keys of anybody's.
MOST_KEY: Final = 200
# So many keys that are nobody's are remembered as such, for so long.
MOST_UNKNOWN, UNKNOWN_FOR = 10_000, 5.0


@dataclass(slots=True)
class Allowance:
    """So many events a second, and as many at once; a batch may overdraw it, and what follows waits."""

    rate: int
    left: float = field(init=False)
    counted_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.left = float(self.rate)

    def wait(self, now: float) -> float:
        """For how many seconds nothing more may come; 0 where something may."""
        self.left = min(float(self.rate), self.left + (now - self.counted_at) * self.rate)
        self.counted_at = now
        return 0.0 if self.left > 0 else -self.left / self.rate + 1e-3

    def spend(self, events: int) -> None:
        """So many have come."""
        self.left -= events


@dataclass(frozen=True, slots=True)
class Admitted:
    """A key that lets facts in."""

    key: WriteKey
    allowance: Allowance | None

    @property
    def is_public(self) -> bool:
        """Whether anybody may have read it in a page."""
        return self.key.kind is KeyKind.PUBLIC

    def refusal(self, origin: bytes | None) -> Answer | None:
        """Why this key may not be used by a page of that origin; None where it may.

        A request without an origin is no page's: of an app, of a server, or of somebody who hides it. The list of
        origins keeps other people's pages from using a key, and nobody else.
        """
        if origin is None:
            return None
        if not self.is_public:
            return answers.SERVER_KEY
        if may_come_from(self.key.origins, origin.decode("latin-1")):
            return None
        return answers.refused(
            403,
            "origin_not_allowed",
            "this write key does not let this site in: make one with `couveuse key create --origin`, naming the site",
        )

    def too_fast(self) -> Answer | None:
        """An answer that asks to wait, where the key's rate is passed."""
        if self.allowance is None:
            return None
        seconds = self.allowance.wait(time.monotonic())
        if not seconds:
            return None
        return answers.wait(
            429, "rate", "this write key's rate is passed; nothing was stored: send it again later", int(seconds) + 1
        )


def may_come_from(allowed: Iterable[str], origin: str) -> bool:
    """Whether an origin is among those allowed: `*` is any, `https://*.example.com` any name under that one."""
    normal = normal_origin(origin)
    for each in allowed:
        if each in ("*", normal):
            return True
        scheme, star, domain = each.partition("://*.")
        if star and normal and normal.startswith(f"{scheme}://") and normal.endswith(f".{domain}"):
            return True
    return False


def shown_by(headers: Mapping[bytes, bytes]) -> list[str]:
    """The keys that a request's headers show, in the order in which they are tried."""
    found = []
    basic = headers.get(b"authorization", b"")
    if basic[:6].lower() == b"basic ":
        try:
            user = b64decode(basic[6:].strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            user = ""
        found.append(user)
    jitsu = headers.get(b"x-write-key", b"").decode("latin-1").strip()
    if jitsu:
        found.append(jitsu)
        if ":" in jitsu:  # the key may have an id of the sender's before it
            found.append(jitsu.rpartition(":")[2])
    return [key for key in found if is_key(key)]


def is_key(key: object) -> bool:
    """Whether it may be a key; one with stars is masked, and its sender shows it elsewhere."""
    return isinstance(key, str) and 0 < len(key) <= MOST_KEY and not key.endswith("***")


class KeyRing:
    """The keys that let facts in, all of them in memory: a request asks no database, whatever key it shows."""

    def __init__(self) -> None:
        self.is_loaded = False
        self.used: set[int] = set()  # numbers of keys that were shown since this was last emptied
        self._admitted: dict[bytes, Admitted] = {}
        self._unknown: dict[bytes, float] = {}

    def replace(self, keys: Iterable[WriteKey]) -> None:
        """Take the keys as they are now; the allowance of a key that was there goes on."""
        before = {admitted.key.id: admitted.allowance for admitted in self._admitted.values()}
        self._admitted = {}
        for key in keys:
            if key.revoked_at is None:
                known = before.get(key.id)
                is_same = known is not None and known.rate == key.rate
                allowance = known if is_same else Allowance(key.rate) if key.rate else None
                self._admitted[key.digest] = Admitted(key, allowance)
        self.is_loaded = True

    def find(self, shown: Iterable[str]) -> Admitted | None:
        """The first key that lets facts in."""
        for key in shown:
            found = self._admitted.get(digest_of(key))
            if found is not None:
                self.used.add(found.key.id)
                return found
        return None

    def is_nobodys(self, shown: Iterable[str]) -> bool:
        """Whether all these keys were found to be nobody's a moment ago."""
        now = time.monotonic()
        return all(self._unknown.get(digest_of(key), 0.0) > now for key in shown)

    def remember_nobodys(self, shown: Iterable[str]) -> None:
        """These are nobody's; a key that will be made is another one, since chance makes it."""
        if len(self._unknown) > MOST_UNKNOWN:
            self._unknown.clear()
        until = time.monotonic() + UNKNOWN_FOR
        for key in shown:
            self._unknown[digest_of(key)] = until
