"""Whether a lead may be rung up, looked at when its number is about to be shown: never before, and never kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core import text
from couveuse.core.consent import Channel, Purpose, Refusal, Said, standings, why_not
from couveuse.store import consents


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number as it is shown; `refusal` says why nobody may ring it up.

    Calls within business may rest on legitimate interest: where nothing was said of them the number is shown, and
    `is_given` is false. What was withdrawn, and a number that is to be left alone, is not.
    """

    number: str
    refusal: Refusal | None
    is_given: bool


def number_of(
    connection: Connection[Any], telephone: str, said: Sequence[Said], *, is_known: bool, now: int
) -> Number:  # fmt: skip
    """What may be done with a lead's number, by all that was said of calls and of that number by now."""
    address = text.telephone(telephone)
    if not address:
        return Number("", Refusal.NO_ADDRESS, is_given=False)
    suppressed = address in consents.suppressed_among(connection, Channel.PHONE, [address], at=now)
    refusal = why_not(Purpose.PHONE, standings(said, is_known=is_known, at=now), suppressed=suppressed)
    if refusal is Refusal.NOT_GIVEN:
        return Number(telephone, None, is_given=False)
    return Number("" if refusal is not None else telephone, refusal, is_given=refusal is None)
