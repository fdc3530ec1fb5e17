"""What the API's answers hold of endpoints, keys, tokens, the instance's health, and who did what."""

from typing import Any, Literal

from pydantic import Field

from couveuse.engine.access import MOST_DAYS, MOST_ORIGINS, MOST_RATE, MOST_SOURCE
from couveuse.store.api_tokens import MOST_NAME, Scope
from couveuse.store.write_keys import KeyKind
from couveuse.web.api.shapes import Answer, Body
from couveuse.web.api.team_shapes import ChangeShape
from couveuse.web.api.texts import Text

# ---- Places outside --------------------------------------------------------------------------------------------------


class EndpointChange(Body):
    """Another address and other events for an endpoint; no events: all."""

    url: Text = Field(max_length=2_000)
    events: list[Text] = Field([], max_length=50)


class AddressAsked(Body):
    """The address of a channel of Slack's: a secret, which no answer holds."""

    url: Text = Field(max_length=2_000)


class AddressShape(Answer):
    """An address of Slack's by its name, with when and by whom it was set."""

    name: str
    at: str
    by: str


class AddressesShape(Answer):
    """The names of all addresses of Slack's."""

    addresses: list[AddressShape]


class AddressName(Answer):
    """The name of an address of Slack's."""

    name: str


class TrialAsked(Body):
    """A trial message: by which channel, and to a member, an e-mail address, an address of Slack's or an endpoint."""

    channel: Literal["email", "slack", "webhook"]
    to: Text = Field(min_length=1, max_length=254)
    language: Literal["fr", "en"] = "en"


class TrialShape(Answer):
    """What came of a trial, and what the other side answered."""

    became: Literal["taken", "failed", "refused", "unknown", "nowhere"]
    answer: str


# ---- Who is let in ---------------------------------------------------------------------------------------------------


class KeyShape(Answer):
    """A write key, without the key; `used_at` is to the minute."""

    id: int
    hint: str
    kind: KeyKind
    source: str
    origins: list[str]
    rate: int | None
    created_at: str
    used_at: str | None
    revoked_at: str | None


class KeysShape(Answer):
    """Every write key, revoked ones too, the oldest first."""

    keys: list[KeyShape]


class KeyAsked(Body):
    """A write key to make."""

    kind: KeyKind
    source: Text = Field(min_length=1, max_length=MOST_SOURCE)
    origins: list[Text] = Field([], max_length=MOST_ORIGINS, examples=[["https://www.example.com"]])
    rate: int | None = Field(None, ge=1, le=MOST_RATE, description="Events a second, at most.")


class KeyMade(Answer):
    """A write key, which is shown this once."""

    id: int
    key: str


class TokenShape(Answer):
    """An API token, without the token; `used_at` is to the minute."""

    id: int
    hint: str
    name: str
    scopes: list[str]
    standing: Literal["active", "expired", "revoked"]
    created_at: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None


class TokensShape(Answer):
    """Every API token, expired and revoked ones too, the oldest first."""

    tokens: list[TokenShape]


class TokenAsked(Body):
    """An API token to make, for scopes that whoever asks has."""

    name: Text = Field(min_length=1, max_length=MOST_NAME)
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    days: int | None = Field(365, ge=1, le=MOST_DAYS, description="After how many days it runs out; null: never.")


class TokenMade(Answer):
    """An API token, which is shown this once."""

    id: int
    token: str


class Revoked(Answer):
    """The number of what lets nobody in any more."""

    id: int


# ---- The instance ----------------------------------------------------------------------------------------------------


class CheckShape(Answer):
    """One thing that was looked at; `cure` is empty where it is fine."""

    name: str
    says: str
    cure: str
    code: str = Field(description="What was found, for programs; empty where it has no name of its own.")
    is_fine: bool


class HealthShape(Answer):
    """All that the doctor has looked at; `is_fine` where nothing is to be done."""

    is_fine: bool
    checks: list[CheckShape]


class DoneShape(Answer):
    """One thing that was done by hand."""

    id: int
    at: str
    by: str
    did: str
    about: dict[str, Any]


class DonePage(Answer):
    """What was done by hand, the newest first, and the cursor of the next page."""

    done: list[DoneShape]
    next: str | None


# ---- The team's document ---------------------------------------------------------------------------------------------


class TeamVersionShape(Answer):
    """A document of the team that was applied."""

    version: int
    at: str
    by: str


class TeamVersionsPage(Answer):
    """The documents that were applied, the newest first, and the cursor of the next page."""

    versions: list[TeamVersionShape]
    next: str | None


class TeamVersionWhole(TeamVersionShape):
    """A document that was applied, and what it changed."""

    text: str
    changes: list[ChangeShape]
