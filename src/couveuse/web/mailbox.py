"""Mails that stand in a folder, one file each, as the page of the inbox shows them: for trying out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

# So many are listed, the newest first; a folder may hold more.
MOST: Final = 200
SUFFIX: Final = ".eml"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it came; `html` and `text` are empty where it has none."""

    id: str
    to: str
    sender: str
    subject: str
    at: datetime | None
    text: str
    html: str
    attached: tuple[Attached, ...]


def newest(folder: Path) -> Sequence[Mail]:
    """The newest mails of a folder, the newest first; a folder that is not there is empty."""
    names = sorted((path.name for path in folder.glob(f"*{SUFFIX}")), reverse=True)[:MOST]
    return [mail for name in names if (mail := find(folder, name.removesuffix(SUFFIX))) is not None]


def find(folder: Path, id: str) -> Mail | None:
    """One mail by its file's name; None where there is none."""
    if not id.replace("-", "").isalnum():
        return None
    try:
        written = (folder / f"{id}{SUFFIX}").read_bytes()
    except OSError:
        return None
    return _read(id, message_from_bytes(written, policy=policy.default))


def _read(id: str, message: EmailMessage) -> Mail:
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    date = message["Date"]
    return Mail(
        id=id,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        at=date.datetime if date is not None else None,
        text="" if plain is None else str(plain.get_content()),
        html="" if rich is None else str(rich.get_content()),
        attached=tuple(_attached(message)),
    )


def _attached(message: EmailMessage) -> Iterator[Attached]:
    """What is no body of the mail: files, and calendars, which stand among its bodies."""
    for part in message.walk():
        media_type = part.get_content_type()
        if part.is_multipart() or (media_type in ("text/plain", "text/html") and part.get_filename() is None):
            continue
        content = part.get_payload(decode=True)
        name = part.get_filename() or ("invite.ics" if media_type == "text/calendar" else "file")
        yield Attached(name, media_type, content if isinstance(content, bytes) else b"")
