"""`couveuse outgoing`: what goes out, seen, stopped, sent on; endpoints, secrets, and trying a channel."""

import json
import sys
from collections.abc import Mapping, Sequence
from getpass import getpass
from typing import Any

import typer

from couveuse import configuration
from couveuse.channels import Delivered, Failed, Refused, Unknown
from couveuse.cli import FINDING, note
from couveuse.cli.databases import database
from couveuse.cli.tables import many, print_rows
from couveuse.core.times import iso
from couveuse.engine import outgoing
from couveuse.engine.clocks import now_us
from couveuse.errors import BadInput
from couveuse.store import endpoints, intents, sealed, switches
from couveuse.store.connections import connect
from couveuse.store.intents import Row

BY = "command line"
MOST_SECRET = 4_000


def status() -> None:
    """How what goes out stands; exit code 1 where something wants looking after."""
    settings = configuration.read()
    with database() as url, connect(url, "command") as connection:
        found = outgoing.standing(connection)
        checks = list(outgoing.checks(found, settings, now_us()))
    waiting = ", ".join(f"{number:,} {channel}" for channel, number in sorted(found.look.waiting.items()))
    typer.echo(f"waiting: {waiting or 'nothing'}; under way: {found.look.under_way:,}")
    for check in checks:
        typer.echo(f"{'fine ' if check.is_fine else 'WRONG'}  {check.name:14} {check.says}")
        if not check.is_fine:
            typer.echo(f"{'':22}{check.cure}")
    if not all(check.is_fine for check in checks):
        raise typer.Exit(FINDING)


def stop(because: str) -> None:
    """The red button: nothing goes out any more."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        left = switches.turn(connection, switches.STOP, on=True, by=BY, because=because, now=now_us())
    note("Stopped: nothing goes out until couveuse outgoing go. What is planned meanwhile waits.")
    if left:
        note(f"{many(left, 'attempt was', 'attempts were')} under way, and cannot be called back.")


def go() -> None:
    """Everything goes out again."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        for name in (switches.REHEARSAL, switches.STOP):
            if switches.is_switched_on(connection, name):
                switches.turn(connection, name, on=False, by=BY, now=now_us())
    note("Everything goes out again, what waited first.")


def rehearse(because: str) -> None:
    """Only the team gets anything, and each message says so."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        switches.turn(connection, switches.REHEARSAL, on=True, by=BY, because=because, now=now_us())
        is_stopped = switches.is_switched_on(connection, switches.STOP)
    note("A rehearsal: only the team gets anything, marked so; all else is noted, and sent to nobody.")
    note("End it: couveuse outgoing go")
    if is_stopped:
        note("All is still stopped: outgoing go ends that, and the rehearsal too.")


def list_intents(standings: Sequence[str], channel: str | None, before: int | None, most: int, form: str) -> None:
    """What was to go out, the newest first."""
    unknown = sorted(set(standings) - set(intents.STANDINGS))
    if unknown:
        raise BadInput(f"--standing {unknown[0]}: write one of {', '.join(intents.STANDINGS)}")
    with database() as url, connect(url, "command") as connection:
        rows = intents.page(connection, standings=standings or None, channel=channel, before=before, most=most)
    if form == "json":
        for row in rows:
            print(json.dumps(_told(row), ensure_ascii=False))
        return
    cells = [
        [str(row.id), iso(row.made_at)[:19] + "Z", row.channel, row.kind, _place(row.target), row.standing,
         str(row.attempts), _due(row), row.answer]
        for row in rows
    ]  # fmt: skip
    columns = ("number", "made", "channel", "what", "to", "standing", "attempts", "next", "answer")
    print_rows("What goes out", columns, cells, right=("number", "attempts"))


def _place(target: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in target.values())


def _due(row: Row) -> str:
    return iso(row.due_at)[:19] + "Z" if row.standing == intents.WAITING else ""


def _told(row: Row) -> dict[str, Any]:
    return {
        "id": row.id, "key": row.key, "channel": row.channel, "audience": row.audience, "kind": row.kind,
        "target": row.target, "about": row.about, "standing": row.standing, "made_at": iso(row.made_at),
        "due_at": iso(row.due_at), "attempts": row.attempts, "unknowns": row.unknowns,
        "settled_at": row.settled_at and iso(row.settled_at), "reference": row.reference, "answer": row.answer,
    }  # fmt: skip


def show(number: int, form: str) -> None:
    """One of them, with its attempts."""
    with database() as url, connect(url, "command") as connection:
        found = intents.one(connection, number)
    if found is None:
        raise BadInput(f"{number}: nothing of that number goes out; see: couveuse outgoing list")
    row, attempts = found
    told = [
        {"number": each.number, "at": iso(each.at), "ended_at": each.ended_at and iso(each.ended_at),
         "outcome": each.outcome, "answer": each.answer}
        for each in attempts
    ]  # fmt: skip
    if form == "json":
        print(json.dumps({**_told(row), "tried": told}, ensure_ascii=False))
        return
    for name, value in _told(row).items():
        if value not in ("", None):
            typer.echo(f"{name:12} {json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value}")
    cells = [[str(value or "") for value in each.values()] for each in told]
    print_rows("Attempts", ("number", "begun", "ended", "outcome", "answer"), cells, right=("number",))


def replay(numbers: Sequence[int], everything: str | None) -> None:
    """Send on what was given up or parked."""
    if bool(numbers) == bool(everything):
        raise BadInput("say which: numbers as couveuse outgoing list shows them, or --all dead, or --all parked")
    standings = [everything] if everything else intents.TROUBLED
    with database() as url, connect(url, "command", autocommit=True) as connection:
        sent = intents.replay(connection, list(numbers) or None, standings=standings, by=BY, now=now_us())
    left_out = sorted(set(numbers) - set(sent))
    note(f"{many(len(sent), 'message')} sent on.")
    if left_out:
        note(f"Left as they are, being neither parked nor given up: {', '.join(map(str, left_out))}.")
        raise typer.Exit(FINDING)


# ---- Endpoints -------------------------------------------------------------------------------------------------------


def add_endpoint(id: str, address: str, events: Sequence[str]) -> None:
    """A new endpoint; its secret is shown this once."""
    settings = configuration.read()
    with database() as url, connect(url, "command", autocommit=True) as connection:
        secret = outgoing.add_endpoint(connection, settings, id, address, events, by=BY, now=now_us())
    print(secret)
    note("Keep it: it is shown this once. Whoever receives checks each message with it, by Standard Webhooks.")


def list_endpoints(form: str) -> None:
    """Every endpoint."""
    with database() as url, connect(url, "command") as connection:
        found = endpoints.list_endpoints(connection)
    if form == "json":
        for each in found:
            told = {
                "id": each.id, "url": each.url, "events": list(each.events), "made_at": iso(each.made_at),
                "disabled_at": each.disabled_at and iso(each.disabled_at), "disabled_because": each.disabled_because,
                "failing_since": each.failing_since and iso(each.failing_since),
            }  # fmt: skip
            print(json.dumps(told, ensure_ascii=False))
        return
    cells = [
        [each.id, each.url, ", ".join(each.events) or "all",
         f"disabled: {each.disabled_because}" if each.disabled_at
         else f"failing since {iso(each.failing_since)[:19]}Z" if each.failing_since else "fine"]
        for each in found
    ]  # fmt: skip
    print_rows("Endpoints", ("endpoint", "address", "events", "standing"), cells)


def disable_endpoint(id: str, because: str) -> None:
    """Nothing is sent to it any more."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        _require(connection, id)
        because = because or f"by {BY}"
        if not endpoints.disable_endpoint(connection, id, because=because, by=BY, now=now_us()):
            note(f"{id} was disabled before.")
            return
    note(f"{id} gets nothing more. What still waits for it is given up when its time comes, and can be replayed.")


def enable_endpoint(id: str) -> None:
    """It gets again what is planned from now on."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        _require(connection, id)
        endpoints.enable_endpoint(connection, id, by=BY, now=now_us())
    note(f"{id} gets what is planned from now on. What was given up meanwhile: couveuse outgoing replay.")


def rotate_endpoint(id: str) -> None:
    """A new secret beside the last one, shown this once."""
    settings = configuration.read()
    with database() as url, connect(url, "command", autocommit=True) as connection:
        print(outgoing.rotate_endpoint(connection, settings, id, by=BY, now=now_us()))
    note("Keep it: it is shown this once. Messages are signed with it and with the one before, until the next change.")


def _require(connection: Any, id: str) -> None:
    if all(each.id != id for each in endpoints.list_endpoints(connection)):
        raise BadInput(f"{id}: there is no such endpoint; see: couveuse outgoing endpoint list")


# ---- Secrets ---------------------------------------------------------------------------------------------------------


def set_secret(name: str) -> None:
    """Keep a secret that is asked for, or read from the standard input: an argument could be read by others."""
    settings = configuration.read()
    outgoing.require_name(name)
    text = getpass("The address that Slack has given (it is not shown): ") if sys.stdin.isatty() else _given()
    with database() as url, connect(url, "command", autocommit=True) as connection:
        outgoing.set_secret(connection, settings, name, text.strip(), by=BY, now=now_us())
    note(f"Kept, sealed, as {name}. Try it: couveuse outgoing try slack {name}")


def _given() -> str:
    text = sys.stdin.read(MOST_SECRET + 1)
    if not text.strip() or len(text) > MOST_SECRET:
        raise BadInput("give the secret on the standard input, as: couveuse outgoing secret set NAME < FILE")
    return text


def list_secrets(form: str) -> None:
    """The names of what is kept."""
    with database() as url, connect(url, "command") as connection:
        found = sealed.names(connection)
    if form == "json":
        for name, at, by in found:
            print(json.dumps({"name": name, "at": iso(at), "by": by}, ensure_ascii=False))
        return
    print_rows("Secrets", ("name", "set", "by"), [[name, iso(at)[:19] + "Z", by] for name, at, by in found])


def remove_secret(name: str) -> None:
    """Forget a secret."""
    with database() as url, connect(url, "command", autocommit=True) as connection:
        if not outgoing.remove_secret(connection, name, by=BY, now=now_us()):
            raise BadInput(f"{name}: there is no such secret; see: couveuse outgoing secret list")
    note(f"{name} is forgotten. What is planned for it is given up when its time comes.")


# ---- Trying ----------------------------------------------------------------------------------------------------------


def try_channel(channel: str, to: str, language: str) -> None:
    """Send a trial message now, and say what came of it; exit code 1 where it did not arrive."""
    settings = configuration.read()
    with database() as url, connect(url, "command", autocommit=True) as connection:
        outcome = outgoing.try_out(connection, settings, channel, to, language=language, now=now_us())
    if isinstance(outcome, Delivered):
        typer.echo(f"Taken. {outcome.reference}".strip())
        return
    words = {Failed: "Not taken, for now", Refused: "Refused", Unknown: "Nobody knows whether it arrived"}
    typer.echo(f"{words.get(type(outcome), 'Nowhere to send to')}: {outcome.reason}")
    raise typer.Exit(FINDING)
