"""The page of a demonstration's inbox: mails in a list, and one of them open, its body in a frame of its own."""

from dataclasses import dataclass

from couveuse.language.words import LANGUAGES
from couveuse.report.shell import put_together
from couveuse.report.words import words


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list; `when` is written already."""

    id: str
    to: str
    subject: str
    when: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with the open mail, by its number."""

    number: int
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The mail that is open; its body is asked for by the frame, where it has one in HTML."""

    id: str
    sender: str
    to: str
    subject: str
    when: str
    text: str
    is_rich: bool
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """What the page shows."""

    language: str
    entries: tuple[Entry, ...]
    opened: Opened | None


def render_inbox(inbox: Inbox) -> str:
    """The page, in its language; raises `BadInput` for a language other than fr and en."""
    return put_together(
        "inbox.html",
        words(inbox.language),
        inbox=inbox,
        opened=inbox.opened,
        others=[language for language in LANGUAGES if language != inbox.language],
    )
