"""`couveuse model`: check, diff, presets, schema."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from couveuse.cli import FINDING, note
from couveuse.cli.asking import Asked, give_notices, scored
from couveuse.documents.findings import ModelErrors
from couveuse.documents.presets import preset, presets
from couveuse.documents.reading import read_model
from couveuse.documents.schema import model_schema
from couveuse.errors import BadInput


def check(name: str) -> None:
    """Print every error of a model; exit code 1 where there is one."""
    try:
        model = read_model(name).model
    except ModelErrors as errors:
        print(errors, file=sys.stderr)
        count = len(errors.findings)
        note(f"{name}: {count} error{'s' if count > 1 else ''}")
        raise typer.Exit(FINDING) from None
    typer.echo(
        f"{name}: fine ({len(model.rules)} behaviour rules, {len(model.fit)} fit rules, {len(model.bands)} bands, "
        f"{model.timezone})"
    )


def list_presets(show: str | None, language: str) -> None:
    """List the presets, or print one."""
    if show is not None:
        if show not in presets():
            raise BadInput(f"--show {show}: no such preset; there are: {', '.join(presets())}")
        sys.stdout.write(preset(show))
        return
    for name, found in presets().items():
        typer.echo(f"{name:16} {found.says.text(language, name)}")


def schema() -> None:
    """Print the JSON Schema of scoring models."""
    sys.stdout.write(json.dumps(model_schema(), ensure_ascii=False, indent=2) + "\n")


_PAIRS = """from before b full join after a using (lead, sort)"""


def diff(asked: Asked, after: str, form: str, examples: int) -> None:
    """Compare two models on one history."""
    request = asked.request()
    other = replace(request, model=read_model(after).model)
    with scored(request) as first, scored(other) as second:
        give_notices(first, request.model)
        second.write("select * from scores", first.folder / "after.parquet")
        first.staging.sql("create view before as select * from scores")
        first.staging.sql(f"create view after as select * from read_parquet('{first.folder / 'after.parquet'}')")
        bands = list(
            first.rows(
                f"""select b.band as was, a.band as now, count(*) as leads,
                list(lead order by abs(a.score - b.score) desc, lead)[:{examples}] as examples,
                count(*) filter (a.score > b.score) as up, count(*) filter (a.score < b.score) as down
                {_PAIRS} group by 1, 2"""
            )
        )
        routes = list(
            first.rows(
                f"""with was as (select lead, sort, unnest(routes) as r from before),
                    now as (select lead, sort, unnest(routes) as r from after),
                    new as (select distinct n.lead, n.r.team as team, n.r.treatment as treatment from now n
                        where not exists (from was w where w.lead = n.lead and w.sort = n.sort
                            and w.r.team = n.r.team and w.r.treatment = n.r.treatment))
                select team, treatment, count(*) as leads, list(lead order by lead)[:{examples}] as examples
                from new group by 1, 2 order by leads desc, team, treatment"""
            )
        )
        ((changed,),) = first.staging.sql(f"select count(*) {_PAIRS} where a.score is distinct from b.score")
    order = [[band.id for band in model.bands] for model in (request.model, other.model)]
    told = told_of(bands, routes, order, int(str(changed)))
    if form == "json":
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        print_diff(told, Path(asked.model).name, Path(after).name)


def told_of(
    bands: Sequence[dict[str, object]],
    routes: Sequence[dict[str, object]],
    order: Sequence[Sequence[str]],
    changed: int,
) -> dict[str, object]:
    """Who climbs, who falls, who stays; a band is known by its id, and its height by its place in its model."""
    climbs, falls, stays = [], [], 0
    for row in bands:
        was, now = str(row["was"]), str(row["now"])
        height = _height(order[1], now) - _height(order[0], was)
        told = {"from": was, "to": now, "leads": row["leads"], "examples": row["examples"]}
        if height > 0:
            climbs.append(told)
        elif height < 0:
            falls.append(told)
        else:
            stays += int(str(row["leads"]))
    by_size = {"key": lambda row: (-int(str(row["leads"])), str(row["from"]))}
    return {
        "climb": sorted(climbs, **by_size),  # type: ignore[call-overload]
        "fall": sorted(falls, **by_size),  # type: ignore[call-overload]
        "stay": stays,
        "score_changed": changed,
        "new_hand_overs": list(routes),
    }


def _height(bands: Sequence[str], band: str) -> float:
    return bands.index(band) / max(len(bands) - 1, 1)


def print_diff(told: dict[str, object], before: str, after: str) -> None:
    """Print who climbs and who falls from one model to another, and which hand-overs would be new."""
    from couveuse.cli.tables import many, print_rows

    for title, key in ((f"Climb from {before} to {after}", "climb"), (f"Fall from {before} to {after}", "fall")):
        rows = told[key]
        assert isinstance(rows, list)  # as `told_of` made it
        cells = [[r["from"], r["to"], f"{r['leads']:,}", ", ".join(r["examples"])] for r in rows]
        print_rows(title, ("from", "to", "leads", "for example"), cells or [["nobody", "", "", ""]], right=("leads",))
        print()
    handed = told["new_hand_overs"]
    assert isinstance(handed, list)  # as `told_of` made it
    cells = [[r["team"], r["treatment"], f"{r['leads']:,}", ", ".join(r["examples"])] for r in handed]
    print_rows(
        "Hand-overs that would be new",
        ("team", "treatment", "leads", "for example"),
        cells or [["none", "", "", ""]],
        right=("leads",),
    )
    changed, stay = int(str(told["score_changed"])), int(str(told["stay"]))
    print(f"\nAnother score: {many(changed, 'lead')}; in the same band: {many(stay, 'lead')}.")
