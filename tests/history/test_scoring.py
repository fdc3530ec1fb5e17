"""A whole history scored: typed columns, several files, copies between files, nothing left behind."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from couveuse.core.times import instant
from couveuse.documents.reading import parse_model
from couveuse.history.scoring import Request, landmarks, score
from tests.cli.files import HISTORY, text, write

MODEL = parse_model(
    """
couveuse: 1
name: small
timezone: Europe/Paris
rules:
  - {id: pump, event: Page Viewed, where: {properties.cart.item: pump}, points: 3}
  - {id: large, event: Page Viewed, where: {amount: {gte: 10}}, points: 5}
  - {id: mobile, event: Page Viewed, where: {context.device: phone}, points: 7}
  - {id: boss, event: Page Viewed, where: {traits.job_title: CEO}, points: 11}
  - {id: again, event: Page Viewed, where: {tags: {contains: vip}}, points: 13}
fit: [{id: known, where: {traits.job_title: CEO}, points: 100}]
bands: [{id: all, rate: 0, temperature: cold}]
""",
    "small",
).model
AT = instant("2026-04-01T00:00:00Z", ZoneInfo("UTC")) or 0


def a_request(*events: Path, **more: object) -> Request:
    return Request(tuple(map(str, events)), MODEL, AT, AT, processes=1, **more)  # type: ignore[arg-type]


def scores(*events: Path, **more: object) -> dict[object, object]:
    with score(a_request(*events, **more)) as scoring:
        return {row["lead"]: row["score"] for row in scoring.scores()}


BASE: Mapping[str, Sequence[object]] = {
    "event": ["Page Viewed"] * 3,
    "occurred_at": ["2026-03-03T15:00:00Z", "2026-03-04T15:00:00Z", "2026-03-05T15:00:00Z"],
    "user_id": [1, 2, 3],
}
SAID = [
    {"cart": {"item": "pump"}, "amount": 12, "tags": ["vip", "b"]},
    {"cart": {"item": "pipe"}, "amount": 9.5, "tags": []},
    {"cart": None, "amount": None, "tags": None},
]
STRUCT = pa.struct(
    [("cart", pa.struct([("item", pa.string())])), ("amount", pa.float64()), ("tags", pa.list_(pa.string()))]
)
CONTEXT = [{"device": "phone"}, {"device": "desktop"}, None]
TRAITS = [{"job_title": "CEO"}, {"job_title": None}, None]
EXPECTED = {"1": 39.0, "2": 0.0, "3": 0.0}  # 3 + 5 + 7 + 11 + 13

TYPED: dict[str, dict[str, object]] = {
    "structs": {
        "properties": pa.array(SAID, STRUCT),
        "context": pa.array(CONTEXT, pa.struct([("device", pa.string())])),
        "traits": pa.array(TRAITS, pa.struct([("job_title", pa.string())])),
    },
    "JSON text": {
        "properties": [json.dumps(said) for said in SAID],
        "context": [json.dumps(said) if said else None for said in CONTEXT],
        "traits": [json.dumps(said) if said else None for said in TRAITS],
    },
    "maps": {
        "properties": [json.dumps(said) for said in SAID],
        "context": pa.array([[("device", "phone")], [("device", "desktop")], None], pa.map_(pa.string(), pa.string())),
        "traits": pa.array([[("job_title", "CEO")], [], None], pa.map_(pa.string(), pa.string())),
    },
    "columns": {
        "properties.cart.item": ["pump", "pipe", None],
        "amount": [12, 9, None],
        "tags": [["vip"], [], None],
        "context.device": ["phone", "desktop", None],
        "traits.job_title": ["CEO", None, None],
    },
    "bare structs": {
        "cart": pa.array([{"item": "pump"}, {"item": "pipe"}, None], pa.struct([("item", pa.string())])),
        "properties.amount": pa.array([12.0, 9.5, None]),
        "properties.tags": [["vip"], [], None],
        "context.device": pa.array(["phone", "desktop", None]).dictionary_encode(),
        "traits.job_title": ["CEO", None, None],
    },
}


@pytest.mark.parametrize("form", TYPED)
def test_typed_columns_say_what_json_says(form: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({**BASE, **TYPED[form]}), tmp_path / "e.parquet")
    assert scores(tmp_path / "e.parquet") == EXPECTED


def test_csv_holds_properties_as_json_or_by_dotted_columns(tmp_path: Path) -> None:
    rows = [dict(zip(BASE, row, strict=True)) for row in zip(*BASE.values(), strict=True)]
    parts = zip(rows, SAID, CONTEXT, TRAITS, strict=True)
    as_json = [
        {
            **row,
            "properties": json.dumps(said),
            "context": json.dumps(context or {}),
            "traits": json.dumps(traits or {}),
        }
        for row, said, context, traits in parts
    ]
    assert scores(write(tmp_path, "json.csv", text(as_json))) == EXPECTED
    dotted = [
        {**row, "properties.cart.item": "pump", "amount": "12", "context.device": "phone", "traits.job_title": "CEO"}
        if row["user_id"] == 1
        else row
        for row in rows
    ]
    assert scores(write(tmp_path, "dotted.csv", text(dotted))) == {**EXPECTED, "1": 26.0}


def test_columns_may_have_any_name(tmp_path: Path) -> None:
    row = {"event": "Page Viewed", "occurred_at": "2026-03-03T15:00:00Z", "email": "a@example.com", "amount": 12}
    odd = dict.fromkeys(
        ("n", "p", "v", "j", "ref", "whole", "flaw", "inst", "key", "sort", "a b", "it's", 'q"q', "é"), "x"
    )
    assert scores(write(tmp_path, "odd.csv", [{**row, **odd}])) == {"a@example.com": 5.0}
    assert scores(write(tmp_path, "odd.ndjson", [{**row, **odd}])) == {"a@example.com": 5.0}
    pq.write_table(pa.Table.from_pylist([{**row, **odd}]), tmp_path / "odd.parquet")
    assert scores(tmp_path / "odd.parquet") == {"a@example.com": 5.0}


def test_a_copy_in_another_file_and_form_is_one(tmp_path: Path) -> None:
    bare = [{name: value for name, value in row.items() if name != "message_id"} for row in HISTORY[:4]]
    first, second = write(tmp_path, "a.csv", bare), write(tmp_path, "b.ndjson", bare)
    with score(a_request(first, second)) as scoring:
        assert (scoring.counts.rows, scoring.counts.facts, scoring.counts.copies) == (8, 4, 4)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    scoring = score(a_request(write(tmp_path, "e.ndjson", HISTORY)))
    assert scoring.folder.is_dir()
    scoring.close()
    assert not scoring.folder.exists()


def test_landmarks_are_the_first_of_each_month_on_the_models_clock() -> None:
    first, last = (instant(text, ZoneInfo("UTC")) or 0 for text in ("2026-01-31T22:30:00Z", "2026-03-31T22:30:00Z"))
    paris = [instant(f"2026-{month:02d}-01T00:00:00", ZoneInfo("Europe/Paris")) for month in (2, 3, 4)]
    assert landmarks("Europe/Paris", first, last) == tuple(paris)
    assert landmarks("UTC", first, first) == ()
