"""The ways out as deliverers use them: where an intent goes, and how a notice gets there by its channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from psycopg import Connection

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.channels.email.sending import Mailer, mailer
from couveuse.channels.guarded import Allowed, Client
from couveuse.channels.slack.sending import PAUSE_SECONDS, Slack
from couveuse.channels.webhook.sending import Webhook
from couveuse.configuration import Configuration
from couveuse.core.notices import Notice
from couveuse.core.times import SECOND_US
from couveuse.store import endpoints, intents, sealed, secrets
from couveuse.store.intents import Intent
from couveuse.store.sealed import Box, CannotOpen

EMAIL, SLACK, WEBHOOK = "email", "slack", "webhook"
CHANNELS: Final = (EMAIL, SLACK, WEBHOOK)
# How many threads each channel has: one that hangs holds up none of the others.
THREADS: Final = {EMAIL: 3, SLACK: 1, WEBHOOK: 2}
OURSELVES: Final = "couveuse"


@dataclass(frozen=True, slots=True)
class Nowhere:
    """There is no place to send to (any more), and why."""

    reason: str


class Way(Protocol):
    """A channel as a deliverer uses it; one thread's."""

    channel: str
    batch: int  # so many intents are claimed at a time
    is_alone: bool  # to one place goes one at a time

    def place(self, connection: Connection[Any], intent: Intent) -> Any:
        """Where an intent goes, as `send` takes it; or Nowhere."""
        ...

    def send(self, place: Any, intent: Intent, notice: Notice, now: int) -> Outcome:
        """Attempt it."""
        ...

    def settled(self, connection: Connection[Any], intent: Intent, outcome: Outcome, due_at: int, now: int) -> None:
        """What an outcome means for the place, in the transaction that settles the intent."""
        ...

    def rest(self) -> None:
        """Nothing is to be done for a while."""
        ...

    def close(self) -> None:
        """End what is open."""
        ...


def ways(settings: Configuration) -> list[Callable[[], Way]]:
    """What makes the ways that these settings have, each as often as it has threads; raises BadInput.

    Without MAIL_URL there is none for mail: it waits.
    """
    box = Box(secrets.secret_key(settings))
    allowed = Allowed.of(settings.private_hosts)
    found: list[Callable[[], Way]] = []
    if settings.mail_url:
        make = mailer(settings.mail_url, settings.mail_from, settings.url)
        found += [lambda: ByEmail(make())] * THREADS[EMAIL]
    found += [lambda: BySlack(Client(allowed), box)] * THREADS[SLACK]
    found += [lambda: ByWebhook(Client(allowed), box, settings.url)] * THREADS[WEBHOOK]
    return found


class ByEmail:
    """By e-mail: to a member of the team, or to an address of a team's or a list."""

    channel = EMAIL
    batch = 4
    is_alone = False

    def __init__(self, mail: Mailer) -> None:
        self._mail = mail

    def place(self, connection: Connection[Any], intent: Intent) -> tuple[str, str] | Nowhere:
        address = intent.target.get("address")
        if address is not None:
            return "", str(address)
        found = intents.address_of_member(connection, str(intent.target.get("member", "")))
        return found or Nowhere("nobody of that name is on the team any more")

    def send(self, place: tuple[str, str], intent: Intent, notice: Notice, now: int) -> Outcome:
        name, to = place
        return self._mail.send(name, to, notice, key=intent.key, answers=answered(intent), now=now)

    def settled(self, connection: Connection[Any], intent: Intent, outcome: Outcome, due_at: int, now: int) -> None:
        """Mail is settled mail by mail."""

    def rest(self) -> None:
        self._mail.rest()

    def close(self) -> None:
        self._mail.close()


def answered(intent: Intent) -> str:
    """The key of the mail that one goes on from: of the alert that it withdraws or raises again, to the same place."""
    of, parts = intent.about.get("of"), intent.key.split(":", 2)
    return f"alert:{of}:{parts[2]}" if of is not None and len(parts) == 3 and parts[0] == "alert" else ""


class BySlack:
    """By Slack: to the address that a sealed secret holds, one message a second."""

    channel = SLACK
    batch = 1
    is_alone = True

    def __init__(self, client: Client, box: Box) -> None:
        self._slack, self._box = Slack(client), box

    def place(self, connection: Connection[Any], intent: Intent) -> str | Nowhere:
        name = str(intent.target.get("secret", ""))
        try:
            found = sealed.secret(connection, self._box, name)
        except CannotOpen as error:
            return Nowhere(str(error))
        return found or Nowhere(f"there is no secret {name}: couveuse outgoing secret set {name}")

    def send(self, place: str, intent: Intent, notice: Notice, now: int) -> Outcome:
        return self._slack.send(place, notice)

    def settled(self, connection: Connection[Any], intent: Intent, outcome: Outcome, due_at: int, now: int) -> None:
        """Whatever was said to Slack, it hears nothing more for a second; and longer where it has asked for that."""
        until = due_at if isinstance(outcome, Failed) else now + round(PAUSE_SECONDS * SECOND_US)
        intents.leave_alone(connection, SLACK, intent.target, until)

    def rest(self) -> None:
        """Lines end by themselves."""

    def close(self) -> None:
        self._slack.close()


class ByWebhook:
    """By webhook: to an endpoint, one message after the other; one that fails is left alone until it is tried again."""

    channel = WEBHOOK
    batch = 1
    is_alone = True

    def __init__(self, client: Client, box: Box, instance: str) -> None:
        self._webhook, self._box = Webhook(client, instance), box

    def place(self, connection: Connection[Any], intent: Intent) -> tuple[str, Sequence[str]] | Nowhere:
        id = str(intent.target.get("endpoint", ""))
        try:
            found = endpoints.load_endpoint(connection, self._box, id)
        except CannotOpen as error:
            return Nowhere(str(error))
        if found is None:
            return Nowhere(f"there is no endpoint {id}")
        endpoint, keys = found
        if endpoint.disabled_at is not None:
            return Nowhere(f"the endpoint is disabled: {endpoint.disabled_because}")
        return endpoint.url, keys

    def send(self, place: tuple[str, Sequence[str]], intent: Intent, notice: Notice, now: int) -> Outcome:
        url, keys = place
        about = {name: value for name, value in intent.about.items() if name != "member"}
        return self._webhook.send(url, keys, notice, type_=intent.kind, about=about, key=intent.key, now=now)

    def settled(self, connection: Connection[Any], intent: Intent, outcome: Outcome, due_at: int, now: int) -> None:
        id = str(intent.target.get("endpoint", ""))
        if isinstance(outcome, Refused) and outcome.is_gone:
            endpoints.disable_endpoint(connection, id, because=outcome.reason, by=OURSELVES, now=now)
        endpoints.mark(connection, id, is_well=isinstance(outcome, Delivered), now=now)
        if isinstance(outcome, Failed | Unknown):
            intents.leave_alone(connection, WEBHOOK, intent.target, due_at)

    def rest(self) -> None:
        """Lines end by themselves."""

    def close(self) -> None:
        self._webhook.close()
