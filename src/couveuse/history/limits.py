"""How large a file may be that somebody uploads; what is larger is for the command, on a machine of theirs."""

from dataclasses import dataclass
from typing import Final

from couveuse.history.unfit import Unfit, UnfitFile

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file, in bytes and in numbers of its parts."""

    size: int = 500 * MIB
    inflated: int = 4_096 * MIB  # of .gz, .zst and Parquet
    workbook: int = 50 * MIB
    workbook_inflated: int = 600 * MIB
    workbook_texts: int = 128 * MIB  # its table of texts is held in memory
    parts: int = 5_000  # of a workbook
    columns: int = 500
    rows: int = 50_000_000  # that a Parquet file says it has
    row_groups: int = 50_000


LIMITS: Final = Limits()


def too_large(name: str, most: int) -> UnfitFile:
    """A file is over a bound of so many bytes."""
    return UnfitFile(
        f"{name}: larger than {most // MIB:,} MB; split it, compress it (.gz, .zst), or import it with the command: "
        "couveuse import",
        Unfit.TOO_LARGE,
        megabytes=most // MIB,
    )
