"""Who is told: the words of a team's document (`member`, `owner`, `lead`, `team`, a member, a list) as addresses.

Each address once, in the order of the words. When they are told, and what of, is decided elsewhere.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from couveuse.core.frozen import Frozen
from couveuse.core.roster import Channel, Digest, Member, Reach, Roster, Team
from couveuse.core.text import email

MEMBER, OWNER, LEAD, TEAM = "member", "owner", "lead", "team"


@dataclass(frozen=True, slots=True)
class Recipient(Frozen):
    """One way to one person or place; `digest` where they want alerts together."""

    reach: Reach
    to: str  # an address, the name of a secret, the id of an endpoint
    member: str | None = None  # whose it is, if it is a person's
    digest: Digest | None = None


def recipients(
    roster: Roster, team: str, words: Sequence[str], *, member: str | None, owner: str | None, away: Collection[str]
) -> list[Recipient]:
    """The addresses that some words name, for a task that is a member's (None: nobody's) and a lead with an owner.

    Of a team whoever is away is left out, unless that leaves nobody. A team that the roster does not have is
    everybody who leads a team: somebody has to hear that its tasks lie there.
    """
    group = roster.teams.get(team)
    if group is None:
        everywhere = [lead for each in roster.teams.values() for lead in each.leads]
        found = [each for lead in everywhere for each in _of_member(roster, None, lead)]
    else:
        found = [each for word in words for each in _of_word(roster, group, word, member, owner, away)]
    once: dict[tuple[Reach, str], Recipient] = {}
    for each in found:
        once.setdefault((each.reach, email(each.to) if each.reach is Reach.EMAIL else each.to), each)
    return list(once.values())


def _of_word(
    roster: Roster, team: Team, word: str, member: str | None, owner: str | None, away: Collection[str]
) -> Iterator[Recipient]:
    persons: Sequence[str | None] = (word,)
    if word == MEMBER:
        persons = (member,)
    elif word == OWNER:
        persons = (owner,)
    elif word == LEAD:
        persons = team.leads
    elif word == TEAM and team.channels:
        yield from (Recipient(channel.reach, channel.to) for channel in team.channels)
        return
    elif word == TEAM:
        persons = [person for person in team.members if person not in away] or team.members
    elif word in roster.lists:
        yield from (Recipient(channel.reach, channel.to) for channel in roster.lists[word])
        return
    for person in persons:
        yield from _of_member(roster, team, person)


def _of_member(roster: Roster, team: Team | None, person: str | None) -> Iterator[Recipient]:
    """By what a member is reached; nobody, and who is of no team any more, is not."""
    known = roster.members.get(person or "")
    if known is None:
        return
    digest = known.digest or (team.digest if team is not None else None)
    for channel in channels_of(known):
        yield Recipient(channel.reach, channel.to, known.id, digest)


def channels_of(member: Member) -> tuple[Channel, ...]:
    """By what a member is reached: what the document says, else the e-mail."""
    return member.channels or (Channel(Reach.EMAIL, member.email),)
