"""Errors of a scoring model and of a team's document, on screen: at their lines, in the language of whoever reads."""

import html
import re
from typing import Any

import pytest

from couveuse.documents.team import parse_team
from couveuse.engine.drafting import MOST_BYTES
from couveuse.language.words import NARROW, NO_BREAK
from couveuse.store import rosters
from couveuse.store.accounts.models import Role
from tests.documents.parts import HEAD, RULE
from tests.documents.wrong import MODELS, TEAM_HEAD, TEAMS, english_in
from tests.engine.town import NOW
from tests.web.people import a_person, alice, signed_in

SHORT = [text for text in MODELS if len(text) < MOST_BYTES]


def french() -> Any:
    return signed_in(a_person("Margot", Role.MARKETING, language="fr"))


def read(answer: Any) -> str:
    """The words of a page as they are read, without the document itself."""
    page = re.sub(r"<(textarea|script|style)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def test_an_error_of_a_model_is_read_in_french_at_its_line_with_its_cure(town):
    text = HEAD + RULE.format("where: {path: {matchs: x}}") + "caps: [{rules: [nope], points: 1, per: day}]\n"
    answer = french().post("/scoring/edit", {"document": text, "act": "check"})
    assert answer.status_code == 422
    page = read(answer)
    assert f"opérateur inconnu{NO_BREAK}: «{NARROW}matchs{NARROW}»{NARROW}; écrire matches (au choix" in page
    assert f"aucune règle n’a l’identifiant «{NARROW}nope{NARROW}»" in page
    assert 'data-line="7"' in answer.content.decode()
    assert 'data-line="8"' in answer.content.decode()
    assert '<span lang="en">' not in answer.content.decode()


def test_an_error_of_a_team_is_read_in_french_at_its_line_with_its_cure(town):
    text = "couveuse: 1\nteam: x\nteams:\n  - {id: sales, members: [carl]}\n"
    answer = french().post("/settings/team/document", {"text": text, "act": "check", "replaces": "0"})
    assert answer.status_code == 422
    page = read(answer)
    assert f"aucun membre n’a l’identifiant «{NARROW}carl{NARROW}»{NARROW}; l’écrire d’abord sous members" in page
    assert "ligne 4" in page
    assert '<span lang="en">' not in answer.content.decode()


@pytest.mark.parametrize("part", range(4))
def test_no_error_of_a_model_leaves_a_word_of_english_on_a_french_page(town, part):
    client = french()
    for text in SHORT[part::4]:
        answer = client.post("/scoring/edit", {"document": text, "act": "check"})
        assert answer.status_code == 422, text
        assert 'class="findings"' in answer.content.decode()
        assert english_in(read(answer)) == [], text


def test_no_error_of_a_team_leaves_a_word_of_english_on_a_french_page(town):
    client = french()
    for text in TEAMS:
        answer = client.post("/settings/team/document", {"text": text, "act": "check", "replaces": "0"})
        assert answer.status_code == 422, text
        assert english_in(read(answer)) == [], text


def test_whoever_reads_english_reads_what_the_command_says(town):
    text = HEAD + RULE.format("where: {path: {matchs: x}}")
    page = read(signed_in(alice()).post("/scoring/edit", {"document": text, "act": "check"}))
    assert 'unknown operator "matchs"; write matches (one of: equals, in, not_in, contains' in page


def added(town: Any, text: str, teams: list[str]) -> Any:
    """What a form answers that adds a member to a document of that text."""
    rosters.apply_roster(town.connection, parse_team(text, "equipe.yaml"), by="carol@example.com", now=NOW)
    said = {"id": "zoe", "name": "Zoé", "email": "zoe@example.com", "telephone": "", "language": "fr", "weight": "1"}
    said |= {"own": "1", "replaces": "1"}
    return french().post("/settings/team/members", said | {"teams": teams, "leads": []})


def test_what_a_form_runs_into_elsewhere_in_the_document_is_read_in_french(town):
    text = TEAM_HEAD + "lists: {zoe: [boss@example.com]}\nteams:\n  - {id: sales, members: [alice]}\n"
    answer = added(town, text, [])
    assert answer.status_code == 422
    assert f"lists.zoe{NO_BREAK}: «{NARROW}zoe{NARROW}» est déjà l’identifiant d’un membre" in read(answer)


def test_a_text_in_which_a_form_can_change_nothing_says_so_in_french(town):
    text = TEAM_HEAD + "teams:\n  - {id: sales, members: &them [alice]}\n  - {id: telemarketing, members: *them}\n"
    answer = added(town, text, ["telemarketing"])
    assert answer.status_code == 422
    assert f"est un alias d’un autre endroit{NARROW}; y faire le changement" in read(answer)
