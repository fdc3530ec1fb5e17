"""Published models ready to look with, whatever their standing: plans are made once for each version."""

from typing import Any

from psycopg import Connection

from couveuse.core.plan import plan
from couveuse.engine.folding import Bands
from couveuse.engine.live import LiveModel, NothingPublished, model_of
from couveuse.store import versions
from couveuse.store.versions import Version


class Versions:
    """The published versions as this process last read them; may be asked from several threads."""

    def __init__(self) -> None:
        self._known: dict[int, LiveModel] = {}

    def acting(self, connection: Connection[Any]) -> LiveModel:
        """The model that acts; raises NothingPublished."""
        found = versions.acting(connection)
        if found is None:
            raise NothingPublished
        return self._planned(found)

    def version(self, connection: Connection[Any], number: int) -> LiveModel | None:
        """The published version of that number."""
        found = versions.version(connection, number)
        return None if found is None else self._planned(found)

    def _planned(self, version: Version) -> LiveModel:
        published = version.published
        known = self._known.get(published.id)
        if known is None or known.published.document != published.document:
            planned = plan(model_of(published))
            known = LiveModel(published, planned, Bands(planned))
        elif known.published != published:
            known = LiveModel(published, known.plan, known.bands)
        self._known[published.id] = known
        return known
