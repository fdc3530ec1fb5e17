"""`couveuse backup`, `couveuse backups`, `couveuse restore`: what is saved, what there is, and how it comes back."""

import csv
import json
import sys
from pathlib import Path

import psycopg
from rich.table import Table

from couveuse import configuration
from couveuse.cli import confirming, note
from couveuse.cli.databases import database
from couveuse.cli.tables import console, many
from couveuse.configuration import Configuration
from couveuse.core.times import iso
from couveuse.engine import archiving
from couveuse.engine.backing_up import Backup, back_up, list_backups, open_backup
from couveuse.engine.clocks import now_us
from couveuse.engine.restoring import restore as restore_backup
from couveuse.errors import BadInput
from couveuse.store import backups as store
from couveuse.store import connections, private

COLUMNS = ("at", "version", "bytes", "because", "place", "error")


def backup(to: str | None) -> None:
    """Make a backup now, while everything runs, and print where it is."""
    settings = configuration.read()
    folder = Path(to) if to else None
    with database() as url:
        made = back_up(url, settings, because="by hand", now=now_us(), folder=folder, ended=now_us)
    note(f"{_size(made.size)}, {many(sum(made.tables.values()), 'row')}, read again to the end. {_secrets(made)}")
    print(made.place)


def _secrets(made: Backup) -> str:
    if "secret-key" in made.manifest["files"]:
        return "It holds the key that signs links and opens secrets: only its owner may read it, and so should it stay."
    return "The key that signs links comes from the environment and is not in it: keep COUVEUSE_SECRET_KEY apart."


def list_all(form: str) -> None:
    """List the backups that are there, the newest first, and failures that the database knows."""
    settings = configuration.read()
    folder = store.folder_of(settings)
    rows = [_row(each) for each in list_backups(folder)] + _failures(settings)
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    if form == "json":
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    if not rows:
        note(f"There is none in {folder}; make one: couveuse backup")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("at", "version", "size", "because", "place"):
        table.add_column(name, overflow="fold")
    for row in rows:
        size = row["bytes"]
        told = _size(size) if isinstance(size, int) else "failed"
        table.add_row(str(row["at"]), str(row["version"]), told, str(row["because"]), str(row["place"] or row["error"]))
    console().print(table)


def _row(each: Backup) -> dict[str, object]:
    return {"at": iso(each.at), "version": each.version, "bytes": each.size, "because": each.because,
            "place": str(each.place), "error": ""}  # fmt: skip


def _failures(settings: Configuration) -> list[dict[str, object]]:
    """Those of the last ones that failed, where the database answers."""
    try:
        with connections.connect(private.url(settings), "backups", autocommit=True) as connection:
            latest = store.latest(connection, 20)
    except (connections.NoDatabase, psycopg.Error):
        return []
    return [
        {"at": iso(row.at), "version": "", "bytes": None, "because": row.because, "place": "", "error": row.error}
        for row in latest
        if row.error
    ]


def restore(place: str, database_url: str | None, yes: bool) -> None:
    """Restore a backup into the configured database, or another one; then say what to do next."""
    settings = configuration.read()
    if database_url is not None:
        settings = _other(settings, database_url)
    found = open_backup(Path(place))
    with private.attach_or_start(settings, note) as url:
        replace = yes or _is_wanted(url, found)
        done = restore_backup(
            url, settings, found.place, replace=replace, now=now_us(), by="command line", say=note,
            archive=archiving.taker(settings),
        )  # fmt: skip
    note(f"Restored {many(done.rows, 'row')} as of {iso(found.at)}, made by version {done.version}.")
    if done.migrated:
        note(f"{many(len(done.migrated), 'migration')} applied.")
    if done.erased:
        note(f"{many(done.erased, 'erasure')} made again that came after the backup.")
    note(f"The stored scores of {many(done.checked, 'lead')} were folded again, and are the same.")
    for wrong in done.lacking:
        note(f"The archive: {wrong}")
    if done.key:
        note(done.key)
    note("Nothing goes out yet, for what waited may have gone out since. Look at it: couveuse outgoing list")
    note("Then let it go: couveuse outgoing go")


def _other(settings: Configuration, url: str) -> Configuration:
    from dataclasses import replace
    from urllib.parse import urlsplit

    if urlsplit(url).password:
        raise BadInput(
            "--database-url: a password on a command line can be read by others; leave it out and give it in "
            "PGPASSFILE or ~/.pgpass, or set COUVEUSE_DATABASE_URL_FILE"
        )
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise BadInput("--database-url: write it as postgresql://user@host/database")
    return replace(settings, database_url=url)


def _is_wanted(url: str, found: Backup) -> bool:
    """Whether a person at a terminal wants all that stands in the database replaced; nobody else is asked."""
    with connections.connect(url, "restore", autocommit=True) as connection:
        there = store.contents(connection)
    if not (there.tables and there.is_ours):
        return False
    return confirming.is_wanted(f"Replace all that stands in the database by the backup of {iso(found.at)}?")


def _size(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"
