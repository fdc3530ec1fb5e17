"""An appointment as calendars take it (RFC 5545, RFC 5546): one event, whose number stays and whose sequence grows."""

from datetime import UTC, datetime
from typing import Final

from icalendar import Calendar, Event, vCalAddress, vText

from couveuse.channels.telling import LINE, Told, words
from couveuse.core.notices import Notice
from couveuse.core.times import moment
from couveuse.language.plain import in_a_line

REQUEST, CANCEL = "REQUEST", "CANCEL"
_PRODUCT: Final = "-//Couveuse//Couveuse//EN"
Named = tuple[str, str]
"""A name and an address."""


def invitation(notice: Notice, told: Told, organizer: Named, attendee: Named) -> tuple[bytes, str]:
    """The calendar of a notice with an appointment, and its method: REQUEST, or CANCEL where it is called off."""
    meeting = notice.appointment
    assert meeting is not None  # whoever asks has one
    method = CANCEL if meeting.is_called_off else REQUEST
    event = Event()
    event.add("uid", in_a_line(meeting.uid, LINE))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", stamp(notice.at))
    event.add("dtstart", stamp(meeting.starts_at))
    event.add("dtend", stamp(max(meeting.ends_at, meeting.starts_at)))
    event.add("summary", words(told.language).say("invitation.summary", who=told.title))
    event.add("status", "CANCELLED" if meeting.is_called_off else "CONFIRMED")
    event.add("organizer", _person(organizer))
    event.add("attendee", _attendee(attendee), encode=False)
    event.add("description", description(told))
    if meeting.place:
        event.add("location", in_a_line(meeting.place, LINE))
    if told.url:
        event.add("url", told.url)
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(event)
    return calendar.to_ical(), method


def description(told: Told) -> str:
    """What the calendar says of the appointment: who, how to reach them, the notes, and where to read more."""
    who = told.who
    reached = (who.beneath, who.telephone, who.email) if who else ()
    return "\n".join(text for text in (*reached, *told.notes, told.url) if text)


def _person(named: Named) -> vCalAddress:
    name, address = named
    person = vCalAddress(f"mailto:{address}")
    if name:
        person.params["CN"] = vText(in_a_line(name, LINE).replace('"', "'"))
    return person


def _attendee(named: Named) -> vCalAddress:
    person = _person(named)
    for parameter, value in (("ROLE", "REQ-PARTICIPANT"), ("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE")):
        person.params[parameter] = vText(value)
    return person


def stamp(at: int) -> datetime:
    """An instant as calendars have it: whole seconds, UTC."""
    return moment(at).astimezone(UTC).replace(microsecond=0)
