"""Months archived and dropped: whatever comes then counts as if all facts were still here."""

import json
import re
import shutil
import threading
from typing import Any

import pyarrow.parquet as pq
import pytest

from couveuse.archive.errors import ArchiveBroken
from couveuse.configuration import Configuration
from couveuse.core.times import iso
from couveuse.documents.reading import parse_model
from couveuse.engine import archiving, rescoring
from couveuse.engine.archiving import ArchiveRuns, Archivist, archive_if_due
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.looking import Looker
from couveuse.engine.merging import merge, unmerge
from couveuse.engine.recalling import NotKept
from couveuse.engine.refolding import Refolder
from couveuse.engine.rescoring import Rescore
from couveuse.engine.undoing import Undoing
from couveuse.engine.versions import Versions
from couveuse.errors import BadInput
from couveuse.store.facts import Span
from couveuse.store.identities import share_bindings
from couveuse.store.packets import Flag
from tests.engine.test_importing import bring
from tests.engine.town import DAY, MODEL, NOW, Town, accept, accepted, configuration

ALICE, BOB, MONTH = "alice@example.com", "bob@example.com", "2026-02"
LONG_AGO = NOW - 100 * DAY  # 17 February 2026
READS_PATHS = MODEL.replace(
    "{id: visit, event: Page Viewed, points: 1, stage: discovery}",
    "{id: visit, event: Page Viewed, where: {path: {starts_with: /tarifs}}, points: 7, stage: discovery}",
)


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


@pytest.fixture
def settings(tmp_path):
    return configuration(archive=str(tmp_path / "archive"), data=str(tmp_path / "data"))


def archivist(town: Town, settings: Configuration) -> Archivist:
    return Archivist(town.url, settings, lambda: town.now)


def drop(town: Town, settings: Configuration) -> list[str]:
    """Archive all that is closed, and drop it; returns the months."""
    with archivist(town, settings) as found:
        months = [manifest.month for manifest in found.run(found.due())]
        found.drop(months)
    return months


def a_past(town: Town) -> None:
    """Facts of Alice and Bob, long ago and today."""
    town.take(
        accepted("Page Viewed", LONG_AGO, email=ALICE, path="/tarifs", message_id="hit"),
        accepted("Document Downloaded", LONG_AGO + 1, email=ALICE, message_id="paper"),
        accepted("Traits Set", LONG_AGO + 2, email=ALICE, traits={"job_title": "CEO", "first_name": "Alice"}),
        accepted("Page Viewed", LONG_AGO + 3, email=BOB, path="/blog"),
        accepted("Page Viewed", NOW, email=ALICE, path="/tarifs"),
    )


def facts(town: Town) -> int:
    return int(town.rows("select count(*) from events")[0][0])


def look(town: Town, key: str, **asked: Any) -> Any:
    model = Versions().version(town.connection, town.model_id)
    lead = town.lead(key)
    assert model is not None
    assert lead is not None
    return Looker().look(town.connection, lead, model, now=town.now, **asked)


def test_it_works(town, settings):
    a_past(town)
    before, whole = town.score(ALICE), look(town, ALICE)
    assert drop(town, settings) == [MONTH]
    assert facts(town) == 2  # what is said of a person, and what came since
    after = look(town, ALICE)
    assert after.agrees
    assert town.score(ALICE) == before
    assert [(line.at, line.rule, line.points) for line in after.lines] == [
        (line.at, line.rule, line.points) for line in whole.lines
    ]
    assert [each.fact for each in after.stored] == [each.fact for each in whole.stored]


def test_no_file_holds_who_anybody_is(town, settings, tmp_path):
    device = "0f0e0d0c-0b0a-4908-8706-050403020100"
    secrets = (ALICE, "user-7788", device, "Alice", "Martin", "0612345678", "192.0.2.7", "Mozilla")
    said = {"path": "/a", "first_name": "Alice", "phone": "0612345678", "comment": "Martin here"}
    town.take(
        accepted("Page Viewed", LONG_AGO, email=ALICE, user_id="user-7788", anonymous_id=device, **said),
        accepted("Page Viewed", LONG_AGO + 1, user_id="user-7788", path=f"/users/user-7788/{ALICE}"),
        accepted("Page Viewed", LONG_AGO + 2, anonymous_id=device, path="/b", message_id=f"{device}-1"),
        accepted("Traits Set", LONG_AGO + 3, email=ALICE, traits={"last_name": "Martin", "job_title": "CEO"}),
        accepted("Consent Given", LONG_AGO + 4, email=ALICE, purpose="marketing_email", proof={"ip": "192.0.2.7"}),
        accepted("Lead Rejected", LONG_AGO + 5, email=ALICE, reason="Martin said no"),
    )
    town.connection.execute("select 1")
    before = look(town, ALICE).reading.score
    drop(town, settings)
    files = list((tmp_path / "archive").rglob("*.parquet"))
    assert files
    texts = "\n".join(
        str(value)
        for file in files
        for column in pq.read_table(file).to_pydict().values()
        for value in column
        if isinstance(value, str)
    )
    held = b"".join(bytes(value or b"") for file in files for value in pq.read_table(file)["message_hex"].to_pylist())
    assert not [word for word in secrets if word in texts]
    assert device.replace("-", "") not in held.hex()
    assert not re.search(r"@", texts)
    assert look(town, ALICE).reading.score == before
    assert town.rows("select traits ->> 'last_name' from leads") == [("Martin",)]


def test_a_late_fact_of_a_dropped_month_counts_and_joins_the_archive(town, settings):
    a_past(town)
    drop(town, settings)
    before, here = town.score(ALICE), facts(town)
    town.take(accepted("Document Downloaded", LONG_AGO - 60, email=ALICE, message_id="late"))
    assert town.score(ALICE) > before
    late = look(town, ALICE).reading.score
    assert facts(town) == here + 1
    with archivist(town, settings) as found:
        assert found.changed() == [MONTH]
        (manifest,) = found.run([MONTH])
        assert found.changed() == []
    assert manifest.rows == 5
    assert facts(town) == here
    assert look(town, ALICE).reading.score == late
    town.take(accepted("Document Downloaded", LONG_AGO - 60, email=ALICE, message_id="late"))  # a copy
    assert look(town, ALICE).reading.score == late


def test_a_late_fact_of_a_month_that_was_archived_and_not_dropped_is_not_lost(town, settings):
    a_past(town)
    with archivist(town, settings) as found:
        found.run([MONTH])
    town.take(accepted("Document Downloaded", LONG_AGO - 60, email=BOB))
    before = town.score(BOB)
    with archivist(town, settings) as found:
        (manifest,) = found.drop([MONTH])
    assert manifest.rows == 5
    assert look(town, BOB).reading.score == pytest.approx(before, abs=1e-6)


def test_a_fact_that_is_being_written_while_a_month_goes_is_not_lost(town, settings):
    a_past(town)
    town.now = NOW
    other = Town.again(town.url, town.model_id)
    accept(town.connection, accepted("Document Downloaded", LONG_AGO - 60, email=BOB))
    written, may_end, done = threading.Event(), threading.Event(), threading.Event()
    append = other.worker._folder._append

    def slowly(*args: Any) -> None:
        append(*args)
        written.set()
        assert may_end.wait(120)

    other.worker._folder._append = slowly

    def dropping() -> None:
        drop(town, settings)
        done.set()

    engine = threading.Thread(target=other.work)
    engine.start()
    assert written.wait(120)
    dropper = threading.Thread(target=dropping)
    dropper.start()
    assert not done.wait(1.0)  # it waits for the engine
    may_end.set()
    engine.join()
    dropper.join()
    other.connection.close()
    assert done.is_set()
    assert len(look(town, BOB).stored) == 2
    assert facts(town) == 2


def test_readers_hold_a_drop_up_and_see_all_or_all(town, settings, monkeypatch):
    a_past(town)
    monkeypatch.setattr(archiving, "LOCK_MS", 100)
    monkeypatch.setattr(archiving, "LOCK_TRIES", 2)
    monkeypatch.setattr(archiving, "PAUSE_SECONDS", 0.01)
    reader = Town.again(town.url, town.model_id)
    with reader.connection.transaction():
        share_bindings(reader.connection)
        with pytest.raises(archiving.ArchiveInUse, match="quieter time"):
            drop(town, settings)
    assert facts(town) == 5
    reader.connection.close()
    with archivist(town, settings) as found:
        found.drop([MONTH])
    assert facts(town) == 2


def test_merges_and_what_undoes_them(town, settings):
    a_past(town)
    alone = town.score(ALICE), town.score(BOB)
    drop(town, settings)
    folder, models = Folder(town.url), LiveModels()
    number = merge(town.connection, folder, models, town.lead(BOB), town.lead(ALICE), by="Claire", now=NOW)
    assert len(look(town, ALICE).stored) == 5
    assert look(town, ALICE).agrees
    unmerge(town.connection, folder, models, number, by="Claire", now=NOW)
    assert (town.score(ALICE), town.score(BOB)) == alone


def test_a_verdict_on_an_archived_hit_corrects_the_score(town, settings):
    a_past(town)
    drop(town, settings)
    before = town.score(ALICE)
    town.take(accepted("Verdict Given", NOW + 1, email=ALICE, of="paper", verdict="machine"))
    assert town.score(ALICE) < before
    assert [line.rule for line in look(town, ALICE).lines if line.at == LONG_AGO + 1] == []
    town.take(accepted("Verdict Given", NOW + 2, email=ALICE, of="paper", verdict="human"))
    assert town.score(ALICE) == before


def test_as_of_a_past_instant_and_page_by_page(town, settings):
    a_past(town)
    span = Span([number for (number,) in town.rows("select id from identities order by id")])
    known = {"at": LONG_AGO + 1}
    whole, past = _pages(town, span), look(town, ALICE, **known)
    drop(town, settings)
    assert _pages(town, span) == whole
    again = look(town, ALICE, **known)
    assert (again.reading.score, len(again.facts)) == (past.reading.score, len(past.facts))
    assert len(look(town, ALICE, known_at=LONG_AGO + 1).stored) == 2


def _pages(town: Town, span: Span) -> list[list[tuple[str, bool]]]:
    """Both ways through a lead's facts, two a page."""
    looker, found = Looker(), []
    for newest_first in (True, False):
        after, goes_on = None, True
        keys: list[tuple[str, bool]] = []
        while goes_on:
            page, goes_on = looker.facts(
                town.connection, town.lead(ALICE), span, after, most=2, newest_first=newest_first
            )
            keys += [(each.stored.fact.message_id, each.counts) for each in page]
            after = page[-1].stored.fact.key
        found.append(keys)
    return found


def test_a_new_model_that_reads_what_was_kept(town, settings, monkeypatch):
    a_past(town)
    drop(town, settings)
    new = parse_model(READS_PATHS, "town")
    for many in (1, 5_000):  # in one pass over all facts, and lead by lead
        monkeypatch.setattr(rescoring, "MANY", many)
        with Rescore(town.url, settings, new, by="a test") as publication:
            publication.make(processes=1)
            publication.switch()
            town.model_id = publication.coming
        found = look(town, ALICE)
        assert found.agrees
        assert sorted(line.at for line in found.lines if line.rule == "visit" and line.points > 0) == [LONG_AGO, NOW]
        assert look(town, BOB).agrees


def test_a_new_model_that_reads_what_was_not_kept_is_refused(town, settings):
    a_past(town)
    drop(town, settings)
    new = parse_model(READS_PATHS.replace("{path:", "{color:"), "town")
    with pytest.raises(NotKept, match=r"color of 2026-02: leave that out of the model, or say --despite-archive"):
        Rescore(town.url, settings, new, by="a test")
    with Rescore(town.url, settings, new, by="a test", despite_archive=True) as publication:
        publication.make(processes=1)
        publication.switch()
        town.model_id = publication.coming
    assert look(town, ALICE).agrees


def test_what_a_model_reads_from_its_publication_on_is_kept_of_months_that_are_not_dropped(town, settings):
    a_past(town)
    town.take(accepted("Page Viewed", LONG_AGO + 9, email=ALICE, color="red"))
    with archivist(town, settings) as found:
        (manifest,) = found.run([MONTH])
        assert "color" not in manifest.properties
    with Rescore(town.url, settings, parse_model(READS_PATHS.replace("{path:", "{color:"), "town"), by="a") as coming:
        coming.make(processes=1)
        coming.switch()
    with archivist(town, settings) as found:
        (manifest,) = found.drop([MONTH])
    assert "color" in manifest.properties


def test_properties_that_are_asked_for_are_kept(town, settings, tmp_path):
    a_past(town)
    settings = configuration(archive=settings.archive, archive_properties="color, context.page.path")
    with archivist(town, settings) as found:
        (manifest,) = found.run([MONTH])
    assert {"color", "context.page.path", "path"} <= set(manifest.properties)
    with (
        pytest.raises(BadInput, match="email names people"),
        archivist(town, configuration(archive=settings.archive, archive_properties="email")) as found,
    ):
        found.run([MONTH])


def test_a_month_that_has_not_ended_is_refused(town, settings):
    town.take(accepted("Page Viewed", NOW, email=ALICE))
    with archivist(town, settings) as found:
        assert found.due() == []
        for do in (found.run, found.drop):
            with pytest.raises(BadInput, match="has not ended yet"):
                do(["2026-05"])
        with pytest.raises(BadInput, match="there are no facts of it"):
            found.drop(["2026-04"])


def test_one_at_a_time(town, settings):
    with archivist(town, settings):
        with pytest.raises(ArchiveRuns, match="Another process is writing the archive"):
            archivist(town, settings)
        assert archive_if_due(town.url, configuration(archive=settings.archive, archive_after="1"), NOW) == []


def test_by_itself_after_so_many_months(town, settings):
    a_past(town)
    for after, months in (("0", []), ("3", []), ("2", [MONTH]), ("2", [])):
        due = configuration(archive=settings.archive, archive_after=after)
        assert archive_if_due(town.url, due, NOW) == months
    assert facts(town) == 5  # nothing is dropped by itself


def test_an_archive_that_is_away_holds_up_nobody_else(town, settings, tmp_path):
    a_past(town)
    drop(town, settings)
    before = town.score(ALICE)
    shutil.move(tmp_path / "archive", tmp_path / "away")
    town.take(
        accepted("Document Downloaded", LONG_AGO - 60, email=ALICE),
        accepted("Document Downloaded", NOW + 1, email="carol@example.com"),
    )
    assert town.score("carol@example.com") == 5
    assert town.score(ALICE) == before
    assert town.rows("select count(*) from rejects") == [(0,)]
    refolder = Refolder(town.url, town.tally.add, lambda: town.now)
    with pytest.raises(ArchiveBroken, match="put it back"):
        refolder.work(town.connection)
    shutil.move(tmp_path / "away", tmp_path / "archive")
    town.connection.execute("select pg_advisory_unlock_all()")
    assert Refolder(town.url, town.tally.add, lambda: town.now).work(town.connection)
    assert town.score(ALICE) > before
    assert look(town, ALICE).agrees


def test_a_hand_over_waits_for_the_archive_that_says_why(town, settings, tmp_path):
    a_past(town)
    drop(town, settings)
    shutil.move(tmp_path / "archive", tmp_path / "away")
    town.take(accepted("Quote Requested", NOW, email=ALICE), accepted("Quote Requested", NOW, email="dan@example.com"))
    assert town.handovers(ALICE) == []
    assert len(town.handovers("dan@example.com")) == 1
    shutil.move(tmp_path / "away", tmp_path / "archive")
    assert Refolder(town.url, town.tally.add, lambda: town.now).work(town.connection)
    assert [kind for _, kind, *_ in town.handovers(ALICE)] == ["rule", "band"]


def test_a_moved_archive_is_found_by_verifying(town, settings, tmp_path):
    a_past(town)
    drop(town, settings)
    shutil.move(tmp_path / "archive", tmp_path / "elsewhere")
    with archivist(town, settings) as found:
        assert [finding.month for finding in found.verify()] == [MONTH]
    with archivist(town, configuration(archive=str(tmp_path / "elsewhere"))) as found:
        assert found.verify() == []
    assert look(town, ALICE).agrees


def test_a_database_from_before_a_later_writing_takes_that_one(town, settings, tmp_path):
    a_past(town)
    drop(town, settings)
    score = look(town, ALICE).reading.score
    late = accepted("Document Downloaded", LONG_AGO - 60, email=ALICE, message_id="late")
    town.take(late)
    [(written,)] = town.rows("select written::text from archived_months")
    held = town.rows("select identity_id, at, received_at, name_id, source_id, flags, import_id, payload from events")
    with archivist(town, settings) as found:
        found.run([MONTH])
    more = look(town, ALICE).reading.score
    assert more > score
    # As a backup would have it: the earlier writing, and the late fact here.
    town.connection.execute("update archived_months set written = %s::jsonb", [written])
    town.connection.execute("delete from events")
    with town.connection.cursor() as cursor:
        cursor.executemany(
            "insert into events (identity_id, at, received_at, name_id, source_id, flags, import_id, payload) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s)", held,
        )  # fmt: skip
    with pytest.raises(ArchiveBroken):
        look(town, ALICE)
    with archivist(town, settings) as found:
        assert found.verify() == []
    assert look(town, ALICE).reading.score == more
    assert [each.fact.message_id for each in look(town, ALICE).stored].count("late") == 1


def test_who_is_erased_goes_from_the_files(town, settings, tmp_path):
    a_past(town)
    drop(town, settings)
    ids = [number for (number,) in town.rows("select id from identities where key = %s", ALICE)]
    with archivist(town, settings) as found:
        assert found.forget(ids) == 3
    (file,) = (tmp_path / "archive").rglob("*.parquet")
    assert not set(pq.read_table(file)["identity"].to_pylist()) & set(ids)
    assert look(town, BOB).agrees
    assert town.rows("select count(*) from events where identity_id = any(%s) and at < %s", ids, NOW) == [(0,)]


def test_claims_of_a_public_key_count_as_before(town, settings):
    town.take(
        accepted("Page Viewed", LONG_AGO, email=ALICE),
        accepted("Traits Set", LONG_AGO + 1, email=ALICE, traits={"job_title": "CEO"}, flags=Flag.CLAIM),
    )
    before = town.score(ALICE)
    drop(town, settings)
    town.take(accepted("Page Viewed", LONG_AGO - 1, email=ALICE))
    assert look(town, ALICE).reading.fit == 0
    assert town.score(ALICE) > before


def whose(town: Town) -> list[tuple[Any, ...]]:
    """Every key, whose it is, and the score of its lead."""
    rows = town.rows(
        "select i.key, o.key, r.key, i.is_known from identities i left join identities o on o.id = i.owner_id "
        "left join leads l on l.id = i.lead_id left join identities r on r.id = l.root_id order by 1"
    )
    return [(*row, look(town, row[2]).reading.score if row[2] else None) for row in rows]


def test_an_import_is_taken_back_whose_facts_were_dropped(town, settings, tmp_path):
    live = [
        accepted("Page Viewed", LONG_AGO + 100, email=BOB, anonymous_id="d2", message_id="b1"),
        accepted("Document Downloaded", LONG_AGO + 200, anonymous_id="d2", message_id="b2"),
        accepted("Page Viewed", LONG_AGO + 300, user_id="u3", anonymous_id="d3", message_id="b3"),
        accepted("Page Viewed", NOW, anonymous_id="d2", message_id="b4"),
    ]
    rows = [  # Bob's device stood with him before, and the user's with Carol
        {"event": "Quote Requested", "email": ALICE, "anonymous_id": "d1", "message_id": "i1"},
        {"event": "Page Viewed", "email": BOB, "anonymous_id": "d2", "message_id": "i2"},
        {"event": "Document Downloaded", "email": "carol@example.com", "user_id": "u3", "message_id": "i3"},
    ]
    town.take(*live)
    without = whose(town)
    file = tmp_path / "events.ndjson"
    file.write_text("".join(json.dumps({**row, "occurred_at": iso(LONG_AGO)}) + "\n" for row in rows), "utf-8")
    number = bring(town.url, file, declared=None).stored.id
    assert whose(town) != without
    with_import = whose(town)
    assert drop(town, settings) == [MONTH]
    assert facts(town) == 1
    assert whose(town) == with_import
    assert Undoing(town.url, number).run()["facts"] == 3
    assert whose(town) == without
    assert look(town, BOB).agrees
    assert bring(town.url, file, declared=None).stored.counts["facts"] == 3  # they may come again
    assert whose(town) == with_import
