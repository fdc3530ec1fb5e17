"""`couveuse doctor`: what a new user gets wrong, each with its cure. It looks, and starts and changes nothing."""

import platform

import typer

from couveuse import configuration
from couveuse.cli import FINDING
from couveuse.configuration import Configuration
from couveuse.engine import doctoring
from couveuse.serve.addresses import AddressInUse, require_free
from couveuse.store import connections, private, processes
from couveuse.store.health import Check


def examine() -> None:
    """Print every check; exit code 1 where there is a finding."""
    findings = 0
    for check in doctoring.checks(configuration.read(), address):
        typer.echo(f"{'fine ' if check.is_fine else 'WRONG'}  {check.name:14} {check.says}")
        if not check.is_fine:
            findings += 1
            typer.echo(f"{'':22}{check.cure}")
    if findings:
        typer.echo(f"\n{findings} finding{'s' if findings > 1 else ''}.")
        raise typer.Exit(FINDING)


def look_for(kind: str) -> None:
    """Whether a process of this kind gives signs of life on this machine; exit code 1 where none does."""
    with connections.connect(private.url(configuration.read()), "doctor", autocommit=True) as connection:
        found = [each for each in processes.living(connection) if (each.kind, each.host) == (kind, platform.node())]
    if not found:
        typer.echo(f"no {kind} gives signs of life on {platform.node()}")
        raise typer.Exit(FINDING)
    typer.echo(", ".join(f"{each.kind} {each.pid}" for each in found))


def address(settings: Configuration, *, is_serving: bool) -> Check:
    """Whether the address is served, or free to be."""
    where = f"{settings.host}:{settings.port}"
    if is_serving:
        return Check("address", f"{settings.url}, served")
    try:
        require_free(settings.host, settings.port, patience=0)
    except AddressInUse as error:
        says, _, cure = str(error).rpartition(": ")
        return Check("address", says, cure)
    return Check("address", f"{where} is free")
