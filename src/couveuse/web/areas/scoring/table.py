"""The points table as it acts: its lines with what they did of late, its bands with their rates, its versions."""

from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from couveuse.engine import jobs, learning
from couveuse.engine.job_kinds import LEARN
from couveuse.store import drafts, learnt, turns, versions
from couveuse.store.learnt import PERIODS
from couveuse.web import database, failures, reading
from couveuse.web.areas.scoring.showing import USUAL_DAYS, Table, draft_text, team_of, version_rows
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

MOST_VERSIONS: Final = 20


def days_of(asked: Asked) -> int:
    """Over how many days it is asked; the usual ones for anything else than a period that is counted."""
    asked_for = asked.request.GET.get("days", "")
    return int(asked_for) if asked_for in {str(each) for each in PERIODS} else USUAL_DAYS


@page(Permission.SEE_SCORING)
def show(asked: Asked) -> HttpResponse:
    """The page; `?before=` goes on with older versions."""
    before = asked.request.GET.get("before", "")
    newest = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else 2**31 - 1
    with database.reading() as connection:
        model = reading.acting(connection)
        found = versions.versions(connection, before=newest, most=MOST_VERSIONS + 1)
        acted = turns.turns(connection)
        draft = drafts.open_draft(connection)
        report = learnt.latest(connection, model.id)
        counting = jobs.latest(connection, LEARN) if report is None else None
        roster = team_of(connection)
    table = Table(asked, model.plan.model, report, roster, days_of(asked))
    rows = version_rows(asked, found, acted)
    older = found[MOST_VERSIONS - 1].published.id if len(found) > MOST_VERSIONS else None
    return render(
        asked, "scoring/table.html", title=asked.say("scoring_table.title"), table=table, model=model.published,
        versions=rows[:MOST_VERSIONS], older=older,
        draft=draft, way_text=draft_text(asked, draft) if draft is not None else "",
        counting=counting, why=failures.why(asked, counting),
    )  # fmt: skip


@page(Permission.PUBLISH, methods=("POST",))
def learn(asked: Asked) -> HttpResponse:
    """Count anew what the history says of the model, before the night does."""
    with database.writing() as connection:
        learning.ask(connection, by=asked.who.by, now=asked.now)
    return redirect(asked, reverse("scoring"), "scoring_table.counting_asked")
