"""Where an archive stands: a folder, or any file system that PyArrow knows by its address.

A file is written under a temporary name and takes its own when it is whole, so that nobody reads a half.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from couveuse.archive.errors import ArchiveAway, ArchiveBroken, BadPlace

TEMPORARY: Final = "_"  # a name that begins so is a file's that is not whole; whoever reads folders passes it over
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of some file system; names in it have slashes."""

    address: str
    files: Any  # pyarrow.fs.FileSystem
    root: str

    def path(self, name: str) -> str:
        """Where a name stands in the file system."""
        return f"{self.root}/{name}"

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """A stream to a new file; on a disk of this machine its bytes are on the disk afterwards."""
        with self._asking():
            self.files.create_dir(self.path(name.rpartition("/")[0]) if "/" in name else self.root, recursive=True)
            with self.files.open_output_stream(self.path(name)) as stream:
                yield stream
            self._settle(name)

    def reading(self, name: str) -> Any:
        """A file to read from; raises ArchiveBroken where it is not there, ArchiveAway where nothing answers."""
        with self._asking():
            try:
                return self.files.open_input_file(self.path(name))
            except FileNotFoundError:
                raise self.lost(name) from None

    def text(self, name: str) -> str:
        """A small file's text."""
        with self._asking(), self.reading(name) as stream:
            return bytes(stream.read()).decode()

    def lost(self, name: str) -> ArchiveBroken:
        """What is to be said where a file is not there."""
        return ArchiveBroken(
            f"{self.address}/{name}: it is not there; put it back from a copy, or correct COUVEUSE_ARCHIVE, then run "
            "couveuse archive verify"
        )

    def rename(self, before: str, after: str) -> None:
        """Give a file its name."""
        with self._asking():
            self.files.move(self.path(before), self.path(after))
            self._settle(after)

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, in order; none where there is no such folder."""
        with self._asking():
            selector = fs.FileSelector(self.path(folder), allow_not_found=True)
            return sorted(each.base_name for each in self.files.get_file_info(selector) if each.is_file)

    def size(self, name: str) -> int:
        """How many bytes a file has."""
        with self._asking():
            return int(self.files.get_file_info(self.path(name)).size)

    def remove(self, name: str) -> None:
        """A file goes, if it is there."""
        with self._asking():
            if self.files.get_file_info(self.path(name)).type != fs.FileType.NotFound:
                self.files.delete_file(self.path(name))

    def _settle(self, name: str) -> None:
        """On a disk of this machine: what was written outlives a cut of the power."""
        if isinstance(self.files, fs.LocalFileSystem):
            path = Path(self.path(name))
            for each in (path, path.parent):
                number = os.open(each, os.O_RDONLY)
                try:
                    os.fsync(number)
                finally:
                    os.close(number)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, (ValueError, TypeError)):  # of the values, and not of where they go
                raise
            raise away(self, error) from error


def away(place: Place, error: BaseException) -> ArchiveAway:
    """What the file system said, with what to do."""
    told = str(error).strip().partition("\n")[0] or type(error).__name__
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in told:
        return ArchiveAway(f"the disk of the archive at {place.address} is full: free some space, and say it again")
    return ArchiveAway(
        f"the archive at {place.address} does not answer ({told}): bring its file system back; what needs it waits and "
        "is tried again"
    )


def place_at(address: str) -> Place:
    """The place of an address: a folder's path, or what PyArrow knows (`file:///...`, `s3://bucket/folder`).

    Raises BadPlace where it is none. Credentials are not part of it: they come from the environment.
    """
    if not _SCHEME.match(address):
        root = str(Path(address).absolute())
        return Place(root, fs.LocalFileSystem(), root)
    if urlsplit(address).username or urlsplit(address).password:
        raise BadPlace(
            "COUVEUSE_ARCHIVE: the address holds a key, which would be stored with it; give keys by the environment, "
            "as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    try:
        files, root = fs.FileSystem.from_uri(address)
    except (ValueError, OSError, NotImplementedError, pa.ArrowException) as error:
        told = str(error).strip().partition("\n")[0]
        raise BadPlace(
            f"COUVEUSE_ARCHIVE: PyArrow knows no file system at {address} ({told}); write a folder, or s3://bucket/folder"
        ) from error
    return Place(address, files, root.rstrip("/"))
