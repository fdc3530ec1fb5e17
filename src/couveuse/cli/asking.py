"""What the commands that read a history are asked in common, and the notices that they all give."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from couveuse.cli import note
from couveuse.core import times
from couveuse.core.events import CURES, Reject
from couveuse.core.model import Model
from couveuse.documents.reading import read_model
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput
from couveuse.history.columns import LEAD_PREFIX
from couveuse.history.rejects import Rejected, rejected, write_rejects
from couveuse.history.scoring import Request, Scoring
from couveuse.history.staging import NoUsableRow

# How many lines of rejected rows a notice names.
NAMED_LINES = 5
# How many rejected rows of a file are looked at to name those lines.
MOST_LOOKED_AT = 1000


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
        now = now_us()
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


# Said in the place of files: all that the instance has recorded.
INSTANCE = "instance"


@contextmanager
def readied(asked: Asked, **wanted: object) -> Iterator[Request]:
    """The request that was meant; where the instance is meant, with its facts laid out as long as the block lasts."""
    request = asked.request(**wanted)
    if INSTANCE not in request.events:
        yield request
        return
    if len(request.events) > 1 or request.leads or request.rename:
        raise BadInput(
            f"{INSTANCE}: it stands for all that is recorded here, leads included; name no other file beside it, and a "
            f"file of that name as ./{INSTANCE}"
        )
    from couveuse import configuration
    from couveuse.cli.databases import database
    from couveuse.core.ours import with_our_own
    from couveuse.core.plan import plan
    from couveuse.engine.exporting import laid_out

    settings = configuration.read()
    model = with_our_own(request.model, settings.our_domains, settings.our_addresses)
    with database() as url, ExitStack() as stack:
        laying = laid_out(url, settings.data, plan(model), visitors=request.visitors, known_at=request.known_at)
        with doing("Laying out what is recorded ..."):
            laid = stack.enter_context(laying)
        yield replace(request, events=laid.events, leads=laid.leads, model=model, known_at=None, encoding="utf-8")


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


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Show on a terminal that long work goes on; stay silent in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def scored(request: Request, master: str | None = None, *, rejects: str | None = None, strict: bool = False) -> Scoring:
    """A history scored, with its progress shown; here, or on Spark where a master is named.

    Rejected rows are written to the file `rejects`, those of a history without one usable row, too. Raises BadInput
    for the first of them where `strict`.
    """
    if master is not None:
        from couveuse.history.spark import score_on_spark

        with doing(f"Scoring on {master} ..."):
            scoring = score_on_spark(request, master)
        try:
            _keep_rejects(scoring, rejects, strict=strict)
        except BaseException:
            scoring.close()
            raise
        return scoring
    scoring = Scoring(request)
    try:
        try:
            with doing("Reading and sorting ..."):
                prepared = scoring.prepare()
        except NoUsableRow:
            _keep_rejects(scoring, rejects, strict=False)
            raise
        _keep_rejects(scoring, rejects, strict=strict)
        with doing(f"Folding {prepared.rows:,} facts ..."):
            scoring.fold(prepared)
    except BaseException:
        scoring.close()
        raise
    return scoring


def _keep_rejects(scoring: Scoring, target: str | None, *, strict: bool) -> None:
    if target is not None:
        count = write_rejects(scoring.staging, Path(target))
        note(f"Wrote {count:,} rejected row{'' if count == 1 else 's'} to {target}.")
    if strict:
        for reject in rejected(scoring.staging, most=1):
            raise BadInput(f"{reject.file}:{reject.line}: {words_of(reject.reason)}; {reject.cure}")


def rows_of(count: int) -> str:
    """How many rows, in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def words_of(reason: str) -> str:
    """A reason as people read it."""
    return reason.replace("_", " ")


def give_notices(scoring: Scoring, model: Model) -> None:
    """What a careful reader should know of the input."""
    counts = scoring.counts
    if counts.rejects:
        _tell_rejects(scoring)
    for notice in scoring.staging.notices:
        note(notice)
    if counts.without_zone:
        times_are = (
            "1 time has no zone and is"
            if counts.without_zone == 1
            else f"{counts.without_zone:,} times have no zone and are"
        )
        note(f"{times_are} taken in {model.timezone}.")
    later = counts.last_at is not None and counts.last_at > scoring.request.at
    if later:
        note(f"Facts after {times.iso(scoring.request.at)} count for nothing as of that instant.")
    if scoring.staging.says_traits and counts.facts:
        note("Traits of the leads' file hold since always: the past is scored with what is known today.")


def _tell_rejects(scoring: Scoring) -> None:
    """How many rows were rejected, why, the first lines of each reason, and the cure."""
    named: dict[tuple[bool, str], list[Rejected]] = {}
    for reject in rejected(scoring.staging, most=MOST_LOOKED_AT):
        named.setdefault((reject.is_lead, reject.reason), []).append(reject)
    files = len(scoring.staging.files) + len(scoring.staging.lead_files)
    for reason, count in scoring.counts.rejects.items():
        plain = reason.removeprefix(LEAD_PREFIX)
        found = named.get((plain != reason, plain), [])
        note(_told(Reject(plain), count, found, is_lead=plain != reason, one_file=files == 1))


def _told(reason: Reject, count: int, found: Sequence[Rejected], *, is_lead: bool, one_file: bool) -> str:
    places = [str(r.line) if one_file else f"{Path(r.file).name}:{r.line}" for r in found[:NAMED_LINES]]
    more = " ..." if count > len(places) else ""
    lines = ("line " if count == 1 else "lines ") if one_file else ""
    at_lines = f" ({lines}{', '.join(places)}{more})" if places else ""
    whose = " of leads" if is_lead else ""
    recode = (
        ", or say --encoding latin-1 where the file is not in UTF-8" if any("\ufffd" in r.text for r in found) else ""
    )
    return f"Rejected {rows_of(count)}{whose}: {words_of(reason)}{at_lines}; {CURES[reason]}{recode}."
