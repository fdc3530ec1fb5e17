"""The databases of tests: each is lent as if it had just been made, whatever the test before did to it."""

from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.databases import Pool


def _on(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(statement)  # type: ignore[arg-type]  # each is written in a test
        return done.fetchall() if done.description else []


@pytest.fixture
def own(server: str, template: str) -> Pool:
    return Pool(server, template)


IDENTITY = "insert into identities (digest, sort, key) values (gen_random_uuid(), 1, 'a-user') returning id"


def test_it_works(own: Pool) -> None:
    with own.lent() as first:
        assert _on(first, IDENTITY) == [(1,)]
    with own.lent() as second:
        assert second != first
        assert _on(second, "select count(*) from identities") == [(0,)]
        assert _on(second, IDENTITY) == [(1,)]
    assert own.copied == 1
    own.close()


def test_a_sequence_of_rows_that_never_came_begins_anew(own: Pool) -> None:
    with own.lent() as url, psycopg.connect(url) as connection:
        connection.execute(IDENTITY)
        connection.rollback()
    with own.lent() as url:
        assert _on(url, IDENTITY) == [(1,)]
    own.close()


def test_a_new_partition_is_gone(own: Pool) -> None:
    with own.lent() as url:
        _on(url, "create table of_a_test partition of lead_states for values in (7)")
    with own.lent() as url:
        assert _on(url, "select to_regclass('of_a_test')") == [(None,)]
    assert own.copied == 1
    own.close()


def test_whoever_is_still_connected_is_sent_away(own: Pool) -> None:
    with own.lent() as url:
        left = psycopg.connect(url)
        left.execute(IDENTITY)
    with pytest.raises(psycopg.OperationalError):
        left.execute("select 1")
    left.close()
    with own.lent() as url:
        assert _on(url, "select count(*) from identities") == [(0,)]
    own.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda url: "alter table leads add column of_a_test int",
        lambda url: "alter table leads add constraint of_a_test check (id < 100)",
        lambda url: "create index of_a_test on leads (id)",
        lambda url: "create table of_a_test ()",
        lambda url: "create schema of_a_test",
        lambda url: "create function of_a_test() returns int language sql return 1",
        lambda url: "delete from django_migrations where name = '0001_initial'",
        lambda url: f"alter database {urlsplit(url).path[1:]} set synchronous_commit = off",
    ],
)
def test_one_that_is_made_otherwise_is_not_lent_again(own: Pool, change: Callable[[str], str]) -> None:
    with own.lent() as url:
        _on(url, change(url))
    with own.lent():
        assert own.copied == 2
    own.close()
