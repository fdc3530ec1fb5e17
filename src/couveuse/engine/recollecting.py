"""What leads that were brought in crossed in the last weeks, worked out of their facts once the import has ended.

An import is quiet: nobody is told, and no lead crosses anything by it. Yet whoever brings in a history wants to see how
the funnel moved in it. So of each import the leads that did something lately are folded again in the background, a
handful at a time, and read at each of their facts. From the first crossing that was looked on, that one counts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg import Connection

from couveuse.core.reading import Reading
from couveuse.core.times import DAY_US
from couveuse.engine.batches import Folder
from couveuse.engine.crossing import weightiest
from couveuse.engine.folding import TEMPERATURES, readings_at
from couveuse.engine.live import LiveModel, LiveModels
from couveuse.store import crossings, rollups
from couveuse.store.crossings import Past, Stood
from couveuse.store.events import Stored, TooManyFacts
from couveuse.store.leads import Who

NAME: Final = "recollected"
# So far back.
DAYS_BACK: Final = 60
# So many identities of an import at a time, and so many facts of their leads at most; a lead of more is left out.
AT_ONCE, MOST_FACTS = 200, 20_000


def recollect(connection: Connection[Any], folder: Folder, models: LiveModels, now: int) -> bool:
    """Work out the past of some leads that were brought in; returns whether there were any, and nobody else does it."""
    with connection.transaction():
        if not rollups.alone(connection):
            return False
        sign, found = rollups.sign(connection), rollups.rollups(connection).get(NAME)
        if sign.model_id is None:
            return False
        done: dict[str, Any] = dict(found.counted) if found is not None else {"import": 0, "after": 0, "undone": ""}
        undone = sign.imports.rpartition("/")[2]
        if done["undone"] != undone:  # an import was taken back: what it said of the past goes with it
            if found is not None:
                crossings.forget_past(connection, None)
            done = {"import": 0, "after": 0, "undone": undone}
        number = crossings.next_import(connection, done["import"])
        if number is None:
            return False
        acting = next(model for model in models.load(connection) if model.acts)
        since = now - DAYS_BACK * DAY_US
        last, lead_ids = crossings.leads_of_import(
            connection, acting.id, number, after=done["after"], since=since, most=AT_ONCE
        )
        if lead_ids:
            _work_out(connection, folder, acting, lead_ids, since, now)
        done |= {"after": last} if last is not None else {"import": number, "after": 0}
        rollups.put(connection, NAME, acting.id, at=now, took=0, counted=done)
    return True


def _work_out(
    connection: Connection[Any], folder: Folder, model: LiveModel, lead_ids: Sequence[int], since: int, now: int
) -> None:
    whos, stored = _load(connection, folder, lead_ids)
    live = crossings.first_live(connection, lead_ids)
    past: list[Past] = []
    for lead_id, facts in stored.items():
        if lead_id in whos and not whos[lead_id].is_empty:
            until = min(live.get(lead_id, now), now)
            past += crossed_since(model, whos[lead_id], facts, since, until)
    crossings.forget_past(connection, lead_ids)
    crossings.write_past(connection, model.id, past)


def _load(
    connection: Connection[Any], folder: Folder, lead_ids: Sequence[int]
) -> tuple[Mapping[int, Who], Mapping[int, Sequence[Stored]]]:
    """With what folds begin, and facts; without leads of too many."""
    try:
        return folder.load(connection, lead_ids, MOST_FACTS)
    except TooManyFacts:
        if len(lead_ids) == 1:
            return {}, {}
        half = len(lead_ids) // 2
        first, second = (_load(connection, folder, some) for some in (lead_ids[:half], lead_ids[half:]))
        return {**first[0], **second[0]}, {**first[1], **second[1]}


def crossed_since(model: LiveModel, who: Who, stored: Sequence[Stored], since: int, until: int) -> list[Past]:
    """What a lead crossed by its facts since an instant, up to and without another one."""
    instants = {each.fact.at for each in stored if since <= each.fact.at < until}
    if not instants:
        return []
    is_new = stored[0].fact.at >= since
    readings = readings_at(model.plan, who, stored, instants if is_new else instants | {since - 1})
    found: list[Past] = []
    was = None if is_new else _stood(model, readings[since - 1])
    for instant in sorted(instants):
        now = _stood(model, readings[instant])
        if now != was:
            facts = [each.fact for each in stored if each.fact.at == instant]
            cause = weightiest(model.plan, facts)
            found.append(Past(who.lead_id, instant, cause, readings[instant].score, was, now))
        was = now
    return found


def _stood(model: LiveModel, reading: Reading) -> Stood:
    return Stood(
        model.bands.numbers[reading.band.id],
        None if reading.stage is None else int(reading.stage),
        TEMPERATURES.index(reading.temperature),
        None if reading.lead_class is None else reading.lead_class.value,
    )
