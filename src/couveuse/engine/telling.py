"""Telling people of ours: an alert becomes a row for each place that it goes to, or waits for a member's digest.

What goes out refers to what it tells of, and holds nothing of the lead: the message is composed when it leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from couveuse.core.notices import NoticeKind
from couveuse.core.recipients import Recipient
from couveuse.core.roster import Reach, Roster
from couveuse.core.times import DAY_US, microseconds, moment
from couveuse.core.working import Working
from couveuse.engine.calendars import working_of
from couveuse.store import alerts
from couveuse.store.alerts import Digest, Item, NewAlert
from couveuse.store.dispatch import endpoints_for
from couveuse.store.intents import OUTSIDE, TEAM, NewIntent, plan_intents

# What a digest never keeps back: it is wrong, or it is soon.
AT_ONCE: Final = frozenset((NoticeKind.WITHDRAWN, NoticeKind.CHANGED, NoticeKind.APPOINTMENT))
# A digest is looked for among so many days.
_MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class ToTell:
    """An alert to make, and who gets it."""

    alert: NewAlert
    recipients: Sequence[Recipient]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something went, as it stands in the queue."""

    channel: str
    audience: str
    target: Mapping[str, Any]
    member: str | None

    @property
    def name(self) -> str:
        """What a key calls it."""
        return str(next(iter(self.target.values())))


@dataclass(frozen=True, slots=True)
class Event:
    """Something of which endpoints outside are told: its type, and the kind and number of what it is about."""

    type: str
    what: str
    id: int
    about: Mapping[str, int]


def place_of(roster: Roster, recipient: Recipient) -> Place:
    """Where a recipient is reached; a member's own e-mail is looked up when the message leaves."""
    target = {
        Reach.EMAIL: {"address": recipient.to},
        Reach.SLACK: {"secret": recipient.to},
        Reach.WEBHOOK: {"endpoint": recipient.to},
    }[recipient.reach]
    person = roster.members.get(recipient.member or "")
    if person is not None and recipient.reach is Reach.EMAIL and recipient.to == person.email:
        target = {"member": person.id}
    return Place(str(recipient.reach), TEAM, target, recipient.member)


def tell(connection: Connection[Any], roster: Roster, telling: Sequence[ToTell], now: int) -> list[int | None]:
    """Make alerts with all that goes out of them; their numbers, None where one of that key was made before."""
    numbers = alerts.insert_alerts(connection, [each.alert for each in telling], now)
    intents: list[NewIntent] = []
    items: list[Item] = []
    for number, each in zip(numbers, telling, strict=True):
        for recipient in each.recipients if number is not None else ():
            assert number is not None  # the line above asks
            if recipient.digest is None or recipient.member is None or each.alert.kind in AT_ONCE:
                intents.append(intent_of(number, each.alert, place_of(roster, recipient), now))
            else:
                working = working_of(roster.hours_of(recipient.member, each.alert.team))
                items.append(Item(number, recipient.member, next_time(working, recipient.digest.at, now)))
    if items:
        alerts.put_by(connection, items)
    if intents:
        plan_intents(connection, intents, now)
    return numbers


def intent_of(number: int, alert: NewAlert, place: Place, now: int) -> NewIntent:
    """What brings an alert to a place, at once."""
    about: dict[str, Any] = {
        "alert": number, "task": alert.task_id, "handover": alert.handover_id, "of": alert.of_id,
        "member": place.member,
    }  # fmt: skip
    return NewIntent(
        key=f"alert:{number}:{place.channel}:{place.name}",
        channel=place.channel,
        audience=place.audience,
        kind=str(alert.kind),
        target=dict(place.target),
        about={name: value for name, value in about.items() if value is not None},
        alert_id=number,
        due_at=now,
    )


def digest_intent(digest: Digest, place: Place, now: int) -> NewIntent:
    """What brings a member their digest."""
    return NewIntent(
        key=f"digest:{digest.member}:{digest.due_at}", channel=place.channel, audience=place.audience,
        kind=str(NoticeKind.DIGEST), target=dict(place.target), about={"member": digest.member}, alert_id=None,
        due_at=now,
    )  # fmt: skip


def tell_endpoints(connection: Connection[Any], events: Sequence[Event], now: int) -> None:
    """Tell the endpoints outside that want it."""
    if not events:
        return
    wanted = endpoints_for(connection, sorted({each.type for each in events}))
    intents = [
        NewIntent(
            key=f"webhook:{each.type}:{each.what}:{each.id}:{endpoint}", channel=str(Reach.WEBHOOK), audience=OUTSIDE,
            kind=each.type, target={"endpoint": endpoint}, about=dict(each.about), alert_id=None, due_at=now,
        )
        for each in events
        for endpoint in wanted[each.type]
    ]  # fmt: skip
    if intents:
        plan_intents(connection, intents, now)


def next_time(working: Working, minutes: int, now: int) -> int:
    """The next instant at which a clock on the wall shows so many minutes of a day on which somebody works."""
    zone = ZoneInfo(working.hours.timezone)
    today = moment(now, zone).date()
    for number in range(_MOST_DAYS):
        on = today + timedelta(days=number)
        midnight = microseconds(datetime.combine(on, time(), zone))
        at = microseconds(datetime.combine(on, time(minutes // 60, minutes % 60), zone))
        if at > now and working.between(midnight, midnight + DAY_US):
            return at
    return now
