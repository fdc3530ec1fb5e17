"""A lead's page behind a signed link: read-only, of the report's make, kept by nobody."""

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from psycopg import Connection

from couveuse.core.consent import Channel
from couveuse.engine.links import Link, Links
from couveuse.engine.live import LiveModel, NothingPublished
from couveuse.language.formats import Formats
from couveuse.report import render_dossier, values
from couveuse.report.names import Names
from couveuse.store import cards, consents, identities
from couveuse.store.cards import EpisodeRow
from couveuse.store.connections import NoDatabase
from couveuse.store.identities import EMAIL, SORTS
from couveuse.web import database
from couveuse.web.leadpages import page_of
from couveuse.web.pages.became import became
from couveuse.web.pages.speaking import answer, language_of, notice, words
from couveuse.web.reading import acting, looker

# A telephone shows so many keys and traits; the API gives the others.
MOST_KEYS = 40


@cache
def _links() -> Links:
    return Links(settings.SECRET_KEY)


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the lead that a link names, or why there is none."""
    link = _links().read(token)
    language = language_of(request, link.language if link else None)
    if link is None:
        return notice(language, "forged", "why", "do", status=403)
    now = time.time_ns() // 1000
    if link.expires_at <= now:
        until = Formats(words(language), "UTC").date(link.expires_at)
        ways = (("couveuse link LEAD", words(language).say("home.link")),)
        return notice(language, "expired", "why", "do", status=403, ways=ways, until=until)
    try:
        with database.reading() as connection:
            return _found(connection, link, language, now)
    except (NoDatabase, psycopg.OperationalError):
        ways = (("couveuse doctor", words(language).say("home.doctor")),)
        return notice(language, "away", "do", status=503, ways=ways)


def _found(connection: Connection[Any], link: Link, language: str, now: int) -> HttpResponse:
    lead_id = cards.survivor(connection, link.lead_id)
    if lead_id is None:
        return notice(language, "gone", "why", status=404)
    try:
        model = acting(connection)
    except NothingPublished:
        ways = (("couveuse rescore bareme-b2b", ""),)
        return notice(language, "unready", "do", status=503, ways=ways)
    return answer(render_dossier(dossier(connection, lead_id, model, language, now, link.expires_at)))


def dossier(
    connection: Connection[Any], lead_id: int, model: LiveModel, language: str, now: int, valid_until: int
) -> values.Dossier:
    """All that the page of a lead shows."""
    look = looker(connection).look(connection, lead_id, model, now=now)
    card = cards.load_cards(connection, [lead_id])[lead_id]
    keys = sorted(identities.identities_of_leads(connection, [lead_id]).values(), key=lambda each: (each.sort, each.id))
    addresses = [each.key for each in keys if each.sort == EMAIL]
    standings = consents.load_standings(connection, [lead_id])[lead_id]
    merges = [each for each in cards.merges_of(connection, lead_id) if each.undone_at is None]
    episodes = cards.episodes_of(connection, lead_id)
    names = Names(model.plan.model, language)
    return values.Dossier(
        model=model.plan.model,
        language=language,
        at_us=look.reading.at,
        page=page_of(look, card, names),
        traits=_traits(look.known.traits, names),
        groups=tuple(look.known.groups[:MOST_KEYS]),
        identities=tuple(values.Identity(SORTS[each.sort], each.key, each.is_known) for each in keys[:MOST_KEYS]),
        consents=tuple(
            values.Consent(purpose, each.is_given, each.at, each.basis, each.source, each.wording)
            for purpose, each in sorted(standings.items())
        ),
        suppressed=tuple(sorted(consents.suppressed_among(connection, Channel.EMAIL, addresses))),
        episodes=tuple(_episode(each) for each in episodes),
        merged=tuple(each.key for each in merges if each.into_id == lead_id),
        valid_until_us=valid_until,
        became=became(connection, lead_id, episodes, names, now),
    )


def _episode(row: EpisodeRow) -> values.Episode:
    return values.Episode(
        row.number,
        row.opened_at,
        row.closed_at,
        tuple(
            values.HandOver(
                each.team, each.treatment, each.cause, each.at, each.score, each.withdrawn_at,
                each.withdrawn_because or "",
            )
            for each in row.handovers
        ),
    )  # fmt: skip


def _traits(traits: Mapping[str, object], names: Names) -> dict[str, str]:
    """What is known of the person, each trait by its word; by its own name where another one has that word."""
    known: dict[str, str] = {}
    for name, value in sorted(traits.items())[:MOST_KEYS]:
        word = names.words.known("trait", name)
        known[name if word in known else word] = _written(value, names)
    return known


def _written(value: object, names: Names) -> str:
    """A trait as a person reads it."""
    if isinstance(value, bool):
        return names.words.say("trait_value.yes" if value else "trait_value.no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
