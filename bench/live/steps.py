"""Where an engine's time goes: a worker in this process, with a clock around each of its steps.

`python -m bench.live.steps URL SECONDS` prints the shares as JSON.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from couveuse.engine import batch_work, batches, handing, resolving
from couveuse.engine.collector import collect_seldom
from couveuse.engine.running import Tally, Worker
from couveuse.store import connections, events, inbox, states
from couveuse.store import identities as identities_store
from couveuse.store import leads as leads_store

# Each step, and the functions that make it: in which module, by which name.
STEPS: dict[str, list[tuple[Any, str]]] = {
    "claim packets": [(inbox, "claim_packets")],
    "tell copies (seen)": [(events, "new_among")],
    "decode": [(batches.Folder, "_arrived")],
    "find identities": [(identities_store, "find_identities"), (identities_store, "insert_identities")],
    "look where keys stood": [(identities_store, "standings_of_pairs"), (resolving, "_improved")],
    "other work on identities": [(batches, "_resolved")],
    "write events": [(events, "append_events")],
    "load states": [(states, "lock_states")],
    "unpack states": [(states, "unpack_state")],
    "fold": [(batch_work, "extend")],
    "read": [(batch_work, "reading_of")],
    "rows of states": [(batch_work, "row_of")],
    "write states": [(states, "update_states"), (states, "copy_states")],
    "who leads are": [(leads_store, "load_who"), (leads_store, "load_known"), (leads_store, "set_known")],
    "fold again": [(batch_work.Work, "_refolded")],
    "load facts": [(events, "load_facts")],
    "say why": [(handing.Reasons, "_weightiest")],
    "hand over": [(batch_work.Work, "_hand_over"), (handing, "withdraw")],
    "forget packets": [(inbox, "delete_packets")],
}
REST = "commit and all else"
WARM_BATCHES = 5


class Clocks:
    """Seconds by step, on the clock and of this process's processor; what a step spends within another is its own."""

    def __init__(self) -> None:
        self.wall: defaultdict[str, float] = defaultdict(float)
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self._within: list[str] = []
        self._since = (0.0, 0.0)
        for step, places in STEPS.items():
            for owner, name in places:
                setattr(owner, name, self._timed(step, getattr(owner, name)))

    def _turn(self) -> None:
        """What has passed since the last turn is of the step in which we were."""
        now = (time.perf_counter(), time.process_time())
        if self._within:
            self.wall[self._within[-1]] += now[0] - self._since[0]
            self.cpu[self._within[-1]] += now[1] - self._since[1]
        self._since = now

    def _timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            self._turn()
            self._within.append(step)
            try:
                return work(*given, **named)
            finally:
                self._turn()
                self._within.pop()

        return timed


def main() -> None:
    """Work for so many seconds, and tell."""
    url, seconds = sys.argv[1], float(sys.argv[2])
    collect_seldom()
    clocks = Clocks()
    tally = Tally()
    worker = Worker(url, batch=1_000, tally=tally)
    done = 0
    with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
        for _ in range(WARM_BATCHES):
            worker.work(connection)
        clocks.wall.clear()
        clocks.cpu.clear()
        began, cpu = time.perf_counter(), time.process_time()
        while time.perf_counter() < began + seconds:
            done += worker.work(connection)
        whole, cpu = time.perf_counter() - began, time.process_time() - cpu
    clocks.wall[REST], clocks.cpu[REST] = whole - sum(clocks.wall.values()), cpu - sum(clocks.cpu.values())
    ordered = sorted(clocks.wall, key=lambda step: -clocks.wall[step])
    told = {
        "events_per_second": round(done / whole),
        "us_per_event": round(whole / done * 1e6, 1),
        "engine_cpu_us_per_event": round(cpu / done * 1e6, 1),
        "counts": tally.as_json(),
        "shares": {step: round(clocks.wall[step] / whole, 4) for step in ordered},
        "us_per_event_by_step": {step: round(clocks.wall[step] / done * 1e6, 1) for step in ordered},
        "engine_cpu_us_per_event_by_step": {step: round(clocks.cpu[step] / done * 1e6, 1) for step in ordered},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
