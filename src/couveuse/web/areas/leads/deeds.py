"""What is said of one lead by hand from its page: a note, points, a verdict on a hit, traits, alerts, a link to it.

Each is done once for each form: a form that is sent twice says it once.
"""

from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse import configuration
from couveuse.core.events import Adjustment, Verdict
from couveuse.core.times import DAY_US
from couveuse.engine import editing, tasking
from couveuse.engine.adjusting import BadAdjustment, IdTaken, adjust
from couveuse.engine.by_hand import BadWord, ByHand
from couveuse.engine.judging import BadVerdict, Hit, judge
from couveuse.engine.judging import IdTaken as VerdictTaken
from couveuse.engine.links import PATH, Link, Links
from couveuse.engine.noting import write_note
from couveuse.language.words import LANGUAGES
from couveuse.report.persons import person
from couveuse.store import alerts, audit, cards, leads
from couveuse.store.rosters import load_roster
from couveuse.web import database
from couveuse.web.areas.leads.record import known_number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may_see_team
from couveuse.web.reading import looker
from couveuse.web.rendering import redirect, render

# A link may be handed out for so many days.
DAYS: Final = (1, 7, 30, 90)
MOST_ID: Final = 100
# Between these instants lie all dates that can be written.
EARLIEST, LATEST = -62_000_000 * 1_000_000_000, 253_000_000 * 1_000_000_000


def lead_page(lead_id: int) -> str:
    """The address of a lead's page."""
    return str(reverse("lead", kwargs={"lead_id": lead_id}))


def posted(asked: Asked, name: str, most: int = 20_000) -> str:
    """What a form says; never longer than so."""
    return str(asked.request.POST.get(name, ""))[:most]


def form_id(asked: Asked) -> str:
    """By what a form is known, so that it counts once."""
    return posted(asked, "id", MOST_ID) or uuid4().hex


def form(asked: Asked, template: str, lead_id: int, *, status: int = 200, **parts: Any) -> HttpResponse:
    """A page with a form about one lead; raises Http404 where there is no such lead."""
    with database.reading() as connection:
        survivor = cards.survivor(connection, known_number(lead_id))
        if survivor is None:
            raise Http404
        card = cards.load_cards(connection, [survivor])[survivor]
    title = asked.say(f"{template.removesuffix('.html').replace('/', '_')}.title")
    base = {
        "title": title, "card": card, "called": person(card.traits).name or card.key, "lead_id": survivor,
        "token": uuid4().hex, "errors": {}, "given": {},
    }  # fmt: skip
    return render(asked, template, status, **{**base, **parts})


# ---- Notes, alerts, relevant again -----------------------------------------------------------------------------------


@page(Permission.EDIT_LEADS, methods=("POST",))
def note(asked: Asked, lead_id: int) -> HttpResponse:
    """Write a note."""
    with database.writing() as connection:
        try:
            done = write_note(
                connection, known_number(lead_id), posted(asked, "text"), id=form_id(asked), by=asked.who.by,
                now=asked.now,
            )  # fmt: skip
        except (BadWord, IdTaken):
            return redirect(asked, lead_page(lead_id), "leads_deeds.no_note")
    return _done(asked, done, "leads_deeds.noted")


@page(Permission.DO_TASKS, methods=("POST",))
def acknowledge(asked: Asked, lead_id: int, alert_id: int) -> HttpResponse:
    """Somebody has seen an alert of the lead's; of a team that they do not see there is none."""
    with database.writing() as connection:
        found = alerts.alert(connection, known_number(alert_id))
        if found is None or not may_see_team(asked.who, found.team):
            raise Http404
        survivor = cards.survivor(connection, found.lead_id)
        if survivor is None or survivor != cards.survivor(connection, known_number(lead_id)):
            raise Http404
        alerts.acknowledge(connection, alert_id, by=asked.who.by, now=asked.now)
    return redirect(asked, lead_page(survivor), "leads_deeds.acknowledged")


@page(Permission.EDIT_LEADS, methods=("POST",))
def relevant(asked: Asked, lead_id: int) -> HttpResponse:
    """Nobody says any more that the lead is irrelevant."""
    with database.writing() as connection:
        again = tasking.relevant_again(connection, known_number(lead_id), by=asked.who.by, now=asked.now)
    if isinstance(again, tasking.Refused):
        if again.why is tasking.Why.ERASED:
            raise Http404
        return redirect(asked, lead_page(lead_id), "leads_deeds.not_aside")
    return redirect(asked, lead_page(again.lead_id), "leads_deeds.relevant")


# ---- Points and verdicts ---------------------------------------------------------------------------------------------


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def points(asked: Asked, lead_id: int) -> HttpResponse:
    """Give points, or take them, with a reason."""
    if asked.request.method != "POST":
        return form(asked, "leads/points.html", lead_id, kinds=list(Adjustment))
    given = {name: posted(asked, name, 600) for name in ("kind", "points", "reason", "id")}

    def again(field: str) -> HttpResponse:
        errors = {field: asked.say(f"leads_points.bad_{field}")}
        return form(
            asked, "leads/points.html", lead_id, status=422, kinds=list(Adjustment), given=given, errors=errors
        )  # fmt: skip

    if given["kind"] not in tuple(Adjustment):
        return again("kind")
    kind = Adjustment(given["kind"])
    try:
        number = None if kind is Adjustment.RESET else _number(given["points"])
    except ValueError:
        return again("points")
    with database.writing() as connection:
        try:
            done = adjust(
                connection, known_number(lead_id), kind, number, reason=given["reason"], id=form_id(asked),
                by=asked.who.by, now=asked.now,
            )  # fmt: skip
        except BadAdjustment as error:
            return again(error.field)
        except IdTaken:
            return again("reason")
    return _done(asked, done, "leads_deeds.adjusted")


def _number(text: str) -> float:
    """A number as people write it; raises ValueError."""
    plain = "".join(text.split()).replace("\u2212", "-").replace(",", ".")
    return float(plain)


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def verdict(asked: Asked, lead_id: int) -> HttpResponse:
    """Say of one hit that it was a machine's, doubtful, or a person's."""
    source = asked.request.POST if asked.request.method == "POST" else asked.request.GET
    hit = {name: str(source.get(name, ""))[:2_000] for name in ("at", "source", "of")}
    if asked.request.method != "POST":
        return form(asked, "leads/verdict.html", lead_id, hit=hit, at=_instant(hit["at"]))
    word, reason = posted(asked, "verdict"), posted(asked, "reason", 600)
    at = _instant(hit["at"])

    def again(field: str) -> HttpResponse:
        errors, given = {field: asked.say(f"leads_verdict.bad_{field}")}, {"verdict": word, "reason": reason}
        return form(asked, "leads/verdict.html", lead_id, status=422, hit=hit, at=at, errors=errors, given=given)

    if word not in tuple(Verdict):
        return again("verdict")
    if at is None:
        return again("of")
    with database.writing() as connection:
        try:
            done = judge(
                connection, looker(connection).recaller, known_number(lead_id), Hit(at, hit["source"], hit["of"]),
                Verdict(word), reason=reason, id=form_id(asked), by=asked.who.by, now=asked.now,
            )  # fmt: skip
        except BadVerdict as error:
            return again(error.field)
        except VerdictTaken:
            return again("of")
    return _done(asked, done, "leads_deeds.judged")


def _instant(text: str) -> int | None:
    """An instant as links have it, in microseconds; None for what is none, or is no time that anybody can read."""
    digits = text.removeprefix("-")
    at = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    return at if at is not None and EARLIEST <= at <= LATEST else None


# ---- Traits, owner, groups -------------------------------------------------------------------------------------------


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def edit(asked: Asked, lead_id: int) -> HttpResponse:
    """Who the lead is, whose, and in which groups; only what was changed is recorded."""
    if asked.request.method != "POST":
        return _edit_form(asked, lead_id)
    fields = {name: posted(asked, name, 2_000) for name in editing.FIELDS if name in asked.request.POST}
    said = {name: posted(asked, name, 400) for name in ("owner", "join") if name in asked.request.POST}
    leaving = [str(each)[:400] for each in asked.request.POST.getlist("leave")][:100]
    token = form_id(asked)
    with database.writing() as connection:
        try:
            done = _say(asked, connection, known_number(lead_id), fields, said, leaving, token)
        except (BadWord, IdTaken) as error:
            field = error.field if isinstance(error, BadWord) else "first_name"
            errors = {field: asked.say(f"leads_edit.bad_{_kind_of(field)}")}
            return _edit_form(asked, lead_id, status=422, given={**fields, **said}, errors=errors)
    return _done(asked, done, "leads_deeds.edited")


def _say(
    asked: Asked, connection: Any, lead_id: int, fields: dict[str, str], said: dict[str, str], leaving: list[str],
    token: str,
) -> ByHand | None:  # fmt: skip
    """All of a form, or nothing of it."""
    by, now = asked.who.by, asked.now
    with connection.transaction():
        done = editing.edit(connection, lead_id, fields, id=token, by=by, now=now)
        if done is None:
            return None
        known = leads.load_known(connection, [done.lead_id])[done.lead_id]
        roster = load_roster(connection)
        owner = said.get("owner")
        if owner is not None and owner != (roster.owner_of(known.traits.get(roster.owner_trait)) or ""):
            editing.set_owner(connection, lead_id, owner or None, id=f"{token}-owner", by=by, now=now)
        if said.get("join", "").strip():
            editing.join_group(connection, lead_id, said["join"], id=f"{token}-join", by=by, now=now)
        for number, group in enumerate(leaving):
            if group in known.groups:
                editing.leave_group(connection, lead_id, group, id=f"{token}-leave-{number}", by=by, now=now)
        return done


def _kind_of(field: str) -> str:
    """Which sentence says what is wrong with a field."""
    known = editing.FIELDS.get(field)
    return field if known is None else known.kind.value


def _edit_form(asked: Asked, lead_id: int, status: int = 200, **parts: Any) -> HttpResponse:
    with database.reading() as connection:
        survivor = cards.survivor(connection, known_number(lead_id))
        if survivor is None:
            raise Http404
        known = leads.load_known(connection, [survivor])[survivor]
        roster = load_roster(connection)
    now_is = {
        name: next((str(known.traits[each]) for each in (name, *field.also) if known.traits.get(each) is not None), "")
        for name, field in editing.FIELDS.items()
    }
    owner = roster.owner_of(known.traits.get(roster.owner_trait)) or ""
    members = sorted((member.name, member.id) for member in roster.members.values())
    return form(
        asked, "leads/edit.html", lead_id, status=status, fields=editing.FIELDS, groups=list(known.groups)[:100],
        owners=[("", asked.say("leads_edit.nobody")), *((id, name) for name, id in members)],
        **{"given": {**now_is, "owner": owner, "join": ""} | parts.pop("given", {}), **parts},
    )  # fmt: skip


# ---- A link to hand out ----------------------------------------------------------------------------------------------


@page(Permission.EDIT_LEADS, methods=("GET", "POST"))
def link(asked: Asked, lead_id: int) -> HttpResponse:
    """Sign a link by which somebody without an account reads the lead's page for some days."""
    if asked.request.method != "POST":
        return form(asked, "leads/link.html", lead_id, days=DAYS, address="", until=None)
    word, language = posted(asked, "days", 3), posted(asked, "language", 2)
    if word not in map(str, DAYS) or language not in LANGUAGES:
        errors = {"days": asked.say("leads_link.bad_days")}
        return form(asked, "leads/link.html", lead_id, status=422, days=DAYS, address="", until=None, errors=errors)
    until = asked.now + int(word) * DAY_US
    with database.writing() as connection, connection.transaction():
        survivor = cards.survivor(connection, known_number(lead_id))
        if survivor is None:
            raise Http404
        about = {"lead": survivor, "until": until}
        audit.record(connection, by=asked.who.by, did="signed a link", about=about, now=asked.now)
    token = Links(settings.SECRET_KEY).sign(Link(survivor, until, language))
    address = configuration.read().url + PATH + token
    return form(asked, "leads/link.html", survivor, status=201, days=DAYS, address=address, until=until)


def _done(asked: Asked, done: Any, toast: str) -> HttpResponse:
    """Back to the lead; raises Http404 where there is none."""
    if done is None:
        raise Http404
    return redirect(asked, lead_page(done.lead_id), toast)
