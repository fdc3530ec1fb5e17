"""One lead on its way: what has happened to it so far, which the next day needs to know."""

from dataclasses import dataclass, field

from clock import DAYS, MINUTE, at, day_of
from dice import Dice
from journal import Journal
from market import Person
from truth import Truth

NEWSLETTER_GROUP = "Inscription Newsletter"
SCENARIO_FROM = 212  # the newsletter scenario was switched on on 1 August 2025
TITLE_IN_FILE = 0.62  # of the leads have their title in the leads file; of others it is learnt, or never


@dataclass(slots=True)
class Lead:
    """A person, its truth, and the marks that its history has left."""

    person: Person
    truth: Truth
    dice: Dice
    journal: Journal
    computer: str
    phone: str
    topic: str
    is_title_known: bool
    has_proxy: bool  # its mail program loads images by itself, so that every message looks opened
    identified_on: int  # the day on which it leaves its address at the latest
    is_known: bool = False
    joined: dict[str, None] = field(default_factory=dict)  # devices on which it gave its address
    is_subscribed: bool = False
    subscribed_on: int = -DAYS
    opened_on: int = -DAYS
    raised_to: int = 0
    has_trial: bool = False
    quotes: int = 0
    called_on: int = -DAYS
    is_in_crm: bool = False
    is_accepted: bool = False
    accepted_on: int = -DAYS
    may_be_called: bool = True

    @property
    def by_mail(self) -> dict[str, str]:
        """The e-mail alone."""
        return {"email": self.person.email}

    def on_device(self, device: str, *, named: bool = False) -> dict[str, str]:
        """A device, with the address where it was typed there or comes with a tracked link."""
        if named:
            self.joined[device] = None
            return {"email": self.person.email, "anonymous_id": device}
        if device in self.joined and self.dice.chance(0.15):
            return {"email": self.person.email, "anonymous_id": device}
        return {"anonymous_id": device}

    def in_crm(self) -> dict[str, str]:
        """The keys that the CRM writes: its own number, always beside the address the first time."""
        number = f"crm-{self.person.number:05d}"
        bare = self.is_in_crm and self.dice.chance(0.3)
        self.is_in_crm = True
        return {"user_id": number} if bare else {"email": self.person.email, "user_id": number}

    def device(self) -> str:
        """The screen that the lead sits at: its computer, its phone, or the one that the workshop shares."""
        workshop = self.person.company.workshop
        if workshop and self.dice.chance(0.3):
            return workshop
        return self.phone if self.dice.chance(0.22) else self.computer

    def hour(self, day: int) -> int:
        """An instant of that day at which people work, or read at home."""
        if self.dice.chance(0.1):
            return at(day, self.dice.bell(19 * 60, 23.5 * 60))
        return at(day, self.dice.bell(7.5 * 60, 19 * 60))

    def raise_score(self, instant: int, points: int) -> None:
        """The newsletter scenario raises the score to that many points, each step once."""
        if points > self.raised_to:
            self.raised_to = points
            self.journal.write(
                "scenario", "Score Adjusted", instant, self.by_mail, kind="raise", points=points, scenario="newsletter"
            )

    def learn_title(self, source: str, instant: int) -> None:
        """The title comes to be known in a form or on the telephone."""
        if not self.is_title_known:
            self.is_title_known = True
            traits = {"job_title": self.person.job_title, "department": self.person.department}
            self.journal.write(source, "Traits Set", instant, self.by_mail, traits=traits)

    def subscribe(self, instant: int, device: str | None) -> None:
        """The newsletter: the event, the consent, the group, and the scenario once there is one."""
        if self.is_subscribed:
            return
        self.is_subscribed, self.subscribed_on = True, day_of(instant)
        who = self.on_device(device, named=True) if device else self.by_mail
        write = self.journal.write
        write("site", "Newsletter Subscribed", instant, who, form="newsletter")
        write("site", "Consent Given", instant + 15, self.by_mail, purpose="newsletter")
        write("emailing", "Group Joined", instant + 2_000, self.by_mail, group=NEWSLETTER_GROUP)
        self.raise_if_running(instant + 3_000, 5)

    def raise_if_running(self, instant: int, points: int) -> None:
        """A step of the scenario, from the day on which it was switched on."""
        if instant >= at(SCENARIO_FROM, 0):
            self.raise_score(instant, points)

    def leave(self, instant: int, event: str) -> None:
        """Unsubscribed, or complained: out of the group, the consent withdrawn."""
        if not self.is_subscribed:
            return
        self.is_subscribed = False
        write = self.journal.write
        reason = "spam" if event == "Email Complained" else "too many messages"
        write("emailing", event, instant, self.by_mail, reason=reason)
        write("emailing", "Consent Withdrawn", instant + 20, self.by_mail, purpose="newsletter")
        write("emailing", "Group Left", instant + MINUTE, self.by_mail, group=NEWSLETTER_GROUP)
