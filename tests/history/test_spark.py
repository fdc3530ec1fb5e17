"""Law 4 on Spark: a cluster gives the same scores, lines and states as this machine does, fact by fact or at once."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from couveuse.core import fold, ledger, reading
from couveuse.core.events import Fact
from couveuse.core.plan import plan
from couveuse.core.state import State, packed, unpacked
from couveuse.core.times import NEVER
from couveuse.errors import BadInput, CouveuseError
from couveuse.history import shares, spark, spark_session, spark_tasks
from couveuse.history.rejects import rejected
from couveuse.history.scoring import Request, Scoring, score
from tests.history import towns
from tests.laws import vocabulary as words
from tests.laws.strategies import World, leads_of

pytestmark = pytest.mark.spark

pytest.importorskip("pyspark", reason="PySpark is an extra; `make spark` installs it")

MASTER = "local[2]"
AFTER = words.instant("2029-01-01T00:00:00+00:00")
TINY = 1e-9


@pytest.fixture(scope="module", autouse=True)
def spark_here() -> Iterator[None]:
    """One session for the module: the JVM starts once, and is gone at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", towns.QUICK_JAVA)
        with spark_session.session(MASTER):
            from pyspark import SparkContext

            jvm = SparkContext._gateway.proc
            yield
    assert jvm.poll() is not None, "the JVM outlives its session"


def a_request(world: World, events: list[Path], folder: Path, **wanted: object) -> Request:
    leads = (str(towns.write_ndjson(folder / "leads.ndjson", world.leads)),) if world.leads else ()
    request = Request(
        events=tuple(map(str, events)),
        model=world.model,
        at=AFTER,
        now=AFTER,
        leads=leads,
        want_lines=True,
        want_states=True,
        visitors=True,
    )
    return replace(request, **wanted)


ASKED = ("scores", "states", "lines")
Tables = dict[str, list[dict[str, object]]]


def tables(scoring: Scoring) -> Tables:
    """All that a scoring says of leads, in a fixed order; how leads are numbered among the observed does not count."""
    with scoring:
        held = {name: list(scoring.rows(f"select * from {name} order by all")) for name in ASKED}
        held["observed"] = list(scoring.rows("select * exclude (lead) from observed order by all"))
        held["clusters"] = list(scoring.rows("select count(*) as n from observed group by lead order by 1"))
        held["rejects"] = [
            {"file": r.file, "line": r.line, "reason": r.reason, "text": r.text} for r in rejected(scoring.staging)
        ]
        held["counts"] = [{"counts": scoring.counts}]
        held["rules"] = [{"rule": rule, "tally": tally} for rule, tally in sorted(scoring.tallies.items())]
    return held


def assert_same(found: Tables, wanted: Tables) -> None:
    assert found.keys() == wanted.keys()
    for name in wanted:
        assert len(found[name]) == len(wanted[name]), name
        for one, other in zip(found[name], wanted[name], strict=True):
            assert near(one, other), f"{name}: {one}, not {other}"


def near(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < TINY
    if isinstance(one, shares.RuleTally) and isinstance(other, shares.RuleTally):
        return near({k: getattr(one, k) for k in one.__slots__}, {k: getattr(other, k) for k in other.__slots__})
    return one == other


def on_spark(request: Request) -> Tables:
    return tables(spark.score_on_spark(request, MASTER))


def here(request: Request) -> Tables:
    return tables(score(request))


# ---- Law 4 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_500_leads_score_the_same_fact_by_fact_at_once_in_processes_and_on_spark(seed, tmp_path, monkeypatch):
    town = towns.a_town(seed)
    files = [
        towns.write_ndjson(tmp_path / f"events-{number}.ndjson", rows)
        for number, rows in enumerate(towns.shared_by(town.rows, 2))
    ]
    request = a_request(town, files, tmp_path)
    found = on_spark(request)
    assert len(found["scores"]) >= 500
    assert_same(found, here(request))
    if seed == 0:
        monkeypatch.setattr(shares, "FEW_FACTS", 0)
        assert_same(found, here(replace(request, processes=2)))
    assert_as_the_core_says(town, found)


def assert_as_the_core_says(town: World, found: Tables) -> None:
    """Line by line what `fold` says of each lead, and by `advance`, one fact after another, the same state."""
    planned = plan(town.model)
    lines: dict[str, list[tuple[str, str, float]]] = {}
    for row in found["lines"]:
        lines.setdefault(str(row["lead"]), []).append((str(row["rule"]), str(row["kind"]), float(str(row["points"]))))
    states = {(row["sort"], row["lead"]): row["state"] for row in found["states"]}
    leads = leads_of(town)
    assert len(leads) == len(states)
    for lead in leads:
        always, facts = since_always(lead.facts)
        written = ledger.Ledger()
        state = fold.fold(planned, facts, email=lead.email, since_always=always, until=AFTER, ledger=written)
        assert packed(state) == states.pop(lead.owner), lead.owner
        told = sorted((x.rule, str(x.kind), x.points) for x in reading.lines(planned, state, written, AFTER))
        got = sorted(lines.get(lead.owner[1], []))
        assert [line[:2] for line in got] == [line[:2] for line in told]
        assert all(near(one[2], other[2]) for one, other in zip(got, told, strict=True))
        advanced = fold.begin(planned, lead.email, always)
        for fact in facts:
            fold.learn_verdict(advanced, fact)
        for fact in facts:
            if fact.event != "Verdict Given":
                advanced = fold.advance(planned, advanced, fact)
        assert_same_but_key(advanced, state)
    assert not states


def since_always(facts: tuple[Fact, ...]) -> tuple[dict[str, object], list[Fact]]:
    always: dict[str, object] = {}
    for fact in facts:
        if fact.at == NEVER:
            always.update({name: value for name, value in fact.traits.items() if value is not None})
    return always, fold.canonical(fact for fact in facts if fact.at != NEVER)


def assert_same_but_key(one: State, other: State) -> None:
    """Equal but for the last key, which a verdict moves and `advance` does not take."""
    last = max(one.key, other.key)
    left, right = one.copy(), other.copy()
    left.key = right.key = last
    assert packed(left) == packed(right)


def test_going_on_from_a_state_that_spark_wrote_equals_folding_all(tmp_path):
    town = towns.a_town(11, 120)
    events = [towns.write_ndjson(tmp_path / "events.ndjson", town.rows)]
    leads = leads_of(town)
    instants = sorted(fact.at for lead in leads for fact in lead.facts if fact.at != NEVER)
    cut = instants[len(instants) // 2]
    found = on_spark(a_request(town, events, tmp_path, at=cut))
    states = {(row["sort"], row["lead"]): str(row["state"]) for row in found["states"]}
    planned, gone_on = plan(town.model), 0
    for lead in leads:
        always, facts = since_always(lead.facts)
        state = unpacked(planned, states[lead.owner])
        for fact in facts:
            if fact.at > cut and fact.event != "Verdict Given":
                state = fold.advance(planned, state, fact)
                gone_on += 1
        assert_same_but_key(state, fold.fold(planned, facts, email=lead.email, since_always=always))
    assert gone_on > 100


# ---- Files ---------------------------------------------------------------------------------------------------------


def test_csv_gives_the_same_rejected_rows_and_all_else(tmp_path):
    town = towns.a_town(21, 60)
    first, second = towns.shared_by(town.rows, 2)
    files = [towns.write_csv(tmp_path / "a.csv", first), towns.write_csv(tmp_path / "b.csv", second)]
    text = files[0].read_text(encoding="utf-8").splitlines()
    commas = text[0].count(",")
    bad = ["," * commas, "too,few,cells", ("x" + "," * commas).replace("x,", "x,nowhen", 1)]
    files[0].write_text("\n".join([*text[:5], *bad, *text[5:]]) + "\n", encoding="utf-8")
    request = a_request(town, files, tmp_path)
    found = on_spark(request)
    assert_same(found, here(request))
    assert "wrong_number_of_cells" in {row["reason"] for row in found["rejects"]}
    assert len(found["rejects"]) >= 3


def test_parquet_is_read_in_pieces_beside_packed_lines_of_json(tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "PIECE_ROWS", 150)
    town = towns.a_town(22, 150)
    first, second = towns.shared_by(town.rows, 2)
    files = [
        towns.write_parquet(tmp_path / "a.parquet", first),
        towns.write_ndjson(tmp_path / "b.ndjson.gz", [*second, {"event": "Page Viewed"}]),
    ]
    assert len(spark.pieces_of(spark.inputs.Input(str(files[0]), spark.Format.PARQUET), 0)) > 1
    request = a_request(town, files, tmp_path, want_rules=True)
    found = on_spark(request)
    assert_same(found, here(request))
    assert found["counts"][0]["counts"].copies > 10
    assert found["rules"]


def test_copies_in_other_files_and_of_other_leads_count_once(tmp_path):
    row = {"event": "Page Viewed", "occurred_at": "2026-03-01T10:00:00Z", "message_id": "m1"}
    owner = {"email": "alice@example.com", "user_id": "u1"}
    rows = [
        [{**row, **owner}, {"event": "Quote Requested", "occurred_at": "2026-03-02T10:00:00", **owner}],
        [{"occurred_at": "2026-03-02T09:00:00Z", "event": "Quote Requested", **owner}],
        [{**row, "email": "bob@example.com", "occurred_at": "2026-03-01T09:00:00Z"}, {**row, **owner}],
        [{**row, **owner, "source": "web"}],
    ]
    files = [towns.write_ndjson(tmp_path / f"{number}.ndjson", held) for number, held in enumerate(rows)]
    town = replace(towns.a_town(3, 1), leads=())
    request = a_request(replace(town, model=replace(town.model, timezone="Europe/Paris")), files, tmp_path)
    found = on_spark(request)
    assert_same(found, here(request))
    counts = found["counts"][0]["counts"]
    assert (counts.rows, counts.copies, counts.facts, counts.without_zone, counts.leads) == (6, 3, 3, 1, 2)
    assert [row["lead"] for row in found["scores"]] == ["alice@example.com", "bob@example.com"]


# ---- What may be asked ---------------------------------------------------------------------------------------------


def test_visitors_are_left_out_unless_asked_for_and_rates_are_observed_the_same(tmp_path):
    town = towns.a_town(6, 200)
    events = [towns.write_ndjson(tmp_path / "events.ndjson", town.rows)]
    model = replace(town.model, conversion=replace(town.model.conversion, event="Form Submitted"))
    request = a_request(replace(town, model=model), events, tmp_path, visitors=False, want_rates=True)
    found = on_spark(request)
    assert_same(found, here(request))
    assert found["counts"][0]["counts"].visitors
    assert "anonymous_id" not in {row["sort"] for row in found["scores"]}
    assert found["observed"]


def test_what_was_not_known_yet_does_not_count(tmp_path):
    town = towns.a_town(7, 80)
    events = [towns.write_ndjson(tmp_path / "events.ndjson", town.rows)]
    instants = sorted(fact.at for lead in leads_of(town) for fact in lead.facts)
    request = a_request(town, events, tmp_path, known_at=instants[len(instants) // 2], want_lines=False)
    found = on_spark(request)
    assert_same(found, here(request))
    assert 0 < found["counts"][0]["counts"].facts < len(town.rows) * 0.7


def test_leads_alone_are_scored_and_the_files_say_who_won(tmp_path):
    leads = [
        {"email": "alice@example.com", "user_id": "u1", "won": "yes", "city": "Orléans"},
        {"email": "bob@example.com", "won": "no", "department": "Achats"},
        {"user_id": "u1", "job_title": "buyer", "won": ""},
        {"anonymous_id": "d1", "city": "Paris"},
        {"city": "Paris"},
    ]
    town = replace(towns.a_town(8, 3), leads=tuple(leads))
    events = [towns.write_ndjson(tmp_path / "events.ndjson", [*town.rows, {"event": "Page Viewed"}])]
    request = a_request(town, events, tmp_path, won="won")
    found = on_spark(request)
    assert_same(found, here(request))
    won = {row["lead"]: row["won"] for row in found["scores"]}
    assert (won["alice@example.com"], won["bob@example.com"], won["d1"]) == (True, False, False)
    assert found["counts"][0]["counts"].rejects["lead_no_identity"] == 1


def test_one_lead_is_scored_alone(tmp_path):
    town = towns.a_town(9, 40)
    events = [towns.write_ndjson(tmp_path / "events.ndjson", town.rows)]
    whole = a_request(town, events, tmp_path)
    all_leads = here(whole)
    name = next(str(row["lead"]) for row in all_leads["scores"] if row["sort"] == "email" and row["behaviour"])
    found = on_spark(replace(whole, only=name.upper()))
    assert found["lines"] == [row for row in all_leads["lines"] if row["lead"] == name]
    assert [row["lead"] for row in found["scores"]] == [name]


# ---- What goes wrong -----------------------------------------------------------------------------------------------


def test_a_file_that_breaks_off_is_said_with_its_name(tmp_path):
    town = towns.a_town(10, 60)
    path = towns.write_ndjson(tmp_path / "events.ndjson.gz", town.rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"events\.ndjson\.gz: cannot be read"):
        spark.score_on_spark(a_request(town, [path], tmp_path), MASTER)


def test_a_history_without_a_fact_is_refused_with_the_reason(tmp_path):
    path = towns.write_ndjson(tmp_path / "events.ndjson", [{"event": "Page Viewed", "email": "alice@example.com"}])
    with pytest.raises(BadInput, match="no usable row of 1; 1 rejected, no time"):
        spark.score_on_spark(a_request(replace(towns.a_town(1, 1), leads=()), [path], tmp_path), MASTER)


def test_another_version_on_a_worker_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "Job", partial(spark_tasks.Job, version="0.0.0"))
    path = towns.write_ndjson(tmp_path / "events.ndjson", towns.a_town(1, 1).rows)
    with pytest.raises(CouveuseError, match=r"this machine 0\.0\.0; on each worker: pip install"):
        spark.score_on_spark(a_request(towns.a_town(1, 1), [path], tmp_path), MASTER)


def test_a_session_on_another_master_is_not_taken_over():
    with (
        pytest.raises(CouveuseError, match=r"a session on local\[2\] is running; stop it first"),
        spark_session.session("local[1]"),
    ):
        pass
