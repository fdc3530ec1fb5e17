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


def _months(text: str) -> int:
    return _between(text, 0, 1_200)


def _days(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
    if not 0 <= number <= 3_650:
        message = "write a number of days from 1 to 3650, or 0 to keep it for good"
        raise ValueError(message)
    return number


def _time_of_day(text: str) -> str:
    hour, colon, minute = text.partition(":")
    if text != "off" and not (colon and len(hour) == len(minute) == 2 and text.replace(":", "").isdigit()
                              and int(hour) < 24 and int(minute) < 60):  # fmt: skip
        message = "write it as 03:10, or off"
        raise ValueError(message)
    return text


def _mail(text: str) -> str:
    if text and (urlsplit(text).scheme not in ("smtp", "smtps", "anymail") or not urlsplit(text).hostname):
        message = "write it as smtp://user:password@host:587, smtps://host or anymail://service?..."
        raise ValueError(message)
    return text


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _url(text: str) -> str:
    if not text:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        message = "write it as https://couveuse.example.com, with nothing behind the name"
        raise ValueError(message)
    return text.rstrip("/")


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    schemes = ("http", "https") if parts.hostname in ("localhost", "127.0.0.1", "::1") else ("https",)
    if text and (not parts.hostname or parts.query or parts.scheme not in schemes):
        message = "write it as https://login.example.com/realms/ours, without /.well-known/openid-configuration"
        raise ValueError(message)
    return text.removesuffix("/.well-known/openid-configuration").rstrip("/")


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
    Setting("DELIVERERS", "1", "How many deliverers `couveuse up` runs, each a process: they make tasks of hand-overs "
            "and send what goes out.", _few),
    Setting("MAIL_URL", "", "How mail leaves: smtp://user:password@host:587 (STARTTLS), smtps://...:465, or a service "
            "of django-anymail, as anymail://postmark?server_token=...; without it none is sent.", _mail,
            is_secret=True),
    Setting("MAIL_FROM", "Couveuse <couveuse@localhost>", "Who our mails are from."),
    Setting("PRIVATE_HOSTS", "", "Hosts or networks (10.1.0.0/16) of the inside that webhooks may reach, with commas "
            "between them; all others of the inside are refused.", _words),
    Setting("ARCHIVE", "", "Where closed months are archived: a folder, or an address that PyArrow knows (s3://...); "
            "without it the folder archive in the data folder."),
    Setting("ARCHIVE_AFTER", "0", "So many months after its end a month is archived by itself; 0: never.", _months),
    Setting("ARCHIVE_PROPERTIES", "", "Properties that the archive keeps beside those that the models read, with "
            "commas between them.", _names),
    Setting("BACKUPS", "", "The folder of backups; without it the folder backups in the data folder."),
    Setting("BACKUP_AT", "off", "When a backup is made each day, as 03:10 (UTC), or off.", _time_of_day),
    Setting("BACKUPS_KEPT", "7", "How many backups by schedule are kept.", _count),
    Setting("KEEP_WORK", "90", "So many days work that is over is kept, with the drafts of models and the uploaded "
            "files of which nothing stands; 0: for good.", _days),
    Setting("KEEP_REJECTS", "90", "So many days events and rows are kept that could not be taken; 0: for good.", _days),
    Setting("KEEP_SIGN_INS", "90", "So many days invitations that are over and attempts to sign in are kept; 0: for "
            "good.", _days),
    Setting("KEEP_SENT", "365", "So many days alerts whose work is done are kept, with what went out of them, and "
            "other messages that were sent or given up; 0: for good.", _days),
    Setting("OIDC_URL", "", "Where people may sign in beside here, by OpenID Connect: the issuer's address.", _issuer),
    Setting("OIDC_CLIENT_ID", "", "What this instance is called there."),
    Setting("OIDC_CLIENT_SECRET", "", "Its secret there.", is_secret=True),
    Setting("OIDC_NAME", "OpenID Connect", "What your company's sign-in is called, on the button that leads there."),
    Setting("OIDC_ROLE", "", "Who signs in there and has no account here gets one of this role: reader, sales, "
            "telemarketing or marketing; without it nobody does.",
            _one_of("", "reader", "sales", "telemarketing", "marketing")),
    Setting("INBOX", "", "A folder of mails that are shown on the page /inbox, for trying out: anybody may read it."),
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
    deliverers: int
    mail_url: str
    mail_from: str
    private_hosts: tuple[str, ...]
    archive: str
    archive_after: int
    archive_properties: tuple[str, ...]
    backups: str
    backup_at: str
    backups_kept: int
    keep_work: int
    keep_rejects: int
    keep_sign_ins: int
    keep_sent: int
    oidc_url: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_name: str
    oidc_role: str
    inbox: str
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
    _require_together(values, "oidc_url", "oidc_client_id", "oidc_client_secret")
    values["data"] = Path(str(values["data"]))
    assert values.keys() == {field.name for field in fields(Configuration)}  # the table above is the class
    return Configuration(**values)  # type: ignore[arg-type]  # each reader gives its field's type


def _require_together(values: Mapping[str, object], *names: str) -> None:
    """Raise BadConfiguration where some of these are set and others are not."""
    unset = [name for name in names if not values[name]]
    if unset and len(unset) < len(names):
        lacking = " and ".join(PREFIX + name.upper() for name in unset)
        raise BadConfiguration(f"{lacking}: not set, and the others are of no use without; set all, or none")


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
