"""Leads by hand: added, their traits edited, given to an owner, put into groups, set aside. Each is a fact.

Only the traits of `FIELDS` are written by hand; what stands under another name of the same trait is taken away with it,
so that what was written is what counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from psycopg import Connection

from couveuse.core.conditions import is_number
from couveuse.core.consent import CONSENT_GIVEN, Basis, Purpose
from couveuse.core.events import LEAD_CLASS, MOST_KEY, TRAITS_SET, is_text
from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Said
from couveuse.core.text import email as email_of
from couveuse.engine.by_hand import BadWord, ByHand, digest_of, say
from couveuse.engine.recording import Whose, record, whose
from couveuse.errors import BadInput
from couveuse.report.persons import FIRST_NAMES, LAST_NAMES, NAMED
from couveuse.store import audit, leads
from couveuse.store.identities import EMAIL, USER_ID, Node, find_identities
from couveuse.store.packets import identity_digest
from couveuse.store.rosters import load_roster

GROUP_JOINED: Final = "Group Joined"
GROUP_LEFT: Final = "Group Left"
# So long a trait, and a group's name, may be.
MOST_TRAIT: Final = 500
MOST_GROUP: Final = 200
MOST_NUMBER: Final = 1e12
NO_BASIS: Final = "none"  # may be scored and called for nothing: nobody may write to them


class Kind(StrEnum):
    """How a trait is written."""

    TEXT = "text"
    TELEPHONE = "telephone"
    NUMBER = "number"
    ADDRESS = "url"


@dataclass(frozen=True, slots=True)
class Field:
    """A trait that is written by hand, and the other names under which senders may have it."""

    name: str
    kind: Kind = Kind.TEXT
    also: tuple[str, ...] = ()


def _also(name: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in names if each != name)


# In the order in which they are asked for.
FIELDS: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (
        Field("first_name", also=_also("first_name", FIRST_NAMES)),
        Field("last_name", also=_also("last_name", LAST_NAMES)),
        Field("company", also=_also("company", NAMED["company"])),
        Field("job_title", also=_also("job_title", NAMED["job_title"])),
        Field("department"),
        Field("telephone", Kind.TELEPHONE, _also("telephone", NAMED["telephone"])),
        Field("lead_source", also=_also("lead_source", NAMED["source"])),
        Field("city"),
        Field("region"),
        Field("country"),
        Field("language"),
        Field("website", Kind.ADDRESS),
        Field("deal_value", Kind.NUMBER),
    )
}


@dataclass(frozen=True, slots=True)
class Consent:
    """On what basis a lead that is added may be reached, for which purposes, and where that is from."""

    basis: str  # Basis, or `none`
    purposes: tuple[Purpose, ...] = (Purpose.MARKETING_EMAIL,)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A lead that was added: the digest of its key, by which it is found once the engine has taken it in."""

    digest: str


class IsThere(BadInput):
    """There is such a lead already."""

    def __init__(self, lead_id: int) -> None:
        super().__init__("there is a lead of that e-mail already; edit that one")
        self.lead_id = lead_id


# ---- Traits ----------------------------------------------------------------------------------------------------------


def checked(fields: Mapping[str, object]) -> dict[str, object]:
    """Traits as they are recorded; an empty text, or None, takes a trait away. Raises BadWord for the first bad one."""
    return {name: _checked(name, value) for name, value in fields.items()}


def _checked(name: str, value: object) -> object:
    field = FIELDS.get(name)
    if field is None:
        raise BadWord(name, f"{name}: not a trait that is written by hand; there are {', '.join(FIELDS)}")
    if field.kind is Kind.NUMBER:
        return _number(name, value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadWord(name, f"{name}: write a text")
    text = " ".join(value.split())
    if len(text) > MOST_TRAIT or "\x00" in text or not is_text(text):
        raise BadWord(name, f"{name}: write {MOST_TRAIT} characters at most, without NUL")
    if field.kind is Kind.TELEPHONE and text and sum(each.isdigit() for each in text) < 4:
        raise BadWord(name, f"{name}: write a telephone number, as +33 1 70 18 99 00")
    if field.kind is Kind.ADDRESS and text and not text.startswith(("http://", "https://")):
        raise BadWord(name, f"{name}: write an address that begins with https://")
    return text or None


def _number(name: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = float(value.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", "."))
        except ValueError:
            value = None
    if not is_number(value) or not 0 <= float(value) <= MOST_NUMBER:
        raise BadWord(name, f"{name}: write a number from 0 to {MOST_NUMBER:,.0f}")
    return float(value)


def edit(
    connection: Connection[Any], lead_id: int, fields: Mapping[str, object], *, id: str, by: str, now: int
) -> ByHand | None:
    """Write traits of a lead; None where there is no such lead. What says nothing new records nothing.

    Raises BadWord for a name that is not in `FIELDS` or a value that will not do, IdTaken.
    """
    wanted = checked(fields)
    lead = whose(connection, lead_id)
    if lead is None:
        return None
    traits = leads.load_known(connection, [lead.lead_id])[lead.lead_id].traits
    changed = changes(traits, wanted)
    if not changed:
        return ByHand(lead.lead_id, is_new=False)
    about = {"fields": sorted(changed.keys() & FIELDS.keys())}
    said = Said(TRAITS_SET, now, {}, changed)
    return say(connection, lead.lead_id, [said], did="edited a lead", id=id, by=by, now=now, about=about)


def changes(traits: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """What has to be said so that traits are as wanted: a trait written anew takes its other names away."""
    changed: dict[str, object] = {}
    for name, value in wanted.items():
        others = [other for other in FIELDS[name].also if traits.get(other) is not None]
        now_is = next((traits[each] for each in (name, *others) if traits.get(each) is not None), None)
        if now_is == value:
            continue
        if traits.get(name) != value:
            changed[name] = value
        changed |= dict.fromkeys(others)
    return changed


# ---- Owner, groups, class --------------------------------------------------------------------------------------------


def owner_said(connection: Connection[Any], member: str | None, now: int) -> Said:
    """The fact that a lead is a member's, or nobody's; raises BadWord where there is no such member."""
    roster = load_roster(connection)
    if member is not None and member not in roster.members:
        raise BadWord("owner", f"{member}: there is no such member; give an id of the team's document")
    return Said(TRAITS_SET, now, {}, {roster.owner_trait: member})


def group_said(group: str, now: int, *, joins: bool) -> Said:
    """The fact that a lead joins a group, or leaves it; raises BadWord where that is no name of a group."""
    group = " ".join(group.split())
    if not group or len(group) > MOST_GROUP or "\x00" in group or not is_text(group):
        raise BadWord("group", f"name a group, in 1 to {MOST_GROUP} characters")
    return Said(GROUP_JOINED if joins else GROUP_LEFT, now, {"group": group}, {})


def class_said(lead_class: LeadClass, now: int) -> Said:
    """The fact that a lead is irrelevant, and of which class."""
    return Said(TRAITS_SET, now, {}, {LEAD_CLASS: lead_class.value})


def set_owner(
    connection: Connection[Any], lead_id: int, member: str | None, *, id: str, by: str, now: int
) -> ByHand | None:
    """Give a lead to a member, or to nobody; None where there is no such lead. Raises BadWord, IdTaken."""
    said = owner_said(connection, member, now)
    return say(connection, lead_id, [said], did="set the owner of a lead", id=id, by=by, now=now)


def join_group(connection: Connection[Any], lead_id: int, group: str, *, id: str, by: str, now: int) -> ByHand | None:
    """Put a lead into a group; None where there is no such lead. Raises BadWord, IdTaken."""
    said = group_said(group, now, joins=True)
    return say(connection, lead_id, [said], did="put a lead into a group", id=id, by=by, now=now)


def leave_group(connection: Connection[Any], lead_id: int, group: str, *, id: str, by: str, now: int) -> ByHand | None:
    """Take a lead out of a group; None where there is no such lead. Raises BadWord, IdTaken."""
    said = group_said(group, now, joins=False)
    return say(connection, lead_id, [said], did="took a lead out of a group", id=id, by=by, now=now)


# ---- A lead added ----------------------------------------------------------------------------------------------------


def add_lead(
    connection: Connection[Any], fields: Mapping[str, object], *, email: str, user_id: str, consent: Consent | None,
    id: str, by: str, now: int,
) -> Added:  # fmt: skip
    """Add a lead, by its e-mail or else by a user id; without either by one that is made for it.

    The engine takes it in like any fact, a moment later. With an e-mail it must be said on what basis the lead may be
    written to. Raises BadWord, and IsThere where the key is a lead's already.
    """
    address, name = _address(email), user_id.strip()
    if len(name) > MOST_KEY or "\x00" in name or not is_text(name):
        raise BadWord("user_id", f"write {MOST_KEY} characters at most, without NUL")
    traits = {key: value for key, value in checked(fields).items() if value is not None}
    if not address and not name:
        if not traits.get("telephone") and not (traits.get("last_name") and traits.get("company")):
            raise BadWord("email", "give an e-mail, a telephone number, or a last name and a company")
        name = f"by-hand-{digest_of(id)}"
    if address and consent is None:
        raise BadWord("basis", "say on what basis this person may be written to, or that nobody may")
    consents = _consents(consent if address or traits.get("telephone") else None, now)
    node = (EMAIL, address) if address else (USER_ID, name)
    with connection.transaction():
        audit.lock(connection)
        _refuse_known(connection, {node, (USER_ID, name)} if name else {node})
        lead = Whose(0, address or None, name or None)
        prefix = f"added-{digest_of(id, node)}"
        said = Said(TRAITS_SET, now, {}, traits or {"added_by_hand": True})
        record(connection, lead, [said], prefix=prefix, now=now)
        for each in consents:  # a fact for each purpose
            record(connection, lead, [each], prefix=f"{prefix}-{each.properties['purpose']}", now=now)
        about = {"basis": "" if consent is None else consent.basis, "key": digest_of(id)}
        audit.record(connection, by=by, did="added a lead", about=about, now=now)
    return Added(identity_digest(*node).hex())


def _address(email: str) -> str:
    address = email_of(email)
    local, at, domain = address.partition("@")
    if address and (
        not (local and at and "." in domain) or len(address) > 254 or "\x00" in address or not is_text(address)
        or any(each.isspace() or each in ",;<>\"'" for each in address) or "@" in domain
    ):  # fmt: skip
        raise BadWord("email", "write one e-mail address, as ada@example.com")
    return address


def _consents(consent: Consent | None, now: int) -> list[Said]:
    """The facts that a lead may be reached, one for each purpose; none where nobody may."""
    if consent is None or consent.basis == NO_BASIS:
        return []
    if consent.basis not in tuple(Basis):
        raise BadWord("basis", f"{consent.basis}: say one of {', '.join((*Basis, NO_BASIS))}")
    source = consent.source.strip()
    if not source or len(source) > MOST_TRAIT or "\x00" in source or not is_text(source):
        raise BadWord("consent_source", "say where that comes from, as: met at the fair")
    words = {"basis": consent.basis, "source": source}
    return [
        Said(CONSENT_GIVEN, now, {"purpose": purpose.value, **words}, {}) for purpose in dict.fromkeys(consent.purposes)
    ]


def _refuse_known(connection: Connection[Any], nodes: set[Node]) -> None:
    for found in find_identities(connection, nodes).values():
        if found.lead_id is not None:
            raise IsThere(found.lead_id)
