"""What leads cross under the acting model is written down once, with the states, and not for what comes quietly."""

import pytest

from couveuse.documents.reading import parse_model
from couveuse.engine import publishing
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge
from couveuse.engine.running import Tally
from couveuse.engine.waking import Clock
from couveuse.store import crossings
from couveuse.store.packets import Flag
from tests.engine.town import MODEL, NOW, Town, accepted, configuration

ANNA, BEN = "anna@example.com", "ben@example.com"
COLD, WARM, HOT, IRRELEVANT = range(4)
WITH_RIVALS = (
    MODEL
    + """
irrelevant: [{class: competitor, where: {traits.email_domain: {in: [rival.example]}}}]
"""
)


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


def hot(email, **how):
    """Facts that make a lead hot at once."""
    return [accepted("Quote Requested", email=email, **how), accepted("Page Viewed", NOW + 1, email=email, **how)]


def crossed(town):
    """Each crossing: band, stage and temperature, before and now."""
    rows = crossings.page(town.connection)
    return [
        ((each.band_was, each.stage_was, each.temperature_was), (each.band, each.stage, each.temperature))
        for each in rows
    ]


def test_a_new_lead_and_each_change_are_written(town):
    town.take(accepted("Page Viewed", email=ANNA))
    town.take(accepted("Page Viewed", NOW + 1, email=ANNA))  # nothing changes
    town.take(accepted("Quote Requested", NOW + 2, email=ANNA))
    assert crossed(town) == [((None, None, None), (0, 0, COLD)), ((0, 0, COLD), (2, 2, HOT))]
    first, second = crossings.page(town.connection)
    assert (second.lead_id, second.at, second.by_time, second.cause) == (town.lead(ANNA), town.now, False, "quote")
    assert round(second.score, 6) == town.score(ANNA)
    assert first.model_id == town.model_id


def test_one_batch_is_one_crossing(town):
    town.take(accepted("Page Viewed", email=ANNA), accepted("Quote Requested", NOW + 2, email=ANNA))
    assert crossed(town) == [((None, None, None), (2, 2, HOT))]


def test_what_comes_quietly_crosses_nothing(town):
    town.take(*hot(ANNA, flags=Flag.QUIET), accepted("Page Viewed", email=BEN))
    assert [each.lead_id for each in crossings.page(town.connection)] == [town.lead(BEN)]
    town.take(accepted("Page Viewed", NOW + 2, email=ANNA))  # it was hot before
    assert len(crossings.page(town.connection)) == 1


def test_time_crosses_too(town):
    town.take(*(accepted("Page Viewed", NOW + n, email=ANNA) for n in range(12)))
    due = town.rows("select band_changes_at from lead_states where model_id = %s", town.model_id)[0][0]
    town.now = due
    clock = Clock(town.url, Tally(), lambda: town.now)
    assert clock.wake(town.connection) == 1
    assert crossed(town)[1:] == [((1, 0, WARM), (0, 0, COLD))]
    last = crossings.page(town.connection)[-1]
    assert (last.by_time, last.at) == (True, due)


def test_a_model_that_only_scores_crosses_nothing(town):
    other = parse_model(MODEL.replace("name: town", "name: other"), "other")
    publishing.publish(town.connection, other, configuration(), standing="scoring", by="a test")
    town.take(accepted("Page Viewed", email=ANNA))
    assert [each.model_id for each in crossings.page(town.connection)] == [town.model_id]


def test_a_lead_that_turns_irrelevant_crosses_with_its_class(database):
    with Town(database, WITH_RIVALS) as town:
        town.take(accepted("Page Viewed", email="eve@rival.example"))
        (found,) = crossings.page(town.connection)
        assert (found.temperature, found.lead_class, found.events) == (IRRELEVANT, "competitor", ("lead.irrelevant",))


def test_a_merge_by_hand_crosses(town):
    town.take(*(accepted("Document Downloaded", NOW + n, email=ANNA) for n in range(2)))
    town.take(*(accepted("Document Downloaded", NOW + n, email=BEN) for n in range(3)))
    anna, ben = town.lead(ANNA), town.lead(BEN)
    merge(town.connection, Folder(town.url), LiveModels(), anna, ben, by="a test", now=town.now)
    last = crossings.page(town.connection)[-1]
    assert (last.lead_id, last.band_was, last.band) == (ben, 1, 2)


def test_pages_go_on_from_a_place(town):
    for n in range(3):
        town.take(accepted("Page Viewed", NOW + n, email=f"{n}@example.com"))
    first = crossings.page(town.connection, most=2)
    assert len(first) == 2
    assert len(crossings.page(town.connection, after=first[-1].id, most=2)) == 1
    assert crossings.page(town.connection, temperatures=[HOT]) == []
    assert len(crossings.page(town.connection, lead_id=town.lead("1@example.com"))) == 1


def test_old_crossings_go_some_at_a_time(town):
    town.take(*(accepted("Page Viewed", email=f"{n}@example.com") for n in range(3)))
    assert crossings.prune(town.connection, before=town.now, most=10) == 0
    assert [crossings.prune(town.connection, before=town.now + 1, most=2) for _ in range(3)] == [2, 1, 0]
