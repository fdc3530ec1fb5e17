"""Facts read from both places as if all were here; and from files only where somebody's facts are in them."""

import shutil

import pytest

from couveuse.engine.archiving import Archivist
from couveuse.store.events import TooManyFacts
from couveuse.store.facts import Span
from tests.engine.town import DAY, NOW, Town, accepted, configuration

LONG_AGO = NOW - 100 * DAY
ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.fixture
def town(database, tmp_path):
    """Alice has three facts in a dropped month and one of today, Bob one of today."""
    with Town(database) as town:
        town.take(*(accepted("Page Viewed", LONG_AGO + n, email=ALICE, message_id=f"a{n}") for n in (2, 1, 3)))
        with Archivist(town.url, configuration(archive=str(tmp_path / "archive")), lambda: NOW) as archivist:
            archivist.drop(archivist.due())
        town.take(accepted("Page Viewed", NOW, email=ALICE, message_id="a4"), accepted("Page Viewed", NOW, email=BOB))
        yield town


def recaller(town):
    return town.worker._folder.recaller


def test_it_works(town):
    alice, bob = town.lead(ALICE), town.lead(BOB)
    found = recaller(town).load(town.connection, [alice, bob, 99])
    assert [each.fact.message_id for each in found[alice]] == ["a1", "a2", "a3", "a4"]
    assert len(found[bob]) == 1
    assert found[99] == []


def test_who_has_no_facts_in_the_archive_is_read_without_it(town, tmp_path):
    shutil.rmtree(tmp_path / "archive")
    assert len(recaller(town).load(town.connection, [town.lead(BOB)])[town.lead(BOB)]) == 1
    town.take(accepted("Document Downloaded", LONG_AGO + 9, email=BOB))  # late, and folded again
    assert len(recaller(town).load(town.connection, [town.lead(BOB)])[town.lead(BOB)]) == 2


def test_archived_facts_are_counted_like_others(town):
    alice = town.lead(ALICE)
    assert recaller(town).count(town.connection, [alice], most=100) == {alice: 4}
    with pytest.raises(TooManyFacts):
        recaller(town).load(town.connection, [alice], most=3)
    assert len(recaller(town).load(town.connection, [alice], most=4)[alice]) == 4


def test_stored_rows_are_those_of_both_places_by_instant(town):
    alice = town.lead(ALICE)
    ids = [identity for (identity,) in town.rows("select id from identities where lead_id = %s", alice)]
    rows = recaller(town).rows(town.connection, Span(ids), alice, most=4)
    whole = recaller(town).load(town.connection, [alice])[alice]
    assert [row[1] for row in rows] == [each.fact.at for each in whole]
    payloads = recaller(town).payloads
    assert [payloads.unpack_fact(row[5])[0] for row in rows] == [each.fact.message_id for each in whole]
    known = max(each.received_at for each in whole) - 1
    assert len(recaller(town).rows(town.connection, Span(ids, known=known), alice, most=4)) < 4
    with pytest.raises(TooManyFacts):
        recaller(town).rows(town.connection, Span(ids), alice, most=3)


def test_a_transaction_that_reads_facts_lets_no_month_go(town, tmp_path, monkeypatch):
    from couveuse.engine import archiving

    monkeypatch.setattr(archiving, "LOCK_MS", 50)
    monkeypatch.setattr(archiving, "LOCK_TRIES", 1)
    monkeypatch.setattr(archiving, "PAUSE_SECONDS", 0.0)
    settings = configuration(archive=str(tmp_path / "archive"))
    with town.connection.transaction():
        recaller(town).load(town.connection, [town.lead(BOB)])
        with pytest.raises(archiving.ArchiveInUse), Archivist(town.url, settings, lambda: NOW) as archivist:
            archivist.drop(["2026-02"])
