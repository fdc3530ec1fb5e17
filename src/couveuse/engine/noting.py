"""Notes by hand: what a person of ours writes of a lead, a fact that its timeline shows and that makes no point."""

from typing import Any, Final

from psycopg import Connection

from couveuse.core.events import NOTE_WRITTEN
from couveuse.core.outcomes import MOST_NOTE, Said
from couveuse.engine.by_hand import BadWord, ByHand, say

DID: Final = "wrote a note"


def write_note(connection: Connection[Any], lead_id: int, text: str, *, id: str, by: str, now: int) -> ByHand | None:
    """Write a note of a lead; None where there is no such lead. An id counts once.

    Raises BadWord, and IdTaken where the id stands for another note.
    """
    text = text.strip()
    if not text or len(text) > MOST_NOTE or "\x00" in text:
        raise BadWord("text", f"write a note of 1 to {MOST_NOTE:,} characters")
    said = Said(NOTE_WRITTEN, now, {"text": text, "by": by}, {})
    return say(connection, lead_id, [said], did=DID, id=id, by=by, now=now)
