"""An invented company's report, of any size and the same at each call: what the report is tested and looked at with."""

import math
import random

from couveuse.core.conditions import Operator, Test
from couveuse.core.events import Verdict
from couveuse.core.ledger import LineKind
from couveuse.core.model import (
    DAY_US,
    Band,
    Cap,
    Fit,
    Label,
    LeadClass,
    Model,
    Persona,
    Repeat,
    Route,
    Rule,
    Stage,
    Temperature,
    Window,
)
from couveuse.core.reading import Maturity, RouteDue
from couveuse.report.values import (
    BandRow,
    Bin,
    Consent,
    Counts,
    Dossier,
    Episode,
    Fact,
    Funnel,
    HandOver,
    Identity,
    LeadPage,
    LeadRow,
    LearntRate,
    LedgerLine,
    LiftRow,
    Ranking,
    Reason,
    Reject,
    ReliabilityPoint,
    Report,
    RuleRow,
    SourceRow,
    Telling,
    TellingSection,
)

AT = 1_772_546_700_000_000  # 3 March 2026, 14:05 UTC
HALF_LIFE = 90 * DAY_US
TELEMARKETING = Route("telemarketing", "detect-project")
APPOINTMENT = Route("sales", "make-appointment")

RULES = (
    Rule("weak-click", "Email Clicked", 1, Label("Clic faible sur l’e-mailing", "Weak click"), stage=Stage.DISCOVERY),
    Rule("strong-click", "Email Clicked", 3, Label("Clic fort sur l’e-mailing", "Strong click"), stage=Stage.EVALUATION,
         route=TELEMARKETING),
    Rule("visit", "Page Viewed", 1, Label("Visite du site", "Visit to the site"), stage=Stage.DISCOVERY,
         repeat=Repeat(1, Window.VISIT)),
    Rule("download", "Document Downloaded", 5, Label("Téléchargement de documentation", "Documentation downloaded"),
         stage=Stage.EVALUATION, route=TELEMARKETING),
    Rule("callback", "Callback Requested", 10, Label("Demande de rappel", "Callback request"), stage=Stage.DECISION,
         route=Route("telemarketing", "make-appointment")),
    Rule("quote", "Quote Requested", 20, Label("Demande de devis", "Quote request"), stage=Stage.DECISION,
         route=APPOINTMENT),
    Rule("webinar", "Webinar Attended", 4, Label("Webinaire suivi", "Webinar attended"), stage=Stage.EVALUATION),
    Rule("unsubscribed", "Unsubscribed", -8, Label("Désinscription", "Unsubscription")),
    Rule("social", "Social Followed", 2),
)  # fmt: skip

FIT = (
    Fit("decision-maker", Test("traits.job_title", Operator.MATCHES, ("*direct*",)), 10,
        Label("Décideur", "Decision maker")),
    Fit("referral", Test("traits.lead_source", Operator.EQUALS, "referral"), 5, Label("Recommandé", "Referred")),
)  # fmt: skip

MODEL = Model(
    name="bareme-complet",
    label=Label("Barème complet", "Complete model"),
    timezone="Europe/Paris",
    half_life=HALF_LIFE,
    rules=RULES,
    fit=FIT,
    caps=(Cap(("visit", "weak-click"), 10, Window.WEEK),),
    total_cap=100,
    bands=(
        Band("low", 10, 0.05, Temperature.COLD, Label("Basse", "Low")),
        Band("mid", 20, 0.25, Temperature.WARM, Label("Moyenne", "Middle")),
        Band("high", None, 0.50, Temperature.HOT, Label("Haute", "High"), APPOINTMENT),
    ),
    personas=(Persona("buyer", Test("traits.department", Operator.EQUALS, "achats"), Label("Acheteur", "Buyer")),),
)

FIRST = (
    "Claire Mehdi Sophie Julien Aïcha Thomas Nadia Benoît Élodie Karim Lucie Hervé Inès Gaël Margaux Olivier".split()
)
LAST = "Martin Benali Rousseau Lefèvre Garnier Dubois Nguyen Moreau Bonnet Fontaine Perrin Roche Vidal Marchand".split()
COMPANIES = ("Hydrotech", "Ateliers Morvan", "Pompes du Rhône", "Groupe Salines", "Aquaval", "Delmas & Fils",
             "Fonderies de l’Est", "Biofiltre", "Papeteries Vauclin",
             "Sogéa Thermique", "Coopérative du Lac")  # fmt: skip
TITLES = (
    "Directrice des achats",
    "Responsable maintenance",
    "Directeur technique",
    "Ingénieur procédés",
    "Acheteur",
    "",
)
SOURCES = ("recherche", "referral", "salon", "e-mailing", "annonce", "")
ABOUT = {
    "Page Viewed": ("/produits/pompes/p-200", "/tarifs", "/references", "/"),
    "Email Clicked": ("Lettre de février", "Guide de choix"),
    "Document Downloaded": ("Guide des pompes doseuses", "Fiche P-200"),
    "Quote Requested": ("P-200, 3 unités",),
}
WEIGHTS = (28, 12, 40, 9, 4, 3, 4, 2, 0)


def a_row(score: float = 40.0, lead: str = "claire.martin@hydrotech.example.com", **traits: object) -> LeadRow:
    """One lead, hot by its band unless said otherwise."""
    place = 0 if score <= 10 else 1 if score <= 20 else 2
    band = MODEL.bands[place]
    values: dict[str, object] = {
        "lead": lead, "score": score, "behaviour": score, "fit": 0.0, "band": band.id, "rate": band.rate,
        "temperature": band.temperature, "stage": Stage(place), "last_event_at": AT - 3 * DAY_US,
        "last_event": "Quote Requested", "maturity": Maturity.MATURE if place == 2 else Maturity.LEAD,
    }  # fmt: skip
    return LeadRow(**(values | traits))  # type: ignore[arg-type]  # a factory's traits are the row's own


def a_page(row: LeadRow | None = None, points: tuple[float, ...] = (20, 5, 1), **parts: object) -> LeadPage:
    """One lead's page whose ledger is these points of the quote rule, and nothing else."""
    lines = tuple(
        LedgerLine(LineKind.POINTS, each, AT - (9 - place) * DAY_US, "Quote Requested", "quote")
        for place, each in enumerate(points)
    )
    total = math.fsum(points)
    values: dict[str, object] = {"row": row or a_row(total), "lines": lines, "total": total}
    return LeadPage(**(values | parts))  # type: ignore[arg-type]  # the same


def a_report(**parts: object) -> Report:
    """The smallest report: a model, and nothing that was read."""
    values: dict[str, object] = {
        "model": MODEL, "language": "fr", "at_us": AT, "generated_at_us": AT + DAY_US // 24,
        "source_names": ("events.csv",),
        "counts": Counts(0, 0, 0, 0, 0), "leads": (), "bands": tuple(BandRow(band.id, 0) for band in MODEL.bands),
        "funnel": Funnel(), "sources": (), "rules": (), "histogram": (), "lead_pages": (), "telling": Telling(()),
    }  # fmt: skip
    return Report(**(values | parts))  # type: ignore[arg-type]  # the same


def a_history(
    chance: random.Random, number: int
) -> tuple[list[Fact], list[LedgerLine], float, list[tuple[int, float]]]:
    """Facts of one lead over a year with their ledger as the core writes it: points, cap, what time took."""
    facts, lines, curve = [], [], []
    behaviour, before = 0.0, AT - 360 * DAY_US
    instants = sorted(AT - round(360 * DAY_US * chance.random() ** 2) for _ in range(number))
    for place, at in enumerate(instants):
        rule = chance.choices(RULES, WEIGHTS)[0]
        about = chance.choice(ABOUT.get(rule.event, ("",)))
        if chance.random() < 0.08:
            facts.append(Fact(at, "Email Clicked", about, 0.0, Verdict.MACHINE if place % 2 else Verdict.DOUBTFUL))
            continue
        taken = -1.0 if rule.id == "visit" and chance.random() < 0.1 else 0.0
        left = (rule.points + taken) * 0.5 ** ((AT - at) / HALF_LIFE)
        facts.append(Fact(at, rule.event, about, rule.points + taken))
        lines.append(LedgerLine(LineKind.POINTS, rule.points, at, rule.event, rule.id, about))
        if taken:
            lines.append(LedgerLine(LineKind.CAP, taken, at, rule.event, rule.id))
        lines.append(LedgerLine(LineKind.DECAY, left - rule.points - taken, at, rule.event, rule.id))
        behaviour *= 0.5 ** ((at - before) / HALF_LIFE)
        curve += [(at, behaviour), (at, behaviour + rule.points + taken)]
        behaviour, before = behaviour + rule.points + taken, at
    behaviour *= 0.5 ** ((AT - before) / HALF_LIFE)
    return facts, lines, behaviour, [*curve, (AT, behaviour)]


def a_lead(chance: random.Random, place: int, number: int) -> LeadPage:
    """One invented lead with so many facts."""
    facts, lines, behaviour, curve = a_history(chance, number)
    title, source = chance.choice(TITLES), chance.choice(SOURCES)
    fits = [f for f, holds in zip(FIT, (title.startswith("Direct"), source == "referral"), strict=True) if holds]
    lines += [LedgerLine(LineKind.FIT, f.points, AT, "", f.id) for f in fits]
    fit = float(sum(f.points for f in fits))
    score = behaviour + fit
    if score > 100:
        lines.append(LedgerLine(LineKind.TOTAL, 100 - score, AT, "", "total"))
        score = 100.0
    first, last, company = chance.choice(FIRST), chance.choice(LAST), chance.choice(COMPANIES)
    why = sorted(
        (line for line in lines if line.kind in (LineKind.POINTS, LineKind.FIT)), key=lambda line: -line.points
    )
    irrelevant = place % 23 == 7
    quoted = any(fact.event == "Quote Requested" for fact in facts)
    row = a_row(
        score, f"lead{place}@example.com", behaviour=behaviour, fit=fit,
        name=f"{first} {last}" if place % 11 else "", company=company if place % 7 else "", job_title=title,
        source=source,
        why=tuple(Reason(line.rule, line.points) for line in why[:3]),
        last_event=facts[-1].event if facts else "", last_event_at=facts[-1].at_us if facts else None,
        persona="buyer" if title == "Acheteur" else None,
        **({"temperature": Temperature.IRRELEVANT, "lead_class": LeadClass.COMPETITOR} if irrelevant else {}),
        routes=() if irrelevant or score <= 10 else (
            RouteDue("sales", "make-appointment", "quote" if quoted else "high") if score > 20
            else RouteDue("telemarketing", "detect-project", "download"),
        ),
    )  # fmt: skip
    return LeadPage(
        row,
        tuple(lines),
        score,
        tuple(facts),
        tuple((at, min(points + fit, 100.0)) for at, points in curve),
        ("pompes", "filtration")[: place % 3],
    )


def a_full_report(language: str = "fr", leads: int = 60, pages: int = 12, seed: int = 7) -> Report:
    """A company's whole report, with everything that a report may hold."""
    chance = random.Random(seed)
    made = [a_lead(chance, place, 2 + round(chance.paretovariate(1.1) * 8) % 60) for place in range(leads)]
    made.sort(key=lambda page: -page.row.score)
    fr = language == "fr"
    bins = tuple(Bin(low, low + 4, round(900 * math.exp(-low / 7)) + (low * 7919 % 5)) for low in range(0, 100, 4))
    return a_report(
        language=language,
        source_names=("evenements-2025.csv", "leads.csv"),
        counts=Counts(48_213, 47_380, 512, 1_904, 3_120, (
            Reject("Pas d’identité : ni e-mail, ni user_id" if fr else "No identity: neither e-mail nor user_id", 289),
            Reject("Date illisible" if fr else "Unreadable date", 32),
        )),
        leads=tuple(page.row for page in made),
        lead_pages=tuple(made[:pages]),
        bands=(
            BandRow("low", 1_432, LearntRate(0.031, 0.026, 0.038, 1_390, 9_120, 283, 1_204)),
            BandRow("mid", 331, LearntRate(0.192, 0.158, 0.231, 412, 1_018, 195, 240)),
            BandRow("high", 141, LearntRate(0.41, 0.29, 0.54, 24, 61, 25, 88, scant=True)),
        ),
        funnel=Funnel(
            {Maturity.MATURE: 141, Maturity.LEAD: 806, Maturity.SIGNAL: 612, Maturity.NONE: 345},
            {Stage.DECISION: 122, Stage.EVALUATION: 498, Stage.DISCOVERY: 880, None: 404},
            {Temperature.HOT: 141, Temperature.WARM: 331, Temperature.COLD: 1_391, Temperature.IRRELEVANT: 41},
        ),
        sources=(
            SourceRow("recherche", 702, 38, 61), SourceRow("e-mailing", 540, 21, 30), SourceRow("salon", 288, 24, 33),
            SourceRow("referral", 190, 47, 52), SourceRow("annonce", 184, 11, 9),
        ),
        rules=(
            RuleRow("quote", 214, 188, 4_280, 1_902), RuleRow("download", 1_204, 611, 6_020, 1_744),
            RuleRow("visit", 9_120, 1_650, 8_204, 1_610), RuleRow("callback", 161, 149, 1_610, 702),
            RuleRow("strong-click", 690, 377, 2_070, 811), RuleRow("weak-click", 2_011, 902, 1_940, 604),
            RuleRow("webinar", 240, 214, 960, 377), RuleRow("unsubscribed", 73, 73, -584, -190),
            RuleRow("decision-maker", 301, 301, 3_010, 3_010), RuleRow("social", 0, 0, 0, 0),
        ),
        histogram=bins,
        telling=a_telling(fr),
        ranking=Ranking(0.78, 10_199, 1_560, 503, 0.75, 0.81, tuple(
            LiftRow(1_020, won, won / 50.3, (place + 1) / 10, share)
            for place, (won, share) in enumerate([(214, 0.43), (101, 0.63), (62, 0.75), (41, 0.83), (30, 0.89)])
        ), (
            ReliabilityPoint(0.05, 0.031, 0.026, 0.038, 9_120), ReliabilityPoint(0.25, 0.192, 0.158, 0.231, 1_018),
            ReliabilityPoint(0.50, 0.41, 0.29, 0.54, 61),
        )),
    )  # fmt: skip


def a_telling(fr: bool) -> Telling:
    """A short telling of the sample's model."""
    if fr:
        return Telling((
            TellingSection("Ce qui donne des points", (
                "Chaque geste donne des points ; ils perdent la moitié de leur valeur tous les 90 jours.",
            ), (("Geste", "Points", "Pour", "À faire"),
                ("Demande de devis", "20", "Commercial", "Prendre rendez-vous"),
                ("Téléchargement de documentation", "5", "Télémarketing", "Détecter un projet"))),
            TellingSection("Quand un lead est mûr", ("Au-dessus de 20 points, un commercial l’appelle.",)),
        ))  # fmt: skip
    return Telling((
        TellingSection("What makes points", (
            "Each thing that a person does makes points; they lose half of their worth every 90 days.",
        ), (("Action", "Points", "For", "To do"), ("Quote request", "20", "Sales", "Make an appointment"),
            ("Documentation downloaded", "5", "Telemarketing", "Detect a project"))),
        TellingSection("When a lead is ripe", ("Above 20 points a lead is hot: sales call.",)),
    ))  # fmt: skip


def a_dossier(language: str = "fr", place: int = 3, number: int = 60, **parts: object) -> Dossier:
    """One lead's page with everything that it may hold."""
    page = a_lead(random.Random(place), place, number)
    row = page.row
    withdrawn = HandOver("telemarketing", "detect-project", "download", AT - 200 * DAY_US, 12.4,
                         AT - 190 * DAY_US, "corrected")  # fmt: skip
    values: dict[str, object] = {
        "model": MODEL, "language": language, "at_us": AT, "page": page,
        "traits": {"first_name": row.name.partition(" ")[0], "last_name": row.name.partition(" ")[2],
                   "company": row.company, "job_title": row.job_title, "department": "achats", "city": "Lyon"},
        "groups": ("Inscription Newsletter", "Salon Pollutec 2025"),
        "identities": (Identity("email", row.lead), Identity("user_id", "crm-20418"),
                       Identity("anonymous_id", "5b1f9f0e-3a7c-4d2e-9a51-0c8e7f2b6d13", is_known=False)),
        "consents": (Consent("marketing_email", True, AT - 300 * DAY_US, "consent", "formulaire devis", "2025-02"),
                     Consent("phone", False, AT - 20 * DAY_US, "", "téléphone", "")),
        "episodes": (Episode(2, AT - 12 * DAY_US, None, (
            HandOver("sales", "make-appointment", "quote", AT - 12 * DAY_US, 31.2),)),
            Episode(1, AT - 200 * DAY_US, AT - 150 * DAY_US, (withdrawn,))),
        "merged": ("c.martin@perso.example.org",),
        "suppressed": (),
        "valid_until_us": AT + 30 * DAY_US,
    }  # fmt: skip
    return Dossier(**(values | parts))  # type: ignore[arg-type]  # the same
