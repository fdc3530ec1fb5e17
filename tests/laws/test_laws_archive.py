"""Laws 1 to 4 and 10 where closed months were dropped: random histories, to the last digit as if all were here."""

import json
from random import Random

import pytest

from couveuse.core.plan import plan
from couveuse.engine.archiving import Archivist
from couveuse.engine.batches import Folder
from couveuse.engine.exporting import laid_out
from couveuse.engine.looking import Looker
from couveuse.engine.recalling import rows_of_ids
from couveuse.engine.versions import Versions
from couveuse.history.scoring import Request, score
from tests.conftest import profile
from tests.engine.town import Town, configuration
from tests.laws.strategies import LATEST, checked, world
from tests.laws.test_laws_live import TABLES, begin, deliver, refold_all, stored
from tests.laws.vocabulary import instant

SEEDS = {"dev": 5, "ci": 12, "faults": 1_000}[profile()]
NOW = instant("2029-01-01T00:00:00+00:00")  # all random facts have occurred, and their months are closed
ARCHIVED = ", archived_months, archived_identities, archived_standings"


@pytest.fixture
def town(database):
    with Town(database) as town:
        town.now = NOW
        yield town


@pytest.fixture
def settings(tmp_path):
    return configuration(archive=str(tmp_path / "archive"))


def emptied(town: Town) -> None:
    town.connection.execute(f"truncate {TABLES}{ARCHIVED} restart identity cascade")


def drop_some(town: Town, settings, rng: Random) -> list[str]:
    """Archive all months, and drop some of them or all."""
    with Archivist(town.url, settings, lambda: NOW) as archivist:
        found = [manifest.month for manifest in archivist.run(archivist.due()) if manifest.parts]
        dropped = found if rng.random() < 0.5 else rng.sample(found, (len(found) + 1) // 2)
        archivist.drop(dropped)
    return dropped


@pytest.mark.grows
def test_late_facts_merges_and_verdicts_count_as_before(town, settings):
    read = 0
    for seed in range(SEEDS):
        made, rng = world(seed), Random(seed)
        emptied(town)
        begin(town, made)
        rows = checked(made)
        rng.shuffle(rows)
        cut = rng.randrange(1, len(rows))
        deliver(town, rows[:cut], Random(seed))
        dropped = drop_some(town, settings, rng)
        deliver(town, rows[cut:], Random(seed))
        folder = Folder(town.url)
        live = stored(town, made)
        refold_all(town, folder)
        with_archive = stored(town, made)
        assert live == with_archive, f"world {seed}"
        looked = looks(town)
        read += sum(1 for _ in rows_of_ids(town.connection, every_identity(town)))
        if dropped and rng.random() < 0.5:
            with Archivist(town.url, settings, lambda: NOW) as archivist:
                archivist.run(dropped)  # late facts join the archive
            refold_all(town, folder)
            assert stored(town, made) == with_archive, f"world {seed}"
        emptied(town)
        begin(town, made)
        deliver(town, rows[:cut], Random(seed))
        deliver(town, rows[cut:], Random(seed))
        assert with_archive == stored(town, made), f"world {seed}"
        assert looked == looks(town), f"world {seed}"
    assert read > SEEDS * 2  # facts did stand in the archive alone


def every_identity(town: Town) -> list[int]:
    return [number for (number,) in town.rows("select id from identities")]


def looks(town: Town) -> list[object]:
    """What is shown of each lead now, as of a past instant, and page by page."""
    looker, model = Looker(), Versions().version(town.connection, town.model_id)
    found: list[object] = []
    for (lead_id,) in town.rows("select lead_id from lead_states order by lead_id"):
        look = looker.look(town.connection, lead_id, model, now=LATEST)
        assert look.agrees
        found.append([(line.at, line.rule, line.kind, line.points) for line in look.lines])
        if look.stored:
            middle = look.stored[len(look.stored) // 2].fact.at
            past = looker.look(town.connection, lead_id, model, at=middle, now=LATEST)
            found.append((past.reading.score, past.reading.band.id, [each.stored.fact.key for each in past.facts]))
    return found


@pytest.mark.grows
def test_history_scores_archive_and_tail_as_the_live_states(town, settings, tmp_path):
    for seed in range(SEEDS):
        made, rng = world(seed), Random(seed)
        emptied(town)
        begin(town, made)
        rows = checked(made)
        rng.shuffle(rows)
        cut = rng.randrange(1, len(rows))
        deliver(town, rows[:cut], rng)
        drop_some(town, settings, rng)
        deliver(town, rows[cut:], rng)
        with laid_out(town.url, tmp_path, plan(made.model)) as laid:
            request = Request(laid.events, made.model, NOW, NOW, leads=laid.leads, want_states=True, processes=1)
            with score(request) as scoring:
                found = {
                    (str(row["sort"]), str(row["lead"])): json.loads(str(row["state"]))
                    for row in scoring.rows("select * from states")
                }
        assert found == stored(town, made), f"world {seed}"
    assert not list(tmp_path.glob("instance-*"))
