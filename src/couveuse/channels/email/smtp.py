"""One session with a mail server, which knows how far a mail had come when the line broke.

A server takes a mail when it answers the line with a single dot. Before that line has been written nothing was taken;
after it, and without an answer, nobody knows. A session is one thread's.
"""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.errors import BadInput
from couveuse.language.plain import in_a_line

# A line that was idle for longer, or has carried so many mails, is begun anew: servers close such ones.
IDLE_SECONDS, MOST_MAILS = 30.0, 100
_HERE: Final = frozenset(("localhost", "127.0.0.1", "::1"))
_CODES: Final = range(200, 600)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in: smtp://user:password@host:587, smtps://host:465; ?tls=off|required, ?ca=FILE."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool  # from the first byte
    needs_starttls: bool
    ca: str = ""

    @classmethod
    def of(cls, url: str) -> "Server":
        """The server of a URL; raises BadInput. Beyond this machine a line is encrypted unless the URL says tls=off."""
        parts = urlsplit(url)
        host, is_tls = parts.hostname or "", parts.scheme == "smtps"
        options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        tls = options.pop("tls", "off" if host in _HERE and not parts.username else "required")
        ca = options.pop("ca", "")
        if options or tls not in ("off", "required") or not host:
            raise BadInput("COUVEUSE_MAIL_URL: write it as smtp://user:password@host:587, with ?tls=off or ?ca=FILE")
        port = parts.port or (465 if is_tls else 587)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(host, port, user, password, is_tls, not is_tls and tls == "required", ca)


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a server is waited for: to connect, to answer a command, to say that it has taken a mail."""

    connect: float = 10.0
    command: float = 20.0
    taken: float = 60.0


class _Answered(Exception):
    """The server has said no."""

    def __init__(self, code: int, text: bytes) -> None:
        super().__init__(code, text)
        self.code = code
        self.said = _said(code, text)


class Session:
    """A line to the server, begun when it is needed and kept for the next mail."""

    def __init__(self, server: Server, patience: Patience | None = None) -> None:
        self._server, self._patience = server, patience or Patience()
        self._line: smtplib.SMTP | None = None
        self._used_at, self._mails = 0.0, 0

    def send(self, sender: str, to: str, content: bytes) -> Outcome:
        """Hand in one mail; `content` is whole, its lines ending in CRLF."""
        self.rest()
        was_open = self._line is not None
        outcome, is_lost = self._once(sender, to, content)
        if is_lost and was_open:
            # The server has hung up on a line that was idle. Nothing of this mail has left.
            outcome, _ = self._once(sender, to, content)
        return outcome

    def rest(self) -> None:
        """End a line that has been idle for long, or has carried many mails."""
        if time.monotonic() - self._used_at > IDLE_SECONDS or self._mails >= MOST_MAILS:
            self.close()

    def close(self) -> None:
        """End the line; a server that does not answer is not waited for."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError, smtplib.SMTPException):
                if line.sock is not None:
                    line.sock.settimeout(1.0)
                line.quit()
            line.close()

    def _once(self, sender: str, to: str, content: bytes) -> tuple[Outcome, bool]:
        """The outcome, and whether a line was lost before anything of the mail had left."""
        try:
            line = self._opened()
        except smtplib.SMTPResponseException as error:
            # What is wrong with us is no word on this mail: it may pass once that is mended.
            return Failed(f"the mail server says {_said(error.smtp_code, error.smtp_error)}"), False
        except (OSError, smtplib.SMTPException) as error:
            return Failed(f"the mail server cannot be reached: {_told(error)}"), False
        try:
            _envelope(line, sender, to)
        except _Answered as error:
            self._again(line)
            return _refusal(error), error.code == 421
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Failed(f"the line broke before the mail: {_told(error)}"), True
        outcome = self._data(line, content)
        self._used_at, self._mails = time.monotonic(), self._mails + 1
        return outcome, False

    def _opened(self) -> smtplib.SMTP:
        if self._line is None:
            self._line = _open(self._server, self._patience)
            self._mails = 0
        return self._line

    def _again(self, line: smtplib.SMTP) -> None:
        """The line is ready for the next mail, or closed."""
        try:
            if line.docmd("RSET")[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()
        self._used_at = time.monotonic()

    def _data(self, line: smtplib.SMTP, content: bytes) -> Outcome:
        """Everything up to the last line is harmless; from the first byte of the last line on it is not."""
        try:
            line.send(_dotted(content))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Failed(f"the line broke within the mail: {_told(error)}")
        try:
            if line.sock is not None:
                line.sock.settimeout(self._patience.taken)
            line.send(b".\r\n")
            code, text = line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Unknown(f"no answer after the whole mail: {_told(error)}")
        if line.sock is not None:
            line.sock.settimeout(self._patience.command)
        if code not in _CODES:
            self.close()
            return Unknown("an answer after the whole mail that means nothing")
        if code // 100 == 2:
            return Delivered(in_a_line(text.decode("utf-8", "replace"), 200))
        self._again(line)
        return _refusal(_Answered(code, text))


def _open(server: Server, patience: Patience) -> smtplib.SMTP:
    """A line on which mail may be handed in: encrypted and known, where that is asked for."""
    context = ssl.create_default_context(cafile=server.ca or None)
    if server.is_tls:
        line: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, _own_name(), timeout=patience.connect, context=context
        )
    else:
        line = smtplib.SMTP(server.host, server.port, _own_name(), timeout=patience.connect)
    try:
        if line.sock is not None:
            line.sock.settimeout(patience.command)
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.needs_starttls:
            line.ehlo_or_helo_if_needed()
            if not line.has_extn("starttls"):
                raise smtplib.SMTPNotSupportedError("it offers no encryption; allow that with ?tls=off")
            line.starttls(context=context)
        line.ehlo_or_helo_if_needed()
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _own_name() -> str:
    """How we call ourselves: the machine's name, without asking the network for a longer one."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _envelope(line: smtplib.SMTP, sender: str, to: str) -> None:
    _expect(line.mail(sender), 250)
    _expect(line.rcpt(to), 250, 251)
    _expect(line.docmd("DATA"), 354)


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    code, text = answer
    if code not in codes:
        raise _Answered(code, text)


def _refusal(error: _Answered) -> Outcome:
    """A 5xx is for good, a 4xx for now."""
    said = f"the mail server says {error.said}"
    return Refused(said) if 500 <= error.code < 600 else Failed(said)


def _dotted(content: bytes) -> bytes:
    """A mail as it goes over the line: no line of its own is a single dot, and the last one is ended."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return in_a_line(f"{code} {words}", 200)


def _told(error: BaseException) -> str:
    """An error in a few words, without the server's name."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it takes too long"
    return in_a_line(getattr(error, "strerror", None) or str(error) or type(error).__name__, 120)
