"""Cores with a bug planted in them: the modules of the core read anew from their source, one line of it changed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType

import couveuse.core
from couveuse.core import conditions, events
from tests.laws.promises import Core

# Read anew in this order, each after those that it imports; the others stay the real ones, and so do values.
MODULES = ("text", "conditions", "times", "events", "plan", "state", "ledger", "fold", "reading")
VALUES = {
    "conditions": (conditions, ("Operator", "Test", "All", "Any", "Not")),
    "events": (events, ("Change", "CHANGES", "Fact", "Row", "Verdict", "Adjustment")),
}
_numbers = count()


@dataclass(frozen=True, slots=True)
class Bug:
    """What is wrong, in which module of the core, and how its source changes: each text, found once, is another."""

    name: str
    module: str
    changes: tuple[tuple[str, str], ...]


@contextmanager
def planted(bug: Bug | None) -> Iterator[Core]:
    """A core with that bug; without one, the core read anew and unchanged. Other modules never see it."""
    package = f"planted_{next(_numbers)}"
    made = {name: _module(package, name, _source(name, bug)) for name in MODULES}
    try:
        yield Core(made["plan"], made["fold"], made["reading"], made["state"], made["ledger"])
    finally:
        for name in MODULES:
            del sys.modules[f"{package}.{name}"]
        del sys.modules[package]


def _source(name: str, bug: Bug | None) -> str:
    source = Path(couveuse.core.__path__[0], f"{name}.py").read_text(encoding="utf-8")
    if bug is None or bug.module != name:
        return source
    for right, wrong in bug.changes:
        found = source.count(right)
        assert found == 1, f"{bug.name}: the text to change stands {found} times in core/{name}.py, and not once"
        assert right != wrong, f"{bug.name}: nothing would change"
        source = source.replace(right, wrong)
    return source


def _module(package: str, name: str, source: str) -> ModuleType:
    module = ModuleType(f"{package}.{name}")
    for other in MODULES:
        source = source.replace(f"from couveuse.core.{other} import", f"from {package}.{other} import")
    source = source.replace("from couveuse.core import times", f"from {package} import times")
    sys.modules.setdefault(package, ModuleType(package)).__path__ = []  # type: ignore[attr-defined]  # a package has one
    sys.modules[module.__name__] = module
    setattr(sys.modules[package], name, module)
    exec(compile(source, f"<{module.__name__}>", "exec", dont_inherit=True), module.__dict__)
    real, values = VALUES.get(name, (None, ()))
    for value in values:
        setattr(module, value, getattr(real, value))
    return module
