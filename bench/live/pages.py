"""How long pages take at the server, with many leads and a long history; leads are drawn at random."""

import argparse
import gzip
import http.client
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from psycopg import Connection

from bench.data import MODEL
from bench.figures import ON_DEMAND
from bench.live import base, people
from bench.live.front import a_port, answers
from bench.live.ground import Ground, ground, until
from couveuse.configuration import read
from couveuse.core.fold import fold
from couveuse.core.times import DAY_US
from couveuse.documents.reading import read_model
from couveuse.documents.team import read_team
from couveuse.engine import learning
from couveuse.engine.delivering import Tally
from couveuse.engine.findable import Indexer
from couveuse.engine.folding import reading_of, row_of
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs, Standing
from couveuse.engine.live import LiveModels
from couveuse.engine.rolling_up import roll_up
from couveuse.store import connections, events, jobs, learnt, migrating, registers, rosters, states
from couveuse.store.identities import EMAIL
from couveuse.store.learnt import PERIODS
from couveuse.store.packets import Flag, identity_digest
from couveuse.store.payloads import Compressor

TEAM: Final = Path(__file__).parents[2] / "examples" / "pompes" / "equipe.yaml"
DRESSED: Final = "dressed for pages"
GIANT_FACTS: Final = 100_000
LEADS_DRAWN: Final = 500
TIMES: Final = 60
SECRET: Final = "a secret key of the bench, and of nothing else"

# What people are called and where they come from: as invented as the example's, and as unevenly spread.
_TRAITS: Final = """
update leads l set company_id = c.id, traits = jsonb_build_object(
    'first_name', (array['Ada','Basile','Chloé','Denis','Elsa','Farid','Gaëlle','Hugo','Inès','Jules'])[1 + l.id %% 10],
    'last_name', (array['Armand','Bellet','Courtois','Durand','Esnault','Fabre','Garnier','Hamel'])[1 + l.id / 10 %% 8]
        || ' ' || (l.id / 80)::text,
    'company', c.name, 'job_title', (array['CEO','Acheteur','Ingénieur','Directeur technique'])[1 + l.id %% 4],
    'lead_source', (array['site','salon','referral','ads','partner'])[1 + l.id * 7 %% 5],
    'phone', '+33 1 ' || lpad((l.id %% 100000000)::text, 8, '0'),
    'owner', case when l.id %% 50 = 0 then (array['chloe','david','emma','frank'])[1 + l.id / 50 %% 4] end),
    groups = case when l.id %% 20 = 0 then array['Inscription Newsletter']
        when l.id %% 5000 = 1 then array['Salon 2026'] else '{}' end
from companies c where c.id = 1 + l.id %% %(companies)s
"""
_COMPANIES: Final = """
insert into companies (id, domain, name) overriding system value
select n, 'company-' || n || '.example', 'Company ' || n from generate_series(1, %(companies)s) n
"""
# A task for each hand-over, the last tenth still to be done; and who crossed what in the last months.
_TASKS: Final = """
insert into tasks (lead_id, episode_id, handover_id, team, treatment, standing, opened_at, due_at, rate, value,
    expected, score, closed_at, outcome, outcome_by, closing_told_at)
select distinct on (h.lead_id, h.team, h.episode_id) h.lead_id, h.episode_id, h.id, h.team, h.treatment,
    case when h.id %% 10 = 0 then 'open' else 'closed' end, h.made_at, h.made_at + 86400000000, h.rate, 1000,
    h.rate * 1000, h.score, case when h.id %% 10 > 0 then h.made_at + 3600000000 end,
    case when h.id %% 10 > 0 then (array['won','lost','rejected','no_budget'])[1 + h.id %% 4] end,
    case when h.id %% 10 > 0 then 'bob' end, case when h.id %% 10 > 0 then h.made_at + 3600000000 end
from handovers h order by h.lead_id, h.team, h.episode_id, h.id
"""
_CROSSINGS: Final = """
insert into crossings (lead_id, model_id, at, by_time, cause, score, band_was, band, stage_was, stage, temperature_was,
    temperature, is_to_tell)
select h.lead_id, h.model_id, %(now)s - (h.id * 7919 %% 90) * 86400000000 - h.id %% 86400000000, false, h.cause,
    h.score, 0, 1, 0, 1, 0, 2, false from handovers h
"""


@dataclass(slots=True)
class Found:
    """The times of one page (milliseconds), and its size over the wire."""

    times: list[float] = field(default_factory=list)
    wire: int = 0

    def told(self) -> dict[str, float]:
        """What is kept."""
        ordered = sorted(self.times)
        return {
            "p50_ms": round(median(ordered), 1),
            "p95_ms": round(ordered[max(int(len(ordered) * 0.95) - 1, 0)], 1),
            "worst_ms": round(ordered[-1], 1),
            "wire_bytes": self.wire,
        }


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Each page, as an owner sees it, and the desk as a caller does."""
    with ground(asked.data, keep=asked.keep) as place:
        name = base.ready(place, leads=asked.leads, facts=asked.facts)
        url = place.url(name)
        facts = min(GIANT_FACTS, asked.leads * 10)
        giant = _dress(place, name, url, asked.leads, facts)
        counted = _count(url)
        draws = min(LEADS_DRAWN, asked.leads)
        with _serving(place, url) as (port, sessions):
            found = _walk(port, sessions, asked.leads, giant, draws)
    pages = {page: each.told() for page, each in found.items()}
    for page, told in pages.items():
        print(
            f"   {page}: p50 {told['p50_ms']} ms, p95 {told['p95_ms']} ms, {told['wire_bytes']:,.0f} bytes", flush=True
        )
    return {
        "leads": asked.leads,
        "stored_events": asked.leads * asked.facts + facts,
        "giant_events": facts,
        "leads_drawn": draws,
        "seconds_in_the_background": counted,
        "pages": pages,
        "worst_p50_ms": max(each["p50_ms"] for page, each in pages.items() if page != ON_DEMAND),
        "worst_p95_ms": max(each["p95_ms"] for page, each in pages.items() if page != ON_DEMAND),
    }


# ---- The base is dressed ---------------------------------------------------------------------------------------------


def _dress(place: Ground, name: str, url: str, leads: int, facts: int) -> int:
    """Names, companies, tasks, crossings, search and counts, and one giant; the giant's number."""
    migrating.migrate(url)
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
        if row == (DRESSED,):
            return leads + 1
        now = time.time_ns() // 1000
        given = {"companies": max(leads // 20, 1), "now": now}
        connection.execute("set maintenance_work_mem = '1GB'")
        for said, statement in (
            ("companies", _COMPANIES),
            ("traits", _TRAITS),
            ("tasks", _TASKS),
            ("crossings", _CROSSINGS),
        ):
            _timed(said, lambda statement=statement: connection.execute(statement, given))  # type: ignore[misc]
        rosters.apply_roster(connection, read_team(str(TEAM)), by="the bench", now=now)
        connection.execute("insert into findable_due select id from leads on conflict do nothing")
        giant = _give_giant(connection, url, leads, facts, now)
        _timed("findable", lambda: _index(connection))
        _timed("vacuum", lambda: connection.execute("vacuum analyze"))
    place.administer(f"comment on database {name} is '{DRESSED}'")
    return giant


def _count(url: str) -> dict[str, float]:
    """What the night's work and the engine count for pages to show; the seconds of each that had not been done yet."""
    took = {}
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        now = time.time_ns() // 1000
        (model,) = LiveModels().load(connection)
        rule = read_model(str(MODEL)).model.rules[0].id
        if not learnt.behind(connection, model.id, rule, PERIODS[-1]).leads:
            number = learning.ask(connection, by="the bench", now=now)
            took["history"] = _timed("what the history says", lambda: _work(url, connection))
            job = jobs.find(connection, number)
            assert job is not None
            assert job.standing == Standing.DONE, job.said
        took["roll-ups"] = _timed("roll-ups", lambda: roll_up(connection, now))
    return {what: round(seconds, 1) for what, seconds in took.items()}


def _work(url: str, connection: Connection[Any]) -> None:
    Jobs(url, read(), Tally(), KINDS).work(connection)


def _timed(what: str, do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    took = time.perf_counter() - began
    print(f"   {what}: {took:.1f} s", flush=True)
    return took


def _index(connection: Connection[Any]) -> None:
    indexer = Indexer()
    while indexer.work(connection):
        pass


def _give_giant(connection: Connection[Any], url: str, leads: int, facts: int, now: int) -> int:
    """One lead more, with a very long history, folded as the engine would have left it."""
    number = leads
    (model,) = LiveModels().load(connection)
    (history,) = people.pasts(1, facts, end=now - DAY_US)
    identity, lead = base.email_id(number), base.lead_id(number)
    key = people.email(number)
    connection.execute(
        "insert into identities (id, digest, lead_id, sort, is_known, key) overriding system value"
        " values (%s, %s::uuid, %s, %s, true, %s) on conflict do nothing",
        [identity, identity_digest(EMAIL, key).hex(), lead, EMAIL, key],
    )
    connection.execute(
        "insert into leads (id, root_id, created_at, traits) overriding system value values (%s, %s, %s, %s)",
        [lead, identity, now, '{"first_name": "Géraldine", "last_name": "Géant"}'],
    )
    from couveuse.store.months import Months

    Months(url).ensure((fact.at for fact in history), now)
    names = registers.event_names().numbers(connection, {fact.event for fact in history})
    sources = registers.sources().numbers(connection, {"web"})
    payloads = Compressor()
    events.append_events(
        connection,
        (
            (identity, fact.at, fact.at, names[fact.event], sources["web"], int(Flag.NONE), None,
             payloads.pack_fact(fact, None, None))
            for fact in history
        ),
    )  # fmt: skip
    state = fold(model.plan, history)
    row = row_of(model.bands, lead, state, reading_of(model.plan, state, now), payloads)
    states.copy_states(connection, model.id, [row])
    return lead


# ---- Served and walked -----------------------------------------------------------------------------------------------


@contextmanager
def _serving(place: Ground, url: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The pages on a port, and a session for each role that looks."""
    port = a_port()
    with place.running("web", url=url, port=str(port), secret_key=SECRET):
        until(lambda: answers(port))
        yield port, _sessions(url)


def _sessions(url: str) -> dict[str, str]:
    """The cookie of somebody who has signed in, by role."""
    os.environ["COUVEUSE_SECRET_KEY"] = SECRET
    migrating.setup(url)
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from couveuse.store.accounts.models import Role, User

    settings.SECRET_KEY = SECRET
    found = {}
    for role, member in ((Role.OWNER, None), (Role.TELEMARKETING, "alice"), (Role.SALES, "frank")):
        email = f"{role}@example.com"
        person = User.objects.filter(email=email).first() or User.objects.create_user(
            email, "correct horse battery", name=str(role), role=role, member=member
        )
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        found[str(role)] = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return found


def _walk(port: int, sessions: dict[str, str], leads: int, giant: int, draws: int) -> dict[str, Found]:
    """Every page's times, one request after the other, as one reader would; the first of each does not count."""
    dice = Random(7)
    drawn = [dice.randint(1, leads) for _ in range(draws)]
    today = datetime.now(UTC).date()
    month, rule = f"{today - timedelta(days=29)}.{today}", read_model(str(MODEL)).model.rules[0].id
    words = ["durand", "géant", "company-17", "fabre 12", "0100000", "ada ga", "lead42"]
    visits: Sequence[tuple[str, str, Callable[[int], str], int]] = [
        ("today", "owner", lambda _: "/today", TIMES),
        ("today, sales", "sales", lambda _: "/today", TIMES),
        ("arrivals", "owner", lambda _: "/today/arrivals", TIMES),
        ("what a lead is here", "owner", lambda _: "/model", TIMES),
        ("leads", "owner", lambda _: "/leads", TIMES),
        ("leads, hot", "owner", lambda _: "/leads?temperature=hot", TIMES),
        ("leads, by stage", "owner", lambda _: "/leads?stage=decision", TIMES),
        ("leads, a rare group", "owner", lambda _: "/leads?group=Salon+2026", TIMES),
        ("leads, a frequent group", "owner", lambda _: "/leads?group=Inscription+Newsletter", TIMES),
        ("leads, by source", "owner", lambda _: "/leads?source=salon", TIMES),
        ("leads, who turned warm in 30 days", "owner", lambda _: f"/leads?entered=warm.{month}", TIMES),
        ("leads, behind a line of the points table", "owner", lambda _: f"/leads?line={rule}.30", TIMES),
        ("leads, the newest first", "owner", lambda _: "/leads?order=newest", TIMES),
        ("leads, by owner", "owner", lambda _: "/leads?owner=emma", TIMES),
        ("leads, searched", "owner", lambda turn: f"/leads?q={_quoted(words[turn % len(words)])}", TIMES),
        ("palette", "owner", lambda turn: f"/find?q={_quoted(words[turn % len(words)])}", TIMES),
        ("a lead", "owner", lambda turn: f"/leads/{drawn[turn % draws]}", draws),
        ("a lead of 100,000 events", "owner", lambda _: f"/leads/{giant}", TIMES),
        ("the ledger of a lead", "owner", lambda turn: f"/leads/{drawn[turn % draws]}/receipt", TIMES),
        ("the ledger of a lead of 100,000 events", "owner", lambda _: f"/leads/{giant}/receipt", TIMES),
        (ON_DEMAND, "owner", lambda _: f"/leads/{giant}/receipt?fold=1", TIMES),
        ("a company", "owner", lambda turn: f"/companies/{1 + drawn[turn % draws] % max(leads // 20, 1)}", TIMES),
        ("desk", "telemarketing", lambda _: "/desk", TIMES),
        ("desk, the queue", "telemarketing", lambda _: "/desk/queue", TIMES),
        ("desk, my leads", "telemarketing", lambda _: "/desk/mine", TIMES),
        ("scoring", "owner", lambda _: "/scoring", TIMES),
        ("a line of the points table", "owner", lambda _: f"/scoring/lines/{rule}", TIMES),
        ("imports", "owner", lambda _: "/imports", TIMES),
        ("settings", "owner", lambda _: "/settings", TIMES),
        ("settings, the team", "owner", lambda _: "/settings/team", TIMES),
        ("settings, users", "owner", lambda _: "/settings/users", TIMES),
        ("documentation", "owner", lambda _: "/docs", TIMES),
        ("settings, what goes out", "owner", lambda _: "/settings/outgoing", TIMES),
        ("settings, health", "owner", lambda _: "/settings/health", TIMES),
        ("settings, who did what", "owner", lambda _: "/settings/audit", TIMES),
    ]
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    found: dict[str, Found] = {}
    for name, role, address, times in visits:
        page = found[name] = Found()
        _get(line, address(0), sessions[role])
        for turn in range(times):
            began = time.perf_counter()
            page.wire = max(_get(line, address(turn), sessions[role]), page.wire)
            page.times.append((time.perf_counter() - began) * 1000)
    line.close()
    return found


def _quoted(words: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(words)


def _get(line: http.client.HTTPConnection, address: str, cookie: str) -> int:
    """Ask for a page; returns how many bytes came."""
    line.request("GET", address, headers={"Cookie": cookie, "Accept-Encoding": "gzip", "Accept-Language": "en"})
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200:
        text = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
        message = f"{address}: {answer.status} {answer.headers.get('Location', '')} {text[:300]!r}"
        raise RuntimeError(message)
    return len(body)
