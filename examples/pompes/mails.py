"""The mailings and what becomes of them: deliveries, openings and clicks of people, and those of machines."""

from dataclasses import dataclass

from clock import DAY, DAYS, HOUR, MINUTE, at, the_day
from lead import Lead
from truth import Phase
from visits import HOST, browse

# Chance that a person opens a message, that an opener clicks, and that the click is on a link that means business.
READING: dict[Phase, tuple[float, float, float]] = {
    Phase.DORMANT: (0.20, 0.12, 0.07),
    Phase.DISCOVERY: (0.36, 0.24, 0.14),
    Phase.EVALUATION: (0.38, 0.30, 0.38),
    Phase.DECISION: (0.32, 0.30, 0.55),
    Phase.CUSTOMER: (0.25, 0.08, 0.10),
    Phase.CURIOUS: (0.46, 0.22, 0.05),
    Phase.CANDIDATE: (0.16, 0.12, 0.02),
    Phase.STUDENT: (0.30, 0.18, 0.04),
    Phase.VENDOR: (0.12, 0.08, 0.10),
    Phase.COMPETITOR: (0.55, 0.30, 0.40),
    Phase.INTERNAL: (0.50, 0.10, 0.10),
}
LEAVES = {Phase.DORMANT: 0.006, Phase.CANDIDATE: 0.02, Phase.VENDOR: 0.012, Phase.STUDENT: 0.008}
COMPLAINS, BOUNCES, BOUNCES_SOFTLY = 0.0006, 0.002, 0.008
GATEWAY_WORKS, PROXY_IS_SEEN = 0.6, 0.45

WEAK = (
    "/blog/choisir-une-pompe",
    "/blog/pompe-et-energie",
    "/blog/normes-hygiene",
    "/entreprise/actualites",
    "/produits/pompes/centrifuges",
)
STRONG = ("/devis", "/demande-de-rappel", "/produits/premium/serie-azur", "/produits/premium/station-complete")
LANDS_ON = {"/blog": "blog", "/entr": "company", "/prod": "products", "/devi": "pricing", "/dema": "pricing"}


@dataclass(frozen=True, slots=True)
class Mailing:
    """One message to all subscribers, at 09:30 of that day."""

    name: str
    day: int


def mailings() -> tuple[Mailing, ...]:
    """The newsletter on the first Tuesday of each month, an offer on the third Thursday of odd months."""
    planned = []
    for day in range(DAYS):
        date = the_day(day)
        if date.weekday() == 1 and date.day <= 7:
            planned.append(Mailing(f"lettre-{date:%Y-%m}", day))
        elif date.weekday() == 3 and 15 <= date.day <= 21 and date.month % 2:
            planned.append(Mailing(f"offre-{date:%Y-%m}", day))
    return tuple(planned)


MAILINGS = {mailing.day: mailing for mailing in mailings()}


def receive(lead: Lead, mailing: Mailing) -> None:
    """A mailing reaches a subscriber, or bounces; machines look at it first, people later or never."""
    sent = at(mailing.day, 9.5 * 60) + lead.dice.whole(0, 12 * MINUTE)
    write, who = lead.journal.write, lead.by_mail
    write("emailing", "Email Sent", sent, who, mailing=mailing.name)
    if lead.dice.chance(BOUNCES + BOUNCES_SOFTLY):
        is_hard = lead.dice.chance(BOUNCES / (BOUNCES + BOUNCES_SOFTLY))
        write("emailing", "Email Bounced", sent + 4_000, who, mailing=mailing.name, type="hard" if is_hard else "soft")
        lead.is_subscribed = lead.is_subscribed and not is_hard
        return
    delivered = sent + lead.dice.whole(900, 20_000)
    write("emailing", "Email Delivered", delivered, who, mailing=mailing.name)
    if lead.has_proxy:
        _proxy(lead, mailing, delivered)
    if lead.person.company.has_gateway and lead.dice.chance(GATEWAY_WORKS):
        _gateway(lead, mailing, delivered)
    _read(lead, mailing, delivered)


def _proxy(lead: Lead, mailing: Mailing, delivered: int) -> None:
    """The mail program loads the pixel whether anyone reads or not; the filter finds it out now and then."""
    instant = delivered + lead.dice.whole(1_000, 60_000)
    seen = {"mailing": mailing.name, "agent": "image-proxy"}
    hit = lead.journal.write("emailing", "Email Opened", instant, lead.by_mail, **seen)
    if lead.dice.chance(PROXY_IS_SEEN):
        judge(lead, hit, "machine", "image proxy", instant + lead.dice.whole(HOUR, 72 * HOUR))


def _gateway(lead: Lead, mailing: Mailing, delivered: int) -> None:
    """A security gateway follows all links within three seconds; most bursts are found out hours or days later."""
    instant = delivered + lead.dice.whole(500, 8_000)
    links = (lead.dice.among(WEAK), lead.dice.among(STRONG), lead.dice.among(WEAK), lead.dice.among(STRONG))
    found = lead.dice.weighted({"machine": 86, "doubtful": 8, "": 6})
    judged = instant + lead.dice.whole(2 * HOUR, 6 * DAY)
    for path in links[: lead.dice.whole(3, 4)]:
        link = {"mailing": mailing.name, "url": HOST + path}
        hit = lead.journal.write("emailing", "Email Clicked", instant, lead.by_mail, **link)
        if found:
            judge(lead, hit, found, "all links in three seconds", judged)
        instant += lead.dice.whole(0, 900)


def judge(lead: Lead, hit: str | None, verdict: str, reason: str, instant: int) -> None:
    """A verdict on one hit of the e-mailing tool."""
    if hit:
        keys = {"of": hit, "of_source": "emailing", "verdict": verdict, "reason": reason}
        lead.journal.write("filtre", "Verdict Given", instant, lead.by_mail, **keys)


def _read(lead: Lead, mailing: Mailing, delivered: int) -> None:
    """A person opens, perhaps clicks and comes to the site, perhaps leaves the list."""
    opens, clicks, strong = READING[lead.truth.phase(mailing.day)]
    if not lead.dice.chance(min(opens * lead.truth.keen, 0.9)):
        return
    day = mailing.day + lead.dice.weighted({0: 70, 1: 18, 2: 8, 5: 4})
    instant = max(lead.hour(day), delivered + 2 * MINUTE)
    lead.journal.write("emailing", "Email Opened", instant, lead.by_mail, mailing=mailing.name, agent="mail")
    if day - lead.subscribed_on < 30:
        lead.raise_if_running(instant + 1_000, 10)
    lead.opened_on = day
    if lead.dice.chance(clicks):
        _click(lead, mailing, day, instant + lead.dice.whole(3_000, 4 * MINUTE), is_strong=lead.dice.chance(strong))
    leaves = LEAVES.get(lead.truth.phase(mailing.day), 0.004)
    if lead.dice.chance(leaves * 3):
        lead.leave(instant + 5 * MINUTE, "Unsubscribed")
    elif lead.dice.chance(COMPLAINS * 3):
        lead.leave(instant + 5 * MINUTE, "Email Complained")


def _click(lead: Lead, mailing: Mailing, day: int, instant: int, *, is_strong: bool) -> None:
    """A click and the visit that it brings; behind a gateway it is held for doubtful until the person shows."""
    path = lead.dice.among(STRONG if is_strong else WEAK)
    # Until the summer of 2025 the tool said itself what it held for a strong link.
    strength = {"strength": "strong" if is_strong else "weak"} if mailing.day < 181 else {}
    link = {"mailing": mailing.name, "url": HOST + path, **strength}
    hit = lead.journal.write("emailing", "Email Clicked", instant, lead.by_mail, **link)
    if lead.person.company.has_gateway and lead.dice.chance(0.6):
        judge(lead, hit, "doubtful", "behind a gateway", instant + 5_000)
        if lead.dice.chance(0.8):
            judge(lead, hit, "human", "went on to the site", instant + lead.dice.whole(3 * HOUR, 4 * DAY))
    browse(lead, day, instant + 2_000, lead.device(), LANDS_ON[path[:5]], named=True)
