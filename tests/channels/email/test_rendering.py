"""A notice as a mail, in both languages: what it says, what hostile names cannot do, an invitation read back."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from icalendar import Calendar

from couveuse.channels.email.rendering import Envelope, message, render
from couveuse.core.model import Temperature
from couveuse.core.notices import NoticeKind, Person, Reason
from couveuse.errors import BadInput
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK
from tests.channels.making import AT, HOUR, a_notice, an_appointment, every_kind

SENDER = "Couveuse <couveuse@example.com>"
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """A page as it is read: its text, its links, and whether every element is closed where it was opened."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.words, self.tags = [], [], [], set()
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"[ \n\u200b]+", " ", " ".join(self.words))


def rendered(notice, name="Paul Martin", to="paul@example.com"):
    return render(notice, SENDER, name, to)


def whole(notice, name="Paul Martin"):
    envelope = Envelope(SENDER, name, "paul@example.com", "<1@example.com>", at=AT)
    return message(rendered(notice, name), envelope)


def test_it_works():
    mail = rendered(a_notice(language="fr"))
    assert mail.subject == f"Lead mûr{NO_BREAK}: Marie Durand (Pompes Durand), 38,5 points"
    page = Page(mail.html)
    for words in ("Marie Durand", "Directrice des achats · Pompes Durand", "38,5", "chaud", "prendre rendez-vous",
                  f"50{NARROW}% se transforment, soit 12{NARROW}500{NO_BREAK}€ attendus", "Demande de devis",
                  "+20,0", "Ouvrir la fiche", "Paul Martin", "29 mai 2026 à 12:26"):  # fmt: skip
        assert words in page.text, words
        assert words in mail.text, words
    assert "https://couveuse.example.com/l/x" in page.links
    assert "tel:+33102030405" in page.links


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(every_kind("en")))
def test_every_kind_is_whole_in_every_language(language, name):
    mail = rendered(every_kind(language)[name])
    page = Page(mail.html)
    assert page.links.count("https://couveuse.example.com/l/x") <= (3 if name == "digest" else 1)
    assert all(not link.startswith("http") or link.startswith("https://couveuse.example.com/") for link in page.links)
    assert "img" not in page.tags
    assert mail.subject
    assert mail.text.strip()
    if language == "fr":
        assert re.findall(r"[^\u202f\u00a0\d:][;?%](?!\w)", page.text.replace("&", "")) == []


def test_what_is_printed_adds_up():
    notice = a_notice(score=38.55, why=(Reason("a", 20.04, AT), Reason("b", -3.26, AT)))
    text = rendered(notice).text
    numbers = [float(found.replace("−", "-")) for found in re.findall(r"^\s+([+−]\d+\.\d)\s", text, re.MULTILINE)]
    (total,) = re.findall(r"(\d+\.\d)\s+Score", text)
    assert round(sum(numbers), 1) == float(total)
    assert len(numbers) == 3


def test_a_score_that_its_lines_make_has_no_other_lines():
    assert "Other lines" not in rendered(a_notice(score=20.0, why=(Reason("a", 20.0, AT),))).text


@pytest.mark.parametrize(("temperature", "full"), [("irrelevant", 0), ("cold", 1), ("warm", 2), ("hot", 3)])
def test_the_gauge_fills_with_warmth_and_has_its_word(temperature, full):
    html = rendered(a_notice(temperature=Temperature(temperature))).html
    assert len(re.findall(r"border-radius:2px;background:#", html)) == full
    assert f">{temperature}<" in html


def test_marks_stand_in_the_subject_and_in_both_bodies():
    mail = rendered(a_notice(is_perhaps_known=True, is_rehearsal=True))
    assert mail.subject.startswith("[Rehearsal] [Perhaps already received] Ripe lead")
    for words in ("Rehearsal: only the team gets messages", "You may have this message already"):
        assert words in mail.text
        assert words in Page(mail.html).text


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=https://evil.example.com/x>',
    "Eve\r\nBcc: eve@example.com\r\n\r\nbody",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnp.exe\x00\ud800",
    "a" * 5_000,
    "' onmouseover='x",
    "=?utf-8?q?Eve?=",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_text(name):
    lead = Person(f"{name}@example.com", name, name, name, name)
    notice = a_notice(lead=lead, treatment=name, member=name, notes=(name,), why=(Reason(name, 1.0, AT),), team=name)
    mail = whole(notice, name)
    page = Page(rendered(notice).html)
    assert page.tags <= Page(rendered(a_notice(notes=("x",))).html).tags
    assert [link for link in page.links if "evil" in link and not link.startswith("mailto:")] == []
    parsed = whole(notice, name).as_bytes()
    head = parsed.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert mail["Bcc"] is None
    assert len(head) < 4_000
    assert "49" not in rendered(notice).subject or "7 * 7" in rendered(notice).subject


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", ""])
def test_only_an_address_of_the_web_is_a_link(url):
    assert "Open the lead" not in rendered(a_notice(url=url)).html


def test_a_language_that_is_not_spoken_is_refused():
    with pytest.raises(BadInput, match="fr or en"):
        rendered(replace(a_notice(), language="es"))


# ---- Appointments ----------------------------------------------------------------------------------------------------


def the_event(notice, name="Paul Martin"):
    mail = rendered(notice, name)
    calendar = Calendar.from_ical(mail.invitation)
    (event,) = calendar.walk("VEVENT")
    return mail, calendar, event


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invitation_is_read_back(language):
    notice = a_notice(NoticeKind.APPOINTMENT, language, appointment=an_appointment(sequence=2), notes=("a, b; c\nd",))
    mail, calendar, event = the_event(notice)
    assert (mail.method, str(calendar["METHOD"])) == ("REQUEST", "REQUEST")
    assert (str(event["UID"]), int(event["SEQUENCE"])) == ("task-7@couveuse.example.com", 2)
    assert str(event["STATUS"]) == "CONFIRMED"
    assert str(event["ORGANIZER"]) == "mailto:couveuse@example.com"
    attendee = event["ATTENDEE"]
    assert (str(attendee), attendee.params["RSVP"]) == ("mailto:paul@example.com", "TRUE")
    assert attendee.params["CN"] == "Paul Martin"
    assert (event.end - event.start).total_seconds() == HOUR / 1_000_000
    assert event.start.utcoffset().total_seconds() == 0
    assert "a, b; c\nd" in str(event["DESCRIPTION"])
    assert "Marie Durand" in str(event["SUMMARY"])
    assert b"\n" not in mail.invitation.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in mail.invitation.split(b"\r\n"))


def test_an_appointment_that_is_called_off_is_cancelled_under_its_number():
    notice = a_notice(NoticeKind.APPOINTMENT, appointment=an_appointment(sequence=3, is_called_off=True))
    mail, calendar, event = the_event(notice)
    assert (mail.method, str(calendar["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCEL", "CANCELLED")
    assert (str(event["UID"]), int(event["SEQUENCE"])) == ("task-7@couveuse.example.com", 3)
    assert "called off" in mail.subject


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_add_no_line_to_an_invitation(name):
    lead = Person("eve@example.com", name, name, name, name)
    notice = a_notice(
        NoticeKind.APPOINTMENT, lead=lead, notes=(name,),
        appointment=an_appointment(place=f"{name}\r\nATTENDEE:mailto:eve@example.com"),
    )  # fmt: skip
    _, _, event = the_event(notice, f'{name}"\r\nATTENDEE:mailto:eve@example.com')
    assert not isinstance(event["ATTENDEE"], list)
    assert str(event["ATTENDEE"]) == "mailto:paul@example.com"


def test_why_leads_to_what_a_lead_is_here():
    page = "https://couveuse.example.com/model"
    mail = rendered(a_notice(model_url=page))
    assert page in mail.text
    assert f'href="{page}"' in mail.html
    assert page not in rendered(a_notice(model_url=page, why=())).text
    assert "javascript" not in rendered(a_notice(model_url="javascript:alert(1)")).html
