"""What the first page shows, as numbers; and the journal of what leads crossed."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core.model import Model, Stage, Temperature
from couveuse.documents.reading import parse_model
from couveuse.engine import today
from couveuse.engine.folding import TEMPERATURES
from couveuse.engine.today import Counted, Step
from couveuse.store import crossings, versions
from couveuse.store.api_tokens import Scope
from couveuse.store.crossings import Crossing
from couveuse.store.rosters import load_roster
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, cursor_of, iso, now_us, only, parts_of
from couveuse.web.api.shapes import Answer, StageName
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["today"])


class ModelNamed(Answer):
    """A version of a scoring model."""

    id: int
    name: str
    version: int


class BandCount(Answer):
    """A band, and how many leads that are not irrelevant stand in it."""

    id: str
    leads: int
    rate: float = Field(description="The rate that the model puts to it.")


class SourceCount(Answer):
    """Where leads come from; an empty source is not known."""

    source: str
    leads: int
    hot: int


class StepShape(Answer):
    """A step of the funnel: who stands in it now, and how many entered it on each of the last days."""

    step: str
    now: int | None = Field(description="Null where nobody stays in it.")
    days: list[int] = Field(description="The oldest first; the last one is today, and not over.")
    last_1: int
    last_7: int
    last_30: int


class CountedShape(Answer):
    """What was counted of all leads in the background."""

    at: str
    leads: int
    temperatures: dict[str, int]
    stages: dict[str, int] = Field(description="Of leads that are not irrelevant.")
    bands: list[BandCount]
    sources: list[SourceCount]
    first_day: str
    steps: list[StepShape]


class TodayShape(Answer):
    """What changed since the last working day, and what waits; `late` up to 10,000, the others up to 2,000."""

    since: str
    model: ModelNamed
    ripened: int = Field(description="Leads that turned hot and are; of teams, leads that were handed to them.")
    late: int = Field(description="Tasks that are overdue.")
    unseen: int = Field(description="Alerts of the last 14 days that nobody has acknowledged.")
    counted: CountedShape | None = Field(description="Null until the leads were counted for the first time.")


class TodayAsked(Schema):
    """Of which teams."""

    team: list[Text] = Field([], max_length=50, description="Teams by id, as often as wanted; all if not said.")


class CrossingShape(Answer):
    """A lead that changed its band, stage, temperature or class."""

    id: int
    lead_id: int
    model_id: int
    at: str
    by_time: bool = Field(description="No fact did it: points have faded.")
    cause: str | None = Field(description="The rule of the weightiest fact that did it.")
    score: float
    band_was: str | None = Field(description="Null, as the other `was`, where the lead was new.")
    band: str
    stage_was: StageName | None
    stage: StageName
    temperature_was: Temperature | None
    temperature: Temperature
    class_was: str | None
    lead_class: str | None = Field(alias="class")


class CrossingsPage(Answer):
    """Crossings, in the order in which they were written down."""

    crossings: list[CrossingShape]
    next: str | None
    here: str = Field(description="Whoever follows along asks from here on, later; `next` is null at the end.")


class CrossingsAsked(Schema):
    """Which crossings, and which page of them."""

    lead: int | None = Field(None, ge=1, le=2**63 - 1)
    temperature: list[Temperature] = Field([], max_length=4, description="Into these; all if not said.")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get(
    "/today", response=TodayShape, auth=BearerToken(Scope.LEADS_READ), operation_id="read_today",
    summary="Read what changed",
)  # fmt: skip
def read_today(request: HttpRequest, asked: Query[TodayAsked]) -> dict[str, Any]:
    """The numbers of the first page: since the same time of the last working day."""
    only(request, TodayAsked)
    with database.reading() as connection:
        zone = load_roster(connection).hours.timezone
        found = today.look_at_today(
            connection, teams=asked.team or None, member=None, sees_tasks=True, zone=zone, now=now_us()
        )
    if found is None:
        raise Problem(Kind.NO_MODEL)
    published = found.model.published
    return {
        "since": iso(found.since),
        "model": {"id": published.id, "name": published.name, "version": published.version},
        "ripened": found.ripened_number,
        "late": found.late_number,
        "unseen": found.unseen_number,
        "counted": None if found.counted is None else _counted(found.counted, _model(published.document)),
    }


@router.get(
    "/crossings", response=CrossingsPage, auth=BearerToken(Scope.LEADS_READ), operation_id="list_crossings",
    summary="List what leads crossed", by_alias=True,
)  # fmt: skip
def list_crossings(request: HttpRequest, asked: Query[CrossingsAsked]) -> dict[str, Any]:
    """The oldest first; whoever follows along goes on later from `here`."""
    only(request, CrossingsAsked)
    parts = parts_of(asked.cursor, (int,))
    after = 0 if parts is None else parts[0]
    with database.reading() as connection:
        page = crossings.page(
            connection, after=after, lead_id=asked.lead, most=asked.limit + 1,
            temperatures=[TEMPERATURES.index(each) for each in asked.temperature] or None,
        )  # fmt: skip
        bands = {number: _bands(connection, number) for number in {each.model_id for each in page}}
    is_more, page = len(page) > asked.limit, page[: asked.limit]
    last = page[-1].id if page else after
    return {
        "crossings": [_shape(each, bands[each.model_id]) for each in page],
        "next": cursor_of(last) if is_more else None,
        "here": cursor_of(last),
    }


@lru_cache(maxsize=16)
def _model(document: str) -> Model:
    return parse_model(document, "a published model").model


def _bands(connection: Connection[Any], model_id: int) -> list[str]:
    version = versions.version(connection, model_id)
    assert version is not None  # crossings are of published models, which are kept
    return [band.id for band in _model(version.published.document).bands]


def _counted(counted: Counted, model: Model) -> dict[str, Any]:
    return {
        "at": iso(counted.at),
        "leads": counted.leads,
        "temperatures": {each.value: counted.of_temperature(place) for place, each in enumerate(TEMPERATURES)},
        "stages": {_stage(each): counted.of_stage(each) for each in (None, *(int(stage) for stage in Stage))},
        "bands": [
            {"id": band.id, "leads": counted.of_band(place), "rate": band.rate}
            for place, band in enumerate(model.bands)
        ],
        "sources": [{"source": each.name, "leads": each.leads, "hot": each.hot} for each in counted.sources],
        "first_day": counted.first_day.isoformat(),
        "steps": [_step(each) for each in counted.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.id, "now": step.now, "days": list(step.days),
        "last_1": step.within(1), "last_7": step.within(7), "last_30": step.within(30),
    }  # fmt: skip


def _stage(stage: int | None) -> str:
    return "none" if stage is None else Stage(stage).name.lower()


def _shape(each: Crossing, bands: list[str]) -> dict[str, Any]:
    is_new = each.temperature_was is None
    return {
        "id": each.id, "lead_id": each.lead_id, "model_id": each.model_id, "at": iso(each.at), "by_time": each.by_time,
        "cause": each.cause, "score": each.score,
        "band_was": None if each.band_was is None else bands[each.band_was], "band": bands[each.band],
        "stage_was": None if is_new else _stage(each.stage_was), "stage": _stage(each.stage),
        "temperature_was": None if each.temperature_was is None else TEMPERATURES[each.temperature_was].value,
        "temperature": TEMPERATURES[each.temperature].value,
        "class_was": each.class_was, "class": each.lead_class,
    }  # fmt: skip
