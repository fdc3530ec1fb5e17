"""The rows of the history: which tool writes them, when they arrive, and which arrive twice.

The order of the file is the order of arrival, which is not that in which things happened.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clock import BEGIN, DAY, END, HOUR, MINUTE, at, paris_text, utc_text
from dice import Dice

LATE = 0.02  # of the rows of web tools wait in a queue or a phone before they are sent
TWICE = 0.014  # of the rows are delivered twice
OTHER_TIME = 0.25  # of those second copies bear another time
# On 3 March 2026, a day of the newsletter, the webhooks of the e-mailing tool were down until the evening.
OUTAGE = (at(426, 9 * 60), at(426, 18 * 60 + 20))
SERIAL = "serial"


@dataclass(frozen=True, slots=True)
class Source:
    """A tool that writes rows: how long they take to arrive, how it writes time, how it names a row."""

    soonest: int
    latest: int
    text: Callable[[int], str]
    names: str | None  # "token", "serial" (1, 2, 3 ... in each tool), or None: rows without message_id


SOURCES = {
    "site": Source(40, 2_500, utc_text, "token"),
    "application": Source(40, 2_500, utc_text, "token"),
    "emailing": Source(800, 90_000, utc_text, "token"),
    "publicite": Source(MINUTE, 4 * HOUR, utc_text, "token"),
    "webinaire": Source(HOUR, 20 * HOUR, paris_text, "token"),
    "scenario": Source(10, 400, utc_text, "token"),
    "filtre": Source(200, 5_000, utc_text, "token"),
    "crm": Source(5 * MINUTE, 9 * HOUR, paris_text, SERIAL),
    "telemarketing": Source(2 * MINUTE, 5 * HOUR, paris_text, SERIAL),
    "salon": Source(DAY, 9 * DAY, paris_text, None),
    "reseaux": Source(6 * HOUR, 30 * HOUR, paris_text, None),
}
QUEUED = ("site", "emailing", "webinaire")


class Journal:
    """All rows with their arrival; what would fall outside the eighteen months is not written."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(seed, 2)
        self._serials = dict.fromkeys(SOURCES, 0)
        self._rows: list[tuple[int, int, dict[str, object]]] = []

    def write(self, source: str, event: str, instant: int, who: dict[str, str], **properties: object) -> str | None:
        """One row; its message_id, or None where the tool gives none or the instant is out of the history."""
        if not BEGIN <= instant < END:
            return None
        tool = SOURCES[source]
        row: dict[str, object] = {"event": event, "occurred_at": tool.text(instant)}
        message_id = self._name(source, tool)
        if message_id:
            row["message_id"] = message_id
        row |= {"source": source, **who, **properties}
        arrival = self._arrival(source, tool, instant)
        self._add(arrival, row)
        if self._dice.chance(0.12 if tool.names is None else TWICE):
            self._again(arrival, row, tool, instant)
        return message_id

    def save(self, path: Path) -> int:
        """Writes the rows in the order of their arrival; how many."""
        self._rows.sort(key=lambda entry: entry[:2])
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for _, _, row in self._rows)
        with path.open("w", encoding="utf-8", newline="\n") as out:
            out.writelines(f"{line}\n" for line in lines)
        return len(self._rows)

    def _name(self, source: str, tool: Source) -> str | None:
        if tool.names is None:
            return None
        if tool.names == SERIAL:
            self._serials[source] += 1
            return str(self._serials[source])
        return self._dice.token(16)

    def _arrival(self, source: str, tool: Source, instant: int) -> int:
        if source == "emailing" and OUTAGE[0] <= instant < OUTAGE[1]:
            return OUTAGE[1] + self._dice.whole(0, 10 * MINUTE)
        if source in QUEUED and self._dice.chance(LATE):
            return instant + self._dice.whole(20 * MINUTE, 12 * DAY)
        return instant + self._dice.whole(tool.soonest, tool.latest)

    def _again(self, arrival: int, row: dict[str, object], tool: Source, instant: int) -> None:
        """The same row once more, hours later; where it has a message_id, some copies bear another time."""
        copy = dict(row)
        if tool.names and self._dice.chance(OTHER_TIME):
            moved = instant + self._dice.whole(-40, 240) * 1000
            copy["occurred_at"] = tool.text(min(max(moved, BEGIN), END - 1))
        self._add(arrival + self._dice.whole(1_000, 2 * DAY), copy)

    def _add(self, arrival: int, row: dict[str, object]) -> None:
        self._rows.append((arrival, len(self._rows), row))
