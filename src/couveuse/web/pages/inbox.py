"""The inbox of a demonstration: mails as those who got them see them; there only where a folder is set."""

from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from couveuse import configuration
from couveuse.language.formats import Formats
from couveuse.report.inbox import Entry, File, Inbox, Opened, render_inbox
from couveuse.report.shell import policy
from couveuse.report.words import words
from couveuse.web import mailbox
from couveuse.web.mailbox import Mail
from couveuse.web.pages.speaking import language_of

# The body of a mail is a stranger's: it runs nothing, fetches nothing, and opens its links elsewhere.
_BODY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_PAGE_POLICY: Final = "frame-src 'self'; frame-ancestors 'none'"


def _folder() -> Path:
    folder = configuration.read().inbox
    if not folder:
        raise Http404
    return Path(folder)


@require_safe
def page(request: HttpRequest, id: str | None = None) -> HttpResponse:
    """All mails, and one of them open: the newest where none is asked for."""
    language = language_of(request)
    mails = mailbox.newest(_folder())
    if id is None:
        opened = mails[0] if mails else None
    else:
        opened = mailbox.find(_folder(), id)
        if opened is None:
            raise Http404
    formats = Formats(words(language), "UTC")
    formats.zone = datetime.now().astimezone().tzinfo or formats.zone  # this machine's: it is its own trial
    entries = tuple(Entry(each.id, each.to, each.subject, _when(formats, each)) for each in mails)
    shown = Inbox(language, entries, None if opened is None else _opened(formats, opened))
    answer = HttpResponse(render_inbox(shown))
    answer.headers["Content-Security-Policy"] = f"{policy()}; {_PAGE_POLICY}"
    return answer


@require_safe
def body(request: HttpRequest, id: str) -> HttpResponse:
    """The body of one mail, for the frame in which it is shown."""
    mail = _mail(id)
    return HttpResponse(
        # Links open beside the inbox, and not within the frame.
        f'<base target="_blank">{mail.html}',
        headers={"Content-Security-Policy": _BODY_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


@require_safe
def attached(request: HttpRequest, id: str, number: int) -> HttpResponse:
    """A file that came with a mail; it is saved, never shown."""
    files = _mail(id).attached
    if number >= len(files):
        raise Http404
    file = files[number]
    return HttpResponse(
        file.content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"},
    )


def _mail(id: str) -> Mail:
    mail = mailbox.find(_folder(), id)
    if mail is None:
        raise Http404
    return mail


def _when(formats: Formats, mail: Mail) -> str:
    return "" if mail.at is None else formats.instant(round(mail.at.timestamp() * 1_000_000))


def _opened(formats: Formats, mail: Mail) -> Opened:
    files = tuple(File(number, each.name, each.media_type) for number, each in enumerate(mail.attached))
    return Opened(mail.id, mail.sender, mail.to, mail.subject, _when(formats, mail), mail.text, bool(mail.html), files)
