"""What telemarketing and sales make of leads: calls, projects found, meetings, and the word on each lead."""

from clock import DAY, DAYS, HOUR, MINUTE, at, working
from lead import Lead
from truth import Phase

# What a call that is answered finds, by the phase of that day. "" is nothing worth a word.
FINDS: dict[Phase, dict[str, float]] = {
    Phase.DORMANT: {"no project": 34, "too early": 14, "project": 1, "": 51},
    Phase.DISCOVERY: {"too early": 48, "project": 10, "": 42},
    Phase.EVALUATION: {"project": 56, "too early": 12, "no budget": 6, "": 26},
    Phase.DECISION: {"project": 78, "no budget": 4, "": 18},
    Phase.CUSTOMER: {"": 100},
    Phase.CURIOUS: {"no project": 52, "too early": 8, "project": 4, "": 36},
    Phase.CANDIDATE: {"not a buyer": 70, "": 30},
    Phase.STUDENT: {"student": 88, "": 12},
    Phase.VENDOR: {"vendor": 85, "": 15},
    Phase.COMPETITOR: {"competitor": 50, "project": 15, "": 35},
    Phase.INTERNAL: {"internal": 90, "": 10},
}
LOSSES = {"price": 34, "competitor chosen": 26, "project postponed": 22, "no budget": 12, "delivery time": 6}
ANSWERS = 0.64
OUTBOUND = 0.0011  # calls a day to names on the telemarketers' list, whoever they are
FOLLOWS_SHEET = 0.22  # of the data sheets downloaded with a known address are followed by a call
ANNOYED = 0.15  # of those called too early leave the list


def answer(lead: Lead, day: int, behaviour: str) -> None:
    """What the firm does today about a request: it has no score yet, only habits."""
    if not lead.is_known or not lead.may_be_called:
        return
    if behaviour in ("quote", "demo"):
        call(lead, working(day + lead.dice.whole(0, 3)), "crm", is_asked=True)
    elif behaviour == "callback":
        call(lead, working(day + lead.dice.whole(0, 1)), "telemarketing", is_asked=True)
    elif behaviour == "datasheet" and lead.dice.chance(FOLLOWS_SHEET):
        call(lead, working(day + lead.dice.whole(1, 6)), "telemarketing")


def call(lead: Lead, day: int, team: str, *, is_asked: bool = False) -> None:
    """One call, unless the last is too near; an unanswered one is tried once more."""
    if day - lead.called_on < (4 if is_asked else 25) or _is_over(lead, day):
        return
    lead.called_on = day
    for attempt in (day, working(day + 1)):
        instant = at(attempt, lead.dice.bell(9 * 60, 18 * 60))
        answered = lead.dice.chance(0.85 if is_asked else ANSWERS)
        seconds = lead.dice.whole(40, 900) if answered else 0
        lead.journal.write(team, "Call Made", instant, lead.in_crm(), answered=answered, duration_s=seconds)
        if answered:
            _talk(lead, attempt, instant + seconds * 1000, team)
            return


def _is_over(lead: Lead, day: int) -> bool:
    return lead.truth.won is not None and day >= lead.truth.won


def _talk(lead: Lead, day: int, instant: int, team: str) -> None:
    """Who answers says who it is, and whether there is a project; the lead is accepted or rejected with a reason."""
    if lead.dice.chance(0.75):
        lead.learn_title("crm", instant + MINUTE)
    found = lead.dice.weighted(FINDS[lead.truth.phase(day)])
    if found == "project":
        _project(lead, day, instant, team)
    elif found:
        lead.journal.write(team, "Lead Rejected", instant + 2 * MINUTE, lead.in_crm(), reason=found)
        if found == "too early" and lead.dice.chance(ANNOYED):
            lead.leave(instant + 3 * HOUR, "Unsubscribed")
            lead.may_be_called = False
            lead.journal.write("crm", "Consent Withdrawn", instant + 4 * HOUR, lead.by_mail, purpose="phone")


def _project(lead: Lead, day: int, instant: int, team: str) -> None:
    """A project found goes to sales, who meet the lead and take it or send it back."""
    write = lead.journal.write
    write(team, "Project Detected", instant + 2 * MINUTE, lead.in_crm(), topic=lead.topic)
    word = at(working(day + lead.dice.whole(0, 4)), lead.dice.bell(9 * 60, 18 * 60)) + DAY
    if _is_over(lead, day + 6):
        accept(lead, instant + 3 * MINUTE)
    elif lead.dice.chance(0.2):
        reason = lead.dice.among(("no budget", "too small", "unreachable"))
        write("crm", "Lead Rejected", word, lead.in_crm(), reason=reason)
    else:
        if lead.dice.chance(0.7):
            meeting = at(working(day + lead.dice.whole(3, 12)), 10 * 60)
            write(team, "Meeting Booked", instant + 4 * MINUTE, lead.in_crm(), in_days=(meeting - instant) // DAY)
        accept(lead, word)


def accept(lead: Lead, instant: int) -> None:
    """Sales take the lead: an opportunity is open, and will be won or lost."""
    if not lead.is_accepted:
        lead.journal.write("crm", "Lead Accepted", instant, lead.in_crm())
        lead.is_accepted = True
        lead.accepted_on = lead.called_on


def close(lead: Lead, day: int) -> None:
    """The day of a decision: won, or lost where sales knew of it; and false hopes end after two months."""
    if day == lead.truth.won:
        win(lead, day)
    elif lead.is_accepted and (day in lead.truth.lost or day == lead.accepted_on + 60):
        if _still_deciding(lead, day):
            return
        reason = lead.dice.weighted(LOSSES)
        instant = at(working(day), lead.dice.bell(9 * 60, 18 * 60))
        lead.journal.write("crm", "Opportunity Lost", instant, lead.in_crm(), reason=reason)
        lead.is_accepted = False


def _still_deciding(lead: Lead, day: int) -> bool:
    return day not in lead.truth.lost and lead.truth.phase(day) in (Phase.EVALUATION, Phase.DECISION)


def win(lead: Lead, day: int) -> None:
    """A win; where nobody had been in touch, sales had it by telephone the day before."""
    instant = at(min(working(day), DAYS - 1), lead.dice.bell(9.5 * 60, 18 * 60))
    if not lead.is_accepted:
        lead.journal.write("crm", "Call Made", instant - 26 * HOUR, lead.in_crm(), answered=True, duration_s=600)
        accept(lead, instant - 25 * HOUR)
    amount = int(lead.person.deal_value * lead.dice.bell(0.5, 1.6) / 10) * 10
    lead.journal.write("crm", "Opportunity Won", instant, lead.in_crm(), amount=amount, topic=lead.topic)
    lead.journal.write("crm", "Group Joined", instant + MINUTE, lead.in_crm(), group="Clients")
