"""Lists of leads as files, and the views of them that all share."""

from typing import Annotated, Any, Final

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from couveuse.engine import finding, lead_files
from couveuse.engine.finding import BadFilter
from couveuse.engine.lead_files import MEDIA_TYPES, Format, Taken
from couveuse.store import lead_views
from couveuse.store.api_tokens import Scope
from couveuse.store.lead_views import MOST_NAME, MOST_QUERY, BadView
from couveuse.web import database
from couveuse.web.api import leads
from couveuse.web.api.asking import BearerToken, by_of, model_of, now_us, only, wrong
from couveuse.web.api.leads import LeadsFilter
from couveuse.web.api.shapes import Answer
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem
from couveuse.web.reading import looker

router = Router(tags=["leads"])
ViewId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_STREAM: Final[dict[str, Any]] = {
    "responses": {
        "200": {
            "description": "The leads, by number, while they are read.",
            "content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()},
        }
    }
}


class ExportAsked(LeadsFilter):
    """Which leads, and how they are written."""

    format: Format = Format.NDJSON


class ViewShape(Answer):
    """Filters under a name, that all share."""

    id: int
    name: str
    query: str = Field(description="As the address of the list of leads has it.")
    made_by: str


class ViewsPage(Answer):
    """The views that all share, by name."""

    views: list[ViewShape]


class ViewAsked(Schema):
    """Filters to keep under a name; one of that name is replaced."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(min_length=1, max_length=MOST_NAME)
    query: Text = Field(min_length=1, max_length=MOST_QUERY, examples=["temperature=hot&source=salon"])


class ViewGone(Answer):
    """A view that is no more."""

    id: int


@router.get(
    "/leads/export", auth=BearerToken(Scope.LEADS_EXPORT), operation_id="export_leads", summary="Export leads",
    openapi_extra=_STREAM,
)  # fmt: skip
def export(request: HttpRequest, asked: Query[ExportAsked]) -> StreamingHttpResponse:
    """The leads that meet the filters, as NDJSON or CSV; who took which filters out, and how many, is written down.

    In CSV a text that begins as a formula (= + - @, a tab, a return) has an apostrophe before it.
    """
    only(request, ExportAsked)
    now = now_us()
    with database.reading() as connection:
        model = model_of(connection, None)
        wanted = leads.wanted(connection, model, asked, now)
    pages = finding.every_page(database.reading, looker, model, wanted, now=now)
    taken = Taken(by_of(request), leads.filters(asked), asked.format)
    written = lead_files.written(pages, taken, database.writing, now_us)
    return StreamingHttpResponse(written, content_type=MEDIA_TYPES[asked.format])


@router.get(
    "/lead-views", response=ViewsPage, auth=BearerToken(Scope.LEADS_READ), operation_id="list_lead_views",
    summary="List saved views",
)  # fmt: skip
def views(request: HttpRequest) -> dict[str, Any]:
    """The views of the list of leads that all share; a person's own are that person's alone."""
    with database.reading() as connection:
        found = lead_views.views_of(connection, 0)
    return {"views": [_shape(each) for each in found]}


@router.post(
    "/lead-views", response={201: ViewShape}, auth=BearerToken(Scope.LEADS_WRITE), operation_id="keep_lead_view",
    summary="Keep a view for all",
)  # fmt: skip
def keep(request: HttpRequest, asked: ViewAsked) -> Status[dict[str, Any]]:
    """Filters as the address of the list has them, under a name."""
    try:
        query = finding.query_of(finding.filters_in(asked.query))
        with database.writing() as connection:
            number = lead_views.save(connection, None, asked.name, query, by=by_of(request), now=now_us())
            found = lead_views.view(connection, number, 0)
    except BadFilter as error:
        raise wrong("query", str(error), "body") from error
    except BadView as error:
        raise wrong("name", str(error), "body") from error
    assert found is not None  # it was just kept
    return Status(201, _shape(found))


@router.delete(
    "/lead-views/{view_id}", response=ViewGone, auth=BearerToken(Scope.LEADS_WRITE), operation_id="remove_lead_view",
    summary="Delete a view that all share",
)  # fmt: skip
def remove(request: HttpRequest, view_id: ViewId) -> dict[str, Any]:
    """Forget a view; the leads stay as they are."""
    with database.writing() as connection:
        found = lead_views.remove(connection, view_id, None, by=by_of(request), now=now_us())
    if not found:
        raise Problem(Kind.NO_SUCH_VIEW, f"There is no view {view_id} that all share.")
    return {"id": view_id}


def _shape(view: lead_views.View) -> dict[str, Any]:
    return {"id": view.id, "name": view.name, "query": view.query, "made_by": view.made_by}
