"""The team on screen: told readably, changed by forms that leave the document's other words, applied, restored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from couveuse.documents.team import parse_team
from couveuse.store import rosters
from couveuse.store.accounts.models import Role
from tests.engine.town import NOW, Town
from tests.web.people import a_person, alice, bob, charlie, signed_in

NEXT = datetime.now(UTC).year + 1
# Whose absence is over is not told of it: here it is still to come.
POMPES = (
    (Path(__file__).parents[2] / "examples" / "pompes" / "equipe.yaml")
    .read_text("utf-8")
    .replace("{from: 2026-12-21, until: 2027-01-03", f"{{from: {NEXT}-12-21, until: {NEXT + 1}-01-03")
)
PLACE = "/settings/team"
ZOE = {"id": "zoe", "name": "Zoé Petit", "email": "zoe@example.com", "telephone": "", "language": "fr", "weight": "1",
       "teams": ["telemarketing"], "leads": [], "own": "1"}  # fmt: skip
WEEK = {"mon": "09:00-12:00, 14h00-18h00", "tue": "09:00-17:00", "wed": "", "thu": "", "fri": "", "sat": "", "sun": "",
        "timezone": "Europe/Paris", "holidays": "FR", "days_off": "2026-12-24", "own": "1"}  # fmt: skip


@pytest.fixture
def staffed(town: Town) -> Town:
    rosters.apply_roster(town.connection, parse_team(POMPES, "equipe.yaml"), by="a test", now=NOW)
    return town


def newest(town: Town) -> rosters.Version:
    found = rosters.newest(town.connection)
    assert found is not None
    return found


def page_of(town: Town, place: str = PLACE, language: str = "en") -> str:
    answer = signed_in(a_person(f"Reader{language}", Role.OWNER, language=language)).get(place)
    assert answer.status_code == 200
    return answer.content.decode()


# ---- Told ------------------------------------------------------------------------------------------------------------


def test_it_is_told_readably_in_both_languages(staffed: Town):
    english, french = page_of(staffed), page_of(staffed, language="fr")
    for words in ("Alice Martin", "Telemarketing", "Monday to Thursday 08:30–12:30, 13:30–18:00", "holidays: FR",
                  "to the lead’s owner first, then", "by territory, then in turn", "24 December 2026",
                  "2 turns"):  # fmt: skip
        assert words in english, words
    for words in ("Télémarketing", "lundi à jeudi 08:30–12:30, 13:30–18:00", "jours fériés", "par territoire",
                  "24 décembre 2026", "congés"):  # fmt: skip
        assert words in french, words


def test_without_a_team_it_says_what_to_do_next(town: Town):
    assert "Write the document" in page_of(town)
    client = signed_in(alice())
    offered = client.get(f"{PLACE}/document").content.decode()
    assert "alice@example.com" in offered
    text = offered.split('wrap="off">')[1].split("</textarea>")[0].replace("&#34;", '"').replace("&#39;", "'")
    answer = client.post(f"{PLACE}/document", {"text": text.lstrip("\n"), "replaces": "0", "act": "apply"})
    assert answer.status_code == 303
    assert set(rosters.load_roster(town.connection).teams) == {"telemarketing", "sales"}
    assert client.get(f"{PLACE}/members").status_code == 200


def test_what_the_model_asks_for_and_no_team_has_is_told(town: Town):
    text = "couveuse: 1\nteam: house\nmembers: [{id: a, name: A, email: a@example.com}]\nteams: [{id: sales}]\n"
    rosters.apply_roster(town.connection, parse_team(text, "equipe.yaml"), by="a test", now=NOW)
    page = page_of(town)
    assert "hands over to the team “telemarketing”, which is not there" in page
    assert "which it has not" in page


# ---- Members ---------------------------------------------------------------------------------------------------------


def test_a_member_is_added_in_the_text_and_the_comments_stay(staffed: Town):
    client = signed_in(alice())
    answer = client.post(f"{PLACE}/members", ZOE | {"replaces": newest(staffed).id})
    assert answer.status_code == 303
    found = newest(staffed)
    assert (found.by, "# full time: two turns of each round" in found.text) == ("alice@example.com", True)
    assert rosters.load_roster(staffed.connection).teams["telemarketing"].members == ("alice", "bob", "zoe")
    assert staffed.rows("select by from audit where did = 'team applied' order by id desc limit 1") == [
        ("alice@example.com",)
    ]


def test_a_member_is_changed_and_removed(staffed: Town):
    client = signed_in(alice())
    form = client.get(f"{PLACE}/members/bob").content.decode()
    assert "Bob Lefèvre" in form
    said = ZOE | {"name": "Bob Durand", "email": "bob.lefevre@example.com", "weight": "3", "teams": ["sales"]}
    assert client.post(f"{PLACE}/members/bob", said | {"replaces": newest(staffed).id}).status_code == 303
    roster = rosters.load_roster(staffed.connection)
    assert (roster.members["bob"].name, roster.members["bob"].weight) == ("Bob Durand", 3)
    assert ("bob" in roster.teams["telemarketing"].members, "bob" in roster.teams["sales"].members) == (False, True)
    assert client.post(f"{PLACE}/members/bob/remove", {"replaces": newest(staffed).id}).status_code == 303
    assert "bob" not in rosters.load_roster(staffed.connection).members
    assert client.get(f"{PLACE}/members/bob").status_code == 404


def test_whoever_is_removed_is_told_with_the_tasks_that_they_lose(staffed: Town):
    staffed.connection.execute(
        "insert into tasks (lead_id, episode_id, team, treatment, member, opened_at, due_at, rate, value, expected,"
        " score) select n, n, 'telemarketing', 'call', 'bob', 1, 2, 0.5, 10, 5, 30 from generate_series(1, 3) n"
    )
    client = signed_in(alice())
    assert "3 open tasks" in client.get(f"{PLACE}/members/bob").content.decode()
    text = newest(staffed).text.replace("members: [alice, bob]", "members: [alice]")
    lines = [line for line in text.splitlines() if "id: bob" not in line and '08:30-12:30"]}}}' not in line]
    checked = client.post(f"{PLACE}/document", {"text": "\n".join(lines), "replaces": newest(staffed).id})
    assert "bob: 3 tasks" in checked.content.decode()
    assert len(staffed.rows("select from team_documents")) == 1
    answer = client.post(f"{PLACE}/members/bob/remove", {"replaces": newest(staffed).id}, follow=True)
    assert "(bob): 3" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "Zoé"}, "small letters"), ({"id": "bob"}, "is taken"), ({"name": " "}, "Write a name"),
        ({"email": "zoe"}, "Write an address"), ({"email": "BOB.lefevre@example.com"}, "has this address"),
        ({"language": "de"}, "French or English"), ({"weight": "11"}, "1 to 10"), ({"weight": "x"}, "1 to 10"),
        ({"teams": ["moon"]}, "not there any more"), ({"teams": [], "leads": ["sales"]}, "one is in"),
        ({"name": "x" * 201}, "200 characters"), ({"telephone": "+33\n1"}, "on one line"),
    ],
)  # fmt: skip
def test_a_member_that_makes_no_sense_is_refused_beside_its_field(staffed: Town, change, said):
    answer = signed_in(alice()).post(f"{PLACE}/members", ZOE | change | {"replaces": newest(staffed).id})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert len(staffed.rows("select from team_documents")) == 1


def test_what_the_rest_of_the_document_does_not_bear_is_refused_and_told(staffed: Town):
    answer = signed_in(alice()).post(f"{PLACE}/members/alice/remove", {"replaces": newest(staffed).id})
    assert answer.status_code == 422
    assert "would have nobody who leads it" in answer.content.decode()
    assert len(staffed.rows("select from team_documents")) == 1


def test_what_was_typed_is_shown_again_and_is_no_markup(staffed: Town):
    client = signed_in(alice())
    name = '<script>alert(1)</script>"&'
    refused = client.post(f"{PLACE}/members", ZOE | {"name": name, "email": "x"}).content.decode()
    assert "<script>alert" not in refused
    client.post(f"{PLACE}/members", ZOE | {"name": name, "replaces": newest(staffed).id})
    for place in (PLACE, f"{PLACE}/members/zoe", f"{PLACE}/document", f"{PLACE}/versions/{newest(staffed).id}"):
        page = client.get(place).content.decode()
        assert "<script>alert" not in page
        assert "alert(1)" in page


# ---- Hours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["hours", "teams/sales/hours", "members/bob/hours"])
def test_hours_are_of_everybody_of_a_team_or_of_a_member(staffed: Town, place):
    client = signed_in(alice())
    assert client.get(f"{PLACE}/{place}").status_code == 200
    answer = client.post(f"{PLACE}/{place}", WEEK | {"replaces": newest(staffed).id})
    assert answer.status_code == 303
    roster = rosters.load_roster(staffed.connection)
    hours = {"hours": roster.hours, "teams/sales/hours": roster.teams["sales"].hours,
             "members/bob/hours": roster.members["bob"].hours}[place]  # fmt: skip
    assert hours is not None
    assert hours.week[0] == ((540, 720), (840, 1080))
    assert hours.week[2:] == ((),) * 5
    assert "2026-12-24" in {str(day) for day in hours.days_off}


def test_hours_of_one_s_own_are_given_up_again(staffed: Town):
    client = signed_in(alice())
    client.post(f"{PLACE}/members/bob/hours", {"own": "0", "replaces": newest(staffed).id})
    assert rosters.load_roster(staffed.connection).members["bob"].hours is None


@pytest.mark.parametrize(
    "change",
    [
        {"mon": "9-17"}, {"mon": "17:00-09:00"}, {"mon": "14:00-18:00, 09:00-12:00"}, {"mon": "", "tue": ""},
        {"timezone": "Mars/Base"}, {"holidays": "ZZZ"}, {"holidays": "XX"}, {"days_off": "tomorrow"},
    ],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(staffed: Town, change):
    answer = signed_in(alice()).post(f"{PLACE}/hours", WEEK | change | {"replaces": newest(staffed).id})
    assert answer.status_code == 422
    assert len(staffed.rows("select from team_documents")) == 1


# ---- The document and its versions -----------------------------------------------------------------------------------


def test_a_check_says_what_would_change_and_writes_nothing(staffed: Town):
    text = newest(staffed).text.replace("name: Alice Martin", "name: Alice Bernard")
    page = signed_in(alice()).post(f"{PLACE}/document", {"text": text, "replaces": "1", "act": "check"})
    assert "member “alice” changed: name" in page.content.decode()
    assert newest(staffed).id == 1


def test_errors_are_told_at_their_lines(staffed: Town):
    text = newest(staffed).text.replace("members: [alice, bob]", "members: [alice, nobody]")
    answer = signed_in(alice()).post(f"{PLACE}/document", {"text": text, "replaces": "1", "act": "apply"})
    page = answer.content.decode()
    line = 1 + next(n for n, each in enumerate(text.splitlines()) if "nobody]" in each)
    assert answer.status_code == 422
    assert f"line {line}" in page
    assert "no member has the id" in page
    assert "members: [alice, nobody]" in page  # the text is not lost


@pytest.mark.parametrize("text", ["", "- a", "&a [*a]", "couveuse: 1\n\tteam: x", "x" * 500_001, "\x00", "{" * 50])
def test_no_text_breaks_it(staffed: Town, text):
    assert (
        signed_in(alice()).post(f"{PLACE}/document", {"text": text, "replaces": "1", "act": "apply"}).status_code == 422
    )
    assert newest(staffed).id == 1


def test_a_document_written_after_another_one_is_refused_and_kept_on_screen(staffed: Town):
    client, other = signed_in(alice()), signed_in(a_person("Anne", Role.OWNER))
    text = newest(staffed).text.replace("Alice Martin", "Alice Bernard")
    other.post(f"{PLACE}/members", ZOE | {"replaces": "1"})
    answer = client.post(f"{PLACE}/document", {"text": text, "replaces": "1", "act": "apply"})
    assert (answer.status_code, "Alice Bernard" in answer.content.decode()) == (409, True)
    assert "applied meanwhile" in answer.content.decode()
    assert client.post(f"{PLACE}/members/bob/remove", {"replaces": "1"}).status_code == 409
    assert newest(staffed).id == 2


def test_a_version_tells_who_when_and_what_and_is_gone_back_to(staffed: Town):
    client = signed_in(alice())
    client.post(f"{PLACE}/members", ZOE | {"replaces": "1"})
    assert "alice@example.com" in client.get(f"{PLACE}/versions").content.decode()
    second = client.get(f"{PLACE}/versions/2").content.decode()
    assert "member “zoe” added" in second
    assert "This is the version that counts" in second
    first = client.get(f"{PLACE}/versions/1").content.decode()
    assert "member “zoe” removed" in first
    assert client.post(f"{PLACE}/versions/1/restore", {"replaces": "1"}).status_code == 409
    assert client.post(f"{PLACE}/versions/1/restore", {"replaces": "2"}).status_code == 303
    assert (newest(staffed).id, newest(staffed).text) == (3, POMPES)
    assert client.get(f"{PLACE}/versions/99").status_code == 404


# ---- Absences --------------------------------------------------------------------------------------------------------


def test_an_absence_is_written_down_and_taken_back(staffed: Town):
    client = signed_in(alice())
    said = {"member": "bob", "from": "2199-01-01", "until": "2199-01-09", "because": "holidays"}
    assert client.post(f"{PLACE}/absences", said).status_code == 303
    assert "1 January 2199" in client.get(PLACE).content.decode()
    [(number,)] = staffed.rows("select id from absences where because = 'holidays'")
    client.post(f"{PLACE}/absences/{number}/remove")
    assert staffed.rows("select from absences where because = 'holidays'") == []


@pytest.mark.parametrize(
    "change",
    [{"from": "soon"}, {"until": "2199-01-00"}, {"until": "2198-01-01"}, {"member": "nobody"}, {"because": "x" * 201}],
)
def test_an_absence_that_cannot_be_is_refused(staffed: Town, change):
    said = {"member": "bob", "from": "2199-01-01", "until": "2199-01-09", "because": ""}
    assert signed_in(alice()).post(f"{PLACE}/absences", said | change).status_code == 422


# ---- Who may ---------------------------------------------------------------------------------------------------------


def test_marketing_may_and_others_may_not(staffed: Town):
    assert signed_in(a_person("Mary", Role.MARKETING)).get(PLACE).status_code == 200
    for person in (bob(), charlie(), a_person("Sam", Role.SALES)):
        client = signed_in(person)
        for place in (PLACE, f"{PLACE}/document", f"{PLACE}/members/bob", f"{PLACE}/versions"):
            assert client.get(place).status_code == 403
        for place in (f"{PLACE}/document", f"{PLACE}/members", f"{PLACE}/members/bob/remove", f"{PLACE}/absences",
                      f"{PLACE}/versions/1/restore", f"{PLACE}/hours"):  # fmt: skip
            assert client.post(place, ZOE).status_code == 403
    assert newest(staffed).id == 1
