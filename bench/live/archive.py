"""Closed months written to Parquet, by the command that people type; what an event weighs there; and a look back.

Events are those of the other live measurements (`bench.live.people`: three fifths page views as browsers send them),
but that each has a message's id of its own, as clients make them (`ajs-next-<milliseconds>-<uuid>` of browsers, a UUID
of servers), an instant of its own to the microsecond, and a delivery some whole milliseconds later, as the front door
corrects clocks. What the bench's model reads is kept.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from psycopg import Connection

from bench.core import histories
from bench.live import base, people
from bench.live.ground import Ground, ground
from bench.timing import run_command
from couveuse.archive.months import number_of as number_of_month
from couveuse.archive.months import text_of
from couveuse.core.events import PAGE_VIEWED, VERDICT_GIVEN, Fact
from couveuse.core.times import DAY_US, microseconds, moment
from couveuse.engine import archiving
from couveuse.engine.recalling import Recaller
from couveuse.store import archives, connections, events, registers
from couveuse.store.events import EventRow
from couveuse.store.months import Months
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor

EACH, MONTHS, LOOKS = 20, 18, 200
COUVEUSE = ["-m", "couveuse.cli", "archive"]


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """So many events of as many months; archived, dropped, and leads read again."""
    leads = max(asked.rows // EACH, 1)
    with ground(asked.data, keep=asked.keep) as place:
        url = place.make("archived")
        began = time.perf_counter()
        _fill(url, leads, asked.rows)
        print(f"   made in {time.perf_counter() - began:.0f} s", flush=True)
        folder = place.folder / "archive"
        shutil.rmtree(folder, ignore_errors=True)
        found = _archived(place, url, folder)
        place.drop("archived")
    print(f"   {found}", flush=True)
    return {"leads": leads, **found}


def _archived(place: Ground, url: str, folder: Path) -> dict[str, Any]:
    settings = {"COUVEUSE_DATABASE_URL": url, "COUVEUSE_DATA": str(place.folder), "COUVEUSE_LOG": "warning",
                "COUVEUSE_ARCHIVE": str(folder)}  # fmt: skip
    postgres = place.cpu_seconds()
    took = run_command([*COUVEUSE, "run"], settings)
    postgres = place.cpu_seconds() - postgres
    months = [each for each in archiving.status(url, time.time_ns() // 1000) if each.archived is not None]
    manifests = [each.archived.manifest for each in months if each.archived]
    rows, size = sum(each.rows for each in manifests), sum(each.bytes for each in manifests)
    found = {
        "events": rows,
        "months": len(months),
        "seconds": round(took.wall, 1),
        "bytes_an_event": round(size / rows, 2),
        "here_bytes_an_event": round(place.ask("archived", _SIZE) / place.ask("archived", _COUNT), 1),
        "cpu_seconds": round(took.cpu, 1),
        "postgres_cpu_seconds": round(postgres, 1),
        "peak_megabytes": round(took.peak_bytes / 1e6),
    }
    before, compared = _look_back(url), _compare(url, max(months, key=lambda each: each.here).month)
    dropped = run_command([*COUVEUSE, "drop", *(each.month for each in months)], settings)
    return {
        **found,
        "drop_seconds": round(dropped.wall, 1),
        "held_up_seconds_a_million": compared,
        "left_here": place.ask("archived", _COUNT),
        "lead_read_ms": {"here": before, "from_the_archive": _look_back(url)},
    }


_COUNT = "select count(*) from events"
_SIZE = """select sum(pg_total_relation_size(inhrelid))::bigint from pg_inherits where inhparent = 'events'::regclass"""


def _compare(url: str, month: str) -> float:
    """For how long a drop of a million facts holds others up, about: it compares them."""
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        began = time.perf_counter()
        archives.fingerprint(connection, month)
        took = time.perf_counter() - began
        return round(took / archives.count(connection, month) * 1_000_000, 2)


def _look_back(url: str) -> float:
    """The median of reading all facts of one lead, in milliseconds."""
    recaller = Recaller(registers.event_names(), registers.sources(), Compressor())
    with connections.connect(url, "bench", autocommit=True) as connection:
        row = connection.execute("select max(id) from leads").fetchone()
        assert row is not None
        dice, took = Random(5), []
        for _ in range(LOOKS):
            began = time.perf_counter()
            recaller.load(connection, [dice.randrange(1, row[0] + 1)])
            took.append(time.perf_counter() - began)
    return round(statistics.median(took) * 1000, 2)


def _fill(url: str, leads: int, count: int) -> None:
    """People, and so many events of theirs over the months that closed last, in the order in which they came."""
    last = number_of_month(f"{moment(time.time_ns() // 1000):%Y-%m}")
    start, end = (
        microseconds(moment(0).replace(year=int(text_of(number)[:4]), month=int(text_of(number)[5:]), day=1, hour=0))
        for number in (last - MONTHS, last)
    )
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        connection.execute("set session_replication_role = replica")
        base._identities(connection, leads)
        base._leads(connection, leads, end)
        Months(url).ensure(range(start, end, DAY_US), end)
        rows = _rows(connection, leads, count, start, end)
        while some := list(islice(rows, base.AT_ONCE)):
            events.append_events(connection, some)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _rows(connection: Connection[Any], leads: int, count: int, start: int, end: int) -> Iterator[EventRow]:
    dice, payloads = Random(23), Compressor()
    what = _what(dice)
    names = registers.event_names().numbers(connection, {fact.event for fact in what})
    source = registers.sources().numbers(connection, {"web"})["web"]
    for number in range(count):
        at = start + (end - start) * number // count + int(dice.random() * 1000)
        who, fact = int(dice.random() * leads), what[int(dice.random() * len(what))]
        uuid = UUID(int=dice.getrandbits(128), version=4)
        is_page = fact.event == PAGE_VIEWED
        message_id = f"ajs-next-{at // 1000}-{uuid}" if is_page else str(uuid)
        payload = payloads.pack_fact(
            replace(fact, message_id=message_id), None, people.device(who) if is_page else None
        )
        received = at + int(dice.expovariate(1 / 60)) * 1000
        yield (base.user_id_id(who), at, received, names[fact.event], source, int(Flag.NONE), None, payload)


def _what(dice: Random) -> list[Fact]:
    found = []
    for (fact,) in histories(Random(24), 20_000, 1):
        told = fact
        if fact.event == VERDICT_GIVEN:
            told = replace(fact, properties={**fact.properties, "of": str(UUID(int=dice.getrandbits(128), version=4))})
        found.append(people.dressed(told, dice))
    return found
