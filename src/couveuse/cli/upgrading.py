"""`couveuse upgrade`: looked at, saved, changed, looked at again."""

import sys

import typer

from couveuse import __version__, configuration
from couveuse.cli import FINDING, note
from couveuse.cli.tables import many
from couveuse.engine import upgrading
from couveuse.engine.backing_up import back_up
from couveuse.engine.clocks import now_us
from couveuse.engine.upgrading import Before
from couveuse.errors import BadInput
from couveuse.store import connections, health, migrating, private


def upgrade(*, with_backup: bool) -> None:
    """Bring an instance to this version; twice does no more than once."""
    settings = configuration.read()
    with private.attach_or_start(settings, note) as url:
        before = upgrading.look(url, settings, with_backup=with_backup)
        if not before.missing:
            note(f"The database is at this version ({__version__}) already.")
        else:
            _say(before)
            if not before.may_go_on:
                raise BadInput("nothing was changed: see above, then try again")
            saved = None
            if with_backup and before.checks:
                saved = back_up(url, settings, because="upgrade", now=now_us(), ended=now_us)
                note(f"Saved in {saved.place}.")
            migrating.migrate(url, note)
            note(f"{many(len(before.missing), 'migration')} applied: the database is at {__version__}.")
            if saved is not None:
                note(f"The way back: install the version of before, then: couveuse restore {saved.place} --yes")
        checked = upgrading.verify(url)
        note(f"The stored scores of {many(checked, 'lead')} were folded again, and are the same.")
        _after(url, settings.backlog)
    if before.missing:
        note("Start it again: couveuse up")


def _say(before: Before) -> None:
    for check in before.checks:
        print(f"{'fine ' if check.is_fine else 'WRONG'}  {check.name:14} {check.says}", file=sys.stderr)
        if not check.is_fine:
            print(f"{'':22}{check.cure}", file=sys.stderr)


def _after(url: str, backlog: int) -> None:
    """What a look says afterwards, but for what does not run yet; exit code 1 where there is a finding."""
    with connections.connect(url, "upgrade", autocommit=True) as connection:
        found = [each for each in health.checks(health.look(connection), backlog) if each.name != "engine"]
    _say(Before((), found))
    if not all(each.is_fine for each in found):
        raise typer.Exit(FINDING)
