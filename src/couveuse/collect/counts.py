"""What one process of the front door has counted since it began, for its sign of life and the metrics."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Requests, facts, rejects by reason, refusals by their code, commits."""

    requests: int = 0
    facts: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    rejects: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """The same as JSON values."""
        return {
            "requests": self.requests,
            "facts": self.facts,
            "commits": self.commits,
            "commit_seconds": round(self.commit_seconds, 6),
            "rejects": dict(self.rejects),
            "refusals": dict(self.refusals),
        }
