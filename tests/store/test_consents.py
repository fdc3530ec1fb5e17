from collections import Counter
from collections.abc import Sequence
from random import Random

import psycopg
import pytest

from couveuse.core.consent import Basis, Channel, Purpose, Refusal, Said, Suppressed, Suppression, why_not
from couveuse.store.consents import (
    ConsentRow,
    Reach,
    SuppressionRow,
    append_consents,
    append_suppressions,
    load_said,
    load_standings,
    proof_text,
    reach_of_import,
    suppressed_among,
)
from couveuse.store.packets import identity_digest

EMAIL = Purpose.MARKETING_EMAIL
IMPORT = 7


class Block:
    """Leads made by hand, in a transaction that nobody sees."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def an_identity(self, sort: int, key: str, *, is_known: bool = True, owner: int | None = None) -> int:
        row = self.connection.execute(
            "insert into identities (digest, sort, key, is_known, owner_id) values (%s, %s, %s, %s, %s) returning id",
            [identity_digest(sort, key).hex(), sort, key, is_known, owner],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def a_lead(self, *identities: int, created_at: int = 0) -> int:
        row = self.connection.execute(
            "insert into leads (root_id, created_at) values (%s, %s) returning id", [identities[0], created_at]
        ).fetchone()
        assert row is not None
        self.point(int(row[0]), *identities)
        return int(row[0])

    def point(self, lead: int, *identities: int) -> None:
        self.connection.execute("update identities set lead_id = %s where id = any(%s)", [lead, list(identities)])

    def brought(self, *identities: int) -> None:
        for identity in identities:
            self.connection.execute("insert into imported values (%s, %s)", [IMPORT, identity])


@pytest.fixture
def block(database: str):
    with psycopg.connect(database) as connection:
        yield Block(connection)
        connection.rollback()


def says(identity: int, is_given: bool, at: int = 1, **said: object) -> ConsentRow:
    return ConsentRow(identity, bytes(16), Said(EMAIL, is_given, at, **said), received_at=at)  # type: ignore[arg-type]


def test_it_works(block: Block) -> None:
    email = block.an_identity(0, "ana@example.com")
    device = block.an_identity(2, "d1", owner=email)
    lead = block.a_lead(email, device)
    other = block.a_lead(block.an_identity(0, "bob@example.com"))
    said = Said(EMAIL, True, 5, "consent", "salon 2026", "v2")
    append_consents(block.connection, [ConsentRow(device, bytes(16), said, 6, proof_text({"ip": "x"}), IMPORT)])
    held = load_standings(block.connection, [lead, other])
    assert why_not(EMAIL, held[lead]) is None
    assert (held[lead][EMAIL].source, held[lead][EMAIL].wording, held[lead][EMAIL].at) == ("salon 2026", "v2", 5)
    assert why_not(EMAIL, held[other]) is Refusal.NOT_GIVEN
    assert load_standings(block.connection, [lead], at=4)[lead] == {}


def test_what_postgresql_does_not_hold_is_left_out(block: Block) -> None:
    email = block.an_identity(0, "ana@example.com")
    lead = block.a_lead(email)
    said = Said(EMAIL, True, 5, "consent", "a\x00b\ud800", "")
    append_consents(block.connection, [ConsentRow(email, bytes(16), said, 6, proof_text({"x": "\x00"}))])
    assert [each.source for each in load_said(block.connection, [lead])[lead]] == ["ab?"]
    assert [proof_text(proof) for proof in (None, {"a": "\ud800"}, float("nan"), "x" * 20_000)] == [None] * 4
    assert proof_text({"a": "é"}) == '{"a": "é"}'


def test_a_suppression_is_known_by_a_digest_and_outlives_the_address(block: Block) -> None:
    rows = [
        SuppressionRow(Suppressed(Channel.EMAIL, "ana@example.com", Suppression.BOUNCED, 5), "mailer", bytes(16)),
        SuppressionRow(Suppressed(Channel.EMAIL, "bob@example.com", Suppression.COMPLAINED, 5), "mailer"),
        SuppressionRow(Suppressed(Channel.EMAIL, "bob@example.com", Suppression.BY_HAND, 6, is_lifted=True), "us"),
    ]
    append_suppressions(block.connection, rows)
    asked = ["ana@example.com", "bob@example.com", "carl@example.com"]
    assert suppressed_among(block.connection, Channel.EMAIL, asked) == {"ana@example.com"}
    assert suppressed_among(block.connection, Channel.EMAIL, asked, at=5) == {"ana@example.com", "bob@example.com"}
    assert suppressed_among(block.connection, Channel.PHONE, asked) == set()
    columns = block.connection.execute("select s::text from suppressions s").fetchall()
    assert not any("example.com" in row for (row,) in columns)


def test_between_merged_leads_the_most_restrictive_holds(block: Block) -> None:
    one, other = block.an_identity(0, "ana@example.com"), block.an_identity(0, "ana@home.example")
    lead, absorbed = block.a_lead(one), block.a_lead(other)
    append_consents(block.connection, [says(one, False, 1), says(other, True, 2)])
    assert why_not(EMAIL, load_standings(block.connection, [absorbed])[absorbed]) is None
    block.point(lead, other)
    assert why_not(EMAIL, load_standings(block.connection, [lead])[lead]) is Refusal.WITHDRAWN


def test_the_reach_of_an_import_tells_the_first_reason_of_each_lead(block: Block) -> None:
    people = [block.an_identity(0, f"p{number}@example.com") for number in range(6)]
    without = block.an_identity(1, "u1")
    for number, identity in enumerate([*people, without]):
        block.a_lead(identity, created_at=number)
    block.brought(*people[:5], without)
    append_consents(block.connection, [says(each, True) for each in (*people[:3], people[5], without)])
    append_consents(block.connection, [says(people[1], False, 2), says(people[2], False, 2)])
    gone = Suppressed(Channel.EMAIL, "p2@example.com", Suppression.BOUNCED, 5)
    append_suppressions(block.connection, [SuppressionRow(gone, "mailer")])
    assert reach_of_import(block.connection, IMPORT, purpose=EMAIL, since=4) == Reach(
        leads=6, new=2, allowed=1, no_address=1, suppressed=1, withdrawn=1, not_given=2
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_reach_of_an_import_is_what_the_core_says_of_its_leads(block: Block, seed: int) -> None:
    rng = Random(seed)
    leads, addresses = [], {}
    rows: list[ConsentRow] = []
    suppressions: list[SuppressionRow] = []
    for number in range(150):
        roots = [
            block.an_identity(rng.choice((0, 0, 1)), f"k{number}-{root}@example.com", is_known=rng.random() < 0.7)
            for root in range(rng.choice((1, 1, 2)))
        ]
        device = block.an_identity(2, f"d{number}", owner=roots[0])
        lead = block.a_lead(*roots, device)
        block.brought(rng.choice([*roots, device]))
        leads.append(lead)
        rows += [_a_row(rng, rng.choice([*roots, device])) for _ in range(rng.randint(0, 4))]
        found = block.connection.execute(
            "select key from identities where lead_id = %s and sort = 0", [lead]
        ).fetchall()
        addresses[lead] = [key for (key,) in found]
        suppressions += [_a_suppression(rng, key) for key in addresses[lead] for _ in range(rng.choice((0, 0, 1, 2)))]
    append_consents(block.connection, rows)
    append_suppressions(block.connection, suppressions)
    told = reach_of_import(block.connection, IMPORT, purpose=EMAIL, since=0)
    counted = _by_the_core(block, leads, addresses)
    assert told == Reach(
        leads=len(leads), new=len(leads), allowed=counted[None], no_address=counted[Refusal.NO_ADDRESS],
        suppressed=counted[Refusal.SUPPRESSED], withdrawn=counted[Refusal.WITHDRAWN],
        not_given=counted[Refusal.NOT_GIVEN],
    )  # fmt: skip
    assert min(counted.values()) > 0


def _a_row(rng: Random, identity: int) -> ConsentRow:
    return ConsentRow(
        identity, bytes(16),
        Said(
            rng.choice((EMAIL, EMAIL, Purpose.PHONE)), rng.random() < 0.6, rng.randint(0, 3),
            rng.choice([*Basis, "vague"]), is_claim=rng.random() < 0.3, is_declared=rng.random() < 0.3,
        ),
        received_at=0,
    )  # fmt: skip


def _a_suppression(rng: Random, address: str) -> SuppressionRow:
    lifted = rng.random() < 0.4
    return SuppressionRow(Suppressed(Channel.EMAIL, address, Suppression.BOUNCED, rng.randint(0, 2), lifted), "test")


def _by_the_core(block: Block, leads: Sequence[int], addresses: dict[int, list[str]]) -> Counter[Refusal | None]:
    held = load_standings(block.connection, leads)
    every = [address for found in addresses.values() for address in found]
    suppressed = suppressed_among(block.connection, Channel.EMAIL, every)
    return Counter(
        why_not(
            EMAIL, held[lead], has_address=bool(addresses[lead]),
            suppressed=all(address in suppressed for address in addresses[lead]),
        )
        for lead in leads
    )  # fmt: skip
