"""One published version: its document, what it changed, when it acted; and letting it act again."""

import difflib
from typing import Final

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.documents.differences import differences
from couveuse.engine import drafting
from couveuse.engine.drafting import AnotherDraft, CommandRuns, NotReady, Same
from couveuse.errors import BadInput
from couveuse.store import turns
from couveuse.store import versions as store
from couveuse.web import database
from couveuse.web.areas.scoring.showing import labels_of, model_of_text, version_rows
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# Versions before it among which the one is looked for that acted then.
MOST_BEFORE: Final = 30
_TOO_GREAT: Final = 2**31


@page(Permission.SEE_SCORING)
def show(asked: Asked, model_id: int) -> HttpResponse:
    """The page."""
    with database.reading() as connection:
        found = store.version(connection, model_id) if model_id < _TOO_GREAT else None
        if found is None:
            raise Http404
        older = store.versions(connection, before=model_id, most=MOST_BEFORE)
        acted = turns.turns(connection)
    known = {turn.model_id for turn in acted}
    before = next((each for each in older if each.published.id in known), None)
    (row, *_) = version_rows(asked, [found, *older], acted)
    document = found.published.document
    changes, lines, labels = [], [], {}
    if before is not None:
        models = [model_of_text(each.published.document) for each in (before, found)]
        changes, labels = differences(*models), labels_of(asked, *models)
        lines = _lines(before.published.document, document)
    return render(
        asked, "scoring/version.html", title=row.title, row=row, document=document, before=before, changes=changes,
        lines=lines, labels=labels,
    )  # fmt: skip


def _lines(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that changed, with three around them: (came, went or same, text)."""
    kinds = {"+": "came", "-": "went", " ": "same", "@": "gap"}
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    return [(kinds[line[0]], line[1:] if line[0] != "@" else line) for line in list(found)[2:] if line[:1] in kinds]


@page(Permission.PUBLISH, methods=("POST",))
def restore(asked: Asked, model_id: int) -> HttpResponse:
    """Set an older version on its way again, as a new one: who would move is shown before it acts."""
    if model_id >= _TOO_GREAT:
        raise Http404
    here = reverse("scoring_version", kwargs={"model_id": model_id})
    try:
        with database.writing() as connection:
            if store.version(connection, model_id) is None:
                raise Http404
            draft_id = drafting.restore(connection, model_id, by=asked.who.by, now=asked.now)
    except Same:
        return redirect(asked, here, "scoring_versions.acts")
    except AnotherDraft as error:
        place = reverse("scoring_draft", kwargs={"draft_id": error.draft.id})
        return redirect(asked, place, "scoring_versions.another", by=error.draft.by)
    except (CommandRuns, NotReady):
        return redirect(asked, here, "scoring_versions.command")
    except BadInput:  # a document of an older Couveuse that this one does not read any more
        return redirect(asked, reverse("scoring_edit") + f"?version={model_id}", "scoring_versions.unreadable")
    return redirect(asked, reverse("scoring_draft", kwargs={"draft_id": draft_id}))
