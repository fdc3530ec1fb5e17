"""What a month's archive is made of: its files with rows, bytes and digest, and what was kept of properties."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from couveuse.archive.layout import VERSION


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name in the month's folder, and what must be found in it."""

    name: str
    rows: int
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One month as it was written; `fingerprint` is of the rows of the database that it was made of."""

    month: str
    generation: int
    parts: tuple[Part, ...]
    properties: tuple[str, ...]
    fingerprint: str
    imports: tuple[int, ...] = ()
    version: int = VERSION

    @property
    def rows(self) -> int:
        """How many facts there are."""
        return sum(each.rows for each in self.parts)

    @property
    def bytes(self) -> int:
        """How many bytes they take."""
        return sum(each.bytes for each in self.parts)

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def text(self) -> str:
        """As the file `manifest.json` has it."""
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        parts = tuple(Part(**each) for each in told["parts"])
        lists: Sequence[str] = ("properties", "imports")
        return cls(**{**told, "parts": parts, **{name: tuple(told[name]) for name in lists}})
