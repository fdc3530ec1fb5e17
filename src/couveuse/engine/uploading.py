"""A file that somebody uploads: looked at, kept, and how it is to be read and what is declared of it (`Wants`)."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from couveuse.core.consent import Basis, Purpose
from couveuse.core.events import MOST_KEY, MOST_NAME, holds_nul
from couveuse.engine import jobs
from couveuse.engine.job_kinds import FORESEE_IMPORT, IMPORT, UNDO_IMPORT
from couveuse.errors import CouveuseError
from couveuse.history.columns import Dates, Preview
from couveuse.history.guessing import guess, guess_dates
from couveuse.history.limits import LIMITS, MIB, Limits
from couveuse.store import audit, uploads
from couveuse.store.uploads import EVENTS, LEADS, Upload

KINDS: Final = (EVENTS, LEADS)
# So much is kept of all files together.
MOST_KEPT: Final = 4_096 * MIB
# By one of these keys a row belongs to somebody.
OWNERS: Final = ("email", "user_id", "anonymous_id")
ENCODINGS: Final = ("utf-8", "cp1252", "latin-1", "utf-16")
MOST_SOURCE: Final = 200
MOST_A_DAY: Final = 100_000
_READ_AT_ONCE: Final = 1 << 20


class TooMuchKept(CouveuseError):
    """Too many uploaded files wait: import those that wait, or take them away, and upload this one again."""


class Gone(CouveuseError):
    """The file was taken away, or was kept for longer than a day: upload it again."""

    known_as = "gone"


@dataclass(frozen=True, slots=True)
class Wants:
    """How an uploaded file is to be read, and what is declared of the consents of who stands in it.

    `names` says what columns are to be called: a key, or the name of a property or a trait; others keep their own.
    `basis` None: nobody has said yet; '': none, and nobody may be written to. `since` is in microseconds.
    """

    kind: str = EVENTS
    sheet: str = ""
    encoding: str = "utf-8"
    dates: str = Dates.ISO.value
    names: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    source: str = ""
    basis: str | None = None
    consent_source: str = ""
    since: int | None = None
    purposes: tuple[str, ...] = (Purpose.MARKETING_EMAIL.value,)
    hand_over: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Wants":
        """As they were kept."""
        return cls(**{**stored, "left_out": tuple(stored["left_out"]), "purposes": tuple(stored["purposes"])})

    def as_json(self) -> dict[str, Any]:
        """As they are kept."""
        return {**asdict(self), "left_out": list(self.left_out), "purposes": list(self.purposes)}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is missing in `Wants`, or makes no sense: where, and a word for what, with what a page says of it."""

    at: str
    what: str
    values: Mapping[str, object] = field(default_factory=dict)


# ---- Taking a file in ------------------------------------------------------------------------------------------------


def receive(
    connection: Connection[Any], path: Path, *, name: str, kind: str, by: str, now: int, limits: Limits = LIMITS
) -> int:
    """Look at a file that lies at `path`, and keep it; returns its number.

    Raises UnfitFile for one that cannot be used, TooMuchKept.
    """
    from couveuse.history.previewing import preview
    from couveuse.history.sniffing import plain_name, sniff

    name = plain_name(name)
    sniffed = sniff(path, name, limits)
    seen = preview(path, name, sniffed, limits=limits)
    size = path.stat().st_size
    with connection.transaction(), path.open("rb") as file:
        uploads.lock(connection)
        uploads.forget_old(connection, now - uploads.KEPT_US)
        if uploads.kept_bytes(connection) + size > MOST_KEPT:
            raise TooMuchKept
        return uploads.add(
            connection, file, name=name, kind=kind, size=size, digest=_digest(path), format_=sniffed.format.value,
            compression=sniffed.compression, preview=as_stored(seen), by=by, now=now,
        )  # fmt: skip


def _digest(path: Path) -> bytes:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while some := file.read(_READ_AT_ONCE):
            digest.update(some)
    return digest.digest()


def write(connection: Connection[Any], upload: Upload, folder: Path) -> Path:
    """The file as it was uploaded, in a folder, under a name that says what it is; raises Gone."""
    ending = f".{upload.format}{upload.compression}"
    stem = upload.name
    for compression in (".gz", ".zst"):
        stem = stem.removesuffix(compression)
    target = folder / f"{stem.rpartition('.')[0] or stem}{ending}"
    size = 0
    with target.open("wb") as file:
        for piece in uploads.pieces(connection, upload.id):
            size += file.write(piece)
    if size != upload.size:
        raise Gone
    return target


def look_again(
    connection: Connection[Any], upload: Upload, folder: Path, *, sheet: str, encoding: str, limits: Limits = LIMITS
) -> Preview:
    """See another sheet of a file, or read it in another encoding; what is seen is kept.

    Raises UnfitFile, Gone.
    """
    from couveuse.history.inputs import Format
    from couveuse.history.previewing import preview
    from couveuse.history.sniffing import Sniffed

    path = write(connection, upload, folder)
    sniffed = Sniffed(Format(upload.format), upload.compression, encoding)
    seen = preview(path, upload.name, sniffed, sheet=sheet, encoding=encoding, limits=limits)
    uploads.look(connection, upload.id, as_stored(seen))
    return seen


def as_stored(seen: Preview) -> dict[str, Any]:
    """A preview as it is kept."""
    return asdict(seen)


def seen_of(upload: Upload) -> Preview:
    """The preview that is kept of a file; an empty one once its pieces went."""
    told = upload.preview
    if not told:
        return Preview((), ())
    rows = tuple(tuple(row) for row in told["rows"])
    return Preview(**{**told, "columns": tuple(told["columns"]), "rows": rows, "sheets": tuple(told["sheets"])})


# ---- How it is to be read --------------------------------------------------------------------------------------------


def head_of(kind: str, columns: tuple[str, ...]) -> bytes:
    """By what files of the same head are known."""
    return blake2b(repr((kind, columns)).encode(), digest_size=16).digest()


def first_wants(connection: Connection[Any], upload: Upload, kind: str) -> tuple[Wants, bool]:
    """How a file is to be read as long as nobody has said it: as the last one with its head was, else by its names.

    Whether the former is told, too.
    """
    seen = seen_of(upload)
    known = uploads.mapping_of(connection, head_of(kind, seen.columns))
    wants = Wants(kind=kind, sheet=seen.sheet if len(seen.sheets) > 1 else "", encoding=seen.encoding)
    if known is not None:
        names = {column: str(name) for column, name in known["names"].items()}
        left_out = tuple(known["left_out"])
        return replace(wants, names=names, left_out=left_out, dates=str(known["dates"])), True
    names = guess(seen.columns, are_leads=kind == LEADS)
    when = next((column for column, name in names.items() if name == "occurred_at"), None)
    place = seen.columns.index(when) if when is not None else None
    dates = guess_dates(row[place] for row in seen.rows) if place is not None else Dates.ISO
    return replace(wants, names={c: n for c, n in names.items() if c != n}, dates=dates.value), False


def meanings(seen: Preview, wants: Wants) -> dict[str, str]:
    """What each column is to be called; '' for what is left out."""
    return {
        column: "" if column in wants.left_out else wants.names.get(column, column) for column in seen.columns
    }  # fmt: skip


def flaws(upload: Upload, wants: Wants, now: int) -> list[Flaw]:
    """What is missing in wants, or makes no sense; nothing if the file can be imported so."""
    return [*_flaws_of_columns(seen_of(upload), wants), *_flaws_of_consent(wants, now)]


def _flaws_of_columns(seen: Preview, wants: Wants) -> Iterator[Flaw]:
    called = [name for name in meanings(seen, wants).values() if name]
    for name in dict.fromkeys(each for each in called if called.count(each) > 1):
        yield Flaw("columns", "same_name", {"name": name})
    for name in called:
        if len(name) > MOST_NAME or holds_nul(name):
            yield Flaw("columns", "long_name", {"name": name[:40], "most": MOST_NAME})
    if wants.kind == EVENTS:
        for name in ("event", "occurred_at"):
            if name not in called:
                yield Flaw("columns", f"no_{name}")
    if not any(name in called for name in OWNERS):
        yield Flaw("columns", "no_owner")
    if len(wants.source) > MOST_KEY or holds_nul(wants.source):
        yield Flaw("source", "long_source", {"most": MOST_KEY})
    if wants.hand_over is not None and not 1 <= wants.hand_over <= MOST_A_DAY:
        yield Flaw("hand_over", "bad_hand_over", {"most": MOST_A_DAY})


def _flaws_of_consent(wants: Wants, now: int) -> Iterator[Flaw]:
    if wants.basis is None:
        yield Flaw("basis", "no_basis")
        return
    if not wants.basis:
        return
    if wants.basis not in tuple(Basis):
        yield Flaw("basis", "no_basis")
    if not wants.purposes or not all(purpose in tuple(Purpose) for purpose in wants.purposes):
        yield Flaw("purposes", "no_purpose")
    if not wants.consent_source.strip() or len(wants.consent_source) > MOST_SOURCE or holds_nul(wants.consent_source):
        yield Flaw("consent_source", "no_consent_source", {"most": MOST_SOURCE})
    if wants.since is None:
        yield Flaw("since", "no_date")
    elif wants.since > now:
        yield Flaw("since", "date_to_come")


def keep_wants(connection: Connection[Any], upload: Upload, wants: Wants, *, by: str, now: int) -> None:
    """Keep how a file is to be read, and its mapping for the next one with this head; in the caller's transaction."""
    uploads.want(connection, upload.id, wants.kind, wants.as_json())
    mapping = {"names": dict(wants.names), "left_out": list(wants.left_out), "dates": wants.dates}
    head = head_of(wants.kind, seen_of(upload).columns)
    uploads.keep_mapping(connection, head, mapping, by=by, now=now)


# ---- Asking for what is to be done with it ---------------------------------------------------------------------------


def ask_foresee(connection: Connection[Any], upload: Upload, wants: Wants, *, by: str, now: int) -> int:
    """Ask what would come of a file; returns the number of the work."""
    with connection.transaction():
        keep_wants(connection, upload, wants, by=by, now=now)
        return _ask(connection, FORESEE_IMPORT, upload, by, now)


def ask_import(connection: Connection[Any], upload: Upload, wants: Wants, *, by: str, now: int) -> int:
    """Ask that a file be imported; returns the number of the work."""
    with connection.transaction():
        if upload.wants != wants.as_json():
            keep_wants(connection, upload, wants, by=by, now=now)
        basis = "none" if not wants.basis else wants.basis
        about = {"upload": upload.id, "basis": basis}
        audit.record(connection, by=by, did="asked for an import", about=about, now=now)
        return _ask(connection, IMPORT, upload, by, now)


def _ask(connection: Connection[Any], kind: str, upload: Upload, by: str, now: int) -> int:
    job = jobs.ask(connection, kind, {"upload": upload.id}, by, now, key=f"upload {upload.id}")
    uploads.work_on(connection, upload.id, job)
    return job


def take_away(connection: Connection[Any], upload: Upload, *, by: str, now: int) -> bool:
    """Take a file away of which nothing is being done; returns whether it went."""
    with connection.transaction():
        job = jobs.find(connection, upload.job_id) if upload.job_id is not None else None
        if job is not None and not job.standing.is_over:
            return False
        audit.record(connection, by=by, did="took an uploaded file away", about={"upload": upload.id}, now=now)
        uploads.forget(connection, upload.id)
    return True


def ask_undo(connection: Connection[Any], number: int, *, by: str, now: int) -> int:
    """Ask that an import be taken back; returns the number of the work."""
    with connection.transaction():
        about = {"import": number}
        audit.record(connection, by=by, did="asked to take an import back", about=about, now=now)
        return jobs.ask(connection, UNDO_IMPORT, about, by, now, key=f"import {number}")
