"""A notice as a mail: text and HTML that say the same, and an invitation where an appointment is made or called off."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from couveuse.channels.telling import NAME, Told, tell, words
from couveuse.core.notices import Notice
from couveuse.core.times import moment
from couveuse.errors import BadInput
from couveuse.language.plain import in_a_line

# Long lines of others (a note without a space) are kept by base64 or quoted-printable; headers are folded at 78.
_POLICY: Final = SMTP.clone(max_line_length=78)
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f]")


class BadAddress(BadInput):
    """An e-mail address that no mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail before it has its headers: one of the three bodies may be missing, the invitation."""

    subject: str
    text: str
    html: str
    invitation: bytes
    method: str  # of the invitation: REQUEST or CANCEL; '': there is none


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands on a mail: who sends it to whom, its number for ever, and the mail that it goes on from."""

    sender: str  # Name <address>
    name: str
    to: str
    message_id: str
    answers: str = ""
    at: int = 0


def render(notice: Notice, sender: str, name: str, to: str) -> Rendered:
    """The bodies of a mail; `sender` and `to` stand in the invitation too."""
    told = tell(notice)
    calendar, method = b"", ""
    if notice.appointment is not None:
        from couveuse.channels.email.invitations import invitation  # heavy, and seldom asked for

        organizer = address_of(sender)
        calendar, method = invitation(notice, told, (organizer.display_name, organizer.addr_spec), (name, to))
    return Rendered(told.subject, as_text(told), as_html(told), calendar, method)


def message(rendered: Rendered, envelope: Envelope) -> EmailMessage:
    """The whole mail; raises BadAddress. What others wrote cannot add a header: each value is one line."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = address_of(envelope.sender)
    made["To"] = Address(in_a_line(envelope.name, NAME), addr_spec=address_of(envelope.to).addr_spec)
    made["Subject"] = in_a_line(rendered.subject, 200)
    made["Date"] = format_datetime(moment(envelope.at))
    made["Message-ID"] = envelope.message_id
    if envelope.answers:
        made["In-Reply-To"] = made["References"] = envelope.answers
    # RFC 3834: whoever is away does not answer a machine.
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(rendered.text, cte="quoted-printable")
    made.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    if rendered.invitation:
        # As one more way to read the mail: calendars of Google, Microsoft and Apple look for it there.
        made.add_alternative(
            rendered.invitation.decode("utf-8"), subtype="calendar", cte="base64",
            params={"method": rendered.method, "name": "invite.ics"},
        )  # fmt: skip
    return made


def address_of(text: str) -> Address:
    """An address, with its name where it has one; raises BadAddress."""
    name, spec = parseaddr(text)
    local, at, domain = spec.rpartition("@")
    if not (local and at and domain) or _SPACE.search(spec) or not spec.isascii():
        raise BadAddress("an address cannot be written to: correct it, as name@example.com")
    try:
        return Address(in_a_line(name, NAME), addr_spec=spec)
    except (ValueError, IndexError) as error:
        raise BadAddress("an address cannot be written to: correct it, as name@example.com") from error


def as_html(told: Told) -> str:
    """The mail in HTML, each value escaped."""
    template = _environment().get_template("notice.html")
    page = template.render(told=told, say=words(told.language).say, dialled=dialled)
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("couveuse.channels.email"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def dialled(telephone: str) -> str:
    """A telephone number as a link dials it.

    >>> dialled("+33 (0)1 02 03 04 05")
    '+330102030405'
    """
    return re.sub(r"(?!^\+)\D", "", telephone.strip())


def as_text(told: Told) -> str:
    """The mail in plain text: the same things in the same order."""
    return "\n".join(_text(told)).strip() + "\n"


def _text(told: Told) -> Iterator[str]:
    say = words(told.language).say
    for mark in told.marks:
        yield from (mark, "")
    yield told.kind
    yield told.title
    if told.who:
        yield from (text for text in (told.who.beneath, told.who.telephone, told.who.email) if text)
    yield ""
    for sentence in told.sentences:
        yield from (sentence, "")
    if told.score:
        word = f", {told.score.word}" if told.score.word else ""
        yield say("text.label", label=say("part.total"), value=told.score.points + word)
    for label, value in told.facts:
        yield say("text.label", label=label, value=value)
    if told.score and told.score.worth:
        yield told.score.worth
    yield ""
    if told.url:
        yield from (say("text.label", label=told.act, value=told.url), "")
    for item in told.items:
        yield from _item(item)
    if told.lines:
        yield say("part.why")
        yield from _receipt(told)
        yield ""
    if told.model_url:
        yield from (say("text.label", label=say("part.model"), value=told.model_url), "")
    if told.notes:
        yield from (say("part.notes"), *told.notes, "")
    yield from ("-- ", told.foot)


def _item(item: Told) -> Iterator[str]:
    score = f" · {item.score.points} {item.score.word}".rstrip() if item.score else ""
    yield f"{item.kind} · {item.title}{score}"
    yield from (
        f"  {text}" for text in (item.who.beneath if item.who else "", *item.sentences[:1], item.what, item.url) if text
    )
    yield ""


def _receipt(told: Told) -> Iterator[str]:
    rows = [(f"{line.label} ({line.when})" if line.when else line.label, line.points) for line in told.lines]
    wide = max(len(points) for _, points in [*rows, ("", told.total)])
    for label, points in rows:
        yield f"  {points:>{wide}}  {label}"
    if told.total:
        yield f"  {'-' * wide}"
        yield f"  {told.total:>{wide}}  {words(told.language).say('part.total')}"
