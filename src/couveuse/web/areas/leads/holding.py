"""A lead put on hold, or held no more; and its task put off until a day."""

from datetime import datetime, time
from typing import Final

from django.http import Http404, HttpResponse

from couveuse.core.times import DAY_US, microseconds
from couveuse.engine import tasking
from couveuse.engine.holding import BadHold, hold, lift
from couveuse.store import cards, holds, tasks
from couveuse.web import database
from couveuse.web.areas.leads.deeds import form, lead_page, posted
from couveuse.web.areas.leads.record import known_number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may_see_team
from couveuse.web.rendering import redirect

# On the day until which something waits, it comes back at this time of the reader's clock.
MORNING: Final = time(8, 0)
# Days that are offered with one button, from today on.
OFFERED: Final = (1, 3, 7, 14, 30, 90)


class BadDay(ValueError):
    """Not a day."""


def instant_of(asked: Asked, text: str) -> int | None:
    """The morning of a day that a form names, by the reader's clock; None where it names none. Raises BadDay."""
    text = text.strip()
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
        return microseconds(datetime.combine(day, MORNING, tzinfo=asked.formats.zone))
    except (ValueError, OverflowError) as error:
        raise BadDay from error


def days(asked: Asked) -> list[tuple[str, str]]:
    """Days that are offered, as forms have them and as people read them."""
    found = []
    for number in OFFERED:
        at = asked.now + number * DAY_US
        found.append((asked.formats.moment(at).date().isoformat(), asked.formats.date(at)))
    return found


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def put_on_hold(asked: Asked, lead_id: int) -> HttpResponse:
    """Nothing of the lead is handed over until a day, or until it is lifted."""
    if asked.request.method != "POST":
        with database.reading() as connection:
            survivor = cards.survivor(connection, known_number(lead_id))
            standing = holds.standing_holds(connection, [survivor or 0], asked.now).get(survivor or 0)
        return form(asked, "leads/hold.html", lead_id, days=days(asked), standing=standing)
    given = {"until": posted(asked, "until", 40), "because": posted(asked, "because", 600)}

    def again(field: str) -> HttpResponse:
        errors = {field: asked.say(f"leads_hold.bad_{field}")}
        return form(
            asked, "leads/hold.html", lead_id, status=422, days=days(asked), standing=None, given=given, errors=errors
        )  # fmt: skip

    try:
        until = instant_of(asked, given["until"])
    except BadDay:
        return again("until")
    with database.writing() as connection:
        try:
            done = hold(
                connection, known_number(lead_id), until, because=given["because"], by=asked.who.by, now=asked.now
            )
        except BadHold as error:
            return again(error.field)
    if done is None:
        raise Http404
    return redirect(asked, lead_page(done.lead_id), "leads_hold.held")


@page(Permission.EDIT_LEADS, methods=("POST",))
def lift_hold(asked: Asked, lead_id: int) -> HttpResponse:
    """The lead is held no more."""
    with database.writing() as connection:
        done = lift(connection, known_number(lead_id), by=asked.who.by, now=asked.now)
    if done is None:
        raise Http404
    return redirect(asked, lead_page(done.lead_id), "leads_hold.lifted" if done.was_held else "leads_hold.not_held")


@page(Permission.DO_TASKS, methods=("GET", "POST"))
def put_off(asked: Asked, lead_id: int, task_id: int) -> HttpResponse:
    """Put a task of the lead off until a day, without counting a try."""
    with database.reading() as connection:
        task = tasks.task(connection, known_number(task_id))
        if task is None or not may_see_team(asked.who, task.team):
            raise Http404
        survivor = cards.survivor(connection, task.lead_id)
        if survivor is None or survivor != cards.survivor(connection, known_number(lead_id)):
            raise Http404
    if asked.request.method != "POST":
        return form(asked, "leads/put_off.html", lead_id, days=days(asked), task=task)
    given = {"until": posted(asked, "until", 40), "note": posted(asked, "note"), "version": posted(asked, "version", 9)}

    def again(field: str, word: str) -> HttpResponse:
        errors = {field: asked.say(f"leads_put_off.{word}")}
        return form(
            asked, "leads/put_off.html", lead_id, status=422, days=days(asked), task=task, given=given, errors=errors
        )  # fmt: skip

    try:
        until = instant_of(asked, given["until"])
    except BadDay:
        until = None
    if until is None or not given["version"].isascii() or not given["version"].isdigit():
        return again("until", "bad_until")
    by = asked.who.member or asked.who.by
    with database.writing() as connection:
        done = tasking.put_off(
            connection, task_id, until, version=int(given["version"]), by=by, now=asked.now, text=given["note"]
        )
    if isinstance(done, tasking.Refused):
        return again(done.field or "until", f"bad_{done.field}" if done.field else f"why_{done.why.value}")
    return redirect(asked, lead_page(survivor), "leads_put_off.done")
