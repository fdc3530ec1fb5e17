"""A merge loses nothing and can be undone (law 10)."""

import pytest

from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import CannotMerge, merge, unmerge
from tests.engine.town import NOW, Town, accepted

ALICE, BOB = "alice@example.com", "bob@example.com"


class Merger:
    """Merges by hand."""

    def __init__(self, town: Town) -> None:
        self.town, self.folder = town, Folder(town.url)
        self.models = LiveModels()

    def merge(self, lead: str, into: str) -> int:
        one, other = self.town.lead(lead), self.town.lead(into)
        assert one is not None
        assert other is not None
        return merge(self.town.connection, self.folder, self.models, one, other, by="Alice", now=NOW)

    def unmerge(self, number: int) -> None:
        unmerge(self.town.connection, self.folder, self.models, number, by="Alice", now=NOW)


@pytest.fixture
def town(database):
    with Town(database) as town:
        town.take(
            accepted("Page Viewed", email=ALICE),
            accepted("Page Viewed", email=BOB, anonymous_id="d"),
            accepted("Document Downloaded", email=BOB, traits={}),
            accepted("Traits Set", email=BOB, traits={"job_title": "CEO"}),
        )
        yield town


def test_it_works(town):
    alice, bob = town.lead(ALICE), town.lead(BOB)
    number = Merger(town).merge(BOB, ALICE)
    assert town.lead(BOB) == town.lead("d") == alice
    assert town.score(ALICE) == 17
    assert town.rows("select count(*) from lead_states") == [(1,)]
    Merger(town).unmerge(number)
    assert (town.lead(ALICE), town.lead(BOB), town.lead("d")) == (alice, bob, bob)
    assert (town.score(ALICE), town.score(BOB)) == (1, 16)
    assert [did for (did,) in town.rows("select did from audit order by id")] == ["merge", "unmerge"]


def test_facts_that_came_since_go_back_too(town):
    number = Merger(town).merge(BOB, ALICE)
    town.take(
        accepted("Page Viewed", NOW + 1, email=BOB), accepted("Page Viewed", NOW + 1, anonymous_id="new", email=BOB)
    )
    assert town.score(ALICE) == 19
    Merger(town).unmerge(number)
    assert (town.score(ALICE), town.score(BOB)) == (1, 18)


def test_a_merge_of_a_merge_is_undone_one_by_one(town):
    town.take(accepted("Quote Requested", email="carol@example.com"))
    first = Merger(town).merge(BOB, ALICE)
    second = Merger(town).merge(ALICE, "carol@example.com")
    assert town.score("carol@example.com") == 37
    Merger(town).unmerge(first)
    assert town.score(BOB) == 16
    assert town.lead(ALICE) == town.lead("carol@example.com")
    Merger(town).unmerge(second)
    assert (town.score(ALICE), town.score("carol@example.com")) == (1, 20)


def test_an_undone_merge_withdraws_what_it_handed_over(town):
    town.take(accepted("Page Viewed", email="carol@example.com"))
    number = Merger(town).merge(BOB, "carol@example.com")
    town.take(*(accepted("Page Viewed", NOW + n, email="carol@example.com") for n in range(5)))
    assert ("sales", "band", "high", False) in town.handovers("carol@example.com")
    Merger(town).unmerge(number)
    assert ("sales", "band", "high", True) in town.handovers("carol@example.com")


def test_what_cannot_be_merged_is_refused_with_the_cure(town):
    merger = Merger(town)
    number = merger.merge(BOB, ALICE)
    models = LiveModels()
    folder, alice = Folder(town.url), town.lead(ALICE)
    with pytest.raises(CannotMerge, match="into itself"):
        merge(town.connection, folder, models, alice, alice, by="Bob", now=NOW)
    with pytest.raises(CannotMerge, match="there is no such lead"):
        merge(town.connection, folder, models, 999, alice, by="Bob", now=NOW)
    merger.unmerge(number)
    with pytest.raises(CannotMerge, match="none that stands"):
        merger.unmerge(number)
