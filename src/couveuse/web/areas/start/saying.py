"""What is said of work on a file, of files that cannot be used, and of rows that could not be taken."""

from collections.abc import Mapping
from typing import Any

from couveuse.core.events import Reject
from couveuse.engine.jobs import Job, Standing
from couveuse.history.columns import LEAD_PREFIX
from couveuse.history.unfit import Unfit, UnfitFile
from couveuse.web import failures
from couveuse.web.asking import Asked


def unfit(asked: Asked, error: UnfitFile) -> str:
    """What is wrong with a file, and the cure."""
    return _unfit(asked, error.reason, error.values)


def _unfit(asked: Asked, reason: Unfit, values: Mapping[str, Any]) -> str:
    told = {name: asked.formats.number(v) if isinstance(v, int) else v for name, v in values.items()}
    defaults = {"megabytes": "", "columns": "", "most": "", "rows": "", "place": "", "column": "", "sheet": ""}
    return asked.say(f"start_unfit.{reason.value}", **{**defaults, **told})


def failure(asked: Asked, told: Mapping[str, Any] | None, job: Job | None) -> str:
    """Why the last work on a file could not be done; nothing where it could."""
    if told is not None:
        if told["reason"] in tuple(Unfit):
            return _unfit(asked, Unfit(told["reason"]), told["values"])
        return failures.sentence(asked, told["reason"], str(told["said"]))
    if job is not None and job.standing is Standing.FAILED:
        return failures.why(asked, job)
    return asked.say("start_file.given_up") if job is not None and job.standing is Standing.GIVEN_UP else ""


def step(asked: Asked, job: Job) -> str:
    """What is being done now."""
    if job.standing is Standing.WAITING:
        return asked.say("start_step.waiting")
    return asked.words.known("start_step", job.step or "fetching")


def reason(asked: Asked, word: str) -> str:
    """Why a row is no fact."""
    return asked.words.known("start_reason", word.removeprefix(LEAD_PREFIX))


def cure(asked: Asked, word: str) -> str:
    """What to do about it."""
    found = word.removeprefix(LEAD_PREFIX)
    return asked.words.known("start_cure", found) if found in tuple(Reject) else ""


def by_reason(asked: Asked, rejects: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Rejected rows counted: the reason, the cure, how many; the most frequent first."""
    ordered = sorted(rejects.items(), key=lambda item: (-item[1], item[0]))
    return [(reason(asked, word), cure(asked, word), count) for word, count in ordered]
