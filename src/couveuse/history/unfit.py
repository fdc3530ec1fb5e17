"""Why a file as a whole cannot be used: reasons that a page says in its own words, each with a line for a terminal."""

from enum import StrEnum

from couveuse.errors import BadInput


class Unfit(StrEnum):
    """What is wrong with a file."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_NAME = "wrong_name"
    WRONG_KIND = "wrong_kind"
    OLD_EXCEL = "old_excel"
    ONE_DOCUMENT = "one_document"
    NOT_A_WORKBOOK = "not_a_workbook"
    LOCKED = "locked"
    INFLATES = "inflates"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_ROWS = "too_many_rows"
    NO_HEADER = "no_header"
    NO_ROWS = "no_rows"
    NAMELESS = "nameless_column"
    TWICE = "column_twice"
    BROKEN = "broken"
    ENCODING = "encoding"
    NO_SHEET = "no_sheet"
    NO_COLUMN = "no_column"
    RAGGED = "ragged"
    NO_IDENTITY = "no_identity"


class UnfitFile(BadInput):
    """A file that cannot be used as it stands; `values` are what a page says of it."""

    known_as = "file"

    def __init__(self, message: str, reason: Unfit, **values: object) -> None:
        super().__init__(message)
        self.reason, self.values = reason, values
