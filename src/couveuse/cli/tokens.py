"""`couveuse token ...`: tokens of the API. A token is shown once, when it is made; only its digest is kept."""

import csv
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from couveuse import configuration
from couveuse.cli import note
from couveuse.core.times import iso, microseconds
from couveuse.engine import access
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput
from couveuse.store import api_tokens, connections, private
from couveuse.store.api_tokens import ApiToken, Scope

BY = "command line"
KEYS = ("id", "token", "name", "scopes", "standing", "created_at", "expires_at", "used_at")


def _url() -> str:
    return private.url(configuration.read())


def create(name: str, scopes: Sequence[str], days: int | None) -> None:
    """Make a token and print it; nobody can look it up later."""
    now = now_us()
    with connections.connect(_url(), "token", autocommit=True) as connection:
        made = access.make_token(connection, name=name, scopes=_scopes(scopes), days=days, by=BY, now=now)
    note("Keep this token now: it is shown once, and only its digest is kept.")
    print(made.secret)


def _scopes(words: Sequence[str]) -> list[Scope]:
    known = {scope.value: scope for scope in Scope}
    for word in words:
        if word not in known:
            raise BadInput(f"--scope {word}: there is no such scope; give {', '.join(known)}")
    return [known[word] for word in dict.fromkeys(words)]


def list_tokens(form: str) -> None:
    """Print every token: what it may do, whether it still lets in, and when it was last used."""
    now = datetime.fromtimestamp(time.time(), UTC)
    with connections.connect(_url(), "token") as connection:
        tokens = api_tokens.load_tokens(connection)
    PRINTERS[form]([_told(token, now) for token in tokens])


def _print_json(rows: Sequence[Mapping[str, object]]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _print_csv(rows: Sequence[Mapping[str, object]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(KEYS)
    writer.writerows([_cell(row[key]) for key in KEYS] for row in rows)


def _print_table(rows: Sequence[Mapping[str, object]]) -> None:
    from couveuse.cli.tables import print_rows

    print_rows("API tokens", KEYS, [[_cell(row[key]) for key in KEYS] for row in rows])
    if not rows:
        note("There is no token yet; make one: couveuse token create NAME --scope leads:read")


PRINTERS = {"table": _print_table, "json": _print_json, "csv": _print_csv}


def _told(token: ApiToken, now: datetime) -> dict[str, object]:
    return {
        "id": token.id,
        "token": f"{token.hint}...",
        "name": token.name,
        "scopes": list(token.scopes),
        "standing": token.standing(now),
        "created_at": _instant(token.created_at),
        "expires_at": _instant(token.expires_at),
        "used_at": _instant(token.used_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else iso(microseconds(moment.replace(microsecond=0)))


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def revoke(number: int) -> None:
    """Let a token in no more, from this moment on."""
    with connections.connect(_url(), "token", autocommit=True) as connection:
        revoked = access.revoke_token(connection, number, by=BY, now=now_us())
    if not revoked:
        raise BadInput(f"{number}: no such token that still lets in; see: couveuse token list")
    note(f"Token {number} lets nobody in any more.")
