"""What the parts of a team's document say to each other: who is whose member, who is told, which words are known.

As in `checks`, what is not of the kind that a check compares is passed over here and refused by its shape.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from couveuse.documents.findings import Path, Trouble, one_of, quoted, shown

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


def _unique(found: Iterable[tuple[Path, object]], what: str) -> Iterator[Trouble]:
    first: dict[str, Path] = {}
    for path, value in found:
        key = value.strip().lower() if isinstance(value, str) else None
        if key is not None and first.setdefault(key, path) != path:
            yield Trouble(path, f"{quoted(value)} is already {what} of {shown(first[key][:-1])}", "write another")


def _names(data: Data) -> Iterator[Trouble]:
    """A word in `alert` or `raise_to` must mean one thing, and an owner's e-mail one person."""
    members = [((*path, "id"), item.get("id")) for path, item in _mappings(data, "members")]
    yield from _unique(members, "the id")
    yield from _unique((((*path, "id"), item.get("id")) for path, item in _mappings(data, "teams")), "the id")
    emails = (((*path, "email"), item.get("email")) for path, item in _mappings(data, "members"))
    yield from _unique(emails, "the e-mail")
    lists = [(("lists", name), name) for name in _mapping(data, "lists")]
    for path, name in [*members, *lists]:
        if name in WORDS:
            message = f"{quoted(name)} is a word of its own where people are told"
            yield Trouble(path, message, f"choose another than {', '.join(WORDS)}", at_key=len(path) == 2)
    ids = {name for _, name in members if isinstance(name, str)}
    for path, name in lists:
        if name in ids:
            yield Trouble(path, f"{quoted(name)} is a member's id already", "name the list otherwise", at_key=True)


def _members(data: Data) -> Iterator[Trouble]:
    known = _ids(data, "members")
    for at, team in _mappings(data, "teams"):
        for path, name in _texts(team, "members", at):
            if name not in known:
                yield Trouble(path, f"no member has the id {quoted(name)}", _nearest(name, known, "members"))
        yield from _once(_texts(team, "members", at))
        own = [name for _, name in _texts(team, "members")]
        yield from _own(_texts(team, "leads", at), own)
        for territory, item in _mappings(team, "territories", at):
            yield from _own(_texts(item, "members", territory), own)
        paths = (((*path, "id"), item.get("id")) for path, item in _mappings(team, "territories", at))
        yield from _unique(paths, "the id")


def _once(found: Iterable[tuple[Path, str]]) -> Iterator[Trouble]:
    seen: set[str] = set()
    for path, name in found:
        if name in seen:
            yield Trouble(path, f"{quoted(name)} is written twice", "keep one; more turns are a member's weight")
        seen.add(name)


def _own(found: Iterable[tuple[Path, str]], own: list[str]) -> Iterator[Trouble]:
    for path, name in found:
        if name not in own:
            yield Trouble(path, f"{quoted(name)} is no member of this team", _nearest(name, own, "members"))


def _nearest(name: str, known: list[str], where: str) -> str:
    return one_of(name, known) if known else f"write it under {where} first"


def _told(data: Data) -> Iterator[Trouble]:
    """Whoever is told must be somebody."""
    known = [*WORDS, *_ids(data, "members"), *_mapping(data, "lists")]
    for at, team in _mappings(data, "teams"):
        promise = _mapping(team, "sla")
        for path, name in [*_texts(team, "alert", at), *_texts(promise, "raise_to", (*at, "sla"))]:
            if name not in known:
                yield Trouble(path, f"{quoted(name)} is no member and no list", one_of(name, known))
            elif name == "lead" and not list(_texts(team, "leads")):
                yield Trouble(path, "nobody leads this team", "write who does, as leads: [alice], or take lead out")
        for key in ("raise_every", "raise_times"):
            if key in promise and not promise.get("raise_to"):
                message = f"{key} says how often nobody is told"
                yield Trouble((*at, "sla", key), message, "write who is, as raise_to: [lead]", at_key=True)


def _treatments(data: Data) -> Iterator[Trouble]:
    for at, team in _mappings(data, "teams"):
        known = list(_mapping(team, "treatments"))
        for name in _mapping(_mapping(team, "sla"), "by_treatment"):
            if name not in known:
                message = f"this team has no treatment {quoted(name)}"
                cure = _nearest(name, known, "treatments")
                yield Trouble((*at, "sla", "by_treatment", name), message, cure, at_key=True)


def _assignments(data: Data) -> Iterator[Trouble]:
    for at, team in _mappings(data, "teams"):
        way, path = team.get("assignment", "nobody"), (*at, "assignment")
        if way in ("round_robin", "load", "territory") and not team.get("members"):
            yield Trouble(path, "this team has no members to give tasks to", "write members, or assignment: nobody")
        if way == "territory" and not team.get("territories"):
            cure = "write territories: [{id: north, where: {...}, members: [...]}]"
            yield Trouble(path, "this team has no territories", cure)
        if way != "territory" and team.get("territories"):
            message = "the territories decide nothing"
            yield Trouble((*at, "territories"), message, "write assignment: territory, or take them out", at_key=True)


def _absences(data: Data) -> Iterator[Trouble]:
    for at, member in _mappings(data, "members"):
        for path, absence in _mappings(member, "absences", at):
            first, last = absence.get("from"), absence.get("until")
            # Days in this form compare as text.
            if isinstance(first, str) and isinstance(last, str) and len(first) == len(last) == 10 and last < first:
                yield Trouble((*path, "until"), f"{quoted(last)} is before {quoted(first)}", "write the later day last")


def _characters(data: Data) -> Iterator[Trouble]:
    """YAML's escapes can say characters that a database cannot hold."""
    yield from _unstorable(data, ())


def _unstorable(value: object, path: Path) -> Iterator[Trouble]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if _is_unstorable(key):
                yield Trouble((*path, key), "a character that cannot be stored stands here", "delete it", at_key=True)
            yield from _unstorable(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _unstorable(inner, (*path, i))
    elif isinstance(value, str) and _is_unstorable(value):
        yield Trouble(path, "a character that cannot be stored stands here", "delete it")


def _is_unstorable(text: str) -> bool:
    return "\0" in text or any("\ud800" <= each <= "\udfff" for each in text)


CHECKS: tuple[Callable[[Data], Iterator[Trouble]], ...] = (
    _names, _members, _told, _treatments, _assignments, _absences, _characters,
)  # fmt: skip
