"""Uploaded files at work: what would come of one, its import, and taking an import back, as work that others do.

Each may be done again after a kill: what was brought is found by what the file holds, and goes on where it was.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from couveuse.engine.bringing import Declared, StoppedAway
from couveuse.engine.brought import keep
from couveuse.engine.foreseeing import foresee
from couveuse.engine.importing import Importing, Wanted
from couveuse.engine.jobs import Work
from couveuse.engine.undoing import Undoing
from couveuse.engine.uploading import Gone, Wants, write
from couveuse.errors import BadInput, CouveuseError
from couveuse.history.columns import KEYS, Dates
from couveuse.history.rejects import rejected, without
from couveuse.history.scoring import Request, Scoring
from couveuse.history.unfit import UnfitFile
from couveuse.history.whole import Arranged
from couveuse.store import connections, imports, uploads
from couveuse.store.imports import DONE, UNDONE
from couveuse.store.undoing import count_identities
from couveuse.store.uploads import EVENTS, LEADS, Upload

# What sorting an uploaded file may hold in memory.
MEMORY: Final = "600MB"
# So many rejected rows are shown before the import; all of them after it.
SHOWN_REJECTS: Final = 100
MOST_SHOWN_TEXT: Final = 300
# Of a larger file it is not said who would be ripe: it would have to be folded twice.
MOST_FOLDED: Final = 2_000_000
BEST: Final = 5


class CannotBring(CouveuseError):
    """An uploaded file cannot be worked on; pages know it as what is the matter with it."""

    def __init__(self, said: str, error: CouveuseError) -> None:
        super().__init__(said)
        self.known_as = error.known_as


def foresee_import(work: Work) -> Mapping[str, object] | None:
    """What would come of an uploaded file; written beside it, and nothing else is."""
    with _opened(work) as (upload, wants, importing):
        with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
            known = importing.find(connection)
            if known is not None and known.standing == DONE:
                uploads.foresee(connection, upload.id, wants.as_json(), {"known": known.id})
                return {"known": known.id}
            request = importing.request(connection)
        work.progress(0, None, "reading")
        with Scoring(request) as scoring:
            arranged = scoring.arrange()
            work.progress(0, None, "looking_up")
            with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
                found = _foreseen(connection, scoring, arranged, wants)
        work.progress(0, None, "scoring")
        found |= _ripe(request, arranged.rows)
        with connections.connect(work.url, "import", autocommit=True) as connection:
            uploads.foresee(connection, upload.id, wants.as_json(), found)
    return {"facts": found["facts"], "new_leads": found["made"]}


def _foreseen(connection: Connection[Any], scoring: Scoring, arranged: Arranged, wants: Wants) -> dict[str, Any]:
    found = foresee(connection, arranged, source=wants.source.strip(), declared=declared_of(wants))
    counts = scoring.counts
    return {
        "rows": counts.rows + counts.lead_rows,
        "facts": found.facts,
        "copies": found.copies + counts.copies,
        "rejects": dict(counts.rejects),
        "made": found.made,
        "reach": asdict(found.reach),
        "shown": _shown_rejects(scoring),
    }


def _shown_rejects(scoring: Scoring) -> list[dict[str, Any]]:
    found = islice(rejected(scoring.staging, most=SHOWN_REJECTS), SHOWN_REJECTS)
    return [
        {
            "line": each.line,
            "reason": each.reason.value,
            "text": without(each.text, scoring.request.left_out)[:MOST_SHOWN_TEXT],
        }
        for each in found
    ]


def _ripe(request: Request, rows: int) -> dict[str, Any]:
    """Who would be for a team, by what the file alone says, and who leads; the import hands nobody over unasked."""
    if rows > MOST_FOLDED or not request.events:
        return {"ripe": None, "best": []}
    wanted = replace(request, to_store=False, visitors=False)
    with Scoring(wanted) as scoring:
        scoring.run()
        ripe = scoring.table("select count(*) as n from scores where len(routes) > 0").to_pylist()[0]["n"]
        best = [
            {"lead": row["lead"], "score": row["score"], "temperature": row["temperature"]}
            for row in scoring.scores(BEST)
        ]
    return {"ripe": ripe, "best": best}


def bring(work: Work) -> Mapping[str, object] | None:
    """Import an uploaded file, or go on with it; its pieces go once it is done."""
    with _opened(work) as (upload, _, importing):
        with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
            known = importing.find(connection)
            if known is not None and known.standing == DONE:
                _done(connection, work, upload, known.id)
                return {"import": known.id, "known": 1}
            request = importing.request(connection)
        work.progress(0, None, "reading")
        with Scoring(request) as scoring:
            arranged = scoring.arrange()
            with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
                number = importing.begin(connection, scoring, arranged)
                uploads.become(connection, upload.id, number)
            work.progress(0, arranged.rows, "importing")
            _run(work, importing, scoring, arranged, number)
            work.progress(arranged.rows, arranged.rows, "counting")
            with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
                told = importing.end(connection, scoring, number)
                _done(connection, work, upload, number)
    return {"import": number, "facts": told.stored.counts.get("facts", 0)}


def _run(work: Work, importing: Importing, scoring: Scoring, arranged: Arranged, number: int) -> None:
    try:
        importing.run(scoring, arranged, number, lambda done, rows: work.progress(done, rows, "importing"))
    except StoppedAway as error:
        raise connections.NoDatabase(str(error)) from error  # it is taken up again once PostgreSQL is back


def _done(connection: Connection[Any], work: Work, upload: Upload, number: int) -> None:
    found = imports.import_by_id(connection, number)
    if found is not None and "reach" not in found.counts:  # the process that ended it was killed before it kept that
        keep(connection, number)
    with connection.transaction():
        uploads.become(connection, upload.id, number)
        uploads.empty(connection, upload.id, work.clock())


def undo(work: Work) -> Mapping[str, object] | None:
    """Take an import back, or go on with that."""
    number = int(work.job.about["import"])
    with connections.connect(work.url, "import", autocommit=True) as connection:
        found = imports.import_by_id(connection, number)
        if found is not None and found.standing == UNDONE and not count_identities(connection, number):
            return {"import": number}  # the process that did it was killed before it could say so
    undoing = Undoing(work.url, number)
    work.progress(0, undoing.begin(), "taking_back")
    taken = undoing.run(lambda done, rows: work.progress(done, rows, "taking_back"))
    return {"import": number, **taken}


# ---- Around each -----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(work: Work) -> Iterator[tuple[Upload, Wants, Importing]]:
    """The file on this machine's disk as long as it is worked on; why that cannot be done is written beside it."""
    number = int(work.job.about["upload"])
    folder = Path(tempfile.mkdtemp(prefix="couveuse-upload-"))
    try:
        with connections.connect(work.url, "import", autocommit=True, statement_ms=0) as connection:
            upload = uploads.find(connection, number)
            if upload is None or upload.wants is None or upload.emptied_at is not None:
                raise Gone
            work.progress(0, None, "fetching")
            path = write(connection, upload, folder)
        wants = Wants.of(upload.wants)
        yield upload, wants, Importing(work.url, wanted_of(path, wants))
    except BadInput as error:
        said = str(error).replace(f"{folder}/", "")
        with connections.connect(work.url, "import", autocommit=True) as connection:
            uploads.fail(connection, number, _failure(error, said))
        raise CannotBring(said, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _failure(error: BadInput, said: str) -> dict[str, Any]:
    if isinstance(error, UnfitFile):
        return {"reason": error.reason.value, "values": error.values, "said": said}
    return {"reason": error.known_as or "other", "values": {}, "said": said}


def declared_of(wants: Wants) -> Declared | None:
    """What is declared of the consents of who stands in the file."""
    if not wants.basis or wants.since is None:
        return None
    return Declared(wants.purposes, wants.basis, wants.consent_source, wants.since)


def wanted_of(path: Path, wants: Wants) -> Wanted:
    """The import of a file, as the command would be told of it.

    A column that is called like a key and stands for something else is not read as that key.
    """
    rename = {name: column for column, name in wants.names.items() if name != column and column not in wants.left_out}
    taken = {column for column in wants.names if column in KEYS and wants.names[column] != column}
    files = (str(path),)
    return Wanted(
        events=files if wants.kind == EVENTS else (),
        leads=files if wants.kind == LEADS else (),
        rename=rename,
        encoding=wants.encoding,
        sheet=wants.sheet,
        dates=Dates(wants.dates),
        left_out=frozenset(wants.left_out) | taken,
        source=wants.source.strip(),
        declared=declared_of(wants),
        hand_over=wants.hand_over,
        memory=MEMORY,
    )
