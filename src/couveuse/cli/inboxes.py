"""`couveuse inbox`: a mail server for trying out, which keeps what it gets in a folder and sends nothing on."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from couveuse.cli import note
from couveuse.errors import BadInput
from couveuse.web.mailbox import SUFFIX

HOST: Final = "127.0.0.1"  # anybody may write to it: nobody else shall reach it


class Keeper:
    """Keeps each mail as a file, whole or not at all; the names are in the order of coming."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802 - their name
        """A mail came."""
        self._number += 1
        content = envelope.content
        written = content if isinstance(content, bytes) else str(content or "").encode()
        name = f"{time.time_ns() // 1000}-{self._number:06}"
        unfinished = self._folder / f"{name}.part"
        unfinished.write_bytes(written)
        unfinished.rename(self._folder / f"{name}{SUFFIX}")
        return "250 kept"


@contextmanager
def keeping(folder: Path, port: int) -> Iterator[int]:
    """A mail server for the time of the block; gives its port. Raises BadInput where the port is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    server: Any = Controller(Keeper(folder), hostname=HOST, port=port)
    try:
        server.start()
    except OSError as error:
        server.loop.close()
        raise BadInput(f"port {port} cannot be had ({error}): name another one as --port") from error
    try:
        yield server.port
    finally:
        server.stop()


def inbox(folder: str, port: int) -> None:
    """Keep mails until told to stop."""
    place = Path(folder).absolute()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with keeping(place, port):
        note(f"Mails to smtp://{HOST}:{port} are kept in {place}/ and go nowhere; Ctrl-C stops it.")
        note(f"Run the product with COUVEUSE_MAIL_URL=smtp://{HOST}:{port} COUVEUSE_INBOX={place}, and open /inbox.")
        stopping.wait()
