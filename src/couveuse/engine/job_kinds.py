"""The kinds of long work: a name and the function that does it. What is heavy is imported when it is wanted.

Another kind is one function here, one row of the table, and one test that it goes on after a kill.
"""

from collections.abc import Mapping
from typing import Final

from couveuse.engine.jobs import Kinds, Work


def learn(work: Work) -> Mapping[str, object] | None:
    """What the whole history says of the acting model."""
    from couveuse.engine.learning import learn as run

    return run(work)


def foresee_import(work: Work) -> Mapping[str, object] | None:
    """What would come of an uploaded file."""
    from couveuse.engine.uploaded import foresee_import as run

    return run(work)


def bring(work: Work) -> Mapping[str, object] | None:
    """An uploaded file imported."""
    from couveuse.engine.uploaded import bring as run

    return run(work)


def undo_import(work: Work) -> Mapping[str, object] | None:
    """An import taken back."""
    from couveuse.engine.uploaded import undo as run

    return run(work)


def change_leads(work: Work) -> Mapping[str, object] | None:
    """The same done to many leads."""
    from couveuse.engine.bulk import run

    return run(work)


def make_draft(work: Work) -> Mapping[str, object] | None:
    """The states of a model on its way made, and who would move."""
    from couveuse.engine.drafting import make as run

    return run(work)


def publish_draft(work: Work) -> Mapping[str, object] | None:
    """A model that was looked at let act."""
    from couveuse.engine.drafting import put_to_work as run

    return run(work)


LEARN: Final = "learn"
MAKE_DRAFT: Final = "make-draft"
PUBLISH_DRAFT: Final = "publish-draft"
CHANGE_LEADS: Final = "bulk"
FORESEE_IMPORT: Final = "foresee-import"
IMPORT: Final = "import"
UNDO_IMPORT: Final = "undo-import"

KINDS: Final[Kinds] = {
    LEARN: learn,
    MAKE_DRAFT: make_draft,
    PUBLISH_DRAFT: publish_draft,
    CHANGE_LEADS: change_leads,
    FORESEE_IMPORT: foresee_import,
    IMPORT: bring,
    UNDO_IMPORT: undo_import,
}
