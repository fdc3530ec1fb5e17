"""No word of the messages is kept that nothing says."""

import re
from importlib.resources import files

from couveuse.core.notices import OF_OUTSIDE, PERSONAL, NoticeKind
from tests.language.test_words import TABLES

SOURCES = "\n".join(
    path.read_text("utf-8")
    for folder in ("", "email", "email/templates", "slack")
    for path in files("couveuse.channels").joinpath(folder).iterdir()
    if path.is_file() and path.name.endswith((".py", ".html"))
)
# Keys put together from the kind of a notice, or the name of a fact.
BY_NAME = {f"{group}.{kind}" for group in ("subject", "kind", "text") for kind in (*NoticeKind, "called_off")}
BY_NAME |= {key for kind in PERSONAL for key in (f"act.{kind}", f"text.{kind}_else")}


def test_no_text_is_kept_that_nothing_asks_for():
    used = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", SOURCES)) | BY_NAME
    used |= {f"fact.{name}" for name in re.findall(r'yield "(\w+)", ', SOURCES)}
    assert [key for key in TABLES["couveuse.channels"] if key not in used] == []


def test_every_kind_of_notice_has_its_words():
    keys = TABLES["couveuse.channels"]
    told = set(NoticeKind) - OF_OUTSIDE  # programs read their names alone
    assert [kind for kind in told if f"kind.{kind}" not in keys or f"subject.{kind}" not in keys] == []
