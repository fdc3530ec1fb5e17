"""`couveuse erase LEAD`: a person is erased, everywhere."""

import typer

from couveuse import configuration
from couveuse.cli import FINDING, confirming, note
from couveuse.cli.databases import database
from couveuse.cli.tables import many
from couveuse.engine import archiving
from couveuse.engine.clocks import now_us
from couveuse.engine.erasing import Eraser
from couveuse.errors import BadInput
from couveuse.store import backups


def erase(lead: str, yes: bool) -> None:
    """Erase a person, and print how many rows went of each table."""
    settings = configuration.read()
    if not (yes or confirming.may_ask()):
        raise BadInput("say --yes to erase: it cannot be undone")
    with database() as url:
        eraser = Eraser(url, backups.folder_of(settings), archiving.taker(settings))
        leads, keys = eraser.count(lead)
        known = f"{many(leads, 'lead')} with {many(keys, 'key')}"
        if not yes and not confirming.is_wanted(f"Erase {known} and all that is known of them? It cannot be undone."):
            note("Nothing was erased.")
            raise typer.Exit(FINDING)
        done = eraser.erase(lead, by="command line", now=now_us())
    for table, rows in sorted(done.proof.items()):
        if rows:
            print(f"{table:20} {rows:>10,}")
    note(f"Erasure {done.number}: {known} erased. The address is left alone from now on.")
    if done.told:
        note(f"Messages about this person went to {', '.join(done.told)}: ask them to delete those.")
    note("Backups of before hold the person until they are removed; restoring one erases the person again.")
