"""What the parts of a scoring model say to each other: ids, bands, caps, half-lives, visits.

Every check reads plain data that may be wrong elsewhere, so that one error never hides another: what is not of the
kind that a check compares is passed over here and refused by its shape.
"""

from collections.abc import Callable, Iterator, Mapping

from couveuse.core.model import MOST_HALF_LIVES
from couveuse.documents.durations import duration_us
from couveuse.documents.findings import Path, Trouble, shown
from couveuse.documents.sentences import Sentence, one_of, quoted, said

RESERVED = ("add", "raise", "set", "reset", "total", "recycle")  # the ledger's own causes

Data = Mapping[str, object]


def troubles(data: object) -> Iterator[Trouble]:
    """All that does not fit together in a document."""
    if isinstance(data, dict):
        for check in CHECKS:
            yield from check(data)


def _each(data: Data, *keys: str) -> Iterator[tuple[Path, Data]]:
    """The mappings in the lists under these keys, with their paths."""
    for key in keys:
        items = data.get(key)
        for i, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                yield (key, i), item


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def empties(value: object, path: Path = ()) -> Iterator[Trouble]:
    """A key with nothing after it is refused: it may be a slip, and its meaning would be a guess."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from empties(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from empties(inner, (*path, i))
    elif value is None and not _is_in_condition(path):
        yield Trouble(path, said("shape.nothing"), said("shape.fill_in"), at_key=True)


def _is_in_condition(path: Path) -> bool:
    return "where" in path[:-1] or "lead" in path[:-1]  # conditions say it themselves: exists is the cure there


def _ids(data: Data) -> Iterator[Trouble]:
    """Rules, fit rules and bands are all causes in the ledger and of routes: one id, one thing."""
    yield from _unique(data, "rules", "fit", "bands")
    yield from _unique(data, "personas")
    for path, item in _each(data, "rules", "fit", "bands"):
        if item.get("id") in RESERVED:
            cure = said("ids.other_than", words=", ".join(RESERVED))
            yield Trouble((*path, "id"), said("ids.ledger", value=quoted(item["id"])), cure)


def _unique(data: Data, *keys: str) -> Iterator[Trouble]:
    first: dict[str, Path] = {}
    for path, item in _each(data, *keys):
        name = item.get("id")
        if isinstance(name, str) and first.setdefault(name, path) != path:
            message = said("ids.taken", value=quoted(name), place=shown(first[name]))
            yield Trouble((*path, "id"), message, said("ids.another", code=f"{name}-2"))


def _bands(data: Data) -> Iterator[Trouble]:
    bands = data.get("bands")
    last = len(bands) - 1 if isinstance(bands, list) else -1
    below: float | None = None
    for path, band in _each(data, "bands"):
        edge = band.get("up_to")
        if path[1] == last and "up_to" in band:
            yield Trouble((*path, "up_to"), said("bands.last"), said("bands.take_out"), at_key=True)
        elif path[1] != last and "up_to" not in band:
            yield Trouble((*path, "up_to"), said("bands.open"), said("bands.edge", code="up_to: 10"))
        elif isinstance(edge, (int, float)) and _is_number(edge):
            if below is not None and edge <= below:
                message = said("bands.order", edge=f"{edge:g}", below=f"{below:g}")
                yield Trouble((*path, "up_to"), message, said("bands.lowest_up"))
            below = max(edge, edge if below is None else below)


def _caps(data: Data) -> Iterator[Trouble]:
    rules = {item.get("id"): item for _, item in _each(data, "rules") if isinstance(item.get("id"), str)}
    fit = {item.get("id") for _, item in _each(data, "fit") if isinstance(item.get("id"), str)}
    capped: dict[str, Path] = {}
    for path, name in _capped(data):
        if name not in rules:
            message = said("caps.fit" if name in fit else "caps.no_rule", value=quoted(name))
            known = [str(known) for known in rules]
            yield Trouble(path, message, _known_rule(name, known))
        elif name in capped:
            message = said("caps.capped", value=quoted(name), place=shown(capped[name]))
            yield Trouble(path, message, said("caps.one_cap"))
        elif _is_negative(rules[name].get("points")):
            yield Trouble(path, said("caps.negative", value=quoted(name)), said("caps.positive"))
        capped.setdefault(name, path[:2])


def _known_rule(name: str, known: list[str]) -> Sentence:
    return one_of(name, known) if known else said("caps.write_rule")


def _is_negative(points: object) -> bool:
    return isinstance(points, (int, float)) and _is_number(points) and points < 0


def _capped(data: Data) -> Iterator[tuple[Path, str]]:
    for path, cap in _each(data, "caps"):
        names = cap.get("rules")
        for i, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):
                yield (*path, "rules", i), name


def _totals(data: Data) -> Iterator[Trouble]:
    totals = [path for path, cap in _each(data, "caps") if "total" in cap]
    for path in totals[1:]:
        message = said("caps.total", place=shown(totals[0]))
        yield Trouble((*path, "total"), message, said("caps.one_total"), at_key=True)


def _half_lives(data: Data) -> Iterator[Trouble]:
    """Each half-life is an accumulator in the state of every lead, so that they are few."""
    seen: set[int] = set()
    for path, item in [((), data), *_each(data, "rules")]:
        written = item.get("half_life")
        length = duration_us(written) if isinstance(written, str) else None
        if length is None or length in seen:
            continue
        seen.add(length)
        if len(seen) > MOST_HALF_LIVES:
            message = said("rules.half_lives", value=quoted(written), number=len(seen), most=MOST_HALF_LIVES)
            yield Trouble((*path, "half_life"), message, said("rules.use_other"))


def _visits(data: Data) -> Iterator[Trouble]:
    for path, rule in _each(data, "rules"):
        repeat = rule.get("repeat")
        if isinstance(repeat, dict) and repeat.get("per") == "visit" and rule.get("event") != "Page Viewed":
            yield Trouble((*path, "repeat", "per"), said("rules.visit"), said("rules.by_day"))


CHECKS: tuple[Callable[[Data], Iterator[Trouble]], ...] = (_ids, _bands, _caps, _totals, _half_lives, _visits)
