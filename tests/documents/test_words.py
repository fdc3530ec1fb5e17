"""Models told in plain words, in French and in English."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.conditions import All, Any, Condition, Not, Operator, Test
from couveuse.core.model import Model, Past
from couveuse.documents.phrases import clause, past_clause
from couveuse.documents.presets import presets
from couveuse.documents.reading import read_model
from couveuse.documents.vocabulary import LANGUAGES, NARROW, NO_BREAK, Vocabulary
from couveuse.documents.words import Telling, tell
from couveuse.errors import BadInput
from tests.documents.conditions_drawn import conditions
from tests.documents.parts import a_document, a_rule
from tests.laws import random_models, vocabulary

FR, EN = Vocabulary("fr"), Vocabulary("en")
DAY = 86_400_000_000


def texts(telling: Telling) -> list[str]:
    """Every text of a telling, with ordinary spaces."""
    parts = [[section.title, *section.sentences, *(c for r in section.rows for c in r)] for section in telling.sections]
    return [re.sub(f"[{NARROW}{NO_BREAK}]", " ", text) for part in parts for text in part]


def told(model: Model, language: str) -> str:
    return "\n".join(texts(tell(model, language)))


def test_it_works() -> None:
    first = tell(read_model("bareme-b2b").model, "en").sections[0]
    assert first.title == "What earns points"
    assert first.rows[0] == ("Action", "When", "Points", "Handed to", "In order to")
    assert first.rows[3] == ("Visit to the web site", "Page viewed; at most once per visit", "1", "", "")
    assert first.rows[6] == ("Quote request", "Quote requested; each time", "20", "Sales", "make an appointment")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", presets())
def test_every_rule_band_and_persona_of_a_preset_is_told(name: str, language: str) -> None:
    model = read_model(name).model
    all_told = texts(tell(model, language))
    for each in (*model.rules, *model.fit, *model.bands, *model.personas):
        assert each.label.text(language, each.id) in all_told


@given(st.integers(0, 2**32), st.sampled_from(LANGUAGES))
def test_every_rule_and_band_of_any_model_is_told(seed: int, language: str) -> None:
    model = random_models.a_model(Random(seed), tuple(vocabulary.EVENTS))
    telling = tell(model, language)
    first_cells = {row[0] for section in telling.sections for row in section.rows}
    assert {each.id for each in (*model.rules, *model.fit, *model.bands, *model.personas)} <= first_cells
    for section in telling.sections:
        assert len({len(row) for row in section.rows}) <= 1


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", ("Page vue, si le chemin de la page correspond à « /tarifs* » et le lead est dans le groupe "
               "« Inscription Newsletter » et un e-mail a été ouvert dans les 30 jours d’avant ; une seule fois")),
        ("en", ("Page viewed, if the path of the page matches “/tarifs*” and the lead is in the group "
               "“Inscription Newsletter” and an e-mail was opened in the 30 days before; only once")),
        ("fr", "Les points des actions perdent la moitié de leur valeur tous les 90 jours."),
        ("en", "“Visit to the web site” and “Weak click in a mailing”, together: 10 points at most per week."),
        ("fr", "Le score ne dépasse pas 100."),
        ("fr", "plus de 10, jusqu’à 20"),
        ("en", "25 %"),
        ("fr", "Quel que soit son score, un lead est chaud pendant 30 jours après : Demande de devis."),
        ("en", "The lead is at the most advanced stage of its actions; each counts for 180 days."),
        ("fr", "la fonction correspond à « *etudiant* » ou « *student* »"),
        ("fr", "Gagner un lead vaut le montant de sa fiche (« deal_value »), sinon 1 000."),
        ("en", "The points of actions start again from 0 after: Opportunity won or Opportunity lost."),
    ],
)  # fmt: skip
def test_the_full_preset_is_told_in_plain_words(language: str, sentence: str) -> None:
    assert sentence in texts(tell(read_model("bareme-complet").model, language))


@pytest.mark.parametrize("name", presets())
def test_french_never_breaks_a_line_before_a_tall_mark(name: str) -> None:
    for section in tell(read_model(name).model, "fr").sections:
        for text in (section.title, *section.sentences, *(cell for row in section.rows for cell in row)):
            assert not re.search(r"[ \w][;!?»%]|[ \w]:(?!/)|« |['\"]", text), text


def test_what_a_model_has_not_is_not_told() -> None:
    titles = [section.title for section in tell(a_document().model, "en").sections]
    assert titles == [
        "What earns points", "What time takes away", "Bands of scores", "What makes a lead hot",
        "Who takes care of it, and when",
    ]  # fmt: skip
    assert "No action earns points." in texts(tell(a_document().model, "en"))
    assert "This model hands no lead over." in texts(tell(a_document().model, "en"))


@pytest.mark.parametrize(
    ("clauses", "sentence"),
    [
        ("half_life: 30d", "“a”: half every 30 days."),
        ("repeat: {at_most: 3, per: day}", "Page viewed; at most 3 times per day"),
        ("repeat: {at_most: 1, per: month}", "Page viewed; at most once per month"),
        ("past: [{event: Foo, at_least: 2}]", "Page viewed, if “Foo” happened at least 2 times before; each time"),
        ("where: {not: {amount: {gt: 5}}}", "Page viewed, if the amount is not over 5; each time"),
        ("route: {team: support, treatment: call-back}", "support"),
    ],
)
def test_each_clause_of_a_rule_is_told(clauses: str, sentence: str) -> None:
    assert sentence in texts(tell(a_rule(clauses).model, "en"))


def test_a_rule_that_keeps_its_points_is_told_where_others_lose_theirs() -> None:
    model = replace(a_rule("half_life: none").model, half_life=36 * DAY // 24)
    all_told = told(model, "fr")
    assert "« a » : les points gardent leur valeur." in all_told
    assert "tous les 36 heures" in all_told


def test_points_kept_or_taken_away_are_said_so() -> None:
    assert "Points keep their worth over time." in told(a_rule("repeat: once").model, "en")
    assert "−2,5" in told(replace(a_document().model, recycle_to=-2.5), "fr")


A = Test("x", Operator.EQUALS, 1)
B = Test("traits.country", Operator.IN, ("FR", "BE"))


@pytest.mark.parametrize(
    ("condition", "french", "english"),
    [
        (A, "« x » est 1", "“x” is 1"),
        (Not(Not(A)), "« x » est 1", "“x” is 1"),
        (Not(B), "le pays n’est pas « FR » ou « BE »", "the country is not “FR” or “BE”"),
        (All((A, B)), "« x » est 1 et (le pays est « FR » ou « BE »)", "“x” is 1 and (the country is “FR” or “BE”)"),
        (Any((A, B)), "« x » est 1, ou le pays est « FR » ou « BE »", "“x” is 1, or the country is “FR” or “BE”"),
        (Not(Any((A, A))), "« x » n’est pas 1 et « x » n’est pas 1", "“x” is not 1 and “x” is not 1"),
        (Not(All((A, A))), "« x » n’est pas 1, ou « x » n’est pas 1", "“x” is not 1, or “x” is not 1"),
        (Test("y", Operator.EXISTS, False), "« y » n’a pas de valeur", "“y” has no value"),
        (Not(Test("y", Operator.EXISTS, False)), "« y » a une valeur", "“y” has a value"),
        (Test("y", Operator.BETWEEN, (1, 2.5)), "« y » va de 1 à 2,5", "“y” is from 1 to 2.5"),
        (Test("y", Operator.EQUALS, True), "« y » est oui", "“y” is yes"),
        (Test("strength", Operator.EQUALS, "strong"), "le clic est fort", "the click is strong"),
        (Test("strength", Operator.EQUALS, "?"), "la force du clic est « ? »", "the strength of the click is “?”"),
        (Not(Test("groups", Operator.CONTAINS, "A")), "le lead n’est pas dans le groupe « A »",
         "the lead is not in the group “A”"),
        (Test("groups", Operator.EXISTS, False), "le lead n’est dans aucun groupe", "the lead is in no group"),
        (Test("interests.pompes", Operator.GTE, 2), "le poids de l’intérêt « pompes » vaut 2 ou plus",
         "the weight of the interest “pompes” is 2 or more"),
    ],
)  # fmt: skip
def test_a_condition_is_a_clause(condition: Condition, french: str, english: str) -> None:
    assert clause(FR, condition).replace(NARROW, " ") == french
    assert clause(EN, condition) == english


@given(conditions())
def test_any_condition_can_be_told_and_so_can_its_contrary(condition: Condition) -> None:
    for words in (FR, EN):
        assert clause(words, condition)
        assert clause(words, Not(condition)) != clause(words, condition)


def test_a_past_is_told_with_its_own_conditions() -> None:
    past = Past("Email Opened", 7 * DAY, 3, Test("mailing", Operator.EQUALS, "spring"))
    assert past_clause(EN, past).replace(NO_BREAK, " ") == (
        "an e-mail was opened at least 3 times in the 7 days before (“mailing” is “spring”)"
    )


def test_only_french_and_english_are_spoken() -> None:
    with pytest.raises(BadInput, match="write one of them"):
        tell(a_document().model, "de")


def test_every_text_stands_in_both_languages_with_the_same_holes() -> None:
    table = tomllib.loads(files("couveuse.documents").joinpath("words.toml").read_text(encoding="utf-8"))
    for section, keys in table.items():
        for key, languages in keys.items():
            assert set(languages) == {"fr", "en"}, (section, key)
            holes = [
                {hole for text in ([each] if isinstance(each, str) else each) for hole in re.findall(r"{\w+}", text)}
                for each in languages.values()
            ]
            assert holes[0] == holes[1], (section, key)


def test_every_operator_has_words_for_holding_and_for_not_holding() -> None:
    for operator in Operator:
        operand = {Operator.BETWEEN: (1, 2), Operator.EXISTS: True}.get(operator, ("a",))
        test = Test("x", operator, operand)
        for words in (FR, EN):
            assert clause(words, test) != clause(words, Not(test))
