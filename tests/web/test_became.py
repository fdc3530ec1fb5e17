"""/l/<token> says what became of a lead that was handed over: whose it is, and how it ended."""

from collections.abc import Iterator

import pytest

from couveuse.core.model import LeadClass
from couveuse.core.outcomes import Outcome, Told
from couveuse.engine import tasking
from couveuse.engine.links import Link, Links
from couveuse.store import tasks
from couveuse.store.tasks import Task
from tests.engine.desk import Desk
from tests.engine.town import DAY, NOW, accepted
from tests.report.parsed import parsed
from tests.web.asking import Asker

ADA, EVE = "ada@example.com", "eve@example.org"


@pytest.fixture
def desk(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Ada asked for a quote, which is a task of sales; Eve downloaded something, which is one of telemarketing.

    The page is asked for at their own time.
    """
    from couveuse.web import database as pages

    monkeypatch.setattr("couveuse.web.pages.lead.time.time_ns", lambda: (NOW + 10) * 1000)

    pages.close()
    with Desk(database) as found:
        found.come(
            accepted("Quote Requested", email=ADA, message_id="quote"),
            accepted("Document Downloaded", email=EVE, message_id="guide"),
        )
        yield found
    pages.close()


def said(desk: Desk, key: str, language: str = "en") -> list[str]:
    """What the page says is to be done, or was."""
    from django.conf import settings

    token = Links(settings.SECRET_KEY).sign(Link(desk.lead(key) or 0, NOW + 30 * DAY, language))
    return [" ".join(each.text.split()) for each in parsed(Asker().get(f"/l/{token}").text).all("p", class_="act")]


def of_team(desk: Desk, team: str) -> Task:
    ((number,),) = desk.rows("select max(id) from tasks where team = %s", team)
    found = tasks.task(desk.connection, number)
    assert found is not None
    return found


def settle(desk: Desk, team: str, told: Told) -> None:
    """Whoever has the task of a team says what came of it, and it counts."""
    task = of_team(desk, team)
    assert task.member is not None
    done = tasking.settle(desk.connection, task.id, told, version=task.version, by=task.member, now=desk.now)
    assert isinstance(done, tasking.Done), done
    desk.work()
    desk.dispatch()


def test_whoever_has_it_is_named(desk: Desk) -> None:
    (line,) = said(desk, EVE)
    assert line.startswith("Handed over to Telemarketing: Detect a project. With Alice Martin, to be dealt with by ")
    (line,) = said(desk, EVE, "fr")
    assert line.startswith("Transmis à l’équipe Télémarketing")
    assert "Détecter un projet. Chez Alice Martin, à traiter avant le 29 mai 2026 à 13:00" in line


def test_what_nobody_has_is_there_to_be_taken(desk: Desk) -> None:
    task = of_team(desk, "telemarketing")
    tasking.assign(desk.connection, task.id, None, version=task.version, by="alice", now=desk.now)
    assert "Nobody has taken it yet; to be dealt with by " in said(desk, EVE)[0]


def test_what_is_put_off_says_until_when(desk: Desk) -> None:
    settle(desk, "telemarketing", Told(Outcome.CALL_AGAIN, call_at=NOW + 3 * DAY))
    (line,) = said(desk, EVE)
    assert line.startswith("Put off by Telemarketing: Detect a project. With Alice Martin, comes again on 31 May 2026")


def test_what_was_handed_on_is_with_those_who_sell(desk: Desk) -> None:
    settle(desk, "telemarketing", Told(Outcome.PROJECT_DETECTED))
    (line,) = said(desk, EVE)
    assert line.startswith("Handed over to Sales: Make an appointment. With ")


def test_what_sales_accepted_is_with_them(desk: Desk) -> None:
    settle(desk, "sales", Told(Outcome.ACCEPTED))
    assert said(desk, ADA) == ["Accepted by Sales. With Carol Roux."]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (Told(Outcome.WON, amount=1000.0, currency="EUR"), "Won. By Carol Roux, on "),
        (Told(Outcome.LOST, reason="competitor chosen"), "Lost. By Carol Roux, on "),
        (Told(Outcome.REJECTED, reason="no project"), "Rejected by Sales. By Carol Roux, on "),
        (Told(Outcome.NO_BUDGET), "Done by Sales: No budget. By Carol Roux, on "),
    ],
    ids=["won", "lost", "rejected", "no budget"],
)
def test_how_it_ended_is_told_with_who_said_so(desk: Desk, told: Told, line: str) -> None:
    settle(desk, "sales", told)
    (found,) = said(desk, ADA)
    assert found.startswith(line)
    if told.reason:
        assert found.endswith(
            {"competitor chosen": "Reason: Competitor chosen.", "no project": "Reason: No project."}[told.reason]
        )


def test_who_is_irrelevant_is_to_be_left_alone_whatever_was_handed_over(desk: Desk) -> None:
    settle(desk, "sales", Told(Outcome.NOT_RELEVANT, lead_class=LeadClass.COMPETITOR))
    first, second = said(desk, ADA)
    assert first == "Leave alone: irrelevant (competitor)."
    assert second.startswith("Done by Sales: Not relevant. By Carol Roux, on ")
    assert second.endswith("Reason: Competitor.")


def test_what_was_withdrawn_is_not_asked_for_any_more(desk: Desk) -> None:
    desk.come(accepted("Verdict Given", email=EVE, of="guide", verdict="machine"))
    (line,) = said(desk, EVE)
    assert line.startswith("Withdrawn from Telemarketing: do not call for this any more. On ")
    assert line.endswith("Reason: a machine’s click.")


def test_what_waits_for_its_task_was_handed_over_all_the_same(desk: Desk) -> None:
    desk.take(accepted("Quote Requested", email="new@example.com", message_id="new"))
    (line,) = said(desk, "new@example.com")
    assert line.startswith("Handed over to Sales: Make an appointment. On 28 May 2026")
    desk.take(accepted("Verdict Given", email="new@example.com", of="new", verdict="machine"))
    assert said(desk, "new@example.com")[0].startswith("Withdrawn from Sales")


def test_who_was_never_handed_over_is_to_be_kept_warm(desk: Desk) -> None:
    desk.come(accepted("Page Viewed", email="calm@example.com"))
    assert said(desk, "calm@example.com") == ["Keep warm: nothing calls for a call yet."]
