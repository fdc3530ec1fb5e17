"""Whose facts are whose, live: visitors become leads, contradictions split, claims take nobody over."""

from itertools import combinations
from random import Random

import pytest

from couveuse.core.events import kind
from couveuse.core.identities import owners
from couveuse.store import identities as store
from couveuse.store.packets import Accepted, Flag
from couveuse.store.payloads import Compressor
from tests.conftest import profile
from tests.engine.town import DAY, NOW, Town, accept, accepted


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


ALICE, BOB = "alice@example.com", "bob@example.com"


def test_it_works(town):
    town.take(accepted("Page Viewed", anonymous_id="d"), accepted("Page Viewed", user_id="u", anonymous_id="d"))
    assert town.score("u") == town.score("d") == 2
    town.take(accepted("Traits Set", user_id="u", email=ALICE, traits={"a": 1}))
    assert town.lead("d") == town.lead("u") == town.lead(ALICE)
    assert town.score(ALICE) == 2


def test_the_lead_of_a_user_id_goes_on_under_its_number_when_its_e_mail_is_known(town):
    town.take(accepted("Page Viewed", user_id="u"))
    before = town.lead("u")
    town.take(accepted("Page Viewed", user_id="u", email=ALICE))
    assert town.lead(ALICE) == before
    assert town.rows("select count(*) from leads") == [(1,)]


def test_a_lead_that_goes_on_under_its_e_mail_has_what_follows_from_it(database):
    from tests.engine.town import MODEL

    fit = "  - {id: ours, where: {traits.email_domain: example.com}, points: 7}\nbands:"
    with Town(database, MODEL.replace("bands:", fit)) as town:
        town.take(accepted("Page Viewed", user_id="u"))
        town.take(accepted("Page Viewed", user_id="u", email=ALICE))
        assert town.score(ALICE) == 9


def test_the_lead_of_an_e_mail_survives_and_the_other_says_where_it_went(town):
    town.take(accepted("Page Viewed", user_id="u"), accepted("Page Viewed", email=ALICE))
    alice, other = town.lead(ALICE), town.lead("u")
    assert alice != other
    town.take(accepted("Page Viewed", user_id="u", email=ALICE))
    assert town.lead("u") == town.lead(ALICE) == alice
    assert town.score(ALICE) == 3
    assert town.rows("select joined_id from leads where id = %s", other) == [(alice,)]
    assert town.rows("select count(*) from lead_states") == [(1,)]


def test_on_a_shared_computer_each_row_is_its_e_mails_and_the_device_stays_with_the_first(town):
    town.take(
        accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE),
        accepted("Page Viewed", NOW + 1, anonymous_id="d", email=BOB),
        accepted("Page Viewed", NOW + 2, anonymous_id="d"),
    )
    assert (town.score(ALICE), town.score(BOB)) == (2, 1)


def test_an_earlier_row_that_arrives_late_takes_the_device_with_it_and_both_are_folded_again(town):
    town.take(
        accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE), accepted("Page Viewed", NOW, anonymous_id="d")
    )
    assert town.score(ALICE) == 2
    town.take(accepted("Page Viewed", NOW - DAY, anonymous_id="d", email=BOB))
    assert town.lead("d") == town.lead(BOB)
    assert town.score(ALICE) == 1
    assert town.score(BOB) == pytest.approx(2, abs=0.1)


def test_two_e_mails_never_join_by_themselves(town):
    town.take(accepted("Page Viewed", user_id="u", email=ALICE), accepted("Page Viewed", user_id="u", email=BOB))
    assert town.lead(ALICE) != town.lead(BOB)


def test_a_claim_merges_no_two_known_leads(town):
    town.take(accepted("Page Viewed", user_id="u-9", email=ALICE), accepted("Page Viewed", email=BOB))
    town.take(accepted("Traits Set", NOW - DAY, user_id="u-9", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("u-9") == town.lead(ALICE) != town.lead(BOB)


def test_a_claim_takes_no_known_user_id_over_though_it_stood_first(town):
    town.take(accepted("Traits Set", NOW - DAY, user_id="u-9", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("u-9") == town.lead(BOB)
    town.take(accepted("Page Viewed", user_id="u-9"))
    assert town.lead("u-9") != town.lead(BOB)
    assert town.score("u-9") == 1
    town.take(accepted("Page Viewed", user_id="u-9", email=ALICE))
    assert town.lead("u-9") == town.lead(ALICE)


def test_a_claim_moves_no_device_that_a_trusted_fact_has_bound(town):
    town.take(accepted("Page Viewed", NOW, anonymous_id="d", email=ALICE))
    town.take(accepted("Traits Set", NOW - DAY, anonymous_id="d", email=BOB, flags=Flag.CLAIM, traits={"x": 1}))
    assert town.lead("d") == town.lead(ALICE)


def test_a_claim_binds_a_new_device_to_the_person_that_it_names(town):
    town.take(accepted("Page Viewed", email=ALICE))
    town.take(accepted("Page Viewed", anonymous_id="d", flags=Flag.CLAIM),
              accepted("Traits Set", anonymous_id="d", email=ALICE, flags=Flag.CLAIM, traits={"x": 1}))  # fmt: skip
    assert town.lead("d") == town.lead(ALICE)
    assert town.score(ALICE) == 2


def test_claimed_traits_change_nothing_of_a_known_lead(town):
    town.take(accepted("Traits Set", email=ALICE, flags=Flag.CLAIM, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 10
    town.take(accepted("Page Viewed", NOW + 1, email=ALICE))
    assert town.score(ALICE) == 1
    assert town.rows("select traits from leads") == [({},)]
    town.take(accepted("Traits Set", NOW + 2, email=ALICE, flags=Flag.CLAIM, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 1
    town.take(accepted("Traits Set", NOW + 3, email=ALICE, traits={"job_title": "CEO"}))
    assert town.score(ALICE) == 11


# ---- Whatever comes in whatever order ------------------------------------------------------------------------------

SORTS = ("email", "user_id", "anonymous_id")
SEEDS = 3_000 if profile() == "faults" else 60


def said_owners(facts: list[Accepted]) -> dict[tuple[str, str], tuple[str, str]]:
    """Whose each key is by the rule, asked of all facts at once: claims last, and not of a user id that is known."""
    keyed = []
    for fact in facts:
        message_id, *_, user_id, device = Compressor().unpack_fact(fact.payload)
        keys = (fact.email, fact.user_id or user_id, fact.anonymous_id or device)
        nodes = [(sort, key) for sort, key in zip(SORTS, keys, strict=True) if key]
        place = (fact.flags & Flag.CLAIM, fact.at, kind(fact.event), fact.source, message_id)
        keyed.append((nodes, place))
    known = {node for nodes, place in keyed if not place[0] for node in nodes}
    standings = [
        (one, other, place)
        for nodes, place in keyed
        for one, other in combinations(nodes, 2)
        if not (place[0] and {one[0], other[0]} == {"email", "user_id"} and known & {one, other} & _users(one, other))
    ]
    owned = owners(standings)
    return {node: owned.get(node, node) for nodes, _ in keyed for node in nodes}


def _users(*nodes: tuple[str, str]) -> set[tuple[str, str]]:
    return {node for node in nodes if node[0] == "user_id"}


def stored_owners(town: Town) -> dict[tuple[str, str], tuple[str, str]]:
    """Whose each key is as it is stored."""
    rows = town.rows(
        "select i.sort, i.key, o.sort, o.key from identities i left join identities o on o.id = i.owner_id"
    )
    return {
        (SORTS[sort], key): (SORTS[sort], key) if owner is None else (SORTS[owner], owner_key)
        for sort, key, owner, owner_key in rows
    }


def random_facts(rng: Random) -> list[Accepted]:
    """Facts of few keys that stand with one another in all ways; some are claims, and many share an instant."""
    emails, users, devices = (rng.randint(1, most) for most in (3, 3, 4))
    facts = []
    for number in range(rng.randint(2, 14)):
        chosen = {
            "email": f"e{rng.randrange(emails)}@example.com", "user_id": f"u{rng.randrange(users)}",
            "anonymous_id": f"d{rng.randrange(devices)}",
        }  # fmt: skip
        keys = {name: key for name, key in chosen.items() if rng.random() < 0.55} or {"anonymous_id": "d0"}
        event = rng.choice(("Page Viewed", "Traits Set"))
        flags = Flag.CLAIM if rng.random() < 0.3 else Flag.NONE
        facts.append(
            accepted(event, NOW + rng.randrange(8), message_id=f"m{number}", flags=flags, traits={"a": 1}, **keys)
        )
    return facts


@pytest.mark.grows
def test_keys_are_whose_the_rule_says_after_every_batch(town):
    for seed in range(SEEDS):
        rng = Random(seed)
        town.connection.execute(
            "truncate inbox, seen, events, identities, standings, leads, lead_states, episodes, handovers cascade"
        )
        left, taken = random_facts(rng), []
        rng.shuffle(left)
        while left:
            size = rng.choice((1, 1, 1, 2, 5))
            accept(town.connection, *left[:size])
            taken += left[:size]
            del left[:size]
            town.work()
            assert stored_owners(town) == said_owners(taken), f"seed {seed}"


@pytest.mark.parametrize("keys", [{"email": ALICE}, {"user_id": "u"}, {"email": ALICE, "user_id": "u"}])
def test_a_person_of_very_many_devices_is_not_read_whole_for_each_new_one(town, monkeypatch, keys):
    town.take(*(accepted("Page Viewed", NOW + n, anonymous_id=f"d{n}", **keys) for n in range(500)))
    if "user_id" in keys:
        town.take(*(accepted("Page Viewed", NOW + n, anonymous_id=f"e{n}", user_id="u") for n in range(100)))
    real, read = store.standings_of, []

    def standings_of(connection, ids):
        found = real(connection, ids)
        read.append(len(found))
        return found

    monkeypatch.setattr(store, "standings_of", standings_of)
    for n in range(5):
        town.take(accepted("Page Viewed", NOW + 1000, anonymous_id=f"new{n}", **keys))
        assert town.lead(f"new{n}") == town.lead("d0")
    assert sum(read) < 50
