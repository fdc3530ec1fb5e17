"""What leads cross under the acting model is written down once, with the states, and not for what comes quietly."""

import random
from itertools import pairwise

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
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, configuration

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


@pytest.mark.parametrize("world", range(3))
def test_the_journal_goes_on_from_where_a_lead_stood_and_ends_where_it_stands(town, world):
    """Whatever comes in whatever order and batches: late facts, verdicts, keys that turn out to be one person's."""
    chance = random.Random(world)
    clock = Clock(town.url, Tally(), lambda: town.now)
    sent = []
    for _ in range(25):
        town.now += chance.randrange(8 * DAY)
        facts = []
        for _ in range(chance.randrange(1, 6)):
            at = town.now - chance.choice((0, 0, 0, chance.randrange(9 * DAY)))
            who = chance.choice(({"email": ANNA}, {"email": BEN}, {"user_id": "u1"}, {"user_id": "u1", "email": BEN}))
            event = chance.choice(("Page Viewed", "Document Downloaded", "Quote Requested", "Lead Rejected"))
            if sent and chance.random() < 0.2:
                of = chance.choice(sent)
                facts.append(accepted("Verdict Given", at, **who, of=of, of_source="web", verdict="machine"))
            else:
                facts.append(accepted(event, at, message_id=f"w{len(sent)}", **who))
                sent.append(f"w{len(sent)}")
        town.take(*facts)
        clock.wake(town.connection)
    journal = crossings.page(town.connection, most=1000)
    for lead_id, *stands in town.rows("select lead_id, band, stage, temperature, class from lead_states"):
        mine = [each for each in journal if each.lead_id == lead_id]
        assert [mine[-1].band, mine[-1].stage, mine[-1].temperature, mine[-1].lead_class] == stands
        for before, after in pairwise(mine):
            was = (after.band_was, after.stage_was, after.temperature_was, after.class_was)
            assert was == (before.band, before.stage, before.temperature, before.lead_class) or was[2] is None
