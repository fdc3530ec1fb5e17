"""What leads do on the site: pages read, documents, tools, forms; noisy expressions of the phase of the day."""

from clock import MINUTE
from lead import Lead
from truth import Phase

HOST = "https://www.pompes-valrive.example"

# Chances per 1,000 days of each kind of session, by phase.
RATES_TABLE = """
              blog products premium pricing company guide datasheet calculator   ad social callback quote demo trial
    dormant      8        5     0.7     0.8     1.6     2       0.5        0.1  2.5    0.8     0.12  0.04    0     0
    discovery   24       22       3       4     1.3    12       3.5        2.5    9    2.5        1   0.3  0.3   0.3
    evaluation   9       36      12      16     1.2     8        15         13    5      1        5     3    4     3
    decision     3       24      12      20     1.8     2        11          8    2      0       13    20    7     4
    customer     1        2       0     0.3     0.5     0       1.5        0.5    0      0        0     0    0     0
    curious     34        7       1     1.5       3    12         1        0.3    3      4      0.2   0.1  0.3   0.3
    candidate    7        4       0     0.3      32   1.5         0          0    0      4      0.3     0    0     0
    student     36       10       1     1.5       7    20         4        1.5    0      4        0   0.2    0   0.8
    vendor       5        4       0       2       9     1         0          0    0      0      2.2     0  0.3     0
    competitor  12       30      10      14       5     8        12          3    1      0        0   1.2    1     1
    internal    10       10       0       3      14     0         0          0    0      0        0     0    0     0
"""


def rates(table: str) -> dict[Phase, dict[str, float]]:
    """A table of words and numbers as a mapping by line and column."""
    head, *lines = (line.split() for line in table.strip().splitlines())
    return {Phase(name): {k: float(v) for k, v in zip(head, row, strict=True) if v != "0"} for name, *row in lines}


RATES = rates(RATES_TABLE)

# A session: the sections that it goes through, each with the fewest and most pages.
SESSIONS = {
    "blog": (("home", 0, 1), ("blog", 1, 3)),
    "products": (("home", 0, 1), ("products", 1, 3)),
    "premium": (("products", 0, 2), ("premium", 1, 3)),
    "pricing": (("products", 0, 2), ("pricing", 1, 2)),
    "company": (("home", 0, 1), ("company", 1, 3)),
    "guide": (("blog", 0, 2),),
    "datasheet": (("products", 1, 3),),
    "calculator": (("products", 0, 2), ("calculator", 1, 1)),
    "ad": (("landing", 1, 1), ("products", 0, 2)),
    "social": (),
    "callback": (("products", 0, 2), ("callback", 1, 1)),
    "quote": (("products", 0, 2), ("pricing", 0, 1), ("quote", 1, 1)),
    "demo": (("products", 0, 2), ("demo", 1, 1)),
    "trial": (("calculator", 0, 1), ("trial", 1, 1)),
}
PAGES = {
    "home": ("/",),
    "blog": (
        "/blog/choisir-une-pompe",
        "/blog/cavitation-cinq-signes",
        "/blog/doser-sans-gaspiller",
        "/blog/debit-et-hauteur",
        "/blog/pompe-et-energie",
        "/blog/normes-hygiene",
        "/blog/entretien-des-garnitures",
        "/blog/dosage-du-chlore",
    ),
    "company": (
        "/entreprise/qui-sommes-nous",
        "/entreprise/actualites",
        "/entreprise/equipe",
        "/entreprise/engagements",
    ),
    "careers": (
        "/entreprise/carrieres",
        "/entreprise/carrieres/technicien",
        "/entreprise/carrieres/alternance",
    ),
    "premium": (
        "/produits/premium/serie-azur",
        "/produits/premium/serie-azur/options",
        "/produits/premium/station-complete",
    ),
    "pricing": (
        "/tarifs",
        "/tarifs/pompes",
        "/tarifs/contrats-entretien",
    ),
    "calculator": ("/outils/calculateur",),
    "landing": (
        "/offres/diagnostic",
        "/offres/remplacement-pompe",
    ),
    "callback": ("/demande-de-rappel",),
    "quote": ("/devis",),
    "demo": ("/demonstration",),
    "trial": ("/supervision/essai",),
}
PRODUCTS = {
    "pompes": (
        "/produits/pompes/centrifuges",
        "/produits/pompes/centrifuges/pc-40",
        "/produits/pompes/volumetriques",
        "/produits/pompes/immergees",
    ),
    "dosage": (
        "/produits/dosage/pompes-doseuses",
        "/produits/dosage/pompes-doseuses/d-12",
        "/produits/dosage/stations",
        "/produits/dosage/capteurs",
    ),
}
GUIDES = ("guide-choisir-sa-pompe", "livre-blanc-energie", "guide-dosage-precis")
SHEETS = {
    "pompes": ("fiche-pc-40", "plan-3d-pc-40", "fiche-immergees"),
    "dosage": ("fiche-d-12", "plan-3d-d-12", "fiche-stations"),
}
JOB_PAGES = {Phase.CANDIDATE: 0.8, Phase.STUDENT: 0.6}  # how often a page on the company is one on its jobs
FORMS = ("callback", "quote", "demo", "trial")


def visit(lead: Lead, day: int, behaviour: str) -> None:
    """One session of that kind, on one device; forms make known who is there."""
    instant, device = lead.hour(day), lead.device()
    if behaviour == "social":
        if lead.is_known:
            network = lead.dice.among(("linkedin", "linkedin", "youtube"))
            lead.journal.write("reseaux", "Social Followed", instant, lead.by_mail, network=network)
        return
    if behaviour == "ad":
        _ad(lead, instant, device)
        instant += 1_500
    instant = browse(lead, day, instant, device, behaviour)
    if behaviour in ("guide", "datasheet"):
        download(lead, instant, device, behaviour)
    elif behaviour == "calculator" and lead.dice.chance(0.9):
        flow = round(lead.dice.bell(2, 180), 1)
        lead.journal.write("site", "Calculator Used", instant, lead.on_device(device), flow_m3h=flow, topic=lead.topic)
    elif behaviour in FORMS:
        request(lead, instant, device, behaviour)
    elif lead.dice.chance(0.06):
        _link(lead, day, instant, device)


def browse(lead: Lead, day: int, instant: int, device: str, behaviour: str, *, named: bool = False) -> int:
    """The pages of a session, one after the other; the instant at which the last was left."""
    for section, fewest, most in SESSIONS[behaviour]:
        for _ in range(lead.dice.whole(fewest, most)):
            path = page(lead, day, section)
            who = lead.on_device(device, named=named)
            lead.journal.write("site", "Page Viewed", instant, who, path=path, url=HOST + path)
            named = False
            if section == "pricing":
                _priced(lead, day, instant)
            instant += int(lead.dice.bell(8_000, 5 * MINUTE))
    return instant


def page(lead: Lead, day: int, section: str) -> str:
    """A page of the section, oftenest on the lead's own topic."""
    if section == "products":
        topic = lead.topic if lead.dice.chance(0.75) else lead.dice.among(tuple(PRODUCTS))
        return lead.dice.among(PRODUCTS[topic])
    if section == "company" and lead.dice.chance(JOB_PAGES.get(lead.truth.phase(day), 0.04)):
        section = "careers"
    return lead.dice.among(PAGES[section])


def _priced(lead: Lead, day: int, instant: int) -> None:
    """The second scenario: in the group, a message opened within 30 days, and the pricing page seen."""
    if lead.is_subscribed and 0 <= day - lead.opened_on < 30:
        lead.raise_if_running(instant + 2_000, 30)


def _ad(lead: Lead, instant: int, device: str) -> None:
    platform = lead.dice.among(("moteur", "moteur", "reseau-professionnel"))
    campaign = lead.dice.among(("remplacement-pompe", "diagnostic-energie", "dosage-precis"))
    who = {"anonymous_id": device}
    lead.journal.write("publicite", "Ad Clicked", instant, who, platform=platform, utm_campaign=campaign)


def _link(lead: Lead, day: int, instant: int, device: str) -> None:
    keen = lead.truth.phase(day) in (Phase.EVALUATION, Phase.DECISION)
    path = "/devis?depuis=pied-de-page" if keen and lead.dice.chance(0.5) else "/plan-acces"
    lead.journal.write("site", "Link Clicked", instant, lead.on_device(device), url=HOST + path)


def download(lead: Lead, instant: int, device: str, behaviour: str) -> None:
    """A guide is asked for with an address, once; a data sheet is free, so some stay anonymous."""
    if behaviour == "guide":
        identify(lead, instant, device, "telechargement")
    kind = "guide" if behaviour == "guide" else "fiche"
    document = lead.dice.among(GUIDES if kind == "guide" else SHEETS[lead.topic])
    who = lead.on_device(device, named=kind == "guide")
    lead.journal.write("site", "Document Downloaded", instant + 4_000, who, document=document, type=kind)


def identify(lead: Lead, instant: int, device: str | None, form: str) -> None:
    """The first form joins the device to the address; it often brings the newsletter, sometimes the title."""
    if lead.is_known:
        return
    lead.is_known = True
    source = "salon" if device is None else "site"
    who = lead.on_device(device, named=True) if device else lead.by_mail
    lead.journal.write(source, "Form Submitted", instant, who, form=form, company=lead.person.company.name)
    if lead.dice.chance(0.3):
        lead.learn_title("site", instant + 500)
    if lead.dice.chance(0.72):
        lead.subscribe(instant + 1_000, device)
    if source == "salon":
        lead.journal.write("crm", "Group Joined", instant + 30 * MINUTE, lead.in_crm(), group="Salon Hydro")


def request(lead: Lead, instant: int, device: str, behaviour: str) -> None:
    """A callback, a quote, a demonstration, a trial: the form, then the request."""
    if (behaviour == "trial" and lead.has_trial) or (behaviour == "quote" and lead.quotes >= 3):
        return
    identify(lead, instant, device, behaviour)
    who = lead.on_device(device, named=True)
    write = lead.journal.write
    if behaviour == "callback":
        write("site", "Callback Requested", instant + 3_000, who, slot=lead.dice.among(("matin", "midi", "après-midi")))
        write("site", "Consent Given", instant + 3_100, lead.by_mail, purpose="phone")
    elif behaviour == "quote":
        lead.quotes += 1
        write("site", "Quote Requested", instant + 3_000, who, topic=lead.topic, quantity=lead.dice.whole(1, 6))
    elif behaviour == "demo":
        write("site", "Demo Requested", instant + 3_000, who, topic=lead.topic)
    else:
        start_trial(lead, instant, who)


def start_trial(lead: Lead, instant: int, who: dict[str, str]) -> None:
    """A trial of the supervision software: an account, by which later use is known and nothing else."""
    lead.has_trial = True
    account = {"user_id": f"app-{lead.dice.token(10)}"}
    lead.journal.write("application", "Trial Started", instant + 3_000, {**who, **account}, plan="30 jours")
    for _ in range(lead.dice.whole(0, 7)):
        instant += int(lead.dice.bell(2, 90) * 60 * MINUTE)
        screen = lead.dice.among(("tableau-de-bord", "alarmes", "rapports"))
        lead.journal.write("application", "Trial Used", instant, account, screen=screen)
