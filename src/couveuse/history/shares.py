"""A history's leads in shares, each folded in a process of its own, in bounded memory whatever the file's size."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from couveuse.history.folding import Folder, Folding, RuleTally, fold_batches, notes_of
from couveuse.history.prepare import Prepared

FACTS = ["lead", "inst", "match", "ref"]
NOTES = ["lead", "ref", "note"]
# Fewer facts than this are folded right here: to start a process takes longer.
FEW_FACTS = 150_000
# A share of about this many facts keeps a process's rows under some ten megabytes.
SHARE_FACTS = 1_000_000
SHARE_NAMED = 250_000  # where each fact has its note
DIGESTS = 2**64


@dataclass(frozen=True, slots=True)
class Share:
    """The leads whose digests are in [low, high), of one file of slim facts, and where to write what they come to."""

    folding: Folding
    facts: str
    notes: str
    low: int
    high: int
    target: str


def batches(path: str, columns: list[str], low: int = 0, high: int = DIGESTS) -> Iterator[pa.RecordBatch]:
    """The rows of a range of leads, in order; only the row groups that hold some of them are read."""
    with pq.ParquetFile(path) as file:
        groups = []
        for group in range(file.num_row_groups):
            known = file.metadata.row_group(group).column(0).statistics
            if known is None or not known.has_min_max or (known.min < high and known.max >= low):
                groups.append(group)
        for batch in file.iter_batches(batch_size=65_536, row_groups=groups, columns=columns, use_threads=False):
            leads = batch.column(0).to_numpy()
            first = int(np.searchsorted(leads, np.uint64(low), side="left"))
            last = len(leads) if high >= DIGESTS else int(np.searchsorted(leads, np.uint64(high), side="left"))
            if first < last:
                yield batch.slice(first, last - first)


def fold_share(share: Share) -> dict[str, RuleTally]:
    """Fold one share and write its tables; what the rules did comes back."""
    notes = notes_of(batches(share.notes, NOTES, share.low, share.high))
    folder = fold_batches(share.folding, batches(share.facts, FACTS, share.low, share.high), notes)
    write_tables(folder, share.target)
    return folder.rules


def write_tables(folder: Folder, target: str) -> None:
    """Write a folder's tables, each under its own name."""
    for name, table in folder.rows.tables().items():
        pq.write_table(table, f"{target}-{name}.parquet", compression="lz4")


def fold_shares(
    folding: Folding, prepared: Prepared, *, processes: int, progress: Callable[[int, int], None] = lambda *_: None
) -> dict[str, RuleTally]:
    """Fold a history, and write its tables beside it; the tallies are of all shares.

    `progress` is told how many shares of how many are done; what it raises ends the work.
    """
    few = prepared.rows < FEW_FACTS
    many = 1 if few else max(processes * 4, prepared.rows // (SHARE_NAMED if folding.is_named else SHARE_FACTS))
    edges = [DIGESTS * index // many for index in range(many + 1)]
    shares = [
        Share(
            folding,
            str(prepared.facts),
            str(prepared.notes),
            low,
            high,
            str(prepared.facts.parent / f"share-{index:05d}"),
        )
        for index, (low, high) in enumerate(pairwise(edges))
    ]
    tallies: dict[str, RuleTally] = {}
    if many == 1:
        _add(tallies, fold_share(shares[0]))
        return tallies
    # Spawned, not forked: Arrow and DuckDB have threads of their own by now.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_process) as pool:
        try:
            for count, done in enumerate(as_completed([pool.submit(fold_share, share) for share in shares]), 1):
                _add(tallies, done.result())
                progress(count, many)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tallies


def _begin_process() -> None:
    """Ctrl-C reaches every process of a terminal, and the first one answers for all; its end is theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _add(tallies: dict[str, RuleTally], more: dict[str, RuleTally]) -> None:
    for rule, tally in more.items():
        tallies.setdefault(rule, RuleTally()).add(tally)
