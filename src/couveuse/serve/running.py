"""The server: Granian's processes around the dispatch, each of which ends with its parent."""

import multiprocessing
import signal
import sys
from functools import partial
from typing import Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from couveuse import configuration, logs
from couveuse.configuration import Configuration
from couveuse.serve.addresses import require_free
from couveuse.serve.dispatching import Dispatch, Part
from couveuse.store import private, tethers

# How long requests that were begun may go on when the server stops.
STOP_SECONDS: Final = 10


def run(settings: Configuration, part: Part) -> None:
    """Serve until SIGTERM or SIGINT; requests that were begun are answered. Raises AddressInUse."""
    require_free(settings.host, settings.port)
    server = Granian(
        "couveuse.serve",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.web_workers,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        websockets=False,
        log_level=LogLevels.warning,  # its beginning and end are told by whoever starts it
        log_dictconfig=logs.for_granian(),
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=partial(_load, part), wrap_loader=False)


def _load(part: Part) -> Dispatch:
    """The application of a worker, in the worker's own process."""
    settings = configuration.read()
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None and not tethers.tie(parent.pid, signal.SIGTERM):
        sys.exit("couveuse: the parent is gone")
    logs.set_up("web", settings)
    return Dispatch(settings, private.url(settings), part)
