"""What forms of the desk say, read strictly: a field that cannot be read is named, and nothing is guessed."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from couveuse.core import times
from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.web.asking import Asked

MOST_TEXT: Final = 20_000


class Wrong(Exception):
    """A field cannot be read; `key` is what the page says of it."""

    def __init__(self, field: str, key: str) -> None:
        self.field, self.key = field, key


def text(post: Mapping[str, str], name: str) -> str:
    """A field as it was written, without what stands around it."""
    return post.get(name, "")[:MOST_TEXT].replace("\r\n", "\n").strip()


def whole(post: Mapping[str, str], name: str) -> int:
    """A number that the page itself has put into the form; what is none is refused as an old page's."""
    written = text(post, name)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else -1


def at(asked: Asked, name: str) -> int | None:
    """An instant, by the clock of who asks where it names no zone; None where nothing was written."""
    written = text(asked.request.POST, name)
    if not written:
        return None
    zone = asked.formats.zone
    found = times.instant(written, zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC"))
    if found is None:
        raise Wrong(name, "desk_wrong.instant")
    return found


def amount(written: str) -> float | None:
    """An amount as people write it: with spaces or commas between thousands, a comma or a point before cents.

    >>> amount("12 500,50"), amount("12,500.50"), amount("")
    (12500.5, 12500.5, None)
    """
    bare = "".join(each for each in written if not each.isspace()).removesuffix("€")
    if not bare:
        return None
    if "," in bare and "." in bare:
        bare = bare.replace("." if bare.rfind(",") > bare.rfind(".") else ",", "")
    bare = bare.replace(",", ".")
    if not bare.isascii() or not bare.replace(".", "", 1).isdigit():
        raise Wrong("amount", "desk_wrong.amount")
    return float(bare)


def told(asked: Asked) -> Told:
    """What a form says came of a task; raises Wrong."""
    post = asked.request.POST
    said = text(post, "outcome")
    if said not in tuple(Outcome):
        raise Wrong("outcome", "desk_wrong.outcome")
    lead_class, minutes = text(post, "lead_class"), text(post, "minutes")
    if lead_class and lead_class not in tuple(LeadClass):
        raise Wrong("lead_class", "desk_wrong.lead_class")
    if minutes and whole(post, "minutes") < 0:
        raise Wrong("minutes", "desk_wrong.minutes")
    return Told(
        Outcome(said),
        call_at=at(asked, "call_at"),
        starts_at=at(asked, "starts_at"),
        minutes=whole(post, "minutes") if minutes else None,
        place=text(post, "place"),
        lead_class=LeadClass(lead_class) if lead_class else None,
        reason=text(post, "reason"),
        amount=amount(text(post, "amount")),
        currency=text(post, "currency").upper(),
        on=at(asked, "on"),
        opportunity_id=text(post, "opportunity_id"),
        note=text(post, "note"),
    )
