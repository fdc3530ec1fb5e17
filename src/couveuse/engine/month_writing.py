"""One month written to the archive as it is in one snapshot, by whatever process; it does not count yet."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import merge
from multiprocessing import get_context
from typing import Any

from psycopg import Connection, IsolationLevel

from couveuse.archive.keeping import Keeper, lacking
from couveuse.archive.manifests import Manifest
from couveuse.archive.places import place_at
from couveuse.archive.reading import all_rows, known_place
from couveuse.archive.writing import next_generation, tidy, write_manifest, write_parts
from couveuse.engine.collector import collecting_seldom
from couveuse.engine.crews import begin_in_pool
from couveuse.engine.month_rows import counting, in_order, kept, once, order
from couveuse.store import archives, connections
from couveuse.store.archives import Archived


@dataclass(frozen=True, slots=True)
class Task:
    """What a process that writes months is told."""

    url: str
    address: str
    names: tuple[str, ...]
    withheld: tuple[str, ...]
    newest: int  # version of a model
    gone: frozenset[int] = frozenset()  # identities that are left out


def connected(url: str) -> Connection[Any]:
    """A connection for whoever archives, who may take long."""
    return connections.connect(url, "archive", autocommit=True, statement_ms=0)


@contextmanager
def snapshot(url: str) -> Iterator[Connection[Any]]:
    """A connection whose statements all see one instant."""
    with connected(url) as connection:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        with connection.transaction():
            yield connection


def write_month(task: Task, month: str) -> Manifest:
    """Write a month as it is in one snapshot, with what the archive holds of it alone; it does not count yet."""
    place, keeper = place_at(task.address), Keeper(task.names, task.withheld)
    imports: set[int] = set()
    with snapshot(task.url) as connection, collecting_seldom():
        archives.hold(connection)
        known = archives.archived(connection).get(month)
        fingerprint = archives.fingerprint(connection, month)
        generation = next_generation(place, month, known.manifest.generation if known else 0)
        if known:
            tidy(place, month, known.manifest.parts)
        with archives.rows_of_month(connection, month) as cursor:
            some = (row for row in cursor if row[0] not in task.gone) if task.gone else cursor
            rows = in_order(kept(connection, some, keeper, imports))
            if known and known.dropped_at is not None:
                imports.update(known.manifest.imports)
                old = counting(connection, all_rows(known_place(known.place), known.manifest), task.gone)
                rows = once(merge(old, rows, key=order))
            parts = write_parts(place, month, generation, rows)
    names = _narrowed(task.names, known)
    if task.gone and not (known and known.dropped_at is not None):
        fingerprint = ""  # who is left out is here for a moment: the month is written again before it is dropped
    manifest = Manifest(month, generation, parts, names, fingerprint, tuple(sorted(imports)))
    if parts:
        write_manifest(place, manifest)
    return manifest


def _narrowed(names: Sequence[str], known: Archived | None) -> tuple[str, ...]:
    """What is kept of all facts of a month: of those that stood in the archive alone no more than was kept then."""
    if known is None or known.dropped_at is None:
        return tuple(names)
    return tuple(name for name in names if not list(lacking(known.manifest.properties, [name])))


def written(task: Task, months: Sequence[str], processes: int) -> Iterator[Manifest]:
    """Months as they are written, each in a process of its own where there are several."""
    if processes < 2 or len(months) < 2:
        for month in months:
            yield write_month(task, month)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(
        min(processes, len(months)), mp_context=context, initializer=begin_in_pool, initargs=(os.getpid(),)
    ) as pool:
        try:
            for done in as_completed([pool.submit(write_month, task, month) for month in months]):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
