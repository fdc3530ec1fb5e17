"""Strategies for conditions on events: every operator, nested in every way."""

from hypothesis import strategies as st

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Scalar, Test

NAMES = st.sampled_from(["path", "amount", "properties.a b", "context.page.path", "traits.x", "é", "12", "true", "? x"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS: st.SearchStrategy[Scalar] = TEXTS | NUMBERS | st.booleans()


def _several(one: st.SearchStrategy[Scalar]) -> st.SearchStrategy[tuple[Scalar, ...]]:
    return st.lists(one, min_size=1, max_size=3).map(tuple)


_ENDS = st.tuples(NUMBERS, NUMBERS).map(lambda ends: tuple(sorted(ends)))

_OPERANDS: dict[Operator, st.SearchStrategy[Scalar | tuple[Scalar, ...]]] = {
    Operator.EQUALS: SCALARS,
    Operator.IN: _several(SCALARS),
    Operator.NOT_IN: _several(SCALARS),
    Operator.CONTAINS: SCALARS,
    Operator.STARTS_WITH: TEXTS,
    Operator.ENDS_WITH: TEXTS,
    Operator.MATCHES: TEXTS | _several(TEXTS),
    Operator.GT: NUMBERS,
    Operator.GTE: NUMBERS,
    Operator.LT: NUMBERS,
    Operator.LTE: NUMBERS,
    Operator.BETWEEN: _ENDS,
    Operator.EXISTS: st.booleans(),
}


@st.composite
def tests(draw: st.DrawFn) -> Test:
    """One test of one field."""
    operator = draw(st.sampled_from(list(_OPERANDS)))
    return Test(draw(NAMES), operator, draw(_OPERANDS[operator]))


def conditions() -> st.SearchStrategy[Condition]:
    """Any condition on an event."""
    return st.recursive(
        tests(),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: Any(tuple(parts))),
        ),
        max_leaves=8,
    )
