"""The example company's files, the answer of `score` on them, and what the store says of the same leads."""

import atexit
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from psycopg import Connection

from couveuse.core.model import Model, Stage
from couveuse.core.reading import at as read_at
from couveuse.core.times import microseconds
from couveuse.engine.live import LiveModels
from couveuse.history.scoring import Request, score
from couveuse.store import states
from couveuse.store.payloads import Compressor

POMPES = Path(__file__).parents[2] / "examples" / "pompes"
MODEL = POMPES / "bareme.yaml"
STAGES = tuple(stage.name.lower() for stage in Stage)
SORTS = ("email", "user_id", "anonymous_id")

Scores = Mapping[tuple[str, str], tuple[object, ...]]
"""All that a score says, to the last digit, by the sort and the key of the lead."""


@cache
def files(leads: int = 2000) -> Path:
    """The folder with `events.ndjson` and `leads.csv` of a company of that size, made once for the run."""
    folder = Path(mkdtemp(prefix="couveuse-pompes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = [sys.executable, "-B", str(POMPES / "generate.py"), "--out", str(folder), "--leads", str(leads)]
    subprocess.run(made, check=True, capture_output=True)
    return folder


def scored(events: Path, leads: Path | None, model: Model, at: int) -> Scores:
    """What `couveuse score` says of files at an instant."""
    request = Request((str(events),), model, at, at, leads=(str(leads),) if leads else ())
    with score(request) as scoring:
        return {(str(row["sort"]), str(row["lead"])): _plain(row) for row in scoring.scores()}


def _plain(row: Mapping[str, Any]) -> tuple[object, ...]:
    routes = [(route["team"], route["treatment"], route["cause"]) for route in row["routes"]]
    last = None if row["last_event_at"] is None else microseconds(row["last_event_at"])
    names = ("score", "behaviour", "fit", "band", "stage", "temperature", "class", "persona", "maturity")
    return (*(row[name] for name in names), routes, last)


def stored(connection: Connection[Any], at: int, model_id: int | None = None) -> Scores:
    """The same of the states that are stored under a live model, the acting one where none is said."""
    live = LiveModels().load(connection)
    model = next(each for each in live if (each.acts if model_id is None else each.id == model_id))
    payloads = Compressor()
    rows = connection.execute(
        "select r.sort, r.key, s.state from lead_states s join leads l on l.id = s.lead_id "
        "join identities r on r.id = l.root_id where s.model_id = %s",
        [model.id],
    ).fetchall()
    found = {}
    for sort, key, packed in rows:
        it = read_at(model.plan, states.unpack_state(model.plan, packed, payloads), at)
        found[SORTS[sort], key] = (
            it.score, it.behaviour, it.fit, it.band.id, None if it.stage is None else STAGES[it.stage],
            it.temperature.value, None if it.lead_class is None else it.lead_class.value, it.persona,
            it.maturity.value, [(route.team, route.treatment, route.cause) for route in it.routes], it.last_event_at,
        )  # fmt: skip
    return found
