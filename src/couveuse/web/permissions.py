"""Who may do what: one table of roles, and the few questions that pages ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from couveuse.store.accounts.models import Role


class Permission(StrEnum):
    """One thing that somebody may do."""

    SEE_TODAY = "see_today"
    SEE_LEADS = "see_leads"
    EDIT_LEADS = "edit_leads"
    EXPORT_LEADS = "export_leads"
    MERGE_LEADS = "merge_leads"
    ERASE_LEADS = "erase_leads"
    SEE_TASKS = "see_tasks"
    DO_TASKS = "do_tasks"
    SEE_SCORING = "see_scoring"
    PUBLISH = "publish"
    IMPORT = "import"
    MANAGE_TEAM = "manage_team"
    MANAGE_USERS = "manage_users"
    MANAGE_KEYS = "manage_keys"
    SEE_OUTGOING = "see_outgoing"
    MANAGE_OUTGOING = "manage_outgoing"
    PULL_SWITCHES = "pull_switches"
    SEE_HEALTH = "see_health"
    SEE_AUDIT = "see_audit"
    SEE_DOCS = "see_docs"
    OWN_ACCOUNT = "own_account"


_READER: Final = frozenset(
    (Permission.SEE_TODAY, Permission.SEE_LEADS, Permission.SEE_SCORING, Permission.SEE_DOCS, Permission.OWN_ACCOUNT)
)
_CALLER: Final = _READER | {Permission.EDIT_LEADS, Permission.SEE_TASKS, Permission.DO_TASKS}
_OWNER_ALONE: Final = frozenset(
    (Permission.MANAGE_USERS, Permission.MANAGE_KEYS, Permission.MANAGE_OUTGOING, Permission.ERASE_LEADS)
)
ALLOWED: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission),
    Role.MARKETING: frozenset(Permission) - _OWNER_ALONE,
    Role.TELEMARKETING: _CALLER,
    Role.SALES: _CALLER,
    Role.READER: _READER,
}
# Roles that see the tasks of every team; the others see those of their own.
OF_ALL_TEAMS: Final = frozenset((Role.OWNER, Role.MARKETING))


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who looks at pages; `NOBODY` has not signed in. `member` is their name in the team's document."""

    user_id: int
    email: str
    name: str
    role: Role | None
    member: str | None
    teams: frozenset[str]
    language: str
    timezone: str
    theme: str

    @property
    def by(self) -> str:
        """How the journal of what was done by hand names them."""
        return self.email

    @property
    def is_somebody(self) -> bool:
        """Whether they have signed in."""
        return self.role is not None

    @property
    def teams_seen(self) -> frozenset[str] | None:
        """The teams whose tasks they see; None: all."""
        return None if self.role in OF_ALL_TEAMS else self.teams


def may(who: Who, permission: Permission) -> bool:
    """Whether somebody may do something."""
    return who.role is not None and permission in ALLOWED[who.role]


def tasks_seen(who: Who) -> frozenset[str] | None:
    """The teams whose tasks somebody sees; None: all, and none for who sees no tasks."""
    return who.teams_seen if may(who, Permission.SEE_TASKS) else frozenset()


def may_see_team(who: Who, team: str) -> bool:
    """Whether somebody sees the tasks of a team."""
    return may(who, Permission.SEE_TASKS) and (who.teams_seen is None or team in who.teams_seen)
