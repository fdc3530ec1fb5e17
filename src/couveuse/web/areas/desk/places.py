"""Where a page of a list begins, as addresses write it: two numbers, `expected~number` or `instant~number`."""

import math

from django.http import Http404

from couveuse.store.tasks import Place


def place_of(written: str) -> Place | None:
    """The place in a queue; None for its beginning. Raises Http404 for what is no place."""
    if not written:
        return None
    expected, number = _parts(written)
    try:
        value = float(expected)
    except ValueError:
        raise Http404 from None
    if not math.isfinite(value):
        raise Http404
    return Place(value, _whole(number))


def pair_of(written: str) -> tuple[int, int] | None:
    """The place in another list, an instant and a number; None for its beginning. Raises Http404."""
    if not written:
        return None
    instant, number = _parts(written)
    return _whole(instant), _whole(number)


def written(first: float, number: int) -> str:
    """A place as an address has it."""
    return f"{first!r}~{number}"


def _parts(written: str) -> tuple[str, str]:
    first, between, number = written.partition("~")
    if not between or len(written) > 60:
        raise Http404
    return first, number


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    return int(text)
