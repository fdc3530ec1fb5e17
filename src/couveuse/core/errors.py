"""What the core refuses."""

from couveuse.errors import CouveuseError


class OutOfOrder(CouveuseError):
    """The fact is not after those already folded, or corrects one of them: fold the lead again from its facts."""


class StateMismatch(CouveuseError):
    """The state was not written under this model: fold the lead again from its facts."""


class BeforeLastFact(CouveuseError):
    """The state holds facts later than the instant asked: fold the lead until that instant."""


class NeverOpen(CouveuseError):
    """These working hours never come: write at least one span of a day into them."""
