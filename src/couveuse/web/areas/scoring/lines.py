"""The leads behind a line of the points table: those that it gave most to over some days."""

from django.http import Http404, HttpResponse

from couveuse.report.persons import person
from couveuse.store import cards, learnt
from couveuse.store.rosters import load_roster
from couveuse.web import database, reading
from couveuse.web.areas.scoring.people import Shown, scores_of, shown
from couveuse.web.areas.scoring.showing import Table
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
        found = cards.load_cards(connection, period.best)
        scores = scores_of(connection, model, period.best, asked.now)
        roster = load_roster(connection)
    table = Table(asked, planned, report, roster, days)
    rows: list[Shown] = [
        shown(table.names, found[lead_id], person(found[lead_id].traits), scores[lead_id])
        for lead_id in period.best
        if lead_id in found and lead_id in scores
    ]
    is_fit = rule_id in {each.id for each in planned.fit}
    return render(
        asked, "scoring/line.html", title=table.names.rule(rule_id), table=table, rows=rows, period=period,
        rule_id=rule_id, is_fit=is_fit,
    )  # fmt: skip
