"""A `message_id` taken apart, so that it weighs no more than the chance in it: exactly itself when put together again.

Most are made of a UUID or of another run of hexadecimal digits, which weigh half as bytes, and some of a clock's
milliseconds, which the instant of the fact nearly says. What is left is a form that recurs.
"""

import re
from typing import Final

_UUID, _RUN, _CLOCK = (
    "\x01",
    "\x02",
    "\x03",
)  # where in a form a part stands; no message_id that holds one is taken apart
_MARKS: Final = re.compile(f"[{_UUID}{_RUN}{_CLOCK}]")
_FIND_UUID: Final = re.compile(
    "([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f])([0-9a-f]{3})-([0-9a-f])([0-9a-f]{3})-([0-9a-f]{12})"
)
_FIND_RUN: Final = re.compile("(?:[0-9a-f]{2}){4,250}")
_FIND_CLOCK: Final = re.compile("(?<![0-9a-f])[1-9][0-9]{12}(?![0-9a-f])")
# A clock further off than this tells nothing of the fact's instant.
_MOST_MS: Final = 1 << 40

Parted = tuple[str, bytes | None, int | None]
"""The form, the bytes of what is hexadecimal in it, and by how many milliseconds its clock is off the instant."""


def part(message_id: str, at_ms: int) -> Parted:
    """Take a `message_id` apart.

    >>> form, data, clock = part("ajs-next-1780000000123-0f0e0d0c-0b0a-4908-8706-050403020100", 1_780_000_000_120)
    >>> form, data.hex(), clock
    ('ajs-next-\\x03-\\x0148', '0f0e0d0c0b0a908706050403020100', 3)
    """
    if _MARKS.search(message_id):
        return message_id, None, None
    form, clock = message_id, None
    found = _FIND_CLOCK.search(form) if len(form) > 13 else None
    if found and abs(int(found[0]) - at_ms) < _MOST_MS:
        clock = int(found[0]) - at_ms
        form = f"{form[: found.start()]}{_CLOCK}{form[found.end() :]}"
    found = _FIND_UUID.search(form)
    if found:
        one, two, version, three, variant, four, five = found.groups()
        data = bytes.fromhex(one + two + three + four + five)
        return f"{form[: found.start()]}{_UUID}{version}{variant}{form[found.end() :]}", data, clock
    runs: list[str] = []

    def take(run: re.Match[str]) -> str:
        runs.append(run[0])
        return f"{_RUN}{chr(0x20 + len(run[0]) // 2)}"

    form = _FIND_RUN.sub(take, form)
    return form, bytes.fromhex("".join(runs)) if runs else None, clock


def whole(parted: Parted, at_ms: int) -> str:
    """Put a `message_id` together again."""
    form, data, clock = parted
    if data is not None:
        digits = data.hex()
        head, mark, tail = form.partition(_UUID)
        if mark:
            uuid = f"{digits[:8]}-{digits[8:12]}-{tail[0]}{digits[12:15]}-{tail[1]}{digits[15:18]}-{digits[18:]}"
            form = f"{head}{uuid}{tail[2:]}"
        else:
            form = _runs(form, digits)
    return form if clock is None else form.replace(_CLOCK, str(at_ms + clock), 1)


def _runs(form: str, digits: str) -> str:
    head, *rest = form.split(_RUN)
    parts, low = [head], 0
    for each in rest:
        high = low + 2 * (ord(each[0]) - 0x20)
        parts += [digits[low:high], each[1:]]
        low = high
    return "".join(parts)
