"""`couveuse key` and `couveuse rejects`: who may send facts, and what could not be taken of what they sent."""

import json
import sys
from collections.abc import Sequence

from couveuse import configuration
from couveuse.cli import note
from couveuse.cli.databases import database
from couveuse.cli.tables import print_rows
from couveuse.core.times import iso, microseconds
from couveuse.engine import access
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput
from couveuse.report import snippets
from couveuse.store import rejects, write_keys
from couveuse.store.connections import connect
from couveuse.store.write_keys import KeyKind, WriteKey, normal_origin

BY = "command line"
# So much of a reject's body is shown in a table.
SHOWN = 120


def create(kind: KeyKind, source: str, origins: Sequence[str], rate: int | None, form: str) -> None:
    """Make a key, and show it this once, with what to paste where."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        try:
            made = access.make_key(
                connection, kind=kind, source=source, origins=origins, rate=rate, by=BY, now=now_us()
            )
        except access.BadField as error:
            raise BadInput(f"--{error.field.removesuffix('s')}: {error}") from error
    key, source = made.secret, source.strip()
    allowed = [normal_origin(text) for text in dict.fromkeys(origins)]
    if form == "json":
        told = {"key": key, "kind": kind.value, "source": source, "origins": allowed, "rate": rate}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    print(key)
    note("Keep it: it is shown this once.")
    print(snippets.text(key, kind, configuration.read().url))


def list_keys(form: str) -> None:
    """Every key, without the keys."""
    with database() as url, connect(url, "command") as connection:
        keys = write_keys.load_keys(connection)
    if form == "json":
        for key in keys:
            sys.stdout.write(json.dumps(_told(key), ensure_ascii=False) + "\n")
        return
    columns = ("id", "key", "kind", "source", "origins", "events a second", "made", "last used", "revoked")
    print_rows("Write keys", columns, [_cells(key) for key in keys], right=("id", "events a second"))


def _told(key: WriteKey) -> dict[str, object]:
    return {
        "id": key.id,
        "hint": key.hint,
        "kind": key.kind.value,
        "source": key.source,
        "origins": list(key.origins),
        "rate": key.rate,
        "created_at": iso(microseconds(key.created_at)),
        "revoked_at": key.revoked_at and iso(microseconds(key.revoked_at)),
        "used_at": key.used_at and iso(microseconds(key.used_at)),
    }


def _cells(key: WriteKey) -> list[str]:
    told = _told(key)
    dates = [str(told[name] or "")[:10] for name in ("created_at", "used_at", "revoked_at")]
    rate = str(key.rate or "any")
    return [str(key.id), f"{key.hint}...", key.kind.value, key.source, ", ".join(key.origins), rate, *dates]


def revoke(which: str) -> None:
    """Let a key in no more; it is named by its id, or by how it begins, or by itself."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        found = [key for key in write_keys.load_keys(connection) if _is_named(key, which)]
        if len(found) != 1:
            say = "no key is" if not found else f"{len(found)} keys are"
            raise BadInput(f"{which}: {say} so named; give the id that couveuse key list shows")
        if not access.revoke_key(connection, found[0].id, by=BY, now=now_us()):
            note(f"Key {found[0].id} was revoked before.")
            return
    note(f"Key {found[0].id} ({found[0].source}) is revoked; within seconds it lets nobody in.")


def _is_named(key: WriteKey, which: str) -> bool:
    return str(key.id) == which or key.hint == which.rstrip(".") or key.digest == write_keys.digest_of(which)


def list_rejects(most: int, form: str) -> None:
    """The latest rejects, each with its reason and its cure."""
    with database() as url, connect(url, "command") as connection:
        found = rejects.latest(connection, most)
    if form == "json":
        for row in found:
            told = {**row._asdict(), "received_at": iso(row.received_at), "cure": rejects.cure_of(row)}
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    cells = [
        [iso(row.received_at)[:19] + "Z", row.source, row.place, row.reason.replace("_", " "),
         row.detail or rejects.cure_of(row), row.body[:SHOWN]]
        for row in found
    ]  # fmt: skip
    print_rows("Latest rejects", ("when", "source", "place", "reason", "cure", "what was sent"), cells)
