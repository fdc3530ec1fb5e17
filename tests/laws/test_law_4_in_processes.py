"""Law 4 across processes: a history folded here, or in many shares in processes, says what the core says."""

import math
from pathlib import Path

import pytest

from couveuse.core import fold, reading
from couveuse.core.plan import plan
from couveuse.core.state import packed, unpacked
from couveuse.core.times import NEVER
from couveuse.history import shares
from couveuse.history.scoring import Request, Scoring, score
from tests.history import towns
from tests.laws import vocabulary as words
from tests.laws.strategies import leads_of

AFTER = words.instant("2029-01-01T00:00:00+00:00")
TABLES = ("scores", "states", "lines", "observed")
Tables = dict[str, list[dict[str, object]]]


def tables(scoring: Scoring) -> Tables:
    """All that a scoring says, in a fixed order."""
    with scoring:
        return {name: list(scoring.rows(f"select * from {name} order by all")) for name in TABLES}


def a_request(world: towns.World, folder: Path, processes: int) -> Request:
    events = towns.write_ndjson(folder / "events.ndjson", world.rows)
    leads = (str(towns.write_ndjson(folder / "leads.ndjson", world.leads)),) if world.leads else ()
    return Request(
        (str(events),), world.model, AFTER, AFTER, leads, want_lines=True, want_states=True, want_rates=True,
        visitors=True, processes=processes,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(100, 104))
def test_any_number_of_processes_says_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = towns.a_town(seed, households=120)
    at_once = tables(score(a_request(town, tmp_path, 1)))
    assert len(at_once["scores"]) >= 120
    monkeypatch.setattr(shares, "FEW_FACTS", 0)
    assert tables(score(a_request(town, tmp_path, 1))) == at_once  # four shares, one process
    if seed % 2 == 0:
        assert tables(score(a_request(town, tmp_path, 2))) == at_once  # eight shares, two processes


@pytest.mark.parametrize("seed", range(200, 206))
def test_files_say_what_the_core_says_and_live_folding_goes_on_from_them(seed: int, tmp_path: Path) -> None:
    town = towns.a_town(seed, households=120)
    found = tables(score(a_request(town, tmp_path, 1)))
    planned = plan(town.model)
    states = {(row["sort"], row["lead"]): str(row["state"]) for row in found["states"]}
    scores = {(row["sort"], row["lead"]): row for row in found["scores"]}
    leads = leads_of(town)
    assert len(leads) == len(states) == len(scores)
    for lead in leads:
        always: dict[str, object] = {}
        for fact in lead.facts:
            if fact.at == NEVER:
                always.update({name: value for name, value in fact.traits.items() if value is not None})
        facts = fold.canonical(fact for fact in lead.facts if fact.at != NEVER)
        state = fold.fold(planned, facts, email=lead.email, since_always=always, until=AFTER)
        assert packed(state) == states[lead.owner]
        assert packed(unpacked(planned, states[lead.owner])) == states[lead.owner]
        read = reading.at(planned, state, AFTER)
        assert math.isclose(read.score, float(str(scores[lead.owner]["score"])), abs_tol=1e-9)
        assert read.band.id == scores[lead.owner]["band"]
