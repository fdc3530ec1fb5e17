"""Conditions in words: each test a clause, negations taken down to the tests, so that no sentence nests another."""

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Scalar, Test
from couveuse.core.model import Past
from couveuse.documents.vocabulary import Vocabulary

_NEGATED_LISTS = {Operator.IN: "not_of_in", Operator.NOT_IN: "not_of_not_in"}


def clause(words: Vocabulary, condition: Condition, *, holds: bool = True) -> str:
    """What must hold (or must not) for the condition, as a clause that may follow "if"."""
    match condition:
        case Test():
            return _test(words, condition, holds)
        case Not(part):
            return clause(words, part, holds=not holds)
        case All(parts) | Any(parts):
            texts = [clause(words, part, holds=holds) for part in parts]
            return (
                together(words, texts) if isinstance(condition, All) is holds else words.say("join.either").join(texts)
            )


def together(words: Vocabulary, clauses: list[str]) -> str:
    """Clauses that must all hold; one that says "or" is set apart when it is not alone."""
    either = words.say("join.or")
    apart = [f"({each})" if len(clauses) > 1 and either in each else each for each in clauses]
    return words.say("join.and").join(apart)


def past_clause(words: Vocabulary, past: Past) -> str:
    """What must have happened before, how often and how long ago at most."""
    told = words.known("happened", past.event) or words.say("past.other", event=words.quoted(past.event))
    if past.at_least > 1:
        told = words.say("past.times", happened=told, n=words.number(past.at_least))
    if past.within is None:
        told = words.say("past.ever", happened=told)
    else:
        told = words.say("past.before", happened=told, duration=words.duration(past.within))
    return told if past.where is None else words.say("past.with", past=told, clause=clause(words, past.where))


def event_name(words: Vocabulary, event: str) -> str:
    """An event's name in the language; one of the firm's own is its own word."""
    return words.known("event", event) or words.quoted(event)


def _test(words: Vocabulary, test: Test, holds: bool) -> str:
    operator, operand = test.operator, test.operand
    if operator is Operator.EXISTS:
        holds, operand = holds is (operand is True), True
    if test.field == "strength" and operator is Operator.EQUALS and holds:
        told = words.known("strength", str(operand))
        if told:
            return told
    key = str(operator) if holds else _NEGATED_LISTS.get(operator, f"not_{operator}")
    field = _field(words, test.field)
    if operator is Operator.BETWEEN and isinstance(operand, tuple):
        low, high = (_value(words, end) for end in operand)
        return words.say(f"test.{key}", field=field, low=low, high=high)
    value = _values(words, operand)
    own = words.known("own", f"{test.field}.{key}")
    return own.format(value=value) if own else words.say(f"test.{key}", field=field, value=value)


def _field(words: Vocabulary, name: str) -> str:
    head, _, rest = name.partition(".")
    if head == "interests" and rest:
        return words.say("field.interest", text=words.quoted(rest))
    bare = rest if head in ("traits", "properties", "context") else name
    return words.known("field", name) or words.known("field", bare) or words.quoted(bare)


def _values(words: Vocabulary, operand: Scalar | tuple[Scalar, ...]) -> str:
    operands = operand if isinstance(operand, tuple) else (operand,)
    return words.listed([_value(words, each) for each in operands], "or")


def _value(words: Vocabulary, value: Scalar) -> str:
    if isinstance(value, bool):
        return words.say("join.yes" if value else "join.no")
    return words.quoted(value) if isinstance(value, str) else words.number(value)
