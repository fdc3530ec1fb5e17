"""Points by hand: a fact with a reason, once for each id, whatever became of the lead meanwhile."""

import threading
from collections.abc import Iterator

import pytest

from couveuse.core.events import Adjustment
from couveuse.engine.adjusting import BadAdjustment, IdTaken, adjust
from couveuse.engine.batches import Folder
from couveuse.engine.by_hand import ByHand
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge
from couveuse.store import connections
from tests.engine.town import NOW, Town, accepted

ADA, BOB = "ada@example.com", "bob@example.org"
ADD = Adjustment.ADD


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


@pytest.fixture
def leads(town: Town) -> tuple[int, int]:
    town.take(accepted("Document Downloaded", email=ADA), accepted("Page Viewed", email=BOB))
    return town.lead(ADA), town.lead(BOB)


def give(town: Town, lead_id: int, points: float | None = 7.0, kind: Adjustment = ADD, **words: str) -> ByHand | None:
    said = {"reason": "met at the fair", "id": "fair", "by": "alice"} | words
    return adjust(town.connection, lead_id, kind, points, now=NOW, **said)


def facts(town: Town) -> int:
    town.work()
    return town.rows(
        "select count(*) from events e join event_names n on n.id = e.name_id where n.name = 'Score Adjusted'"
    )[0][0]


def test_it_works(town: Town, leads: tuple[int, int]):
    ada, _ = leads
    assert give(town, ada) == ByHand(ada, is_new=True)
    assert facts(town) == 1
    assert town.score(ADA) == 12
    by, did, about = town.rows("select by, did, about from audit")[0]
    assert (by, did, about["lead"]) == ("alice", "adjusted a score", ada)
    assert "fair" not in str(about)


def test_the_same_id_counts_once_before_it_is_folded_and_after(town: Town, leads: tuple[int, int]):
    ada, _ = leads
    give(town, ada)
    assert give(town, ada) == ByHand(ada, is_new=False)
    assert facts(town) == 1
    assert give(town, ada) == ByHand(ada, is_new=False)
    assert facts(town) == len(town.rows("select id from audit")) == 1


def test_an_id_stands_for_one_adjustment_of_one_lead(town: Town, leads: tuple[int, int]):
    ada, bob = leads
    give(town, ada)
    for other in ({"points": 8.0}, {"kind": Adjustment.SET}, {"reason": "another"}):
        with pytest.raises(IdTaken):
            give(town, ada, **other)
    with pytest.raises(IdTaken):
        give(town, bob)
    assert facts(town) == 1


def test_it_is_known_after_a_merge(town: Town, leads: tuple[int, int]):
    ada, bob = leads
    give(town, ada)
    town.work()
    merge(town.connection, Folder(town.url), LiveModels(), ada, bob, by="alice", now=NOW)
    assert give(town, ada) == give(town, bob) == ByHand(bob, is_new=False)


def test_of_many_at_once_one_is_recorded(town: Town, leads: tuple[int, int]):
    barrier, answers = threading.Barrier(4), list[ByHand | None]()

    def run() -> None:
        with connections.connect(town.url, "test", autocommit=True) as connection:
            barrier.wait(timeout=120)
            answers.append(adjust(connection, leads[0], ADD, 7.0, reason="fair", id="k", by="alice", now=NOW))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(each is not None and each.is_new for each in answers) == [False, False, False, True]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"points": None}, "points"), ({"points": 1e7}, "points"), ({"points": float("nan")}, "points"),
        ({"kind": Adjustment.RESET}, "points"), ({"reason": " "}, "reason"), ({"reason": "a\x00"}, "reason"),
        ({"reason": "a" * 501}, "reason"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_refused(town: Town, leads: tuple[int, int], words, field):
    with pytest.raises(BadAdjustment) as refused:
        give(town, leads[0], **words)
    assert refused.value.field == field
    assert facts(town) == 0


def test_a_lead_that_is_none_is_none(town: Town):
    assert give(town, 99) is None
