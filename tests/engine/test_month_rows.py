"""The rows of a month in the archive's order: what stays is found again by identity and instant, and nothing twice."""

from heapq import merge

from couveuse.archive.layout import ArchivedRow
from couveuse.engine.month_rows import in_order, once, order


def row(identity_id: int, at: int, message_id: str, *, event: str = "Page Viewed", stays: bool = False) -> ArchivedRow:
    return ArchivedRow(identity_id, at, at, event, "web", 0, None, message_id, None, None, None, stays)


def test_rows_of_one_instant_stand_in_canonical_order() -> None:
    rows = [row(1, 5, "b"), row(1, 5, "a"), row(1, 6, "0"), row(2, 5, "c")]
    assert [each.message_id for each in in_order(rows)] == ["a", "b", "0", "c"]
    assert list(in_order([])) == []


def test_where_one_of_an_instant_stays_all_of_it_do() -> None:
    rows = [row(1, 4, "z"), row(1, 5, "b", stays=True), row(1, 5, "a"), row(2, 5, "c")]
    assert [(each.message_id, each.is_kept) for each in in_order(rows)] == [
        ("z", False), ("a", True), ("b", True), ("c", False),
    ]  # fmt: skip


def test_of_a_fact_that_stands_in_the_archive_and_here_the_one_here_is_kept() -> None:
    archived = [row(1, 5, "a"), row(1, 5, "b")]
    here = [row(1, 5, "b")._replace(properties="{}"), row(3, 1, "d")]
    found = list(once(merge(archived, here, key=order)))
    assert [each.message_id for each in found] == ["a", "b", "d"]
    assert found[1].properties == "{}"
    assert list(once([])) == []
