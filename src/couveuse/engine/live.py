"""The models that are live, made ready to fold; read again when one is published."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from couveuse.core.model import Model
from couveuse.core.ours import with_our_own
from couveuse.core.plan import Plan, plan
from couveuse.documents.reading import parse_model
from couveuse.engine.folding import Bands
from couveuse.errors import CouveuseError
from couveuse.store.published import Published, live_models


class NothingPublished(CouveuseError):
    """No scoring model is published: publish one, as couveuse rescore bareme-b2b."""

    known_as = "no_model"


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A published model with its plan."""

    published: Published
    plan: Plan
    bands: Bands

    @property
    def id(self) -> int:
        """The number of its version."""
        return self.published.id

    @property
    def acts(self) -> bool:
        """Whether it makes hand-overs."""
        return self.published.standing == "acting"

    @property
    def is_live(self) -> bool:
        """Whether facts are folded under it: it acts, only scores, or is coming."""
        return self.published.standing in ("acting", "scoring", "coming")

    @property
    def is_coming(self) -> bool:
        """Whether its states are still being made: leads that have none yet are left to whoever makes them."""
        return self.published.standing == "coming"


def model_of(published: Published) -> Model:
    """The model of a published version, with the line that sets our own people aside."""
    model = parse_model(published.document, published.name).model
    return with_our_own(model, published.our_domains, published.our_addresses)


class LiveModels:
    """The live models as this process last read them."""

    def __init__(self) -> None:
        self._known: dict[int, LiveModel] = {}

    def load(self, connection: Connection[Any]) -> list[LiveModel]:
        """The live models now; a plan is made once for each version. Raises NothingPublished."""
        found = []
        for published in live_models(connection):
            known = self._known.get(published.id)
            if known is None:
                planned = plan(model_of(published))
                known = LiveModel(published, planned, Bands(planned))
            elif known.published != published:
                known = LiveModel(published, known.plan, known.bands)
            self._known[published.id] = known
            found.append(known)
        if not any(model.acts for model in found):
            raise NothingPublished
        return found
