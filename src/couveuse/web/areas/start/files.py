"""An uploaded file on screen: taken in, its columns mapped, consent asked for, looked ahead, imported, taken away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from psycopg import Connection

from couveuse.core.consent import Basis, Purpose
from couveuse.core.model import Model
from couveuse.core.times import moment
from couveuse.engine import jobs, uploading
from couveuse.engine.jobs import Job
from couveuse.engine.live import model_of
from couveuse.engine.uploading import KINDS, Flaw, Gone, TooMuchKept, Wants, seen_of
from couveuse.engine.versions import Versions
from couveuse.history.limits import LIMITS, MIB, too_large
from couveuse.history.unfit import UnfitFile
from couveuse.report.names import Names
from couveuse.store import uploads
from couveuse.store.uploads import EVENTS, Upload
from couveuse.web import database, keeping, receiving
from couveuse.web.areas.start import mapping, saying
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

UNPROCESSABLE: Final = 422
TOO_LARGE: Final = 413
# What may be asked of a file.
IMPORT = "import"
_versions: Final = Versions()


# ---- Taking one in ---------------------------------------------------------------------------------------------------


@page(Permission.IMPORT, methods=("GET", "POST"))
def new(asked: Asked) -> HttpResponse:
    """Which file, and what stands in it."""
    if asked.request.method == "POST":
        return _take_in(asked)
    return _asked_for(asked, asked.request.GET.get("kind", EVENTS))


def _asked_for(asked: Asked, kind: str, wrong: str = "", status: int = 200) -> HttpResponse:
    return render(
        asked, "start/new.html", status, title=asked.say("start_new.title"), wrong=wrong,
        kind=kind if kind in KINDS else EVENTS, megabytes=asked.formats.number(LIMITS.size // MIB),
        workbook=asked.formats.number(LIMITS.workbook // MIB), most=LIMITS.size,
        too_large=saying.unfit(asked, too_large("", LIMITS.size)),
    )  # fmt: skip


def _take_in(asked: Asked) -> HttpResponse:
    file = asked.request.FILES.get("file")
    kind = asked.request.POST.get("kind", "")
    kind = kind if kind in KINDS else EVENTS
    if receiving.is_too_large(asked.request):
        return _asked_for(asked, kind, saying.unfit(asked, too_large("", LIMITS.size)), TOO_LARGE)
    if not isinstance(file, UploadedFile):
        return _asked_for(asked, kind, asked.say("start_new.no_file"), UNPROCESSABLE)
    try:
        number = keeping.keep(file, kind=kind, by=asked.who.by, now=asked.now)
    except UnfitFile as error:
        return _asked_for(asked, kind, saying.unfit(asked, error), UNPROCESSABLE)
    except TooMuchKept:
        return _asked_for(asked, kind, asked.say("start_new.too_much"), UNPROCESSABLE)
    return redirect(asked, f"/imports/files/{number}")


# ---- One file --------------------------------------------------------------------------------------------------------


def _found(connection: Connection[Any], number: int) -> Upload:
    found = uploads.find(connection, number)
    if found is None:
        raise Http404
    return found


def _job_of(connection: Connection[Any], upload: Upload) -> Job | None:
    return None if upload.job_id is None else jobs.find(connection, upload.job_id)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file with what its page says of it."""

    upload: Upload
    job: Job | None
    wants: Wants
    model: Model
    same: int | None
    is_known: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether somebody is to work on it, or works."""
        return self.job is not None and not self.job.standing.is_over


def _seen(connection: Connection[Any], number: int) -> _Seen:
    """The file of that number; raises Http404."""
    upload = _found(connection, number)
    if upload.wants is not None:
        wants, is_known = Wants.of(upload.wants), False
    else:
        wants, is_known = uploading.first_wants(connection, upload, upload.kind)
    model = model_of(_versions.acting(connection).published)
    same = uploads.import_of_same(connection, upload)
    return _Seen(upload, _job_of(connection, upload), wants, model, same, is_known)


@page(Permission.IMPORT, methods=("GET", "POST"))
def file(asked: Asked, number: int) -> HttpResponse:
    """How a file is to be read, what would come of it, and the button that imports it."""
    if asked.request.method == "POST":
        return _ask(asked, number)
    with database.reading() as connection:
        seen = _seen(connection, number)
    if seen.upload.emptied_at is not None and seen.upload.import_id is not None:
        return redirect(asked, f"/imports/{seen.upload.import_id}")
    return _shown(asked, seen)


def _ask(asked: Asked, number: int) -> HttpResponse:
    given = asked.request.POST
    with database.writing() as connection:
        seen = _seen(connection, number)
        if seen.is_busy:
            return redirect(asked, f"/imports/files/{number}", "start_file.busy")
        wants = seen.wants
        if given.get("do") != IMPORT or seen.upload.wants is None or "as-0" in given:  # else: as it was looked ahead
            zone = ZoneInfo(seen.model.timezone)
            wants = mapping.read(given, given.getlist("purposes"), seen_of(seen.upload), wants, zone)
        found = uploading.flaws(seen.upload, wants, asked.now)
        if not found:
            ask = uploading.ask_import if given.get("do") == IMPORT else uploading.ask_foresee
            ask(connection, seen.upload, wants, by=asked.who.by, now=asked.now)
    if found:
        return _shown(asked, replace(seen, wants=wants), found, UNPROCESSABLE)
    return redirect(asked, f"/imports/files/{number}")


def _shown(asked: Asked, it: _Seen, flaws: Sequence[Flaw] = (), status: int = 200) -> HttpResponse:
    upload, wants, job, seen = it.upload, it.wants, it.job, seen_of(it.upload)
    names = Names(it.model, asked.language)
    foreseen = upload.foreseen if not flaws else None
    return render(
        asked, "start/file.html", status, title=upload.name, upload=upload, seen=seen, wants=wants,
        columns=mapping.columns(seen, wants), choices=mapping.choices(asked, wants.kind),
        sheets=[(title, title) for title in seen.sheets], encodings=mapping.encodings(asked),
        traits=mapping.KNOWN_TRAITS, flaws=mapping.by_place(asked, flaws), is_known=it.is_known, same=it.same, job=job,
        is_busy=it.is_busy, step=saying.step(asked, job) if job is not None else "",
        failure=saying.failure(asked, upload.failure, job), foreseen=foreseen,
        rejects=saying.by_reason(asked, (foreseen or {}).get("rejects", {})),
        reason=lambda word: saying.reason(asked, word),
        bases=[(basis.value, names.basis(basis.value)) for basis in Basis],
        purposes=[(purpose.value, names.purpose(purpose.value)) for purpose in Purpose],
        zone=it.model.timezone, day=_day(wants, it.model.timezone), pointless=_pointless(it.model, wants, foreseen),
    )  # fmt: skip


def _pointless(model: Model, wants: Wants, foreseen: Mapping[str, Any] | None) -> str:
    """The events that the acting model gives points for, where none of a file's makes any; '' where one does."""
    best = (foreseen or {}).get("best") or ()
    if wants.kind != EVENTS or not best or any(each["score"] for each in best):
        return ""
    return ", ".join(sorted({rule.event for rule in model.rules}))


def _day(wants: Wants, zone: str) -> str:
    return "" if wants.since is None else moment(wants.since, ZoneInfo(zone)).date().isoformat()


@page(Permission.IMPORT, methods=("POST",))
def look(asked: Asked, number: int) -> HttpResponse:
    """Read a file otherwise: another sheet, another encoding, as events or as leads."""
    given = asked.request.POST
    kind = given.get("kind", "")
    encoding = given.get("encoding", "")
    with database.writing() as connection, keeping.folder() as folder:
        upload = _found(connection, number)
        job = _job_of(connection, upload)
        if job is not None and not job.standing.is_over:
            return redirect(asked, f"/imports/files/{number}", "start_file.busy")
        sheet = given.get("sheet", "")
        try:
            seen = seen_of(upload)
            if (sheet or seen.sheet) != seen.sheet or (encoding in uploading.ENCODINGS and encoding != seen.encoding):
                uploading.look_again(connection, upload, folder, sheet=sheet, encoding=encoding)
        except UnfitFile as error:
            return redirect(asked, f"/imports/files/{number}", "start_file.cannot", why=saying.unfit(asked, error))
        except Gone:
            raise Http404 from None
        with connection.transaction():
            uploads.read_as(connection, upload.id, kind if kind in KINDS else upload.kind)
    return redirect(asked, f"/imports/files/{number}")


@page(Permission.IMPORT, methods=("POST",))
def away(asked: Asked, number: int) -> HttpResponse:
    """A file goes, unless it is being worked on; its work may be given up instead."""
    with database.writing() as connection:
        upload = _found(connection, number)
        if asked.request.POST.get("do") == "stop":
            if upload.job_id is not None:
                jobs.give_up(connection, upload.job_id, by=asked.who.by, now=asked.now)
            return redirect(asked, f"/imports/files/{number}", "start_file.stopping")
        if not uploading.take_away(connection, upload, by=asked.who.by, now=asked.now):
            return redirect(asked, f"/imports/files/{number}", "start_file.busy")
    return redirect(asked, "/imports", "start_file.gone")


@page(Permission.IMPORT)
def work(asked: Asked, number: int) -> HttpResponse:
    """How far the work on a file is; once it is over, the page itself."""
    with database.reading() as connection:
        upload = _found(connection, number)
        job = _job_of(connection, upload)
    if job is None or job.standing.is_over or not asked.is_htmx:
        return redirect(asked, f"/imports/files/{number}")
    return render(
        asked, "start/work.html", job=job, step=saying.step(asked, job), address=f"/imports/files/{number}",
        upload=upload,
    )  # fmt: skip
