"""How the API answers whoever does something to a lead by hand: what came of it, or which word will not do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from couveuse.engine.by_hand import BadWord, ByHand, IdTaken
from couveuse.web.api.asking import wrong
from couveuse.web.problems import Kind, Problem


@contextmanager
def refused() -> Iterator[None]:
    """What will not do within it is a problem of the field that says it, or of the id."""
    try:
        yield
    except BadWord as error:
        raise wrong(error.field, str(error), "body") from error
    except IdTaken as error:
        raise Problem(Kind.ID_TAKEN, str(error)) from error


def answered(done: ByHand | None, lead_id: int) -> dict[str, Any]:
    """The lead that holds the facts and whether it was new; where there is none, a problem."""
    if done is None:
        raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
    return {"lead_id": done.lead_id, "is_new": done.is_new}
