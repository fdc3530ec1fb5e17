"""What goes out, as people look after it: how it stands, where it goes, what is switched, and trying a channel."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from couveuse.channels import Outcome
from couveuse.channels.email.rendering import address_of
from couveuse.channels.guarded import Allowed, NotAllowed, foreseen
from couveuse.configuration import Configuration
from couveuse.core.notices import Notice, NoticeKind
from couveuse.core.times import SECOND_US
from couveuse.engine.alerting import EVENTS
from couveuse.engine.ways import EMAIL, SLACK, WEBHOOK, Nowhere, ways
from couveuse.errors import BadInput
from couveuse.store import audit, endpoints, intents, processes, sealed, secrets, switches
from couveuse.store.endpoints import Endpoint
from couveuse.store.health import Check
from couveuse.store.intents import Intent, Look
from couveuse.store.processes import Process
from couveuse.store.rosters import load_roster
from couveuse.store.sealed import Box

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
# What is due for longer than this, though something could take it, is told by the doctor.
LATE_SECONDS: Final = 300
# An endpoint that fails for longer than this is told.
FAILING_SECONDS: Final = 3_600


class BadPlace(BadInput):
    """A place that nothing can be sent to as it is told: in which field, and in a word why."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code = field, code


class CannotTry(BadInput):
    """No trial can be sent now; `code` says why in a word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Standing:
    """How what goes out stands, and who sends it."""

    look: Look
    deliverers: int
    endpoints: Sequence[Endpoint]


def standing(connection: Connection[Any], alive: Sequence[Process] | None = None) -> Standing:
    """How what goes out stands; `alive` are the processes that live, where they were asked for already."""
    known = processes.alive(connection) if alive is None else alive
    deliverers = sum(process.kind == processes.DELIVERER for process in known)
    return Standing(intents.look(connection), deliverers, endpoints.list_endpoints(connection))


def checks(found: Standing, settings: Configuration, now: int) -> Iterator[Check]:
    """What that means, each thing with its cure."""
    look, waiting = found.look, sum(found.look.waiting.values())
    cure = "" if found.deliverers else "run: couveuse up, or couveuse deliver"
    yield Check(
        "deliverers", f"{found.deliverers} alive" if found.deliverers else "none alive", cure,
        "deliverers" if found.deliverers else "deliverers_none", {"n": found.deliverers},
    )  # fmt: skip
    if switches.STOP in look.switched:
        says = f"all is stopped, {waiting:,} wait"
        cure = "let everything go out again: couveuse outgoing go"
        yield Check("red button", says, cure, "stop", {"n": waiting})
    if switches.REHEARSAL in look.switched:
        yield Check("rehearsal", "on: only the team gets anything", "end it: couveuse outgoing go", "rehearsal")
    mails = look.waiting.get(EMAIL, 0)
    if not settings.mail_url:
        says = f"none leaves, {mails:,} wait" if mails else "none leaves"
        cure, code = ("set COUVEUSE_MAIL_URL", "mail_waits") if mails else ("", "mail_none")
        yield Check("mail", says, cure, code, {"n": mails})
    else:
        yield Check("mail", "leaves", code="mail")
    yield from _troubled(look)
    late = 0 if look.oldest_due is None else (now - look.oldest_due) // SECOND_US
    if found.deliverers and settings.mail_url and switches.STOP not in look.switched and late > LATE_SECONDS:
        says = f"something has been due for {late // 60:,} minutes"
        yield Check("late", says, "see: couveuse outgoing list", "late", {"minutes": late // 60})
    for endpoint in found.endpoints:
        since = endpoint.failing_since
        if endpoint.disabled_at is not None:
            values = {"endpoint": endpoint.id, "because": endpoint.disabled_because}
            yield Check(
                f"endpoint {endpoint.id}", f"disabled: {endpoint.disabled_because}", "", "endpoint_disabled", values
            )
        elif since is not None and now - since > FAILING_SECONDS * SECOND_US:
            hours = (now - since) // (3_600 * SECOND_US)
            cure = f"see: couveuse outgoing try webhook {endpoint.id}"
            yield Check(
                f"endpoint {endpoint.id}", f"has failed for {hours:,} hours", cure, "endpoint_failing",
                {"endpoint": endpoint.id, "hours": hours},
            )  # fmt: skip


def _troubled(look: Look) -> Iterator[Check]:
    parts = [f"{number:,} {name}" for number, name in ((look.parked, "parked"), (look.dead, "given up")) if number]
    cure = "see couveuse outgoing list --standing parked --standing dead, then couveuse outgoing replay"
    if parts:
        values = {"parked": look.parked, "dead": look.dead}
        yield Check("outgoing", ", ".join(parts), cure, "outgoing_troubled", values)
    else:
        yield Check("outgoing", "nothing is parked or given up", code="outgoing")


# ---- Places ----------------------------------------------------------------------------------------------------------


def add_endpoint(
    connection: Connection[Any], settings: Configuration, id: str, url: str, events: Sequence[str], *, by: str, now: int
) -> str:
    """A new endpoint; its secret, to be shown once. Raises BadPlace."""
    require_name(id, "id")
    require_url(url, settings)
    require_events(events)
    secret = endpoints.add_endpoint(connection, _box(settings), id, url, sorted(set(events)), by=by, now=now)
    if secret is None:
        raise BadPlace("id", "taken", f"{id}: there is an endpoint of that name; choose another one")
    return secret


def change_endpoint(
    connection: Connection[Any], settings: Configuration, id: str, url: str, events: Sequence[str], *, by: str, now: int
) -> bool:
    """Another address and other events for an endpoint; False where there is none. Raises BadPlace."""
    require_url(url, settings)
    require_events(events)
    return endpoints.change_endpoint(connection, id, url, sorted(set(events)), by=by, now=now)


def require_events(events: Sequence[str]) -> None:
    """Raises BadPlace for an event that there is not."""
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        message = f"{unknown[0][:80]}: there is no such event; write one of {', '.join(sorted(EVENTS))}, or none: all"
        raise BadPlace("events", "event", message)


def rotate_endpoint(connection: Connection[Any], settings: Configuration, id: str, *, by: str, now: int) -> str:
    """A new secret for an endpoint, beside the last one; to be shown once. Raises BadInput."""
    secret = endpoints.rotate_secret(connection, _box(settings), id, by=by, now=now)
    if secret is None:
        raise BadInput(f"{id}: there is no such endpoint; see: couveuse outgoing endpoint list")
    return secret


def set_secret(
    connection: Connection[Any], settings: Configuration, name: str, text: str, *, by: str, now: int
) -> None:
    """Keep the address of a channel of Slack's under a name. Raises BadPlace."""
    require_name(name)
    require_url(text, settings)
    with connection.transaction():
        sealed.put_secret(connection, _box(settings), name, text, by=by, now=now)
        audit.record(connection, by=by, did="kept an address", about={"secret": name}, now=now)


def remove_secret(connection: Connection[Any], name: str, *, by: str, now: int) -> bool:
    """Forget the address of a channel of Slack's; False where there was none."""
    with connection.transaction():
        is_done = sealed.remove_secret(connection, name)
        if is_done:
            audit.record(connection, by=by, did="forgot an address", about={"secret": name}, now=now)
    return is_done


def require_name(name: str, field: str = "name") -> None:
    """Raises BadPlace for a name that would not do."""
    if not _NAME.fullmatch(name):
        message = f"{name[:80]}: write a name of small letters, digits, dots and dashes, as crm or sales-north"
        raise BadPlace(field, "name", message)


def require_url(url: str, settings: Configuration) -> None:
    """Raises BadPlace for an address that nothing would be sent to, without telling it: it may be a secret."""
    try:
        foreseen(url, Allowed.of(settings.private_hosts))
    except NotAllowed as error:
        raise BadPlace("url", error.code, f"the address will not do: {error}") from None


def _box(settings: Configuration) -> Box:
    return Box(secrets.secret_key(settings))


# ---- Trying ----------------------------------------------------------------------------------------------------------


def try_out(
    connection: Connection[Any], settings: Configuration, channel: str, to: str, *, language: str, now: int
) -> Outcome | Nowhere:
    """Send a trial notice now, by a channel to a member, an address, a secret or an endpoint. Raises BadInput.

    It goes past the queue, to whoever tries, and says what came of it; while all is stopped it is refused.
    """
    if switches.is_switched_on(connection, switches.STOP):
        raise CannotTry("stopped", "all is stopped: let everything go out again first, by couveuse outgoing go")
    if channel == EMAIL and not settings.mail_url:
        raise CannotTry("no_mail", "no mail leaves: set COUVEUSE_MAIL_URL, as smtp://user:password@host:587")
    way = next(way for make in ways(settings) if (way := make()).channel == channel)
    target = {EMAIL: _addressee(connection, to) if channel == EMAIL else {}, SLACK: {"secret": to},
              WEBHOOK: {"endpoint": to}}[channel]  # fmt: skip
    key = f"trial:{now}:{channel}:{to}"
    intent = Intent(0, key, channel, intents.TEAM, NoticeKind.TRIAL.value, target, {}, None, now, 0, 0, 0, 0)
    try:
        place = way.place(connection, intent)
        if isinstance(place, Nowhere):
            return place
        notice = Notice(NoticeKind.TRIAL, language, load_roster(connection).hours.timezone, now, url=settings.url)
        return way.send(place, intent, notice, now)
    finally:
        way.close()


def _addressee(connection: Connection[Any], to: str) -> dict[str, str]:
    if intents.address_of_member(connection, to) is not None:
        return {"member": to}
    address_of(to)  # raises BadAddress
    return {"address": to}
