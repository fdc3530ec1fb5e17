"""What the parts of a team's document say to each other: who is whose member, who is told, which words are known.

As in `checks`, what is not of the kind that a check compares is passed over here and refused by its shape.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from couveuse.documents.findings import Path, Trouble, shown
from couveuse.documents.sentences import Sentence, one_of, quoted, said, write

# Whom these words mean depends on the task: its member, its lead's owner, who leads its team, its team.
WORDS = ("member", "owner", "lead", "team")

Data = Mapping[str, object]


def troubles(data: object) -> Iterator[Trouble]:
    """All that does not fit together in a document."""
    if isinstance(data, dict):
        for check in CHECKS:
            yield from check(data)


def _mappings(data: Data, key: str, at: Path = ()) -> Iterator[tuple[Path, Data]]:
    """The mappings in a list, with their paths."""
    items = data.get(key)
    for i, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*at, key, i), item


def _texts(data: Data, key: str, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """The texts in a list, with their paths."""
    items = data.get(key)
    for i, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            yield (*at, key, i), item


def _ids(data: Data, key: str) -> list[str]:
    found = [item.get("id") for _, item in _mappings(data, key)]
    return [id for id in found if isinstance(id, str)]


def _mapping(data: Data, key: str) -> Data:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _unique(found: Iterable[tuple[Path, object]], taken: str = "ids.taken") -> Iterator[Trouble]:
    first: dict[str, Path] = {}
    for path, value in found:
        key = value.strip().lower() if isinstance(value, str) else None
        if key is not None and first.setdefault(key, path) != path:
            message = said(taken, value=quoted(value), place=shown(first[key][:-1]))
            yield Trouble(path, message, said("cure.other"))


def _names(data: Data) -> Iterator[Trouble]:
    """A word in `alert` or `raise_to` must mean one thing, and an owner's e-mail one person."""
    members = [((*path, "id"), item.get("id")) for path, item in _mappings(data, "members")]
    yield from _unique(members)
    yield from _unique((((*path, "id"), item.get("id")) for path, item in _mappings(data, "teams")))
    emails = (((*path, "email"), item.get("email")) for path, item in _mappings(data, "members"))
    yield from _unique(emails, "ids.email")
    lists = [(("lists", name), name) for name in _mapping(data, "lists")]
    for path, name in [*members, *lists]:
        if name in WORDS:
            cure = said("teams.other_than", words=", ".join(WORDS))
            yield Trouble(path, said("teams.own_word", value=quoted(name)), cure, at_key=len(path) == 2)
    ids = {name for _, name in members if isinstance(name, str)}
    for path, name in lists:
        if name in ids:
            message = said("teams.members_id", value=quoted(name))
            yield Trouble(path, message, said("teams.name_otherwise"), at_key=True)


def _members(data: Data) -> Iterator[Trouble]:
    known = _ids(data, "members")
    for at, team in _mappings(data, "teams"):
        for path, name in _texts(team, "members", at):
            if name not in known:
                yield Trouble(path, said("teams.no_member", value=quoted(name)), _nearest(name, known, "members"))
        yield from _once(_texts(team, "members", at))
        own = [name for _, name in _texts(team, "members")]
        yield from _own(_texts(team, "leads", at), own)
        for territory, item in _mappings(team, "territories", at):
            yield from _own(_texts(item, "members", territory), own)
        paths = (((*path, "id"), item.get("id")) for path, item in _mappings(team, "territories", at))
        yield from _unique(paths)


def _once(found: Iterable[tuple[Path, str]]) -> Iterator[Trouble]:
    seen: set[str] = set()
    for path, name in found:
        if name in seen:
            yield Trouble(path, said("teams.twice", value=quoted(name)), said("teams.weight"))
        seen.add(name)


def _own(found: Iterable[tuple[Path, str]], own: list[str]) -> Iterator[Trouble]:
    for path, name in found:
        if name not in own:
            yield Trouble(path, said("teams.not_ours", value=quoted(name)), _nearest(name, own, "members"))


def _nearest(name: str, known: list[str], key: str) -> Sentence:
    return one_of(name, known) if known else said("cure.under", key=key)


def _told(data: Data) -> Iterator[Trouble]:
    """Whoever is told must be somebody."""
    known = [*WORDS, *_ids(data, "members"), *_mapping(data, "lists")]
    for at, team in _mappings(data, "teams"):
        promise = _mapping(team, "sla")
        for path, name in [*_texts(team, "alert", at), *_texts(promise, "raise_to", (*at, "sla"))]:
            if name not in known:
                yield Trouble(path, said("teams.not_told", value=quoted(name)), one_of(name, known))
            elif name == "lead" and not list(_texts(team, "leads")):
                yield Trouble(path, said("teams.nobody_leads"), said("teams.who_leads"))
        for key in ("raise_every", "raise_times"):
            if key in promise and not promise.get("raise_to"):
                message = said("teams.how_often", key=key)
                yield Trouble((*at, "sla", key), message, said("teams.who_is_told"), at_key=True)


def _treatments(data: Data) -> Iterator[Trouble]:
    for at, team in _mappings(data, "teams"):
        known = list(_mapping(team, "treatments"))
        for name in _mapping(_mapping(team, "sla"), "by_treatment"):
            if name not in known:
                message = said("teams.no_treatment", value=quoted(name))
                cure = _nearest(name, known, "treatments")
                yield Trouble((*at, "sla", "by_treatment", name), message, cure, at_key=True)


def _assignments(data: Data) -> Iterator[Trouble]:
    for at, team in _mappings(data, "teams"):
        way, path = team.get("assignment", "nobody"), (*at, "assignment")
        if way in ("round_robin", "load", "territory") and not team.get("members"):
            yield Trouble(path, said("teams.nobody_to_give"), said("teams.write_members"))
        if way == "territory" and not team.get("territories"):
            cure = write("territories: [{id: north, where: {...}, members: [...]}]")
            yield Trouble(path, said("teams.no_territories"), cure)
        if way != "territory" and team.get("territories"):
            message = said("teams.idle_territories")
            yield Trouble((*at, "territories"), message, said("teams.by_territory"), at_key=True)


def _absences(data: Data) -> Iterator[Trouble]:
    for at, member in _mappings(data, "members"):
        for path, absence in _mappings(member, "absences", at):
            first, last = absence.get("from"), absence.get("until")
            # Days in this form compare as text.
            if isinstance(first, str) and isinstance(last, str) and len(first) == len(last) == 10 and last < first:
                message = said("hours.absence", last=quoted(last), first=quoted(first))
                yield Trouble((*path, "until"), message, said("hours.later_last"))


def _characters(data: Data) -> Iterator[Trouble]:
    """YAML's escapes can say characters that a database cannot hold."""
    yield from _unstorable(data, ())


def _unstorable(value: object, path: Path) -> Iterator[Trouble]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if _is_unstorable(key):
                yield Trouble((*path, key), said("shape.unstorable"), said("cure.delete"), at_key=True)
            yield from _unstorable(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _unstorable(inner, (*path, i))
    elif isinstance(value, str) and _is_unstorable(value):
        yield Trouble(path, said("shape.unstorable"), said("cure.delete"))


def _is_unstorable(text: str) -> bool:
    return "\0" in text or any("\ud800" <= each <= "\udfff" for each in text)


CHECKS: tuple[Callable[[Data], Iterator[Trouble]], ...] = (
    _names, _members, _told, _treatments, _assignments, _absences, _characters,
)  # fmt: skip
