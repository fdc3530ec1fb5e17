import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from couveuse.core.consent import Purpose, Refusal, why_not
from couveuse.core.times import iso
from couveuse.documents.reading import parse_model, read_model
from couveuse.engine import batch_work, bringing
from couveuse.engine.batches import Folder
from couveuse.engine.bringing import BroughtElsewhere, Declared
from couveuse.engine.brought import Told, told
from couveuse.engine.foreseeing import Foreseen, foresee
from couveuse.engine.importing import Importing, Wanted
from couveuse.engine.undoing import Undoing
from couveuse.errors import BadInput
from couveuse.history.rejects import rejected
from couveuse.history.scoring import Request, Scoring
from couveuse.store import connections, imports
from couveuse.store.consents import Reach, load_standings
from tests.engine import company
from tests.engine.company import MODEL as COMPANY_MODEL
from tests.engine.company import Scores, scored, stored
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, publish
from tests.processes import ENVIRONMENT, lives, until

AT = 1_782_900_000_000_000  # 1 July 2026, after every fact of the example
SALON = Declared(("marketing_email",), "legitimate_interest", "salon 2026", NOW - 90 * DAY)
EMAIL = Purpose.MARKETING_EMAIL
Row = dict[str, Any]


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


def a_row(event: str = "Page Viewed", day: float = 0, **said: Any) -> Row:
    at = NOW - 100 * DAY + round(day * DAY)
    return {"event": event, "occurred_at": iso(at), "message_id": f"{event}-{day}-{sorted(said.items())}", **said}


def write(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def bring(
    url: str, events: Path | None = None, leads: Path | None = None, declared: Declared | None = SALON, **said: Any
) -> Told:
    """Import files, as the command does."""
    wanted = Wanted(
        (str(events),) if events else (), (str(leads),) if leads else (), declared=declared, **{"processes": 2, **said}
    )
    importing = Importing(url, wanted)
    with connections.connect(url, "test", autocommit=True, statement_ms=0) as connection:
        known = importing.find(connection)
        if known is not None and known.standing == imports.DONE:
            return told(connection, known.id)
        with Scoring(importing.request(connection)) as scoring:
            arranged = scoring.arrange()
            number = importing.begin(connection, scoring, arranged)
            importing.run(scoring, arranged, number, lambda done, rows: None)
            return importing.end(connection, scoring, number)


def would_be(url: str, events: Path, leads: Path | None = None, declared: Declared | None = SALON) -> Foreseen:
    importing = Importing(url, Wanted((str(events),), (str(leads),) if leads else (), declared=declared))
    with (
        connections.connect(url, "test", autocommit=True) as connection,
        Scoring(importing.request(connection)) as scoring,
    ):
        return foresee(connection, scoring.arrange(), declared=declared)


def refusal(town: Town, key: str, purpose: Purpose = EMAIL) -> Refusal | None:
    lead = town.lead(key)
    assert lead is not None
    return why_not(purpose, load_standings(town.connection, [lead])[lead])


ROWS = [
    a_row("Page Viewed", 0, anonymous_id="d1", path="/"),
    a_row("Quote Requested", 1, email="ana@example.com", anonymous_id="d1"),
    a_row("Document Downloaded", 2, email="bob@example.com", user_id="u2"),
    a_row("Document Downloaded", 3, user_id="u2"),
    a_row("Page Viewed", 4, anonymous_id="d9"),
]


def test_it_works(town: Town, tmp_path: Path) -> None:
    answer = bring(town.url, write(tmp_path / "e.ndjson", ROWS))
    assert (answer.stored.standing, answer.stored.files) == ("done", ["e.ndjson"])
    assert {name: answer.stored.counts[name] for name in ("rows", "facts", "copies", "made", "leads", "declared")} == {
        "rows": 5, "facts": 5, "copies": 0, "made": 2, "leads": 2, "declared": 2,
    }  # fmt: skip
    assert answer.reach == Reach(2, 2, 2, 0, 0, 0, 0)
    assert town.score("ana@example.com") is not None
    assert refusal(town, "ana@example.com") is None
    assert refusal(town, "ana@example.com", Purpose.PHONE) is Refusal.NOT_GIVEN
    said = town.rows("select distinct basis, source, at, is_declared, import_id from consents")
    assert said == [("legitimate_interest", "salon 2026", SALON.at, True, answer.stored.id)]


def test_the_example_company_comes_to_what_score_says_to_the_last_digit(database: str) -> None:
    folder = company.files()
    events, leads = folder / "events.ndjson", folder / "leads.csv"
    with connections.connect(database, "test", autocommit=True) as connection:
        publish(connection, COMPANY_MODEL.read_text(encoding="utf-8"))
        answer = bring(database, events, leads)
        assert answer.stored.counts["facts"] > 100_000
        expected = scored(events, leads, read_model(str(COMPANY_MODEL)).model, AT)
        assert len(expected) == 2000
        assert stored(connection, AT) == expected
        assert connection.execute("select count(*) from handovers").fetchone() == (0,)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows with every fault beside good ones, some of these twice."""
    good = [*ROWS, a_row("Traits Set", 5, email="ana@example.com", traits={"job_title": "CEO"}), ROWS[0]]
    bad = [
        {"event": "Page Viewed", "email": "a@example.com"}, {"occurred_at": "2026-01-01", "email": "a@example.com"},
        {**a_row(), "occurred_at": "yesterday", "email": "a@example.com"}, a_row(),
        {**a_row(email="a@example.com"), "occurred_at": "2190-01-01"},
        a_row("Traits Set", email="a@example.com"), a_row(email="a\x00@example.com"),
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("dirty") / "e.ndjson"
    write(path, [row for pair in zip(good, bad, strict=True) for row in pair])
    with path.open("a", encoding="utf-8") as file:
        file.write("[]\n")
    return path


def test_rejects_are_those_of_score_with_their_file_and_line(town: Town, dirty: Path) -> None:
    model = parse_model(MODEL, "town").model
    answer = bring(town.url, dirty)
    now = answer.stored.settings["now"]
    with Scoring(Request((str(dirty),), model, now, now)) as scoring:
        scoring.prepare()
        expected = [(each.reason.value, f"e.ndjson:{each.line}") for each in rejected(scoring.staging)]
        assert answer.stored.counts["rejects"] == scoring.counts.rejects
    kept = town.rows("select reason, place from rejects where import_id = %s order by id", answer.stored.id)
    assert kept == expected
    assert len(kept) == 8
    assert stored(town.connection, AT) == scored(dirty, None, model, AT)


def test_what_cannot_be_stored_is_a_reject_too(town: Town, tmp_path: Path) -> None:
    rows = [*ROWS, a_row("x" * 201, email="a@example.com"), a_row(email="b@example.com", user_id="u" * 501)]
    answer = bring(town.url, write(tmp_path / "e.ndjson", rows))
    assert answer.stored.counts["rejects"] == {"key_too_long": 2}
    assert town.lead("a@example.com") is None


def test_huge_numbers_are_properties_like_others_and_traits_where_they_can_be_stored(
    town: Town, tmp_path: Path
) -> None:
    path = write(tmp_path / "e.ndjson", [a_row(email="ana@example.com", size=10**40)])
    leads = tmp_path / "l.ndjson"
    leads.write_text('{"email": "ana@example.com", "job_title": "CEO", "size": 1e40, "odd": 1e999}')
    bring(town.url, path, leads)
    assert town.rows("select traits from leads") == [({"job_title": "CEO", "size": 10**40},)]
    assert town.rows("select fit from lead_states") == [(10,)]


# ---- Again, and after an end -------------------------------------------------------------------------------


def test_the_same_command_once_more_does_nothing(town: Town, tmp_path: Path) -> None:
    events = write(tmp_path / "e.ndjson", ROWS)
    first = bring(town.url, events)
    assert bring(town.url, events) == first
    assert town.rows("select count(*) from events") == [(5,)]


def test_facts_that_were_known_are_copies_and_stay_what_they_were(town: Town, tmp_path: Path) -> None:
    known = ROWS[1]["message_id"]
    town.take(accepted("Page Viewed", NOW, email="ana@example.com", message_id=known, source=""))
    answer = bring(town.url, write(tmp_path / "e.ndjson", ROWS))
    assert (answer.stored.counts["facts"], answer.stored.counts["copies"], answer.stored.counts["leads"]) == (4, 1, 2)
    assert refusal(town, "ana@example.com") is None


def test_an_import_that_another_process_brings_is_refused(town: Town, tmp_path: Path) -> None:
    events = write(tmp_path / "e.ndjson", ROWS)
    number = _begun(town.url, events)
    with connections.connect(town.url, "other", autocommit=True) as other:
        assert imports.hold(other, number)
        with pytest.raises(BroughtElsewhere, match=f"import {number}"):
            bring(town.url, events)
    assert bring(town.url, events).stored.counts["facts"] == 5


def test_an_import_goes_on_only_under_the_consent_that_was_declared(town: Town, tmp_path: Path) -> None:
    events = write(tmp_path / "e.ndjson", ROWS)
    _begun(town.url, events)
    with pytest.raises(BadInput, match="another consent"):
        bring(town.url, events, declared=None)


def _begun(url: str, events: Path) -> int:
    importing = Importing(url, Wanted((str(events),), declared=SALON))
    with (
        connections.connect(url, "test", autocommit=True) as connection,
        Scoring(importing.request(connection)) as scoring,
    ):
        return importing.begin(connection, scoring, scoring.arrange())


def test_a_cut_connection_is_opened_again(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "CHUNK", 1)
    cut: list[int] = []
    store = Folder.store

    def cut_after(self: Folder, connection: psycopg.Connection[Any], *rest: Any, **more: Any) -> Any:
        answer = store(self, connection, *rest, **more)
        if len(cut) < 2:
            cut.append(connection.info.backend_pid)
            town.connection.execute("select pg_terminate_backend(%s)", [cut[-1]])
        return answer

    monkeypatch.setattr(Folder, "store", cut_after)
    answer = bring(town.url, write(tmp_path / "e.ndjson", ROWS))
    assert len(cut) == 2
    assert (answer.stored.counts["facts"], answer.stored.counts["leads"]) == (5, 2)
    assert town.rows("select count(*) from events") == [(5,)]


def test_a_row_that_cannot_be_folded_is_set_aside_and_the_others_are_brought(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Folder.store

    def refuse(self: Folder, connection: Any, models: Any, arrived: Any, *rest: Any, **more: Any) -> Any:
        answer = store(self, connection, models, arrived, *rest, **more)
        assert not any(each.fact.event == "Quote Requested" for each in arrived), "poison"
        return answer

    monkeypatch.setattr(Folder, "store", refuse)
    answer = bring(town.url, write(tmp_path / "e.ndjson", ROWS))
    assert (answer.stored.counts["facts"], answer.stored.counts["set_aside"]) == (4, 1)
    assert town.rows("select reason, import_id from rejects") == [("could_not_be_folded", answer.stored.id)]


def test_an_import_that_is_killed_in_the_middle_goes_on_and_doubles_nothing(database: str, tmp_path: Path) -> None:
    with _ended(database, tmp_path, signal.SIGKILL, leads=2000) as (errors, code, children):
        assert len(children) >= 2, "the shares are brought in processes of their own"
        assert ("Interrupted" in errors, code) == (False, -signal.SIGKILL)
        until(lambda: not any(map(lives, children)))


def test_an_import_that_is_interrupted_says_so_and_goes_on(database: str, tmp_path: Path) -> None:
    with _ended(database, tmp_path, signal.SIGINT, leads=400) as (errors, code, _):
        assert errors.endswith("Interrupted: import 1 goes on where it was with the same command.\n")
        assert code == 130


@contextmanager
def _ended(database: str, data: Path, number: int, *, leads: int) -> Iterator[tuple[str, int, list[int]]]:
    """The example company's import ended by a signal, and after the block run to its end."""
    folder = company.files(leads)
    events, known = folder / "events.ndjson", folder / "leads.csv"
    command = [
        sys.executable, "-m", "couveuse.cli", "import", str(events), "--leads", str(known), "--basis", "consent",
        "--consent-source", "salon", "--consent-date", "2026-03-01", "--processes", "2", "--format", "json",
    ]  # fmt: skip
    # What a killed one leaves of its files goes with the test.
    environment = {**ENVIRONMENT, "COUVEUSE_DATABASE_URL": database, "COUVEUSE_DATA": str(data), "TMPDIR": str(data)}
    with connections.connect(database, "test", autocommit=True) as connection:
        publish(connection, COMPANY_MODEL.read_text(encoding="utf-8"))
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            until(lambda: imports.rows_done(connection, 1) >= 5_000, 120)
            children = _children(process.pid)
            os.kill(process.pid, number)
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
            process.wait()
        yield errors, process.returncode, children
        done = imports.rows_done(connection, 1)
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert f"Going on with import 1: {done:,} rows were done." in answer.stderr
        facts = json.loads(answer.stdout)
        assert done < facts["rows"]
        assert (facts["import"], facts["leads"], facts["new_leads"]) == (1, leads, leads)
        assert facts["facts"] + facts["copies"] + leads == facts["rows"]
        ((stored_, seen, given),) = connection.execute(
            "select count(*), (select count(*) from seen), (select count(*) from given_traits) from events"
        ).fetchall()
        assert (stored_, seen, given) == (facts["facts"], facts["facts"], leads)
        twice = "select identity_id from consents where is_declared group by 1 having count(*) > 1"
        assert connection.execute(twice).fetchall() == []
        assert stored(connection, AT) == scored(events, known, read_model(str(COMPANY_MODEL)).model, AT)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def test_a_lead_of_very_many_facts_is_folded_by_the_end(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "CHUNK", 5)
    monkeypatch.setattr(batch_work, "MOST_REFOLDED", 3)
    rows = [a_row("Page Viewed", n / 50, email="robot@example.com", path=f"/{n}") for n in range(120)]
    rows += [
        a_row("Verdict Given", n / 50 + 0.001, email="robot@example.com", of=rows[n]["message_id"], verdict="machine")
        for n in range(0, 120, 3)
    ]
    events = write(tmp_path / "e.ndjson", rows)
    answer = bring(town.url, events)
    assert town.rows("select count(*) from refolds") == [(0,)]
    assert stored(town.connection, AT) == scored(events, None, parse_model(MODEL, "town").model, AT)
    Undoing(town.url, answer.stored.id).run()
    assert town.rows("select (select count(*) from refolds), (select count(*) from leads)") == [(0, 0)]


# ---- Leads -------------------------------------------------------------------------------------------------


def test_files_of_leads_alone_make_leads(town: Town, tmp_path: Path) -> None:
    rows = [{"email": "ana@example.com", "job_title": "CEO", "city": "Lyon"}, {"user_id": "u1", "job_title": "CFO"}]
    answer = bring(town.url, None, write(tmp_path / "l.ndjson", rows))
    assert (answer.stored.kind, answer.stored.counts["given"], answer.reach.leads) == ("leads", 2, 2)
    assert town.score("ana@example.com") == 10
    assert town.rows("select traits from leads l join identities r on r.id = root_id order by key") == [
        ({"job_title": "CEO", "city": "Lyon"},), ({"job_title": "CFO"},),
    ]  # fmt: skip
    assert answer.reach == Reach(2, 2, 1, 1, 0, 0, 0)


def test_traits_held_since_always_refold_a_lead_that_was_there(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", email="ana@example.com"))
    assert town.rows("select fit from lead_states") == [(0,)]
    bring(town.url, None, write(tmp_path / "l.ndjson", [{"email": "ANA@example.com", "job_title": "CEO"}]))
    assert town.rows("select fit from lead_states") == [(10,)]
    town.take(accepted("Traits Set", email="ana@example.com", traits={"job_title": "CFO"}))
    assert town.rows("select fit from lead_states") == [(0,)]


def test_keys_of_a_row_of_leads_belong_together_since_always(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Document Downloaded", email="bob@example.com", user_id="u1"))
    bring(town.url, None, write(tmp_path / "l.ndjson", [{"email": "ana@example.com", "user_id": "u1"}]))
    assert town.lead("u1") == town.lead("ana@example.com") != town.lead("bob@example.com")


# ---- Consent -----------------------------------------------------------------------------------------------


def test_an_import_never_overrides_a_withdrawal(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Unsubscribed", NOW - 500 * DAY, email="ana@example.com"))
    rows = [*ROWS, a_row("Unsubscribed", 9, email="bob@example.com")]
    answer = bring(town.url, write(tmp_path / "e.ndjson", rows))
    assert answer.reach == Reach(leads=2, new=1, allowed=0, no_address=0, suppressed=0, withdrawn=2, not_given=0)
    assert town.rows("select count(*) from consents where is_declared") == [(0,)]


def test_a_withdrawal_that_arrives_late_stands_against_what_was_declared(town: Town, tmp_path: Path) -> None:
    bring(town.url, write(tmp_path / "e.ndjson", ROWS), declared=Declared(("marketing_email",), "consent", "x", NOW))
    assert refusal(town, "ana@example.com") is None
    town.take(accepted("Unsubscribed", NOW - 500 * DAY, email="ana@example.com"))
    assert refusal(town, "ana@example.com") is Refusal.WITHDRAWN


def test_without_a_basis_nobody_may_be_written_to(town: Town, tmp_path: Path) -> None:
    answer = bring(town.url, write(tmp_path / "e.ndjson", ROWS), declared=None)
    assert answer.reach == Reach(2, 2, 0, 0, 0, 0, 2)


def test_every_purpose_that_is_declared_is_given(town: Town, tmp_path: Path) -> None:
    declared = Declared(("phone", "profiling"), "consent", "form", NOW)
    bring(town.url, write(tmp_path / "e.ndjson", ROWS), declared=declared)
    assert refusal(town, "ana@example.com", Purpose.PHONE) is None
    assert refusal(town, "ana@example.com", Purpose.PROFILING) is None
    assert refusal(town, "ana@example.com") is Refusal.NOT_GIVEN


def test_a_suppressed_address_is_not_written_to(town: Town, tmp_path: Path) -> None:
    rows = [*ROWS, a_row("Email Bounced", 5, email="bob@example.com", type="hard")]
    answer = bring(town.url, write(tmp_path / "e.ndjson", rows))
    assert answer.reach == Reach(2, 2, 1, 0, 1, 0, 0)


# ---- Quietly -----------------------------------------------------------------------------------------------


def test_nobody_is_handed_over_unless_so_many_a_day_were_asked_for(town: Town, tmp_path: Path) -> None:
    recent = [a_row("Quote Requested", 99.5, email=f"p{number}@example.com") for number in range(3)]
    bring(town.url, write(tmp_path / "quiet.ndjson", recent))
    assert town.rows("select count(*) from handovers, allowed") == [(0,)]
    asked = [{**row, "message_id": row["message_id"] + "b"} for row in recent]
    answer = bring(town.url, write(tmp_path / "asked.ndjson", asked), hand_over=2)
    ((per_day, because),) = town.rows("select per_day, because from allowances")
    assert (per_day, because) == (2, f"import {answer.stored.id}")
    assert town.rows("select count(*) from handovers") == [(0,)]
    live = town.rows("select count(*) from lead_states where routes is not null")
    assert town.rows("select count(*) from allowed") == live


# ---- What it would come to ---------------------------------------------------------------------------------


def test_what_is_foreseen_is_what_comes_of_it_and_writes_nothing(town: Town, tmp_path: Path) -> None:
    town.take(
        accepted("Unsubscribed", email="ana@example.com"), accepted("Page Viewed", user_id="u2"),
        accepted("Page Viewed", email="ana@example.com", message_id=ROWS[1]["message_id"], source=""),
        accepted("Email Bounced", email="carl@example.com", type="hard"),
    )  # fmt: skip
    rows = [
        *ROWS, a_row("Page Viewed", 5, email="carl@example.com"), a_row("Unsubscribed", 6, email="dora@example.com"),
        a_row("Page Viewed", 6, user_id="u5"), a_row("Page Viewed", 6, email="eve@example.com"),
    ]  # fmt: skip
    events = write(tmp_path / "e.ndjson", rows)
    leads = write(tmp_path / "l.ndjson", [{"email": "flo@example.com"}])
    before = _everything(town)
    foreseen = would_be(town.url, events, leads)
    assert _everything(town) == before
    answer = bring(town.url, events, leads)
    counts = answer.stored.counts
    assert (foreseen.facts, foreseen.copies, foreseen.reach) == (counts["facts"], counts["copies"], answer.reach)
    assert foreseen.reach == Reach(leads=7, new=4, allowed=3, no_address=1, suppressed=1, withdrawn=2, not_given=0)


# ---- Taken back --------------------------------------------------------------------------------------------


def _everything(town: Town) -> list[object]:
    """All that the store says of leads, without its own numbers."""
    who = "coalesce(r.key, '') || ' ' || r.sort"
    return [
        stored(town.connection, AT + 10**15),
        town.rows(
            f"select i.sort, i.key, i.is_known, o.key, {who}, l.traits, l.groups from identities i "
            "left join identities o on o.id = i.owner_id left join leads l on l.id = i.lead_id "
            "left join identities r on r.id = l.root_id order by 1, 2"
        ),
        town.rows(
            "select a.key, b.key, claimed, at, kind, source, message_id from standings "
            "join identities a on a.id = low_id join identities b on b.id = high_id order by 1, 2"
        ),
        town.rows("select key, purpose, is_given, at from consents join identities i on i.id = identity_id order by 1"),
        town.rows("select key, traits from given_traits join identities i on i.id = identity_id order by 1, 2::text"),
        town.rows("select digest::text, reason from suppressions order by 1"),
        town.rows("select digest::text from seen order by 1"),
        town.rows("select key, at, payload from events join identities i on i.id = identity_id order by 1, 2, 3"),
        town.rows("select count(*) from leads"),
        town.rows("select count(*) from imported"),
    ]


BEFORE = (
    accepted("Quote Requested", NOW - 50 * DAY, email="ana@example.com", anonymous_id="d1"),
    accepted("Page Viewed", NOW - 300 * DAY, anonymous_id="d9"),
    accepted("Document Downloaded", NOW - 60 * DAY, user_id="u2", anonymous_id="d2"),
    accepted("Consent Given", NOW - 60 * DAY, user_id="u2", purpose="phone"),
)
MORE = [
    *ROWS,
    a_row("Form Submitted", 1, email="carl@example.com", anonymous_id="d9"),
    a_row("Unsubscribed", 2, email="carl@example.com"),
    a_row("Email Bounced", 2, email="carl@example.com", type="hard"),
    a_row("Page Viewed", 0.5, email="dora@example.com", anonymous_id="d1"),
    a_row("Traits Set", 3, email="ana@example.com", traits={"job_title": "CEO"}),
]
GIVEN = [
    {"email": "eve@example.com", "user_id": "u2", "job_title": "CEO"},
    {"email": "ana@example.com", "city": "Nice"},
]


def test_an_import_that_is_taken_back_leaves_what_was_before(town: Town, tmp_path: Path) -> None:
    town.take(*BEFORE)
    before = _everything(town)
    events, leads = write(tmp_path / "e.ndjson", MORE), write(tmp_path / "l.ndjson", GIVEN)
    answer = bring(town.url, events, leads)
    assert _everything(town) != before
    taken = Undoing(town.url, answer.stored.id).run()
    assert taken["facts"] == answer.stored.counts["facts"]
    assert _everything(town) == before
    with pytest.raises(BadInput, match="taken back already"):
        Undoing(town.url, answer.stored.id).run()
    assert bring(town.url, events, leads).stored.counts["facts"] == answer.stored.counts["facts"]


def test_what_came_after_an_import_stays_when_it_is_taken_back(town: Town, tmp_path: Path) -> None:
    answer = bring(town.url, write(tmp_path / "e.ndjson", MORE))
    after = (
        accepted("Quote Requested", NOW, email="carl@example.com", anonymous_id="d5"),
        accepted("Page Viewed", NOW, anonymous_id="d9"),
        accepted("Page Viewed", NOW, email="carl@example.com", user_id="u8"),
    )
    town.take(*after)
    handed = town.handovers("carl@example.com")
    assert handed
    Undoing(town.url, answer.stored.id).run()
    found = _everything(town)
    assert town.handovers("carl@example.com") == handed
    assert stored(town.connection, AT).keys() == {("email", "carl@example.com")}
    assert town.rows("select key from identities order by 1") == [("carl@example.com",), ("d5",), ("d9",), ("u8",)]
    assert town.lead("d9") is None
    assert len(found[7]) == 3  # type: ignore[arg-type]  # events


def test_a_hand_over_whose_facts_are_taken_back_is_withdrawn_and_its_lead_stays(town: Town, tmp_path: Path) -> None:
    town.now = NOW
    answer = bring(town.url, write(tmp_path / "e.ndjson", [a_row("Quote Requested", 99.9, email="ana@example.com")]))
    lead = town.lead("ana@example.com")
    town.connection.execute("insert into episodes (lead_id, number, opened_at) values (%s, 1, %s)", [lead, NOW])
    town.connection.execute(
        "insert into handovers (lead_id, episode_id, model_id, team, treatment, kind, cause, causes, at, made_at, "
        "score, band, why) select %s, id, %s, 'sales', 'make-appointment', 'band', 'high', "
        "jsonb_build_array(jsonb_build_object('cause', 'high', 'at', %s)), %s, %s, 20, 'high', '[]' from episodes",
        [lead, town.model_id, NOW, NOW, NOW],
    )
    Undoing(town.url, answer.stored.id).run()
    assert town.handovers("ana@example.com") == [("sales", "band", "high", True)]
    assert town.lead("ana@example.com") == lead
    assert town.score("ana@example.com") == 0


def test_an_import_that_was_ended_can_be_taken_back(town: Town, tmp_path: Path) -> None:
    events = write(tmp_path / "e.ndjson", ROWS)
    number = _begun(town.url, events)
    Undoing(town.url, number).run()
    assert town.rows("select standing from imports") == [("undone",)]
    assert bring(town.url, events).stored.id != number


def test_there_is_no_such_import(town: Town) -> None:
    with pytest.raises(BadInput, match="there is none"):
        Undoing(town.url, 99).run()


def test_live_facts_are_folded_while_an_import_runs(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "CHUNK", 50)
    rows = [
        a_row("Page Viewed", n / 100, email=f"p{n % 150}@example.com", anonymous_id=f"d{n % 120}") for n in range(3000)
    ]
    events = write(tmp_path / "e.ndjson", rows)
    live = [
        accepted("Document Downloaded", NOW, email=f"p{n % 150}@example.com", anonymous_id=f"d{n % 110}")
        for n in range(600)
    ]
    brought: list[Told] = []
    beside = threading.Thread(target=lambda: brought.append(bring(town.url, events)))
    beside.start()
    try:
        for low in range(0, len(live), 20):
            town.take(*live[low : low + 20])
    finally:
        beside.join()
    assert brought[0].stored.counts["facts"] == 3000
    together = write(
        tmp_path / "all.ndjson",
        [*rows, *({**a_row("Document Downloaded", 100, email=each.email, anonymous_id=each.anonymous_id),
                   "message_id": f"live{number}", "source": "web"} for number, each in enumerate(live))],
    )  # fmt: skip
    expected: Scores = scored(together, None, parse_model(MODEL, "town").model, AT)
    assert stored(town.connection, AT) == expected
