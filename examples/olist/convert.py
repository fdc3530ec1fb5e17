"""Turns the market place's two files into events and outcomes: all, and two parts by time, with a month between.

Of the deals only the date of the win is read: all else in them was filled in after it. Standard library only.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

# The leads' first contacts: days without a zone, in the model's. From (included), until (not included).
PARTS = {
    "all": ("0000", "9999"),
    "design": ("2018-01-01", "2018-03-01"),
    "held-out": ("2018-04-01", "2018-06-01"),
}
ZONE = ZoneInfo("America/Sao_Paulo")
WITHIN = timedelta(days=30)
LABEL = "won_in_30_days"

Row = Mapping[str, str]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("leads", type=Path, help="olist_marketing_qualified_leads_dataset.csv")
    arguments.add_argument("deals", type=Path, help="olist_closed_deals_dataset.csv")
    arguments.add_argument("--out", type=Path, required=True, help="the folder to write the three parts into")
    chosen = arguments.parse_args()
    leads = read(chosen.leads, ("mql_id", "first_contact_date", "landing_page_id", "origin"))
    won = {row["mql_id"]: row["won_date"] for row in read(chosen.deals, ("mql_id", "won_date"))}
    for part, (first, end) in PARTS.items():
        some = [row for row in leads if first <= row["first_contact_date"] < end]
        wins = {row["mql_id"]: won[row["mql_id"]] for row in some if row["mql_id"] in won}
        write(chosen.out / part, some, wins)
        print(f"{part}: {len(some):,} leads, {len(wins):,} wins", file=sys.stderr)


def read(path: Path, wanted: Sequence[str]) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in wanted if name not in (reader.fieldnames or ())]
        if missing:
            sys.exit(f"{path}: no column {missing[0]!r}; give the file as it was published")
        return [{name: row[name] for name in wanted} for row in reader]


def write(folder: Path, leads: Sequence[Row], wins: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines(folder / "contacts.ndjson", map(contact, leads))
    lines(folder / "wins.ndjson", (win(lead, at) for lead, at in wins.items()))
    with (folder / "outcomes.csv").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(("user_id", LABEL))
        for row in leads:
            at = wins.get(row["mql_id"])
            table.writerow((row["mql_id"], int(at is not None and is_soon(row["first_contact_date"], at))))


def lines(path: Path, facts: Iterable[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)


def contact(row: Row) -> dict[str, str]:
    """The first contact: a day is all that is known, so it stands at the day's beginning."""
    fact = {"event": "Form Submitted", "occurred_at": row["first_contact_date"], "user_id": row["mql_id"]}
    return fact | {name: row[name] for name in ("landing_page_id", "origin") if row[name]}


def win(lead: str, at: str) -> dict[str, str]:
    """The win. No zone is written, but what was entered as a mere day stands at midnight of Sao Paulo told in UTC."""
    return {"event": "Opportunity Won", "occurred_at": at.replace(" ", "T") + "Z", "user_id": lead}


def is_soon(contacted: str, won: str) -> bool:
    """Whether the win came within 30 days of the contact; one dated before it did not."""
    first = datetime.fromisoformat(contacted).replace(tzinfo=ZONE)
    return timedelta() <= datetime.fromisoformat(won).replace(tzinfo=UTC) - first <= WITHIN


if __name__ == "__main__":
    main()
