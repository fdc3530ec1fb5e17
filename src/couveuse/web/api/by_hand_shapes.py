"""What the API is asked and answers of what is done to a lead by hand."""

from pydantic import Field

from couveuse.core.events import Adjustment
from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.task_shapes import TaskShape
from couveuse.web.api.texts import Text


class AdjustAsked(Body):
    """Points by hand. An id counts once, so that a request may be sent again."""

    kind: Adjustment
    points: float | None = Field(None, ge=-1e6, le=1e6, description="Needed, unless it is a reset.")
    reason: Text = Field(min_length=1, max_length=500)
    id: Text = Field(min_length=1, max_length=100, pattern=r"^[\w.:-]+$")


class AdjustedShape(Answer):
    """Whether it is new, or was known before; what is new is folded in a moment, once however often it is sent."""

    lead_id: int
    is_new: bool


class RelevantAgain(Answer):
    """A lead that nobody sets aside any more; the task that was opened again, if one was."""

    lead_id: int
    task: TaskShape | None
