"""One engine over many leads: durable events to folded states a second, beside a bare COPY, and what size does to it.

Three databases are made in bulk, in all of which a lead has as many stored events: so that what is compared is how much
there is, and not how much there is of one lead. The long run is on the largest, and leaves it as warm as it is in life;
then short spells over the three take turns, so that what else runs on the machine disturbs all alike.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from bench.live import base, people
from bench.live.feeding import Feeder
from bench.live.ground import Ground, ground
from bench.live.processes import cpu_seconds
from bench.timing import spread
from couveuse.store import connections

BATCH = 1_000
WARM_SECONDS = 5.0  # at most; shorter spells need less
# Of the small databases the one has so many times fewer leads, and the other so many times fewer stored events.
FEWER, LESS = 100, 20
PACE = 0.1
BARE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Spell:
    """What one engine did for a while: events, seconds, and processor time of each side."""

    events: int
    seconds: float
    engine_cpu: float
    postgres_cpu: float
    feeder_cpu: float
    wal_bytes: int
    checkpoints: int
    rates: Sequence[float] = ()  # events a second, piece by piece

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def wall_us(self) -> float:
        return self.seconds / self.events * 1e6

    @property
    def cpu_us(self) -> float:
        return (self.engine_cpu + self.postgres_cpu) / self.events * 1e6

    def told(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "seconds": round(self.seconds, 1),
            "events_per_second": round(self.rate),
            "engine_cpu_us_per_event": round(self.engine_cpu / self.events * 1e6, 1),
            "postgres_cpu_us_per_event": round(self.postgres_cpu / self.events * 1e6, 1),
            "wal_bytes_per_event": round(self.wal_bytes / self.events),
            "checkpoints": self.checkpoints,
            "feeder_share_of_a_core": round(self.feeder_cpu / self.seconds, 3),
            "events_per_second_by_piece": [round(rate) for rate in self.rates],
        }


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """The long run, the bare COPY beside it, the costs at each size, two engines, and where the time goes."""
    facts = asked.facts
    sizes = {
        "few leads": max(asked.leads // FEWER, 10),
        "few events": max(asked.leads // LESS, 10),
        "many": asked.leads,
    }
    with ground(asked.data, keep=asked.keep) as place:
        names = {size: base.ready(place, leads=leads, facts=facts) for size, leads in sizes.items()}
        long = _long(place, names["many"], asked)
        costs = _costs(place, names, sizes, asked)
        two = run_spell(place, names["many"], asked.leads, asked.spell, engines=2)
        print(f"   two engines: {two.rate:,.0f} events/s", flush=True)
        steps = _steps(place, names["many"], asked.leads, asked.spell)
        stored = place.ask(names["many"], "select count(*) from events")
    return {
        "batch": BATCH,
        "leads": asked.leads,
        "stored_events": asked.leads * facts,
        "stored_events_at_the_end": stored,
        **long,
        "two_engines": two.told(),
        **costs,
        "share_by_step": steps,
    }


def run_spell(place: Ground, name: str, leads: int, seconds: float, *, engines: int = 1, piece: float = 0.0) -> Spell:
    """Engines on a database for so many seconds, after a while that does not count; `piece` seconds a piece."""
    url = place.url(name)
    with Feeder(url, leads) as feeder, ExitStack() as stack:
        running = [stack.enter_context(place.running("engine", url=url, batch=str(BATCH))) for _ in range(engines)]
        _feed(feeder, time.monotonic() + min(WARM_SECONDS, seconds), least=1)
        before = feeder.top_up()
        began, own = time.monotonic(), time.process_time()
        cpu, postgres = _cpu(running), place.cpu_seconds()
        wal, checkpoints = place.written()
        rates = []
        last, last_at = before, began
        while (left := began + seconds - time.monotonic()) > 0:
            taken = _feed(feeder, time.monotonic() + min(piece or left, left))
            now = time.monotonic()
            if piece:
                rates.append((taken - last) / (now - last_at))
                last, last_at = taken, now
        taken = feeder.top_up()
        ended = time.monotonic()
        own, cpu, postgres = time.process_time() - own, _cpu(running) - cpu, place.cpu_seconds() - postgres
        now_wal, now_checkpoints = place.written()
    written = now_wal - wal, now_checkpoints - checkpoints
    return Spell(taken - before, ended - began, cpu, postgres, own, *written, rates)


def _cpu(running: Sequence[subprocess.Popen[bytes]]) -> float:
    return sum(cpu_seconds(each.pid) for each in running)


def _feed(feeder: Feeder, until: float, *, least: int = 0) -> int:
    """Feed until an instant, and until so many facts were taken; returns how many there were."""
    taken = 0
    while time.monotonic() < until or taken < least:
        taken = feeder.top_up()
        time.sleep(PACE)
    return taken


# ---- What size does ------------------------------------------------------------------------------------------------


def _costs(
    place: Ground, names: Mapping[str, str], sizes: Mapping[str, int], asked: argparse.Namespace
) -> dict[str, Any]:
    """Cost per event over each database, in turns; and what more leads and more stored events add to it."""
    spells: dict[str, list[Spell]] = {size: [] for size in sizes}
    for _ in range(asked.runs):
        for size, leads in sizes.items():
            spells[size].append(run_spell(place, names[size], leads, asked.spell))
            it = spells[size][-1]
            print(f"   {size}: {it.rate:,.0f} events/s, {it.cpu_us:.0f} us of processor an event", flush=True)
    found: dict[str, Any] = {}
    for size, leads in sizes.items():
        found[size] = {
            "leads": leads,
            "stored_events": leads * asked.facts,
            "events_per_second": spread([spell.rate for spell in spells[size]]).told(),
            "cpu_us_per_event": spread([spell.cpu_us for spell in spells[size]]).told(),
            "postgres_cpu_us_per_event": spread([s.postgres_cpu / s.events * 1e6 for s in spells[size]]).told(),
        }
    return {
        "costs": found,
        "times_for_more_leads": _times(spells["many"], spells["few leads"]),
        "times_for_more_events": _times(spells["many"], spells["few events"]),
    }


def _times(large: Sequence[Spell], small: Sequence[Spell]) -> dict[str, Any]:
    return {
        "wall": spread([a.wall_us / b.wall_us for a, b in zip(large, small, strict=True)]).told(),
        "cpu": spread([a.cpu_us / b.cpu_us for a, b in zip(large, small, strict=True)]).told(),
    }


# ---- The long run, and the bare COPY -------------------------------------------------------------------------------


def _long(place: Ground, name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The long run with a bare COPY before and after it."""
    bare = [bare_copy(place, name, asked.leads, min(BARE_SECONDS, asked.spell))]
    run = run_spell(place, name, asked.leads, asked.seconds, piece=max(asked.seconds / 10, 1.0))
    bare.append(bare_copy(place, name, asked.leads, min(BARE_SECONDS, asked.spell)))
    share = run.rate / (sum(bare) / len(bare))
    print(f"   long run: {run.rate:,.0f} events/s, {share:.0%} of a bare COPY of {bare[0]:,.0f}, {bare[1]:,.0f} rows/s",
          flush=True)  # fmt: skip
    return {"long_run": run.told(), "bare_copy_rows_per_second": [round(rate) for rate in bare],
            "share_of_a_bare_copy": round(share, 4)}  # fmt: skip


def bare_copy(place: Ground, name: str, leads: int, seconds: float) -> float:
    """Rows a second of a binary COPY of such events as the engine writes, so many in each commit, with their index."""
    dice = Random(5)
    facts = islice(people.arriving(leads, dice, iter(range(10**15, 10**15 + 20 * BATCH))), 20 * BATCH)
    rows = [(base.user_id_id(int(fact.user_id[1:])), fact.at, fact.received_at, 1, 1, 0, None, fact.payload)
            for fact in facts if fact.user_id]  # fmt: skip
    with connections.connect(place.url(name), "bench", autocommit=True) as connection:
        connection.execute("create table bare (like events including defaults)")
        connection.execute("create index on bare (identity_id)")
        began, done = time.monotonic(), 0
        while time.monotonic() < began + seconds:
            start = done % len(rows)
            with connection.cursor() as cursor, cursor.copy("copy bare from stdin (format binary)") as copy:
                copy.set_types(("int8", "int8", "int8", "int4", "int4", "int2", "int4", "bytea"))
                for row in rows[start : start + BATCH]:
                    copy.write_row(row)
            done += BATCH
        rate = done / (time.monotonic() - began)
        connection.execute("drop table bare")
    return rate


# ---- Where the time goes -------------------------------------------------------------------------------------------


def _steps(place: Ground, name: str, leads: int, seconds: float) -> dict[str, Any]:
    """The share of each step, measured in a process of its own with a clock around each."""
    url = place.url(name)
    with Feeder(url, leads) as feeder:
        feeder.top_up()
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.live.steps", url, str(seconds)], stdout=subprocess.PIPE, text=True
        )
        while process.poll() is None:
            feeder.top_up()
            time.sleep(PACE)
        told = json.loads(process.communicate()[0])
    if process.returncode:
        raise RuntimeError("bench.live.steps failed")
    for step, share in told["shares"].items():
        us, cpu = told["us_per_event_by_step"][step], told["engine_cpu_us_per_event_by_step"][step]
        print(f"   {share:6.1%}  {us:5.1f} us an event, {cpu:5.1f} of them the engine's processor  {step}", flush=True)
    return dict(told)
