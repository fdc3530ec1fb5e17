"""Consent: for what a person may be reached or followed, by all that was said of it; and addresses to leave alone.

What was said is never changed: givings and withdrawals are facts, and what holds follows from them, in whatever order
they came. Who asks has to say of whom and as of when; nothing is sent here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from couveuse.core.events import Fact, Properties, key_text
from couveuse.core.frozen import Frozen
from couveuse.core.text import email as email_of
from couveuse.core.text import plain

CONSENT_GIVEN: Final = "Consent Given"
CONSENT_WITHDRAWN: Final = "Consent Withdrawn"
UNSUBSCRIBED: Final = "Unsubscribed"
EMAIL_COMPLAINED: Final = "Email Complained"
EMAIL_BOUNCED: Final = "Email Bounced"


class Purpose(StrEnum):
    """For what a person may be reached or followed; each is asked for by itself (CNIL, deliberation 2026-042)."""

    MARKETING_EMAIL = "marketing_email"
    EMAIL_TRACKING = "email_tracking"
    WEB_TRACKING = "web_tracking"
    PROFILING = "profiling"
    PHONE = "phone"


class Channel(StrEnum):
    """By which an address is reached; an address is suppressed on one channel."""

    EMAIL = "email"
    PHONE = "phone"


class Basis(StrEnum):
    """On what the law lets a purpose stand (GDPR, article 6)."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    PUBLIC_TASK = "public_task"


class Suppression(StrEnum):
    """Why an address is left alone."""

    BOUNCED = "bounced"  # for good: there is no such mailbox
    COMPLAINED = "complained"
    BY_HAND = "by_hand"


class Refusal(StrEnum):
    """Why a person may not be reached for a purpose; the first that holds is told."""

    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    WITHDRAWN = "withdrawn"
    NOT_GIVEN = "not_given"


CHANNELS: Mapping[Purpose, Channel] = {
    Purpose.MARKETING_EMAIL: Channel.EMAIL,
    Purpose.EMAIL_TRACKING: Channel.EMAIL,
    Purpose.PHONE: Channel.PHONE,
}
# What purposes are called elsewhere.
ALSO_CALLED: Mapping[str, Purpose] = {
    "newsletter": Purpose.MARKETING_EMAIL,
    "marketing": Purpose.MARKETING_EMAIL,
    "email": Purpose.MARKETING_EMAIL,
    "emailing": Purpose.MARKETING_EMAIL,
    "email_marketing": Purpose.MARKETING_EMAIL,
    "telephone": Purpose.PHONE,
    "telemarketing": Purpose.PHONE,
}
# Which facts give or withdraw (False) which purpose; None is the one that the fact names.
SAYS: Mapping[str, tuple[bool, Purpose | None]] = {
    CONSENT_GIVEN: (True, None),
    CONSENT_WITHDRAWN: (False, None),
    UNSUBSCRIBED: (False, Purpose.MARKETING_EMAIL),
    EMAIL_COMPLAINED: (False, Purpose.MARKETING_EMAIL),
}
# How mail services call a bounce that will not pass, and in which property they say it.
_FOR_GOOD = frozenset(("permanent", "hard", "hard bounce"))
_BOUNCE_WORDS = ("bounce_type", "type", "kind")
# What is kept of a text.
MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Said(Frozen):
    """One thing that was said of one purpose, at an instant (microseconds).

    `root` tells apart the leads that a merge by hand has put together: within one of them the last word stands.
    """

    purpose: str
    is_given: bool
    at: int
    basis: str = Basis.CONSENT
    source: str = ""
    wording: str = ""
    is_claim: bool = False  # a public key said it
    is_declared: bool = False  # whoever brought a list said it of all who stand in it
    root: int = 0

    @property
    def is_own(self) -> bool:
        """Whether it is the person's own word: a withdrawal, or a consent that nobody declared for the person."""
        return not self.is_given or (self.basis == Basis.CONSENT and not self.is_declared)


@dataclass(frozen=True, slots=True)
class Suppressed(Frozen):
    """An address that is to be left alone from an instant on, or (`is_lifted`) no more."""

    channel: Channel
    address: str
    reason: Suppression
    at: int
    is_lifted: bool = False


@dataclass(frozen=True, slots=True)
class Standing(Frozen):
    """What holds for one purpose, and by which word."""

    is_given: bool
    at: int
    basis: str
    source: str
    wording: str


# ---- What facts say ----------------------------------------------------------------------------------------


def purpose_of(text: str) -> str:
    """A purpose as it is known here, however it is written; one that is not known is kept, and allows nothing.

    >>> purpose_of("Marketing e-mail"), purpose_of("newsletter"), purpose_of("sms")
    ('marketing_email', 'marketing_email', 'sms')
    """
    word = _word(text)
    called = ALSO_CALLED.get(word)
    return word if called is None else called.value


def basis_of(text: str) -> str:
    """A basis as it is known here, however it is written; on one that is not known nothing is given.

    >>> basis_of("Legitimate interest"), basis_of("")
    ('legitimate_interest', 'consent')
    """
    return _word(text) or Basis.CONSENT.value


def _word(text: str) -> str:
    letters = plain(text).strip().replace("e-mail", "email")
    return re.sub(r"[\s_-]+", "_", letters)[:MOST_TEXT]


def said_by(fact: Fact, *, is_claim: bool = False) -> Said | None:
    """What a fact says of a consent, None where it says nothing.

    A giving that names no basis is a consent; one that names no source came from whoever sent the fact.
    """
    says = SAYS.get(fact.event)
    if says is None:
        return None
    is_given, purpose = says
    words = fact.properties
    named = key_text(words.get("purpose")) if purpose is None else purpose
    if not named:
        return None
    return Said(
        purpose=purpose_of(named),
        is_given=is_given,
        at=fact.at,
        basis=basis_of(_text(words, "basis")) if is_given else "",
        source=_text(words, "source") or fact.source[:MOST_TEXT],
        wording=_text(words, "wording"),
        is_claim=is_claim,
    )


def _text(words: Properties, name: str) -> str:
    return (key_text(words.get(name)) or "")[:MOST_TEXT]


def suppression_by(fact: Fact, address: str | None) -> Suppressed | None:
    """The address that a fact asks to leave alone: of a complaint, or of a bounce that will not pass.

    `address` is the e-mail of the person, for facts that do not name the one that was written to.
    """
    if fact.event == EMAIL_COMPLAINED:
        reason = Suppression.COMPLAINED
    elif fact.event == EMAIL_BOUNCED and is_for_good(fact.properties):
        reason = Suppression.BOUNCED
    else:
        return None
    written_to = key_text(fact.properties.get("recipient")) or key_text(fact.properties.get("email")) or address
    return Suppressed(Channel.EMAIL, email_of(written_to), reason, fact.at) if written_to else None


def is_for_good(words: Properties) -> bool:
    """Whether a bounce says that the mailbox will never take anything; what does not say so may pass.

    >>> is_for_good({"bounce_type": "Permanent"}), is_for_good({"type": "soft"}), is_for_good({})
    (True, False, False)
    """
    if words.get("permanent") is True:
        return True
    said = (words.get(name) for name in _BOUNCE_WORDS)
    return any(isinstance(text, str) and _word(text).replace("_", " ") in _FOR_GOOD for text in said)


# ---- What holds --------------------------------------------------------------------------------------------


def standings(said: Iterable[Said], *, is_known: bool, at: int | None = None) -> dict[str, Standing]:
    """What holds for each purpose of which something was said of a person, as of an instant (None: all that was said).

    Of one lead the last word stands, a withdrawal behind a giving of the same instant; but after the person's own word
    only another own word counts, so that no list and no other basis gives what was withdrawn. Of leads that were merged
    the most restrictive holds. What a public key claims may withdraw; it gives nothing for a person that is known.
    """
    by_root: dict[str, dict[int, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for each in said:
        if (at is None or each.at <= at) and _counts(each, is_known=is_known):
            by_root[each.purpose][each.root].append(each)
    return {
        purpose: _most_restrictive([_last(words) for words in roots.values()]) for purpose, roots in by_root.items()
    }


def _counts(said: Said, *, is_known: bool) -> bool:
    if not said.is_given:
        return True
    return said.basis in tuple(Basis) and not (said.is_claim and is_known)


def _last(words: Iterable[Said]) -> Said:
    """The word that stands among those that count."""
    return max(words, key=lambda said: (said.is_own, said.at, not said.is_given, said.basis, said.source, said.wording))


def _most_restrictive(words: Iterable[Said]) -> Standing:
    said = min(words, key=lambda said: (said.is_given, -said.at, said.basis, said.source, said.wording))
    return Standing(said.is_given, said.at, said.basis, said.source, said.wording)


def is_suppressed(rows: Iterable[Suppressed], *, at: int | None = None) -> bool:
    """Whether one address is to be left alone on one channel: the last word stands, a suppression behind a lifting."""
    known = [row for row in rows if at is None or row.at <= at]
    return bool(known) and not max(known, key=lambda row: (row.at, not row.is_lifted)).is_lifted


def why_not(
    purpose: Purpose, held: Mapping[str, Standing], *, has_address: bool = True, suppressed: bool = False
) -> Refusal | None:
    """Why a person may not be reached or followed for a purpose; None where nothing stands against it.

    `has_address` and `suppressed` are of the purpose's channel, where it has one.
    """
    if purpose in CHANNELS:
        if not has_address:
            return Refusal.NO_ADDRESS
        if suppressed:
            return Refusal.SUPPRESSED
    standing = held.get(purpose)
    if standing is None:
        return Refusal.NOT_GIVEN
    return None if standing.is_given else Refusal.WITHDRAWN


def may(purpose: Purpose, held: Mapping[str, Standing], *, has_address: bool = True, suppressed: bool = False) -> bool:
    """Whether a person may be reached or followed for a purpose: only what was given is allowed."""
    return why_not(purpose, held, has_address=has_address, suppressed=suppressed) is None
