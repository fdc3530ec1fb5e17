"""A recorded history made live: moved by whole weeks, its end sent as an SDK sends it."""

import json

from couveuse.cli.replaying import WEEK_US, message, paced, split
from couveuse.core.times import DAY_US, iso

END = 1_782_000_000_000_000


def rows(count: int) -> list[dict[str, object]]:
    return [
        {"event": "Page Viewed", "occurred_at": iso(END - n * DAY_US), "email": "alice@example.com", "path": f"/{n}"}
        for n in range(count)
    ]


def test_it_works(tmp_path):
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(json.dumps(row) for row in rows(10)), encoding="utf-8")
    now = END + 3 * WEEK_US + 5 * DAY_US
    found = split(file, tmp_path / "past.ndjson", now=now, last=2 * DAY_US)
    past = [json.loads(line) for line in found.past.read_text("utf-8").splitlines()]
    assert (found.rows, len(past), len(found.coming)) == (8, 8, 2)
    assert past[0]["occurred_at"] == iso(END - 2 * DAY_US + 3 * WEEK_US)
    assert [row["path"] for row in found.coming] == ["/1", "/0"]


def test_a_row_is_sent_as_an_sdk_sends_it():
    view = message({"event": "Page Viewed", "email": "a@example.com", "anonymous_id": "d", "path": "/x"}, "m1")
    assert (view["type"], view["properties"], view["context"]) == (
        "page", {"path": "/x"}, {"traits": {"email": "a@example.com"}},
    )  # fmt: skip
    traits = message({"event": "Traits Set", "email": "a@example.com", "traits": {"job_title": "CEO"}}, "m2")
    assert (traits["type"], traits["traits"]) == ("identify", {"job_title": "CEO", "email": "a@example.com"})
    track = message({"event": "Quote Requested", "user_id": "u", "properties": {"amount": 5}}, "m3")
    assert (track["type"], track["event"], track["properties"], track["userId"]) == (
        "track", "Quote Requested", {"amount": 5}, "u",
    )  # fmt: skip


def test_every_row_is_sent_once_and_in_order():
    sent = [row for handful in paced(rows(25), 0.2) for row in handful]
    assert sent == rows(25)
