"""What is refused of an account, said beside the field that it is about."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from couveuse.store.accounts.people import Refused
from couveuse.web.asking import Asked

# The field of a form that each refusal is about; of the others the form as a whole.
_FIELDS: Final = {
    "email": "email", "email_taken": "email", "name": "name", "role": "role", "last_owner": "role",
    "no_such_member": "member", "member_taken": "member", "language": "language", "timezone": "timezone",
    "theme": "theme", "password": "password",
}  # fmt: skip


def nothing_wrong() -> Mapping[str, str]:
    """What is wrong, by field: nothing with any."""
    return defaultdict(str)


def errors_of(asked: Asked, refused: Refused) -> Mapping[str, str]:
    """What is wrong, by field; `form` is the whole of it."""
    return wrong(_FIELDS.get(refused.reason, "form"), said(asked, refused))


def wrong(field: str, text: str) -> Mapping[str, str]:
    """One field is wrong, and nothing is with the others."""
    return defaultdict(str, {field: text})


def said(asked: Asked, refused: Refused) -> str:
    """A refusal in the words of the page; what is wrong with a password Django says itself, in the page's language."""
    told = refused.about.get("messages")
    if isinstance(told, tuple) and told:
        return " ".join(map(str, told))
    return asked.say(f"accounts_refused.{refused.reason}", **refused.about)
