"""What the fold keeps of a lead, and nothing more: bounded by the model, but for its traits, groups and verdicts.

Which cell holds what is the plan's to say (`couveuse.core.plan`). A state written by one process is read by another
(`parts` in any form, `packed` as JSON), under the same model only.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from couveuse.core.errors import StateMismatch
from couveuse.core.plan import SEVERAL, VISIT, Plan
from couveuse.core.times import NEVER

Key = tuple[int, int, str, str]
FIRST_KEY: Key = (NEVER - 1, 0, "", "")


@dataclass(slots=True)
class State:
    """One lead's state after some facts. It is a value: `fold` and `advance` give a new one."""

    ints: list[int]
    sums: list[float]  # behaviour by half-life, as of the instants in `plan.sum_cells`; then topic weights
    used: list[float]  # points taken by each cap in its window
    trails: list[tuple[int, ...]]
    held: dict[str, object]  # traits and groups that the model reads
    derived: dict[str, object]  # traits that follow from the e-mail
    first_name: str = ""  # of the event of the first fact on which a rule fired
    key: Key = FIRST_KEY  # of the last fact folded
    verdicts: dict[tuple[str | None, str], tuple[Key, str]] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)  # to `lead` conditions: 1, 0, or -1 not asked since a change

    def copy(self) -> "State":
        """Another state that says the same."""
        return State(
            self.ints.copy(),
            self.sums.copy(),
            self.used.copy(),
            self.trails.copy(),
            self.held,
            self.derived,
            self.first_name,
            self.key,
            self.verdicts,
            self.answers.copy(),
        )


def empty(plan: Plan, email: str | None = None) -> State:
    """The state of a lead of which nothing is known but the e-mail."""
    layout = plan.layout
    ints = [NEVER] * layout.ints
    ints[VISIT] = ints[SEVERAL] = 0
    derived = plan.derived(email)
    return State(
        ints,
        [0.0] * layout.sums,
        [0.0] * layout.used,
        [()] * layout.trails,
        dict(derived),
        derived,
        answers=[-1] * layout.held,
    )


def parts(state: State) -> list[object]:
    """A state as plain values, in one order: what is written of it, in whatever form."""
    ints = [None if value == NEVER else value for value in state.ints]
    held: dict[str, object] = state.held
    if held:
        held = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in held.items()}
    verdicts: list[object] = []
    if state.verdicts:
        # In an order of their own: they are learnt in any.
        hits = sorted(state.verdicts.items(), key=lambda hit: (hit[0][1], hit[0][0] is not None, hit[0][0] or ""))
        verdicts = [[of, source, list(key), verdict] for (source, of), (key, verdict) in hits]
    return [
        ints, state.sums, state.used, state.trails, held, state.derived, state.first_name, state.key, verdicts,
    ]  # fmt: skip


def of_parts(plan: Plan, values: Any) -> State:
    """A state of what `parts` gave, be it read again, under the plan that it was folded with.

    Raises StateMismatch where the state cannot be of that model.
    """
    ints, sums, used, trails, held, derived, first_name, key, verdicts = values
    layout = plan.layout
    sizes = [len(ints), len(sums), len(used), len(trails)]
    if sizes != [layout.ints, layout.sums, layout.used, layout.trails]:
        raise StateMismatch
    state = State(
        [NEVER if value is None else value for value in ints],
        sums,
        used,
        [tuple(trail) for trail in trails],
        {name: frozenset(value) if name == "groups" else value for name, value in held.items()},
        {},
        key=_key(key),
        answers=[-1] * layout.held,
    )
    state.derived, state.first_name = derived, first_name
    if verdicts:
        state.verdicts = {(source, of): (_key(at), verdict) for of, source, at, verdict in verdicts}
    return state


def packed(state: State) -> str:
    """A state as compact JSON."""
    return json.dumps(parts(state), ensure_ascii=False, separators=(",", ":"))


def unpacked(plan: Plan, text: str) -> State:
    """A state as `packed` wrote it, under the plan that it was folded with.

    Raises StateMismatch where the state cannot be of that model.
    """
    return of_parts(plan, json.loads(text))


def _key(parts: Any) -> Key:
    at, kind, source, message_id = parts
    assert isinstance(at, int)  # as `parts` gave it
    assert isinstance(kind, int)
    return (at, kind, str(source), str(message_id))
