"""From facts to mails, with engines and deliverers that are killed: no task and no alert twice, and none lost."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from couveuse.documents.team import parse_team
from couveuse.store.packets import Accepted
from couveuse.store.rosters import apply_roster
from tests.channels.servers import Mailbox, mail_server
from tests.conftest import profile
from tests.engine.town import accept, accepted
from tests.faults.product import COUVEUSE, Part, Product
from tests.processes import until

ROUNDS = 500 if profile() == "faults" else 10
DELIVERERS = 2
# Threads of a deliverer that have a mail under way at most.
MAILS_AT_ONCE = 3
TEAM = """
couveuse: 1
team: faults
hours: {timezone: Europe/Paris, week: {mon-sun: ["00:00-24:00"]}, holidays: none}
members:
  - {id: alice, name: Alice Martin, email: alice@example.org, language: fr}
  - {id: bob, name: Bob Durand, email: bob@example.org}
  - {id: carol, name: Carol Roux, email: carol@example.org}
lists: {board: [board@example.org]}
teams:
  - {id: telemarketing, members: [alice, bob], leads: [alice], assignment: round_robin}
  - {id: sales, members: [carol, bob], leads: [bob], assignment: round_robin, alert: [member, board]}
"""
PEOPLE = "carol@example.org", "bob@example.org", "board@example.org"
MARK = "[Perhaps already received]", "[Peut-être déjà reçu]"
WITHDRAWN = "Alert withdrawn", "Alerte retirée"


class Slow(Mailbox):
    """A mail server that takes its time, so that mails are under way when somebody is killed."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - their name
        await asyncio.sleep(0.01)
        taken = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.01)
        return taken


@dataclass
class Got:
    """The mails that came about a lead, each by the address that it came to; those that are marked by themselves."""

    alerts: Counter[str] = field(default_factory=Counter)
    marked_alerts: Counter[str] = field(default_factory=Counter)
    withdrawals: Counter[str] = field(default_factory=Counter)
    marked_withdrawals: Counter[str] = field(default_factory=Counter)

    @property
    def told(self) -> set[str]:
        """Who was told of the lead."""
        return {*self.alerts, *self.marked_alerts}

    @property
    def told_again(self) -> set[str]:
        """Who was told that it is not so."""
        return {*self.withdrawals, *self.marked_withdrawals}


@dataclass
class Office:
    """The product with a team, deliverers, and a mail server that keeps what it got."""

    product: Product
    box: Mailbox

    @property
    def deliverers(self) -> list[Part]:
        return [
            self.product.part(
                f"deliverer {number}", *COUVEUSE, "deliver",
                mail_url=f"smtp://127.0.0.1:{self.box.port}", mail_from="Couveuse <couveuse@example.com>",
            )
            for number in range(DELIVERERS)
        ]  # fmt: skip

    def start(self) -> None:
        for part in (*self.product.engines, *self.deliverers):
            if part.pid is None:
                part.start()

    def take(self, *facts: Accepted) -> None:
        with self.product.connection() as connection:
            accept(connection, *facts)

    def left(self) -> int:
        """How much has not come to its end: facts, hand-overs, withdrawals, messages."""
        return self.product.waiting() + sum(self.product.rows(
            "select (select count(*) from handovers where dispatched_at is null), "
            "(select count(*) from handovers where withdrawn_at is not null and withdrawal_told_at is null), "
            "(select count(*) from intents where standing in ('waiting', 'flying'))"
        )[0])  # fmt: skip

    def settle(self) -> None:
        try:
            until(lambda: not self.left(), 120)
        except AssertionError:
            print(self.product.rows("select * from intents where standing in ('waiting', 'flying')")[:5])
            for part in self.product.parts.values():
                print(part.pid, part.said[-2000:])
            raise

    def mails(self) -> dict[str, Got]:
        """What came about each lead, by its e-mail."""
        found: dict[str, Got] = defaultdict(Got)
        # Not strict: of a mail that comes at this moment its address may be there already.
        for mail, (to,) in zip(self.box.mails, self.box.to, strict=False):
            subject, body = str(mail["Subject"]), mail.get_body(("plain",))
            assert body is not None
            (lead,) = {word.strip("().,·:") for word in body.get_content().split() if "@lead.example" in word}
            got = found[lead]
            is_marked = any(word in subject for word in MARK)
            if any(word in subject for word in WITHDRAWN):
                (got.marked_withdrawals if is_marked else got.withdrawals)[to] += 1
            else:
                (got.marked_alerts if is_marked else got.alerts)[to] += 1
        return found


@pytest.fixture
def office(product: Product) -> Iterator[Office]:
    with product.connection() as connection:
        apply_roster(connection, parse_team(TEAM, "team"), by="a test", now=now())
    with mail_server(Slow()) as box:
        office = Office(product, box)
        try:
            office.start()
            yield office
        finally:
            for part in office.deliverers:
                part.kill()
            for number in range(DELIVERERS):
                del product.parts[f"deliverer {number}"]


def now() -> int:
    return time.time_ns() // 1000


def quote(lead: str, **words: object) -> Accepted:
    return accepted("Quote Requested", now(), email=lead, **words)  # type: ignore[arg-type]


def machine(of: str, lead: str) -> Accepted:
    return accepted("Verdict Given", now(), email=lead, of=of, verdict="machine")


def kill_a_deliverer(office: Office, rng: Random) -> None:
    rng.choice(office.deliverers).kill()


def kill_an_engine(office: Office, rng: Random) -> None:
    rng.choice(office.product.engines).kill()


def kill_one_of_each(office: Office, rng: Random) -> None:
    kill_an_engine(office, rng)
    kill_a_deliverer(office, rng)


@pytest.mark.parametrize("kill", [kill_a_deliverer, kill_one_of_each])
def test_each_ripe_lead_has_one_task_and_one_alert_whoever_is_killed(
    office: Office, kill: Callable[[Office, Random], None]
) -> None:
    rng = Random(kill.__name__)
    rounds = ROUNDS if kill is kill_a_deliverer else ROUNDS // 2
    asked: list[str] = []
    judged: set[str] = set()
    for turn in range(rounds):
        for number in range(4):
            lead = f"r{turn}n{number}@lead.example"
            asked.append(lead)
            # The same wish twice, at two engines perhaps, and a copy of it: one hand-over.
            office.take(quote(lead, message_id=f"of {lead}"))
            office.take(quote(lead, message_id=f"of {lead}"))
        if turn % 2:
            lead = rng.choice(asked)
            if lead not in judged:
                judged.add(lead)
                office.take(machine(f"of {lead}", lead))
        # While mails go out: so many more have come, at some moment after that.
        wanted = len(office.box.raw) + rng.randrange(1, 5)
        until(lambda wanted=wanted: len(office.box.raw) >= wanted or not office.left())
        time.sleep(rng.random() * 0.03)
        kill(office, rng)
        office.start()
    office.settle()
    check(office, asked, judged, kills=rounds)


def check(office: Office, asked: list[str], judged: set[str], *, kills: int) -> None:
    """Each lead has one task of sales and one alert; whoever was told of one that was judged was told of that, too."""
    product, mails = office.product, office.mails()
    held = product.rows(
        "select r.key, array_agg(t.standing order by t.id) from tasks t join leads l on l.id = t.lead_id "
        "join identities r on r.id = l.root_id where t.team = 'sales' group by r.key"
    )
    assert {lead: standings for lead, standings in held if lead not in judged} == {
        lead: ["open"] for lead in asked if lead not in judged
    }
    assert all(standings == ["withdrawn"] for lead, standings in held if lead in judged)
    assert product.rows("select count(*) from alerts group by handover_id, kind having count(*) > 1") == []
    unknown: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, lead, to in product.rows(
        "select i.kind, r.key, coalesce(i.target ->> 'address', m.email) from intents i "
        "join alerts a on a.id = i.alert_id join leads l on l.id = a.lead_id join identities r on r.id = l.root_id "
        "left join members m on m.id = i.target ->> 'member' where i.standing = 'parked'"
    ):
        unknown[kind, lead].add(to)
    for lead in asked:
        got = mails[lead]
        for each in (got.alerts, got.marked_alerts, got.withdrawals, got.marked_withdrawals):
            assert max(each.values(), default=0) <= 1, (lead, got)
        # What nobody knows of is parked, and shown: neither lost nor sent for ever.
        if lead not in judged:
            assert got.told <= {*PEOPLE}
            assert len(got.told | unknown["handed_over", lead]) == 2, (lead, got, unknown)
            assert not got.told_again, (lead, got)
        else:
            assert got.told <= got.told_again | unknown["withdrawn", lead], (lead, got, unknown)
    parked = sum(map(len, unknown.values()))
    assert parked <= kills * MAILS_AT_ONCE
    assert product.rows("select count(*) from intents where standing = 'dead'") == [(0,)]
    assert product.deadlocks() == 0
    print(f"{kills} kills, {len(asked)} leads, {len(judged)} judged, {len(office.box.raw)} mails, {parked} parked")


def test_a_verdict_after_the_alert_reaches_the_same_people(office: Office) -> None:
    lead = "anna@lead.example"
    office.take(quote(lead, message_id="one"))
    office.settle()
    told = {*office.mails()[lead].alerts}
    assert len(told) == 2
    office.take(machine("one", lead))
    until(lambda: {*office.mails()[lead].withdrawals} == told)
    office.settle()
    assert office.product.rows("select standing from tasks") == [("withdrawn",)]
    assert office.mails()[lead] == Got(alerts=Counter(told), withdrawals=Counter(told))


def test_a_lead_that_flaps_around_an_edge_is_told_once(office: Office) -> None:
    lead = "ben@lead.example"
    for turn in range(6):
        office.take(
            accepted("Score Adjusted", now(), email=lead, source="crm", kind="set", points=25 if turn % 2 == 0 else 5),
            accepted("Page Viewed", now() + 1, email=lead, path="/"),
        )
        office.product.settle()
    office.settle()
    assert office.product.rows("select count(*) from episodes") == [(1,)]
    assert office.product.rows("select team, count(*) from tasks group by team") == [("sales", 1)]
    assert office.mails()[lead].alerts.total() == 2


def test_two_engines_that_see_the_same_crossing_hand_over_once(office: Office) -> None:
    leads = [f"c{number}@lead.example" for number in range(20)]
    for _ in range(5):
        office.take(*(quote(lead) for lead in leads))
    office.settle()
    assert office.product.rows("select count(*), count(distinct lead_id) from tasks where team = 'sales'") == [(20, 20)]
    assert all(office.mails()[lead].alerts.total() == 2 for lead in leads)
