"""What the commands that read a history are asked in common, and the notices that they all give."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from couveuse.core import times
from couveuse.core.events import CURES, Reject
from couveuse.core.model import Model
from couveuse.documents.reading import read_model
from couveuse.errors import BadInput
from couveuse.history.rejects import rejected
from couveuse.history.scoring import Request, Scoring

# How many lines of rejected rows a notice names.
NAMED_LINES = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A history, a model and an instant, as they were typed."""

    events: Sequence[str]
    model: str
    leads: Sequence[str] | None
    at: str | None
    known_at: str | None
    map: Sequence[str] | None
    encoding: str
    visitors: bool
    processes: int
    memory: str
    master: str | None

    def request(self, **wanted: object) -> Request:
        """The request that was meant; raises BadInput where it cannot be."""
        model = read_model(self.model).model
        now = time.time_ns() // 1000
        zone = ZoneInfo(model.timezone)
        return Request(
            events=tuple(self.events),
            model=model,
            at=now if self.at is None else instant(self.at, zone, "--at"),
            now=now,
            leads=tuple(self.leads or ()),
            known_at=None if self.known_at is None else instant(self.known_at, zone, "--known-at"),
            rename=renames(self.map or ()),
            encoding=self.encoding,
            visitors=self.visitors,
            processes=self.processes,
            memory=self.memory,
            **wanted,  # type: ignore[arg-type]  # the commands say which
        )


def instant(text: str, zone: ZoneInfo, option: str) -> int:
    """An instant as it was typed; without a zone it is the model's."""
    at = times.instant(text, zone)
    if at is None:
        raise BadInput(f"{option} {text}: not a time; write it in ISO 8601, as 2026-07-01 or 2026-07-01T09:00:00+02:00")
    return at


def renames(pairs: Sequence[str]) -> Mapping[str, str]:
    """`new=old` pairs as a mapping from new to old."""
    found: dict[str, str] = {}
    for pair in pairs:
        new, equals, old = pair.partition("=")
        if not (new and equals and old):
            raise BadInput(f"--map {pair}: write it as --map new=old, as --map email=courriel")
        found[new.strip()] = old.strip()
    return found


def note(text: str) -> None:
    """Say something beside the answer."""
    print(text, file=sys.stderr)


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Show on a terminal that long work goes on; stay silent in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def scored(request: Request, master: str | None = None) -> Scoring:
    """A history scored, with its progress shown; here, or on Spark where a master is named."""
    if master is not None:
        from couveuse.history.spark import score_on_spark

        with doing(f"Scoring on {master} ..."):
            return score_on_spark(request, master)
    scoring = Scoring(request)
    try:
        with doing("Reading and sorting ..."):
            prepared = scoring.prepare()
        with doing(f"Folding {prepared.rows:,} facts ..."):
            scoring.fold(prepared)
    except BaseException:
        scoring.close()
        raise
    return scoring


def give_notices(scoring: Scoring, model: Model, *, strict: bool = False) -> None:
    """What a careful reader should know of the input; raises BadInput for a rejected row where `strict`."""
    counts = scoring.counts
    if counts.rejects:
        _tell_rejects(scoring, strict=strict)
    if counts.without_zone:
        note(f"{counts.without_zone:,} times have no zone and are taken in {model.timezone}.")
    later = counts.last_at is not None and counts.last_at > scoring.request.at
    if later:
        note(f"Facts after {times.iso(scoring.request.at)} count for nothing as of that instant.")
    if counts.lead_rows and counts.facts:
        note("Traits of the leads' file hold since always: the past is scored with what is known today.")


def _tell_rejects(scoring: Scoring, *, strict: bool) -> None:
    named: dict[str, list[str]] = {}
    for reject in rejected(scoring.staging, most=1000):
        if strict:
            raise BadInput(f"{reject.file}:{reject.line}: {reject.reason.replace('_', ' ')}: {reject.cure}")
        named.setdefault(reject.reason, []).append(str(reject.line))
    for reason, count in scoring.counts.rejects.items():
        where = ", ".join(named.get(reason, [])[:NAMED_LINES])
        more = " ..." if count > NAMED_LINES else ""
        at_lines = f" (line{'s' if count > 1 else ''} {where}{more})" if where else ""
        words = reason.replace("_", " ")
        cure = CURES[Reject(reason.removeprefix("lead_"))]
        note(f"Rejected {count:,} row{'s' if count > 1 else ''}: {words}{at_lines}; {cure}.")
