"""What the archive keeps of a fact: properties by an allow-list, and nothing that names a person.

A name of the list is a model's own way to name a field: a bare name is a property, `context.x` and `traits.x` are of
the other parts, and a dotted path goes into objects. What would name a person is taken out whatever the list says, and
the fact is told to be one that stays in PostgreSQL, where it is read whole: so no score changes by it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType

from couveuse.core.events import (
    CHANGES,
    LEAD_REJECTED,
    OPPORTUNITY_LOST,
    OPPORTUNITY_WON,
)
from couveuse.errors import BadInput

PARTS: Final = ("properties", "context", "traits")
# What the product itself shows or reads of any fact.
ALWAYS: Final = (
    "content", "document", "form", "mailing", "path", "strength", "topic", "type",
    "group", "kind", "points", "of", "of_source", "verdict", "purpose",
)  # fmt: skip
# What a fact says of the person, and what people said of a lead, stays whole in PostgreSQL: it is little, it is read
# again whenever a lead is folded, and it names people.
STAYING: Final = frozenset((
    *CHANGES, "Call Made", "Meeting Booked", "Project Detected", "Lead Accepted", LEAD_REJECTED, OPPORTUNITY_WON,
    OPPORTUNITY_LOST,
))  # fmt: skip
_IDENTIFIERS: Final = frozenset(
    """email mail emailaddress mailaddress courriel phone phonenumber telephone tel mobile mobilephone fax firstname
    lastname middlename fullname givenname familyname surname nickname prenom nom username login name ip ipaddress
    useragent userid anonymousid deviceid advertisingid address street postaladdress birthday birthdate dateofbirth ssn
    iban message comment comments note notes body""".split()
)
# `name` is a page's or a form's name among properties, and a person's elsewhere.
_NO_PERSON: Final = frozenset(("name",))
_LETTERS: Final = re.compile(r"[^a-z0-9]")
_BESIDE: Final = r"\s\"'/?&=:;,<>()\[\]{}\\@"  # what stands around an address
_EMAIL: Final = re.compile(rf"[^{_BESIDE}]+(?:@|%40)[^{_BESIDE}]+\.[^{_BESIDE}.]+")
REMOVED: Final = "(removed)"


def is_identifier(name: str) -> bool:
    """Whether a field is one by whose name a person is told.

    >>> is_identifier("email"), is_identifier("traits.firstName"), is_identifier("name"), is_identifier("traits.name")
    (True, True, False, True)
    """
    part, path = parted(name)
    pieces = [_LETTERS.sub("", piece.lower()) for piece in path.split(".")]
    barred = _IDENTIFIERS - _NO_PERSON if part == "properties" and len(pieces) == 1 else _IDENTIFIERS
    return any(piece in barred for piece in pieces)


def parted(name: str) -> tuple[str, str]:
    """In which part of a fact a field stands, and its path there.

    >>> parted("path"), parted("properties.path"), parted("context.page.url")
    (('properties', 'path'), ('properties', 'path'), ('context', 'page.url'))
    """
    head, dot, tail = name.partition(".")
    return (head, tail) if dot and head in PARTS else ("properties", name)


def plain(name: str) -> str:
    """A field in the one way in which the archive names it."""
    part, path = parted(name)
    return path if part == "properties" and parted(path)[0] == "properties" else f"{part}.{path}"


def covers(kept: Iterable[str], name: str) -> bool:
    """Whether a field stands in what was kept: itself, or an object that it is in.

    >>> covers(["cart", "path"], "cart.total"), covers(["cart.total"], "cart"), covers(["path"], "properties.path")
    (True, False, True)
    """
    part, path = parted(name)
    held = {parted(each) for each in kept}
    pieces = path.split(".")
    return any((part, ".".join(pieces[:count])) in held for count in range(1, len(pieces) + 1))


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Names that somebody wants to be kept; raises BadInput for one that names people."""
    found = []
    for name in names:
        if is_identifier(name):
            raise BadInput(
                f"COUVEUSE_ARCHIVE_PROPERTIES: {name} names people, and is never archived: take it out of the list"
            )
        found.append(plain(name))
    return tuple(found)


class Taken(NamedTuple):
    """What was taken of one fact, as JSON text, None where there is nothing; and the keys beside the row's own."""

    message_id: str
    properties: str | None
    context: str | None
    traits: str | None
    keys: tuple[str | None, str | None]
    has_withheld: bool


class Kept(NamedTuple):
    """What is kept of one fact, as JSON text; `stays` says that the whole fact stays in PostgreSQL."""

    message_id: str
    properties: str | None
    context: str | None
    traits: str | None
    stays: bool


class Projector:
    """Takes some fields out of facts as the store holds them.

    A payload is a JSON list: `message_id`, properties, context, traits, user id, device; the last ones may be missing.
    """

    def __init__(self, names: Sequence[str], withheld: Sequence[str] = ()) -> None:
        """`names` are taken; of `withheld` it is only told whether a fact has one of them."""
        wanted = {part: _tree(names, part) for part in PARTS}
        barred = {part: _tree(withheld, part) for part in PARTS}
        self._parts = [_Part(wanted[part], barred[part]) for part in PARTS]
        fields: list[Any] = [("message_id", str)]
        fields += [(name, part.type | None, None) for name, part in zip(PARTS, self._parts, strict=True)]
        fields += [("user_id", str | None, None), ("anonymous_id", str | None, None)]
        payload = msgspec.defstruct("Payload", fields, array_like=True, gc=False)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(payload).decode
        self._encode = msgspec.json.Encoder().encode

    def take(self, written: bytes) -> Taken:
        """What is wanted of a payload's JSON."""
        try:
            said = self._decode(written)
        except msgspec.DecodeError:  # what Python wrote and msgspec does not read: huge numbers
            return self._slowly(json.loads(written))
        texts: list[str | None] = []
        has_withheld = False
        for part, held in zip(self._parts, (said.properties, said.context, said.traits), strict=True):
            text: str | None = None
            if held is not None:
                if part.is_deep or part.is_barred:
                    has_withheld = part.settle(held) or has_withheld
                text = self._encode(held).decode()
            texts.append(None if text == "{}" else text)
        properties, context, traits = texts
        keys = (said.user_id, said.anonymous_id)
        return Taken(said.message_id, properties, context, traits, keys, has_withheld)

    def _slowly(self, parts: list[Any]) -> Taken:
        message_id, properties, context, traits, user_id, anonymous_id = (*parts, *[None] * 5)[:6]
        texts: list[str | None] = []
        has_withheld = False
        for part, held in zip(self._parts, (properties, context, traits), strict=True):
            found = _projected(held, part.wanted) if isinstance(held, Mapping) else {}
            has_withheld = has_withheld or (isinstance(held, Mapping) and bool(_projected(held, part.barred)))
            texts.append(json.dumps(found, separators=(",", ":"), ensure_ascii=False) if found else None)
        properties, context, traits = texts
        return Taken(message_id, properties, context, traits, (user_id, anonymous_id), has_withheld)


class Keeper:
    """Takes what is kept out of facts, and out of that what names people."""

    def __init__(self, names: Sequence[str], withheld: Sequence[str] = ()) -> None:
        """`names` are kept; facts that have one of `withheld` stay whole where they are."""
        self._take = Projector(names, withheld).take

    def keep(self, event: str, written: bytes, key: str | None) -> Kept:
        """What is kept of a fact; `key` is by what its row belongs to its person."""
        taken = self._take(written)
        keys = [each for each in (key, *taken.keys) if each]
        stays = event in STAYING or taken.has_withheld
        message_id = _cleaned(taken.message_id, keys)
        texts: list[str | None] = []
        for text in (taken.properties, taken.context, taken.traits):
            found = text
            if text is not None:
                if text.count("{") > 1:
                    found = _stripped(text)
                found = _cleaned(found or text, keys)
                stays = stays or found is not text
            texts.append(found)
        properties, context, traits = texts
        return Kept(message_id, properties, context, traits, stays or message_id is not taken.message_id)


def _cleaned(text: str, keys: Sequence[str]) -> str:
    """A text without e-mails, and without the person's own keys: itself where it has none."""
    found = text
    if "@" in text or "%40" in text:
        found = _EMAIL.sub(REMOVED, found)
    for key in keys:
        if key in found:
            found = _without(found, key)
    return text if found == text else found


def _stripped(text: str) -> str:
    """An object without what names people within the objects in it: itself where there is no such thing."""
    held = json.loads(text)
    found = {name: _inner(value) for name, value in held.items()}
    return text if found == held else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _inner(value: Any) -> Any:
    if isinstance(value, list):
        return [_inner(each) for each in value]
    if isinstance(value, dict):
        return {
            name: _inner(each) for name, each in value.items() if _LETTERS.sub("", name.lower()) not in _IDENTIFIERS
        }
    return value


def _without(text: str, key: str) -> str:
    """Take a key out where it stands by itself, and is no piece of a longer word or number."""
    return re.sub(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", REMOVED, text)


Tree = dict[str, Any]
"""Names, each with what is wanted in it: None for all of it."""


def _tree(names: Iterable[str], part: str) -> Tree:
    """The names of one part: each whole path as one name, too, for so it may be written."""
    tree: Tree = {}
    for name in names:
        where, path = parted(name)
        if where == part:
            _plant(tree, path)
    return tree


def _plant(tree: Tree, path: str) -> None:
    tree[path] = None
    head, dot, tail = path.partition(".")
    if dot and tree.get(head, {}) is not None:
        _plant(tree.setdefault(head, {}), tail)


def _projected(values: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    """What a tree of names wants of an object."""
    found: dict[str, Any] = {}
    for name, inner in tree.items():
        if name not in values:
            continue
        if inner is None:
            found[name] = values[name]
        elif isinstance(values[name], Mapping) and (held := _projected(values[name], inner)):
            found[name] = held
    return found


class _Part:
    """One part of facts: a type that takes of its JSON what is wanted, and passes the rest over unread."""

    def __init__(self, wanted: Tree, barred: Tree) -> None:
        self.wanted, self.barred = wanted, barred
        names = list(dict.fromkeys((*wanted, *barred)))
        fields = {f"f{number}": name for number, name in enumerate(names)}
        self._numbers = {name: field for field, name in fields.items()}
        self.type: Any = msgspec.defstruct(
            "Said", [(field, Raw | UnsetType, UNSET) for field in fields], rename=fields, gc=False
        )
        self.is_deep = any(inner is not None for inner in wanted.values())
        self.is_barred = bool(barred)
        self._deep = [name for name in names if wanted.get(name) is not None or name in barred]

    def settle(self, held: Any) -> bool:
        """Cut objects down to what is wanted of them; returns whether something is there that names people."""
        is_there = False
        for name in self._deep:
            raw = getattr(held, self._numbers[name])
            if raw is UNSET:
                continue
            value = json.loads(bytes(raw))
            if name in self.barred:
                inner = self.barred[name]
                is_there = is_there or inner is None or (isinstance(value, Mapping) and bool(_projected(value, inner)))
            setattr(held, self._numbers[name], self._cut(name, raw, value))
        return is_there

    def _cut(self, name: str, raw: Any, value: Any) -> Any:
        if name not in self.wanted:
            return UNSET
        inner = self.wanted[name]
        if inner is None:
            return raw
        found = _projected(value, inner) if isinstance(value, Mapping) else {}
        return Raw(json.dumps(found, separators=(",", ":")).encode()) if found else UNSET


def wanted_of(fields: Iterable[Iterable[str]], also: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The allow-list of what models read (`fields`, of each) and of what is wanted beside; and what it withholds."""
    read = {plain(name) for each in fields for name in each}
    withheld = {name for name in read if is_identifier(name)}
    return tuple(sorted({*read, *checked(also), *ALWAYS} - withheld)), tuple(sorted(withheld))


def lacking(kept: Iterable[str], fields: Iterable[str]) -> Iterator[str]:
    """Those of some fields that were not kept."""
    held = tuple(kept)
    for name in fields:
        if not covers(held, name):
            yield plain(name)
