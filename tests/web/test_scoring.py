"""The points table on screen: lines, bands, versions; and who may see what."""

from pathlib import Path

import pytest

from couveuse.engine import learning
from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS
from couveuse.engine.jobs import Jobs
from couveuse.store.accounts.models import Role
from tests.engine.town import DAY, MODEL, NOW, Town, accepted, configuration, publish
from tests.web.people import a_person, alice, charlie, signed_in


def counted(town: Town, data: Path) -> None:
    town.take(
        accepted("Document Downloaded", NOW - 60 * DAY, email="anna@example.com"),
        accepted("Document Downloaded", NOW - 5 * DAY, email="ben@example.com"),
        accepted("Traits Set", NOW - 4 * DAY, email="ben@example.com",
                 traits={"job_title": "CEO", "first_name": "Ben", "last_name": "<b>Blue</b>", "company": "A & Co"}),
    )  # fmt: skip
    learning.ask(town.connection, by="alice@example.com", now=NOW)
    Jobs(town.url, configuration(data=str(data)), Tally(), KINDS, clock=lambda: NOW).work(town.connection)


def test_it_works(town, tmp_path):
    counted(town, tmp_path)
    page = signed_in(alice()).get("/scoring")
    text = page.content.decode()
    assert page.status_code == 200
    assert "telemarketing" in text.lower()
    assert "/scoring/lines/download?days=90" in text
    assert "/leads?band=low" in text
    assert 'class="chart ruler"' in text
    assert "version 1" in text


def test_the_period_is_asked_for(town, tmp_path):
    counted(town, tmp_path)
    client = signed_in(alice())
    assert "/scoring/lines/download?days=7" in client.get("/scoring?days=7").content.decode()
    assert "/scoring/lines/download?days=90" in client.get("/scoring?days=8").content.decode()


def test_before_anything_was_counted_it_says_so(town):
    text = signed_in(alice()).get("/scoring").content.decode()
    assert "Nothing is counted for this version yet" in text
    assert 'class="chart ruler"' not in text


def test_the_leads_behind_a_line_are_named_and_nothing_of_them_is_markup(town, tmp_path):
    counted(town, tmp_path)
    text = signed_in(charlie()).get("/scoring/lines/download?days=7").content.decode()
    assert f"/leads/{town.lead('ben@example.com')}" in text
    assert "Ben &lt;b&gt;Blue&lt;/b&gt;" in text
    assert "anna@example.com" not in text
    assert "anna@example.com" in signed_in(a_person("Dora", Role.SALES)).get("/scoring/lines/download").content.decode()


def test_a_line_that_there_is_not_is_not_found(town):
    assert signed_in(alice()).get("/scoring/lines/nothing").status_code == 404


def test_a_fit_line_tells_whom_it_fits(town, tmp_path):
    counted(town, tmp_path)
    assert "Holds for 1 lead now" in signed_in(alice()).get("/scoring/lines/boss").content.decode()


def test_in_french(town, tmp_path):
    counted(town, tmp_path)
    client = signed_in(a_person("Émile", Role.MARKETING, language="fr"))
    text = client.get("/scoring").content.decode()
    assert "Ce que rapporte" in text or "ce que rapporte" in text
    assert "Modifier le barème" in text


def test_who_may_not_publish_is_offered_nothing_to_do(town):
    text = signed_in(charlie()).get("/scoring").content.decode()
    assert "/scoring/edit" not in text
    assert "/scoring/learn" not in text


def test_it_is_counted_again_when_somebody_asks(town):
    answer = signed_in(alice()).post("/scoring/learn")
    assert answer.status_code == 303
    assert town.rows("select kind, by, is_low from jobs") == [("learn", "alice@example.com", False)]


def test_versions_tell_who_when_and_how_much_changed(town):
    publish(town.connection, MODEL.replace("points: 5", "points: 6"))
    client = signed_in(charlie())
    text = client.get("/scoring").content.decode()
    assert "+1 −1 lines" in text
    (first,), (second,) = town.rows("select id from models order by id")
    page = client.get(f"/scoring/versions/{second}").content.decode()
    assert "download" in page
    assert "<del>5</del>" in page
    assert "<ins>6</ins>" in page
    assert "No version acted before it" in client.get(f"/scoring/versions/{first}").content.decode()
    assert client.get("/scoring/versions/999999999").status_code == 404
    assert client.get("/scoring/versions/99999999999999999999").status_code == 404


@pytest.mark.usefixtures("town")
def test_without_a_model_it_says_how_to_publish_one(town):
    town.rows("update models set standing = 'retired' returning id")
    assert signed_in(alice()).get("/scoring").status_code == 503
