"""The form of a mapping and of what is declared: from the page to `Wants`, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from couveuse.core import times
from couveuse.core.consent import Basis, Purpose
from couveuse.engine.uploading import ENCODINGS, MOST_A_DAY, Flaw, Wants, meanings
from couveuse.history.columns import KEYS, Dates, Preview
from couveuse.history.guessing import TRAITS
from couveuse.store.uploads import EVENTS, LEADS
from couveuse.web.asking import Asked

# What a column may be beside a key: kept under a name, or left out.
OWN, OUT = "own", "out"
NO_BASIS: Final = "none"
KEYS_OF: Final = {
    EVENTS: KEYS,
    LEADS: tuple(key for key in KEYS if key not in ("event", "occurred_at", "message_id")),
}
KNOWN_TRAITS: Final = tuple(TRAITS)


def read(given: Mapping[str, str], purposes: list[str], seen: Preview, base: Wants, zone: ZoneInfo) -> Wants:
    """What the form says; what it does not say of a column is left as the file has it."""
    names: dict[str, str] = {}
    left_out: list[str] = []
    keys = KEYS_OF[base.kind]
    for place, column in enumerate(seen.columns):
        chosen = given.get(f"as-{place}", OWN)
        name = given.get(f"name-{place}", "").strip()
        if chosen == OUT:
            left_out.append(column)
        elif chosen in keys:
            names |= {} if chosen == column else {column: chosen}
        elif name and name != column:
            names[column] = name
    return replace(
        base,
        names=names,
        left_out=tuple(left_out),
        dates=given.get("dates", "") if given.get("dates", "") in tuple(Dates) else Dates.ISO.value,
        source=given.get("source", "").strip(),
        basis=_basis(given.get("basis", "")),
        consent_source=given.get("consent_source", "").strip(),
        since=times.instant(given.get("since", "").strip(), zone) if given.get("since", "").strip() else None,
        purposes=tuple(dict.fromkeys(purpose for purpose in purposes if purpose in tuple(Purpose))),
        hand_over=_number(given.get("hand_over", "")),
    )  # fmt: skip


def _basis(text: str) -> str | None:
    if text == NO_BASIS:
        return ""
    return text if text in tuple(Basis) else None


def _number(text: str) -> int | None:
    """So many a day; what is no number is one that will not do."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_A_DAY)) else 0


def columns(seen: Preview, wants: Wants) -> list[dict[str, Any]]:
    """The lines of the form: a column, its first cells, and what it is to be."""
    called = meanings(seen, wants)
    keys = KEYS_OF[wants.kind]
    lines = []
    for place, column in enumerate(seen.columns):
        name = called[column]
        cells = [row[place] for row in seen.rows if place < len(row) and row[place]]
        is_key = name in keys
        lines.append({
            "place": place,
            "column": column,
            "cells": list(dict.fromkeys(cells))[:3],
            "chosen": OUT if not name else name if is_key else OWN,
            "name": column if not name or is_key else name,
            "is_known": is_key or name in KNOWN_TRAITS,
        })  # fmt: skip
    return lines


def choices(asked: Asked, kind: str) -> list[tuple[str, str]]:
    """What a column may be, as the form offers it."""
    keys = [(key, asked.say(f"start_key.{key}")) for key in KEYS_OF[kind]]
    return [*keys, (OWN, asked.say("start_map.own")), (OUT, asked.say("start_map.out"))]


def encodings(asked: Asked) -> list[tuple[str, str]]:
    """How text may be encoded."""
    return [(name, asked.say(f"start_encoding.{name.replace('-', '_')}")) for name in ENCODINGS]


def by_place(asked: Asked, found: Sequence[Flaw]) -> dict[str, str]:
    """What is to be said of each field; the columns' own in one place."""
    said: dict[str, str] = {}
    for flaw in found:
        text = asked.say(f"start_flaw.{flaw.what}", **{k: _told(asked, v) for k, v in flaw.values.items()})
        said[flaw.at] = f"{said[flaw.at]} {text}" if flaw.at in said else text
    return said


def _told(asked: Asked, value: object) -> object:
    return asked.formats.number(value) if isinstance(value, int) else value
