"""`couveuse rescore MODEL`: who would change band and be handed over, then the model acts, if that is wanted."""

import json
import sys
from dataclasses import dataclass

import typer

from couveuse import configuration
from couveuse.cli import FINDING, note
from couveuse.cli.databases import database
from couveuse.cli.importing import bar
from couveuse.cli.models import print_diff, told_of
from couveuse.documents.reading import read_model
from couveuse.engine.live import LiveModel
from couveuse.engine.rescoring import Diff, Rescore, give_up
from couveuse.errors import BadInput


@dataclass(frozen=True, slots=True)
class Asked:
    """A publication as it was asked for."""

    model: str
    diff_only: bool
    hand_over: int
    yes: bool
    format: str
    examples: int
    processes: int
    despite_archive: bool = False


def rescore(asked: Asked) -> None:
    """Show what a model would change; publish it where that is wanted."""
    document = read_model(asked.model)
    if not (asked.yes or asked.diff_only or _may_ask()):
        raise BadInput("say --yes to publish it, or --diff-only to see what it would change and leave it at that")
    settings = configuration.read()
    with (
        database() as url,
        Rescore(url, settings, document, by="command line", despite_archive=asked.despite_archive) as rescoring,
    ):
        with bar(rescoring.leads, "Scoring leads") as progress:
            done = 0

            def count(leads: int) -> None:
                nonlocal done
                done += leads
                progress(done, rescoring.leads)

            rescoring.make(count, processes=asked.processes)
        diff = rescoring.diff(asked.examples)
        _show(diff, asked.format)
        if asked.diff_only or not _is_wanted(diff, asked):
            rescoring.give_up()
            note("Nothing was published.")
            raise typer.Exit(0 if asked.diff_only else FINDING)
        waiting = rescoring.switch(hand_over=asked.hand_over)
        note(f"{_named(diff.after)} acts on {diff.leads:,} leads. {_handed(waiting, asked.hand_over)}")


def forget() -> None:
    """Give up a publication that was left half made."""
    with database() as url:
        note("It is given up; nothing else changed." if give_up(url) else "No model is half made.")


def _show(diff: Diff, form: str) -> None:
    bands = [[band.id for band in model.plan.model.bands] for model in (diff.before, diff.after)]
    rows: list[dict[str, object]] = [
        {
            "was": bands[0][move.before],
            "now": bands[1][move.after],
            "leads": move.leads,
            "examples": list(move.examples),
        }
        for move in diff.bands
    ]
    routes: list[dict[str, object]] = [
        {"team": move.team, "treatment": move.treatment, "cause": move.cause, "leads": move.leads,
         "examples": list(move.examples)}
        for move in diff.routes
    ]  # fmt: skip
    told = told_of(rows, routes, bands, diff.changed)
    if form == "json":
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        print_diff(told, _named(diff.before), _named(diff.after))


def _named(model: LiveModel) -> str:
    return f"{model.published.name}, version {model.published.version}"


def _is_wanted(diff: Diff, asked: Asked) -> bool:
    if asked.yes:
        return True
    return typer.confirm(f"Publish {_named(diff.after)}?", err=True)


def _may_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _handed(waiting: int, per_day: int) -> str:
    if not per_day:
        return "Nobody is handed over by it."
    return f"{waiting:,} may be handed over, {per_day:,} a day at most, the best first."
