"""What `/metrics` tells, in Prometheus's text: counts of all processes, what waits, how large the database is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from couveuse.store.health import Look
from couveuse.store.processes import Counts
from couveuse.store.statements import statement

KIND: Final = b"text/plain; version=0.0.4; charset=utf-8"
MEASURE: Final = statement("health", "measure")
# Tables whose rows are told, as the database estimates them.
TABLES: Final = ("events", "leads", "identities", "lead_states", "handovers", "rejects", "seen")
VALUES: Final = {"tables": list(TABLES)}


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of `MEASURE`."""

    size: int
    overdue: int
    rows: Mapping[str, int]
    alive: Mapping[str, int]
    backup_seconds: float | None
    backups_failed: int
    intents_waiting: Mapping[str, int]
    intents_parked: int
    intents_dead: int
    intents_late_seconds: float | None
    switched: Mapping[str, int]


def text(look: Look | None, measured: Measured | None, counts: Mapping[str, Counts]) -> bytes:
    """The whole answer; without a look, that the database is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told([*_gauges(look, measured), *_counters(counts)]))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        return self._metrics


def _gauges(look: Look | None, measured: Measured | None) -> Iterator[Metric]:
    yield GaugeMetricFamily("couveuse_database_up", "Whether the database answers.", value=int(look is not None))
    if look is not None:
        yield GaugeMetricFamily("couveuse_inbox_events", "Events that wait for the engine.", value=look.waiting)
        since = "For how long the oldest event has waited."
        yield GaugeMetricFamily("couveuse_inbox_oldest_seconds", since, value=look.waits_seconds)
        yield GaugeMetricFamily("couveuse_models_acting", "Published models that act.", value=look.acting_models)
    if measured is not None:
        yield GaugeMetricFamily("couveuse_database_bytes", "The size of the database.", value=measured.size)
        overdue = "Leads whose band should have changed by time alone; at most 10,000 are counted."
        yield GaugeMetricFamily("couveuse_wakeups_overdue", overdue, value=measured.overdue)
        yield _labelled("couveuse_rows", "Rows of a table, as the database estimates them.", "table", measured.rows)
        yield _labelled("couveuse_processes", "Processes that live.", "kind", measured.alive)
        if measured.backup_seconds is not None:
            since = "How long ago the last backup was made that succeeded."
            yield GaugeMetricFamily("couveuse_backup_age_seconds", since, value=measured.backup_seconds)
        failed = "Backups that failed."
        yield CounterMetricFamily("couveuse_backups_failed", failed, value=measured.backups_failed)
        yield from _outgoing(measured)


def _outgoing(measured: Measured) -> Iterator[Metric]:
    """What goes out: what waits, what wants a person, for how long the oldest has been due, what is switched on."""
    yield _labelled("couveuse_intents_waiting", "What waits to go out.", "channel", measured.intents_waiting)
    parked = "What may have arrived, and waits for a person's word."
    yield GaugeMetricFamily("couveuse_intents_parked", parked, value=measured.intents_parked)
    yield GaugeMetricFamily("couveuse_intents_dead", "What was given up.", value=measured.intents_dead)
    late = "For how long the oldest that waits has been due."
    yield GaugeMetricFamily("couveuse_intents_oldest_due_seconds", late, value=measured.intents_late_seconds or 0.0)
    yield _labelled("couveuse_switched", "What is switched on by hand: stop, rehearsal.", "switch", measured.switched)


def _labelled(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for each, value in sorted(values.items()):
        family.add_metric([each], value)
    return family


def _counters(counts: Mapping[str, Counts]) -> Iterator[Metric]:
    """Each count of each kind of process; what is counted by reason has a label."""
    for kind, named in sorted(counts.items()):
        for name, value in sorted(named.items()):
            says = f"Counted by all processes of the kind {kind}: {name.replace('_', ' ')}."
            family = CounterMetricFamily(
                f"couveuse_{kind}_{name}", says, labels=["reason"] if isinstance(value, Mapping) else []
            )
            reasons: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
            for reason, number in sorted(reasons.items()):
                family.add_metric([reason], number)
            if not isinstance(value, Mapping):
                family.add_metric([], value)
            yield family
