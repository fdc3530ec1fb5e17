"""Teams and their territories on screen: added, changed and removed by forms; what stands against each is told."""

from typing import Any

import pytest

from couveuse.core.conditions import All, Operator, Test
from couveuse.core.conditions import Any as Either
from couveuse.documents.team import parse_team
from couveuse.store import rosters
from couveuse.store.accounts.models import Role
from couveuse.web.areas.settings.territory_lines import lines_of
from couveuse.web.areas.settings.territory_lines import test_of as the_test_of
from tests.engine.town import NOW, Town
from tests.web.people import a_person, alice, bob, signed_in
from tests.web.test_settings_team import PLACE, POMPES, newest

NORTH: dict[str, Any] = {
    "id": "north", "fr": "Nord", "en": "North", "members": ["alice", "emma"], "leads": ["emma"],
    "assignment": "round_robin", "owner_first": "1", "within": "4h", "tries": "3", "raise_to": ["lead"],
    "raise_every": "", "raise_times": "3", "news_within": "30d", "alert": ["member", "lead"],
    "t_id": ["call", ""], "t_fr": ["Appeler", ""], "t_en": ["Call", ""], "t_within": ["1h", ""],
    "t_is_known": ["", ""],
}  # fmt: skip
# Telemarketing as its form shows it.
CALLERS: dict[str, Any] = {
    "fr": "Télémarketing", "en": "Telemarketing", "members": ["alice", "bob"], "leads": ["alice"],
    "assignment": "round_robin", "within": "8h", "tries": "5", "raise_to": ["lead"], "raise_every": "4h",
    "raise_times": "3", "news_within": "30d", "alert": ["member"],
    "t_id": ["detect-project", "make-appointment"], "t_fr": ["Détecter un projet", "Prendre rendez-vous"],
    "t_en": ["Detect a project", "Make an appointment"], "t_within": ["", "2h"], "t_is_known": ["1", "1"],
}  # fmt: skip
LILLE: dict[str, Any] = {
    "id": "lille", "trait": ["postcode", "country", ""], "how": ["begins", "is", "is"],
    "value": ["59, 62", "FR", ""], "members": ["chloe"],
}  # fmt: skip
CALLS, SALES = f"{PLACE}/teams/telemarketing", f"{PLACE}/teams/sales"


@pytest.fixture
def staffed(town: Town) -> Town:
    rosters.apply_roster(town.connection, parse_team(POMPES, "equipe.yaml"), by="a test", now=NOW)
    return town


def posted(town: Town, place: str, said: dict[str, Any], language: str = "en") -> Any:
    person = a_person(f"Owner{language}{len(said)}{place.count('/')}", Role.OWNER, language=language)
    return signed_in(person).post(place, said | {"replaces": newest(town).id})


def team(town: Town, id: str) -> Any:
    return rosters.load_roster(town.connection).teams[id]


def tasks(town: Town, count: int, *, of: str, treatment: str) -> None:
    town.connection.execute(
        "insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, rate, value, expected, score)"
        " select n, n, %s, %s, 1, 2, 0.5, 10, 5, 30 from generate_series(1, %s) n",
        [of, treatment, count],
    )


def unchanged(town: Town) -> bool:
    return newest(town).text == POMPES


# ---- One team more ---------------------------------------------------------------------------------------------------


def test_a_team_is_added_with_its_people_and_limits_and_the_comments_stay(staffed: Town):
    assert posted(staffed, f"{PLACE}/teams", NORTH).status_code == 303
    found = team(staffed, "north")
    assert (found.label.fr, found.members, found.leads, found.tries) == ("Nord", ("alice", "emma"), ("emma",), 3)
    assert (found.alert, found.promise.raise_to) == (("member", "lead"), ("lead",))
    assert (found.treatments["call"].en, found.promise.by_treatment) == ("Call", {"call": 3_600_000_000})
    assert newest(staffed).text.startswith(POMPES)
    assert "north" in signed_in(alice()).get(f"{PLACE}/teams/north/hours").content.decode()


def test_nobody_is_told_where_nobody_is_ticked(staffed: Town):
    assert posted(staffed, f"{PLACE}/teams", NORTH | {"alert": [], "raise_to": []}).status_code == 303
    assert (team(staffed, "north").alert, team(staffed, "north").promise.raise_to) == ((), ())


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [
        ({"id": "Nord"}, "Write small letters", "Écrire des minuscules"),
        ({"id": "sales"}, "is taken", "déjà pris"),
        ({"fr": "", "en": ""}, "in one of the two languages", "dans l’une des deux langues"),
        ({"fr": "x" * 201}, "200 characters", "200 caractères"),
        ({"members": ["alice", "nobody"]}, "not there any more", "n’existe plus"),
        ({"leads": ["bob"]}, "has to be in it", "doit en faire partie"),
        ({"members": [], "leads": [], "alert": [], "raise_to": []}, "Without members", "Sans membre"),
        ({"assignment": "chance"}, "Choose one of them", "Choisir une façon"),
        ({"assignment": "territory"}, "Choose one of them", "Choisir une façon"),
        ({"within": "2d"}, "minutes or hours", "des minutes ou des heures"),
        ({"raise_every": "soon"}, "minutes or hours", "des minutes ou des heures"),
        ({"tries": "0"}, "1 to 50", "de 1 à 50"),
        ({"raise_times": "21"}, "1 to 20", "de 1 à 20"),
        ({"news_within": "a month"}, "a length of time", "une durée"),
        ({"alert": ["nobody"]}, "not there any more", "n’existe plus"),
        ({"leads": []}, "Nobody leads the team", "Personne ne dirige"),
        ({"t_id": ["Call", ""]}, "Give each treatment an id", "un identifiant"),
        ({"t_id": ["call", "call"], "t_fr": ["A", "B"]}, "the same id", "le même identifiant"),
        ({"t_fr": ["", ""], "t_en": ["", ""]}, "Give each treatment a name", "un nom sur une ligne"),
        ({"t_within": ["1d", ""]}, "minutes or hours", "des minutes ou des heures"),
    ],
)  # fmt: skip
def test_a_team_that_makes_no_sense_is_refused_beside_its_field(staffed: Town, change, english, french):
    answer = posted(staffed, f"{PLACE}/teams", NORTH | change)
    assert (answer.status_code, english in answer.content.decode()) == (422, True)
    assert french in posted(staffed, f"{PLACE}/teams", NORTH | change, "fr").content.decode()
    assert unchanged(staffed)


def test_a_team_has_so_many_treatments_at_most(staffed: Town):
    ids = [f"t{n}" for n in range(41)]
    many = {"t_id": ids, "t_fr": ids, "t_en": ids, "t_within": [""] * 41, "t_is_known": [""] * 41}
    assert "No more than 40" in posted(staffed, f"{PLACE}/teams", NORTH | many).content.decode()


def test_a_team_that_the_model_asks_for_is_offered_with_its_treatments(town: Town):
    text = "couveuse: 1\nteam: house\nmembers: [{id: a, name: A, email: a@example.com}]\nteams: [{id: support}]\n"
    rosters.apply_roster(town.connection, parse_team(text, "equipe.yaml"), by="a test", now=NOW)
    client = signed_in(alice())
    assert f"{PLACE}/teams?id=telemarketing" in client.get(PLACE).content.decode()
    form = client.get(f"{PLACE}/teams?id=telemarketing").content.decode()
    assert 'value="telemarketing"' in form
    assert 'name="t_id" value="detect-project"' in form
    assert 'name="t_id" value="detect-project"' not in client.get(f"{PLACE}/teams?id=moon").content.decode()


# ---- A team changes --------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(staffed: Town):
    answer = signed_in(alice()).post(CALLS, CALLERS | {"replaces": newest(staffed).id}, follow=True)
    assert "Nothing has changed" in answer.content.decode()
    assert unchanged(staffed)


def test_a_team_gives_its_tasks_otherwise_and_others_are_told(staffed: Town):
    said = CALLERS | {"en": "Callers", "assignment": "load", "owner_first": "1", "within": "4h", "tries": "7",
                      "alert": ["lead", "direction", "bob"], "raise_to": ["member", "lead"], "raise_every": "",
                      "raise_times": "2", "news_within": "2w", "members": ["bob", "alice", "emma"]}  # fmt: skip
    assert posted(staffed, CALLS, said).status_code == 303
    found = team(staffed, "telemarketing")
    assert (found.label.en, str(found.assignment), found.tries, found.owner_first) == ("Callers", "load", 7, True)
    assert (found.alert, found.members) == (("lead", "direction", "bob"), ("alice", "bob", "emma"))
    promise = found.promise
    assert (promise.raise_to, promise.raise_every, promise.raise_times) == (("lead", "member"), None, 2)
    assert promise.news_within == 14 * 86_400_000_000
    assert "# of working time" in newest(staffed).text


def test_whom_nobody_is_told_is_not_told_again_either(staffed: Town):
    assert posted(staffed, CALLS, CALLERS | {"raise_to": []}).status_code == 303
    assert "raise" not in newest(staffed).text.partition("id: sales")[0]


def test_treatments_are_added_renamed_and_removed_with_their_limits(staffed: Town):
    columns = {"t_id": [*CALLERS["t_id"], "thank"], "t_fr": ["Détecter", "Prendre rendez-vous", "Remercier"],
               "t_en": [*CALLERS["t_en"], ""], "t_within": ["30m", "2h", ""]}  # fmt: skip
    client = signed_in(alice())
    said = CALLERS | columns | {"replaces": newest(staffed).id, "t_is_known": ["1", "1", ""]}
    assert client.post(CALLS, said).status_code == 303
    found = team(staffed, "telemarketing")
    assert {id: label.fr for id, label in found.treatments.items()} == {
        "detect-project": "Détecter", "make-appointment": "Prendre rendez-vous", "thank": "Remercier"}  # fmt: skip
    assert found.promise.by_treatment == {"make-appointment": 7_200_000_000, "detect-project": 1_800_000_000}
    said |= {"replaces": newest(staffed).id, "t_is_known": ["1", "1", "1"], "t_gone": ["thank"]}
    assert client.post(CALLS, said).status_code == 303
    assert list(team(staffed, "telemarketing").treatments) == ["detect-project", "make-appointment"]


def test_a_treatment_that_the_model_or_an_open_task_needs_stays(staffed: Town):
    tasks(staffed, 1, of="telemarketing", treatment="detect-project")
    for language, asked, open_ in (("en", "asks it for “Detect a project”", "1 task is still open there"),
                                   ("fr", "lui demande", "1 tâche y est encore ouverte")):  # fmt: skip
        page = posted(staffed, CALLS, CALLERS | {"t_gone": ["detect-project"]}, language)
        assert page.status_code == 422
        assert asked in page.content.decode()
        assert open_ in page.content.decode()
    assert unchanged(staffed)


@pytest.mark.parametrize(
    ("place", "change", "english", "french"),
    [
        (CALLS, {"assignment": "territory"}, "has no territories: add one", "n’a pas de territoires"),
        (CALLS, {"members": ["alice", "moon"]}, "not there any more", "n’existe plus"),
        (CALLS, {"leads": []}, "Nobody leads the team", "Personne ne dirige"),
        (CALLS, {"members": [], "leads": [], "raise_to": []}, "Without members", "Sans membre"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused(staffed: Town, place, change, english, french):
    answer = posted(staffed, place, CALLERS | change)
    assert (answer.status_code, english in answer.content.decode()) == (422, True)
    assert french in posted(staffed, place, CALLERS | change, "fr").content.decode()
    assert unchanged(staffed)


def test_a_team_with_territories_does_not_give_otherwise_nor_leave_one_to_nobody(staffed: Town):
    said = CALLERS | {"assignment": "load", "members": ["chloe", "david", "emma", "frank"], "leads": ["frank"],
                      "t_id": [], "t_fr": [], "t_en": [], "t_within": [], "t_is_known": []}  # fmt: skip
    page = posted(staffed, SALES, said)
    assert (page.status_code, "would decide nothing any more" in page.content.decode()) == (422, True)
    without_emma = said | {"assignment": "territory", "members": ["chloe", "david", "frank"]}
    page = posted(staffed, SALES, without_emma, "fr")
    assert (page.status_code, "un territoire n’aurait plus personne" in page.content.decode()) == (422, True)
    assert unchanged(staffed)


# ---- One team less ---------------------------------------------------------------------------------------------------


def test_a_team_that_nothing_needs_is_removed_and_its_members_stay(staffed: Town):
    posted(staffed, f"{PLACE}/teams", NORTH)
    client = signed_in(alice())
    assert "Nothing depends on this team" in client.get(f"{PLACE}/teams/north").content.decode()
    assert client.post(f"{PLACE}/teams/north/remove", {"replaces": newest(staffed).id}).status_code == 303
    assert "north" not in rosters.load_roster(staffed.connection).teams
    assert "emma" in rosters.load_roster(staffed.connection).members
    assert client.get(f"{PLACE}/teams/north").status_code == 404


@pytest.mark.parametrize(("language", "said"), [("en", "2 tasks are still open"), ("fr", "2 tâches y sont encore")])
def test_a_team_with_open_tasks_is_not_removed(staffed: Town, language, said):
    posted(staffed, f"{PLACE}/teams", NORTH)
    tasks(staffed, 2, of="north", treatment="call")
    answer = posted(staffed, f"{PLACE}/teams/north/remove", {}, language)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert "north" in rosters.load_roster(staffed.connection).teams


@pytest.mark.parametrize(("language", "said"), [("en", "hands leads over to it, by"), ("fr", "lui transmet des leads")])
def test_a_team_to_which_the_model_hands_over_is_not_removed(staffed: Town, language, said):
    answer = posted(staffed, f"{CALLS}/remove", {}, language)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert unchanged(staffed)


@pytest.mark.parametrize(("language", "said"), [("en", "It is the last one"), ("fr", "C’est la dernière")])
def test_the_last_team_is_not_removed(town: Town, language, said):
    text = "couveuse: 1\nteam: house\nmembers: [{id: a, name: A, email: a@example.com}]\nteams: [{id: support}]\n"
    rosters.apply_roster(town.connection, parse_team(text, "equipe.yaml"), by="a test", now=NOW)
    answer = posted(town, f"{PLACE}/teams/support/remove", {}, language)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert newest(town).text == text


# ---- Territories -----------------------------------------------------------------------------------------------------


def test_a_territory_is_added_changed_moved_and_removed(staffed: Town):
    place = f"{SALES}/territories"
    assert posted(staffed, place, LILLE).status_code == 303
    found = team(staffed, "sales").territories[-1]
    assert found.where == All(
        (Test("traits.postcode", Operator.MATCHES, ("59*", "62*")), Test("traits.country", Operator.EQUALS, "FR"))
    )
    client = signed_in(alice())
    assert "59, 62" in client.get(f"{place}/lille").content.decode()
    client.post(f"{place}/lille/up", {"replaces": newest(staffed).id})
    assert [each.id for each in team(staffed, "sales").territories][2:] == ["lille", "france"]
    other = LILLE | {"trait": ["region"], "how": ["is_not"], "value": ["Nord, Pas-de-Calais"], "members": ["frank"]}
    assert client.post(f"{place}/lille", other | {"replaces": newest(staffed).id}).status_code == 303
    found = team(staffed, "sales").territories[2]
    assert (found.where.operator, found.members) == (Operator.NOT_IN, ("frank",))
    assert client.post(f"{place}/lille/remove", {"replaces": newest(staffed).id}).status_code == 303
    assert newest(staffed).text == POMPES


def test_the_first_territory_of_a_team_is_said_to_change_how_it_gives(staffed: Town):
    place = f"{CALLS}/territories"
    assert "lets them go by territory" in signed_in(alice()).get(place).content.decode()
    assert posted(staffed, place, LILLE | {"members": ["bob"]}).status_code == 303
    assert str(team(staffed, "telemarketing").assignment) == "territory"
    assert posted(staffed, f"{place}/lille/remove", {}).status_code == 303
    assert str(team(staffed, "telemarketing").assignment) == "round_robin"


def test_what_stood_there_as_a_number_stays_one(staffed: Town):
    text = POMPES.replace("{traits.country: FR}", "{traits.zone: {in: [1, 2, west]}}")
    rosters.apply_roster(staffed.connection, parse_team(text, "equipe.yaml"), by="a test", now=NOW)
    said = {"trait": ["zone"], "how": ["is"], "value": ["1, 2, 3, west"], "members": ["chloe", "david"]}
    assert posted(staffed, f"{SALES}/territories/france", said).status_code == 303
    assert team(staffed, "sales").territories[2].where.operand == (1, 2, "3", "west")


def test_a_condition_that_lines_cannot_say_stays_as_it_is(staffed: Town):
    text = POMPES.replace("{traits.country: FR}", "{any: [{traits.country: FR}, {traits.language: fr}]}")
    rosters.apply_roster(staffed.connection, parse_team(text, "equipe.yaml"), by="a test", now=NOW)
    assert "says more than lines can" in signed_in(alice()).get(f"{SALES}/territories/france").content.decode()
    assert posted(staffed, f"{SALES}/territories/france", {"members": ["chloe"]}).status_code == 303
    found = team(staffed, "sales").territories[2]
    assert (isinstance(found.where, Either), found.members) == (True, ("chloe",))


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [
        ({"id": "Lille"}, "Write small letters", "Écrire des minuscules"),
        ({"id": "france"}, "is taken", "déjà pris"),
        ({"members": []}, "Tick one member", "Cocher au moins un membre"),
        ({"members": ["bob"]}, "not in the team any more", "n’est plus dans l’équipe"),
        ({"trait": [], "how": [], "value": []}, "Write one condition", "Écrire au moins une condition"),
        ({"trait": ["a..b", "", ""]}, "names no trait", "ne nomme pas une caractéristique"),
        ({"how": ["like", "is", "is"]}, "Choose a comparison", "Choisir une comparaison"),
        ({"value": ["", "FR", ""]}, "Write a value", "Écrire une valeur"),
        ({"how": ["at_least", "is", "is"]}, "Write a number", "Écrire un nombre"),
        ({"value": ["5*, 6", "FR", ""]}, "without * or ?", "sans * ni"),
        ({"trait": ["groups", "", ""]}, "compared by “contains”", "se comparent par"),
        ({"value": [",".join(map(str, range(201))), "FR", ""]}, "No more than 200", "Pas plus de 200"),
        ({"trait": ["x"] * 13, "how": ["is"] * 13, "value": ["y"] * 13}, "No more than 12", "Pas plus de 12"),
    ],
)  # fmt: skip
def test_a_territory_that_makes_no_sense_is_refused(staffed: Town, change, english, french):
    answer = posted(staffed, f"{SALES}/territories", LILLE | change)
    assert (answer.status_code, english in answer.content.decode()) == (422, True)
    assert french in posted(staffed, f"{SALES}/territories", LILLE | change, "fr").content.decode().replace(
        "\u202f", " "
    )
    assert unchanged(staffed)


@pytest.mark.parametrize(
    ("how", "value", "test"),
    [
        ("is", "FR", Test("traits.x", Operator.EQUALS, "FR")),
        ("is", "FR, BE", Test("traits.x", Operator.IN, ("FR", "BE"))),
        ("is_not", "FR", Test("traits.x", Operator.NOT_IN, ("FR",))),
        ("begins", "59", Test("traits.x", Operator.STARTS_WITH, "59")),
        ("begins", "59, 62", Test("traits.x", Operator.MATCHES, ("59*", "62*"))),
        ("contains", "pump", Test("traits.x", Operator.CONTAINS, "pump")),
        ("at_least", "1 000", Test("traits.x", Operator.GTE, 1000)),
        ("at_most", "2,5", Test("traits.x", Operator.LTE, 2.5)),
        ("known", "", Test("traits.x", Operator.EXISTS, True)),
        ("unknown", "", Test("traits.x", Operator.EXISTS, False)),
    ],
)  # fmt: skip
def test_a_line_says_a_test_and_a_test_is_said_by_that_line(how, value, test):
    line = {"trait": "x", "how": how, "value": value}
    assert the_test_of(line, None) == test
    [again] = lines_of(test) or []
    assert the_test_of(again, None) == test


@pytest.mark.parametrize("value", ["nan", "inf", "1e99", "59, 62", "9" * 16, "1 00", "٣"])
def test_what_is_not_written_as_a_number_is_none(value):
    assert the_test_of({"trait": "x", "how": "at_least", "value": value}, None) == "no_number"


# ---- Two people at once, and who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"{PLACE}/teams", NORTH), (CALLS, CALLERS | {"tries": "9"}), (f"{CALLS}/remove", {}),
        (f"{SALES}/territories", LILLE), (f"{SALES}/territories/france", LILLE),
        (f"{SALES}/territories/france/up", {}), (f"{SALES}/territories/france/remove", {}),
    ],
)  # fmt: skip
def test_of_two_people_at_once_the_second_is_told(staffed: Town, place, said):
    before = newest(staffed).id
    posted(staffed, f"{PLACE}/teams", NORTH | {"id": "south"})
    changed = newest(staffed).text
    for language, words in (("en", "applied meanwhile"), ("fr", "appliquée entre-temps")):
        client = signed_in(a_person(f"Second{language}", Role.OWNER, language=language))
        answer = client.post(place, said | {"replaces": before})
        assert (answer.status_code, words in answer.content.decode()) == (409, True)
    assert newest(staffed).text == changed


def test_what_is_not_there_is_not_found_and_who_may_not_is_not_let_in(staffed: Town):
    owner, caller = signed_in(alice()), signed_in(bob())
    for place in (f"{PLACE}/teams/moon", f"{PLACE}/teams/moon/territories", f"{SALES}/territories/moon"):
        assert owner.get(place).status_code == 404
    for place in (f"{PLACE}/teams/moon/remove", f"{SALES}/territories/moon/remove", f"{SALES}/territories/moon/up"):
        assert owner.post(place, {"replaces": newest(staffed).id}).status_code == 404
    for place in (f"{PLACE}/teams", CALLS, f"{CALLS}/remove", f"{SALES}/territories", f"{SALES}/territories/france"):
        assert caller.post(place, {}).status_code == 403
    assert unchanged(staffed)
