"""The laws are only as good as the histories that they see: here it is counted what these are made of."""

from collections import Counter

from couveuse.core.conditions import Operator
from couveuse.core.events import Adjustment, Verdict
from couveuse.core.model import Window
from tests.laws import vocabulary as words
from tests.laws.oracle import Answer
from tests.laws.promises import answers
from tests.laws.strategies import HISTORIES, census, kept_world

OFTEN = 200

MADE = (
    *(f"operator: {operator}" for operator in (*Operator, "all", "any", "not")),
    *(f"repeat: {window}" for window in (*Window, "always")),
    *(f"cap: {window}" for window in (*(window for window in Window if window is not Window.VISIT), "total")),
    *(f"cut: {cause}" for cause in ("cycle", "too early")),
    *(f"adjustment: {kind}" for kind in Adjustment),
    *(f"verdict: {verdict}" for verdict in Verdict),
    *(f"past: at least {number}" for number in (1, 2, 3, 4, 5)),
    *(f"zone: {zone}" for zone in words.ZONES),
    *(f"fact: {event}" for event in (*words.EVENTS, "Traits Set", "Group Joined", "Group Left", "Consent Given")),
    "verdict with of_source", "past: ever", "past: within", "half-life of a rule", "lead condition", "negative points",
    "hot_when", "irrelevant", "persona", "topic", "stage window", "merge", "leads file", "copy",
    "copy with another time", "late row", "same message_id of two sources", "tie of time", "edge of a past window",
    "visit of 30 minutes sharp", "day on which clocks change", "hour that comes twice",
)  # fmt: skip


def test_the_histories_hold_each_thing_often() -> None:
    made: Counter[str] = Counter()
    for seed in range(HISTORIES):
        made.update(census(kept_world(seed)[0]))
    rare = {name: made[name] for name in MADE if made[name] < OFTEN}
    assert not rare, f"fewer than {OFTEN} in {HISTORIES} histories: {rare}"


def test_each_thing_bites_often() -> None:
    """It is not enough that a model has a cap: the cap must take something, and so on."""
    seen: Counter[str] = Counter()
    for seed in range(HISTORIES):
        world, leads = kept_world(seed)
        for number in range(len(leads)):
            for _, answer in answers(seed, number):
                seen.update(_bites(answer, world.model.bands[-1].id))
    rare = {name: seen[name] for name in BITES if seen[name] < OFTEN}
    assert not rare, f"fewer than {OFTEN} in {HISTORIES} histories: {rare}"
    assert seen["unsure"] < seen["answers"] / 50, "what hangs by a rounding is left out, and must be rare"


BITES = (
    "a cap takes a part", "a cap takes all", "a cut takes a line", "a line fades", "the total hides", "fit",
    "interests",
    "score under 0", "last band", "discovery", "evaluation", "decision", "no stage", "hot", "warm", "cold",
    "irrelevant",
    "persona", "none", "signal", "lead", "mature", "route of a rule", "route of a band",
)  # fmt: skip


def _bites(answer: Answer, last: str) -> Counter[str]:
    seen = Counter(["answers", answer.temperature, answer.maturity])
    for points, cap, cut, decay in answer.ledger.values():
        seen["a cap takes all" if cap and not points + cap else "a cap takes a part"] += int(bool(cap))
        seen["a cut takes a line"] += int(bool(cut))
        seen["a line fades"] += int(bool(decay))
    stage = "no stage" if answer.stage is None else answer.stage.name.lower()
    seen.update(
        [stage, *("route of a band" if cause[0] == "b" else "route of a rule" for _, _, cause in answer.routes)]
    )
    said = {
        "the total hides": answer.total < -1e-9, "fit": answer.fit, "interests": answer.interests,
        "score under 0": answer.score < 0, "last band": answer.band == last, "persona": answer.persona,
        "unsure": answer.unsure,
    }  # fmt: skip
    seen.update(name for name, holds in said.items() if holds)
    return seen
