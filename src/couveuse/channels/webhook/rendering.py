"""A notice as the body of a webhook: {type, timestamp, data}, for programs; names are those of the glossary."""

import json
from collections.abc import Mapping
from typing import Any

from couveuse.core.notices import Appointment, Notice
from couveuse.core.times import iso


def render(type_: str, notice: Notice, about: Mapping[str, Any]) -> str:
    """The body; `about` holds numbers of ours (alert, task, handover) by which a receiver may ask for more."""
    body = {"type": type_, "timestamp": iso(notice.at), "data": {**data(notice), "about": dict(about)}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def data(notice: Notice) -> dict[str, Any]:
    """What a notice tells, without what it does not have."""
    lead, meeting = notice.lead, notice.appointment
    told: dict[str, Any] = {
        "kind": notice.kind.value,
        "lead": lead and _some(
            key=lead.key, name=lead.name, company=lead.company, job_title=lead.job_title, telephone=lead.telephone
        ),
        "url": notice.url,
        "score": notice.score,
        "band": notice.band,
        "band_id": notice.band_id,
        "band_was_id": notice.band_was_id,
        "rate": notice.rate,
        "expected": notice.expected,
        "currency": notice.currency if notice.expected is not None else "",
        "temperature": notice.temperature and notice.temperature.value,
        "stage": None if notice.stage is None else notice.stage.name.lower(),
        "class": notice.lead_class,
        "why": [_some(label=each.label, points=each.points, at=_iso(each.at)) for each in notice.why],
        "team": notice.team,
        "treatment": notice.treatment,
        "member": notice.member,
        "due_at": _iso(notice.due_at),
        "outcome": notice.outcome,
        "because": notice.because,
        "notes": list(notice.notes),
        "appointment": meeting and _meeting(meeting),
        "items": [data(item) for item in notice.items],
    }  # fmt: skip
    if notice.is_rehearsal:
        told["is_rehearsal"] = True
    return _some(**told)


def _meeting(meeting: Appointment) -> dict[str, Any]:
    return _some(
        uid=meeting.uid, sequence=meeting.sequence, starts_at=_iso(meeting.starts_at), ends_at=_iso(meeting.ends_at),
        place=meeting.place, is_called_off=meeting.is_called_off,
    )  # fmt: skip


def _some(**values: Any) -> dict[str, Any]:
    """What is there; nought and false are."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
