"""The laws are worth what they catch: each of these bugs, planted in the core, must break one of them soon."""

import pytest

from tests.laws.planted import Bug, planted
from tests.laws.promises import broken

# Within this many random histories a bug is caught, and the same histories find no fault with the core as it is.
BOUND = 400

_COUNTED = "[(fact.at, match_fact(fact), fact) for fact in seen if is_counted(state, fact)]"
_LAST = "        last = at\n"
_REPEAT = "            cell = rule.repeat_cell\n"
_CAP = """\
            points = given = rule.points
            cap = rule.cap
            if cap >= 0:
                cell, per = rule.cap_cell, rule.cap_per
                window = day if per == _DAY else _window(calendar, per, day, at)
                if ints[cell] != window:
                    ints[cell] = window
                    used[cap] = 0.0
                room = rule.cap_points - used[cap]
                if points > room:
                    given = room
                used[cap] += given
"""
_IF_CUTS = "            if match.cuts:\n                _cut(plan, state, ledger)\n"
_CUTS_LATE = "        if match.cuts:\n            _cut(plan, state, ledger)\n"


def _machines(match: str) -> tuple[tuple[str, str], ...]:
    """Hits of machines are folded after all, as a match of this kind, and leave no other trace."""
    known = f"match_fact(fact) if is_counted(state, fact) else {match}"
    step = f"[(fact.at, {known}, fact) for fact in seen]"
    return (_COUNTED, step), (_LAST, "        if match.event != 'machine':\n            last = at\n")


def _bug(name: str, module: str, right: str, wrong: str) -> Bug:
    return Bug(name, module, ((right, wrong),))


BUGS = (
    # The past
    _bug("a past of one leaves out the start of its window", "fold", "ints[cell]) < since", "ints[cell]) <= since"),
    _bug("a past of several leaves out the start of its window", "fold", "- wanted] < since", "- wanted] <= since"),
    _bug("a past of one sees its own instant", "fold", "last if last < at else", "last if last <= at else"),
    _bug("a past of several sees its own instant", "fold", "trail[before - 1] >= at", "trail[before - 1] > at"),
    _bug("a trail is too short for ties", "fold", "(*trail[1 - 2 * depth :], at)", "(*trail[1 - depth :], at)"),
    _bug("a click proves no opening", "plan", "if event == EMAIL_CLICKED else (event,)", "if False else (event,)"),
    _bug(
        "a click meets a rule on openings",
        "plan",
        "if rule.event == event and (planned",
        "if rule.event in (event, EMAIL_OPENED if event == EMAIL_CLICKED else event) and (planned",
    ),
    # Repeats and windows
    _bug(
        "a gap of 30 minutes goes on with the visit", "fold", "ints[PAGE_AT] >= VISIT_GAP", "ints[PAGE_AT] > VISIT_GAP"
    ),
    _bug("a week begins on Sunday", "times", "(day + 3) // 7", "(day + 4) // 7"),
    _bug(
        "days are those of UTC",
        "fold",
        "day = (at + (calendar.offset(at) if offset is None else offset)) // DAY_US",
        "day = at // DAY_US",
    ),
    _bug("a lead's days are those of UTC", "times", "return (at + self.offset(at)) // DAY_US", "return at // DAY_US"),
    _bug("the hour that comes twice is one", "times", "// HOUR_US * DAY_US + offset", "// HOUR_US"),
    _bug("one line too many", "fold", "elif ints[cell + 1] < rule.at_most", "elif ints[cell + 1] <= rule.at_most"),
    _bug(
        "once is not spent where a cap takes all",
        "fold",
        "                used[cap] += given\n",
        "                if points and not given and rule.repeat_cell >= 0:\n"
        "                    ints[rule.repeat_cell + 1] -= 1\n"
        "                used[cap] += given\n",
    ),
    Bug(
        "the cap comes before the repeat",
        "fold",
        ((_CAP, ""), (_REPEAT, _CAP + _REPEAT)),
    ),
    _bug("a cap never starts anew", "fold", "                    used[cap] = 0.0\n", ""),
    # Cuts and adjustments
    _bug(
        "a cut forgets what was spent",
        "fold",
        "    for stage in Stage:\n",
        "    for rule in plan.rules:\n"
        "        if rule.repeat_cell >= 0:\n"
        "            state.ints[rule.repeat_cell] = NEVER\n"
        "    for stage in Stage:\n",
    ),
    _bug(
        "a cut empties the caps",
        "fold",
        "    for stage in Stage:\n",
        "    state.used[:] = [0.0] * len(state.used)\n    for stage in Stage:\n",
    ),
    _bug("a cut keeps the stage", "fold", "state.ints[STAGE_AT + stage] = NEVER", "pass"),
    Bug(
        "a cut comes after the rules of its fact",
        "fold",
        ((_IF_CUTS, ""), ("        if fired and not", f"{_CUTS_LATE}        if fired and not")),
    ),
    _bug("a set is no cut", "fold", "(Adjustment.SET, Adjustment.RESET)", "(Adjustment.RESET,)"),
    _bug(
        "a raise does not look at fit",
        "fold",
        "behaviour_at(plan, state, at) + fit_points(plan, state)\n        if",
        "behaviour_at(plan, state, at)\n        if",
    ),
    _bug("a raise may lower", "fold", "        if number <= 0:\n", "        if number == 0:\n"),
    _bug("too early starts again on top of fit", "fold", "recycle_to - fit_points(plan, state)", "recycle_to"),
    # Decay
    _bug("points are not rebased", "fold", "total *= 0.5 ** ((at - ints[cell]) / half_lives[half])", "pass"),
    _bug("adjustments are not rebased", "fold", "total *= 0.5 ** ((at - state.ints[cell]) / half_life)", "pass"),
    _bug("interests are not rebased", "fold", "weight *= 0.5 ** ((at - state.ints[cell]) / half_life)", "pass"),
    _bug(
        "a change of band is looked for downwards only",
        "reading",
        "turns = [round(turn)",
        "turns = [] and [round(turn)",
    ),
    # Verdicts and copies
    _bug("the first verdict wins", "fold", "known[0] < fact.key", "known[0] > fact.key"),
    _bug("a doubtful hit scores", "fold", "message_id) is Verdict.HUMAN", "message_id) is not Verdict.MACHINE"),
    _bug(
        "a verdict on one source is not heard",
        "fold",
        "one, other = verdicts.get((source, message_id)),",
        "one, other = None,",
    ),
    Bug(
        "a machine's page view goes on with the visit",
        "fold",
        _machines("Match('machine', 0, is_page=fact.event == 'Page Viewed')"),
    ),
    Bug(
        "a machine's click proves an opening",
        "fold",
        _machines("Match('machine', 0, feeds=plan.match_fact(fact).feeds)"),
    ),
    _bug(
        "a verdict that came before its hit is forgotten",
        "fold",
        "    state.key = key\n    if not state.verdicts or is_counted(state, fact):\n",
        "    state.key = key\n    if True:\n",
    ),
    Bug(
        "a message_id is one over all sources",
        "fold",
        (
            ("if (fact.source, fact.message_id) not in seen", "if fact.message_id not in seen"),
            ("seen.add((fact.source, fact.message_id))", "seen.add(fact.message_id)"),
        ),
    ),
    _bug(
        "the latest copy counts",
        "fold",
        "in sorted(facts, key=lambda fact: fact.key):",
        "in {(f.source, f.message_id): f for f in sorted(facts, key=lambda f: f.key)}.values():",
    ),
    # The lead
    _bug(
        "a lead condition does not see that a group changed",
        "fold",
        "joins else frozenset())}\n    state.answers = [-1] * plan.layout.held",
        "joins else frozenset())}",
    ),
    _bug("groups are compared letter by letter", "fold", "plain(known) == plain(group)", "known == group"),
    _bug(
        "a trait that is taken away leaves nothing behind",
        "fold",
        "            if name in state.derived:",
        "            if False:",
    ),
    _bug(
        "not_in is met by absence",
        "conditions",
        "return not is_absent(value) and asks(value)",
        "return asks(value) if not is_absent(value) else test.operator == 'not_in'",
    ),
    _bug("true is 1", "conditions", "(int, float)) and not isinstance(value, bool)", "(int, float))"),
    _bug("a fact on which no rule fired makes a lead", "fold", "        if fired and not ints", "        if not ints"),
    # The reading
    _bug("bands are compared unrounded", "reading", "rounded = round(score, DECIMALS)", "rounded = score"),
    _bug("an edge belongs to the band above", "reading", "rounded <= band.up_to", "rounded < band.up_to"),
    _bug(
        "the stage window leaves out its start", "reading", "[STAGE_AT + stage] >= since", "[STAGE_AT + stage] > since"
    ),
    _bug(
        "the hot window leaves out its start",
        "reading",
        "state.ints[cell] >= instant - within",
        "state.ints[cell] > instant - within",
    ),
    _bug(
        "a rejected lead is still hot",
        "plan",
        "event in self.model.cycle_ends_on, event in COOLING",
        "event in self.model.cycle_ends_on, False",
    ),
    _bug(
        "a fact of seven days is fresh",
        "reading",
        "state.ints[cell] < plan.model.fresh",
        "state.ints[cell] <= plan.model.fresh",
    ),
    _bug("time alone opens a band's route", "reading", "if last == NEVER or band_of", "if True or band_of"),
    _bug(
        "a state read back has lost its first name",
        "state",
        "state.derived, state.first_name = derived, first_name",
        "state.derived = derived",
    ),
)


def test_the_core_read_anew_and_unchanged_keeps_the_laws() -> None:
    with planted(None) as core:
        assert broken(core, range(BOUND)) is None


def test_there_are_bugs_enough_and_each_is_another() -> None:
    assert len({(bug.module, bug.changes) for bug in BUGS}) == len({bug.name for bug in BUGS}) == len(BUGS) >= 12


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_by_the_laws(bug: Bug) -> None:
    with planted(bug) as core:
        assert broken(core, range(BOUND)), f"{BOUND} histories did not catch it: {bug.name}"
