"""Whether this instance can work: what the database says, and what it means. For `/readyz` and `couveuse doctor`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from psycopg import Connection

from couveuse.core.times import SECOND_US
from couveuse.store.processes import SILENT_US
from couveuse.store.statements import statement

LOOK: Final = statement("health", "look")
VALUES: Final = {"silent": SILENT_US}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `cure` is empty where it is fine, and else says what to do.

    `code` names what was found, so that a page may say it in its language, with these values.
    """

    name: str
    says: str
    cure: str = ""
    code: str = field(default="", compare=False)
    values: Mapping[str, str | float] = field(default_factory=dict, compare=False)

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to do."""
        return not self.cure


@dataclass(frozen=True, slots=True)
class Look:
    """One row of `LOOK`."""

    migrations: Sequence[str] | None
    acting_models: int
    waiting: int
    waiting_since: int | None
    engines: int
    now: int

    @property
    def waits_seconds(self) -> float:
        """For how long the oldest event has waited."""
        return 0.0 if self.waiting_since is None else max(self.now - self.waiting_since, 0) / SECOND_US


def look(connection: Connection[Any]) -> Look:
    """What the database says; raises psycopg's UndefinedTable where nothing was migrated."""
    row = connection.execute(LOOK, VALUES).fetchone()
    assert row is not None  # a select without a table has one
    return Look(*row)


def migrations() -> frozenset[str]:
    """The names of this version's migrations, found without Django."""
    names = (path.name for path in files("couveuse.store").joinpath("migrations").iterdir())
    return frozenset(name.removesuffix(".py") for name in names if name[:4].isdigit() and name.endswith(".py"))


def checks(found: Look | None, most_waiting: int) -> Iterator[Check]:
    """What a look means; None stands for a database without our tables."""
    missing = migrations() - set(found.migrations or ()) if found else migrations()
    newer = set(found.migrations or ()) - migrations() if found else set()
    if missing:
        yield Check(
            "migrations", f"{len(missing)} to be applied", "run: couveuse migrate", "migrations_missing",
            {"n": len(missing)},
        )  # fmt: skip
    elif newer:
        yield Check(
            "migrations", f"{len(newer)} of a newer version", "install the version of Couveuse that made them",
            "migrations_newer", {"n": len(newer)},
        )  # fmt: skip
    else:
        yield Check("migrations", "all applied", code="migrations")
    if found is None:
        return
    yield (
        Check("model", "published", code="model")
        if found.acting_models
        else Check(
            "model", "none is published", "publish one: couveuse rescore MODEL, or start with couveuse up", "model_none"
        )
    )
    waiting = f"{found.waiting:,} events wait for the engine"
    since = f"{waiting}, the oldest for {found.waits_seconds:,.0f} s" if found.waiting else waiting
    is_full = found.waiting >= most_waiting
    cure = "run more engines (couveuse engine), or raise COUVEUSE_BACKLOG" if is_full else ""
    code = "backlog_full" if is_full else "backlog" if found.waiting else "backlog_none"
    yield Check("backlog", since, cure, code, {"n": found.waiting, "seconds": round(found.waits_seconds)})
    yield (
        Check("engine", f"{found.engines} alive", code="engine", values={"n": found.engines})
        if found.engines
        else Check("engine", "none alive", "run: couveuse up, or couveuse engine", "engine_none")
    )
