"""From the store's and the core's values to what the API's answers hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from couveuse.core.consent import Channel
from couveuse.core.ledger import Line
from couveuse.core.reading import Reading
from couveuse.engine.looking import Seen, fact_of
from couveuse.report.persons import person
from couveuse.store import cards, consents, holds, identities
from couveuse.store.cards import Card, EpisodeRow, HandOverRow
from couveuse.store.endpoints import Endpoint
from couveuse.store.holds import Hold
from couveuse.store.identities import EMAIL, SORTS, Identity
from couveuse.web.api.asking import iso


def score_of(reading: Reading) -> dict[str, Any]:
    """What a reading says."""
    return {
        "score": reading.score,
        "behaviour": reading.behaviour,
        "fit": reading.fit,
        "band": reading.band.id,
        "rate": reading.rate,
        "stage": None if reading.stage is None else reading.stage.name.lower(),
        "temperature": reading.temperature.value,
        "class": None if reading.lead_class is None else reading.lead_class.value,
        "persona": reading.persona,
        "maturity": reading.maturity.value,
        "routes": [
            {"team": route.team, "treatment": route.treatment, "cause": route.cause} for route in reading.routes
        ],
        "last_event_at": iso(reading.last_event_at),
    }


def lead_of(card: Card, reading: Reading, traits: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A lead as lists have it; with its traits as of another instant, if they are given."""
    who = person(card.traits if traits is None else traits)
    return {
        "id": card.lead_id,
        "lead": card.key,
        "name": who.name,
        "company": who.company or card.company or "",
        "title": who.job_title,
        "company_domain": card.domain,
        **score_of(reading),
    }


def identity_of(identity: Identity) -> dict[str, Any]:
    """One key of a lead."""
    return {"sort": SORTS[identity.sort], "key": identity.key, "known": identity.is_known}


def around(connection: Connection[Any], lead_id: int, at: int | None) -> dict[str, Any]:
    """What is known of a lead beside its facts: keys, consents, episodes, merges."""
    keys = sorted(identities.identities_of_leads(connection, [lead_id]).values(), key=lambda each: (each.sort, each.id))
    addresses = [each.key for each in keys if each.sort == EMAIL]
    standings = consents.load_standings(connection, [lead_id], at=at)[lead_id]
    return {
        "identities": [identity_of(each) for each in keys[: cards.MOST]],
        "consents": [
            {
                "purpose": purpose,
                "given": each.is_given,
                "at": iso(each.at),
                "basis": each.basis,
                "source": each.source,
                "wording": each.wording,
            }
            for purpose, each in sorted(standings.items())
        ],
        "suppressed": sorted(consents.suppressed_among(connection, Channel.EMAIL, addresses, at=at)),
        "episodes": [_episode(each) for each in cards.episodes_of(connection, lead_id)],
        "merges": [
            {
                "id": each.id,
                "lead_id": each.lead_id,
                "into_id": each.into_id,
                "at": iso(each.at),
                "by": each.by,
                "undone_at": iso(each.undone_at),
                "undone_by": each.undone_by,
            }
            for each in cards.merges_of(connection, lead_id)
        ],
    }


def _episode(episode: EpisodeRow) -> dict[str, Any]:
    return {
        "number": episode.number,
        "opened_at": iso(episode.opened_at),
        "closed_at": iso(episode.closed_at),
        "closed_by": episode.closed_by,
        "handovers": [handover_of(each) for each in episode.handovers],
    }


def handover_of(row: HandOverRow) -> dict[str, Any]:
    """One hand-over, with the lines that led to it."""
    why = [{**line, "at": iso(line.get("at"))} for line in row.why]
    told = {name: value for name, value in row._asdict().items() if name not in ("model_id", "causes")}
    instants = {name: iso(told[name]) for name in ("at", "made_at", "withdrawn_at")}
    return {**told, **instants, "why": why}


def line_of(line: Line) -> dict[str, Any]:
    """One line of a ledger."""
    fact = fact_of(line)
    return {
        "at": iso(line.at),
        "event": None if fact is None else fact.event,
        "fact": None if fact is None else fact.message_id,
        "source": None if fact is None else fact.source,
        "rule": line.rule,
        "kind": line.kind.value,
        "points": line.points,
    }


def facts_of(seen: Sequence[Seen], keys: Mapping[int, Identity]) -> list[dict[str, Any]]:
    """Facts with all that they say; `keys` are the identities by number."""
    return [
        {
            "event": each.stored.fact.event,
            "occurred_at": iso(each.stored.fact.at),
            "received_at": iso(each.stored.received_at),
            "message_id": each.stored.fact.message_id,
            "source": each.stored.fact.source,
            "properties": each.stored.fact.properties,
            "context": each.stored.fact.context,
            "traits": each.stored.fact.traits,
            "identity": identity_of(keys[each.stored.identity_id]),
            "user_id": each.stored.user_id,
            "anonymous_id": each.stored.anonymous_id,
            "claim": each.stored.is_claim,
            "verdict": each.verdict.value,
            "counts": each.counts,
        }
        for each in seen
    ]


def hold_of(found: Hold) -> dict[str, Any]:
    """A hold as answers have it."""
    return {
        "lead_id": found.lead_id, "at": iso(found.at), "by": found.by, "until": iso(found.until),
        "because": found.because,
    }  # fmt: skip


def hold_now(connection: Connection[Any], lead_id: int, now: int) -> dict[str, Any] | None:
    """The hold of a lead that stands; None where it is not held."""
    found = holds.standing_holds(connection, [lead_id], now).get(lead_id)
    return None if found is None else hold_of(found)


def endpoint_of(found: Endpoint) -> dict[str, Any]:
    """An endpoint as answers have it: never its secrets."""
    return {
        "id": found.id, "url": found.url, "events": list(found.events), "made_at": iso(found.made_at),
        "disabled_at": iso(found.disabled_at), "disabled_because": found.disabled_because,
        "failing_since": iso(found.failing_since),
    }  # fmt: skip
