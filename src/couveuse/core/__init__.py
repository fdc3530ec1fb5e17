"""What a score is: events, conditions, the scoring model, the fold, the reading.

Pure and told: standard library only, no clock, no chance, no log, no I/O. Whoever calls says what time it is.
"""


def is_compiled() -> bool:
    """Whether this installation's core was compiled (docs/decisions/0005), or is plain Python; scores are the same."""
    from importlib.util import find_spec

    found = find_spec("couveuse.core.fold")
    return found is not None and not str(found.origin).endswith(".py")
