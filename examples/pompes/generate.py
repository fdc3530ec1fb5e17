"""Writes the history of Pompes Valrive, an invented French firm: events.ndjson and leads.csv.

The same seed gives the same bytes on every machine and every Python from 3.11 on. Standard library only.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from clock import ACTIVITY, DAYS, HOUR, MINUTE, at, the_day, working
from dice import Dice, total
from journal import Journal
from lead import TITLE_IN_FILE, Lead
from mails import MAILINGS, receive
from market import Person, a_person
from sales import OUTBOUND, answer, call, close
from truth import KINDS, Phase, Truth, a_truth
from visits import RATES, identify, visit

SEED = 20250101
FEWEST, MOST = 20, 20_000
STREAM_PERSON, STREAM_TRUTH, STREAM_LIFE = 3, 4, 5
STRANGERS = 0.35  # devices of people who never say who they are, for each lead
# The second Thursday of each month but August.
THURSDAYS = (day for day in range(DAYS) if the_day(day).weekday() == 3)
WEBINAR_DAYS = tuple(day for day in THURSDAYS if 8 <= the_day(day).day <= 14 and the_day(day).month != 8)
# Chance to come to a webinar, of those who can be invited. Who has a project at hand has no time for lectures.
WEBINAR: dict[Phase, float] = {
    Phase.DORMANT: 0.035,
    Phase.DISCOVERY: 0.035,
    Phase.EVALUATION: 0.008,
    Phase.DECISION: 0.002,
    Phase.CUSTOMER: 0.01,
    Phase.CURIOUS: 0.16,
    Phase.CANDIDATE: 0.06,
    Phase.STUDENT: 0.13,
    Phase.VENDOR: 0.04,
    Phase.COMPETITOR: 0.12,
    Phase.INTERNAL: 0.1,
}
# Scores touched by hand, now and then: how, by how much, and what the colleague noted.
BY_HAND = (
    ("add", 10, "vu au salon"),
    ("add", -10, "ne répond plus"),
    ("set", 15, "reprise de l'ancien fichier"),
    ("reset", None, "fiche remise à zéro"),
)
TOTAL_RATES = {phase: total(rates) / 1000 for phase, rates in RATES.items()}
COLUMNS = """
    email first_name last_name job_title department company company_size employees sector city country lead_source
    phone deal_value
""".split()

ANSWERS = ("email", "kind", "won_on", "phases")


def a_lead(person: Person, truth: Truth, journal: Journal, dice: Dice) -> Lead:
    """A lead before its first day."""
    doses = dice.chance(0.7 if person.company.sector in ("eau", "chimie", "pharmacie") else 0.3)
    is_met = person.source in ("salon", "referral")  # known from the first day, without a form on the site
    return Lead(
        person=person,
        truth=truth,
        dice=dice,
        journal=journal,
        computer=f"web-{dice.token()}",
        phone=f"tel-{dice.token()}",
        topic="dosage" if doses else "pompes",
        is_title_known=dice.chance(TITLE_IN_FILE),
        has_proxy=dice.chance(0.16),
        identified_on=min(truth.arrival + (0 if is_met else dice.whole(0, 35)), DAYS - 1),
    )


def live(lead: Lead) -> None:
    """The days of one lead, from its first visit to the end of the history."""
    for day in range(lead.truth.arrival, DAYS):
        if not lead.is_known and (day == lead.identified_on or day == lead.truth.won):
            _introduce(lead, day)
        close(lead, day)
        if day in MAILINGS and lead.is_subscribed:
            receive(lead, MAILINGS[day])
        if day in WEBINAR_DAYS and lead.is_known:
            _webinar(lead, day)
        behave(lead, day)
        if lead.is_known and lead.may_be_called and lead.dice.chance(OUTBOUND * ACTIVITY[day]):
            call(lead, working(day), "telemarketing")


def behave(lead: Lead, day: int) -> None:
    """What the lead does today by itself, if anything: the phase says how often and what, chance says the rest."""
    phase = lead.truth.phase(day)
    if lead.dice.chance(TOTAL_RATES[phase] * lead.truth.keen * ACTIVITY[day]):
        behaviour = lead.dice.weighted(RATES[phase])
        visit(lead, day, behaviour)
        answer(lead, day, behaviour)


def _introduce(lead: Lead, day: int) -> None:
    """The lead leaves its address: at a fair, by a colleague's word, or in a form on the site."""
    source, instant = lead.person.source, lead.hour(day)
    if source == "salon":
        identify(lead, at(working(day), lead.dice.bell(9 * 60, 18 * 60)), None, "badge-salon")
    elif source == "referral":
        lead.is_known = True
        traits = {"referred": True, "city": lead.person.company.city}
        lead.journal.write("crm", "Traits Set", instant, lead.in_crm(), traits=traits)
    else:
        lead.journal.write("site", "Page Viewed", instant - MINUTE, lead.on_device(lead.computer), path="/contact")
        identify(lead, instant, lead.computer, "contact" if source in ("search", "partner", "ads") else source)
    if lead.dice.chance(0.03):
        kind, points, note = lead.dice.among(BY_HAND)
        worth = {} if points is None else {"points": points}
        later = at(min(day + lead.dice.whole(5, 60), DAYS - 1), 11 * 60)
        lead.journal.write("crm", "Score Adjusted", later, lead.in_crm(), kind=kind, **worth, note=note)


def _webinar(lead: Lead, day: int) -> None:
    """A lecture on a Thursday at 11:00: the form some days before, then the hour itself."""
    if not lead.dice.chance(WEBINAR[lead.truth.phase(day)] * lead.truth.keen):
        return
    registered = at(max(day - lead.dice.whole(1, 6), lead.truth.arrival), lead.dice.bell(9 * 60, 18 * 60))
    write, who = lead.journal.write, lead.by_mail
    write("webinaire", "Form Submitted", registered, who, form="inscription-webinaire")
    if lead.dice.chance(0.8):
        begins = at(day, 11 * 60) + lead.dice.whole(0, HOUR // 6)
        name, minutes = f"webinaire-{the_day(day):%Y-%m}", lead.dice.whole(12, 60)
        write("webinaire", "Webinar Attended", begins, who, webinar=name, minutes=minutes)


def pass_by(lead: Lead) -> None:
    """A stranger's few visits: read, gone, and never a name."""
    for _ in range(lead.dice.whole(1, 3)):
        day = min(lead.truth.arrival + lead.dice.whole(0, 40), DAYS - 1)
        visit(lead, day, lead.dice.weighted({"blog": 50, "products": 24, "company": 12, "ad": 10, "pricing": 4}))


def answer_of(lead: Lead) -> tuple[object, ...]:
    """One line of the answers: what nobody in the firm can see."""
    truth = lead.truth
    phases = " ".join(f"{the_day(start)}:{phase}" for start, phase in zip(truth.starts, truth.phases, strict=True))
    return (lead.person.email, truth.kind, "" if truth.won is None else the_day(truth.won), phases)


def row_of(lead: Lead) -> tuple[object, ...]:
    """One line of the leads file: what the CRM knew at first, titles with gaps."""
    p, c = lead.person, lead.person.company
    title, department = (p.job_title, p.department) if lead.is_title_known else ("", "")
    who = (p.email, p.first_name, p.last_name, title, department)
    return (*who, c.name, c.size, c.employees, c.sector, c.city, c.country, p.source, phone_of(p.email), p.deal_value)


def phone_of(email: str) -> str:
    """A number among those that France keeps for fiction; of one in four none is known."""
    number = crc32(email.encode())
    return f"+33 1 99 00 {number // 100 % 100:02d} {number % 100:02d}" if number % 4 else ""


def generate(out: Path, leads: int, seed: int, with_truth: bool = False) -> int:
    """Writes the files of a history of that many leads into a folder; the number of rows of events."""
    out.mkdir(parents=True, exist_ok=True)
    journal = Journal(seed)
    people = [born(seed, number, leads, journal) for number in range(1, leads + 1)]
    _save(out / "leads.csv", [COLUMNS, *(row_of(lead) for lead in people)])
    if with_truth:
        _save(out / "truth.csv", [ANSWERS, *(answer_of(lead) for lead in people)])
    for lead in people:
        live(lead)
    for number in range(leads + 1, leads + int(leads * STRANGERS) + 1):
        pass_by(born(seed, number, leads, journal, kind="curious"))
    return journal.save(out / "events.ndjson")


def born(seed: int, number: int, leads: int, journal: Journal, kind: str | None = None) -> Lead:
    """The lead of that number, each part of it from a stream of chance of its own."""
    fate = Dice(seed, STREAM_TRUTH, number)
    kind = kind or fate.weighted(KINDS)
    person = a_person(seed, number, leads, kind, Dice(seed, STREAM_PERSON, number))
    return a_lead(person, a_truth(person, kind, fate), journal, Dice(seed, STREAM_LIFE, number))


def _save(path: Path, table: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(table)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write the history of Pompes Valrive, an invented firm.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for events.ndjson and leads.csv")
    parser.add_argument("--leads", type=int, default=2000, help=f"how many leads, {FEWEST} to {MOST} (default 2000)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another seed is another history (default {SEED})")
    parser.add_argument(
        "--truth", action="store_true", help="write truth.csv too: the hidden kind and phases of each lead"
    )
    wanted = parser.parse_args()
    if not FEWEST <= wanted.leads <= MOST or wanted.seed < 0:
        parser.error(f"--leads is from {FEWEST} to {MOST}, --seed is 0 or more")
    try:
        rows = generate(wanted.out, wanted.leads, wanted.seed, wanted.truth)
    except OSError as error:
        parser.error(f"cannot write into {wanted.out} ({error.strerror}): name a folder that can be written with --out")
    print(f"{rows} rows of events and {wanted.leads} leads in {wanted.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
