"""Uploaded files at work: foreseen without a trace, imported once, taken up again after a kill, taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from couveuse.engine import jobs, uploaded, uploading
from couveuse.engine.jobs import Standing, Work
from couveuse.engine.uploading import Wants
from couveuse.store import imports, uploads
from tests.engine.town import Town, configuration
from tests.engine.uploading import FRENCH, LEADS, SINCE, again, upload, wants, work
from tests.processes import ENVIRONMENT, python, until

WORKER = """
import sys
from couveuse.configuration import read
from couveuse.engine import job_kinds
from couveuse.engine.delivering import Tally
from couveuse.engine.jobs import Jobs
from couveuse.store import connections

with connections.connect(sys.argv[1], "jobs", autocommit=True, statement_ms=0) as connection:
    Jobs(sys.argv[1], read({}), Tally(), job_kinds.KINDS).work(connection)
"""
BY: dict[str, Any] = {"by": "alice@example.com", "now": SINCE}


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


@pytest.fixture
def french(tmp_path: Path) -> Path:
    path = tmp_path / "événements.csv"
    path.write_bytes(FRENCH.encode("cp1252"))
    return path


def test_a_french_table_is_imported_as_it_stands(town: Town, french: Path) -> None:
    file = upload(town, french)
    wanted = wants(town, file)
    assert dict(wanted.names) == {"Date": "occurred_at", "Évènement": "event", "Courriel": "email"}
    assert (wanted.encoding, wanted.dates) == ("cp1252", "day")
    assert uploading.flaws(file, wanted, town.now) == []
    uploading.ask_import(town.connection, file, wanted, **BY)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select at from events order by at limit 1") == [(1_772_525_100_000_000,)]  # 3 March, 8:05 UTC
    assert town.score("ana@example.com") is not None
    stored = imports.import_by_id(town.connection, job.found["import"])
    assert stored is not None
    assert (stored.files, stored.counts["facts"], stored.counts["rejects"]) == (["événements.csv"], 3, {"bad_time": 1})
    assert stored.counts["reach"]["allowed"] == 2  # kept: it is asked of every lead
    done = again(town, file)
    assert (done.import_id, done.preview) == (stored.id, {})
    assert list(uploads.pieces(town.connection, file.id)) == []


def test_a_name_that_a_shell_would_read_otherwise_is_a_name(town: Town, french: Path) -> None:
    file = upload(town, french, name="l'été; [1] *?{a,b}.csv")
    uploading.ask_import(town.connection, file, wants(town, file), **BY)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select files from imports") == [(["l'été; [1] *?{a,b}.csv"],)]


def test_what_would_come_of_it_is_told_and_nothing_is_written(town: Town, french: Path) -> None:
    file = upload(town, french)
    uploading.ask_foresee(town.connection, file, wants(town, file), **BY)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    found = again(town, file).foreseen
    assert found is not None
    assert {name: found[name] for name in ("rows", "facts", "copies", "made", "rejects")} == {
        "rows": 4, "facts": 3, "copies": 0, "made": 2, "rejects": {"bad_time": 1},
    }  # fmt: skip
    assert found["reach"]["allowed"] == 2
    assert [(each["line"], each["reason"]) for each in found["shown"]] == [(5, "bad_time")]
    assert found["best"][0]["lead"] == "ana@example.com"
    assert town.rows("select count(*) from events") == [(0,)]
    assert town.rows("select count(*) from imports") == [(0,)]


def test_leads_are_imported_with_their_traits(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS, encoding="utf-8-sig")
    file = upload(town, path, "leads")
    uploading.ask_import(town.connection, file, wants(town, file), **BY)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    (traits,) = town.rows("select traits from given_traits where traits ->> 'last_name' = 'Petit'")[0]
    assert traits == {"first_name": "Ana", "last_name": "Petit", "job_title": "CEO"}
    assert town.score("ana@example.com") == 10


def test_a_column_that_is_left_out_is_stored_nowhere(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("email,salary,city\nana@example.com,91234,Lyon\n,81234,Nice\n", encoding="utf-8")
    file = upload(town, path, "leads")
    uploading.ask_import(town.connection, file, wants(town, file, left_out=("salary",)), **BY)
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select traits from given_traits") == [({"city": "Lyon"},)]
    assert "81234" not in str(town.rows("select body from rejects"))


def test_the_same_file_twice_is_told_and_brought_once(town: Town, french: Path) -> None:
    first = upload(town, french)
    uploading.ask_import(town.connection, first, wants(town, first), **BY)
    work(town)
    second = upload(town, french, name="another name.csv")
    assert uploads.import_of_same(town.connection, second) == again(town, first).import_id
    uploading.ask_import(town.connection, second, wants(town, second), **BY)
    (job,) = work(town)
    assert job.found == {"import": again(town, first).import_id, "known": 1}
    assert town.rows("select count(*) from events") == [(3,)]


def test_the_mapping_of_a_head_is_offered_again(town: Town, french: Path, tmp_path: Path) -> None:
    file = upload(town, french)
    said = wants(town, file, names={"Date": "occurred_at", "Évènement": "event", "Courriel": "user_id"})
    uploading.ask_foresee(town.connection, file, said, **BY)
    other = tmp_path / "avril.csv"
    other.write_bytes(FRENCH.replace("ana", "zoe").encode("cp1252"))
    wanted, is_known = uploading.first_wants(town.connection, upload(town, other), "events")
    assert is_known
    assert wanted.names["Courriel"] == "user_id"
    assert wanted.basis is None  # what was declared of other people holds for nobody here


def test_a_killed_worker_is_gone_on_with_and_nothing_doubles(
    town: Town, french: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = upload(town, french)
    number = uploading.ask_import(town.connection, file, wants(town, file), **BY)

    class Killed(BaseException):
        """As `kill -9` leaves it: nothing is tidied up."""

    def die(*_: object) -> None:
        raise Killed

    job = jobs.store.take(town.connection, number, town.now)
    assert job is not None
    with monkeypatch.context() as broken:
        broken.setattr(uploaded, "_done", die)
        with pytest.raises(Killed):
            uploaded.bring(Work(job, town.url, configuration(), lambda *_: None))
    jobs.store.let_go(town.connection, number)
    assert town.rows("select standing from imports") == [("done",)]
    (job,) = work(town)
    assert job.standing is Standing.DONE, job.said
    assert town.rows("select count(*) from events") == [(3,)]
    assert town.rows("select count(*) from imports") == [(1,)]
    assert again(town, file).emptied_at is not None


def test_a_worker_that_is_killed_between_rows_leaves_them_to_another(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = (f"Page Viewed,2026-03-03T10:00:00Z,p{n // 4}@example.com,m{n}\n" for n in range(24_000))
    path.write_text("event,occurred_at,email,message_id\n" + "".join(rows), encoding="utf-8")
    file = upload(town, path)
    number = uploading.ask_import(town.connection, file, wants(town, file), **BY)
    with python(WORKER, town.url, environment={**ENVIRONMENT, "TMPDIR": str(tmp_path)}) as process:
        until(lambda: town.rows("select sum(done) from import_shares")[0][0])
        process.kill()
        process.wait()
    done = town.rows("select sum(done) from import_shares")[0][0]
    assert 0 < done < 24_000
    work(town)
    job = jobs.find(town.connection, number)
    assert job is not None
    assert (job.standing, job.tries) == (Standing.DONE, 2), job.said
    assert town.rows("select count(*), count(distinct payload) from events") == [(24_000, 24_000)]
    assert town.rows("select standing, (counts ->> 'facts')::int from imports") == [("done", 24_000)]


def test_an_import_that_broke_off_between_rows_goes_on(
    town: Town, french: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = upload(town, french)
    uploading.ask_import(town.connection, file, wants(town, file), **BY)

    def break_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(uploaded.Importing, "run", break_off)
        with pytest.raises(KeyboardInterrupt):
            work(town)
    assert town.rows("select standing from imports") == [("running",)]
    work(town)
    assert town.rows("select standing from imports") == [("done",)]
    assert town.rows("select count(*) from events") == [(3,)]


def test_an_import_is_taken_back_with_all_that_it_brought(town: Town, french: Path) -> None:
    file = upload(town, french)
    uploading.ask_import(town.connection, file, wants(town, file), **BY)
    (job,) = work(town)
    uploading.ask_undo(town.connection, job.found["import"], **BY)
    (undone,) = work(town)
    assert undone.standing is Standing.DONE, undone.said
    assert town.rows("select count(*) from events") == [(0,)]
    assert town.lead("ana@example.com") is None
    assert [did for (did,) in town.rows("select did from audit order by id")] == [
        "asked for an import", "asked to take an import back",
    ]  # fmt: skip


def test_why_it_could_not_be_done_is_kept_without_the_place_on_the_disk(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("event,occurred_at,email\nQuote Requested,never,ana@example.com\n", encoding="utf-8")
    file = upload(town, path)
    uploading.ask_import(town.connection, file, wants(town, file), **BY)
    (job,) = work(town)
    assert job.standing is Standing.FAILED
    failure = again(town, file).failure
    assert failure is not None
    assert failure["reason"] == "no_usable_row"
    assert "/tmp" not in job.said
    assert "couveuse-upload" not in failure["said"]


def test_a_file_that_was_taken_away_is_told_of(town: Town, french: Path) -> None:
    file = upload(town, french)
    uploading.ask_import(town.connection, file, wants(town, file), **BY)
    assert not uploading.take_away(town.connection, again(town, file), **BY)  # somebody is to work on it
    uploads.forget(town.connection, file.id)
    (job,) = work(town)
    assert (job.standing, job.said) == (Standing.FAILED, str(uploading.Gone()))


def test_a_file_goes_with_all_that_it_holds(town: Town, french: Path) -> None:
    file = upload(town, french)
    assert uploading.take_away(town.connection, file, **BY)
    assert uploads.find(town.connection, file.id) is None
    assert town.rows("select count(*) from upload_pieces") == [(0,)]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"names": {"Date": "occurred_at", "Courriel": "email"}}, "no_event"),
        ({"names": {"Évènement": "event", "Courriel": "email"}}, "no_occurred_at"),
        ({"names": {"Date": "occurred_at", "Évènement": "event"}}, "no_owner"),
        (
            {"names": {"Date": "occurred_at", "Évènement": "event", "Courriel": "email", "Montant": "email"}},
            "same_name",
        ),
        ({"basis": None}, "no_basis"),
        ({"basis": "because"}, "no_basis"),
        ({"consent_source": " "}, "no_consent_source"),
        ({"since": None}, "no_date"),
        ({"since": 2**60}, "date_to_come"),
        ({"purposes": ()}, "no_purpose"),
        ({"hand_over": 0}, "bad_hand_over"),
        ({"source": "x" * 501}, "long_source"),
    ],
)
def test_what_is_missing_is_named(town: Town, french: Path, said: dict[str, Any], what: str) -> None:
    file = upload(town, french)
    assert [flaw.what for flaw in uploading.flaws(file, wants(town, file, **said), town.now)] == [what]


def test_without_a_basis_nobody_may_be_written_to(town: Town, french: Path) -> None:
    file = upload(town, french)
    wanted = wants(town, file, basis="", consent_source="", since=None)
    assert uploading.flaws(file, wanted, town.now) == []
    uploading.ask_foresee(town.connection, file, wanted, **BY)
    work(town)
    found = again(town, file).foreseen
    assert found is not None
    assert found["reach"]["allowed"] == 0


def test_wants_are_kept_as_they_are() -> None:
    wanted = Wants(names={"a": "email"}, left_out=("b",), basis="consent", since=3, purposes=("phone",))
    assert Wants.of(wanted.as_json()) == wanted
