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
MEMBER_KEYS: Final = ("id", "name", "email", "telephone", "language", "channels", "digest", "weight")
HOURS_KEYS: Final = ("timezone", "week", "holidays", "days_off")
# How a new team is written, in this order.
TEAM_KEYS: Final = (
    "id", "label", "members", "leads", "assignment", "owner_first", "treatments", "channels", "digest",
    "alert", "sla", "tries",
)  # fmt: skip
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
        """Write one value; a mapping on the way that is not there yet is written with it."""
        while len(path) > 1 and splicing.at(self.data, path[:-1]) is None and isinstance(path[-1], str):
            path, value = path[:-1], {path[-1]: value}
        if splicing.at(self.data, path) != value:
            self.text = splicing.put(self.text, self._root, path, value)
            self._read()

    def take(self, path: Path) -> None:
        """Take one value out, if it is there."""
        if splicing.at(self.data, path) is not None:
            self.text = splicing.take(self.text, self._root, path)
            self._read()

    def take_whole(self, path: Path) -> None:
        """The same; mappings that held nothing else go with it."""
        while len(path) > 1 and splicing.at(self.data, path[:-1]) == {path[-1]: splicing.at(self.data, path)}:
            path = path[:-1]
        self.take(path)

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


# ---- Teams -----------------------------------------------------------------------------------------------------------


def add_team(document: TeamDocument, said: Data) -> TeamDocument:
    """With one team more, at the end of the list; raises TeamErrors."""
    text = _Text(document)
    text.append(("teams",), {key: said[key] for key in TEAM_KEYS if said.get(key) is not None})
    return text.document()


def remove_team(document: TeamDocument, id: str) -> TeamDocument:
    """Without a team; its members stay members. Raises NoSuch, and TeamErrors for the last one."""
    text = _Text(document)
    text.take(("teams", text.place("teams", id)))
    return text.document()


def set_team(
    document: TeamDocument, id: str, said: Data, *, members: Iterable[str] | None = None, leads: Iterable[str] = ()
) -> TeamDocument:
    """How a team is called, gives its tasks and within how long: its keys by their names, as `sla.within`.

    None takes a key out, and a mapping that held nothing else with it. With `members`: it is these, led by these;
    whoever is in it already keeps their turn. Raises NoSuch, TeamErrors.
    """
    text = _Text(document)
    at = text.place("teams", id)
    for key, value in said.items():
        path: Path = ("teams", at, *key.split("."))
        if value is None:
            text.take_whole(path)
        else:
            text.put(path, value)
    if members is not None:
        _staff(text, at, list(members), frozenset(leads))
    return text.document()


def _staff(text: _Text, at: int, members: Sequence[str], leads: frozenset[str]) -> None:
    """A team of these members and no others, led by these of them."""
    for key, wanted in (("members", members), ("leads", [id for id in members if id in leads])):
        path: Path = ("teams", at, key)
        for id in [each for each in text.listed(path) if each not in wanted]:
            text.leave_out(path, id)
        for id in [each for each in wanted if each not in text.listed(path)]:
            text.append(path, id)
    for j in range(len(text.listed(("teams", at, "territories")))):
        there: Path = ("teams", at, "territories", j, "members")
        for id in [each for each in text.listed(there) if each not in members]:
            text.leave_out(there, id)


# ---- Territories -----------------------------------------------------------------------------------------------------


def add_territory(document: TeamDocument, team: str, said: Data) -> TeamDocument:
    """With one territory more, after the others; the team's tasks go by territory then. Raises NoSuch, TeamErrors."""
    text = _Text(document)
    at = text.place("teams", team)
    text.append(("teams", at, "territories"), dict(said))
    text.put(("teams", at, "assignment"), "territory")
    return text.document()


def change_territory(document: TeamDocument, team: str, id: str, said: Data) -> TeamDocument:
    """Other leads or other members of a territory; what is not said stays. Raises NoSuch, TeamErrors."""
    text = _Text(document)
    path = _territory(text, team, id)
    for key, value in said.items():
        text.put((*path, key), value)
    return text.document()


def remove_territory(document: TeamDocument, team: str, id: str) -> TeamDocument:
    """Without a territory; after the last one the team's tasks go in turn. Raises NoSuch, TeamErrors."""
    text = _Text(document)
    path = _territory(text, team, id)
    if len(text.listed(path[:-1])) > 1:
        text.take(path)
    else:
        text.take(path[:-1])
        text.put((*path[:2], "assignment"), "round_robin")
    return text.document()


def raise_territory(document: TeamDocument, team: str, id: str) -> TeamDocument:
    """With a territory asked before the one that stood before it; the first stays. Raises NoSuch, TeamErrors."""
    text = _Text(document)
    path = _territory(text, team, id)
    place = path[-1]
    assert isinstance(place, int)
    if place > 0:
        others = text.listed(path[:-1])
        here, before = others[place], others[place - 1]
        text.put(path, before)
        text.put((*path[:-1], place - 1), here)
    return text.document()


def _territory(text: _Text, team: str, id: str) -> Path:
    """Where a territory stands."""
    path: Path = ("teams", text.place("teams", team), "territories")
    for i, each in enumerate(text.listed(path)):
        if isinstance(each, dict) and each.get("id") == id:
            return (*path, i)
    raise NoSuch(f"{id[:80]}: the team has no territory of that id; see its territories")


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
