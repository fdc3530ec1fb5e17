"""How a member or a team is reached, as its form holds it: by mail, on Slack, by an endpoint; at once or once a day."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from couveuse.core.roster import Channel, Digest, Reach
from couveuse.documents.team_shapes import EMAIL_PATTERN
from couveuse.store import endpoints, sealed
from couveuse.web import database
from couveuse.web.areas.settings.changing import Errors, Given, posted
from couveuse.web.areas.settings.team import clock
from couveuse.web.asking import Asked

MOST_ADDRESSES: Final = 20
_TIME: Final = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_BETWEEN: Final = re.compile(r"[\s,;]+")

Places = dict[Reach, list[str]]
"""The names among which a form lets choose: addresses on Slack and endpoints."""


def places(channels: Iterable[Channel]) -> Places:
    """Those that are set up, and those that are named already though they are not."""
    with database.reading() as connection:
        known = {
            Reach.SLACK: [name for name, _, _ in sealed.names(connection)],
            Reach.WEBHOOK: [each.id for each in endpoints.list_endpoints(connection)],
        }
    for each in channels:
        if each.reach in known and each.to not in known[each.reach]:
            known[each.reach].append(each.to)
    return known


def of(channels: Sequence[Channel], digest: Digest | None, own: str = "") -> dict[str, Any]:
    """As the form shows it; `own` is a member's own e-mail, by which they are reached without any channel."""
    by_mail = [each.to for each in channels if each.reach is Reach.EMAIL]
    return {
        "own": "1" if own and (own in by_mail or not channels) else "",
        "addresses": "\n".join(to for to in by_mail if to != own),
        "slack": [each.to for each in channels if each.reach is Reach.SLACK],
        "webhook": [each.to for each in channels if each.reach is Reach.WEBHOOK],
        "digest": "" if digest is None else clock(digest.at),
    }


def of_form(asked: Asked) -> dict[str, Any]:
    """What was posted."""
    post = asked.request.POST
    lists = {str(reach): list(dict.fromkeys(post.getlist(str(reach)))) for reach in (Reach.SLACK, Reach.WEBHOOK)}
    return posted(asked, "own", "addresses", "digest") | lists


def wrong(asked: Asked, given: Given, known: Places, *, is_member: bool) -> Errors:
    """What will not do, by field: a member is to be reached by something, a team may leave it to its members."""
    errors: Errors = {}
    addresses = _addresses(given)
    bad = next((each for each in addresses if len(each) > 254 or not re.fullmatch(EMAIL_PATTERN, each)), None)
    if bad is not None:
        errors["addresses"] = asked.say("settings_reached.bad_address", address=bad[:80])
    elif len(addresses) > MOST_ADDRESSES:
        errors["addresses"] = asked.say("settings_reached.many", most=MOST_ADDRESSES)
    if any(not set(given[str(reach)]) <= set(known[reach]) for reach in known):
        errors["channels"] = asked.say("settings_reached.bad_place")
    elif is_member and not (given["own"] or addresses or given["slack"] or given["webhook"]):
        errors["channels"] = asked.say("settings_reached.by_nothing")
    if given["digest"] and not _TIME.fullmatch(given["digest"]):
        errors["digest"] = asked.say("settings_reached.bad_time")
    return errors


def channels(given: Given, before: Sequence[Channel], own: str = "") -> list[object] | None:
    """The channels as a document writes them, those that were there first; None: nothing but what is usual."""
    mails = ([own] if given["own"] and own else []) + [each for each in _addresses(given) if each != own]
    chosen = [
        *(Channel(Reach.EMAIL, to) for to in mails),
        *(Channel(reach, to) for reach in (Reach.SLACK, Reach.WEBHOOK) for to in given[str(reach)]),
    ]
    if not chosen or (not before and chosen == [Channel(Reach.EMAIL, own)]):
        return None
    ordered = [*(each for each in before if each in chosen), *(each for each in chosen if each not in before)]
    return [_written(each, own) for each in ordered]


def _written(channel: Channel, own: str) -> object:
    if channel.reach is Reach.EMAIL:
        return "email" if channel.to == own else channel.to
    return {str(channel.reach): channel.to}


def _addresses(given: Given) -> list[str]:
    return list(dict.fromkeys(each for each in _BETWEEN.split(given["addresses"]) if each))
