"""What the instance itself has: published models, and what it could not take."""

from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from couveuse.core.times import microseconds
from couveuse.store import rejects as store
from couveuse.store import versions
from couveuse.store.api_tokens import Scope
from couveuse.store.versions import Version
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, cursor_of, iso, only, parts_of
from couveuse.web.api.shapes import ModelsPage, ModelWhole, RejectsPage
from couveuse.web.problems import Kind, Problem

router = Router(tags=["instance"])
_LAST: Final = 2**63 - 1


class PageAsked(Schema):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get(
    "/models", response=ModelsPage, auth=BearerToken(Scope.LEADS_READ), operation_id="list_models",
    summary="List the published models",
)  # fmt: skip
def models(request: HttpRequest, asked: Query[PageAsked]) -> dict[str, Any]:
    """The published versions, the newest first; the one whose standing is `acting` makes hand-overs."""
    only(request, PageAsked)
    before = (parts_of(asked.cursor, (int,)) or [2**31 - 1])[0]
    with database.reading() as connection:
        found = versions.versions(connection, before=before, most=asked.limit + 1)
    shown, goes_on = found[: asked.limit], len(found) > asked.limit
    return {
        "models": [_model(each) for each in shown],
        "next": cursor_of(shown[-1].published.id) if goes_on else None,
    }


@router.get(
    "/models/{model_id}", response=ModelWhole, auth=BearerToken(Scope.LEADS_READ), operation_id="read_model",
    summary="Read a published model",
)  # fmt: skip
def model(request: HttpRequest, model_id: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> dict[str, Any]:
    """A published version with its document as it was published, and the domains and addresses that are our own."""
    with database.reading() as connection:
        found = versions.version(connection, model_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_MODEL, f"There is no model {model_id}.")
    published = found.published
    return {
        **_model(found),
        "document": published.document,
        "our_domains": list(published.our_domains),
        "our_addresses": list(published.our_addresses),
    }


@router.get(
    "/rejects", response=RejectsPage, auth=BearerToken(Scope.FACTS_READ), operation_id="list_rejects",
    summary="List what could not be taken",
)  # fmt: skip
def rejects(request: HttpRequest, asked: Query[PageAsked]) -> dict[str, Any]:
    """What was sent and is no fact, the latest first, each with the reason and what its sender is to do."""
    only(request, PageAsked)
    before = (parts_of(asked.cursor, (int,)) or [_LAST])[0]
    with database.reading() as connection:
        found = store.rejects_before(connection, before, asked.limit + 1)
    shown, goes_on = found[: asked.limit], len(found) > asked.limit
    return {
        "rejects": [
            {
                **{name: value for name, value in each._asdict().items() if name != "import_id"},
                "received_at": iso(each.received_at),
                "cure": store.cure_of(each),
            }
            for each in shown
        ],
        "next": cursor_of(shown[-1].id) if goes_on else None,
    }


def _model(version: Version) -> dict[str, Any]:
    published = version.published
    return {
        "id": published.id,
        "name": published.name,
        "version": published.version,
        "standing": published.standing,
        "published_at": iso(microseconds(version.published_at)),
        "published_by": version.published_by,
    }
