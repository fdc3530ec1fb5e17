"""What is shown of one task, or of one alert: with its lead, why it is there, what was told and written of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.outcomes import Row as OutcomeRow
from couveuse.engine import tasking
from couveuse.store import alerts, cards, intents, tasks
from couveuse.store.alerts import Alert, Item
from couveuse.store.cards import Card, HandOverRow
from couveuse.store.intents import Row
from couveuse.store.tasks import Appointment, Entry, Task


@dataclass(frozen=True, slots=True)
class TaskLook:
    """A task; `card` is of the lead that holds the facts now, `notes` are those of the tasks that led to it, too."""

    task: Task
    card: Card | None
    handover: HandOverRow | None
    appointment: Appointment | None
    entries: Sequence[Entry]
    notes: Sequence[str]
    alerts: Sequence[Alert]
    outcomes: Sequence[OutcomeRow]


@dataclass(frozen=True, slots=True)
class AlertLook:
    """An alert, what goes out of it, and for whose digests it waits."""

    alert: Alert
    deliveries: Sequence[Row]
    digests: Sequence[Item]


def look_at_task(connection: Connection[Any], task_id: int) -> TaskLook | None:
    """A task with all that its page shows; None where there is none."""
    task = tasks.task(connection, task_id)
    if task is None:
        return None
    survivor = cards.survivor(connection, task.lead_id)
    return TaskLook(
        task,
        None if survivor is None else cards.load_cards(connection, [survivor]).get(survivor),
        cards.handover_of_task(connection, task_id),
        None if task.sequence is None else tasks.appointment(connection, task_id, task.sequence),
        tasks.entries(connection, task_id),
        alerts.notes_of(connection, task_id),
        alerts.alerts_of_task(connection, task_id),
        tasking.offered(connection, task),
    )


def look_at_alert(connection: Connection[Any], alert_id: int) -> AlertLook | None:
    """An alert with where it goes; None where there is none."""
    alert = alerts.alert(connection, alert_id)
    if alert is None:
        return None
    return AlertLook(alert, intents.of_alert(connection, alert_id), alerts.waiting_for(connection, alert_id))
