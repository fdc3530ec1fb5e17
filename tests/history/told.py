"""What SQL tells of rows, and what the core tells of the same."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from couveuse.core.events import Row, check
from couveuse.core.plan import plan
from couveuse.documents.presets import preset
from couveuse.documents.reading import parse_model
from couveuse.history import inputs
from couveuse.history.loose import REF_BITS
from couveuse.history.staging import Options, Staging, connect

# The columns of a table of facts; of these the first are text whatever they look like.
TEXTS = ("event", "occurred_at", "email", "user_id", "anonymous_id", "message_id", "source")
COLUMNS = (
    *TEXTS,
    "properties",
    "traits.job_title",
    "properties.path",
    "title",
    "group",
    "purpose",
    "kind",
    "points",
    "of",
    "of_source",
    "verdict",
    "context",
    "traits",
    "amount",
)
ZONE = ZoneInfo("Europe/Paris")
LATEST = 1_800_000_000_000_000  # 15 January 2027
MODEL = parse_model(preset("bareme-complet"), "bareme-complet").model
Told = tuple[object, ...]


@contextmanager
def staged(folder: Path, *files: Path) -> Iterator[Staging]:
    with connect(folder, threads=1, memory="900MB") as connection:
        staging = Staging(connection, folder, plan(MODEL), Options(ZONE, LATEST))
        staging.stage_events(inputs.find([str(file) for file in files], work=folder))
        staging.count_rejects()
        yield staging


def told_by_sql(staging: Staging) -> dict[int, Told]:
    """Row by row: the reason, or what the fact is known by."""
    rows = staging.sql(
        f"""select j.ref & {(1 << REF_BITS) - 1}, j.reason, j.event, j.inst, j.email, j.user_id, j.anonymous_id,
            j.source, f.mid
        from judged j left join facts f using (ref) order by 1"""
    )
    return {int(str(place)): (reason,) if reason else tuple(told) for place, reason, *told in rows}


def told_by_core(row: object) -> Told:
    found = check(row, zone=ZONE, latest=LATEST)
    if not isinstance(found, Row):
        return (found.reason.value,)
    fact = found.fact
    return fact.event, fact.at, found.email, found.user_id, found.anonymous_id, fact.source, fact.message_id


def parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None
