"""What else is done to a lead by hand: held and lifted, a hit judged, a link to it signed, the person erased."""

from typing import Annotated, Any, Final

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from couveuse import configuration
from couveuse.core.events import Verdict
from couveuse.core.text import plain
from couveuse.core.times import DAY_US
from couveuse.engine import archiving
from couveuse.engine.erasing import Eraser
from couveuse.engine.holding import BadHold, hold, lift
from couveuse.engine.judging import Hit, judge
from couveuse.engine.links import PATH, Link, Links
from couveuse.errors import BadInput
from couveuse.language.words import LANGUAGES
from couveuse.store import audit, backups, cards, private
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api import told
from couveuse.web.api.asking import EXAMPLE, BearerToken, by_of, instant, iso, model_of, now_us, wrong
from couveuse.web.api.one_lead import LeadId
from couveuse.web.api.said import answered, refused
from couveuse.web.api.shapes import Answer, HoldShape
from couveuse.web.problems import Kind, Problem
from couveuse.web.reading import looker

router = Router(tags=["leads"])
MOST_DAYS: Final = 90


class HoldAsked(Schema):
    """Until when, and why."""

    model_config = ConfigDict(extra="forbid")

    until: str | None = Field(
        None, max_length=40, description="Until then; null: until it is lifted.", examples=[EXAMPLE]
    )
    because: str = Field("", max_length=500)


class LiftedShape(Answer):
    """The lead is held no more."""

    lead_id: int
    was_held: bool


class VerdictAsked(Schema):
    """What is thought of which hit; the id counts once."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=100, description="Chosen by whoever asks: the same one counts once.")
    of: str = Field(min_length=1, max_length=2_000, description="The hit's message_id, of the lead's facts.")
    of_source: str = Field("", max_length=500, description="Its source.")
    occurred_at: str = Field(max_length=40, description="When it occurred, as the lead's facts have it.")
    verdict: Verdict
    reason: str = Field("", max_length=500)


class JudgedShape(Answer):
    """A verdict that was recorded."""

    lead_id: int
    is_new: bool


class LinkAsked(Schema):
    """For how long, and in which language the page speaks."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(7, ge=1, le=MOST_DAYS)
    language: str | None = Field(None, max_length=2, description="fr or en; null: as the reader's browser asks.")


class LinkShape(Answer):
    """A link by which anybody reads the lead's page until it expires."""

    url: str
    until: str


class EraseAsked(Schema):
    """Whom, said once more: an erasure cannot be taken back."""

    model_config = ConfigDict(extra="forbid")

    lead: str = Field(
        min_length=1, max_length=2_000, description="The lead's own key, as `lead` in what is read of it."
    )


class ErasedShape(Answer):
    """An erasure that was made."""

    erasure: int
    rows: Annotated[dict[str, int], Field(description="How many rows went, by table.")]
    told: list[str] = Field(description="To whom messages about the person had gone: ask them to delete those.")


@router.post(
    "/{lead_id}/hold", response=HoldShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="hold_lead",
    summary="Put a lead on hold",
)  # fmt: skip
def hold_lead(request: HttpRequest, lead_id: LeadId, asked: HoldAsked) -> dict[str, Any]:
    """Nothing of the lead is handed over, its tasks leave the queues and its alerts wait, until then.

    Facts go on counting. Said again, the new word stands alone.
    """
    with database.writing() as connection:
        until = None if asked.until is None else instant(asked.until, "until", model_of(connection, None))
        try:
            found = hold(connection, lead_id, until, because=asked.because, by=by_of(request), now=now_us())
        except BadHold as error:
            raise wrong(error.field, str(error), "body") from error
    if found is None:
        raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
    return told.hold_of(found)


@router.post(
    "/{lead_id}/lift", response=LiftedShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="lift_hold",
    summary="Hold a lead no more",
)  # fmt: skip
def lift_hold(request: HttpRequest, lead_id: LeadId) -> dict[str, Any]:
    """What was set aside goes on; what fell due meanwhile is due by the team's promise, counted from now."""
    with database.writing() as connection:
        found = lift(connection, lead_id, by=by_of(request), now=now_us())
    if found is None:
        raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
    return {"lead_id": found.lead_id, "was_held": found.was_held}


@router.post(
    "/{lead_id}/verdict", response=JudgedShape, auth=BearerToken(Scope.LEADS_WRITE), operation_id="judge_hit",
    summary="Say of a hit whether a machine made it",
)  # fmt: skip
def judge_hit(request: HttpRequest, lead_id: LeadId, asked: VerdictAsked) -> dict[str, Any]:
    """The last verdict on a hit wins; score, tasks and alerts are corrected, backwards too."""
    with database.writing() as connection:
        at = instant(asked.occurred_at, "occurred_at", model_of(connection, None))
        assert at is not None  # a text was given
        with refused():
            done = judge(
                connection, looker(connection).recaller, lead_id, Hit(at, asked.of_source, asked.of), asked.verdict,
                reason=asked.reason, id=asked.id, by=by_of(request), now=now_us(),
            )  # fmt: skip
    return answered(done, lead_id)


@router.post(
    "/{lead_id}/link", response={201: LinkShape}, auth=BearerToken(Scope.LEADS_WRITE), operation_id="sign_link",
    summary="Sign a link to a lead's page",
)  # fmt: skip
def sign_link(request: HttpRequest, lead_id: LeadId, asked: LinkAsked) -> Status[dict[str, Any]]:
    """Whoever has the link reads that one page until it expires, and nothing else; nothing of it is stored."""
    if asked.language is not None and asked.language not in LANGUAGES:
        raise wrong("language", f"Choose one of {', '.join(LANGUAGES)}, or leave it out.", "body")
    now = now_us()
    until = (now + asked.days * DAY_US) // 10**6 * 10**6
    with database.writing() as connection, connection.transaction():
        survivor = cards.survivor(connection, lead_id)
        if survivor is None:
            raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
        about = {"lead": survivor, "until": until}
        audit.record(connection, by=by_of(request), did="signed a link", about=about, now=now)
    token = Links(settings.SECRET_KEY).sign(Link(survivor, until, asked.language))
    return Status(201, {"url": configuration.read().url + PATH + token, "until": iso(until)})


@router.post(
    "/{lead_id}/erase", response=ErasedShape, auth=BearerToken(Scope.LEADS_ERASE), operation_id="erase_lead",
    summary="Erase a person",
)  # fmt: skip
def erase_lead(request: HttpRequest, lead_id: LeadId, asked: EraseAsked) -> dict[str, Any]:
    """All that is recorded of the person goes, everywhere, and for ever; the address is left alone from now on."""
    with database.reading() as connection:
        survivor = cards.survivor(connection, lead_id)
        if survivor is None:
            raise Problem(Kind.NO_SUCH_LEAD, f"There is no lead {lead_id}.")
        card = cards.load_cards(connection, [survivor])[survivor]
    if plain(asked.lead.strip()) != plain(card.key.strip()):
        raise wrong("lead", "It is not this lead's own key; nothing was erased.", "body")
    settings_now = configuration.read()
    eraser = Eraser(private.url(settings_now), backups.folder_of(settings_now), archiving.taker(settings_now))
    try:
        done = eraser.erase(str(survivor), by=by_of(request), now=now_us())
    except BadInput as error:
        raise Problem(Kind.AMBIGUOUS, str(error)) from error
    return {
        "erasure": done.number,
        "rows": {name: rows for name, rows in done.proof.items() if rows},
        "told": done.told,
    }
