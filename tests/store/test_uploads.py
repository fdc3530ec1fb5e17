"""Uploads are kept in pieces that any machine reads, and go when they are done or old."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection

from couveuse.store import jobs, uploads
from couveuse.store.connections import connect

NOW = 1_780_000_000_000_000
Store = Connection[Any]


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with connect(database, "test", autocommit=True) as connection:
        yield connection


def add(store: Store, content: bytes = b"email\n", *, now: int = NOW, digest: bytes = b"d") -> uploads.Upload:
    with store.transaction():
        number = uploads.add(
            store, io.BytesIO(content), name="e.csv", kind="events", size=len(content), digest=digest, format_="csv",
            compression="", preview={"columns": ["email"]}, by="alice", now=now,
        )  # fmt: skip
    found = uploads.find(store, number)
    assert found is not None
    return found


def test_a_file_comes_back_as_it_was_piece_by_piece(store: Store) -> None:
    content = bytes(range(256)) * 10_000
    file = add(store, content)
    pieces = list(uploads.pieces(store, file.id))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= uploads.PIECE_BYTES
    assert len(pieces) == 3
    assert uploads.kept_bytes(store) == len(content) == file.size


def test_a_file_that_is_done_keeps_nothing_of_a_person(store: Store) -> None:
    file = add(store)
    uploads.want(store, file.id, "events", {"basis": ""})
    uploads.foresee(store, file.id, {"basis": ""}, {"best": ["ana@example.com"]})
    with store.transaction():
        uploads.empty(store, file.id, NOW)
    found = uploads.find(store, file.id)
    assert found is not None
    assert (found.preview, found.foreseen, found.emptied_at) == ({}, None, NOW)
    assert list(uploads.pieces(store, file.id)) == []
    assert uploads.kept_bytes(store) == 0
    assert uploads.open_uploads(store, 10) == []


def test_an_old_file_goes_unless_somebody_works_on_it(store: Store) -> None:
    old, worked_on, fresh = add(store, now=1), add(store, now=1), add(store)
    uploads.work_on(store, worked_on.id, jobs.ask(store, "import", {"upload": worked_on.id}, "alice", NOW))
    assert uploads.forget_old(store, NOW) == 1
    assert [each.id for each in uploads.open_uploads(store, 10)] == [fresh.id, worked_on.id]
    assert list(uploads.pieces(store, old.id)) == []


def test_what_was_foreseen_under_other_answers_is_not_kept(store: Store) -> None:
    file = add(store)
    uploads.want(store, file.id, "events", {"basis": "consent"})
    uploads.foresee(store, file.id, {"basis": ""}, {"facts": 1})
    assert uploads.find(store, file.id).foreseen is None  # type: ignore[union-attr]
    uploads.foresee(store, file.id, {"basis": "consent"}, {"facts": 1})
    assert uploads.find(store, file.id).foreseen == {"facts": 1}  # type: ignore[union-attr]
    uploads.want(store, file.id, "leads", {"basis": "consent"})
    assert uploads.find(store, file.id).foreseen is None  # type: ignore[union-attr]


def test_a_nul_in_what_was_seen_is_kept_as_a_mark(store: Store) -> None:
    file = add(store)
    uploads.look(store, file.id, {"columns": ["a\x00b"]})
    assert uploads.find(store, file.id).preview == {"columns": ["a\ufffdb"]}  # type: ignore[union-attr]


def test_the_last_mapping_of_a_head_counts(store: Store) -> None:
    assert uploads.mapping_of(store, b"head") is None
    for name in ("email", "user_id"):
        uploads.keep_mapping(store, b"head", {"names": {"Courriel": name}}, by="alice", now=NOW)
    assert uploads.mapping_of(store, b"head") == {"names": {"Courriel": "user_id"}}
