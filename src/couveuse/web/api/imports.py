"""Imports: a file sent with its mapping and what is declared of consents, looked ahead, brought, taken back."""

import json
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import File, Form, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from psycopg import Connection
from pydantic import ConfigDict, Field

from couveuse.core import times
from couveuse.core.consent import Basis, Purpose, basis_of, purpose_of
from couveuse.engine import jobs, uploading
from couveuse.engine.brought import Kept, kept
from couveuse.engine.uploading import ENCODINGS, TooMuchKept, Wants
from couveuse.history.columns import Dates
from couveuse.history.limits import LIMITS, too_large
from couveuse.history.unfit import UnfitFile
from couveuse.store import imports, rejects, uploads
from couveuse.store.api_tokens import Scope
from couveuse.store.imports import UNDONE
from couveuse.store.undoing import count_identities
from couveuse.store.uploads import Upload
from couveuse.web import database, keeping, receiving
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, model_of, now_us, only, parts_of, wrong
from couveuse.web.api.shapes import Answer, RejectsPage
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["imports"])
ImportId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The import's number.")]
FileId = Annotated[int, Path(ge=1, le=2**63 - 2, description="The uploaded file's number.")]
_LAST = 2**31 - 1
_NONE = "none"


class Holds(StrEnum):
    """What a file's rows are."""

    EVENTS = "events"
    LEADS = "leads"


class ImportAsked(Schema):
    """How a file is to be read, and what is declared of the consents of who stands in it."""

    model_config = ConfigDict(extra="forbid")

    kind: Holds = Field(Holds.EVENTS, description="`events`: who did what, when; `leads`: a row describes a person.")
    basis: Text = Field(
        max_length=40,
        description="On what basis they may be written to: "
        + ", ".join(basis.value for basis in Basis)
        + "; `none`, and they may not. There is no default.",
    )
    consent_source: Text = Field("", max_length=200, description="Where the consents or addresses come from.")
    consent_date: Text = Field("", max_length=40, description="Since when, in ISO 8601.")
    purposes: list[Text] = Field([], max_length=10, description="For what; `marketing_email` if not said.")
    mapping: Text = Field(
        "", max_length=200_000,
        description="A JSON object: the file's columns, each with what it is to be called. Guessed if not said.",
    )  # fmt: skip
    left_out: list[Text] = Field([], max_length=500, description="Columns that are not read.")
    sheet: Text = Field("", max_length=200, description="Of a workbook; the first if not said.")
    encoding: Text = Field("", max_length=20, description=f"Of text: {', '.join(ENCODINGS)}. Seen if not said.")
    dates: Dates | None = Field(
        None, description="Which comes first in dates: `iso`, `day`, `month`. Seen if not said."
    )
    source: Text = Field("", max_length=500, description="The source of facts that name none.")
    hand_over: int | None = Field(None, ge=1, le=uploading.MOST_A_DAY, description="So many a day; nobody if not said.")
    dry_run: bool = Field(False, description="Tell what would come of it, and write nothing.")


class FileShape(Answer):
    """An uploaded file, and how the work on it stands."""

    id: int
    name: str
    kind: Holds
    bytes: int
    standing: str = Field(description="kept, waiting, running, done, failed, given_up")
    step: str
    done: int
    total: int | None
    said: str = Field(description="Why the work failed, with the cure.")
    foreseen: dict[str, Any] | None = Field(description="What would come of it, once that was looked at.")
    import_id: int | None


class ReachShape(Answer):
    """Who may be written to (marketing e-mail) of the leads of an import, and why the others may not."""

    leads: int
    new: int
    allowed: int
    no_address: int
    suppressed: int
    withdrawn: int
    not_given: int


class ImportShape(Answer):
    """An import, and what came of it."""

    id: int
    kind: str
    files: list[str]
    standing: str = Field(description="running, done, undone")
    consent: dict[str, Any]
    counts: dict[str, Any]
    started_at: str
    ended_at: str | None


class ImportWhole(ImportShape):
    """The same with whom it reached when it was done; null as long as it is not, and once it was taken back."""

    reach: ReachShape | None


class ImportsPage(Answer):
    """A page of imports, the newest first."""

    imports: list[ImportShape]
    next: str | None


class UndoAsked(Answer):
    """The work that was asked for."""

    import_id: int
    job: int


class PageAsked(Schema):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.post(
    "", response={202: FileShape}, auth=BearerToken(Scope.IMPORTS_WRITE), operation_id="import_file",
    summary="Import a file",
)  # fmt: skip
def import_file(
    request: HttpRequest,
    asked: Form[ImportAsked],
    file: UploadedFile = File(None),  # type: ignore[type-arg]  # noqa: B008
) -> Status[dict[str, Any]]:
    """The file is kept, and imported in the background (or only looked at: `dry_run`); ask for it by its number.

    A file that is being imported or was imported already, read in the same way, is brought once.
    """
    if receiving.is_too_large(request):
        raise _unfit(too_large("file", LIMITS.size))
    if file is None:
        raise wrong("file", "Send the file in the field `file` of a multipart form.", "body")
    for name in request.POST:
        if name not in ImportAsked.model_fields:
            raise wrong(name[:100], "There is no such field.", "body")
    now, by = now_us(), by_of(request)
    wants = _consent(asked)
    try:
        number = keeping.keep(file, kind=asked.kind.value, by=by, now=now)
    except UnfitFile as error:
        raise _unfit(error) from error
    except TooMuchKept as error:
        raise Problem(Kind.TOO_MUCH_KEPT) from error
    with database.writing() as connection:
        upload = _file(connection, number)
        try:
            wants = _mapped(connection, upload, asked, wants)
            found = uploading.flaws(_file(connection, number), wants, now)
            if found:
                raise _flawed(found)
            ask = uploading.ask_foresee if asked.dry_run else uploading.ask_import
            ask(connection, _file(connection, number), wants, by=by, now=now)
        except (Problem, UnfitFile) as error:
            uploads.forget(connection, number)
            raise error if isinstance(error, Problem) else _unfit(error) from error
        return Status(202, _told_of_file(connection, _file(connection, number)))


def _unfit(error: UnfitFile) -> Problem:
    return Problem(
        Kind.UNFIT_FILE, str(error), errors=[{"where": ["body", "file"], "message": error.reason.value}]
    )  # fmt: skip


def _flawed(found: list[uploading.Flaw]) -> Problem:
    names = {"columns": "mapping", "since": "consent_date"}
    errors = [
        {
            "where": ["body", names.get(flaw.at, flaw.at)],
            "message": " ".join((flaw.what, *map(str, flaw.values.values()))),
        }
        for flaw in found
    ]
    return Problem(Kind.BAD_VALUE, "Some answers are missing, or make no sense.", errors=errors)


def _consent(asked: ImportAsked) -> Wants:
    """What is declared, checked before the file is kept; raises Problem."""
    basis = basis_of(asked.basis)
    if basis not in (*Basis, _NONE):
        raise wrong("basis", f"Say one of {', '.join((*Basis, _NONE))}.", "body")
    purposes = tuple(purpose_of(purpose) for purpose in asked.purposes) or (Purpose.MARKETING_EMAIL.value,)
    if basis == _NONE:
        return Wants(kind=asked.kind.value, basis="", source=asked.source, hand_over=asked.hand_over)
    return Wants(
        kind=asked.kind.value, basis=basis, consent_source=asked.consent_source, purposes=purposes,
        source=asked.source, hand_over=asked.hand_over,
    )  # fmt: skip


def _mapped(connection: Connection[Any], upload: Upload, asked: ImportAsked, declared: Wants) -> Wants:
    """How the file is to be read; raises Problem, UnfitFile."""
    if asked.encoding and asked.encoding not in ENCODINGS:
        raise wrong("encoding", f"Say one of {', '.join(ENCODINGS)}.", "body")
    seen = uploading.seen_of(upload)
    if (asked.sheet and asked.sheet != seen.sheet) or (asked.encoding and asked.encoding != seen.encoding):
        with keeping.folder() as folder:
            uploading.look_again(connection, upload, folder, sheet=asked.sheet, encoding=asked.encoding)
        upload = _file(connection, upload.id)
    guessed, _ = uploading.first_wants(connection, upload, asked.kind.value)
    zone = ZoneInfo(model_of(connection, None).plan.model.timezone)
    since = times.instant(asked.consent_date, zone) if asked.consent_date else None
    columns = uploading.seen_of(upload).columns
    names = guessed.names if not asked.mapping else _names(asked.mapping, columns)
    for column in asked.left_out:
        if column not in columns:
            raise wrong("left_out", f"The file has no column {column!r}.", "body")
    return replace(
        declared, names=names, left_out=tuple(dict.fromkeys(asked.left_out)) if asked.mapping else
        tuple(dict.fromkeys((*guessed.left_out, *asked.left_out))), sheet=asked.sheet or guessed.sheet,
        encoding=guessed.encoding, dates=guessed.dates if asked.dates is None else asked.dates.value, since=since,
    )  # fmt: skip


def _names(text: str, columns: tuple[str, ...]) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong("mapping", "Not JSON.", "body") from None
    if not isinstance(found, dict) or not all(isinstance(name, str) and name for name in found.values()):
        raise wrong("mapping", 'Write an object of names, as {"Courriel": "email"}.', "body")
    for column in found:
        if column not in columns:
            raise wrong("mapping", f"The file has no column {column!r}; it has: {', '.join(columns[:20])}.", "body")
    return {column: name for column, name in found.items() if name != column}


# ---- Files -----------------------------------------------------------------------------------------------------------


def _file(connection: Connection[Any], number: int) -> Upload:
    found = uploads.find(connection, number)
    if found is None:
        raise Problem(Kind.NO_SUCH_FILE)
    return found


def _told_of_file(connection: Connection[Any], upload: Upload) -> dict[str, Any]:
    job = None if upload.job_id is None else jobs.find(connection, upload.job_id)
    return {
        "id": upload.id,
        "name": upload.name,
        "kind": upload.kind,
        "bytes": upload.size,
        "standing": "kept" if job is None else job.standing.value,
        "step": "" if job is None else job.step,
        "done": 0 if job is None else job.done,
        "total": None if job is None else job.total,
        "said": str(upload.failure["said"]) if upload.failure else "" if job is None else job.said,
        "foreseen": None if upload.foreseen is None else {k: v for k, v in upload.foreseen.items() if k != "best"},
        "import_id": upload.import_id,
    }


@router.get(
    "/files/{file_id}", response=FileShape, auth=BearerToken(Scope.IMPORTS_READ), operation_id="read_import_file",
    summary="Read how an uploaded file stands",
)  # fmt: skip
def read_import_file(request: HttpRequest, file_id: FileId) -> dict[str, Any]:
    """How far the work on it is, what would come of it, which import it became."""
    with database.reading() as connection:
        return _told_of_file(connection, _file(connection, file_id))


@router.post(
    "/files/{file_id}/import", response={202: FileShape}, auth=BearerToken(Scope.IMPORTS_WRITE),
    operation_id="import_kept_file", summary="Import a file that was looked at",
)  # fmt: skip
def import_kept_file(request: HttpRequest, file_id: FileId) -> Status[dict[str, Any]]:
    """As it was asked for when it was looked at (`dry_run`)."""
    now = now_us()
    with database.writing() as connection:
        upload = _file(connection, file_id)
        if upload.wants is None or upload.emptied_at is not None:
            raise Problem(Kind.FILE_DONE)
        job = None if upload.job_id is None else jobs.find(connection, upload.job_id)
        if job is not None and not job.standing.is_over:
            raise Problem(Kind.FILE_BUSY)
        uploading.ask_import(connection, upload, Wants.of(upload.wants), by=by_of(request), now=now)
        return Status(202, _told_of_file(connection, _file(connection, file_id)))


@router.delete(
    "/files/{file_id}", response=FileShape, auth=BearerToken(Scope.IMPORTS_WRITE),
    operation_id="remove_import_file", summary="Take an uploaded file away",
)  # fmt: skip
def remove_import_file(request: HttpRequest, file_id: FileId) -> dict[str, Any]:
    """Unless somebody works on it; what it became stays."""
    with database.writing() as connection:
        upload = _file(connection, file_id)
        before = _told_of_file(connection, upload)
        if not uploading.take_away(connection, upload, by=by_of(request), now=now_us()):
            raise Problem(Kind.FILE_BUSY)
    return before


# ---- Imports ---------------------------------------------------------------------------------------------------------


@router.get(
    "", response=ImportsPage, auth=BearerToken(Scope.IMPORTS_READ), operation_id="list_imports", summary="List imports"
)
def list_imports(request: HttpRequest, asked: Query[PageAsked]) -> dict[str, Any]:
    """The newest first, those of the command included."""
    only(request, PageAsked)
    before = (parts_of(asked.cursor, (int,)) or [_LAST])[0]
    with database.reading() as connection:
        found = imports.page(connection, before=min(max(before, 0), _LAST), most=asked.limit + 1)
    shown, goes_on = found[: asked.limit], len(found) > asked.limit
    return {"imports": [_shape(each) for each in shown], "next": cursor_of(shown[-1].id) if goes_on else None}


def _shape(stored: imports.Import) -> dict[str, Any]:
    consent = dict(stored.consent)
    if "at" in consent:
        consent["at"] = iso(consent["at"])
    return {
        "id": stored.id,
        "kind": stored.kind,
        "files": list(stored.files),
        "standing": stored.standing,
        "consent": consent,
        "counts": {name: value for name, value in stored.counts.items() if name != "reach"},
        "started_at": iso(stored.started_at),
        "ended_at": iso(stored.ended_at),
    }


def _import(connection: Connection[Any], number: int) -> Kept:
    found = kept(connection, number)
    if found is None:
        raise Problem(Kind.NO_SUCH_IMPORT)
    return found


@router.get(
    "/{import_id}", response=ImportWhole, auth=BearerToken(Scope.IMPORTS_READ), operation_id="read_import",
    summary="Read what came of an import",
)  # fmt: skip
def read_import(request: HttpRequest, import_id: ImportId) -> dict[str, Any]:
    """Its counts, and who of its leads might be written to when it was done."""
    with database.reading() as connection:
        found = _import(connection, import_id)
    return {**_shape(found.stored), "reach": None if found.reach is None else asdict(found.reach)}


@router.get(
    "/{import_id}/rejects", response=RejectsPage, auth=BearerToken(Scope.FACTS_READ),
    operation_id="list_import_rejects", summary="List what an import could not take",
)  # fmt: skip
def list_import_rejects(request: HttpRequest, import_id: ImportId, asked: Query[PageAsked]) -> dict[str, Any]:
    """The rows that are no facts, in the order of the file, each with its line, the reason and the cure."""
    only(request, PageAsked)
    after = (parts_of(asked.cursor, (int,)) or [0])[0]
    with database.reading() as connection:
        _import(connection, import_id)
        found = rejects.of_import(connection, import_id, after=after, most=asked.limit + 1)
    shown, goes_on = found[: asked.limit], len(found) > asked.limit
    return {
        "rejects": [
            {
                **{name: value for name, value in each._asdict().items() if name != "import_id"},
                "received_at": iso(each.received_at),
                "cure": rejects.cure_of(each),
            }
            for each in shown
        ],
        "next": cursor_of(shown[-1].id) if goes_on else None,
    }


@router.post(
    "/{import_id}/undo", response={202: UndoAsked}, auth=BearerToken(Scope.IMPORTS_WRITE),
    operation_id="undo_import", summary="Take an import back",
)  # fmt: skip
def undo_import(request: HttpRequest, import_id: ImportId) -> Status[dict[str, Any]]:
    """Its facts, traits, consents and rejects go; who it spoke of is scored anew; in the background."""
    with database.writing() as connection:
        stored = _import(connection, import_id).stored
        if stored.standing == UNDONE and not count_identities(connection, import_id):
            raise Problem(Kind.IMPORT_UNDONE)
        job = uploading.ask_undo(connection, import_id, by=by_of(request), now=now_us())
    return Status(202, {"import_id": import_id, "job": job})
