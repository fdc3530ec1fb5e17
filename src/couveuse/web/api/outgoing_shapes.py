"""What the API is asked and answers of alerts and of what goes out."""

from enum import StrEnum

from pydantic import Field

from couveuse.store.alerts import Standing as AlertStanding
from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.texts import Text


class AlertShape(Answer):
    """An alert."""

    id: int
    kind: str
    lead_id: int
    team: str
    task_id: int | None
    handover_id: int | None
    of_id: int | None = Field(description="The alert that it withdraws, or raises again.")
    at: str
    because: str
    standing: AlertStanding
    withdrawn_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None


class AlertsPage(Answer):
    """Alerts, the newest first, and the cursor of the next page."""

    alerts: list[AlertShape]
    next: str | None


class WaitingShape(Answer):
    """A member's digest for which an alert waits."""

    member: str
    due_at: str


class IntentShape(Answer):
    """One thing that goes out to one place; its place is named, never its secret."""

    id: int
    key: str
    channel: str
    audience: str
    kind: str
    target: dict[str, str] = Field(description="A member, an address, the name of a secret, or an endpoint.")
    alert_id: int | None
    standing: str
    made_at: str
    due_at: str
    attempts: int
    unknowns: int
    settled_at: str | None
    answer: str


class AlertWhole(AlertShape):
    """An alert, what goes out of it, alone or in a digest, and for whose digests it waits."""

    deliveries: list[IntentShape]
    digests: list[WaitingShape]


class IntentsPage(Answer):
    """What goes out, the newest first, and the cursor of the next page."""

    intents: list[IntentShape]
    next: str | None


class AttemptShape(Answer):
    """One attempt."""

    number: int
    at: str
    ended_at: str | None
    outcome: str
    answer: str


class IntentWhole(IntentShape):
    """One thing that goes out, with its attempts."""

    history: list[AttemptShape]


class IntentStanding(StrEnum):
    """How what goes out stands."""

    WAITING = "waiting"
    FLYING = "flying"
    DONE = "done"
    PARKED = "parked"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"


class SwitchName(StrEnum):
    """What is switched by hand: nothing goes out; only the team gets anything."""

    STOP = "stop"
    REHEARSAL = "rehearsal"


class SwitchShape(Answer):
    """A switch that is on: since when, by whom, why."""

    name: SwitchName
    at: str
    by: str
    because: str


class EndpointShape(Answer):
    """An endpoint, where webhooks go, as it stands now; no events: all."""

    id: str
    url: str
    events: list[str]
    made_at: str
    disabled_at: str | None
    disabled_because: str
    failing_since: str | None


class OutgoingShape(Answer):
    """How all that goes out stands."""

    channels: dict[str, dict[str, int]] = Field(
        description="By channel, how many are waiting, flying, parked and dead; what is none is left out."
    )
    waiting: dict[str, int]
    under_way: int
    parked: int
    dead: int
    oldest_due_at: str | None
    deliverers: int
    switches: list[SwitchShape]
    endpoints: list[EndpointShape]


class SwitchAsked(Body):
    """How a switch is to be."""

    on: bool
    because: Text = Field("", max_length=500)


class Switched(Answer):
    """A switch was turned; so many attempts had begun before."""

    name: SwitchName
    on: bool
    under_way: int


class Replayed(Answer):
    """The numbers of what is sent on."""

    intents: list[int]


class EndpointAsked(Body):
    """An endpoint to add."""

    id: Text = Field(max_length=80)
    url: Text = Field(max_length=2_000)
    events: list[Text] = Field([], max_length=50)


class EndpointMade(Answer):
    """An endpoint, and its secret, which is shown this once."""

    id: str
    secret: str


class EndpointDisabled(Answer):
    """An endpoint that gets nothing any more."""

    id: str
