"""What every form for the team does: read the document that counts, write one change into its text, apply that.

What stands against a change is shown above the form that asked for it, and nothing is written.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.http import Http404, HttpResponse

from couveuse.documents import team_editing
from couveuse.documents.findings import TeamErrors
from couveuse.documents.sentences import CannotChange
from couveuse.documents.team import TeamDocument
from couveuse.store import rosters
from couveuse.web import database
from couveuse.web.areas.settings.audit import number as number_of
from couveuse.web.areas.settings.team import PLACE
from couveuse.web.areas.settings.team_document import Against, apply, lines_of, nothing
from couveuse.web.asking import Asked

MOST_NAME: Final = 200

Given = Mapping[str, Any]
Errors = dict[str, str]
Shown = Callable[[Sequence[str], int], HttpResponse]


def document_that_counts() -> tuple[TeamDocument, int]:
    """The document that counts, and its number; raises Http404 where none does."""
    with database.reading() as connection:
        version = rosters.newest(connection)
    if version is None:
        raise Http404
    return version.document(), version.id


def tried(
    asked: Asked, document: TeamDocument, change: Callable[[], TeamDocument], shown: Shown, *, back: str = PLACE,
    against: Against = nothing,
) -> HttpResponse:  # fmt: skip
    """Make a change and apply it; `shown` answers with the lines that stand against it, and the status."""
    replaces = number_of(asked.request.POST.get("replaces", "")) or 0
    try:
        changed = change()
    except TeamErrors as errors:
        return shown(lines_of(asked, errors, document), 422)
    except team_editing.NoSuch as error:
        raise Http404 from error
    except CannotChange as error:
        return shown([error.why.text(asked.language)], 422)
    return apply(asked, changed, replaces, shown, back=back, against=against)


def posted(asked: Asked, *names: str) -> dict[str, Any]:
    """Texts of a form, without the spaces around them."""
    return {name: asked.request.POST.get(name, "").strip() for name in names}
