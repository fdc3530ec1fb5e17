"""The leads behind a line of the points table: those that it gave most to over some days."""

from django.http import Http404, HttpResponse

from couveuse.engine.behind import Line, earners_of
from couveuse.report.persons import person
from couveuse.store import cards, learnt
from couveuse.web import database, reading
from couveuse.web.areas.scoring.people import Shown, scores_of, shown
from couveuse.web.areas.scoring.showing import Table, team_of
from couveuse.web.areas.scoring.table import days_of
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render


@page(Permission.SEE_LEADS)
def show(asked: Asked, rule_id: str) -> HttpResponse:
    """The page; scores are those of now, points are the line's over the days asked for."""
    days = days_of(asked)
    with database.reading() as connection:
        model = reading.acting(connection)
        planned = model.plan.model
        if rule_id not in {each.id for each in planned.rules} | {each.id for each in planned.fit}:
            raise Http404
        report = learnt.latest(connection, model.id)
        period = report.rule(rule_id).in_days(days) if report is not None else learnt.LearntPeriod(days, 0, 0.0)
        line = Line(rule_id, period.days)
        behind = len(earners_of(connection, model, line).leads)
        ids = [each.lead_id for each in period.best]
        found = cards.load_cards(connection, ids)
        scores = scores_of(connection, model, ids, asked.now)
        roster = team_of(connection)
    table = Table(asked, planned, report, roster, days)
    rows: list[tuple[Shown, float]] = [
        (shown(table.names, found[lead], person(found[lead].traits), scores[lead]), each.points)
        for each in period.best
        if (lead := each.lead_id) in found and lead in scores
    ]
    is_fit = rule_id in {each.id for each in planned.fit}
    return render(
        asked, "scoring/line.html", title=table.names.rule(rule_id), table=table, rows=rows, period=period,
        line=line, behind=behind, is_fit=is_fit,
    )  # fmt: skip
