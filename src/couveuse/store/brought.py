"""Of whom an import spoke: as rows of leads, and as a condition on a list of leads."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection, sql

from couveuse.store.statements import statement


class Part(StrEnum):
    """Which of the leads of whom an import spoke: all, those who came with it, those who were known before."""

    ALL = "all"
    NEW = "new"
    KNOWN = "known"


_CONDITIONS: Final = {Part.ALL: "is_any", Part.NEW: "is_new", Part.KNOWN: "is_known"}
_SIZE: Final = statement("brought", "size")


@dataclass(frozen=True, slots=True)
class Brought:
    """The leads of whom an import spoke, or a part of them; it began at `since` (microseconds)."""

    import_id: int
    part: Part
    since: int

    @property
    def rows(self) -> sql.SQL | sql.Composed:
        """The leads, as often as the import named identities of theirs: a select of `lead_id`."""
        condition = statement("brought", _CONDITIONS[self.part])
        return statement("brought", "spoken_of").format(condition=condition)

    def is_larger(self, connection: Connection[Any], most: int) -> bool:
        """Whether the import named more than so many identities; no more are looked at."""
        row = connection.execute(_SIZE, {**self.values(), "most": most + 1}).fetchone()
        assert row is not None  # an aggregate always answers
        return int(row[0]) > most

    def values(self) -> dict[str, Any]:
        """What `rows` is asked with."""
        return {"brought_by": self.import_id, "brought_since": self.since}
