"""What a channel's other side, or the machine, answered: in the language of the page, by the words it is known by."""

from collections.abc import Mapping
from typing import Final

from couveuse.web.asking import Asked

# What our own side says of an attempt, whole, by the word under which it stands in both languages.
WHOLE: Final[Mapping[str, str]] = {
    "it takes too long": "too_long",
    "it cannot be reached": "unreached",
    "the line broke": "broke",
    "rehearsal": "rehearsal",
    "nobody of that name is on the team any more": "nobody",
    "the mail service cannot be reached": "unreached",
    "the mail service did not answer": "silent",
    "the mail service refuses the address": "address_refused",
    "an answer after the whole mail that means nothing": "meaningless",
    "it is not encrypted: use https": "plain",
    "it leads to the inside of a network: allow it as COUVEUSE_PRIVATE_HOSTS, or correct it": "inside",
}
# What it says with the other side's words behind; the longest beginning that fits is taken.
BEGINNINGS: Final[Mapping[str, str]] = {
    "the mail server says ": "mail_says",
    "the mail server cannot be reached: ": "mail_unreached",
    "the line broke before the mail: ": "broke_before",
    "the line broke within the mail: ": "broke_within",
    "no answer after the whole mail: ": "no_answer",
    "the mail service answers ": "mail_answers",
    "the mail service cannot send this: ": "cannot_send",
    "COUVEUSE_MAIL_URL: the service cannot be used: ": "unusable",
    "the endpoint answers ": "answers",
    "Slack answers ": "answers",
    "the endpoint: ": "",
    "Slack: ": "",
    "the endpoint's address will not do: ": "",
    "Slack's address will not do: ": "",
}
_NO_REDIRECT: Final = ": redirects are not followed, give the address that it leads to"
# What the system says, by the word under which it stands.
SYSTEM: Final[Mapping[str, str]] = {
    "Connection refused": "refused",
    "Connection reset by peer": "reset",
    "Broken pipe": "reset",
    "Network is unreachable": "no_way",
    "No route to host": "no_way",
    "Name or service not known": "no_name",
    "Temporary failure in name resolution": "no_name",
    "No space left on device": "full",
    "Permission denied": "denied",
    "Operation not permitted": "denied",
    "Read-only file system": "read_only",
    "No such file or directory": "missing",
    "Not a directory": "missing",
    "Input/output error": "unreadable",
    "Too many open files": "many_files",
}
# Why a backup failed, by how its error begins; the rest is told in the words that it came in.
BACKUP: Final[Mapping[str, str]] = {
    "the database could not be saved": "not_saved",
    "the dump lacks ": "dump_lacks",
}
_UNREAD: Final = " cannot be read again"


def said(asked: Asked, answer: str) -> str:
    """What came of an attempt, in words; what the other side said stands as it said it."""
    if answer in WHOLE:
        return asked.say(f"settings_answer.{WHOLE[answer]}")
    for beginning, key in BEGINNINGS.items():
        if not answer.startswith(beginning):
            continue
        rest = answer.removeprefix(beginning)
        if not key:
            return said(asked, rest)
        if rest.endswith(_NO_REDIRECT):
            return asked.say("settings_answer.redirects", rest=rest.removesuffix(_NO_REDIRECT))
        return asked.say(f"settings_answer.{key}", rest=_of_system(asked, rest))
    return _of_system(asked, answer)


def why_no_backup(asked: Asked, error: str) -> str:
    """Why the last backup failed; a place that the system would not write to is named."""
    for beginning, key in BACKUP.items():
        if error.startswith(beginning):
            rest = error.removeprefix(beginning).removeprefix(": ")
            return asked.say(f"settings_backup.{key}{'_why' if rest else ''}", rest=rest)
    place, unread, _ = error.partition(_UNREAD)
    if unread:
        return asked.say("settings_backup.unread", place=place)
    place, between, reason = error.rpartition(": ")
    if between and reason in SYSTEM:
        return asked.say("settings_backup.place", place=place, reason=_of_system(asked, reason))
    return error if asked.language == "en" else asked.say("settings_backup.other", rest=error)


def _of_system(asked: Asked, reason: str) -> str:
    """What the system said, in words where they are known; WHOLE's words stand in here, too."""
    if reason in WHOLE:
        return asked.say(f"settings_answer.{WHOLE[reason]}")
    return asked.say(f"settings_system.{SYSTEM[reason]}") if reason in SYSTEM else reason
