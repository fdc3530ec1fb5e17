"""The compiled core is the plain one, faster: what a run is about is what it runs, and values are the same in both."""

import copy
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import pytest

import couveuse.core
from couveuse.core.conditions import All, Any, Not, Operator, Test
from couveuse.core.events import Fact, Refused, Reject, Row
from couveuse.core.fold import fold
from couveuse.core.frozen import Frozen
from couveuse.core.ledger import Ledger, Line, LineKind
from couveuse.core.model import Label, Model, Past, Repeat, Rule, Stage, Window
from couveuse.core.plan import plan
from couveuse.core.reading import BandChange, at, crossings
from tests.core.making import ALL, START, a_fact, a_plan, a_rule

# `make compiled` says so: the run is about an installed, compiled core.
COMPILED = os.environ.get("COUVEUSE_COMPILED") == "1"
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "couveuse" / "core"
MODULES = sorted(path.stem for path in SOURCE.glob("*.py") if path.stem not in ("__init__", "errors"))


@pytest.mark.parametrize("name", MODULES)
def test_the_core_is_the_one_that_the_run_is_about(name: str) -> None:
    path = Path(str(import_module(f"couveuse.core.{name}").__file__))
    assert (path.suffix != ".py") == COMPILED
    assert (SOURCE in path.parents) != COMPILED
    assert couveuse.core.is_compiled() == COMPILED


def test_the_version_says_when_the_core_is_compiled() -> None:
    asked = [sys.executable, "-c", "from couveuse.cli import main; main()", "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert said == f"couveuse {couveuse.__version__}{' (compiled core)' if COMPILED else ''}"


WHERE = All((Test("path", Operator.MATCHES, ("/a*", "/b?")), Not(Any((Test("n", Operator.GT, 1.5),)))))
RULE = a_rule(
    label=Label("Visite", "Visit"),
    where=WHERE,
    past=(Past("Email Opened", 10, 2, WHERE),),
    repeat=Repeat(1, Window.DAY),
    stage=Stage.DECISION,
)
MODEL = Model("a", (ALL,), rules=(RULE,), half_life=10**12, stage_window=None)


def values() -> list[object]:
    """A value of each kind that may be sent to another process."""
    planned, ledger = a_plan(a_rule(), half_life=10**12), Ledger()
    fact = a_fact()
    state = fold(planned, [fact], ledger=ledger)
    reading = at(planned, state, START)
    line = Line(START, fact, "a", LineKind.CAP, -2.0)
    return [MODEL, fact, Row(fact, "a@example.com", None, None), Refused(Reject.NUL), state, ledger, reading, line,
            crossings(planned, reading, reading), BandChange(START, ALL)]  # fmt: skip


@pytest.mark.parametrize("value", values(), ids=lambda value: type(value).__name__)
def test_a_value_is_the_same_when_it_was_pickled_or_copied(value: object) -> None:
    for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(again) is type(value)
        assert again == value


def folded(model: Model, fact: Fact) -> tuple[float, bool]:
    """What another process makes of a model that it was sent."""
    planned = plan(model)
    return at(planned, fold(planned, [fact]), fact.at).score, couveuse.core.is_compiled()


def test_another_process_folds_with_the_same_core() -> None:
    fact, model = a_fact(), Model("a", (ALL,), rules=(a_rule(points=7.0),))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert processes.submit(folded, model, fact).result() == (7.0, COMPILED)


def test_every_value_is_pickled_by_its_fields() -> None:
    # What a compiled core pickles, a plain one must read: neither may rely on what only one of them has.
    for value in values():
        if isinstance(value, Frozen):
            made, parts = value.__reduce__()
            assert made(*parts) == value


def test_a_number_that_no_float_holds_is_a_number() -> None:
    model = Model("a", (ALL,), rules=(Rule("r", "Click", 1.0, where=Test("n", Operator.GT, 2**53)),))
    assert folded(model, a_fact(n=2**53 + 1))[0] == 1.0
    assert folded(model, a_fact(n=2**53))[0] == 0.0
    assert folded(model, a_fact(n=10**400))[0] == 1.0
