"""What a CRM, or a file, says came of leads: won, lost, accepted or rejected; row by row, each by itself.

A row names its lead by e-mail or by the CRM's number. What it says is recorded as a fact, known for ever by the
opportunity's id or by the row itself, so that the same rows may come twice; and the lead's open tasks are closed by it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from couveuse.core import outcomes, times
from couveuse.core.conditions import is_number
from couveuse.core.events import MOST_KEY, is_text, key_text
from couveuse.core.outcomes import TABLE, Becomes, Outcome, Said, Told
from couveuse.core.roster import Roster, Team
from couveuse.core.text import email as email_of
from couveuse.core.text import plain
from couveuse.engine.follow_ups import end_episode, sales_route, save
from couveuse.engine.recording import SOURCE, Whose, lock_lead, record, whose
from couveuse.store import audit, events, handovers, leads, tasks
from couveuse.store.identities import EMAIL, USER_ID, find_identities
from couveuse.store.packets import digest_of
from couveuse.store.rosters import load_roster
from couveuse.store.tasks import Task

COLUMNS: Final = ("email", "crm_id", "outcome", "date", "amount", "currency", "reason", "opportunity_id", "note")
# What sales say; what comes of calls is said at the task.
OF_SALES: Final = (Outcome.WON, Outcome.LOST, Outcome.ACCEPTED, Outcome.REJECTED)
_WORDS: Final = {
    plain(word): outcome
    for outcome in OF_SALES
    for word in (outcome.value, TABLE[outcome].label.fr, TABLE[outcome].label.en)
}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"\d+(?:[.]\d+|,\d{1,2})?")
_SPACES: Final = re.compile(r"(?<=\d)[   ](?=\d{3}(?!\d))")


class Became(StrEnum):
    """What became of a row."""

    RECORDED = "recorded"
    KNOWN = "known"  # recorded before
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Item:
    """A row that can be understood: of whom, what, and when it was."""

    email: str | None
    crm_id: str | None
    told: Told
    at: int
    prefix: str  # of its facts' `message_id`


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row; `reason` is the cure, `tasks` are those that it closed, or that sales have accepted."""

    became: Became
    lead_id: int | None = None
    tasks: tuple[int, ...] = ()
    reason: str = ""
    field: str = ""


def refused(reason: str, field: str = "") -> Result:
    """A row of which nothing was recorded, and what to do about it."""
    return Result(Became.REFUSED, reason=reason, field=field)


def take_outcomes(
    connection: Connection[Any], rows: Iterator[Mapping[str, object]], *, by: str, now: int, dry_run: bool = False
) -> Iterator[Result]:
    """Record rows, each in a transaction of its own, and tell of each what became of it, in their order.

    Times without a zone are in that of the team. `dry_run`: nothing is kept.
    """
    roster = load_roster(connection)
    zone = ZoneInfo(roster.hours.timezone)
    for row in rows:
        item = read_item(row, zone=zone, now=now, currency=roster.currency)
        yield item if isinstance(item, Result) else _take(connection, roster, item, by, now, dry_run)


# ---- Reading ---------------------------------------------------------------------------------------------------------


def read_item(row: Mapping[str, object], *, zone: ZoneInfo, now: int, currency: str) -> Item | Result:
    """A row as an outcome, or why it is none; an amount without a currency is in the team's."""
    given = {name: row.get(name) for name in COLUMNS}
    texts = {name: key_text(given[name]) or "" for name in COLUMNS}
    for name, text in texts.items():
        if "\x00" in text or not is_text(text):
            return refused("take out NUL bytes and what is no text in Unicode", name)
        if name in ("email", "crm_id") and len(text) > MOST_KEY:
            return refused(f"keep it to {MOST_KEY} characters", name)
    if not texts["email"] and not texts["crm_id"]:
        return refused("give the lead's email or crm_id", "email")
    outcome = _WORDS.get(plain(texts["outcome"]))
    if outcome is None:
        return refused(f"give an outcome: {', '.join(OF_SALES)}", "outcome")
    at = _instant(texts["date"], zone, now)
    if isinstance(at, Result):
        return at
    amount = _amount(given["amount"])
    if isinstance(amount, Result):
        return amount
    is_of_opportunity = outcome in (Outcome.WON, Outcome.LOST)
    told = Told(
        outcome,
        reason=texts["reason"] if outcome in (Outcome.LOST, Outcome.REJECTED) else "",
        amount=amount if is_of_opportunity else None,
        currency=_currency(texts["currency"], currency, amount) if is_of_opportunity else "",
        on=at if is_of_opportunity else None,
        opportunity_id=texts["opportunity_id"] if is_of_opportunity else "",
        note=texts["note"],
    )
    wrong = outcomes.check(told, now=now)
    if wrong is not None:
        return refused(wrong.reason, "date" if wrong.field == "on" else wrong.field)
    email = email_of(texts["email"]) or None
    crm_id = texts["crm_id"] or None
    return Item(email, crm_id, told, at, _prefix(email or crm_id or "", told, texts["date"]))


def _prefix(who: str, told: Told, date: str) -> str:
    """By what a row is known: its opportunity, else all that it says."""
    if told.opportunity_id:
        return f"opportunity-{told.opportunity_id}"
    written = json.dumps([who, told.outcome, date, told.amount, told.currency, told.reason], ensure_ascii=False)
    return f"outcome-{blake2b(written.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def _instant(text: str, zone: ZoneInfo, now: int) -> int | Result:
    """When it was; a day without a time is its end, so that what was done on it comes before."""
    at = times.instant(text, zone)
    if at is None:
        return refused("give the date in ISO 8601, as 2026-03-03", "date")
    if _DAY.fullmatch(text):
        end = times.microseconds(times.moment(at, zone) + timedelta(days=1)) - 1
        at = min(end, max(now, at))
    return at


def _amount(value: object) -> float | Result | None:
    """A number, or one as people write it: 1234.50, 1234,50, 12 000."""
    if is_number(value):
        return float(value)
    text = _SPACES.sub("", key_text(value) or "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        return refused("write the amount as a number, as 1234.50: without a currency or commas for thousands", "amount")
    return float(text.replace(",", "."))


def _currency(text: str, ours: str, amount: float | None) -> str:
    return text.upper() if text else ours if amount is not None else ""


# ---- Recording -------------------------------------------------------------------------------------------------------


def _take(connection: Connection[Any], roster: Roster, item: Item, by: str, now: int, dry_run: bool) -> Result:
    with connection.transaction():
        result = _record(connection, roster, item, by, now)
        if dry_run:
            raise psycopg.Rollback
    return result


def _record(connection: Connection[Any], roster: Roster, item: Item, by: str, now: int) -> Result:
    lead = _lead_of(connection, item)
    if isinstance(lead, Result):
        return lead
    lock_lead(connection, lead.lead_id)
    said = outcomes.facts(item.told, at=item.at)
    if _is_known(connection, item, said):
        return Result(Became.KNOWN, lead.lead_id)
    record(connection, lead, said, prefix=item.prefix, now=now)
    audit.record(connection, by=by, did="recorded an outcome", about={"lead": lead.lead_id}, now=now)
    touched = _settle_tasks(connection, roster, lead, item, by, now)
    for each in said:
        if outcomes.ends_episode(each):
            _end(connection, lead, item, each, now)
    return Result(Became.RECORDED, lead.lead_id, tuple(touched))


def _is_known(connection: Connection[Any], item: Item, said: list[Said]) -> bool:
    digests = [digest_of(SOURCE, f"{item.prefix}-{each.name}") for each in said]
    return events.known_among(connection, digests) == len(digests)


def _lead_of(connection: Connection[Any], item: Item) -> Whose | Result:
    """The lead that a row names, by its e-mail or its number; where we know both, they have to be one lead's."""
    found: set[int] = set()
    if item.email is not None:
        identity = find_identities(connection, [(EMAIL, item.email)]).get((EMAIL, item.email))
        found |= {identity.lead_id} if identity is not None and identity.lead_id is not None else set()
    if item.crm_id is not None:
        numbered = leads.leads_of_crm(connection, item.crm_id)
        node = (USER_ID, item.crm_id)
        identity = None if numbered else find_identities(connection, [node]).get(node)
        found |= {identity.lead_id} if identity is not None and identity.lead_id is not None else set(numbered)
    known = {each.lead_id: each for lead_id in found if (each := whose(connection, lead_id)) is not None}
    if not known:
        return refused("no lead is known by this: bring it in first, with couveuse import", "email")
    if len(known) > 1:
        numbers = ", ".join(map(str, sorted(known)))
        return refused(f"several leads are meant ({numbers}): merge them, or name one", "email")
    return next(iter(known.values()))


def _settle_tasks(
    connection: Connection[Any], roster: Roster, lead: Whose, item: Item, by: str, now: int
) -> Iterator[int]:
    """What is open of the lead, and was when it happened, is closed by it; what sales accept is theirs."""
    row = TABLE[item.told.outcome]
    sales = (sales_route(connection).team, "sales")
    for number in sorted(task.id for task in tasks.tasks_of_lead(connection, lead.lead_id) if task.is_open):
        task = tasks.hold_task(connection, number)
        if task is None or not task.is_open or task.opened_at > item.at:
            continue
        if row.becomes is Becomes.ACCEPTED and (task.standing == "accepted" or task.team not in sales):
            continue
        save(connection, _after(roster, task, item, row.becomes, by, now))
        about = {"outcome": str(item.told.outcome), "reason": item.told.reason, "amount": item.told.amount}
        tasks.write_entry(
            connection, number, by=by, did=str(row.becomes), now=now, note=item.told.note,
            about={name: value for name, value in about.items() if value not in (None, "")},
        )  # fmt: skip
        yield number


def _after(roster: Roster, task: Task, item: Item, becomes: Becomes, by: str, now: int) -> Task:
    outcome = str(item.told.outcome)
    task = replace(task, locked_by=None, locked_until=None, outcome=outcome, outcome_by=by)
    if becomes is Becomes.ACCEPTED:
        promise = (roster.teams.get(task.team) or Team(task.team)).promise
        return replace(task, standing="accepted", look_at=now + promise.news_within)
    return replace(task, standing="closed", outcome_reason=item.told.reason or None, closed_at=now, look_at=None)


def _end(connection: Connection[Any], lead: Whose, item: Item, said: Said, now: int) -> None:
    """The hand-off during which it happened ends; one that began later goes on."""
    last = handovers.last_episodes(connection, [lead.lead_id]).get(lead.lead_id)
    if last is not None and last.opened_at <= item.at:
        end_episode(connection, lead.lead_id, said.event, now)
