"""A page that says one thing: what an address is for, what went wrong and what to do."""

from couveuse.language.words import LANGUAGES
from couveuse.report.shell import put_together
from couveuse.report.values import Notice
from couveuse.report.words import words


def render_notice(notice: Notice) -> str:
    """The page, self-contained, in its language; raises `BadInput` for a language other than fr and en."""
    return put_together(
        "notice.html",
        words(notice.language),
        notice=notice,
        others=[language for language in LANGUAGES if language != notice.language],
    )
