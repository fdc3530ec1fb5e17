"""What goes out, on screen: the channels and how each stands, the log, one message with its attempts, sending on."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse import configuration
from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.engine import outgoing
from couveuse.engine.ways import CHANNELS, EMAIL
from couveuse.errors import BadInput
from couveuse.store import intents, rosters, sealed
from couveuse.store.endpoints import Endpoint
from couveuse.store.intents import DEAD, PARKED, STANDINGS, TROUBLED, Row
from couveuse.web import database
from couveuse.web.areas.settings.answers import said
from couveuse.web.areas.settings.audit import number
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission, may
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/outgoing"
PAGE: Final = 50


@page(Permission.SEE_OUTGOING)
def show(asked: Asked) -> HttpResponse:
    """The channels, and a page of the log."""
    given = asked.request.GET
    standing, channel = given.get("standing", ""), given.get("channel", "")
    endpoint, before = given.get("endpoint", "")[:80], number(given.get("before", ""))
    with database.reading() as connection:
        found = intents.page(
            connection, standings=[standing] if standing in STANDINGS else None,
            channel=channel if channel in CHANNELS else None, endpoint=endpoint or None, before=before, most=PAGE + 1,
        )  # fmt: skip
        now = outgoing.standing(connection)
        addresses, names = sealed.names(connection), called(connection)
    rows = found[:PAGE]
    chosen = (("standing", standing), ("channel", channel), ("endpoint", endpoint))
    query = {name: value for name, value in chosen if value}
    following = f"{PLACE}?{urlencode({**query, 'before': rows[-1].id})}" if len(found) > PAGE else ""
    settings = configuration.read()
    return render(
        asked, "settings/outgoing_rows.html" if asked.is_htmx and before is not None else "settings/outgoing.html",
        title=asked.say("settings_nav.outgoing"), rows=rows, following=following, now_standing=now, chosen=chosen,
        addresses=addresses, has_mail=bool(settings.mail_url), mail_from=settings.mail_from, channels=CHANNELS,
        standings=STANDINGS, is_filtered=bool(query), host=host_of, troubled=TROUBLED,
        place=lambda row: place_of(row, names),
        may_manage=may(asked.who, Permission.MANAGE_OUTGOING), kind=lambda kind: kind_of(asked, kind),
        said=lambda answer: said(asked, answer), state=state_of,
    )  # fmt: skip


@page(Permission.SEE_OUTGOING)
def one(asked: Asked, number: int) -> HttpResponse:
    """One message with its attempts."""
    with database.reading() as connection:
        found, names = intents.one(connection, min(number, 2**63 - 2)), called(connection)
    if found is None:
        raise Http404
    row, attempts = found
    return render(
        asked, "settings/intent.html", title=asked.say("settings_outgoing.message_n", n=row.id), row=row,
        attempts=attempts, may_manage=may(asked.who, Permission.MANAGE_OUTGOING), place=place_of(row, names),
        is_troubled=row.standing in TROUBLED, kind=kind_of(asked, row.kind), said=lambda answer: said(asked, answer),
        about=about_of(row),
    )  # fmt: skip


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def replay(asked: Asked, number: int) -> HttpResponse:
    """One message is sent on."""
    with database.writing() as connection:
        sent = intents.replay(connection, [min(number, 2**63 - 2)], by=asked.who.by, now=asked.now)
    key = "settings_outgoing.replayed" if sent else "settings_outgoing.not_replayed"
    return redirect(asked, f"{PLACE}/{number}", key)


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def replay_all(asked: Asked) -> HttpResponse:
    """All that was given up, or all that is parked, is sent on."""
    standing = asked.request.POST.get("standing", "")
    if standing not in (DEAD, PARKED):
        return redirect(asked, PLACE, "settings_outgoing.not_replayed")
    with database.writing() as connection:
        sent = intents.replay(connection, None, standings=[standing], by=asked.who.by, now=asked.now)
    return redirect(asked, PLACE, "settings_outgoing.replayed_n", n=asked.formats.number(len(sent)))


@page(Permission.MANAGE_OUTGOING, methods=("POST",))
def try_mail(asked: Asked) -> HttpResponse:
    """A trial mail, now, to a member or an address."""
    return tried(asked, EMAIL, asked.request.POST.get("to", "").strip() or asked.who.email, PLACE)


def tried(asked: Asked, channel: str, to: str, back: str) -> HttpResponse:
    """Send a trial, and show what came of it, with what the other side answered."""
    words: dict[type, str] = {Delivered: "taken", Failed: "failed", Refused: "refused", Unknown: "unknown"}
    try:
        with database.writing() as connection:
            outcome = outgoing.try_out(
                connection, configuration.read(), channel, to, language=asked.language, now=asked.now
            )
        became = words.get(type(outcome), "nowhere")
        answer = outcome.reference if isinstance(outcome, Delivered) else outcome.reason
    except outgoing.CannotTry as error:
        became, answer = error.code, ""
    except BadInput:  # an address that is none
        became, answer = "no_address", ""
    return render(
        asked, "settings/trial.html", 200 if became == "taken" else 422,
        title=asked.say("settings_outgoing.trial"), became=became, answer=said(asked, answer), channel=channel, to=to,
        back=back,
    )  # fmt: skip


def host_of(url: str) -> str:
    """The host of an address; its path may hold a secret."""
    return urlsplit(url).hostname or ""


def called(connection: Connection[Any]) -> Mapping[str, str]:
    """The members' names, by id."""
    newest = rosters.newest(connection)
    members = newest.document().roster.members if newest is not None else {}
    return {id: member.name for id, member in members.items()}


def place_of(row: Row, names: Mapping[str, str]) -> str:
    """Where a message goes, by name; a member who left by the id."""
    return ", ".join(
        names.get(str(value), str(value)) if kind == "member" else str(value) for kind, value in row.target.items()
    )


def kind_of(asked: Asked, kind: str) -> str:
    """What a message tells, in words."""
    slug = kind.replace(".", "_")
    found = asked.words.known("settings_kind", slug)
    return kind if found == slug else found


def state_of(endpoint: Endpoint) -> str:
    """How an endpoint stands, in a word."""
    return "disabled" if endpoint.disabled_at is not None else "failing" if endpoint.failing_since else "fine"


def about_of(row: Row) -> dict[str, Any]:
    """What a message tells of, by number: nothing else that it holds is shown."""
    return {name: row.about[name] for name in ("lead", "task", "alert", "handover") if name in row.about}
