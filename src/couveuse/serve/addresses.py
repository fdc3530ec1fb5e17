"""Whether an address is free, asked before a server shares it with whoever else listens, without a word."""

import errno
import socket
import time
from typing import Final

from couveuse.errors import CouveuseError

# How long an address may be in use by a server that is stopping.
PATIENCE: Final = 3.0


class AddressInUse(CouveuseError):
    """The address is in use."""


def require_free(host: str, port: int, patience: float = PATIENCE) -> None:
    """Wait a little for an address to be free. Raises AddressInUse, and for one that cannot be had at all, too."""
    deadline = time.monotonic() + patience
    while (refusal := _refusal(host, port)) is not None:
        if refusal.errno != errno.EADDRINUSE:
            raise AddressInUse(
                f"{host}:{port} cannot be listened on ({refusal.strerror}): correct COUVEUSE_HOST and COUVEUSE_PORT"
            )
        if time.monotonic() >= deadline:
            raise AddressInUse(f"{host}:{port} is in use by another program: stop it, or set COUVEUSE_PORT")
        time.sleep(0.1)


def _refusal(host: str, port: int) -> OSError | None:
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except OSError as error:
        return error
    return None


def is_free(host: str, port: int) -> bool:
    """Whether an address can be listened on now."""
    return _refusal(host, port) is None
