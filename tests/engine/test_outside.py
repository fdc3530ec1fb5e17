"""Endpoints outside hear of crossings and of tasks that are done with: once each, and of what is so when it leaves."""

import pytest

from couveuse.engine.alerting import Gone
from couveuse.store import endpoints
from couveuse.store.packets import Flag
from couveuse.store.sealed import Box
from tests.engine.desk import SECRET, Desk
from tests.engine.town import MODEL, NOW, accepted

ANNA = "anna@example.com"


@pytest.fixture
def desk(database):
    with Desk(database) as desk:
        yield desk


def listen(desk, *events):
    endpoints.add_endpoint(desk.connection, Box(SECRET), "crm", "https://crm.example.com/", list(events), by="a test",
                           now=desk.now)  # fmt: skip


def told(desk):
    return [row[0] for row in desk.rows("select kind from intents where channel = 'webhook' order by id")]


def hot(flags=Flag.NONE):
    return [
        accepted("Quote Requested", email=ANNA, flags=flags),
        accepted("Page Viewed", NOW + 1, email=ANNA, flags=flags),
    ]


def test_a_lead_that_turns_hot_is_told_of_once(desk):
    listen(desk, "lead.hot", "band.changed", "lead.irrelevant")
    desk.come(*hot())
    desk.dispatch()
    assert told(desk) == ["lead.hot"]  # it had no band before
    (notice,) = desk.composed("lead.hot")
    assert (notice.kind, notice.lead.key, notice.band_id, notice.temperature) == ("hot", ANNA, "high", "hot")
    assert notice.url.startswith("https://couveuse.example.com/")


def test_a_band_that_changes_is_told_with_the_one_before(desk):
    listen(desk, "band.changed")
    desk.come(accepted("Page Viewed", email=ANNA))
    assert told(desk) == []
    desk.come(*hot())
    (notice,) = desk.composed("band.changed")
    assert (notice.band_was_id, notice.band_id, notice.rate) == ("low", "high", 0.5)


def test_what_is_not_so_any_more_does_not_leave(desk):
    listen(desk, "lead.hot", "band.changed")
    desk.come(accepted("Page Viewed", email=ANNA))
    desk.come(*hot())
    desk.connection.execute("update lead_states set temperature = 1, band = 1")
    assert desk.composed("lead.hot") == [Gone("the lead is not hot any more")]
    assert desk.composed("band.changed") == [Gone("the band is another one by now")]
    desk.connection.execute("delete from lead_states")
    assert desk.composed("lead.hot") == [Gone("the lead is gone")]


def test_a_lead_that_turns_irrelevant_is_told_of_with_its_class(database):
    model = MODEL + "irrelevant: [{class: competitor, where: {traits.email_domain: {in: [rival.example]}}}]\n"
    with Desk(database, model=model) as desk:
        listen(desk, "lead.irrelevant")
        desk.come(accepted("Page Viewed", email="eve@rival.example"))
        (notice,) = desk.composed("lead.irrelevant")
        assert (notice.kind, notice.lead_class) == ("irrelevant", "competitor")


def test_what_comes_quietly_is_told_to_nobody(desk):
    listen(desk)
    desk.come(*hot(Flag.QUIET))
    assert told(desk) == []


def test_nobody_is_told_of_what_was_crossed_before_there_was_an_endpoint(desk):
    desk.come(*hot())
    listen(desk, "lead.hot")
    desk.dispatch()
    assert told(desk) == []


def test_a_task_that_is_done_with_is_told_of_and_anew_when_it_was_opened_again(desk):
    listen(desk, "task.closed")
    desk.come(*hot())
    close = "update tasks set standing = 'closed', outcome = 'no_need', outcome_reason = 'late', closed_at = %s"
    desk.connection.execute(close, [NOW])
    desk.dispatch()
    desk.dispatch()
    assert set(told(desk)) == {"task.closed"}
    number = len(told(desk))
    assert number == len(desk.tasks())
    notice = desk.composed("task.closed")[0]
    assert (notice.kind, notice.outcome, notice.because) == ("closed", "no_need", "late")
    desk.connection.execute("update tasks set standing = 'open', closed_at = null")
    assert desk.composed("task.closed")[0] == Gone("the task was opened again")
    desk.connection.execute(close, [NOW + 5])
    desk.dispatch()
    assert len(told(desk)) == 2 * number
