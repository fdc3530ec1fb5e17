"""What the page of one lead shows beside its facts, in one question; and what happened around it, page by page.

A page that asks for each list by itself asks thirty times; this asks once. What is in the lists is decided by those who
write them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg import Connection

from couveuse.core.consent import Channel, Said, Suppressed, Suppression, is_suppressed
from couveuse.store.cards import Card, MergeRow
from couveuse.store.holds import Hold
from couveuse.store.identities import EMAIL
from couveuse.store.leads import Who
from couveuse.store.statements import statement

_AROUND, _HAPPENED = statement("records", "around"), statement("records", "happened")

# So many of each list are shown.
MOST: Final = 40
MOST_EPISODES: Final = 10
STREAMS: Final = ("task", "note", "alert", "handover", "merge", "hold")


class OpenTask(NamedTuple):
    """A task of a lead with which something is left to do; whose it is, by when, and who has it on screen."""

    id: int
    team: str
    treatment: str
    standing: str
    member: str | None
    due_at: int
    not_before: int | None
    starts_at: int | None
    tries: int
    expected: float
    version: int
    locked_by: str | None
    locked_until: int | None
    flagged_because: str | None


class Unseen(NamedTuple):
    """An alert of a lead that nobody has acknowledged."""

    id: int
    kind: str
    team: str
    at: int
    because: str


class HandedOver(NamedTuple):
    """A hand-over of an episode; `waits`: it is set aside."""

    team: str
    treatment: str
    cause: str
    at: int
    score: float
    waits: bool
    withdrawn_at: int | None
    withdrawn_because: str


class Episode(NamedTuple):
    """An episode with its hand-overs, the oldest first."""

    number: int
    opened_at: int
    closed_at: int | None
    closed_by: str
    handovers: Sequence[HandedOver]


class Key(NamedTuple):
    """One key under which a lead shows up; what is only claimed is not known."""

    sort: int
    key: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Around:
    """All that stands around a lead's facts: who it is, what is kept of it under a model, and what people do with it.

    Lists hold the newest, `MOST` of each; `identities` are all numbers; `suppressed` e-mails that are
    to be left alone. `team_document` None: none was applied.
    """

    card: Card
    company_id: int | None
    state: bytes | None
    score: float | None
    identities: Sequence[int]
    keys: Sequence[Key]
    is_known: bool
    has_archived: bool
    given: Sequence[Mapping[str, Any]]
    said: Sequence[Said]
    suppressed: Sequence[str]
    merges: Sequence[MergeRow]
    hold: Hold | None
    tasks: Sequence[OpenTask]
    alerts: Sequence[Unseen]
    episodes: Sequence[Episode]
    team_document: str | None

    @property
    def lead_id(self) -> int:
        """The lead that holds the facts."""
        return self.card.lead_id

    @property
    def who(self) -> Who:
        """With what a fold of the lead begins."""
        email = self.card.key if self.card.sort == EMAIL else None
        return Who(self.lead_id, email, self.is_known, not self.identities, tuple(self.given))


class Happened(NamedTuple):
    """Something that happened around a lead: its stream, its number there, what it is, and its particulars."""

    at: int
    stream: str
    id: int
    what: str
    about: Mapping[str, Any]


def around(connection: Connection[Any], lead_id: int, model_id: int | None, now: int) -> Around | None:
    """What stands around a lead, or the one that holds its facts now; None where there is no such lead."""
    wanted = {"lead": lead_id, "model": model_id, "now": now, "most": MOST, "episodes": MOST_EPISODES}
    row = connection.execute(_AROUND, wanted, binary=True).fetchone()
    if row is None:
        return None
    (
        number, sort, key, created_at, company_id, domain, company, traits, groups, state, score, identities, keys,
        is_known, has_archived, given, said, left_alone, merges, hold, tasks, alerts, episodes, document,
    ) = row  # fmt: skip
    return Around(
        Card(number, sort, key, created_at, domain, company, traits, groups),
        company_id,
        None if state is None else bytes(state),
        score,
        identities,
        [Key(*each) for each in keys],
        is_known,
        has_archived,
        given,
        [Said(*each) for each in said],
        _suppressed(left_alone),
        [MergeRow(*each) for each in merges],
        None if hold is None else Hold(*hold),
        [OpenTask(*each) for each in tasks],
        [Unseen(*each) for each in alerts],
        [
            Episode(number, opened, closed, by, tuple(HandedOver(*each) for each in handed))
            for number, opened, closed, by, handed in episodes
        ],
        document,
    )


def _suppressed(rows: Sequence[tuple[str, str, int, bool]]) -> list[str]:
    said: dict[str, list[Suppressed]] = {}
    for address, reason, at, is_lifted in rows:
        row = Suppressed(Channel.EMAIL, address, Suppression(reason), at, is_lifted)
        said.setdefault(address, []).append(row)
    return sorted(address for address, several in said.items() if is_suppressed(several))


def happened(
    connection: Connection[Any], lead_id: int, streams: Collection[str], *, before: int, most: int
) -> list[Happened]:  # fmt: skip
    """What happened around a lead by an instant, the newest first: at least `most` of each stream that has so many."""
    wanted = {"lead": lead_id, "streams": list(streams), "before": before, "most": most}
    return [Happened(*row) for row in connection.execute(_HAPPENED, wanted).fetchall()]
