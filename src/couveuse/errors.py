"""The errors that the whole product shares: each names what happened and the cure, in one line."""


class CouveuseError(Exception):
    """Something could not be done; the message says what, and what to do about it."""

    # A word by which pages that tell of failed work have a sentence for it in each language; most errors need none.
    known_as: str = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class BadInput(CouveuseError):
    """What was given cannot be read as it stands."""


class BadModel(BadInput):
    """The scoring model cannot be used as it stands."""
