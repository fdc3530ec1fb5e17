"""From the edited document to the one that acts, on screen: errors, who moves, publishing, giving up, restoring."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from couveuse.engine.delivering import Tally
from couveuse.engine.job_kinds import KINDS, MAKE_DRAFT, PUBLISH_DRAFT
from couveuse.engine.jobs import Jobs
from couveuse.store.accounts.models import Role
from tests.engine.town import MODEL, NOW, Town, accepted, configuration
from tests.web.people import a_person, alice, bob, charlie, signed_in

NEW = MODEL.replace("points: 5", "points: 12").replace("points: 20", "points: 2")


def crowd(town: Town) -> None:
    town.take(
        accepted("Document Downloaded", NOW, email="anna@example.com"),
        accepted("Page Viewed", NOW, email="anna@example.com"),
        accepted("Quote Requested", NOW, email="ben@example.com"),
        accepted("Page Viewed", NOW, email="ben@example.com"),
    )


def work(town: Town) -> None:
    kinds = {name: KINDS[name] for name in (MAKE_DRAFT, PUBLISH_DRAFT)}
    while Jobs(town.url, configuration(), Tally(), kinds, clock=lambda: NOW).work(town.connection):
        pass


def sent(client: Any, document: str = NEW, act: str = "compare") -> Any:
    return client.post("/scoring/edit", {"document": document.replace("\n", "\r\n"), "act": act})


def drafted(town: Town, client: Any, document: str = NEW) -> str:
    answer = sent(client, document)
    assert answer.status_code == 303, answer.content.decode()
    work(town)
    return str(answer.headers["Location"])


def standings(town: Town) -> list[str]:
    return [standing for (standing,) in town.rows("select standing from models order by id")]


def test_it_works(town):
    crowd(town)
    client = signed_in(alice())
    assert "points: 5" in client.get("/scoring/edit").content.decode()
    place = drafted(town, client)
    text = client.get(place).content.decode()
    assert "Of 2 leads, 1 go up, 1 go down, 0 stay in their band." in text
    assert "anna@example.com" in text
    assert "ben@example.com" in text
    assert "<ins>12</ins>" in text
    assert standings(town) == ["acting", "coming"]
    assert client.post(f"{place}/publish", {"sure": "1", "per_day": "0"}).status_code == 303
    assert "is being published" in client.get(place).content.decode()
    work(town)
    assert standings(town) == ["retired", "acting"]
    assert "Published by alice@example.com" in client.get(place).content.decode()
    table = client.get("/scoring").content.decode()
    assert "version 2" in table
    assert "by alice@example.com" in table


def test_errors_stand_at_their_line_with_their_cure(town):
    answer = sent(signed_in(alice()), MODEL.replace("points: 5", "points: <i>five</i>"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 8" in text
    assert "rules[1].points" in text
    assert "&lt;i&gt;five&lt;/i&gt;" in text
    assert "<i>five" not in text
    assert town.rows("select count(*) from drafts") == [(0,)]


def test_a_check_publishes_nothing(town):
    text = sent(signed_in(alice()), act="check").content.decode()
    assert "The document is fine. It is not published." in text
    assert town.rows("select count(*) from drafts") == [(0,)]


def test_a_file_takes_the_place_of_the_text(town):
    client = signed_in(alice())
    file = SimpleUploadedFile("model.yaml", b"\xef\xbb\xbf" + NEW.encode())
    answer = client.post("/scoring/edit", {"document": "nonsense", "file": file, "act": "compare"})
    assert answer.status_code == 303
    assert town.rows("select document from drafts") == [(NEW,)]


@pytest.mark.parametrize(
    ("file", "told"),
    [(b"\xff\xfe\x00binary", "no text in UTF-8"), (b"# " + b"x" * 300_000, "longer than 256 KB")],
)
def test_a_file_of_the_wrong_kind_or_size_is_refused(town, file, told):
    answer = signed_in(alice()).post(
        "/scoring/edit", {"document": "", "file": SimpleUploadedFile("model.yaml", file), "act": "compare"}
    )
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_the_same_document_is_refused(town):
    answer = sent(signed_in(alice()), MODEL)
    assert answer.status_code == 422
    assert "the one that acts already" in answer.content.decode()


def test_the_second_of_two_people_is_told_and_keeps_their_text(town):
    sent(signed_in(alice()))
    answer = sent(signed_in(a_person("Mary", Role.MARKETING)), MODEL.replace("points: 5", "points: 7"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "alice@example.com has a model on its way already" in text
    assert "points: 7" in text
    assert "/scoring/drafts/1" in text


def test_publishing_asks_whether_one_means_it(town):
    crowd(town)
    client = signed_in(alice())
    place = drafted(town, client)
    answer = client.post(f"{place}/publish", {"per_day": "0"})
    assert answer.status_code == 422
    assert "nothing was published" in answer.content.decode()
    assert standings(town) == ["acting", "coming"]


@pytest.mark.parametrize("per_day", ["-1", "many", "10001", "1e3", "99999999999999999999"])
def test_so_many_a_day_is_a_whole_number(town, per_day):
    crowd(town)
    client = signed_in(alice())
    place = drafted(town, client)
    answer = client.post(f"{place}/publish", {"per_day": per_day, "sure": "1"})
    assert answer.status_code == 422
    assert "Give a whole number" in answer.content.decode()


def test_hand_overs_are_shown_and_made_for_so_many_a_day(town):
    crowd(town)
    client = signed_in(alice())
    place = drafted(town, client, MODEL.replace("points: 1,", "points: 30,"))
    text = client.get(place).content.decode()
    assert "New hand-overs" in text
    assert 'name="per_day"' in text
    client.post(f"{place}/publish", {"per_day": "4", "sure": "1"})
    work(town)
    assert town.rows("select per_day from allowances") == [(4,)]


def test_what_somebody_else_decided_meanwhile_is_told(town):
    crowd(town)
    client = signed_in(alice())
    place = drafted(town, client)
    client.post(f"{place}/give-up")
    assert standings(town) == ["acting", "retired"]
    answer = client.post(f"{place}/publish", {"sure": "1"}, follow=True)
    assert "Somebody else has decided meanwhile" in answer.content.decode()
    assert "Given up by alice@example.com" in answer.content.decode()
    assert standings(town) == ["acting", "retired"]


def test_progress_is_asked_for_until_there_is_something_to_look_at(town):
    crowd(town)
    client = signed_in(alice())
    place = str(sent(client).headers["Location"])
    page = client.get(place).content.decode()
    assert "Waiting for the work to begin" in page
    assert 'http-equiv="refresh"' in page
    assert "couveuse deliver" in page  # nobody does it here
    part = client.get(place, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    work(town)
    assert client.get(place, headers={"HX-Request": "true"}).headers["HX-Redirect"] == place


def test_what_failed_may_be_tried_again(town):
    crowd(town)
    client = signed_in(alice())
    place = str(sent(client).headers["Location"])
    town.rows("update jobs set standing = 'failed', said = 'no room: free some' returning id")
    text = client.get(place).content.decode()
    assert "no room: free some" in text
    assert client.post(f"{place}/again").status_code == 303
    work(town)
    assert "Who changes band" in client.get(place).content.decode()


def test_an_older_version_is_restored(town):
    crowd(town)
    client = signed_in(alice())
    first = town.model_id
    client.post(f"{drafted(town, client)}/publish", {"sure": "1"})
    work(town)
    answer = client.post(f"/scoring/versions/{first}/restore")
    assert answer.status_code == 303
    work(town)
    client.post(f"{answer.headers['Location']}/publish", {"sure": "1"})
    work(town)
    assert standings(town) == ["retired", "retired", "acting"]
    assert town.rows("select document from models where standing = 'acting'") == [(MODEL,)]
    again = client.post("/scoring/versions/3/restore", follow=True).content.decode()
    assert "acts already" in again
    assert client.post("/scoring/versions/99/restore").status_code == 404


def test_editing_begins_with_a_preset_or_an_older_version(town):
    client = signed_in(alice())
    assert "bareme-complet" in client.get("/scoring/edit?preset=bareme-complet").content.decode()
    assert "name: town" in client.get("/scoring/edit?preset=../../etc/passwd").content.decode()
    assert "name: town" in client.get(f"/scoring/edit?version={town.model_id}").content.decode()


@pytest.mark.parametrize("person", [bob, charlie])
def test_who_may_not_publish_changes_nothing(town, person):
    crowd(town)
    place = drafted(town, signed_in(alice()))
    client = signed_in(person())
    assert "Who changes band" in client.get(place).content.decode()
    for address in (f"{place}/publish", f"{place}/give-up", f"{place}/again", "/scoring/versions/1/restore"):
        assert client.post(address, {"sure": "1"}).status_code == 403
    assert sent(client).status_code == 403
    assert standings(town) == ["acting", "coming"]


def test_a_draft_that_there_is_not_is_not_found(town):
    client = signed_in(alice())
    for number in ("77", "99999999999999999999"):
        assert client.get(f"/scoring/drafts/{number}").status_code == 404
        assert client.post(f"/scoring/drafts/{number}/publish", {"sure": "1"}).status_code == 404
