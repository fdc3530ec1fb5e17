"""What all values of the core have in common: they never change, and they may be sent to another process."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Frozen:
    """A value that is made anew from its fields when it is unpickled or copied, and never changed.

    Python writes this for a frozen dataclass with slots, mypyc does not; said here, it is one for both, so that
    what a compiled core pickles a plain one reads.
    """

    def __reduce__(self) -> tuple[type["Frozen"], tuple[object, ...]]:
        return type(self), tuple([getattr(self, field.name) for field in fields(self)])
