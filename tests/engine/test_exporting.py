"""An instance laid out as a history: here or on Spark, the scores are those of the live states."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from couveuse.core.plan import plan
from couveuse.core.reading import at
from couveuse.documents.reading import parse_model
from couveuse.engine.archiving import Archivist
from couveuse.engine.batches import Folder
from couveuse.engine.exporting import laid_out
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge
from couveuse.history.scoring import Request, Scoring, score
from couveuse.store.packets import Flag
from couveuse.store.payloads import Compressor
from couveuse.store.states import unpack_state
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, configuration

LONG_AGO = NOW - 100 * DAY
PLAN = plan(parse_model(MODEL, "town").model)
AT = NOW + DAY
CEO = {"job_title": "CEO"}


@pytest.fixture
def town(database, tmp_path):
    """Leads by e-mail and by user id, merged ones, claims, visitors, verdicts; an archive, and what came since."""
    with Town(database) as town:
        town.take(
            accepted("Page Viewed", LONG_AGO, anonymous_id="d1"),
            accepted("Document Downloaded", LONG_AGO + 1, email="alice@example.com", anonymous_id="d1"),
            accepted(
                "Traits Set", LONG_AGO + 2, email="alice@example.com", traits={"job_title": "CEO"}, flags=Flag.CLAIM
            ),
            accepted("Quote Requested", LONG_AGO + 3, user_id="u2", message_id="robot"),
            accepted("Page Viewed", LONG_AGO + 4, anonymous_id="d9"),
            accepted("Document Downloaded", LONG_AGO + 5, email="carol@example.com"),
        )
        settings = configuration(archive=str(tmp_path / "archive"))
        with Archivist(town.url, settings, lambda: NOW) as archivist:
            archivist.drop(archivist.due())
        town.take(
            accepted("Page Viewed", NOW, email="alice@example.com"),
            accepted("Verdict Given", NOW, user_id="u2", of="robot", verdict="machine"),
            accepted("Page Viewed", NOW, user_id="u2"),
        )
        folder, models = Folder(town.url), LiveModels()
        merge(town.connection, folder, models, town.lead("carol@example.com"), town.lead("alice@example.com"),
              by="Claire", now=NOW)  # fmt: skip
        yield town


def live(town: Town) -> dict[str, tuple[float, float, float]]:
    payloads, found = Compressor(), {}
    for key, packed in town.rows(
        "select r.key, s.state from lead_states s join leads l on l.id = s.lead_id "
        "join identities r on r.id = l.root_id"
    ):
        reading = at(PLAN, unpack_state(PLAN, packed, payloads), AT)
        found[key] = (reading.score, reading.behaviour, reading.fit)
    return found


def scores(scoring: Scoring) -> dict[str, tuple[Any, ...]]:
    return {str(row["lead"]): (row["score"], row["behaviour"], row["fit"]) for row in scoring.scores()}


def request(laid: Any, **wanted: Any) -> Request:
    return Request(laid.events, PLAN.model, AT, AT, leads=laid.leads, processes=1, **wanted)


def test_it_works(town, tmp_path):
    with laid_out(town.url, tmp_path / "data", PLAN) as laid, score(request(laid)) as scoring:
        assert scores(scoring) == live(town)
        assert live(town).keys() == {"alice@example.com", "u2"}


def test_visitors_where_they_are_wanted(town, tmp_path):
    with laid_out(town.url, tmp_path, PLAN, visitors=True) as laid, score(request(laid, visitors=True)) as scoring:
        assert scores(scoring).keys() == {"alice@example.com", "u2", "d9"}


def test_only_what_was_received_by_an_instant(town, tmp_path):
    with laid_out(town.url, tmp_path, PLAN, known_at=LONG_AGO + 4) as laid, score(request(laid)) as scoring:
        assert scores(scoring)["u2"][1] > 0  # the verdict was not known


def test_nobody_else_may_read_the_files_and_they_go(town, tmp_path):
    def look() -> None:
        with laid_out(town.url, tmp_path, PLAN) as laid:
            for path in map(Path, (*laid.events, *laid.leads)):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
                assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    assert not list(tmp_path.glob("instance-*"))


def test_what_a_process_left_that_was_killed_goes(town, tmp_path):
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    left, mine = tmp_path / f"instance-{pid}-x", tmp_path / f"instance-{os.getpid()}-y"
    left.mkdir()
    mine.mkdir()
    with laid_out(town.url, tmp_path, PLAN):
        assert not left.exists()
        assert mine.exists()


@pytest.mark.spark
def test_on_spark_the_numbers_are_those_of_the_live_states(town, tmp_path):
    pytest.importorskip("pyspark", reason="PySpark is an extra; `make spark` installs it")
    from couveuse.history.spark import score_on_spark

    with laid_out(town.url, tmp_path, PLAN) as laid, score_on_spark(request(laid), "local[1]") as scoring:
        assert scores(scoring) == live(town)
