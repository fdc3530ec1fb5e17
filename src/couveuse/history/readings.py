"""What is to be read of the rows of files, and how those of one file are read: SQL for each thing that is wanted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from couveuse.history.columns import Dates

PARTS = ("properties", "context", "traits")
# What facts other than behaviours say.
WORDS = ("group", "purpose", "kind", "points", "of", "of_source", "verdict")
# DuckDB's own bound on one object, above ours, so that a row over ours is a reject and no failure of the file.
MOST_OBJECT_BYTES = 64 << 20
# What is asked for in the place of a column that is left out.
NOTHING = "couveuse: nothing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of each row: fields as `where` names them, and for files of leads, bare columns as traits."""

    fields: tuple[str, ...]
    rename: Mapping[str, str] = field(default_factory=dict)  # new name -> name in the file
    are_leads: bool = False
    whole: bool = False  # keep every row as JSON, not only those that somebody has to see
    dates: Dates = Dates.ISO
    left_out: frozenset[str] = frozenset()  # columns that are not read

    def in_file(self, name: str) -> str:
        """What a column is called in the file; a name that no column has, where it is left out."""
        found = self.rename.get(name, name)
        return found if name in self.rename or found not in self.left_out else NOTHING

    def when(self, text: str) -> str:
        """SQL for the text of a time in the order of ISO 8601."""
        return text if self.dates is Dates.ISO else f"{self.dates}_first({text})"

    def part_of(self, name: str) -> tuple[str, str]:
        """In which part of a row a field stands, and its path there."""
        head, dot, tail = name.partition(".")
        return (head, tail) if dot and head in PARTS else ("properties", name)

    @property
    def bare(self) -> str:
        """The part to which bare columns belong."""
        return "traits" if self.are_leads else "properties"


def splits(path: str) -> list[tuple[str, ...]]:
    """The ways in which a dotted path may be held, in the order in which they are looked for.

    >>> splits("a.b.c")
    [('a.b.c',), ('a', 'b.c'), ('a', 'b', 'c')]
    """
    head, dot, tail = path.partition(".")
    return [(path,), *((head, *rest) for rest in splits(tail))] if dot else [(path,)]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one kind are read: a FROM clause, and SQL for each thing that a loose row holds."""

    source: str
    row_number: str
    key: Callable[[str], str]
    wall: str
    shift: str
    has_time: str
    fields: tuple[str, ...]  # as JSON text, but for `is_text`
    is_text: tuple[bool, ...]
    word: Callable[[str], str]  # a property, as JSON text
    has_traits: str
    whole: str
    flaw: str
