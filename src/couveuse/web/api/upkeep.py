"""How the instance is, and what was done in it by hand."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from couveuse import configuration
from couveuse.engine import doctoring
from couveuse.store import audit
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, cursor_of, iso, only, parts_of
from couveuse.web.api.settings_shapes import DonePage, HealthShape
from couveuse.web.api.texts import Text

router = Router(tags=["instance"])
# What only tells one request from another, and nothing to anybody.
_DIGESTS = frozenset(("key", "said"))


class DoneAsked(Schema):
    """Which of what was done, and which page of it."""

    by: Text | None = Field(None, max_length=300, description="Only of this person or program.")
    did: Text | None = Field(None, max_length=300, description="Only this deed.")
    lead: int | None = Field(None, ge=1, le=2**63 - 1, description="Only about this lead.")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get(
    "/health", response=HealthShape, auth=BearerToken(Scope.INSTANCE_READ), operation_id="read_health",
    summary="Read how the instance is",
)  # fmt: skip
def health(request: HttpRequest) -> dict[str, Any]:
    """What `couveuse doctor` says: each thing that was looked at, with its cure where there is one."""
    found = list(doctoring.checks(configuration.read()))
    return {
        "is_fine": all(each.is_fine for each in found),
        "checks": [
            {"name": each.name, "says": each.says, "cure": each.cure, "code": each.code, "is_fine": each.is_fine}
            for each in found
        ],
    }


@router.get(
    "/audit", response=DonePage, auth=BearerToken(Scope.INSTANCE_READ), operation_id="list_done",
    summary="List what was done by hand",
)  # fmt: skip
def done(request: HttpRequest, asked: Query[DoneAsked]) -> dict[str, Any]:
    """By people, programs and commands, the newest first."""
    only(request, DoneAsked)
    before = (parts_of(asked.cursor, (int,)) or [2**63 - 1])[0]
    with database.reading() as connection:
        found = audit.page(connection, by=asked.by, did=asked.did, lead=asked.lead, before=before, most=asked.limit + 1)
    shown = found[: asked.limit]
    return {
        "done": [
            {
                "id": each.id, "at": iso(each.at), "by": each.by, "did": each.did,
                "about": {name: value for name, value in each.about.items() if name not in _DIGESTS},
            }
            for each in shown
        ],
        "next": cursor_of(shown[-1].id) if len(found) > asked.limit else None,
    }  # fmt: skip
