"""The command line asked in this process: words in; exit code, output and errors out."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from couveuse.cli import run


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What was said beside the answer, line by line."""
        return self.err.splitlines()


Ask = Callable[..., Answer]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """`couveuse` with these words."""

    def asked(*words: object) -> Answer:
        capsys.readouterr()
        code = run([str(word) for word in words])
        answer = Answer(code, *capsys.readouterr())
        assert "Traceback" not in answer.err
        return answer

    return asked
