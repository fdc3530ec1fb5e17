"""`--rates`: per band and landmark, against the same counted here by hand from the core."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from couveuse.core.events import Fact, Row, check
from couveuse.core.fold import canonical, fold
from couveuse.core.plan import plan
from couveuse.core.reading import at as reading_at
from couveuse.core.times import DAY_US, instant, microseconds
from couveuse.documents.reading import read_model
from tests.cli.conftest import Ask
from tests.cli.files import write

ZONE = ZoneInfo("Europe/Paris")
MODEL = """
couveuse: 1
name: small
timezone: Europe/Paris
half_life: 60d
rules:
  - {id: view, event: Page Viewed, points: 4}
  - {id: quote, event: Quote Requested, points: 20}
irrelevant: [{class: competitor, where: {traits.rival: true}}]
bands:
  - {id: low, up_to: 10, rate: 0.05, temperature: cold}
  - {id: high, rate: 0.5, temperature: hot}
conversion: {event: Opportunity Won, within: 60d}
"""


def a_fact(email: str, event: str, when: str, name: str, **more: object) -> dict[str, object]:
    return {"event": event, "occurred_at": when, "email": email, "message_id": name, **more}


HISTORY = [
    # Converted within the horizon of the second landmark, and not before.
    a_fact("ada@example.com", "Page Viewed", "2025-01-10T00:00:00Z", "a1"),
    a_fact("ada@example.com", "Quote Requested", "2025-02-20T00:00:00Z", "a2"),
    a_fact("ada@example.com", "Opportunity Won", "2025-03-20T00:00:00Z", "a3"),
    a_fact("ada@example.com", "Page Viewed", "2025-04-20T00:00:00Z", "a4"),
    # Never converted; gone quiet after 180 days.
    a_fact("bob@example.com", "Page Viewed", "2025-01-15T00:00:00Z", "b1"),
    # Two hits of a machine, found out between two landmarks: hot before the verdict, cold after.
    a_fact("cid@example.com", "Quote Requested", "2025-01-20T00:00:00Z", "c1"),
    a_fact("cid@example.com", "Verdict Given", "2025-03-15T00:00:00Z", "c2", of="c1", verdict="machine"),
    # Irrelevant from a day in March on, and not before.
    a_fact("dan@example.com", "Quote Requested", "2025-01-25T00:00:00Z", "d1"),
    a_fact("dan@example.com", "Traits Set", "2025-03-10T00:00:00Z", "d2", traits={"rival": True}),
    # The conversion is later than the horizon of the first landmarks; then it is within.
    a_fact("eve@example.com", "Page Viewed", "2025-01-31T00:00:00Z", "e1"),
    a_fact("eve@example.com", "Opportunity Won", "2025-06-20T00:00:00Z", "e2"),
    # The win is a machine's: no conversion.
    a_fact("fay@example.com", "Page Viewed", "2025-02-02T00:00:00Z", "f1"),
    a_fact("fay@example.com", "Opportunity Won", "2025-02-25T00:00:00Z", "f2"),
    a_fact("fay@example.com", "Verdict Given", "2025-02-26T00:00:00Z", "f3", of="f2", verdict="machine"),
    # Twice over, on the landmark itself.
    a_fact("gus@example.com", "Page Viewed", "2025-02-28T23:00:00Z", "g1"),
    a_fact("gus@example.com", "Page Viewed", "2025-02-28T23:00:00Z", "g1"),
    # The end of what is known.
    a_fact("hal@example.com", "Page Viewed", "2025-09-10T00:00:00Z", "h1"),
]


def by_hand(model: Path) -> dict[str, tuple[int, int, int, int]]:
    """Leads, readings, conversions and readings whose horizon has not ended, of each band."""
    known = read_model(str(model)).model
    planned = plan(known)
    end = max(at(row) for row in HISTORY)
    landmarks = [microseconds(datetime(2025, month, 1, tzinfo=ZONE)) for month in range(2, 10)]
    leads: dict[str, set[str]] = {"low": set(), "high": set()}
    counts = {band: [0, 0, 0] for band in leads}
    for email in sorted({str(row["email"]) for row in HISTORY}):
        facts = facts_of(email)
        machines = {str(f.properties["of"]) for f in facts if f.event == "Verdict Given"}
        won = [f.at for f in facts if f.event == "Opportunity Won" and f.message_id not in machines]
        for landmark in landmarks:
            known_then = [fact for fact in facts if fact.at <= landmark]
            stood = [f.at for f in known_then if f.event != "Verdict Given" and is_counted(f, known_then)]
            if not stood or landmark - max(stood) >= 180 * DAY_US or any(at <= landmark for at in won):
                continue
            reading = reading_at(planned, fold(planned, known_then, email=email), landmark)
            if reading.lead_class is not None:
                continue
            horizon = landmark + 60 * DAY_US
            if horizon > end:
                counts[reading.band.id][2] += 1
                continue
            leads[reading.band.id].add(email)
            counts[reading.band.id][0] += 1
            counts[reading.band.id][1] += any(landmark < at <= horizon for at in won)
    return {band: (len(leads[band]), *counts[band]) for band in leads}  # type: ignore[misc]


def is_counted(fact: Fact, known: list[Fact]) -> bool:
    return not any(f.event == "Verdict Given" and f.properties["of"] == fact.message_id for f in known)


def at(row: dict[str, object]) -> int:
    found = instant(str(row["occurred_at"]), ZONE)
    assert found is not None
    return found


def facts_of(email: str) -> list[Fact]:
    rows = [check(row, zone=ZONE, latest=2**60) for row in HISTORY if row["email"] == email]
    return canonical([row.fact for row in rows if isinstance(row, Row)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.yaml"
    path.write_text(MODEL)
    return path


def test_rates_are_those_counted_by_hand(ask: Ask, model: Path, tmp_path: Path) -> None:
    events = write(tmp_path, "events.ndjson", HISTORY)
    answer = ask("score", events, "--model", model, "--at", "2025-10-15", "--rates")
    assert answer.code == 0
    table = answer.out[answer.out.index("Conversion rates, per lead and month") :].splitlines()
    expected = by_hand(model)
    assert expected["high"][2] > 0
    for band, (leads, readings, conversions, not_ended) in expected.items():
        (line,) = [line for line in table if line.split()[:1] == [band]]
        cells = line.split()
        assert [int(cell) for cell in cells[1:4]] == [leads, readings, conversions]
        assert float(cells[4].rstrip("%")) == pytest.approx(100 * conversions / readings, abs=0.05)
        assert cells[8:10] == [{"low": "5%", "high": "50%"}[band], str(not_ended)]


def test_a_rate_counted_over_too_little_is_said_to_be(ask: Ask, model: Path, tmp_path: Path) -> None:
    events = write(tmp_path, "events.ndjson", HISTORY)
    assert "too few" in ask("score", events, "--model", model, "--at", "2025-10-15", "--rates").out
