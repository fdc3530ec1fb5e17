"""Counting all leads in the background, so that no page does: how many stand where, and what happened day by day.

One process at a time counts. It rests for many times as long as counting took, so that a million leads cost little and
a few are never old; another acting model, or an import that has ended, is counted at once. Of the days the last two are
counted each time, and all that are kept once a day and after an import, which may bring facts of any day.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from psycopg import Connection

from couveuse.core.events import LEAD_REJECTED, OPPORTUNITY_LOST, OPPORTUNITY_WON
from couveuse.core.times import DAY_US, SECOND_US, moment
from couveuse.engine.batches import Folder
from couveuse.engine.clocks import now_us
from couveuse.engine.flows import midnight
from couveuse.engine.live import LiveModels
from couveuse.engine.loops import AWAY_SECONDS, Counting, Loop
from couveuse.engine.recollecting import NAME, recollect
from couveuse.report.persons import NAMED
from couveuse.store import crossings, rollups
from couveuse.store.rollups import Rollup, Sign
from couveuse.store.rosters import load_roster

log = structlog.get_logger("couveuse.engine")

LEADS, SOURCES, DAYS = "leads", "sources", "days"
# It rests for so many times as long as counting took, within these bounds.
REST: Final = 40
LEAST_REST_US, MOST_REST_US = 15 * SECOND_US, 600 * SECOND_US
# How often it is looked whether it is time.
LOOK_SECONDS: Final = 2.0
# So many days are kept, and so many are counted where all are.
KEPT_DAYS, WHOLE_DAYS = 400, 62
# So many days a page shows.
SHOWN_DAYS: Final = 30
# Of so many days up to now each lead is counted once, and of as many days before the last of some.
SPANS: Final = (1, 7, 30)
COMPARED_DAYS, BEFORE = 7, "before"
WHOLE_EVERY_US: Final = DAY_US
# So many sources are told apart.
MOST_SOURCES: Final = 50
# How long at a time the past of what was brought in is worked out: others wait for the processor.
MOST_RECOLLECTING_SECONDS: Final = 1.0
# So many crossings that are kept no longer go at a time.
PRUNED: Final = 10_000
# What became of leads, as facts say it.
BECAME: Final = (OPPORTUNITY_WON, OPPORTUNITY_LOST, LEAD_REJECTED)


def is_due(found: Rollup | None, sign: Sign, imports: str | None, now: int) -> bool:
    """Whether it is time to count again what was counted."""
    if found is None or found.model_id != sign.model_id or imports != sign.imports:
        return True
    return now >= found.at + min(max(found.took * REST, LEAST_REST_US), MOST_REST_US)


def roll_up(connection: Connection[Any], now: int) -> bool:
    """Count where it is time; returns whether it was, and nobody else was counting."""
    with connection.transaction():
        if not rollups.alone(connection):
            return False
        sign, found = rollups.sign(connection), rollups.rollups(connection)
        counted_before = found[DAYS].counted if DAYS in found else {}
        imports = counted_before.get("imports") if "spans" in counted_before else None
        if sign.model_id is None or not is_due(found.get(LEADS), sign, imports, now):
            return False
        connection.execute("set local work_mem = '64MB'")
        began = time.monotonic()
        recollected = found[NAME].counted if NAME in found else {}
        standings, scores = rollups.count_standings(connection, sign.model_id)
        sources = rollups.count_sources(connection, sign.model_id, NAMED["source"], MOST_SOURCES)
        _days(connection, found.get(DAYS), sign, recollected, now)
        took = round((time.monotonic() - began) * SECOND_US)
        counted = {
            "standings": [list(asdict(each).values()) for each in standings],
            "scores": [list(asdict(each).values()) for each in scores],
        }
        rollups.put(connection, LEADS, sign.model_id, at=now, took=took, counted=counted)
        told = [list(asdict(each).values()) for each in sources]
        rollups.put(connection, SOURCES, sign.model_id, at=now, took=took, counted=told)
    return True


def _days(
    connection: Connection[Any], before: Rollup | None, sign: Sign, recollected: Mapping[str, Any], now: int
) -> None:
    """Count the last two days; or all, where that was not done today, facts were brought, or days begin elsewhere."""
    assert sign.model_id is not None  # the caller looked
    zone = load_roster(connection).hours.timezone
    known = before.counted if before is not None else {}
    is_whole = (
        known.get("zone") != zone
        or known.get("imports") != sign.imports
        or known.get("recollected") != recollected
        or now >= known.get("whole_at", 0) + WHOLE_EVERY_US
    )
    today = moment(now, ZoneInfo(zone)).date()
    first = today - timedelta(days=WHOLE_DAYS if is_whole else 1)
    since = midnight(first, zone)
    rollups.count_days(connection, sign.model_id, first, since=since, now=now, zone=zone, facts=BECAME)
    if is_whole:
        rollups.prune_days(connection, today - timedelta(days=KEPT_DAYS))
    whole_at = now if is_whole else known["whole_at"]
    # The last ones stand here, too, so that a page asks once for all that was counted.
    last = rollups.days(connection, today - timedelta(days=SHOWN_DAYS - 1))
    counted = {
        "zone": zone, "imports": sign.imports, "whole_at": whole_at, "today": today.isoformat(),
        "recollected": dict(recollected),
        "spans": [list(asdict(each).values()) for each in _spans(connection, sign.model_id, today, zone, now)],
        "last": [[each.day.isoformat(), each.kind, each.about, each.number] for each in last],
    }  # fmt: skip
    rollups.put(connection, DAYS, sign.model_id, at=now, took=0, counted=counted)


def _spans(connection: Connection[Any], model_id: int, today: date, zone: str, now: int) -> list[rollups.Happened]:
    """Who did what within the last days, and within as many before: no sum of days, for who came twice is one lead."""

    def since(days: int) -> int:
        return midnight(today - timedelta(days=days - 1), zone)

    spans = [rollups.Span(str(days), since(days), now + 1) for days in SPANS]
    before = rollups.Span(BEFORE, since(2 * COMPARED_DAYS), since(COMPARED_DAYS))
    return rollups.count_spans(connection, model_id, spans, before, now=now, facts=BECAME)


class Roller(Loop):
    """Counts on a connection of its own, until it is told to stop."""

    name = application = "roller"
    away_seconds = (AWAY_SECONDS[1], AWAY_SECONDS[1])

    def __init__(self, url: str, tally: Counting, clock: Callable[[], int] = now_us) -> None:
        super().__init__(url, log, tally.fail)
        self._tally, self._clock = tally, clock
        self._folder, self._models = Folder(url), LiveModels()

    def work(self, connection: Connection[Any]) -> bool:
        """Count where it is time, and let go of old crossings; returns whether anything was counted."""
        self.turn += 1
        now, until = self._clock(), time.monotonic() + MOST_RECOLLECTING_SECONDS
        while recollect(connection, self._folder, self._models, now) and time.monotonic() < until:
            self.turn += 1
        if not roll_up(connection, now):
            return False
        self._tally.count("rolled_up")
        while crossings.prune(connection, before=now - KEPT_DAYS * DAY_US, most=PRUNED) == PRUNED:
            self.turn += 1
        return True

    def let_go(self) -> None:
        """What the folder remembers may not have been committed."""
        self._folder.forget()

    def until_stopped(self, connection: Connection[Any], stopping: threading.Event) -> None:
        """Count whenever it is time, and look now and then whether it is."""
        while not stopping.is_set():
            self.work(connection)
            stopping.wait(LOOK_SECONDS)
