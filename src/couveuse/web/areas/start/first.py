"""The first steps: a list that is ticked by what there is, the choice of a model, a sample file to try."""

from typing import Final

from django.http import HttpResponse, StreamingHttpResponse

from couveuse import configuration
from couveuse.core.model import Model
from couveuse.documents.presets import presets
from couveuse.documents.reading import read_model
from couveuse.engine import samples, starting
from couveuse.engine.starting import HasHistory
from couveuse.report.names import Names
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# Where each step is taken, and who may.
PLACES: Final = {
    "model": ("/start/model", Permission.PUBLISH),
    "data": ("/imports/new", Permission.IMPORT),
    "lead": ("/leads", Permission.SEE_LEADS),
    "team": ("/settings/team", Permission.MANAGE_TEAM),
    "people": ("/settings/users", Permission.MANAGE_USERS),
    "mail": ("/settings/outgoing", Permission.SEE_OUTGOING),
}


@page(Permission.IMPORT)
def show(asked: Asked) -> HttpResponse:
    """What is done, and what is next."""
    with database.reading() as connection:
        found = starting.steps(connection, configuration.read())
    return render(asked, "start/start.html", title=asked.say("start_first.title"), found=found, places=PLACES)


@page(Permission.IMPORT, methods=("POST",))
def put_away(asked: Asked) -> HttpResponse:
    """The list is put away, or taken out again."""
    is_back = asked.request.POST.get("do") == "back"
    with database.writing() as connection:
        if is_back:
            starting.take_out(connection)
        else:
            starting.put_away(connection, by=asked.who.by, now=asked.now)
    return redirect(asked, "/start" if is_back else "/today", f"start_first.{'back' if is_back else 'gone'}")


@page(Permission.PUBLISH, methods=("GET", "POST"))
def model(asked: Asked) -> HttpResponse:
    """Our models as the tables that they are; one is chosen."""
    if asked.request.method == "POST":
        return _choose(asked)
    return _models(asked)


def _choose(asked: Asked) -> HttpResponse:
    preset = asked.request.POST.get("preset", "")
    if preset not in presets():
        return _models(asked, wrong=asked.say("start_model.none_such"), status=422)
    try:
        with database.writing() as connection:
            starting.choose(connection, configuration.read(), preset, by=asked.who.by, now=asked.now)
    except HasHistory:
        return _models(asked, wrong=asked.say("start_model.has_history"), status=409)
    return redirect(asked, "/start", "start_model.chosen")


def _models(asked: Asked, *, wrong: str = "", status: int = 200) -> HttpResponse:
    with database.reading() as connection:
        found = starting.steps(connection, configuration.read())
    shown = [
        {
            "id": name,
            "says": preset.says.text(asked.language, name),
            "is_routed": any(rule.route is not None for rule in read_model(name).model.rules),
            "rows": _rows(asked, read_model(name).model),
            "bands": _bands(asked, read_model(name).model),
        }
        for name, preset in presets().items()
    ]
    return render(
        asked, "start/model.html", status, title=asked.say("start_model.title"), presets=shown, acting=found.model,
        wrong=wrong,
    )  # fmt: skip


def _rows(asked: Asked, model: Model) -> list[dict[str, str]]:
    """The points table as it is printed: action, points, to whom, to do what."""
    names = Names(model, asked.language)
    return [
        {
            "action": rule.label.text(asked.language, rule.id),
            "points": asked.formats.signed(rule.points),
            "team": "" if rule.route is None else names.team(rule.route.team),
            "treatment": "" if rule.route is None else names.treatment(rule.route.treatment),
        }
        for rule in model.rules
    ]


def _bands(asked: Asked, model: Model) -> list[tuple[str, str, str]]:
    names = Names(model, asked.language)
    return [
        (names.band_name(band), names.band_range(place), asked.formats.share(band.rate))
        for place, band in enumerate(model.bands)
    ]


@page(Permission.IMPORT)
def sample(asked: Asked) -> StreamingHttpResponse:
    """Invented people at example.com and what they did lately, for whoever has no file at hand."""
    return StreamingHttpResponse(
        samples.lines(asked.language, asked.now),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="couveuse-sample.csv"'},
    )
