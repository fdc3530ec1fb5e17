"""HTTP to addresses that people have typed in: guarded against being sent where it should not go.

A name is looked up once, all its addresses are judged, and the line goes to the very address that was judged, so that a
name which answers differently a moment later gains nothing. No redirect is followed, no proxy of the environment is
used; time and size are bounded. Hosts and networks of the inside are reached only where they are allowed by name.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from couveuse.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 15.0
# So long a name is looked up when an address is typed in.
LOOK_UP_SECONDS: Final = 2.0
# So much of an answer is read; the rest is left.
MOST_BYTES: Final = 16_384
MOST_URL: Final = 2_000
MOST_WAIT_SECONDS: Final = 86_400.0
_PORTS: Final = {"https": 443, "http": 80}
# Beyond what Python calls global: networks that lead to others, or nowhere.
_NOWHERE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fec0::/10",
    )
)  # fmt: skip
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """The address is one that nothing may be sent to; the text says why, without the address, and `code` in a word."""

    def __init__(self, why: str, code: str = "form") -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Allowed:
    """What of the inside may be reached: hosts by their name, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, words: Iterable[str]) -> "Allowed":
        """What the setting PRIVATE_HOSTS says; raises BadInput."""
        hosts, networks = set(), []
        for word in words:
            try:
                networks.append(ipaddress.ip_network(word.strip("[]")))
            except ValueError:
                if "/" in word or ":" in word:
                    raise BadInput(
                        f"COUVEUSE_PRIVATE_HOSTS: {word}: write a host as crm.example.lan, or a network as 10.1.0.0/16"
                    ) from None
                hosts.add(word.rstrip("."))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str) -> bool:
        """Whether a host is allowed by its name, or by the address that stands for one."""
        if host.rstrip(".") in self.hosts:
            return True
        try:
            return self.holds(ipaddress.ip_address(host))
        except ValueError:
            return False

    def holds(self, address: Address) -> bool:
        """Whether an address is in a network that is allowed."""
        return any(address.version == network.version and address in network for network in self.networks)


def is_outside(address: Address) -> bool:
    """Whether an address is one of the open network, whatever the form that it is written in.

    >>> is_outside(ipaddress.ip_address("93.184.215.14")), is_outside(ipaddress.ip_address("::ffff:10.0.0.1"))
    (True, False)
    """
    if any(address.version == network.version and address in network for network in _NOWHERE):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        within = _within(address)
        if within is not None:
            return is_outside(within)
        if address.is_site_local or address.scope_id is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The older address that a newer one stands for: mapped, translated, tunnelled, or written into its end."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    number = int(address)
    if address in _TRANSLATED or (number >> 32 == 0 and number > 1):
        return ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    return None


def checked(url: str, allowed: Allowed) -> httpcore.URL:
    """An address as it is written; raises NotAllowed. Beyond the inside it is https."""
    if not url.isascii() or not url.isprintable() or any(c in url for c in " \\#@<>\"'") or len(url) > MOST_URL:
        raise NotAllowed("write it as https://host/path, without a name or a password in it")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAllowed("write it as https://host/path") from None
    if parts.scheme not in _PORTS or not host or port == 0:
        raise NotAllowed("write it as https://host/path")
    if parts.scheme == "http" and not allowed.names(host):
        raise NotAllowed("it is not encrypted: use https", "plain")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], target=target)


def foreseen(url: str, allowed: Allowed, *, seconds: float = LOOK_UP_SECONDS) -> None:
    """Judge an address before it is kept, as far as it can be told now; raises NotAllowed.

    A name that cannot be found now may be one tomorrow: where it leads is judged again whenever something is sent.
    """
    target = checked(url, allowed)
    host = target.host.decode("ascii")
    with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
        judged(look_up(host, target.port or _PORTS[target.scheme.decode()], seconds), host, allowed)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: the beginning of its body, and for how long it asks to be left alone."""

    status: int
    body: bytes
    retry_after: float | None


class Client:
    """Sends requests within the guard; one thread's. Lines are kept for a moment.

    Raises NotAllowed, and httpcore's errors: see `has_left` for what they say of the request.
    """

    def __init__(
        self, allowed: Allowed, *, whole_seconds: float = WHOLE_SECONDS, context: ssl.SSLContext | None = None
    ) -> None:
        self._allowed, self._whole_seconds = allowed, whole_seconds
        self._backend = _Backend(allowed)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context or ssl.create_default_context(), max_connections=4, max_keepalive_connections=4,
            keepalive_expiry=5.0, retries=0, network_backend=self._backend,
        )  # fmt: skip

    def post(self, url: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Answer:
        """Send a body, and read the beginning of the answer."""
        target = checked(url, self._allowed)
        self._backend.deadline = time.monotonic() + self._whole_seconds
        timeouts = {"connect": CONNECT_SECONDS, "read": self._whole_seconds, "write": self._whole_seconds,
                    "pool": 1.0}  # fmt: skip
        with self._pool.stream(
            "POST", target, headers=_headers(target, headers, body), content=body, extensions={"timeout": timeouts}
        ) as response:
            heads = {name.lower(): value for name, value in response.headers}
            asked = retry_after(heads.get(b"retry-after", b""), now)
            return Answer(response.status, _beginning(response), asked)

    def close(self) -> None:
        """Close the lines."""
        self._pool.close()


def _headers(target: httpcore.URL, headers: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    port = b"" if target.port in (None, _PORTS[target.scheme.decode()]) else f":{target.port}".encode()
    host = b"[" + target.host + b"]" if b":" in target.host else target.host
    whole = {"Host": (host + port).decode(), "User-Agent": "Couveuse", "Accept": "*/*",
             "Content-Length": str(len(body)), **headers}  # fmt: skip
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in whole.items()]


def _beginning(response: httpcore.Response) -> bytes:
    """The beginning of a body; the status counts, whatever becomes of the body."""
    found = b""
    with suppress(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
        for part in response.iter_stream():
            found += part
            if len(found) >= MOST_BYTES:
                break
    return found[:MOST_BYTES]


def retry_after(value: bytes, now: float | None = None) -> float | None:
    """For how many seconds the other side asks to be left alone: a number, or a date; a day at most.

    >>> retry_after(b"120"), retry_after(b"Thu, 01 Jan 1970 00:01:00 GMT", now=0.0), retry_after(b"soon")
    (120.0, 60.0, None)
    """
    text = value.decode("ascii", "replace").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(at - (time.time() if now is None else now), 0.0), MOST_WAIT_SECONDS)


def has_left(error: BaseException) -> bool:
    """Whether a request may have been taken in spite of an error: not where no line was had, or none was allowed."""
    before = (NotAllowed, httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout,
              httpcore.UnsupportedProtocol, httpcore.LocalProtocolError)  # fmt: skip
    return not isinstance(error, before)


def told(error: BaseException) -> str:
    """An error in a few words, without the address."""
    if isinstance(error, NotAllowed):
        return str(error)
    if isinstance(error, httpcore.TimeoutException):
        return "it takes too long"
    if isinstance(error, httpcore.ConnectError):
        return "it cannot be reached"
    return "the line broke"


ERRORS: Final = (NotAllowed, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError,
                 httpcore.UnsupportedProtocol)  # fmt: skip
"""What `post` raises."""


class _Backend(httpcore.NetworkBackend):
    """Lines to addresses that were judged, each of which ends at the deadline of the request that uses it."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._plain = httpcore.SyncBackend()
        self.deadline = 0.0

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = judged(look_up(host, port, self.left(timeout)), host, self._allowed)
        error: Exception | None = None
        for address in addresses[:3]:
            try:
                line = self._plain.connect_tcp(
                    address, port, self.left(timeout), local_address, socket_options or [NO_DELAY]
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
                continue
            return _Line(line, self)
        raise error or httpcore.ConnectError("no address")

    def left(self, timeout: float | None) -> float:
        """How many seconds are left of the whole, and of what was asked for."""
        left = self.deadline - time.monotonic()
        return max(left if timeout is None else min(left, timeout), 0.001)


NO_DELAY: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Line(httpcore.NetworkStream):
    """A line that heeds the deadline at each step, so that one that answers a byte at a time ends too."""

    def __init__(self, line: httpcore.NetworkStream, backend: _Backend) -> None:
        self._line, self._backend = line, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() >= self._backend.deadline:
            raise httpcore.ReadTimeout("the whole took too long")
        return self._line.read(max_bytes, self._backend.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._line.write(buffer, self._backend.left(timeout))

    def close(self) -> None:
        self._line.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Line(self._line.start_tls(ssl_context, server_hostname, self._backend.left(timeout)), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._line.get_extra_info(info)


def look_up(host: str, port: int, timeout: float) -> list[str]:
    """All addresses of a name, in the order of the system; it may hang, and is not waited for longer than that."""
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(each[4][0]) for each in told)))
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        return found.result(timeout)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout("the name is not found in time") from error
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name is not found") from error


def judged(addresses: Sequence[str], host: str, allowed: Allowed) -> list[str]:
    """The addresses, if every one of them may be reached; raises NotAllowed."""
    is_named = host.lower().rstrip(".") in allowed.hosts
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not (is_named or allowed.holds(address) or is_outside(address)):
            raise NotAllowed(
                "it leads to the inside of a network: allow it as COUVEUSE_PRIVATE_HOSTS, or correct it", "inside"
            )
    return list(addresses)
