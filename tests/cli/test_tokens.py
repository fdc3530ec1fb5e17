"""`couveuse token`: a token is shown once and kept as a digest; lists say what each may, and revoking ends it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from couveuse.cli import run
from couveuse.store.api_tokens import Scope, find_token

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def couveuse(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The exit code, the answer and what was said beside it."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)

    def said(*words: str) -> tuple[int, str, str]:
        code = run(("token", *words))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def test_a_token_is_shown_once_and_kept_as_a_digest(couveuse: Said, database: str) -> None:
    before = datetime.now(UTC)
    code, out, err = couveuse("create", "the CRM", "--scope", "leads:read", "--scope", "facts:read", "--days", "30")
    token = out.strip()
    assert (code, token[:4]) == (0, "cvt_")
    assert "shown once" in err
    with psycopg.connect(database) as connection:
        found = find_token(connection, token)
    assert found is not None
    assert (found.name, found.scopes) == ("the CRM", (Scope.LEADS_READ, Scope.FACTS_READ))
    assert found.expires_at is not None
    assert before <= found.expires_at - timedelta(days=30) <= datetime.now(UTC)
    assert all(token not in couveuse("list", "-f", form)[1] for form in ("table", "json", "csv"))


def test_tokens_are_listed_with_what_they_may_and_whether_they_let_in(couveuse: Said, database: str) -> None:
    couveuse("create", "one", "--scope", "leads:read")
    couveuse("create", "two", "--scope", "leads:write", "--scope", "leads:write")
    assert couveuse("revoke", "1")[0] == 0
    rows = [json.loads(line) for line in couveuse("list", "-f", "json")[1].splitlines()]
    assert [(row["id"], row["name"], row["scopes"], row["standing"], row["used_at"]) for row in rows] == [
        (1, "one", ["leads:read"], "revoked", None), (2, "two", ["leads:write"], "active", None),
    ]  # fmt: skip
    assert couveuse("list", "-f", "csv")[1].splitlines()[1].startswith("1,cvt_")
    assert "leads:write" in couveuse("list")[1]


def test_an_empty_list_says_what_to_do(couveuse: Said) -> None:
    assert "couveuse token create" in couveuse("list")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x"), "--scope"),
        (("create", "x", "--scope", "everything"), "there is no such scope; give leads:read, leads:write"),
        (("create", " ", "--scope", "leads:read"), "name the program"),
        (("create", "x" * 201, "--scope", "leads:read"), "name the program"),
        (("create", "x", "--scope", "leads:read", "--days", "0"), "--days"),
        (("revoke", "7"), "couveuse token list"),
        (("revoke", "x"), "NUMBER"),
    ],
)
def test_what_will_not_do_is_refused_in_one_line(couveuse: Said, words: tuple[str, ...], said: str) -> None:
    code, out, err = couveuse(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
