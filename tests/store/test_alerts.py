"""Alerts: each once by its key; seen by the first who says so; page by page."""

import pytest

from couveuse.core.notices import NoticeKind
from couveuse.store import connections
from couveuse.store.alerts import NewAlert, Standing, acknowledge, alert, alerts_page, insert_alerts, withdraw_alerts


@pytest.fixture
def connection(database):
    with connections.connect(database, "test", autocommit=True) as connection:
        yield connection


def made(connection, number=1, team="sales", lead=7, kind=NoticeKind.HANDED_OVER, now=100):
    return insert_alerts(connection, [NewAlert(kind, f"{kind}:{number}", lead, team)], now)[0]


def test_it_works(connection):
    number = made(connection)
    found = alert(connection, number)
    assert (found.kind, found.key, found.lead_id, found.team, found.at) == (
        NoticeKind.HANDED_OVER, "handed_over:1", 7, "sales", 100,
    )  # fmt: skip
    assert alert(connection, number + 1) is None


def test_a_key_is_made_once(connection):
    two = [NewAlert(NoticeKind.OVERDUE, key, 7, "sales") for key in ("overdue:1:1", "overdue:1:2")]
    first, second = insert_alerts(connection, two, 1)
    assert first != second
    assert insert_alerts(connection, two, 2) == [None, None]
    assert insert_alerts(connection, [], 3) == []


def test_the_first_who_sees_it_is_told(connection):
    number = made(connection)
    assert acknowledge(connection, number, by="Alice", now=1)
    assert acknowledge(connection, number, by="Bob", now=2)
    assert (alert(connection, number).acknowledged_by, alert(connection, number).acknowledged_at) == ("Alice", 1)
    assert not acknowledge(connection, number + 1, by="Alice", now=1)


def test_pages_go_on_where_the_last_one_ended(connection):
    numbers = [made(connection, number, now=number // 2) for number in range(5)]
    seen, after = [], None
    while True:
        page, after = alerts_page(connection, most=2, **({"after": after} if after else {}))
        seen += [each.id for each in page]
        if after is None:
            break
    assert seen == numbers[::-1]


def test_pages_are_of_whom_and_what_was_asked(connection):
    sales, desk = made(connection, 1), made(connection, 2, team="desk", lead=8)
    late = made(connection, 3, kind=NoticeKind.OVERDUE)

    def found(**words):
        return {each.id for each in alerts_page(connection, most=9, **words)[0]}

    assert found(teams=["desk"]) == {desk}
    assert found(lead_id=7) == {sales, late}
    assert found(kinds=[NoticeKind.OVERDUE]) == {late}
    acknowledge(connection, sales, by="Alice", now=1)
    withdraw_alerts(connection, [desk], 2)
    assert found(standing=Standing.UNSEEN) == {late}
    assert found(standing=Standing.ACKNOWLEDGED) == {sales}
    assert found(standing=Standing.WITHDRAWN) == {desk}
    assert [alert(connection, each).standing for each in (late, sales, desk)] == list(Standing)
    assert found() == {sales, desk, late}
