"""The queue as a list, the fate of what was handed on or taken on, and what these pages cost."""

import re
from typing import Any

import pytest

from couveuse.core.outcomes import Outcome, Told
from couveuse.core.times import DAY_US
from couveuse.engine import tasking
from couveuse.engine.tasking import Done
from couveuse.store import fates, tasks
from couveuse.store.fates import Fate
from tests.engine.desk import Desk
from tests.engine.town import NOW, accepted
from tests.web.people import alice, bob, signed_in
from tests.web.test_desk import carol, desk, text, the_call, the_sale  # noqa: F401
from tests.web.test_queries import MOST, counted


def handed_on(desk: Desk) -> tuple[int, int]:  # noqa: F811
    """Eve's task is done with: a project. What it opened, and who it is of."""
    call = the_call(desk)
    done = tasking.settle(
        desk.connection, call.id, Told(Outcome.PROJECT_DETECTED), version=0, by=call.member or "", now=desk.now
    )  # fmt: skip
    assert isinstance(done, Done)
    assert done.follow_up is not None
    return call.id, done.follow_up.id


def settled(desk: Desk, number: int, outcome: Outcome, **told: Any) -> None:  # noqa: F811
    task = tasks.task(desk.connection, number)
    assert task is not None
    done = tasking.settle(
        desk.connection, number, Told(outcome, **told), version=task.version, by=task.member or "", now=desk.now
    )  # fmt: skip
    assert isinstance(done, Done)


def fate_of(desk: Desk, member: str) -> list[Fate]:  # noqa: F811
    found = fates.fates_of(desk.connection, member, selling=["sales"], since=NOW - DAY_US, now=desk.now)
    return [each.fate for each in found]


# ---- The queue -------------------------------------------------------------------------------------------------------


def test_lists_hold_what_they_say(desk: Desk) -> None:  # noqa: F811
    client, sale = carol(desk), the_sale(desk)
    assert sale.member == "carol"

    def listed(which: str) -> bool:
        return "Ada Byron" in text(client.get(f"/desk/queue?which={which}"))

    assert [listed(which) for which in ("all", "mine", "free")] == [True, True, False]
    tasking.assign(desk.connection, sale.id, None, version=0, by="carol", now=desk.now)
    assert [listed(which) for which in ("all", "mine", "free")] == [True, False, True]
    assert listed("overdue")  # the clock of the test stands still, and the page's does not
    assert not listed("accepted")
    tasking.settle(desk.connection, sale.id, Told(Outcome.ACCEPTED), version=1, by="carol", now=desk.now)
    assert listed("accepted")
    settled(desk, sale.id, Outcome.LOST, reason="competitor chosen")
    assert listed("closed")
    assert "Competitor chosen" in text(client.get("/desk/queue?which=closed"))
    assert not listed("all")


def test_a_list_that_is_not_there_is_not_found(desk: Desk) -> None:  # noqa: F811
    client = signed_in(alice())
    for asked in (
        "which=none",
        "team=nobody",
        "after=x",
        "which=later&after=1",
        "which=closed&after=nan~1",
        "after=inf~1",
    ):
        assert client.get(f"/desk/queue?{asked}").status_code == 404, asked
    for asked in ("days=1", "fate=sad", "side=left", "from=-1", "from=1234567", "member=nobody"):
        assert client.get(f"/desk/mine?{asked}").status_code == 404, asked


@pytest.mark.parametrize("which", ["all", "overdue", "later", "closed"])
def test_pages_hold_each_task_once(desk: Desk, which: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("couveuse.web.areas.desk.lists.A_PAGE", 3)
    desk.come(*(accepted("Quote Requested", email=f"lead-{number}@example.com", traits={}) for number in range(7)))
    changes = {"later": "not_before = 4000000000000000 + id", "closed": "standing = 'closed', closed_at = id / 3"}
    desk.connection.execute(f"update tasks set {changes.get(which, 'tries = tries')} where team = 'sales'")
    client, place, seen = signed_in(alice()), f"/desk/queue?which={which}&team=sales", list[str]()
    while place:
        page = client.get(place).content.decode()
        seen += re.findall(r'href="/desk/tasks/(\d+)"', page)
        more = re.search(r'hx-get="([^"]+)"', page[page.find('class="more"') :]) if 'class="more"' in page else None
        place = "" if more is None else "/desk/queue" + more[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 8


def test_who_has_it_on_screen_stands_in_the_list(desk: Desk) -> None:  # noqa: F811
    carol(desk).get("/desk")
    assert "on Carol Roux’s screen" in text(signed_in(alice()).get("/desk/queue?which=all"))


# ---- The fate of my leads --------------------------------------------------------------------------------------------


def test_the_fate_of_what_was_handed_on_follows_it_to_its_end(desk: Desk) -> None:  # noqa: F811
    member = the_call(desk).member or ""
    _, opened = handed_on(desk)
    assert fate_of(desk, member) == [Fate.WAITING]
    settled(desk, opened, Outcome.ACCEPTED)
    assert fate_of(desk, member) == [Fate.ACCEPTED]
    desk.now += 31 * DAY_US
    assert fate_of(desk, member) == [Fate.NEWS_WANTED]
    desk.mind()
    assert fate_of(desk, member) == [Fate.NEWS_WANTED]
    tasking.note(desk.connection, opened, "They think it over.", by="carol", now=desk.now)
    assert fate_of(desk, member) == [Fate.ACCEPTED]
    settled(desk, opened, Outcome.WON, amount=5_000.0)
    assert fate_of(desk, member) == [Fate.WON]


@pytest.mark.parametrize(
    ("outcome", "told", "fate"),
    [
        (Outcome.WON, {"amount": 1.0}, Fate.WON),
        (Outcome.LOST, {"reason": "no project"}, Fate.LOST),
        (Outcome.REJECTED, {"reason": "too early"}, Fate.REJECTED),
        (Outcome.NO_BUDGET, {}, Fate.REJECTED),
        (Outcome.ACCEPTED, {}, Fate.ACCEPTED),
    ],
)
def test_the_fate_of_what_was_taken_on(desk: Desk, outcome: Outcome, told: Any, fate: Fate) -> None:  # noqa: F811
    settled(desk, the_sale(desk).id, outcome, **told)
    assert fate_of(desk, "carol") == [fate]
    assert fate_of(desk, "dan") == []


def test_what_was_longer_ago_is_not_counted(desk: Desk) -> None:  # noqa: F811
    settled(desk, the_sale(desk).id, Outcome.LOST, reason="no project")
    found = fates.fates_of(desk.connection, "carol", selling=["sales"], since=desk.now + 1, now=desk.now)
    assert found == []


def test_counts_lead_to_the_leads_behind_them(desk: Desk) -> None:  # noqa: F811
    member = the_call(desk).member or ""
    _, opened = handed_on(desk)
    settled(desk, opened, Outcome.REJECTED, reason="wrong person")
    desk.connection.execute(
        "update tasks set closed_at = (extract(epoch from now()) * 1000000)::bigint where closed_at > 0"
    )
    client = signed_in(bob(member))
    page = client.get("/desk/mine")
    assert "1 lead handed on in 90 days" in text(page)
    assert "Wrong person" in text(client.get("/desk/mine?fate=rejected"))
    assert "Eve Stone" not in text(client.get("/desk/mine?fate=won"))


def test_who_sees_all_teams_may_look_at_anybodys_and_nobody_else_may(desk: Desk) -> None:  # noqa: F811
    assert signed_in(alice()).get("/desk/mine?member=carol").status_code == 200
    assert carol(desk).get("/desk/mine?member=dan").status_code == 404


# ---- What it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["/desk", "/desk/tasks/{task}", "/desk/queue?which=all", "/desk/queue?which=closed",
                                   "/desk/mine"])  # fmt: skip
def test_a_page_asks_little_of_the_database(desk: Desk, place: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    call, client = the_call(desk), None
    client = signed_in(bob(call.member))
    where = place.format(task=call.id)
    client.get(where)  # the names of events are remembered from now on
    with counted(monkeypatch) as asked:
        assert client.get(where).status_code == 200
    assert len(asked) <= MOST, "\n".join(each.strip()[:90] for each in asked)
