"""Editing the model: its document in a field or as a file, errors at their line, then on its way."""

from dataclasses import dataclass
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import reverse

from couveuse.documents.findings import ModelErrors
from couveuse.documents.presets import preset, presets
from couveuse.engine import drafting
from couveuse.engine.drafting import MOST_BYTES, AnotherDraft, CommandRuns, NotReady, Same
from couveuse.errors import BadInput
from couveuse.store import versions
from couveuse.web import database, reading
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Wrong:
    """An error of the document, with the line that it is about."""

    line: int
    text: str
    field: str
    told: str


class Unreadable(BadInput):
    """A file that is no text."""


@page(Permission.PUBLISH, methods=("GET", "POST"))
def edit(asked: Asked) -> HttpResponse:
    """The document that acts, or the one asked for; posted, it is checked, and sets out if that is wanted."""
    if asked.request.method != "POST":
        return _shown(asked, _document(asked))
    try:
        text = _posted(asked)
    except Unreadable:
        return _shown(asked, asked.request.POST.get("document", ""), problem="not_text", status=UNPROCESSABLE)
    try:
        document = drafting.checked(text)
    except ModelErrors as errors:
        return _shown(asked, text, wrong=_wrong(asked, text, errors), status=UNPROCESSABLE)
    except BadInput:
        return _shown(asked, text[:MOST_BYTES], problem="too_long", status=UNPROCESSABLE)
    if asked.request.POST.get("act") == "check":
        return _shown(asked, text, is_fine=True)
    try:
        with database.writing() as connection:
            draft_id = drafting.begin(connection, document, by=asked.who.by, now=asked.now)
    except Same:
        return _shown(asked, text, problem="same", status=UNPROCESSABLE)
    except (AnotherDraft, CommandRuns, NotReady) as error:
        return _shown(asked, text, problem=PROBLEMS[type(error)], other=getattr(error, "draft", None), status=CONFLICT)
    return redirect(asked, reverse("scoring_draft", kwargs={"draft_id": draft_id}))


PROBLEMS: Final = {AnotherDraft: "another", CommandRuns: "command", NotReady: "again"}


def _document(asked: Asked) -> str:
    """The text to begin with: of a preset, of an older version, else of the one that acts."""
    wanted, version = asked.request.GET.get("preset", ""), asked.request.GET.get("version", "")
    if wanted in presets():
        return preset(wanted)
    with database.reading() as connection:
        if version.isdigit() and len(version) < 10:
            found = versions.version(connection, int(version))
            if found is not None:
                return found.published.document
        return reading.acting(connection).published.document


def _posted(asked: Asked) -> str:
    """The document that came: the file's where there is one, else the field's; raises Unreadable."""
    file = asked.request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        return str(asked.request.POST.get("document", "")).replace("\r\n", "\n")
    try:
        return bytes(file.read(MOST_BYTES + 1)).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if file.size > MOST_BYTES:  # cut in the midst of a letter
            return " " * (MOST_BYTES + 1)
        raise Unreadable from error


def _wrong(asked: Asked, text: str, errors: ModelErrors) -> list[Wrong]:
    lines = text.splitlines()
    return [
        Wrong(
            each.line, lines[each.line - 1].strip()[:160] if 0 < each.line <= len(lines) else "", each.field,
            each.told(asked.language),
        )
        for each in errors.findings
    ]  # fmt: skip


def _shown(
    asked: Asked, text: str, *, wrong: list[Wrong] | None = None, problem: str = "", other: object = None,
    is_fine: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    return render(
        asked, "scoring/edit.html", status, title=asked.say("scoring_edit.title"), text=text, wrong=wrong or [],
        problem=problem, other=other, is_fine=is_fine, presets=presets(), most=MOST_BYTES // 1024,
        rows=min(max(text.count("\n") + 3, 24), 60),
    )  # fmt: skip
