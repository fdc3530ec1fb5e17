"""What the environment says (`COUVEUSE_*`), read strictly in this one place; what is wrong fails at start, with a cure.

A variable that is not known is refused, so that a typing error does not go unnoticed. A secret may stand in a file:
`COUVEUSE_SECRET_KEY_FILE` names one that holds the value of `COUVEUSE_SECRET_KEY`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from couveuse.errors import BadInput

PREFIX = "COUVEUSE_"
SUFFIX = "_FILE"
# What tests and the bench read for themselves.
ELSEWHERE = frozenset(
    ("COUVEUSE_TEST_DATA", "COUVEUSE_FAULTS", "COUVEUSE_COMPILED", "COUVEUSE_BENCH", "COUVEUSE_TEST_DATABASE")
)


class BadConfiguration(BadInput):
    """A setting cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: its name without the prefix, what it is when it is not set, and what it does, in a sentence."""

    name: str
    default: str
    does: str
    read: Callable[[str], object] = str
    is_secret: bool = False


def _port(text: str) -> int:
    return _between(text, 1, 65_535)


def _between(text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        message = f"write a whole number from {low:,} to {high:,}"
        raise ValueError(message)
    return int(text)


def _count(text: str) -> int:
    return _between(text, 1, 1_000_000_000)


def _few(text: str) -> int:
    return _between(text, 1, 64)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


def _url(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        message = "write it as https://couveuse.example.com, with nothing behind the name"
        raise ValueError(message)
    return text.rstrip("/")


def _database(text: str) -> str:
    if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
        message = "write it as postgresql://user@host/database"
        raise ValueError(message)
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            message = f"write one of {', '.join(words)}"
            raise ValueError(message)
        return text

    return read


SETTINGS = (
    Setting("DATA", "couveuse-data", "The folder of the private PostgreSQL, of logs and of keys made at first start."),
    Setting("DATABASE_URL", "", "Your own PostgreSQL, 15 to 18; without it a private one runs in the data folder.",
            _database, is_secret=True),
    Setting("HOST", "127.0.0.1", "The address on which the front door and the pages answer."),
    Setting("PORT", "8000", "Their port.", _port),
    Setting("PUBLIC_URL", "", "How the outside reaches this instance; without it http://HOST:PORT.", _url),
    Setting("SECRET_KEY", "", "What signed links and sessions are signed with; without it one is made and kept in the "
            "data folder.", is_secret=True),
    Setting("WEB_WORKERS", "1", "How many processes serve the front door and the pages.", _few),
    Setting("ENGINE_WORKERS", "1", "How many engines `couveuse up` runs, each a process.", _few),
    Setting("BATCH", "1000", "How many events the engine takes at a time, about.", _count),
    Setting("BACKLOG", "1000000", "So many events may wait for the engine; beyond, senders are told to wait (429).",
            _count),
    Setting("OUR_DOMAINS", "", "Our own e-mail domains, with commas between them: their people are internal.", _words),
    Setting("OUR_ADDRESSES", "", "Single e-mail addresses of our own, with commas between them.", _words),
    Setting("LOG", "info", "How much is logged: debug, info, warning or error.",
            _one_of("debug", "info", "warning", "error")),
    Setting("LOG_FORMAT", "auto", "json, text, or auto: text on a terminal.", _one_of("auto", "json", "text")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the environment says, checked; the fields are `SETTINGS`, in lower case."""

    data: Path
    database_url: str
    host: str
    port: int
    public_url: str
    secret_key: str
    web_workers: int
    engine_workers: int
    batch: int
    backlog: int
    our_domains: tuple[str, ...]
    our_addresses: tuple[str, ...]
    log: str
    log_format: str

    @property
    def url(self) -> str:
        """How the outside reaches this instance."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether a PostgreSQL of our own runs in the data folder."""
        return not self.database_url


def read(environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration of this process.

    Raises BadConfiguration for a variable that is unknown, or whose value cannot be used.
    """
    given = os.environ if environment is None else environment
    known = {PREFIX + setting.name for setting in SETTINGS}
    files = {name + SUFFIX for name in known}
    for name in sorted(given):
        if name.startswith(PREFIX) and name not in known | files | ELSEWHERE:
            raise BadConfiguration(f"{name}: there is no such setting; see: couveuse doctor --settings")
    values = {setting.name.lower(): _value(given, setting) for setting in SETTINGS}
    values["data"] = Path(str(values["data"]))
    assert values.keys() == {field.name for field in fields(Configuration)}  # the table above is the class
    return Configuration(**values)  # type: ignore[arg-type]  # each reader gives its field's type


def _value(given: Mapping[str, str], setting: Setting) -> object:
    name = PREFIX + setting.name
    text, file = given.get(name, ""), given.get(name + SUFFIX, "")
    if text and file:
        raise BadConfiguration(f"{name} and {name}{SUFFIX} are both set: unset one of them")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfiguration(f"{name}{SUFFIX}: {file} cannot be read ({error}); correct the path") from error
    try:
        return setting.read(text.strip() or setting.default)
    except ValueError as error:
        shown = "its value" if setting.is_secret else repr(text)
        raise BadConfiguration(f"{name}: {shown} will not do; {error}") from None
