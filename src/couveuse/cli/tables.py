"""Tables for a terminal; in a pipe the same text without colour."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from couveuse.core.times import iso, microseconds, moment
from couveuse.history.scoring import Scoring

# A table in a pipe is as wide as it needs, up to this.
PIPE_WIDTH = 200
# Never colour alone: the word stands in the column.
STYLES = {"hot": "bold red", "warm": "yellow", "cold": "blue", "irrelevant": "dim strike"}


def many(count: int, one: str, several: str | None = None) -> str:
    """A count with its word.

    >>> many(1, "copy", "copies"), many(2000, "lead")
    ('1 copy', '2,000 leads')
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def console() -> Console:
    """The terminal, or a pipe of a fixed width."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def print_scores(rows: Sequence[Mapping[str, object]], scoring: Scoring) -> None:
    """The leads, best first, with who should call them and why."""
    request, counts = scoring.request, scoring.counts
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("lead", overflow="fold")
    for name in ("score", "behaviour", "fit"):
        table.add_column(name, justify="right")
    for name in ("band", "rate", "temperature", "stage", "maturity", "to whom, and why", "last event"):
        table.add_column(name)
    for row in rows:
        table.add_row(*_cells(row, scoring))
    out = console()
    out.print(table)
    out.print()
    rejects = many(sum(counts.rejects.values()), "rejected row")
    left_out = f"{many(counts.copies, 'copy', 'copies')} and {rejects} left out"
    out.print(
        f"{many(counts.leads, 'lead')} from {many(counts.facts, 'fact')} ({left_out}), {request.model.name}, "
        f"as of {iso(request.at)[:19]}Z",
        style="dim",
    )


def _cells(row: Mapping[str, object], scoring: Scoring) -> list[str | Text]:
    temperature = str(row["temperature"])
    lead_class = f" ({row['class']})" if row["class"] else ""
    routes = row["routes"]
    assert isinstance(routes, list)  # as the scores' schema says
    last = row["last_event_at"]
    when = moment(microseconds(last)).strftime("%Y-%m-%d") if last is not None else ""  # type: ignore[arg-type]
    return [
        Text(str(row["lead"])),
        Text(f"{row['score']:.1f}", style="bold"),
        f"{row['behaviour']:.1f}",
        f"{row['fit']:g}",
        Text(str(row["band"])),
        f"{float(str(row['rate'])):.0%}",
        Text(temperature + lead_class, style=STYLES[temperature]),
        str(row["stage"] or ""),
        str(row["maturity"]),
        Text("; ".join(f"{route['team']}: {route['treatment']} ({route['cause']})" for route in routes)),
        when,
    ]


def print_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A small table with a title."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)
