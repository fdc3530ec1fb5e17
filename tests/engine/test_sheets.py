"""What a task's page is made of: whose turn it is, what the lead did, its score now, whether it may be rung up."""

from collections.abc import Iterator
from typing import Any

import pytest

from couveuse.core.consent import Channel, Refusal, Said, Suppressed, Suppression
from couveuse.core.model import Temperature
from couveuse.core.outcomes import Outcome, Told
from couveuse.core.text import telephone
from couveuse.core.times import DAY_US, SECOND_US
from couveuse.engine import sheets, tasking
from couveuse.engine.batches import Folder
from couveuse.engine.calling import number_of
from couveuse.engine.live import LiveModels
from couveuse.engine.looking import Looker
from couveuse.engine.merging import merge
from couveuse.engine.sheets import Scope, View, take_turn
from couveuse.store import consents
from couveuse.store import sheets as stored
from couveuse.store.consents import SuppressionRow
from tests.engine.desk import Desk
from tests.engine.town import NOW, accepted

ANNA, BEN = "anna@example.com", "ben@example.com"
NUMBER = "+33 (0)1 99 00 12 34"


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    with Desk(database) as desk:
        yield desk


def fact(event: str, when: int = NOW, email: str = ANNA, **words: Any) -> Any:
    return accepted(event, when, email=email, **words)


def view(desk: Desk, number: int = 1) -> View:
    (model,) = LiveModels().load(desk.connection)
    sheet = stored.sheet(desk.connection, number, model.id, by="alice", now=desk.now)
    assert sheet is not None
    return sheets.view(desk.connection, Looker(), sheet, model, desk.now)


def turn(desk: Desk, by: str, *teams: str, member: str | None = None, **asked: Any) -> int | None:
    scope = Scope(teams or ("sales", "telemarketing"), member)
    return take_turn(desk.connection, scope, desk.model_id, by=by, now=desk.now, **asked).task_id


def test_it_works(desk: Desk) -> None:
    desk.come(fact("Traits Set", traits={"name": "Anna", "phone": NUMBER}), fact("Document Downloaded", title="P40"))
    found = view(desk)
    assert [each.event for each in found.deeds] == ["Document Downloaded"]
    assert found.number.number == NUMBER
    assert (round(found.score or 0, 6), found.temperature) == (5, Temperature.COLD)
    assert [row.outcome for row in found.outcomes][:2] == [Outcome.PROJECT_DETECTED, Outcome.APPOINTMENT_MADE]
    assert found.sheet.reason is not None
    assert (found.sheet.reason.cause, found.sheet.reason.why[0]["points"]) == ("download", 5)
    assert stored.sheet(desk.connection, 99, None, by="alice", now=NOW) is None


# ---- Whose turn it is ------------------------------------------------------------------------------------------------


def test_each_who_asks_gets_another_task_and_the_same_one_again(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Document Downloaded", email=BEN))
    first, second = turn(desk, "alice"), turn(desk, "bob")
    assert {first, second} == {1, 2}
    assert turn(desk, "alice") == first
    assert turn(desk, "carol") is None


def test_a_turn_names_who_comes_next_and_who_has_the_others(desk: Desk) -> None:
    desk.come(
        fact("Document Downloaded"), fact("Document Downloaded", email=BEN), fact("Quote Requested", email="c@x.org")
    )
    turn(desk, "bob", "sales")
    found = take_turn(desk.connection, Scope(("sales", "telemarketing")), desk.model_id, by="alice", now=desk.now)
    assert found.following is not None
    assert found.following.id != found.task_id
    assert [each.locked_by for each in found.held] == ["bob"]


def test_a_member_gets_their_own_and_what_is_nobodys_of_their_teams(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Document Downloaded", email=BEN))
    members = dict(desk.rows("select id, member from tasks"))
    assert set(members.values()) == {"alice", "bob"}
    assert members[turn(desk, "alice", "telemarketing", member="alice") or 0] == "alice"
    desk.connection.execute("update tasks set member = null where member = 'bob'")
    tasking.put_off(desk.connection, next(key for key, who in members.items() if who == "alice"), NOW + DAY_US,
                    version=0, by="alice", now=NOW)  # fmt: skip
    assert members[turn(desk, "alice", "telemarketing", member="alice") or 0] == "bob"
    assert turn(desk, "dan", "sales", member="dan") is None


def test_where_others_have_the_first_tasks_the_next_ones_are_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_AHEAD", 1)
    desk.come(*(fact("Quote Requested", email=f"lead-{number}@example.com") for number in range(4)))
    assert len({turn(desk, f"seller {number}", "sales") for number in range(4)} - {None}) == 4
    assert turn(desk, "late", "sales") is None
    desk.come(fact("Quote Requested", email="last@example.com"))
    monkeypatch.setattr(sheets, "MOST_PAGES", 2)  # no more are looked at than that
    assert turn(desk, "late", "sales") is None


def test_a_screen_that_was_left_alone_is_given_to_another_one(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    assert turn(desk, "alice") == 1
    desk.now += tasking.ON_SCREEN_US - SECOND_US
    assert turn(desk, "bob") is None
    desk.now += 2 * SECOND_US
    assert turn(desk, "bob") == 1


# ---- What the lead did -----------------------------------------------------------------------------------------------


def test_what_machines_did_is_no_deed_and_a_verdict_may_bring_it_back(desk: Desk) -> None:
    desk.come(
        fact("Document Downloaded", NOW - 3), fact("Page Viewed", NOW - 2, message_id="hit"),
        fact("Verdict Given", NOW - 1, of="hit", verdict="machine"),
    )  # fmt: skip
    assert [each.event for each in view(desk).deeds] == ["Document Downloaded"]
    desk.come(fact("Verdict Given", NOW, of="hit", verdict="human"))
    assert [each.event for each in view(desk).deeds] == ["Page Viewed", "Document Downloaded"]


def test_what_people_of_ours_did_is_no_deed_of_the_lead(desk: Desk) -> None:
    desk.come(fact("Document Downloaded", NOW - 2), fact("Consent Given", purpose="phone", basis="consent"))
    tasking.settle(desk.connection, 1, Told(Outcome.NO_ANSWER), version=0, by="alice", now=NOW)
    desk.work()
    assert [each.event for each in view(desk).deeds] == ["Document Downloaded"]


def test_notes_on_the_lead_stand_beside_those_of_the_task(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Note Written", text="Knows us from the fair", by="alice"))
    assert [each.properties["text"] for each in view(desk).notes] == ["Knows us from the fair"]


def test_what_was_done_long_before_is_left_to_the_leads_own_page(desk: Desk) -> None:
    desk.come(
        fact("Page Viewed", NOW - 91 * DAY_US), fact("Page Viewed", NOW - 89 * DAY_US), fact("Document Downloaded")
    )
    assert len(view(desk).deeds) == 2


def test_of_a_merged_lead_the_one_that_holds_the_facts_is_shown(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"), fact("Traits Set", email=BEN, traits={"name": "Ben"}))
    one, other = desk.lead(ANNA), desk.lead(BEN)
    assert one is not None
    assert other is not None
    merge(desk.connection, Folder(desk.url), LiveModels(), one, other, by="a test", now=NOW)
    desk.work()
    found = view(desk)
    assert found.sheet.card is not None
    assert found.sheet.card.lead_id == other
    assert found.sheet.task.shown_id == other
    assert [each.event for each in found.deeds] == ["Document Downloaded"]


def test_the_score_is_as_of_now(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    desk.now += 30 * DAY_US
    assert round(view(desk).score or 0, 6) == 2.5


def test_notes_of_the_tasks_that_led_to_it_go_along(desk: Desk) -> None:
    desk.come(fact("Document Downloaded"))
    told = Told(Outcome.PROJECT_DETECTED, note="Two pumps")
    tasking.settle(desk.connection, 1, told, version=0, by="alice", now=NOW)
    assert [each.note for each in view(desk, 2).sheet.earlier] == ["Two pumps"]


# ---- Whether it may be rung up ---------------------------------------------------------------------------------------


def a_word(given: bool, at: int = 1) -> Said:
    return Said("phone", given, at)


@pytest.mark.parametrize(
    ("said", "refusal", "is_given"),
    [
        ((), None, False),
        ((a_word(True),), None, True),
        ((a_word(False),), Refusal.WITHDRAWN, False),
        ((a_word(True, 1), a_word(False, 2)), Refusal.WITHDRAWN, False),
        ((a_word(False, 1), a_word(True, 2)), None, True),
        ((a_word(False, NOW + 1),), None, False),  # not said yet
    ],
)
def test_a_number_is_shown_unless_somebody_said_no(desk: Desk, said: Any, refusal: Any, is_given: bool) -> None:
    found = number_of(desk.connection, NUMBER, said, is_known=True, now=NOW)
    assert (found.refusal, found.is_given, found.number) == (refusal, is_given, "" if refusal else NUMBER)


def test_a_suppressed_number_is_hidden_whatever_was_said(desk: Desk) -> None:
    def suppress(at: int, is_lifted: bool) -> None:
        no = Suppressed(Channel.PHONE, telephone("0199001234"), Suppression.BY_HAND, at, is_lifted)
        with desk.connection.transaction():
            consents.append_suppressions(desk.connection, [SuppressionRow(no, "by hand")])

    suppress(1, is_lifted=False)
    found = number_of(desk.connection, NUMBER, [a_word(True)], is_known=True, now=NOW)
    assert (found.refusal, found.number) == (Refusal.SUPPRESSED, "")
    suppress(2, is_lifted=True)
    assert number_of(desk.connection, NUMBER, [a_word(True)], is_known=True, now=NOW).number == NUMBER


@pytest.mark.parametrize("number", ["", "  ", "on request"])
def test_what_is_no_number_is_none(desk: Desk, number: str) -> None:
    assert number_of(desk.connection, number, [], is_known=True, now=NOW).refusal is Refusal.NO_ADDRESS
