"""The fate of my leads: what became of what somebody handed on or took on, counted, with the leads behind it."""

from collections import Counter
from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse.core.times import DAY_US
from couveuse.engine.follow_ups import SALES, sales_route_of
from couveuse.report.persons import person
from couveuse.store import fates, sheets
from couveuse.store.fates import MOST_FATES, Fate, Fated
from couveuse.store.sheets import Named
from couveuse.web import database
from couveuse.web.areas.desk import showing
from couveuse.web.areas.desk.task import waiting_bar
from couveuse.web.areas.desk.whose import Desk, desk_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

A_PAGE: Final = 50
DAYS: Final = (30, 90, 365)
HANDED_ON, TAKEN_ON = "handed_on", "taken_on"
_OPEN: Final = (Fate.NEWS_WANTED, Fate.ACCEPTED, Fate.WAITING)


@page(Permission.SEE_TASKS)
def mine(asked: Asked) -> HttpResponse:
    """The counts, and the leads of one of them."""
    days, fate, side, first = _asked(asked)
    with database.reading() as connection:
        desk = desk_of(asked, connection)
        member = _member(asked, desk)
        found = [] if member is None else fates.fates_of(
            connection, member, selling=_selling(desk), since=asked.now - days * DAY_US, now=asked.now
        )  # fmt: skip
        shown = _side(found, side)
        kept = [each for each in found if each.is_handed_on == (shown == HANDED_ON) and fate in ("", each.fate)]
        rows = kept[first : first + A_PAGE]
        leads = fates.shown(connection, {each.lead_id for each in rows})
        named = sheets.named(connection, sorted(set(leads.values())), desk.model_id)
        waiting = waiting_bar(asked, connection, desk)
    if member is None:
        lacking = desk.lacking or "no_member"
        return render(asked, "desk/lacking.html", title=asked.say("desk_tabs.mine"), lacking=lacking)
    return render(
        asked, "desk/mine.html", title=asked.say("desk_tabs.mine"), days=days, spans=DAYS, side=shown, fate=fate,
        sides=[(name, _number(found, name)) for name in (HANDED_ON, TAKEN_ON)],
        counts=_counts(found, shown), total=_number(found, shown),
        rows=[_row(asked, desk, each, leads[each.lead_id], named.get(leads[each.lead_id])) for each in rows],
        following=first + A_PAGE if len(kept) > first + A_PAGE else None, waiting=waiting,
        whose=desk.called(member), is_own=member == desk.member, member=member,
        members=[(each.id, each.name) for each in desk.roster.members.values()] if _sees_all(asked) else [],
        is_cut=any(_number(found, name) >= MOST_FATES for name in (HANDED_ON, TAKEN_ON)),
        most=MOST_FATES,
    )  # fmt: skip


def _asked(asked: Asked) -> tuple[int, str, str, int]:
    """Of how many days, which fate, which side, and from which row on; raises Http404 for what there is not."""
    given = asked.request.GET
    days, fate, side = given.get("days", "90"), given.get("fate", ""), given.get("side", "")
    first = given.get("from", "0")
    if days not in map(str, DAYS) or fate not in ("", *Fate) or side not in ("", HANDED_ON, TAKEN_ON):
        raise Http404
    if not (first.isascii() and first.isdigit() and len(first) < 6):
        raise Http404
    return int(days), fate, side, int(first)


def _number(found: list[Fated], side: str) -> int:
    return sum(each.is_handed_on == (side == HANDED_ON) for each in found)


def _sees_all(asked: Asked) -> bool:
    return asked.who.teams_seen is None


def _member(asked: Asked, desk: Desk) -> str | None:
    """Whose: one's own; who sees all teams may name somebody. Raises Http404 where another one is named."""
    wanted: str = asked.request.GET.get("member", "")
    if not wanted or wanted == desk.member:
        first = next(iter(desk.roster.members), None) if _sees_all(asked) else None
        return desk.member or first
    if not _sees_all(asked) or wanted not in desk.roster.members:
        raise Http404
    return wanted


def _selling(desk: Desk) -> list[str]:
    """The teams that sell: where detected projects go, and what is called so."""
    route = SALES if desk.model is None else sales_route_of(desk.model.plan.model)
    return sorted({route.team, SALES.team})


def _side(found: list[Fated], asked: str) -> str:
    """What was handed on, unless there is only what was taken on."""
    if asked:
        return asked
    return TAKEN_ON if found and not any(each.is_handed_on for each in found) else HANDED_ON


def _counts(found: list[Fated], side: str) -> list[tuple[Fate, int]]:
    counted = Counter(each.fate for each in found if each.is_handed_on == (side == HANDED_ON))
    return [(fate, counted[fate]) for fate in Fate if counted[fate] or fate is not Fate.ENDED]


def _row(asked: Asked, desk: Desk, each: Fated, lead_id: int, named: Named | None) -> dict[str, Any]:
    traits = {} if named is None else named.card.traits
    who = person(traits)
    return {
        "lead": lead_id,
        "name": showing.lead_name(asked, traits, "" if named is None else named.card.key),
        "company": who.company or ("" if named is None else named.card.company or ""),
        "fate": each.fate,
        "outcome": "" if each.fate in _OPEN else showing.outcome_name(asked, each.outcome),
        "reason": "" if each.fate in _OPEN else showing.reason_name(asked, each.reason),
        "whose": desk.called(each.by if each.closed_at is not None else each.member),
        "at": asked.formats.short_date(each.at),
        "iso": asked.formats.iso(each.at),
        "until": asked.formats.instant(at) if (at := each.not_before or 0) > asked.now else "",
        "closed": "" if each.closed_at is None else asked.formats.short_date(each.closed_at),
        "task": each.last_id if each.team in desk.teams else None,
    }
