"""Alerts: what people of ours were told, where it went, and who has seen it."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from couveuse.engine.desk import look_at_alert
from couveuse.store import alerts
from couveuse.store.alerts import Alert, Standing
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, by_of, cursor_of, iso, now_us, only, parts_of
from couveuse.web.api.outgoing import intent_of
from couveuse.web.api.outgoing_shapes import AlertShape, AlertsPage, AlertWhole
from couveuse.web.api.texts import Text
from couveuse.web.problems import Kind, Problem

router = Router(tags=["alerts"])
AlertId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The alert's number.")]


class AlertsAsked(Schema):
    """Which alerts, and which page of them."""

    team: list[Text] = Field([], max_length=50, description="Teams by id, as often as wanted; all if not said.")
    lead: int | None = Field(None, ge=1, le=2**63 - 1, description="With those of leads that went into it.")
    standing: Standing | None = Field(None, description="Unseen: those that stand and that nobody has acknowledged.")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


@router.get(
    "", response=AlertsPage, auth=BearerToken(Scope.ALERTS_READ), operation_id="list_alerts", summary="List alerts"
)
def list_alerts(request: HttpRequest, asked: Query[AlertsAsked]) -> dict[str, Any]:
    """The newest first."""
    only(request, AlertsAsked)
    parts = parts_of(asked.cursor, (int, int))
    with database.reading() as connection:
        page, following = alerts.alerts_page(
            connection, after=alerts.NEWEST if parts is None else (parts[0], parts[1]), most=asked.limit,
            teams=asked.team or None, lead_id=asked.lead, standing=asked.standing,
        )  # fmt: skip
    return {"alerts": [_shape(each) for each in page], "next": None if following is None else cursor_of(*following)}


@router.get(
    "/{alert_id}", response=AlertWhole, auth=BearerToken(Scope.ALERTS_READ), operation_id="read_alert",
    summary="Read an alert",
)  # fmt: skip
def read_alert(request: HttpRequest, alert_id: AlertId) -> dict[str, Any]:
    """An alert, what goes out of it and how that stands, and for whose digests it waits."""
    with database.reading() as connection:
        found = look_at_alert(connection, alert_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_ALERT, f"There is no alert {alert_id}.")
    return {
        **_shape(found.alert),
        "deliveries": [intent_of(each) for each in found.deliveries],
        "digests": [{"member": each.member, "due_at": iso(each.due_at)} for each in found.digests],
    }


@router.post(
    "/{alert_id}/acknowledge", response=AlertShape, auth=BearerToken(Scope.ALERTS_WRITE),
    operation_id="acknowledge_alert", summary="Acknowledge an alert",
)  # fmt: skip
def acknowledge(request: HttpRequest, alert_id: AlertId) -> dict[str, Any]:
    """Somebody has seen it; the first one counts."""
    with database.writing() as connection:
        alerts.acknowledge(connection, alert_id, by=by_of(request), now=now_us())
        found = alerts.alert(connection, alert_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_ALERT, f"There is no alert {alert_id}.")
    return _shape(found)


def _shape(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": str(alert.kind),
        "lead_id": alert.lead_id,
        "team": alert.team,
        "task_id": alert.task_id,
        "handover_id": alert.handover_id,
        "of_id": alert.of_id,
        "at": iso(alert.at),
        "because": alert.because,
        "standing": alert.standing,
        "withdrawn_at": iso(alert.withdrawn_at),
        "acknowledged_at": iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
    }
