"""The journal of what leads crossed under the acting model: when each changed its band, stage, temperature or class."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import Connection, sql

from couveuse.store import arrays
from couveuse.store.statements import statement
from couveuse.store.states import Held, StateRow, table_of

COLD, WARM, HOT, IRRELEVANT = range(4)
# What endpoints outside may hear of it.
LEAD_HOT, LEAD_IRRELEVANT, BAND_CHANGED = "lead.hot", "lead.irrelevant", "band.changed"
EVENTS: Final = (LEAD_HOT, LEAD_IRRELEVANT, BAND_CHANGED)

_COLUMNS: Final = sql.SQL(
    "c.id, c.lead_id, c.model_id, c.at, c.by_time, c.cause, c.score, c.band_was, c.band, c.stage_was, c.stage,"
    " c.temperature_was, c.temperature, c.class_was, c.class"
)
_WRITE, _TELL, _TOLD = (statement("crossings", name) for name in ("write", "tell", "told"))
_CLAIM, _ONE, _PAGE = (statement("crossings", name).format(columns=_COLUMNS) for name in ("claim", "one", "page"))
_PLACE, _PRUNE, _STANDS = (statement("crossings", name) for name in ("place_at", "prune", "stands"))
_NEXT_IMPORT, _CHUNK, _FORGET_PAST, _FIRST_LIVE, _WRITE_PAST = (
    statement("crossings", name) for name in ("next_import", "chunk", "forget_past", "first_live", "write_past")
)


class Crossed(NamedTuple):
    """A lead that stands elsewhere than before; `was` is None where it is new."""

    was: Held | None
    row: StateRow
    cause: str | None = None  # the rule of the weightiest fact that did it


class Stood(NamedTuple):
    """Where a lead stood in the past; as in `StateRow`."""

    band: int
    stage: int | None
    temperature: int
    lead_class: str | None


class Past(NamedTuple):
    """What a lead crossed in the past; `was` is None where it was new."""

    lead_id: int
    at: int
    cause: str | None
    score: float
    was: Stood | None
    now: Stood


@dataclass(frozen=True, slots=True)
class Crossing:
    """One row of the journal; bands by their places in the model, `temperature` as in `StateRow`."""

    id: int
    lead_id: int
    model_id: int
    at: int
    by_time: bool
    cause: str | None
    score: float
    band_was: int | None
    band: int
    stage_was: int | None
    stage: int | None
    temperature_was: int | None
    temperature: int
    class_was: str | None
    lead_class: str | None

    @property
    def events(self) -> tuple[str, ...]:
        """What endpoints outside may hear of it."""
        found = []
        if self.temperature != self.temperature_was and self.temperature in (HOT, IRRELEVANT):
            found.append(LEAD_HOT if self.temperature == HOT else LEAD_IRRELEVANT)
        if self.band_was is not None and self.band_was != self.band:
            found.append(BAND_CHANGED)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Stands:
    """How a lead stands under the acting model, as it was last read."""

    model_id: int
    score: float
    band: int
    stage: int | None
    temperature: int
    lead_class: str | None


def write_crossings(
    connection: Connection[Any], model_id: int, crossed: Sequence[Crossed], *, by_time: bool, now: int
) -> None:
    """Write what leads crossed, in the transaction that writes their states."""
    if not crossed:
        return
    pairs = [(each.was, each.row) for each in crossed]
    row = connection.execute(
        _WRITE,
        {
            "model": model_id, "now": now, "by_time": by_time, "events": list(EVENTS),
            "leads": arrays.numbers([row.lead_id for _, row in pairs]),
            "scores": [row.score for _, row in pairs],
            "bands_was": arrays.numbers([was and was.band for was, _ in pairs]),
            "bands": arrays.numbers([row.band for _, row in pairs]),
            "stages_was": arrays.numbers([was and was.stage for was, _ in pairs]),
            "stages": arrays.numbers([row.stage for _, row in pairs]),
            "temperatures_was": arrays.numbers([was and was.temperature for was, _ in pairs]),
            "temperatures": arrays.numbers([row.temperature for _, row in pairs]),
            "classes_was": [was and was.lead_class for was, _ in pairs],
            "classes": [row.lead_class for _, row in pairs],
            "causes": [each.cause for each in crossed],
        },
    ).fetchone()  # fmt: skip
    if row is not None and row[0]:
        connection.execute(_TELL)


def claim_crossings(connection: Connection[Any], *, most: int) -> list[Crossing]:
    """Crossings of which endpoints are to be told, the oldest first; another process gets others."""
    return [Crossing(*row) for row in connection.execute(_CLAIM, {"most": most}).fetchall()]


def mark_told(connection: Connection[Any], ids: Collection[int]) -> None:
    """Endpoints were told of these."""
    connection.execute(_TOLD, {"ids": list(ids)})


def crossing(connection: Connection[Any], id: int) -> Crossing | None:
    """The crossing of that number."""
    row = connection.execute(_ONE, {"id": id}).fetchone()
    return None if row is None else Crossing(*row)


def stands(connection: Connection[Any], lead_id: int) -> Stands | None:
    """How a lead stands now; None for one that is gone."""
    row = connection.execute(_STANDS, {"lead": lead_id}).fetchone()
    return None if row is None else Stands(*row)


def page(
    connection: Connection[Any],
    *,
    after: int = 0,
    lead_id: int | None = None,
    temperatures: Collection[int] | None = None,
    most: int = 50,
) -> list[Crossing]:
    """Crossings after one by number, the oldest first."""
    wanted = {
        "after": after, "lead": lead_id, "most": most,
        "temperatures": None if temperatures is None else list(temperatures),
    }  # fmt: skip
    return [Crossing(*row) for row in connection.execute(_PAGE, wanted).fetchall()]


def place_at(connection: Connection[Any], at: int) -> int:
    """After which number to read for what was crossed from an instant on."""
    row = connection.execute(_PLACE, {"at": at}).fetchone()
    return 0 if row is None else int(row[0])


def prune(connection: Connection[Any], *, before: int, most: int) -> int:
    """What was crossed before an instant goes, some of it; returns how many."""
    row = connection.execute(_PRUNE, {"before": before, "most": most}).fetchone()
    return 0 if row is None else int(row[0])


# ---- The past of what was brought in ---------------------------------------------------------------------------------


def next_import(connection: Connection[Any], after: int) -> int | None:
    """The first import after one by number that has ended and stands."""
    row = connection.execute(_NEXT_IMPORT, {"after": after}).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def leads_of_import(
    connection: Connection[Any], model_id: int, import_id: int, *, after: int, since: int, most: int
) -> tuple[int | None, list[int]]:
    """Of so many identities of an import the last one, and the leads of theirs that did something since an instant.

    None after the last one.
    """
    query = _CHUNK.format(states=sql.Identifier(table_of(model_id)))
    row = connection.execute(query, {"import": import_id, "after": after, "since": since, "most": most}).fetchone()
    assert row is not None  # a select without a table has one
    return row[0], list(row[1])


def forget_past(connection: Connection[Any], lead_ids: Collection[int] | None) -> None:
    """What was worked out of the past goes, of some leads or of all."""
    connection.execute(_FORGET_PAST, {"leads": None if lead_ids is None else list(lead_ids)})


def first_live(connection: Connection[Any], lead_ids: Collection[int]) -> dict[int, int]:
    """When leads first crossed something while it was looked on."""
    return dict(connection.execute(_FIRST_LIVE, {"leads": list(lead_ids)}).fetchall())


def write_past(connection: Connection[Any], model_id: int, past: Sequence[Past]) -> None:
    """Write what leads crossed in the past; nobody is told."""
    if not past:
        return
    connection.execute(
        _WRITE_PAST,
        {
            "model": model_id,
            "leads": [each.lead_id for each in past],
            "ats": [each.at for each in past],
            "causes": [each.cause for each in past],
            "scores": [each.score for each in past],
            "bands_was": arrays.numbers([each.was and each.was.band for each in past]),
            "bands": arrays.numbers([each.now.band for each in past]),
            "stages_was": arrays.numbers([each.was and each.was.stage for each in past]),
            "stages": arrays.numbers([each.now.stage for each in past]),
            "temperatures_was": arrays.numbers([each.was and each.was.temperature for each in past]),
            "temperatures": arrays.numbers([each.now.temperature for each in past]),
            "classes_was": [each.was and each.was.lead_class for each in past],
            "classes": [each.now.lead_class for each in past],
        },
    )
