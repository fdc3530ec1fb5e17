"""Why long work failed, in the language of whoever reads: a sentence for each word by which errors are known."""

from couveuse.engine.jobs import Job, Standing
from couveuse.web.asking import Asked


def why(asked: Asked, job: Job | None) -> str:
    """Why a piece of work failed, and what to do about it; nothing where it did not."""
    return sentence(asked, job.why, job.said) if job is not None and job.standing is Standing.FAILED else ""


def sentence(asked: Asked, word: str, said: str) -> str:
    """The sentence of a word; of one that is not known what was said, to whoever reads English."""
    found = asked.words.known("job_failed", word)
    if word and found != word:
        return found
    return said if asked.language == "en" else asked.say("job_failed.other")
