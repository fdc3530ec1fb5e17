"""`couveuse key` and `couveuse rejects`: keys are shown once, and rejects with their cure."""

import json
from collections.abc import Callable

import psycopg
import pytest

from couveuse import configuration
from couveuse.cli import run
from couveuse.core.events import Reject
from couveuse.store.write_keys import KeyKind, digest_of, load_keys

Said = Callable[..., tuple[int, str, str]]
SITE = "https://www.example.com"


@pytest.fixture
def couveuse(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The exit code, the answer and what was said beside it."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_PUBLIC_URL", "https://couveuse.example.com")

    def said(*words: str) -> tuple[int, str, str]:
        code = run(words)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def test_a_key_is_shown_once_and_stored_as_a_digest(couveuse: Said, database: str) -> None:
    code, out, err = couveuse("key", "create", "--source", "crm")
    key = out.splitlines()[0]
    assert (code, key[:4]) == (0, "cvs_")
    assert "this once" in err
    with psycopg.connect(database) as connection:
        (stored,) = load_keys(connection)
        (row,) = connection.execute("select write_keys::text from write_keys").fetchone() or ("",)
    assert (stored.digest, stored.kind, stored.source, stored.rate) == (digest_of(key), KeyKind.SERVER, "crm", None)
    assert key not in row
    assert key not in couveuse("key", "list")[1]


def test_a_key_comes_with_what_to_paste(couveuse: Said) -> None:
    server = couveuse("key", "create", "--source", "crm")[1]
    public = couveuse("key", "create", "--source", "site", "--kind", "public", "--origin", SITE)[1]
    assert 'Client("cvs_' in server
    assert 'host="https://couveuse.example.com"' in server
    assert 'apiHost: "couveuse.example.com/v1", protocol: "https"' in public
    assert 'load("cvp_' in public
    assert 'writeKey: "couveuse:cvp_' in public


def test_keys_are_listed_and_revoked(couveuse: Said, database: str) -> None:
    made = json.loads(couveuse("key", "create", "--source", "site", "--kind", "public", "--origin",
                               "https://WWW.example.com/", "--rate", "50", "-f", "json")[1])  # fmt: skip
    assert (made["origins"], made["rate"]) == ([SITE], 50)
    (listed,) = [json.loads(line) for line in couveuse("key", "list", "-f", "json")[1].splitlines()]
    assert (listed["hint"], listed["revoked_at"]) == (made["key"][:8], None)
    assert "cvp_" in couveuse("key", "list")[1]
    code, _, err = couveuse("key", "revoke", str(listed["id"]))
    assert (code, "is revoked" in err) == (0, True)
    with psycopg.connect(database) as connection:
        assert load_keys(connection)[0].revoked_at is not None
    assert "was revoked before" in couveuse("key", "revoke", made["key"])[2]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--source", " "), "--source: give the name of what sends"),
        (("--source", "x" * 201), "--source: give the name of what sends"),
        (("--source", "site", "--kind", "public"), "--origin: say which site may use a public key"),
        (("--source", "crm", "--origin", SITE), "--origin: a server key is for no page"),
        (("--source", "site", "--kind", "public", "--origin", "example.com"), "write it as https://www.example.com"),
        (("--source", "site", "--rate", "0"), "--rate"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_the_cure(couveuse: Said, words: tuple[str, ...], cure: str) -> None:
    code, out, err = couveuse("key", "create", *words)
    assert (code, out) == (2, "")
    assert cure in err
    assert err.count("\n") == 1


def test_a_key_that_is_not_there_is_not_revoked(couveuse: Said) -> None:
    code, _, err = couveuse("key", "revoke", "17")
    assert (code, "no key is so named" in err) == (2, True)


def test_a_database_without_tables_is_told_from_one_with_them(
    couveuse: Said, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", server)
    assert configuration.read().database_url == server
    code, _, err = couveuse("key", "list")
    assert (code, "run couveuse migrate" in err) == (2, True)


def test_rejects_are_shown_the_latest_first_with_their_cure(couveuse: Said, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.cursor().executemany(
            "insert into rejects (source, received_at, reason, detail, place, body) values ('s', %s, %s, %s, %s, %s)",
            [
                (1_772_550_000_000_000, Reject.NO_IDENTITY, "", "track", '{"event": "X"}'),
                (1_772_550_001_000_000, Reject.TOO_MANY, "3 events beyond the first 2,500", "batch 2501", "{}"),
            ],
        )
    code, out, _ = couveuse("rejects")
    assert code == 0
    assert out.index("too many in a batch") < out.index("no identity")
    assert "give `userId`" in out
    last, first = [json.loads(line) for line in couveuse("rejects", "-f", "json")[1].splitlines()]
    assert (last["detail"], first["body"]) == ("3 events beyond the first 2,500", '{"event": "X"}')
    assert first["received_at"] == "2026-03-03T15:00:00Z"
    assert len(couveuse("rejects", "--top", "1", "-f", "json")[1].splitlines()) == 1
