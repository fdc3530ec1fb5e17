"""Errors of the API as RFC 9457 has them: `application/problem+json`, each with what happened and the cure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from django.http import HttpResponse

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of error: its status, and what is said of it where nobody knows better."""

    status: int
    title: str
    cure: str


class Kind(Enum):
    """The sorts of errors; the name is the end of their `type`."""

    BAD_REQUEST = Sort(400, "The request cannot be read", "Correct the request, and send it again.")
    NO_TOKEN = Sort(
        401, "A token is needed", "Send Authorization: Bearer TOKEN; make a token with: couveuse token create."
    )
    BAD_TOKEN = Sort(401, "This token lets nobody in", "Make another token with: couveuse token create.")
    NO_SCOPE = Sort(403, "This token is not for that", "Make a token with the scope: couveuse token create --scope ...")
    NO_SUCH_PAGE = Sort(404, "There is no such address", "See the addresses in /api/v1/openapi.json.")
    NO_SUCH_LEAD = Sort(404, "There is no such lead", "Look it up in /api/v1/leads; it may have been erased.")
    NO_SUCH_COMPANY = Sort(404, "There is no such company", "Look it up in /api/v1/companies.")
    NO_SUCH_VIEW = Sort(404, "There is no such view", "See /api/v1/lead-views.")
    NO_SUCH_JOB = Sort(404, "There is no such job", "See what was answered when it was asked for.")
    NO_SUCH_MODEL = Sort(404, "There is no such model", "See the published models in /api/v1/models.")
    NO_SUCH_MERGE = Sort(404, "There is no such merge", "See the merges of the lead.")
    NO_SUCH_TASK = Sort(404, "There is no such task", "See /api/v1/tasks; it may have been erased with its lead.")
    NO_SUCH_ALERT = Sort(404, "There is no such alert", "See /api/v1/alerts.")
    NO_SUCH_INTENT = Sort(404, "Nothing of that number goes out", "See /api/v1/outgoing/intents.")
    NO_SUCH_ENDPOINT = Sort(404, "There is no such endpoint", "See /api/v1/outgoing.")
    NO_SUCH_KEY = Sort(404, "There is no such key or token", "See /api/v1/keys and /api/v1/tokens.")
    NO_SUCH_USER = Sort(404, "There is no such account", "See /api/v1/users.")
    NO_SUCH_INVITATION = Sort(404, "There is no such invitation", "See /api/v1/invitations.")
    NO_SUCH_VERSION = Sort(404, "There is no such version", "See /api/v1/team/versions.")
    NO_SUCH_ABSENCE = Sort(404, "There is no such absence", "See /api/v1/team.")
    NO_SUCH_IMPORT = Sort(404, "There is no such import", "See /api/v1/imports.")
    NO_SUCH_FILE = Sort(404, "There is no such file", "Send it again: a file of which nothing comes is kept for a day.")
    NO_SUCH_DRAFT = Sort(404, "There is no such draft", "Begin one: POST /api/v1/drafts.")
    NOT_LEARNT = Sort(404, "Nothing was counted of this model yet", "It is counted each night, and after an import.")
    NO_TEAM = Sort(404, "No document of the team was applied", "Apply one: couveuse team apply FILE.")
    BAD_METHOD = Sort(405, "This address does not take that method", "See the methods in /api/v1/openapi.json.")
    NOT_ACTING = Sort(409, "No states are kept of this model", "Choose one whose standing is acting or scoring.")
    OWNERS_BY_HAND = Sort(409, "No program touches an owner", "Do it at /settings/users, or by couveuse user.")
    NO_MODEL = Sort(409, "No scoring model is published", "Publish one: couveuse rescore bareme-b2b.")
    IS_THERE = Sort(409, "There is such a lead already", "Edit that one: PATCH /api/v1/leads/{lead_id}.")
    SAME_MODEL = Sort(409, "This document acts already", "Change something in it.")
    ANOTHER_DRAFT = Sort(409, "Another model is on its way", "Publish that one, or give it up first.")
    DRAFT_NOT_READY = Sort(409, "The draft is not at that point", "Read it again, and see how it stands.")
    CANNOT_MERGE = Sort(409, "These leads cannot be merged", "See what is said, and name other leads.")
    AMBIGUOUS = Sort(409, "Several persons are meant", "Erase by the e-mail, with: couveuse erase.")
    FILE_BUSY = Sort(409, "Somebody works on this file", "Wait for the end of the work, which its standing tells.")
    FILE_DONE = Sort(409, "Nothing is left to do with this file", "See its import, or send the file again.")
    TOO_MUCH_KEPT = Sort(409, "Too many files wait", "Import those that wait, or take them away, and send it again.")
    IMPORT_UNDONE = Sort(409, "This import was taken back already", "Nothing is left to do.")
    CHANGED = Sort(409, "What you were reading has changed", "Begin again without the cursor.")
    TASK_HELD = Sort(409, "Somebody else has this task", "Wait until they leave it, or ask them.")
    TASK_CHANGED = Sort(409, "The task is not as you saw it", "Read it again, and send its version.")
    TASK_OVER = Sort(409, "The task is done with", "See what came of it; nothing is left to do.")
    TASK_SETTLING = Sort(409, "Its outcome was said, and counts in a moment", "Take it back first, or wait for it.")
    NOT_OFFERED = Sort(409, "That cannot be done with it", "See which outcomes it offers.")
    ID_TAKEN = Sort(409, "This id stands for something else", "Choose another id, or send what it stands for.")
    NOT_GIVEN_UP = Sort(409, "It is neither parked nor given up", "See how it stands; nothing is to be sent on.")
    OUTDATED = Sort(409, "Another document counts meanwhile", "Read /api/v1/team/document, and write yours anew.")
    KEY_BUSY = Sort(409, "A request of this key is under way", "Wait a moment, and send it again.")
    KEY_SPENT = Sort(409, "It was done, and the answer is not kept", "Read what came of it; send nothing again.")
    KEY_TAKEN = Sort(422, "The key stands for another request", "Send each request with an Idempotency-Key of its own.")
    UNFIT_FILE = Sort(422, "The file cannot be used as it stands", "Do what is said of it, and send it again.")
    BAD_DOCUMENT = Sort(422, "The document has errors", "Correct the lines that are named, and send it again.")
    BAD_VALUE = Sort(422, "Some values will not do", "Correct what is named, and send it again.")
    BROKEN = Sort(500, "Something broke on our side", "Try again; if it stays, look at the log of this instance.")
    AWAY = Sort(503, "The database does not answer", "Try again in a moment; if it stays: couveuse doctor.")

    @property
    def type(self) -> str:
        """What names this sort for programs."""
        return f"urn:couveuse:problem:{self.name.lower().replace('_', '-')}"


class Problem(Exception):
    """The answer to a request that cannot be met; `detail` is of this case, `errors` name what is wrong in it."""

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        cure: str = "",
        errors: Sequence[dict[str, Any]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or kind.value.title)
        self.kind, self.detail, self.cure, self.errors = kind, detail, cure, errors
        self.headers = headers or {}

    def response(self) -> HttpResponse:
        """The problem as an answer."""
        sort = self.kind.value
        body: dict[str, Any] = {
            "type": self.kind.type,
            "title": sort.title,
            "status": sort.status,
            "detail": self.detail or f"{sort.title}.",
            "cure": self.cure or sort.cure,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return HttpResponse(
            json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace"),
            content_type=MEDIA_TYPE,
            status=sort.status,
            headers=self.headers,
        )
