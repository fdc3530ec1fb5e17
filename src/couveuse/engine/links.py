"""Signed links to a lead's page: who holds one may read that one lead until it expires, and nothing else.

A link says which lead, until when and in which language, and is signed with the instance's secret: nothing of it is
stored, and none can be made up or changed. Another secret ends them all.
"""

from dataclasses import dataclass
from typing import Final

from django.core.signing import BadSignature, Signer

# A signature for one thing is none for another.
_SALT: Final = "couveuse.web.links.lead"
PATH: Final = "/l/"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says; `expires_at` in microseconds, `language` where whoever made it chose one."""

    lead_id: int
    expires_at: int
    language: str | None = None


class Links:
    """Makes and reads links under one secret."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(key=secret, salt=_SALT, sep=".", fallback_keys=())

    def sign(self, link: Link) -> str:
        """The token that stands behind /l/ in a link's address."""
        return str(self._signer.sign_object([link.lead_id, link.expires_at // 1_000_000, link.language or ""]))

    def read(self, token: str) -> Link | None:
        """What a token says, expired or not; None where it was not signed here."""
        try:
            lead_id, seconds, language = self._signer.unsign_object(token)
        except (BadSignature, ValueError, TypeError):
            return None
        return Link(int(lead_id), int(seconds) * 1_000_000, language or None)
