"""Notices for tests: an invented lead, as each kind of notice tells of it."""

from dataclasses import replace

from couveuse.core.model import Stage, Temperature
from couveuse.core.notices import Appointment, Notice, NoticeKind, Person, Reason

AT = 1_780_000_000_000_000  # 28 May 2026, 22:26 in Paris
DAY = 86_400_000_000
HOUR = DAY // 24

MARIE = Person(
    "marie.durand@example.com", "Marie Durand", "Pompes Durand", "Directrice des achats", "+33 1 02 03 04 05"
)
LABELS = {
    "fr": ("Demande de devis", "Guide téléchargé", "Décisionnaire", "prendre rendez-vous", "Commercial", "haute"),
    "en": ("Quote requested", "Guide downloaded", "Decision-maker", "make an appointment", "Sales", "high"),
}


def a_notice(kind: NoticeKind = NoticeKind.HANDED_OVER, language: str = "en", **changes: object) -> Notice:
    """A notice with everything that its kind has."""
    quote, guide, boss, treatment, team, band = LABELS[language]
    made = Notice(
        kind=kind, language=language, timezone="Europe/Paris", at=AT, lead=MARIE, url="https://couveuse.example.com/l/x",
        score=38.5, band=band, rate=0.5, expected=12_500.0, temperature=Temperature.HOT, stage=Stage.DECISION,
        why=(Reason(quote, 20.0, AT - HOUR), Reason(boss, 10.0, None), Reason(guide, 4.25, AT - 9 * DAY)),
        team=team, treatment=treatment, member="Paul Martin", due_at=AT + 14 * HOUR,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # whoever changes a field knows its type


def an_appointment(**changes: object) -> Appointment:
    """A meeting of an hour, three days on."""
    made = Appointment("task-7@couveuse.example.com", 0, AT + 3 * DAY, AT + 3 * DAY + HOUR, "12 rue des Pompes, Lyon")
    return replace(made, **changes)  # type: ignore[arg-type]


def a_digest(language: str = "en") -> Notice:
    """Three together."""
    items = (
        a_notice(language=language),
        a_notice(NoticeKind.OVERDUE, language, score=14.0, temperature=Temperature.WARM),
        a_notice(
            NoticeKind.WITHDRAWN, language, score=3.0, temperature=Temperature.COLD,
            because={"fr": "faits corrigés", "en": "facts corrected"}[language],
        ),
    )  # fmt: skip
    return Notice(NoticeKind.DIGEST, language, "Europe/Paris", AT, url="https://couveuse.example.com/", items=items)


def every_kind(language: str) -> dict[str, Notice]:
    """Each kind of notice, by a name, with marks and notes on some."""
    because = {"fr": "faits corrigés", "en": "facts corrected"}[language]
    notes = {
        "fr": ("Rappeler après le salon : le budget est voté en juin.", "Deux sites, Lyon et Grenoble."),
        "en": ("Call after the fair: the budget is voted in June.", "Two sites, Lyon and Grenoble."),
    }[language]
    meeting = an_appointment()
    return {
        "handed_over": a_notice(language=language),
        "marked": a_notice(language=language, is_perhaps_known=True, is_rehearsal=True, notes=notes),
        "warm": a_notice(language=language, temperature=Temperature.WARM, score=17.0, why=(), expected=None),
        "irrelevant": a_notice(language=language, temperature=Temperature.IRRELEVANT, rate=None, lead=Person("u-81")),
        "withdrawn": a_notice(NoticeKind.WITHDRAWN, language, because=because, why=(), score=None),
        "overdue": a_notice(NoticeKind.OVERDUE, language, due_at=AT - 3 * HOUR),
        "news_wanted": a_notice(NoticeKind.NEWS_WANTED, language, due_at=None, why=(), treatment=""),
        "appointment": a_notice(NoticeKind.APPOINTMENT, language, appointment=meeting, notes=notes),
        "called_off": a_notice(
            NoticeKind.APPOINTMENT, language, appointment=replace(meeting, sequence=1, is_called_off=True), why=()
        ),
        "digest": a_digest(language),
        "trial": Notice(NoticeKind.TRIAL, language, "Europe/Paris", AT),
        "invitation": Notice(
            NoticeKind.INVITATION,
            language,
            "Europe/Paris",
            AT,
            url="https://couveuse.example.com/join/1.x",
            member="Alice Martin",
            treatment="marketing",
            due_at=AT + 7 * 24 * HOUR,
        ),
        "email_new": Notice(
            NoticeKind.EMAIL_NEW,
            language,
            "Europe/Paris",
            AT,
            url="https://couveuse.example.com/account/email/x/",
            due_at=AT + 24 * HOUR,
        ),
        "email_changed": Notice(
            NoticeKind.EMAIL_CHANGED, language, "Europe/Paris", AT, url="https://couveuse.example.com/"
        ),
        "password_forgotten": Notice(
            NoticeKind.PASSWORD_FORGOTTEN,
            language,
            "Europe/Paris",
            AT,
            url="https://couveuse.example.com/account/password/reset/x/",
            due_at=AT + 2 * HOUR,
        ),
    }
