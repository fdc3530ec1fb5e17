"""Leads by hand: added once, edited by named traits alone, given to owners, put into groups, set aside, noted."""

from collections.abc import Callable, Iterator

import pytest

from couveuse.core.consent import Purpose
from couveuse.core.model import LeadClass
from couveuse.documents.team import parse_team
from couveuse.engine import editing
from couveuse.engine.by_hand import BadWord, ByHand, IdTaken, say
from couveuse.engine.editing import Consent, IsThere, add_lead, edit
from couveuse.engine.noting import write_note
from couveuse.store.rosters import apply_roster
from tests.engine.town import NOW, Town, accepted

ADA = "ada@example.com"
TEAM = """
couveuse: 1
team: example
members:
  - {id: alice, name: Alice Martin, email: alice@example.org}
teams:
  - {id: sales, members: [alice]}
"""


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


@pytest.fixture
def ada(town: Town) -> int:
    town.take(accepted("Traits Set", email=ADA, traits={"firstName": "Ada", "company": {"name": "Engines"}}))
    found = town.lead(ADA)
    assert found is not None
    return found


def traits(town: Town, lead_id: int) -> dict[str, object]:
    town.work()
    found: dict[str, object] = town.rows("select traits from leads where id = %s", lead_id)[0][0]
    return found


def change(town: Town, lead_id: int, id: str = "1", **fields: object) -> ByHand | None:
    return edit(town.connection, lead_id, fields, id=id, by="alice", now=NOW + 1)


def add(
    town: Town, email: str = "", user_id: str = "", consent: Consent | None = None, id: str = "1", **fields: object
):
    return add_lead(
        town.connection, fields, email=email, user_id=user_id, consent=consent, id=id, by="alice", now=NOW
    )  # fmt: skip


LIKED = Consent("legitimate_interest", (Purpose.MARKETING_EMAIL, Purpose.PHONE), "the fair of May")


# ---- Edited ----------------------------------------------------------------------------------------------------------


def test_it_works(town: Town, ada: int):
    assert change(town, ada, job_title="CEO", telephone="01 70 18 99 00") == ByHand(ada, is_new=True)
    assert traits(town, ada) == {
        "firstName": "Ada", "company": {"name": "Engines"}, "job_title": "CEO", "telephone": "01 70 18 99 00"
    }  # fmt: skip
    assert town.score(ADA) == 10
    about = town.rows("select about from audit")[0][0]
    assert about["fields"] == ["job_title", "telephone"]
    assert "CEO" not in str(about)


def test_what_is_written_anew_takes_its_other_names_away(town: Town, ada: int):
    change(town, ada, first_name="Augusta", company="Analytical")
    assert traits(town, ada) == {"first_name": "Augusta", "company": "Analytical"}


def test_an_empty_text_takes_a_trait_away(town: Town, ada: int):
    change(town, ada, first_name="  ")
    assert traits(town, ada) == {"company": {"name": "Engines"}}


def test_what_says_nothing_new_records_nothing(town: Town, ada: int):
    assert change(town, ada, first_name=" Ada ") == ByHand(ada, is_new=False)
    assert town.rows("select count(*) from inbox") == [(0,)]


def test_an_id_counts_once_and_stands_for_one_thing(town: Town, ada: int):
    change(town, ada, job_title="CEO")
    assert change(town, ada, job_title="CEO") == ByHand(ada, is_new=False)
    with pytest.raises(IdTaken):
        change(town, ada, job_title="Clerk")
    assert town.rows("select sum(events) from inbox") == [(1,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lead_class", "competitor"), ("owner", "alice"), ("email", "eve@example.com"), ("anything", "x"),
        ("city", "x" * 501), ("city", "a\x00b"), ("city", 5), ("city", "\ud800"), ("telephone", "none"),
        ("website", "javascript:alert(1)"), ("deal_value", "much"), ("deal_value", -1), ("deal_value", float("nan")),
    ],
)  # fmt: skip
def test_only_named_traits_with_values_of_theirs_are_written(town: Town, ada: int, name: str, value: object):
    with pytest.raises(BadWord) as caught:
        change(town, ada, **{name: value})
    assert caught.value.field == name
    assert town.rows("select count(*) from inbox") == [(0,)]


def test_a_number_is_read_as_people_write_it(town: Town, ada: int):
    change(town, ada, deal_value="12 500,50")
    assert traits(town, ada)["deal_value"] == 12500.5


def test_nobody_is_edited_who_is_not_there(town: Town):
    assert change(town, 99, city="Lyon") is None


# ---- Owner, groups, class, notes ----------------------------------------------------------------------------------


def test_a_lead_is_given_to_a_member_put_into_groups_and_set_aside(town: Town, ada: int):
    apply_roster(town.connection, parse_team(TEAM, "team"), by="a test", now=NOW)
    words = {"id": "1", "by": "alice", "now": NOW + 1}
    editing.set_owner(town.connection, ada, "alice", **words)
    editing.join_group(town.connection, ada, " Salon   2026 ", **words)
    say(town.connection, ada, [editing.class_said(LeadClass.COMPETITOR, NOW)], did="changed leads in bulk", **words)
    assert traits(town, ada)["owner"] == "alice"
    assert town.rows("select groups from leads where id = %s", ada) == [(["Salon 2026"],)]
    assert town.rows("select temperature, class from lead_states") == [(3, "competitor")]
    editing.leave_group(town.connection, ada, "Salon 2026", **{**words, "now": NOW + 2})
    town.work()
    assert town.rows("select groups from leads where id = %s", ada) == [([],)]
    assert [did for (did,) in town.rows("select did from audit order by id")] == [
        "team applied", "set the owner of a lead", "put a lead into a group", "changed leads in bulk",
        "took a lead out of a group",
    ]  # fmt: skip


def test_an_owner_is_a_member_and_a_group_has_a_name(town: Town, ada: int):
    with pytest.raises(BadWord):
        editing.set_owner(town.connection, ada, "mallory", id="1", by="alice", now=NOW)
    with pytest.raises(BadWord):
        editing.join_group(town.connection, ada, "  ", id="1", by="alice", now=NOW)


def test_a_note_is_a_fact_that_makes_no_point_and_is_nothing_that_the_lead_did(town: Town, ada: int):
    before = town.rows("select score, last_event_at from lead_states")
    assert write_note(town.connection, ada, "Wants a quote in June.", id="1", by="alice", now=NOW + 1) == ByHand(
        ada, True
    )
    town.work()
    assert town.rows("select score, last_event_at from lead_states") == before
    assert town.rows("select n.name from events e join event_names n on n.id = e.name_id order by n.name") == [
        ("Note Written",), ("Traits Set",)
    ]  # fmt: skip
    assert "quote" not in str(town.rows("select about from audit"))


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001, "a\x00b"])
def test_a_note_says_something(town: Town, ada: int, text: str):
    with pytest.raises(BadWord):
        write_note(town.connection, ada, text, id="1", by="alice", now=NOW)


# ---- Added -----------------------------------------------------------------------------------------------------------


def test_a_lead_is_added_with_the_basis_of_writing_to_them(town: Town):
    added = add(town, "Bob@Example.org ", consent=LIKED, first_name="Bob", telephone="+33 1 70 18 99 00")
    town.work()
    lead = town.lead("bob@example.org")
    assert lead is not None
    assert town.rows("select lead_id from identities where digest = %s::uuid", added.digest) == [(lead,)]
    assert traits(town, lead) == {"first_name": "Bob", "telephone": "+33 1 70 18 99 00"}
    assert town.rows("select purpose, basis, source from consents order by purpose") == [
        ("marketing_email", "legitimate_interest", "the fair of May"),
        ("phone", "legitimate_interest", "the fair of May"),
    ]


def test_a_form_that_is_sent_twice_adds_once(town: Town):
    add(town, "bob@example.org", consent=LIKED)
    add(town, "bob@example.org", consent=LIKED)
    town.work()
    assert town.rows("select count(*) from events") == [(3,)]


def test_whom_nobody_may_write_to_is_added_without_consent(town: Town):
    add(town, "bob@example.org", consent=Consent("none"))
    town.work()
    assert town.lead("bob@example.org") is not None
    assert town.rows("select count(*) from consents") == [(0,)]


def test_who_has_no_email_is_added_by_telephone_or_by_name_and_company(town: Town):
    add(town, id="1", telephone="01 70 18 99 00")
    add(town, id="2", last_name="Byron", company="Engines")
    town.work()
    assert town.rows("select count(*) from leads") == [(2,)]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("basis", {"email": "bob@example.org"}),
        ("basis", {"email": "bob@example.org", "consent": Consent("because", source="x")}),
        ("consent_source", {"email": "bob@example.org", "consent": Consent("consent")}),
        ("email", {"email": "bob"}), ("email", {"email": "a@b.c, d@e.f"}), ("email", {"first_name": "Bob"}),
        ("user_id", {"user_id": "x" * 501}), ("role", {"email": "b@example.org", "consent": LIKED, "role": "x"}),
    ],
)  # fmt: skip
def test_who_cannot_be_added(town: Town, field: str, words: dict[str, object]):
    with pytest.raises(BadWord) as caught:
        add(town, **words)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert town.rows("select count(*) from inbox") == [(0,)]


def test_whoever_is_there_is_not_added_again(town: Town, ada: int):
    with pytest.raises(IsThere) as caught:
        add(town, ADA, consent=LIKED)
    assert caught.value.lead_id == ada


def test_a_function_for_each_word_refuses_who_is_not_there(town: Town):
    doing: list[Callable[[], ByHand | None]] = [
        lambda: write_note(town.connection, 99, "x", id="1", by="a", now=NOW),
        lambda: editing.join_group(town.connection, 99, "x", id="1", by="a", now=NOW),
        lambda: editing.set_owner(town.connection, 99, None, id="1", by="a", now=NOW),
    ]
    assert [do() for do in doing] == [None, None, None]
