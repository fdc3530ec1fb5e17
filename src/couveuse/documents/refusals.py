"""What pydantic refused, said in our words: by its kind of error, what is wrong and the cure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from couveuse.documents.findings import Path, Trouble
from couveuse.documents.sentences import Sentence, one_of, quoted, said
from couveuse.documents.shapes import ID_PATTERN, TAGS, keys_of

# How each key is written, for the cure of what is missing or of the wrong kind.
EXAMPLES: Mapping[str, str | Sentence] = {
    "couveuse": "couveuse: 1",
    "name": "name: my-model",
    "timezone": "timezone: Europe/Paris",
    "strong_links": 'strong_links: ["*/devis*"]',
    "half_life": "half_life: 90d",
    "rules": "rules: [{id: download, event: Document Downloaded, points: 5}]",
    "fit": "fit: [{id: boss, where: {traits.job_title: CEO}, points: 10}]",
    "caps": "caps: [{rules: [visit], points: 10, per: week}, {total: 100}]",
    "bands": "bands: [{id: low, up_to: 10, rate: 0.05, temperature: cold}, {id: high, rate: 0.5, temperature: hot}]",
    "hot_when": "hot_when: [{event: Quote Requested, within: 30d}]",
    "irrelevant": "irrelevant: [{class: student, where: {traits.job_title: student}}]",
    "personas": "personas: [{id: buyer, where: {traits.department: achats}}]",
    "topics": 'topics: [{path: "/produits/pompes/*", topic: pompes}]',
    "value": "value: {trait: deal_value, default: 1000}",
    "cycle": "cycle: {ends_on: [Opportunity Won, Opportunity Lost]}",
    "conversion": "conversion: {event: Opportunity Won, within: 180d}",
    "id": "id: download",
    "label": "label: {fr: Téléchargement, en: Download}",
    "fr": "fr: Téléchargement",
    "en": "en: Download",
    "event": "event: Document Downloaded",
    "where": 'where: {path: {matches: "/tarifs*"}}',
    "lead": "lead: {groups: {contains: Newsletter}}",
    "past": "past: [{event: Email Opened, within: 30d, at_least: 1}]",
    "points": "points: 5",
    "stage": "stage: decision",
    "repeat": said("shape.repeats"),
    "route": "route: {team: sales, treatment: make-appointment}",
    "team": "team: sales",
    "treatment": "treatment: make-appointment",
    "at_most": "at_most: 1",
    "per": "per: week",
    "at_least": "at_least: 1",
    "total": "total: 100",
    "up_to": "up_to: 10",
    "rate": "rate: 0.05",
    "temperature": "temperature: cold",
    "class": "class: student",
    "path": 'path: "/produits/pompes/*"',
    "topic": "topic: pompes",
    "trait": "trait: deal_value",
    "default": "default: 1000",
    "ends_on": "ends_on: [Opportunity Won, Opportunity Lost]",
    "recycle_to": "recycle_to: 5",
}

Said = tuple[Sentence, Sentence]  # what is wrong, and the cure


@dataclass(frozen=True, slots=True)
class Book:
    """What the errors of a kind of document know of it: how each key is written, and which a mapping may have."""

    examples: Mapping[str, str | Sentence]
    keys_at: Callable[[Path], list[str]]
    tags: tuple[str, ...] = TAGS


def _key(path: Path) -> str:
    """The nearest key at or above the end of a path."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


MODEL_BOOK = Book(EXAMPLES, lambda path: keys_of(_key(path)))

Answer = Callable[[ErrorDetails, Path, Book], Said]


def troubles(error: ValidationError, book: Book = MODEL_BOOK) -> Iterator[Trouble]:
    """Each refusal at its path in the document."""
    for details in error.errors(include_url=False):
        path = _without_tags(details["loc"], book)
        kind = details["type"]
        wrong, remedy = _SAID.get(kind, _anything)(details, path, book)
        at_key = kind == "extra_forbidden" or bool(details.get("ctx", {}).get("at_key"))
        yield Trouble(path, wrong, remedy, at_key)


def _without_tags(loc: tuple[str | int, ...], book: Book) -> Path:
    return tuple(step for step in loc if step not in book.tags)


def _example(path: Path, book: Book) -> Sentence:
    key = _key(path)
    return said("cure.write_as", code=book.examples[key]) if key in book.examples else said("cure.plain")


def _context(details: ErrorDetails) -> dict[str, Any]:
    return details.get("ctx", {})


def _told(details: ErrorDetails, path: Path, book: Book) -> Said:
    return _context(details)["wrong"], _context(details)["remedy"]


def _missing(details: ErrorDetails, path: Path, book: Book) -> Said:
    key = _key(path)
    return said("shape.missing", key=key), said("cure.add", code=book.examples.get(key, key))


def _unknown(details: ErrorDetails, path: Path, book: Book) -> Said:
    return said("shape.unknown", value=quoted(path[-1])), one_of(path[-1], book.keys_at(path[:-1]))


def _wanted(what: str, given: object) -> Sentence:
    return said("wanted.told", wanted=said(f"wanted.{what}"), value=quoted(given))


def _kind(what: str) -> Answer:
    return lambda details, path, book: (_wanted(what, details["input"]), _example(path, book))


def _text(details: ErrorDetails, path: Path, book: Book) -> Said:
    given = details["input"]
    is_number = isinstance(given, (int, float))
    return _wanted("text", given), said("cure.quoted", code=f'"{given}"') if is_number else _example(path, book)


def _word(details: ErrorDetails, path: Path, book: Book) -> Said:
    given = details["input"]
    words = re.findall("'([^']*)'", _context(details)["expected"])
    return said("shape.word", value=quoted(given)), one_of(given, words)


def _pattern(details: ErrorDetails, path: Path, book: Book) -> Said:
    given = details["input"]
    if _context(details)["pattern"] == ID_PATTERN:
        return said("shape.id", value=quoted(given)), said("cure.letters", code="strong-click")
    return said("shape.line", value=quoted(given)), said("cure.one_line")


def _least(details: ErrorDetails, path: Path, book: Book) -> Said:
    least = f"{_context(details)['ge']:g}"
    return said("shape.under", value=quoted(details["input"]), least=least), said("shape.or_more", least=least)


def _most(details: ErrorDetails, path: Path, book: Book) -> Said:
    most = f"{_context(details)['le']:g}"
    cure = "shape.or_less_rate" if _key(path) == "rate" else "shape.or_less"
    return said("shape.over", value=quoted(details["input"]), most=most), said(cure, most=most)


def _long(details: ErrorDetails, path: Path, book: Book) -> Said:
    most = _context(details)["max_length"]
    return said("shape.long", most=most), said("shape.or_fewer", most=most)


def _anything(details: ErrorDetails, path: Path, book: Book) -> Said:
    return said("shape.other", english=details["msg"]), _example(path, book)


# One row a kind of error (the names are pydantic's).
_SAID: Mapping[str, Answer] = {
    "told": _told,
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_type": _text,
    "float_type": _kind("number"),
    "bool_type": _kind("boolean"),
    "dict_type": _kind("mapping"),
    "int_type": _kind("whole"),
    "int_from_float": _kind("whole"),
    "finite_number": lambda details, path, book: (said("shape.infinite"), _example(path, book)),
    "list_type": _kind("list"),
    "model_type": _kind("mapping"),
    "union_tag_not_found": _kind("mapping"),
    "too_short": lambda details, path, book: (said("shape.empty_list"), _example(path, book)),
    "literal_error": _word,
    "string_pattern_mismatch": _pattern,
    "string_too_long": _long,
    "string_unicode": lambda details, path, book: (said("shape.unstorable"), said("cure.delete")),
    "greater_than_equal": _least,
    "less_than_equal": _most,
}
