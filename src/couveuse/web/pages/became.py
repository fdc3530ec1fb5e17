"""What became of a lead's hand-overs: who has it, how it ended, or that it was withdrawn; names, and no sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg import Connection

from couveuse.core.model import Label, LeadClass
from couveuse.core.outcomes import CLASSES, REASONS, TABLE, UNREACHABLE, Outcome
from couveuse.core.roster import Roster
from couveuse.report.names import Names
from couveuse.report.values import Became
from couveuse.store import tasks
from couveuse.store.cards import EpisodeRow, HandOverRow
from couveuse.store.rosters import newest, roster_of
from couveuse.store.tasks import Task

# So many tasks of a lead are looked at, and so many of those that are open are shown.
_LOOKED: Final = 20
_SHOWN: Final = 3
_ENDS: Final[Mapping[str, str]] = {Outcome.WON: "won", Outcome.LOST: "lost", Outcome.REJECTED: "rejected"}


def became(
    connection: Connection[Any], lead_id: int, episodes: Sequence[EpisodeRow], names: Names, now: int
) -> tuple[Became, ...]:
    """The open tasks; where none is, how the last one ended, or the hand-over that no task was opened for yet.

    Nothing where the lead was never handed over.
    """
    found = tasks.tasks_of_lead(connection, lead_id, most=_LOOKED)
    handed = [each for episode in episodes for each in episode.handovers]
    document = newest(connection) if found or handed else None
    teller = _Teller(names, roster_of(None if document is None else document.text), now)
    waiting = [each for each in found if each.is_open]
    if waiting:
        return tuple(teller.open(each) for each in waiting[:_SHOWN])
    last = max(handed, key=lambda each: each.id, default=None)
    if last is not None and (not found or last.made_at > (found[0].closed_at or 0)):
        return (teller.handed(last),)
    return tuple(teller.ended(each, {row.id: row for row in handed}) for each in found[:1])


class _Teller:
    """Tasks and hand-overs in the names that people know them by."""

    def __init__(self, names: Names, roster: Roster, now: int) -> None:
        self.names, self.roster, self.now = names, roster, now

    def open(self, task: Task) -> Became:
        """A task that is to be done, or that sales have accepted."""
        is_later = task.not_before is not None and task.not_before > self.now
        sort = "accepted" if task.standing == "accepted" else "later" if is_later else "waits"
        at = task.not_before if is_later and task.not_before is not None else task.due_at
        return self._told(task, sort, at, self.member(task.member), "")

    def ended(self, task: Task, handed: Mapping[int, HandOverRow]) -> Became:
        """A task that is over: by its outcome, or because what had asked for it was withdrawn."""
        at = task.closed_at or task.opened_at
        if task.standing == "withdrawn":
            row = handed.get(task.handover_id or 0)
            because = "" if row is None else self.names.because(row.withdrawn_because or "")
            return self._told(task, "withdrawn", at, "", because)
        sort = _ENDS.get(task.outcome or "", "done" if self.outcome(task.outcome) else "over")
        return self._told(task, sort, at, self.member(task.outcome_by), self.reason(task.outcome_reason))

    def handed(self, row: HandOverRow) -> Became:
        """A hand-over for which there is no task yet, or none any more."""
        team, treatment = self.team(row.team), self.treatment(row.team, row.treatment)
        if row.withdrawn_at is None:
            return Became("handed", team, treatment, row.at)
        because = self.names.because(row.withdrawn_because or "")
        return Became("withdrawn", team, treatment, row.withdrawn_at, reason=because)

    def _told(self, task: Task, sort: str, at: int, member: str, reason: str) -> Became:
        team, treatment = self.team(task.team), self.treatment(task.team, task.treatment)
        return Became(sort, team, treatment, at, member, self.outcome(task.outcome), reason)

    def team(self, id: str) -> str:
        """A team by the document's label, else as the model's page calls it."""
        team = self.roster.teams.get(id)
        return self._named(None if team is None else team.label, self.names.team(id))

    def treatment(self, team_id: str, id: str) -> str:
        """What a team is asked to do."""
        team = self.roster.teams.get(team_id)
        return self._named(None if team is None else team.treatments.get(id), self.names.treatment(id))

    def member(self, id: str | None) -> str:
        """Somebody of the team by name; '' nobody, and whoever is not of the team."""
        member = self.roster.members.get(id or "")
        return "" if member is None else self.names.short(member.name, 60)

    def outcome(self, id: str | None) -> str:
        """What came of a task; '' where nothing did, and for what ended outside."""
        return self._named(TABLE[Outcome(id)].label, "") if id in tuple(Outcome) else ""

    def reason(self, id: str | None) -> str:
        """Why, in words where the product knows it; what a person wrote is theirs."""
        if not id:
            return ""
        if id in tuple(LeadClass):
            return self._named(CLASSES[LeadClass(id)], id)
        return self._named(REASONS.get("not reachable" if id == UNREACHABLE else id), id)

    def _named(self, label: Label | None, otherwise: str) -> str:
        return self.names.short((label or Label()).text(self.names.words.language, otherwise), 80)
