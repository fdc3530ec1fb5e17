"""What is logged, and how: JSON or text on the standard error, libraries' words too, and nothing that names a person.

Log ids and counts. A value under a name of `PERSONAL` is left out, and its name told; addresses within a text are
masked, and what an error quotes. That is a net, and no leave to log what it would catch.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

from couveuse.configuration import Configuration

Entry = MutableMapping[str, Any]

# What names a person, lets somebody in, or may hold both.
PERSONAL: Final = frozenset(
    "email e_mail mail user_id userid anonymous_id anonymousid name first_name last_name phone address ip ip_address "
    "client remote_addr user_agent key write_key writekey token secret password authorization cookie headers body "
    "payload packet properties traits fact facts_given event_given lead query query_string url referer referrer".split()
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s\"'<>()\[\]{},;:=/?&]+(?:@|%40)[^\s\"'<>()\[\]{},;:=/?&]+", re.IGNORECASE)
# A secret in a path: twenty signs and more with both letters and digits among them.
_TOKEN = re.compile(r"(?=[\w.~:-]*[A-Za-z])(?=[\w.~:-]*\d)[\w.~:-]{20,}")
_QUERY = re.compile(r"\?[^\s\"']*")
# What an error quotes is often what somebody has typed.
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)")
_QUOTING: Final = frozenset(("error", "detail", "reason"))
MASK: Final = "…"
# So many frames of an error are told, the innermost.
MOST_FRAMES: Final = 12
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def set_up(process: str, configuration: Configuration, stream: TextIO | None = None) -> None:
    """Log for this process from now on, as the configuration says; `process` is told in every line."""
    out = sys.stderr if stream is None else stream
    is_text = configuration.log_format == "text" or (configuration.log_format == "auto" and out.isatty())
    render = structlog.dev.ConsoleRenderer(colors=out.isatty(), sort_keys=False) if is_text else _json
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _of(process),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, _foreign],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, impersonal, render],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(_LEVELS[configuration.log])
    for name, level in _OTHERS.items():
        logging.getLogger(name).setLevel(max(level, _LEVELS[configuration.log]))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


# What others say of each request or connection is ours to say, or nobody's.
_OTHERS: Final = {
    "_granian": logging.WARNING,
    "django.request": logging.ERROR,
    "django.server": logging.WARNING,
    "psycopg": logging.ERROR,
    "psycopg.pool": logging.WARNING,
    "asyncio": logging.WARNING,
}


def for_granian() -> dict[str, Any]:
    """Granian's own configuration of logging, which it applies in each of its processes: it says it through ours."""
    return {
        "formatters": {},
        "handlers": {},
        "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
    }


def _of(process: str) -> Any:
    def add(_: Any, __: str, entry: Entry) -> Entry:
        entry["process"] = process
        return entry

    return add


def _foreign(_: Any, __: str, entry: Entry) -> Entry:
    """Others' words may hold anything: a query string, a secret in a path."""
    entry["event"] = _TOKEN.sub(MASK, _QUERY.sub("", str(entry.get("event", ""))))
    return entry


def impersonal(_: Any, __: str, entry: Entry) -> Entry:
    """An entry without what names a person: left out by its name, or masked within a text; errors by their frames."""
    left_out = [name for name in entry if name.lower() in PERSONAL]
    for name in left_out:
        del entry[name]
    entry.pop("stack_info", None)
    error = entry.pop("exc_info", None)
    for name, value in entry.items():
        if isinstance(value, str | Mapping | list | tuple | set | bytes):
            text = _ADDRESS.sub(MASK, str(value))
            entry[name] = _QUOTED.sub(MASK, text) if name in _QUOTING else text
    if error:
        entry["error"], entry["frames"] = _told(error)
    if left_out:
        entry["left_out"] = left_out
    return entry


def _told(error: Any) -> tuple[str, list[str]]:
    """An error as its kind and its first line without what it quotes, and where it was: never the values around it."""
    if not isinstance(error, BaseException):
        error = error[1] if isinstance(error, tuple) else sys.exc_info()[1]
    if error is None:
        return "", []
    line = str(error).strip().partition("\n")[0]
    if not isinstance(error, ImportError):  # which quotes our own names only
        line = _QUOTED.sub(MASK, line)
    words = f"{type(error).__name__}: {line}" if line else type(error).__name__
    return _ADDRESS.sub(MASK, words), _frames(error.__traceback__)


def _frames(trace: TracebackType | None) -> list[str]:
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-MOST_FRAMES:]


def _json(_: Any, __: str, entry: Entry) -> str:
    first = {name: entry.pop(name) for name in ("at", "level", "process", "event") if name in entry}
    return json.dumps({**first, **entry}, ensure_ascii=False, default=str)
