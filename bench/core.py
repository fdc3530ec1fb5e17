"""The core alone, on one core: folding lead by lead, advancing over interleaved leads, refolding a long lead."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random

import couveuse.core.fold as fold_module
from bench.data import MODEL
from bench.timing import cpu_seconds, spread
from couveuse.core.errors import OutOfOrder
from couveuse.core.events import Fact
from couveuse.core.fold import advance, canonical, fold
from couveuse.core.plan import Plan, plan
from couveuse.core.reading import at
from couveuse.core.state import State, empty
from couveuse.core.times import DAY_US
from couveuse.documents.reading import read_model

LEADS, FACTS = 2_000, 40
START = 1_735_689_600_000_000  # 1 January 2025


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """Events a second of processor time, medians over the runs."""
    planned = plan(read_model(str(MODEL)).model)
    leads = histories(Random(7), LEADS, FACTS)
    count = sum(map(len, leads))
    folding = spread([count / cpu_seconds(lambda: _fold_all(planned, leads)) for _ in range(asked.runs)])
    mixed = sorted(((fact, lead) for lead, facts in enumerate(leads) for fact in facts), key=lambda pair: pair[0].key)
    advancing = spread([len(mixed) / cpu_seconds(lambda: _advance_all(planned, mixed)) for _ in range(asked.runs)])
    long = histories(Random(8), 1, 1_000)[0]
    refolding = spread([cpu_seconds(lambda: fold(planned, long)) * 1000 for _ in range(asked.runs)])
    compiled = Path(str(fold_module.__file__)).suffix != ".py"
    print(f"   {'compiled' if compiled else 'plain'}: fold {folding.median:,.0f}/s, advance {advancing.median:,.0f}/s, "
          f"refold of 1,000 events {refolding.median:.1f} ms")  # fmt: skip
    return {
        "compiled": compiled,
        "events": count,
        "fold_events_per_cpu_second": folding.told(),
        "advance_events_per_cpu_second": advancing.told(),
        "refold_1000_events_ms": refolding.told(),
        "states": _state_sizes(planned, leads),
    }


def _fold_all(planned: Plan, leads: Sequence[Sequence[Fact]]) -> None:
    end = START + 600 * DAY_US
    for facts in leads:
        at(planned, fold(planned, facts, email="lead@example.com"), end)


def _advance_all(planned: Plan, mixed: Sequence[tuple[Fact, int]]) -> None:
    """As facts come live: a verdict corrects the past, so that its lead is folded again."""
    states: dict[int, State] = {}
    held: dict[int, list[Fact]] = {}
    for fact, lead in mixed:
        state = states.get(lead)
        if state is None:
            state, held[lead] = empty(planned, "lead@example.com"), []
        held[lead].append(fact)
        try:
            states[lead] = advance(planned, state, fact)
        except OutOfOrder:
            states[lead] = fold(planned, held[lead], email="lead@example.com")


def _state_sizes(planned: Plan, leads: Sequence[Sequence[Fact]]) -> dict[str, float]:
    from couveuse.core.state import packed

    return spread([float(len(packed(fold(planned, facts)).encode())) for facts in leads[:500]]).told()


def histories(dice: Random, leads: int, facts: int) -> list[list[Fact]]:
    """Histories with the same shares of events as the large file's."""
    return [canonical(_fact(dice, lead, number) for number in range(facts)) for lead in range(leads)]


def _fact(dice: Random, lead: int, number: int) -> Fact:
    share = dice.random() * 100
    instant = START + int(dice.random() * 540 * DAY_US)
    name = f"{lead}-{number}"
    for limit, event, properties in _KINDS:
        if share < limit:
            told = {key: dice.choice(values) for key, values in properties.items()}
            if event == "Verdict Given":
                told = {"of": f"{lead}-{dice.randrange(number + 1)}", "verdict": told["verdict"]}
            traits = {"job_title": told.pop("job_title")} if event == "Traits Set" else {}
            return Fact(instant, event, name, "web", told, {}, traits)
    raise AssertionError("the last limit is 100")


_PATHS = ["/tarifs", "/tarifs/pompes", "/devis", *([f"/blog/{n}" for n in range(300)] * 2),
          *(f"/produits/pompes/{n}" for n in range(70)), *(f"/produits/dosage/{n}" for n in range(70)),
          *(f"/carrieres/{n}" for n in range(70)), *(["/tarifs", "/devis"] * 30)]  # fmt: skip
_LINKS = [
    *(f"https://www.example.com/devis?m={n}" for n in range(60)),
    *(f"https://www.example.com/blog/{n}" for n in range(180)),
]
_KINDS: Sequence[tuple[float, str, dict[str, list[str]]]] = (
    (1, "Verdict Given", {"verdict": ["human", "doubtful", "machine", "machine"]}),
    (1.5, "Opportunity Lost", {}),
    (2, "Score Adjusted", {"kind": ["reset"]}),
    (60, "Page Viewed", {"path": _PATHS}),
    (76, "Email Opened", {}),
    (86, "Email Clicked", {"url": _LINKS}),
    (90, "Link Clicked", {"url": _LINKS}),
    (94, "Document Downloaded", {"type": ["pdf", "video", "plan"]}),
    (96, "Form Submitted", {}),
    (97, "Webinar Attended", {}),
    (98, "Newsletter Subscribed", {}),
    (98.6, "Traits Set", {"job_title": ["Directeur technique", "Acheteur", "Étudiant", "Dirigeant"]}),
    (99, "Group Joined", {"group": ["Inscription Newsletter", "Salon"]}),
    (99.4, "Callback Requested", {}),
    (99.7, "Demo Requested", {}),
    (100, "Quote Requested", {}),
)
