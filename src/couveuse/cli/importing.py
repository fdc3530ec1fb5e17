"""`couveuse import`: files of events and leads brought in, taken back, listed; and what is asked about consent."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import psycopg

from couveuse.cli import databases, note
from couveuse.cli.asking import doing, give_notices, instant, renames
from couveuse.core.consent import Basis, Purpose, Refusal, basis_of, purpose_of
from couveuse.core.events import MOST_KEY, holds_nul
from couveuse.core.times import iso
from couveuse.engine.bringing import Declared
from couveuse.engine.brought import Told, told
from couveuse.engine.clocks import now_us
from couveuse.engine.foreseeing import foresee
from couveuse.engine.importing import Importing, Wanted
from couveuse.engine.live import model_of
from couveuse.engine.versions import Versions
from couveuse.errors import BadInput
from couveuse.history.columns import Dates
from couveuse.history.rejects import write_rejects
from couveuse.history.scoring import Scoring
from couveuse.history.staging import NoUsableRow
from couveuse.history.whole import Arranged
from couveuse.store import connections, imports
from couveuse.store.consents import Reach
from couveuse.store.imports import DONE, Import

NO_BASIS = "none"
WORDS = {
    Refusal.NO_ADDRESS: "no e-mail",
    Refusal.SUPPRESSED: "address suppressed (bounced or complained)",
    Refusal.WITHDRAWN: "withdrawn",
    Refusal.NOT_GIVEN: "nothing given",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An import as it was typed."""

    events: Sequence[str]
    leads: Sequence[str] = ()
    basis: str | None = None
    consent_source: str | None = None
    consent_date: str | None = None
    purposes: Sequence[str] = ()
    source: str = ""
    map: Sequence[str] = ()
    encoding: str = "utf-8"
    rejects: str | None = None
    hand_over: int | None = None
    dry_run: bool = False
    format: str = "table"
    processes: int = 0
    memory: str = "900MB"
    sheet: str = ""
    dates: str = Dates.ISO.value
    leave_out: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an import has come to, or would."""

    number: int | None
    standing: str
    files: Sequence[str]
    counts: Mapping[str, Any]
    reach: Reach


def bring(asked: Asked) -> None:
    """Import files; the same command goes on with an import that was interrupted."""
    if not asked.events and not asked.leads:
        raise BadInput("say which files: couveuse import EVENTS [--leads LEADS]; see: couveuse import --help")
    if len(asked.source) > MOST_KEY or holds_nul(asked.source):
        raise BadInput(f"--source: give a name of {MOST_KEY} characters at most")
    with databases.database() as url:
        with connections.connect(url, "import") as connection:
            zone = ZoneInfo(model_of(Versions().acting(connection).published).timezone)
        wanted = Wanted(
            tuple(asked.events), tuple(asked.leads), renames(asked.map), asked.encoding, asked.sheet,
            Dates(asked.dates), frozenset(asked.leave_out), asked.source.strip(), declared_of(asked, zone),
            asked.hand_over, asked.processes, asked.memory,
        )  # fmt: skip
        with doing("Reading ..."):
            importing = Importing(url, wanted)
        _bring(importing, asked)


def _bring(importing: Importing, asked: Asked) -> None:
    with connections.connect(importing.url, "import", autocommit=True, statement_ms=0) as connection:
        known = importing.find(connection)
        if known is not None and known.standing == DONE:
            note(f"Import {known.id} has brought these files before, on {iso(known.ended_at or 0)}: nothing was done.")
            _print(_answer_of(told(connection, known.id)), asked.format)
            return
        request = importing.request(connection)
    with Scoring(request) as scoring:
        arranged = _read(scoring, asked)
        with connections.connect(importing.url, "import", autocommit=True, statement_ms=0) as connection:
            if asked.dry_run:
                _print(_foreseen(connection, importing, scoring, arranged), asked.format)
                return
            number = importing.begin(connection, scoring, arranged)
            if importing.known is not None:
                note(f"Going on with import {number}: {imports.rows_done(connection, number):,} rows were done.")
        try:
            with bar(arranged.rows) as progress:
                importing.run(scoring, arranged, number, progress=progress)
        except KeyboardInterrupt:
            note(f"Interrupted: import {number} goes on where it was with the same command.")
            raise
        with connections.connect(importing.url, "import", autocommit=True, statement_ms=0) as connection:
            with doing("Counting ..."):
                answer = importing.end(connection, scoring, number)
            _print(_answer_of(answer), asked.format)


def _read(scoring: Scoring, asked: Asked) -> Arranged:
    try:
        with doing("Reading and sorting ..."):
            arranged = scoring.arrange()
    except NoUsableRow:
        _keep_rejects(scoring, asked)
        raise
    _keep_rejects(scoring, asked)
    give_notices(scoring, scoring.request.model)
    return arranged


def _foreseen(
    connection: psycopg.Connection[Any], importing: Importing, scoring: Scoring, arranged: Arranged
) -> Answer:
    wanted, counts = importing.wanted, scoring.counts
    with doing("Looking up ..."):
        found = foresee(connection, arranged, source=wanted.source, declared=wanted.declared)
    names = [file.name for file in (*(scoring.staging.files if wanted.events else ()), *scoring.staging.lead_files)]
    told = {
        "rows": counts.rows, "lead_rows": counts.lead_rows, "same": counts.copies, "rejects": counts.rejects,
        "facts": found.facts, "copies": found.copies, "made": found.made,
    }  # fmt: skip
    return Answer(None, "not begun", names, told, found.reach)


def _keep_rejects(scoring: Scoring, asked: Asked) -> None:
    if asked.rejects is not None:
        count = write_rejects(scoring.staging, Path(asked.rejects))
        note(f"Wrote {count:,} rejected row{'' if count == 1 else 's'} to {asked.rejects}.")


# ---- Consent -----------------------------------------------------------------------------------------------


def declared_of(asked: Asked, zone: ZoneInfo) -> Declared | None:
    """What is declared of the consents of who stands in the files; asked for on a terminal where it was not said.

    Raises BadInput where it was not said and nobody can be asked, or makes no sense.
    """
    basis = _basis(asked.basis or _ask("On what basis may they be written to", "--basis", "legitimate-interest"))
    if basis is None:
        return None
    source = asked.consent_source or _ask("Where does that come from (a fair, a form ...)", "--consent-source")
    if holds_nul(source) or not source.strip():
        raise BadInput("--consent-source: say where the consent or the addresses come from, as 'salon 2026'")
    date = asked.consent_date or _ask("Since when (a date, as 2026-03-01)", "--consent-date")
    at = instant(date, zone, "--consent-date")
    if at > now_us():
        raise BadInput(f"--consent-date {date}: that is in the future; say when the consent was given")
    return Declared(_purposes(asked.purposes), basis, source.strip(), at)


def _basis(text: str) -> str | None:
    known = basis_of(text)
    if known == NO_BASIS:
        return None
    if known not in tuple(Basis):
        bases = ", ".join(basis.replace("_", "-") for basis in (*Basis, NO_BASIS))
        raise BadInput(f"--basis {text}: say one of {bases}; with {NO_BASIS} nobody may be written to")
    return known


def _purposes(texts: Sequence[str]) -> tuple[str, ...]:
    found = [purpose_of(text) for text in texts] or [Purpose.MARKETING_EMAIL.value]
    for text, purpose in zip(texts, found, strict=False):
        if purpose not in tuple(Purpose):
            raise BadInput(f"--purpose {text}: say one of {', '.join(each.replace('_', '-') for each in Purpose)}")
    return tuple(dict.fromkeys(found))


def _ask(question: str, option: str, example: str | None = None) -> str:
    """Ask on a terminal; raises BadInput where there is none."""
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadInput(
            f"{option} is missing: an import says on what basis people may be written to, where that comes from and "
            "since when, as --basis legitimate-interest --consent-source 'salon 2026' --consent-date 2026-03-01; "
            f"--basis {NO_BASIS} if they may not"
        )
    import typer

    answer: str = typer.prompt(question, default=example, err=True)
    return answer


# ---- Progress and answers ----------------------------------------------------------------------------------


class Progress(Protocol):
    """Is told how many rows are done, of how many."""

    def __call__(self, done: int, rows: int) -> None: ...


@contextmanager
def bar(rows: int, what: str = "Importing") -> Iterator[Progress]:
    """A bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, rows: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True)) as shown:
        task = shown.add_task(what, total=rows)
        yield lambda done, rows: shown.update(task, completed=done, total=rows)


def _answer_of(told: Told) -> Answer:
    stored = told.stored
    return Answer(stored.id, stored.standing, stored.files, stored.counts, told.reach)


def _print(answer: Answer, form: str) -> None:
    facts = as_json(answer)
    if form == "json":
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    for line in lines_of(facts):
        print(line)


def as_json(answer: Answer) -> dict[str, Any]:
    """What an import came to, as JSON values."""
    counts, reach = answer.counts, answer.reach
    rejects: Mapping[str, int] = counts.get("rejects", {})
    return {
        "import": answer.number,
        "standing": answer.standing,
        "files": list(answer.files),
        "rows": counts.get("rows", 0) + counts.get("lead_rows", 0),
        "facts": counts.get("facts", 0),
        "copies": counts.get("copies", 0) + counts.get("same", 0),
        "rejected": sum(rejects.values()) + counts.get("set_aside", 0),
        "leads": reach.leads,
        "new_leads": counts.get("made", 0),
        "may_be_written_to": reach.allowed,
        "may_not": {reason.value: getattr(reach, reason.value) for reason in Refusal},
    }


def lines_of(facts: Mapping[str, Any]) -> list[str]:
    """What an import came to, in sentences."""
    from couveuse.cli.tables import many

    what = "Nothing was written" if facts["import"] is None else f"Import {facts['import']}"
    rows = [
        many(facts["rows"], "row"), many(facts["facts"], "new fact"), f"{facts['copies']:,} known already",
        f"{facts['rejected']:,} rejected",
    ]  # fmt: skip
    lines = [
        f"{what}: {', '.join(rows)}.",
        f"{many(facts['leads'], 'lead')}, {facts['new_leads']:,} of them new.",
        f"{facts['may_be_written_to']:,} may be written to (marketing e-mail).",
    ]
    why = [f"{count:,}: {WORDS[Refusal(reason)]}" for reason, count in facts["may_not"].items() if count]
    if why:
        lines.append(f"The others may not ({'; '.join(why)}).")
    return lines


# ---- Imports that are there --------------------------------------------------------------------------------


def list_imports(form: str) -> None:
    """Every import, the latest first."""
    from couveuse.cli.tables import print_rows

    with databases.database() as url, connections.connect(url, "import") as connection:
        found = imports.load_imports(connection)
    if form == "json":
        for each in found:
            sys.stdout.write(json.dumps(_listed(each), ensure_ascii=False) + "\n")
        return
    columns = ("id", "files", "standing", "facts", "new leads", "begun", "ended")
    rows = [
        [str(each["import"]), ", ".join(each["files"]), each["standing"], f"{each['facts']:,}",
         f"{each['new_leads']:,}", each["started_at"], each["ended_at"] or ""]
        for each in map(_listed, found)
    ]  # fmt: skip
    print_rows("Imports", columns, rows, right=("id", "facts", "new leads"))


def _listed(stored: Import) -> dict[str, Any]:
    return {
        "import": stored.id,
        "files": list(stored.files),
        "standing": stored.standing,
        "consent": stored.consent,
        "facts": stored.counts.get("facts", 0),
        "new_leads": stored.counts.get("made", 0),
        "started_at": iso(stored.started_at),
        "ended_at": None if stored.ended_at is None else iso(stored.ended_at),
    }


def undo(number: int, form: str) -> None:
    """Take an import back."""
    from couveuse.cli.tables import many
    from couveuse.engine.undoing import Undoing

    with databases.database() as url:
        undoing = Undoing(url, number)
        with bar(undoing.begin(), "Taking back") as progress:
            taken = undoing.run(progress)
    if form == "json":
        sys.stdout.write(json.dumps({"import": number, **taken}, ensure_ascii=False) + "\n")
        return
    print(
        f"Import {number} was taken back: {many(taken['facts'], 'fact')}, {many(taken['leads'], 'lead')} folded again, "
        f"{taken['removed']:,} of them gone, since nothing is left."
    )
