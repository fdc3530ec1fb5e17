"""The first steps with an instance, ticked by what there is and not by what was clicked; and the choice of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.documents.presets import presets
from couveuse.documents.reading import read_model
from couveuse.engine import publishing
from couveuse.errors import CouveuseError
from couveuse.store import audit, starting
from couveuse.store.identities import own_bindings
from couveuse.store.published import live_models
from couveuse.store.starting import MODEL, PUT_AWAY

# Who published a model that nobody has chosen.
UNCHOSEN: Final = "first start"


class Step(StrEnum):
    """What there is to do first, in that order."""

    MODEL = "model"
    DATA = "data"
    LEAD = "lead"
    TEAM = "team"
    PEOPLE = "people"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Stood:
    """A step, and whether it is done."""

    step: Step
    is_done: bool


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps; the model that acts, the lead with the most points, and whether the list was put away."""

    steps: Sequence[Stood]
    model: str
    lead_id: int | None
    is_put_away: bool

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(each.is_done for each in self.steps)

    @property
    def has_data(self) -> bool:
        """Whether anything was recorded."""
        return any(each.is_done for each in self.steps if each.step is Step.DATA)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.done == len(self.steps)

    @property
    def is_shown(self) -> bool:
        """Whether the list is still shown where it was not asked for."""
        return not self.is_over and not self.is_put_away

    @property
    def next(self) -> Step | None:
        """The first step that is not done."""
        return next((each.step for each in self.steps if not each.is_done), None)


class HasHistory(CouveuseError):
    """Something was recorded already: change the model on the page Scoring, which first shows who moves."""


def steps(connection: Connection[Any], settings: Configuration) -> Steps:
    """What is done of the first steps, and what is left."""
    seen = starting.look(connection)
    is_first = seen.model == publishing.FIRST and seen.published_by == UNCHOSEN
    done = {
        Step.MODEL: bool(seen.model) and not (is_first and not seen.is_chosen),
        Step.DATA: seen.has_events or seen.has_imports,
        Step.LEAD: seen.best_lead is not None,
        Step.TEAM: seen.has_team,
        Step.PEOPLE: seen.users > 1 or seen.has_invitations,
        Step.MAIL: bool(settings.mail_url),
    }
    return Steps([Stood(step, done[step]) for step in Step], seen.model, seen.best_lead, seen.is_put_away)


def choose(connection: Connection[Any], settings: Configuration, preset: str, *, by: str, now: int) -> bool:
    """Let one of our models act from the first fact on; returns whether another one acted before.

    Raises HasHistory where something was recorded, KeyError for a preset that there is not.
    """
    document = read_model(presets()[preset].name)
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [publishing.LOCK])
        own_bindings(connection)  # no batch is under way that began under the model before
        acting = [each for each in live_models(connection) if each.standing == "acting"]
        is_other = not any(each.document == document.text for each in acting)
        if is_other:
            if not starting.is_bare(connection):
                raise HasHistory
            for each in acting:
                publishing.stand(connection, each.id, "retired")
            number = publishing.publish(connection, document, settings, standing="acting", by=by)
            audit.record(connection, by=by, did="model published", about={"model": number}, now=now)
        starting.mark(connection, MODEL, by=by, now=now)
    return is_other


def put_away(connection: Connection[Any], *, by: str, now: int) -> None:
    """The list is not shown any more where it was not asked for."""
    starting.mark(connection, PUT_AWAY, by=by, now=now)


def take_out(connection: Connection[Any]) -> None:
    """The list is shown again."""
    starting.unmark(connection, PUT_AWAY)
