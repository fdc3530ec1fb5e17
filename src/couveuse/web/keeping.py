"""Files that came with a request, kept for the work on them; from a page and from a program alike."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from couveuse.engine import uploading
from couveuse.web import database


def keep(file: UploadedFile, *, kind: str, by: str, now: int) -> int:
    """Keep a file; returns its number. Raises UnfitFile, TooMuchKept."""
    place = getattr(file, "temporary_file_path", None)
    with database.writing() as connection, folder() as work:
        path = work / "file"
        if place is not None:
            path = Path(place())
        else:
            with path.open("wb") as out:
                for piece in file.chunks():
                    out.write(piece)
        return uploading.receive(connection, path, name=file.name or "", kind=kind, by=by, now=now)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for as long as it is needed."""
    made = Path(tempfile.mkdtemp(prefix="couveuse-upload-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
