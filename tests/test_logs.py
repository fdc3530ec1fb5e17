"""What is logged: one line an entry, of others too, and never what names a person."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from couveuse import configuration, logs

Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    logging.captureWarnings(False)
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)
    for name in logs._OTHERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def said(stream: io.StringIO) -> Said:
    logs.set_up("web", configuration.read({"COUVEUSE_LOG_FORMAT": "json"}), stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_it_works(said: Said) -> None:
    structlog.get_logger("couveuse.engine").info("batch folded", facts=12, lead_id=7)
    (line,) = said()
    assert line.pop("at").endswith("Z")
    assert line == {"level": "info", "process": "web", "event": "batch folded", "facts": 12, "lead_id": 7}


def test_text_is_for_people(stream: io.StringIO) -> None:
    logs.set_up("web", configuration.read({"COUVEUSE_LOG_FORMAT": "text"}), stream)
    structlog.get_logger().warning("database away", again_in=0.2)
    assert "database away" in stream.getvalue()
    assert "again_in=0.2" in stream.getvalue()


def test_what_is_below_the_level_is_not_logged(stream: io.StringIO) -> None:
    logs.set_up("web", configuration.read({"COUVEUSE_LOG": "warning"}), stream)
    structlog.get_logger().info("batch folded")
    logging.getLogger("someone").info("told")
    assert stream.getvalue() == ""


def test_setting_up_again_says_nothing_twice(said: Said, stream: io.StringIO) -> None:
    logs.set_up("web", configuration.read({"COUVEUSE_LOG_FORMAT": "json"}), stream)
    structlog.get_logger().info("once")
    assert len(said()) == 1


@pytest.mark.parametrize("name", ["email", "Email", "user_id", "key", "body", "authorization", "query_string"])
def test_what_names_a_person_is_left_out(said: Said, name: str) -> None:
    structlog.get_logger().info("seen", **{name: "alice@example.com", "facts": 1})
    (line,) = said()
    assert name not in line
    assert line["left_out"] == [name]
    assert line["facts"] == 1


@pytest.mark.parametrize(
    "value", ["of alice@example.com.", "alice%40example.com", ["alice@example.com"], {"to": "alice@example.com"}]
)
def test_an_address_within_a_text_is_masked(said: Said, value: object) -> None:
    structlog.get_logger().info("failed for alice@example.com", detail=value)
    assert "alice" not in json.dumps(said())


def test_others_speak_through_the_same_log(said: Said) -> None:
    logging.getLogger("someone").warning("Not Found: %s", "/p/eyJ0eXAiOiJKV1QiLCJh1234567?who=alice@example.com")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", stacklevel=1)
    first, second = said()
    assert (first["event"], first["logger"], first["process"]) == ("Not Found: /p/…", "someone", "web")
    assert second["logger"] == "py.warnings"


def test_an_error_is_told_without_values(said: Said) -> None:
    try:
        raise ValueError('invalid input syntax for type integer: "Alice Martin"\nDETAIL: (email)=(alice@example.com)')
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("someone").exception("failed")
    for line in said():
        assert line["error"] == "ValueError: invalid input syntax for type integer: …"
        assert line["frames"][-1].endswith("test_an_error_is_told_without_values")
        assert "alice" not in json.dumps(line).lower().replace("test_an_error", "")


def test_granian_speaks_through_the_same_log(said: Said) -> None:
    from granian.log import LogLevels, configure_logging

    configure_logging(LogLevels.info, logs.for_granian())
    logging.getLogger("_granian").error("Worker crash loop detected, exiting")
    (line,) = said()
    assert (line["event"], line["logger"]) == ("Worker crash loop detected, exiting", "_granian")
