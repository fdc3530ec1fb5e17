"""The API's first version put together: its routes, its errors, and the OpenAPI document that describes both."""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import psycopg
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.renderers import BaseRenderer

from couveuse.store.api_tokens import MEANINGS
from couveuse.store.connections import NoDatabase
from couveuse.web import once
from couveuse.web.api import (
    access,
    alerts,
    by_hand,
    companies,
    endpoints,
    holding,
    imports,
    instance,
    lead_editing,
    lead_lists,
    leads,
    merges,
    one_lead,
    outcomes,
    outgoing,
    scoring,
    tasks,
    team,
    today,
    upkeep,
    users,
)
from couveuse.web.api.asking import BearerToken
from couveuse.web.api.one_lead import Moved
from couveuse.web.api.shapes import ProblemShape
from couveuse.web.problems import MEDIA_TYPE, Kind, Problem

PREFIX: Final = "/api/v1"
_DESCRIPTION: Final = (
    "Leads with their scores, why they have them, and what was recorded of them, now and as of any instant. A program "
    "shows a token (`Authorization: Bearer ...`, made with `couveuse token create`); its scopes say what it may: "
    + "; ".join(f"`{scope}` to {meaning}" for scope, meaning in MEANINGS.items())
    + ". Lists are read page by page: `next` of one page is the `cursor` of the next. Errors are "
    "`application/problem+json` (RFC 9457), with the cure. What changes something takes an `Idempotency-Key`: sent "
    "again with the same key within a day, it is answered as it was, and done once."
)
# Said of each operation that changes something.
_KEY_PARAMETER: Final[dict[str, Any]] = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "description": "Chosen by whoever asks, as a random UUID: the request is done once, however often it is sent.",
    "schema": {"type": "string", "minLength": 1, "maxLength": once.MOST_KEY, "pattern": once.PATTERN},
}

# With which errors an operation may answer beside those that all share.
_ALSO: Final[dict[str, tuple[int, ...]]] = {
    "list_leads": (404, 409),
    "read_lead": (404, 409),
    "export_leads": (409,),
    "edit_lead": (404,),
    "note_lead": (404,),
    "read_bulk_job": (404,),
    "stop_bulk_job": (404,),
    "remove_lead_view": (404,),
    "read_ledger": (404, 409),
    "read_facts": (404, 409),
    "read_model": (404,),
    "read_today": (409,),
    "begin_draft": (409,),
    "read_draft": (404,),
    "publish_draft": (404, 409),
    "give_up_draft": (404, 409),
    "restore_model": (404, 409),
    "read_learnt": (404,),
    "read_job": (404,),
    "merge_leads": (409,),
    "undo_merge": (404, 409),
    "adjust_lead": (404, 409),
    "lift_class": (404, 409),
    "hold_lead": (404, 409),
    "lift_hold": (404,),
    "judge_hit": (404, 409),
    "sign_link": (404,),
    "erase_lead": (404, 409),
    "list_companies": (409,),
    "read_company": (404,),
    "read_team_document": (404,),
    "remove_absence": (404,),
    "read_task": (404,),
    "claim_task": (404, 409),
    "release_task": (404, 409),
    "assign_task": (404, 409),
    "note_task": (404,),
    "settle_task": (404, 409),
    "undo_outcome": (404, 409),
    "put_off_task": (404, 409),
    "move_appointment": (404, 409),
    "call_off_appointment": (404, 409),
    "read_alert": (404,),
    "acknowledge_alert": (404,),
    "read_intent": (404,),
    "replay_intent": (404, 409),
    "import_file": (409,),
    "read_import_file": (404,),
    "import_kept_file": (404, 409),
    "remove_import_file": (404, 409),
    "read_import": (404,),
    "list_import_rejects": (404,),
    "undo_import": (404, 409),
    "apply_team_document": (409,),
    "disable_endpoint": (404,),
    "read_endpoint": (404,),
    "change_endpoint": (404,),
    "enable_endpoint": (404,),
    "rotate_endpoint": (404,),
    "remove_address": (404,),
    "revoke_key": (404,),
    "revoke_token": (404,),
    "read_user": (404,),
    "change_user": (404, 409),
    "delete_user": (404, 409),
    "end_sessions": (404, 409),
    "revoke_invitation": (404,),
    "read_team_version": (404,),
    "restore_team_version": (404, 409),
}


class Renderer(BaseRenderer):
    """JSON as its standard says: what a fact holds beside it (no number, infinite) becomes null."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        """The answer's body."""
        try:
            return msgspec.json.encode(data)
        except (TypeError, ValueError, OverflowError):  # numbers beyond 64 bits, half a surrogate
            return json.dumps(data, default=str)


api = NinjaAPI(
    title="Couveuse",
    version="1",
    description=_DESCRIPTION,
    openapi_url=None,  # served by `document`, with what the framework does not say
    docs_url=None,  # a page of documentation would be fetched from somebody else's host
    renderer=Renderer(),
    urls_namespace="api-v1",
)
api.add_router("", lead_lists.router)
api.add_router("/leads", lead_editing.router)
api.add_router("/leads", leads.router)
api.add_router("/leads", one_lead.router)
api.add_router("/leads", by_hand.router)
api.add_router("/leads", holding.router)
api.add_router("/companies", companies.router)
api.add_router("", merges.router)
api.add_router("/team", team.router)
api.add_router("/tasks", tasks.router)
api.add_router("/outcomes", outcomes.router)
api.add_router("/alerts", alerts.router)
api.add_router("/outgoing", outgoing.router)
api.add_router("/imports", imports.router)
api.add_router("", today.router)
api.add_router("/outgoing", endpoints.router)
api.add_router("", access.router)
api.add_router("", users.router)
api.add_router("", scoring.router)
api.add_router("", instance.router)
api.add_router("", upkeep.router)


# ---- Errors --------------------------------------------------------------------------------------------------------


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return error.response()


@api.exception_handler(Moved)
def _moved(request: HttpRequest, error: Moved) -> HttpResponse:
    return error.response(request)


@api.exception_handler(ValidationError)
def _bad_values(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What is wrong and where, without what was sent: that may be long, and somebody's."""
    wrong = [{"where": list(_place(found)), "message": str(found["msg"])} for found in error.errors]
    said = "; ".join(f"{each['where'][-1]}: {each['message']}" for each in wrong)
    return Problem(Kind.BAD_VALUE, f"{said}."[:2_000], errors=wrong).response()


def _place(found: dict[str, Any]) -> Iterator[str | int]:
    """Where a value stands, as whoever sent it knows it: without the names of the functions that read it."""
    source, *rest = found.get("loc", ())
    yield source
    yield from (part for part in rest if part != "asked")


@api.exception_handler(HttpError)
def _bad_request(request: HttpRequest, error: HttpError) -> HttpResponse:
    return Problem(Kind.BAD_REQUEST, str(error)).response()


@api.exception_handler(Http404)
def _nothing(request: HttpRequest, error: Http404) -> HttpResponse:
    return Problem(Kind.NO_SUCH_PAGE).response()


@api.exception_handler(NoDatabase)
@api.exception_handler(psycopg.OperationalError)
def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    return Problem(Kind.AWAY, headers={"Retry-After": "5"}).response()


# ---- The document --------------------------------------------------------------------------------------------------


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; it says nothing of this instance, and needs no token."""
    return HttpResponse(written(), content_type="application/json")


def written() -> str:
    """The OpenAPI document, as it is kept with the documentation, too."""
    return json.dumps(described(), ensure_ascii=False, indent=1) + "\n"


def described() -> dict[str, Any]:
    """What the framework says of the routes, and what it does not: scopes, and errors as they are."""
    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=f"{PREFIX}/")))
    problem = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
    found["components"]["schemas"] |= problem.pop("$defs") | {"ProblemShape": problem}
    scopes = _scopes()
    for operations in found["paths"].values():
        for method, operation in operations.items():
            scope = scopes[operation["operationId"]]
            operation["security"] = [{BearerToken.__name__: [scope]}]
            operation["description"] = f"{operation['description']}\n\nScope: `{scope}`."
            unreadable = (400,) if "requestBody" in operation else ()
            also = set(_ALSO.get(operation["operationId"], ()))
            if method.upper() in once.METHODS:
                operation["parameters"] = [*operation.get("parameters", ()), _KEY_PARAMETER]
                also.add(409)
            statuses = (*unreadable, 401, 403, *sorted(also), 422, 503)
            operation["responses"] |= {str(status): _described(status) for status in statuses}
    return found


def _scopes() -> dict[str, str]:
    """The scope that each operation asks for."""
    views = [view for _, router in api._routers for view in router.path_operations.values()]
    operations = [operation for view in views for operation in view.operations]
    return {
        str(each.operation_id): auth.scope.value
        for each in operations
        for auth in each.auth_callbacks
        if isinstance(auth, BearerToken)
    }


def _described(status: int) -> dict[str, Any]:
    titles = sorted({kind.value.title for kind in Kind if kind.value.status == status})
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShape"}}}
    return {"description": "; or: ".join(titles), "content": content}
