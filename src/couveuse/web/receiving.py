"""Files in requests: written to the disk as they come, by whom files are expected of, up to a bound.

What is over it is read to its end and thrown away, so that the browser gets an answer in words and not a broken line.
"""

from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from couveuse.history.limits import LIMITS, MIB

# Where files are large; elsewhere a file is a document of a page or two.
LARGE: Final = ("/imports", "/api/v1/imports")
SMALL: Final = 2 * MIB
# Of a request that says to be larger than so many times the bound nothing is read.
MOST_DRAINED: Final = 4


class Bounded(FileUploadHandler):
    """Lets files through up to a bound; what it refused stands at the request."""

    chunk_size = MIB

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - as Django calls it
        content_length: int,
        boundary: bytes,
        encoding: Any = None,
    ) -> None:
        """How long the whole request says to be."""
        self._length = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin another file; of a request whose end nobody would wait for no more is read."""
        super().new_file(*args, **kwargs)
        self._bytes = 0
        if self._length > max(MOST_DRAINED * self._most(), MOST_DRAINED * SMALL):
            self._refuse()
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count what comes, and let it through."""
        self._bytes += len(raw_data)
        if self._bytes > self._most():
            self._refuse()
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The next handler has the file."""
        return None

    def _most(self) -> int:
        request = self.request
        if request is None or not request.path_info.startswith(LARGE):
            return SMALL
        is_api = request.path_info.startswith("/api/")  # which lets nobody in whose files it reads without a token
        user = getattr(request, "user", None)
        return LIMITS.size if is_api or (user is not None and user.is_authenticated) else 0

    def _refuse(self) -> None:
        if self.request is not None:
            self.request.couveuse_too_large = True


def is_too_large(request: HttpRequest) -> bool:
    """Whether a file of the request was over the bound; asked after its files were looked for."""
    return bool(getattr(request, "couveuse_too_large", False))
