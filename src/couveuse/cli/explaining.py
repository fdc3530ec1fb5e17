"""`couveuse explain`: one lead's ledger, line by line, and its sum."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence

from couveuse.cli.asking import Asked, give_notices, readied, scored
from couveuse.cli.scoring import plain
from couveuse.core.model import Model
from couveuse.core.times import iso, microseconds
from couveuse.errors import BadInput
from couveuse.history.duck import quoted

COLUMNS = ("at", "event", "fact", "source", "rule", "kind", "points")


def explain(asked: Asked, lead: str, form: str, language: str) -> None:
    """Print the ledger of one lead; its lines sum to the score."""
    with readied(asked, only=lead, want_lines=True) as request, scored(request) as scoring:
        found = list(scoring.scores())
        if not found:
            raise BadInput(
                f"--lead {lead}: no such lead in this history; an e-mail is looked for trimmed, in lower case"
            )
        name = quoted(str(found[0]["lead"]))
        lines = [_line(row) for row in scoring.rows(f"select * from lines where lead = {name}")]
        give_notices(scoring, request.model)
    PRINTERS[form](found[0], lines, request.model, language)


def _line(row: Mapping[str, object]) -> dict[str, object]:
    at = row["at"]
    told = {column: row[column] for column in COLUMNS}
    told["at"] = iso(microseconds(at))  # type: ignore[arg-type]  # a time with a zone
    return told


def _print_json(
    found: Mapping[str, object], lines: Sequence[Mapping[str, object]], model: Model, language: str
) -> None:
    sys.stdout.write(json.dumps({**plain(found), "ledger": list(lines)}, ensure_ascii=False, indent=2) + "\n")


def _print_csv(found: Mapping[str, object], lines: Sequence[Mapping[str, object]], model: Model, language: str) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(["" if line[column] is None else line[column] for column in COLUMNS] for line in lines)


def _print_table(
    found: Mapping[str, object], lines: Sequence[Mapping[str, object]], model: Model, language: str
) -> None:
    from couveuse.cli.tables import console, print_rows

    labels = {rule.id: rule.label.text(language, rule.id) for rule in model.rules}
    labels |= {fit.id: fit.label.text(language, fit.id) for fit in model.fit}
    rows = []
    total = 0.0
    for line in lines:
        points = float(str(line["points"]))
        total += points
        is_of_lead = line["kind"] in ("fit", "total")
        when = "" if is_of_lead else str(line["at"])[:19].replace("T", " ")
        label = labels.get(str(line["rule"]), str(line["rule"]))
        rows.append([when, str(line["event"] or ""), label, str(line["kind"]), f"{points:+.2f}", f"{total:.2f}"])
    columns = ("when (UTC)", "event", "rule", "kind", "points", "sum")
    print_rows(str(found["lead"]), columns, rows, right=("points", "sum"))
    out = console()
    out.print()
    out.print(
        f"score {found['score']:.2f} = behaviour {found['behaviour']:.2f} + fit {found['fit']:.2f}, "
        f"band {found['band']}, "
        f"{found['temperature']}, stage {found['stage'] or 'none'}",
        style="bold",
    )


PRINTERS = {"table": _print_table, "json": _print_json, "csv": _print_csv}
