"""Turns the school's file into facts and outcomes, in two parts by order: one to make a model on, one to judge it on.

Columns that were filled in after the outcome are not even read. Standard library only.
"""

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ORDER, IDENTITY, OUTCOME = "Lead Number", "Prospect ID", "Converted"
# The earlier part is for design, the rest is held out.
DESIGN_SHARE = 0.6
# The file has no times: every fact stands at one instant, that of a list taken over. No rule of the model reads it.
IMPORTED = "2019-01-01T00:00:00Z"
# What the form answers when nobody did.
NOT_ANSWERED = ("", "Select")

# What is known of a lead before anyone sold: the file's column, and the trait that it becomes.
TEXTS = {
    "Lead Origin": "lead_origin",
    "Lead Source": "lead_source",
    "What is your current occupation": "occupation",
    "Specialization": "specialization",
    "City": "city",
    "Country": "country",
}
NUMBERS = {
    "TotalVisits": "visits",
    "Total Time Spent on Website": "seconds_on_site",
    "Page Views Per Visit": "pages_per_visit",
}
YES_OR_NO = {"Do Not Email": "do_not_email", "Do Not Call": "do_not_call"}

Row = Mapping[str, str]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path, help="xeducation_leads.csv")
    arguments.add_argument("--out", type=Path, required=True, help="the folder to write design/ and held-out/ into")
    chosen = arguments.parse_args()
    rows = read(chosen.file)
    cut = int(len(rows) * DESIGN_SHARE)
    for part, some in (("design", rows[:cut]), ("held-out", rows[cut:])):
        write(chosen.out / part, some)
        print(f"{part}: {len(some):,} leads", file=sys.stderr)


def read(path: Path) -> list[Row]:
    """The rows, the earliest lead first."""
    wanted = (ORDER, IDENTITY, OUTCOME, *TEXTS, *NUMBERS, *YES_OR_NO)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in wanted if name not in (reader.fieldnames or ())]
        if missing:
            sys.exit(f"{path}: no column {missing[0]!r}; give the file as it was published")
        rows = [{name: row[name] for name in wanted} for row in reader]
    return sorted(rows, key=lambda row: int(row[ORDER]))


def traits(row: Row) -> dict[str, str | float | bool]:
    """What a row says; what was not answered is left out."""
    said: dict[str, str | float | bool] = {
        trait: row[name] for name, trait in TEXTS.items() if row[name] not in NOT_ANSWERED
    }
    said |= {trait: float(row[name]) for name, trait in NUMBERS.items() if row[name] != ""}
    said |= {trait: row[name] == "Yes" for name, trait in YES_OR_NO.items()}
    return said


def write(folder: Path, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "facts.ndjson").open("w", encoding="utf-8") as lines:
        for row in rows:
            fact = {
                "event": "Traits Set",
                "occurred_at": IMPORTED,
                "user_id": row[IDENTITY],
                "message_id": row[ORDER],
                "traits": traits(row),
            }
            lines.write(json.dumps(fact, ensure_ascii=False) + "\n")
    with (folder / "outcomes.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(("user_id", OUTCOME))
        table.writerows((row[IDENTITY], row[OUTCOME]) for row in rows)


if __name__ == "__main__":
    main()
