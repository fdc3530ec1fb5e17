"""The ordinary changes to a team's document, each made in its text: comments, order and all else stay as they are.

What comes of each is read again as a whole, and refused as any other document is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from couveuse.documents import splicing
from couveuse.documents.findings import TEAM, Path
from couveuse.documents.team import TeamDocument, parse_team
from couveuse.documents.team_shapes import WEEKDAYS
from couveuse.documents.tree import read_tree
from couveuse.errors import BadInput

# What a form may say of a member; None takes it out.
MEMBER_KEYS: Final = ("id", "name", "email", "telephone", "language", "weight")
HOURS_KEYS: Final = ("timezone", "week", "holidays", "days_off")
_OF_TEAM_THAT_NAMES: Final = ("members", "leads", "alert")

Data = Mapping[str, object]


class NoSuch(BadInput):
    """There is no member or team of that id in the document."""


class _Text:
    """A text that changes step by step; `data` is what it says now."""

    def __init__(self, document: TeamDocument) -> None:
        self.name, self.text = document.name, document.text
        self._read()

    def _read(self) -> None:
        tree = read_tree(self.text, self.name, TEAM)
        self._root, self.data = tree.root, tree.data

    def put(self, path: Path, value: object) -> None:
        """Write one value."""
        if splicing.at(self.data, path) != value:
            self.text = splicing.put(self.text, self._root, path, value)
            self._read()

    def take(self, path: Path) -> None:
        """Take one value out, if it is there."""
        if splicing.at(self.data, path) is not None:
            self.text = splicing.take(self.text, self._root, path)
            self._read()

    def append(self, path: Path, value: object) -> None:
        """Put one thing more at the end of a list, which may not be there yet."""
        known = self.listed(path)
        self.put((*path, len(known)) if known else path, value if known else [value])

    def leave_out(self, path: Path, value: object) -> None:
        """Take something out of a list, as often as it stands there."""
        while value in (known := self.listed(path)):
            self.take((*path, known.index(value)))

    def listed(self, path: Path) -> Sequence[object]:
        """The list at a path; empty where there is none."""
        found = splicing.at(self.data, path)
        return found if isinstance(found, list) else ()

    def place(self, kind: str, id: str) -> int:
        """Where a member or a team stands; raises NoSuch."""
        for i, each in enumerate(self.listed((kind,))):
            if isinstance(each, dict) and each.get("id") == id:
                return i
        raise NoSuch(f"{id[:80]}: there is none of that id in the document; see the list")

    def teams(self) -> Iterable[tuple[int, str]]:
        """Each team's place, and its id."""
        return [(i, str(each["id"])) for i, each in enumerate(self.listed(("teams",))) if isinstance(each, dict)]

    def document(self) -> TeamDocument:
        """What the text says now; raises TeamErrors."""
        return parse_team(self.text, self.name)


def add_member(
    document: TeamDocument, said: Data, teams: Iterable[str] = (), leads: Iterable[str] = ()
) -> TeamDocument:
    """With one member more, at the end of the list and of some teams' turns; raises TeamErrors."""
    text = _Text(document)
    text.append(("members",), {key: said[key] for key in MEMBER_KEYS if said.get(key) is not None})
    _join(text, str(said.get("id")), frozenset(teams), frozenset(leads))
    return text.document()


def change_member(
    document: TeamDocument, id: str, said: Data, teams: Iterable[str], leads: Iterable[str]
) -> TeamDocument:
    """With other words of a member, and other teams; the id stays. Raises NoSuch, TeamErrors."""
    text = _Text(document)
    at = text.place("members", id)
    for key in MEMBER_KEYS[1:]:
        if said.get(key) is None:
            text.take(("members", at, key))
        else:
            text.put(("members", at, key), said[key])
    _join(text, id, frozenset(teams), frozenset(leads))
    return text.document()


def remove_member(document: TeamDocument, id: str) -> TeamDocument:
    """Without a member, wherever the document names them; raises NoSuch, TeamErrors."""
    text = _Text(document)
    text.take(("members", text.place("members", id)))
    for i, _ in text.teams():
        for key in _OF_TEAM_THAT_NAMES:
            text.leave_out(("teams", i, key), id)
        text.leave_out(("teams", i, "sla", "raise_to"), id)
        for j in range(len(text.listed(("teams", i, "territories")))):
            text.leave_out(("teams", i, "territories", j, "members"), id)
    return text.document()


def _join(text: _Text, id: str, teams: frozenset[str], leads: frozenset[str]) -> None:
    """In these teams and in no others, leading these; turns of others stay in their order."""
    for i, team in text.teams():
        for key, wanted in (("members", team in teams), ("leads", team in teams and team in leads)):
            path: Path = ("teams", i, key)
            if wanted and id not in text.listed(path):
                text.append(path, id)
            elif not wanted:
                text.leave_out(path, id)
        if team not in teams:
            for j in range(len(text.listed(("teams", i, "territories")))):
                text.leave_out(("teams", i, "territories", j, "members"), id)


def set_hours(document: TeamDocument, kind: str, id: str, hours: Data | None) -> TeamDocument:
    """Other working hours: of everybody (kind ''), of a team or of a member; None: as everybody's.

    Raises NoSuch, TeamErrors.
    """
    text = _Text(document)
    path: Path = ("hours",) if not kind else (kind, text.place(kind, id), "hours")
    if hours is None:
        text.take(path)
    elif isinstance(splicing.at(text.data, path), dict):  # key by key, so that comments beside the others stay
        for key in HOURS_KEYS:
            if key in hours:
                text.put((*path, key), hours[key])
            else:
                text.take((*path, key))
    else:
        text.put(path, dict(hours))
    return text.document()


def set_team(document: TeamDocument, id: str, said: Data) -> TeamDocument:
    """How a team gives its tasks, and within how long: keys of a team by their names; raises NoSuch, TeamErrors."""
    text = _Text(document)
    at = text.place("teams", id)
    for key, value in said.items():
        path: Path = ("teams", at, *key.split("."))
        if value is None:
            text.take(path)
        elif len(path) > 3 and splicing.at(text.data, path[:-1]) is None:
            text.put(path[:-1], {str(path[-1]): value})
        else:
            text.put(path, value)
    return text.document()


def week_data(days: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """A week as a document writes it, days in a row that are alike together; a day without a span is left out.

    >>> week_data([["09:00-17:00"]] * 4 + [["09:00-12:00"], [], []])
    {'mon-thu': ['09:00-17:00'], 'fri': ['09:00-12:00']}
    """
    found: dict[str, list[str]] = {}
    first = 0
    for day in range(1, 8):
        if day < 7 and list(days[day]) == list(days[first]):
            continue
        if days[first]:
            name = WEEKDAYS[first] if day - first == 1 else f"{WEEKDAYS[first]}-{WEEKDAYS[day - 1]}"
            found[name] = list(days[first])
        first = day
    return found
