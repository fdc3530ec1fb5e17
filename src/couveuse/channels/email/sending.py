"""Mail, sent: a notice to one address, by a server of our own choosing or by a service."""

import hashlib
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from couveuse.channels import Outcome, Refused
from couveuse.channels.email.rendering import BadAddress, Envelope, address_of, message, render
from couveuse.channels.email.service import Service
from couveuse.channels.email.smtp import Patience, Server, Session
from couveuse.core.notices import Notice
from couveuse.errors import BadInput


class Mailer(Protocol):
    """Sends notices as mail; one thread's."""

    def send(self, name: str, to: str, notice: Notice, *, key: str, answers: str = "", now: int) -> Outcome:
        """Send a notice; `key` is what the mail is, once for ever, and `answers` the key of the one it goes on from."""
        ...

    def rest(self) -> None:
        """Nothing is to be sent for a while: end a session that has been idle for long."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


class _Email:
    """The mails of one instance, from one sender."""

    def __init__(self, sender: str, instance: str) -> None:
        self._sender, self._instance = sender, instance

    def _envelope(self, name: str, to: str, key: str, answers: str, now: int) -> Envelope:
        known = message_id(self._instance, self._sender, key)
        answered = message_id(self._instance, self._sender, answers) if answers else ""
        return Envelope(self._sender, name, to, known, answered, now)


class BySmtp(_Email):
    """By SMTP, on a line that is kept from mail to mail."""

    def __init__(self, url: str, sender: str, instance: str, patience: Patience | None = None) -> None:
        super().__init__(sender, instance)
        self._session = Session(Server.of(url), patience)

    def send(self, name: str, to: str, notice: Notice, *, key: str, answers: str = "", now: int) -> Outcome:
        try:
            made = message(render(notice, self._sender, name, to), self._envelope(name, to, key, answers, now))
            return self._session.send(address_of(self._sender).addr_spec, address_of(to).addr_spec, made.as_bytes())
        except BadAddress as error:
            return Refused(str(error))

    def rest(self) -> None:
        self._session.rest()

    def close(self) -> None:
        self._session.close()


class ByService(_Email):
    """By a service of django-anymail's."""

    def __init__(self, url: str, sender: str, instance: str) -> None:
        super().__init__(sender, instance)
        self._service = Service(url)

    def send(self, name: str, to: str, notice: Notice, *, key: str, answers: str = "", now: int) -> Outcome:
        try:
            rendered = render(notice, self._sender, name, to)
            made = message(rendered, self._envelope(name, to, key, answers, now))
        except BadAddress as error:
            return Refused(str(error))
        return self._service.send(rendered, made)

    def rest(self) -> None:
        self._service.close()

    def close(self) -> None:
        self._service.close()


def mailer(url: str, sender: str, instance: str) -> Callable[[], Mailer]:
    """What makes a mailer for a thread; raises BadInput where the URL or the sender cannot be used."""
    try:
        address_of(sender)
    except BadAddress:
        raise BadInput("COUVEUSE_MAIL_FROM: write it as Couveuse <couveuse@example.com>") from None
    make: type[BySmtp | ByService] = ByService if urlsplit(url).scheme == "anymail" else BySmtp
    make(url, sender, instance).close()
    return lambda: make(url, sender, instance)


def message_id(instance: str, sender: str, key: str) -> str:
    """The number of a mail for ever: the same for a second copy, so that mail programs show one.

    >>> message_id("https://couveuse.example.com", "Couveuse <c@example.com>", "alert:1:email:marie")
    '<0072b31a9c37fcf8234cb2f5a5ba5a52@example.com>'
    """
    digest = hashlib.sha256(f"{instance}\n{key}".encode()).hexdigest()[:32]
    return f"<{digest}@{address_of(sender).domain}>"
