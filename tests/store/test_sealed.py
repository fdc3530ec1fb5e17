"""What is sealed is opened by the same key under the same name, and by nothing else."""

import pytest

from couveuse.store import sealed
from couveuse.store.connections import connect
from couveuse.store.sealed import Box, CannotOpen

BOX = Box("a secret key of a test, and of nothing else")


def test_it_works(database):
    with connect(database, "test", autocommit=True) as connection:
        sealed.put_secret(connection, BOX, "sales", "https://hooks.example.com/x", by="alice", now=1)
        sealed.put_secret(connection, BOX, "sales", "https://hooks.example.com/y", by="bob", now=2)
        assert sealed.secret(connection, BOX, "sales") == "https://hooks.example.com/y"
        assert sealed.names(connection) == [("sales", 2, "bob")]
        assert sealed.remove_secret(connection, "sales")
        assert sealed.secret(connection, BOX, "sales") is None
        assert not sealed.remove_secret(connection, "sales")


def test_twice_the_same_is_not_the_same():
    assert BOX.seal("a", "text") != BOX.seal("a", "text")
    assert b"text" not in BOX.seal("a", "text")


@pytest.mark.parametrize(
    ("box", "name", "change"),
    [
        (Box("another secret key of a test, or so"), "a", lambda sealed: sealed),
        (BOX, "b", lambda sealed: sealed),
        (BOX, "a", lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (BOX, "a", lambda sealed: b"\x02" + sealed[1:]),
        (BOX, "a", lambda sealed: sealed[:5]),
        (BOX, "a", lambda _: b""),
    ],
)
def test_anything_else_opens_nothing(box, name, change):
    with pytest.raises(CannotOpen, match="set it again"):
        box.open(name, change(BOX.seal("a", "text")))
