import re
import string
import tomllib
from pathlib import Path

import pytest

import couveuse.report
from couveuse.core.events import STANDARD_EVENTS
from couveuse.core.ledger import LineKind
from couveuse.core.model import LeadClass, Stage, Temperature, Window
from couveuse.core.reading import Maturity
from couveuse.errors import BadInput
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, spaced
from couveuse.report.words import words as words_of

FOLDER = Path(couveuse.report.__file__).parent
TABLE = tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))
KEYS = {f"{section}.{name}": texts for section, names in TABLE.items() for name, texts in names.items()}
# Keys put together from an id: these groups are looked up whole.
BY_ID = set("temperature temperatures stage maturity class team treatment band event window mark".split())
BY_ID |= {"because", "purpose", "basis", "tongue", "became", "became_by", "became_free", "trait", "trait_value"}
BY_KIND = {f"receipt.{name}" for name in "cap cut decay add raise set recycle".split()}
BY_KIND |= {f"bands.{name}" for name in "any up_to over between".split()}
BY_KIND |= {f"dossier.{name}" for name in "email user_id anonymous_id".split()}


def texts(entry):
    return entry if isinstance(entry, list) else [entry]


def used():
    sources = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
    found = set()
    for path in sources:
        found |= set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", path.read_text("utf-8")))
    return {key for key in found if key.split(".")[0] in TABLE and key not in {"page.html", "rules.id"}}


@pytest.mark.parametrize("key", KEYS)
def test_every_text_is_in_both_languages_with_the_same_forms_and_the_same_values(key):
    entry = KEYS[key]
    assert sorted(entry) == sorted(LANGUAGES)
    assert len(texts(entry["fr"])) == len(texts(entry["en"]))
    fullest = [texts(each)[-1] for each in entry.values()]  # a singular may say "the lead" for its number
    values = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in fullest]
    assert values[0] == values[1]
    assert all(set(re.findall(r"{(\w+)}", text)) <= values[0] for each in entry.values() for text in texts(each))
    assert all(text.strip() == text and text for each in entry.values() for text in texts(each))


def test_no_key_that_is_asked_for_is_missing():
    wanted = {key for key in used() if not key.endswith((".html", ".css", ".js", ".toml"))}
    assert len(wanted) > 100
    assert sorted(wanted - set(KEYS)) == []


def test_no_text_is_kept_that_nothing_asks_for():
    unused = [key for key in KEYS if key not in used() | BY_KIND and key.split(".")[0] not in BY_ID]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_the_core_may_say_has_a_word(language):
    words = words_of(language)
    for group, members in (
        ("temperature", Temperature),
        ("class", LeadClass),
        ("maturity", Maturity),
        ("window", Window),
    ):
        assert all(words.say(f"{group}.{each.value}") for each in members)
    assert all(words.say(f"stage.{each.name.lower()}") for each in Stage)
    assert all(words.say(f"receipt.{kind.value}") for kind in (LineKind.CAP, LineKind.CUT, LineKind.DECAY))
    assert [name for name in STANDARD_EVENTS if f"event.{name}" not in KEYS] == []


@pytest.mark.parametrize("key", KEYS)
def test_french_is_written_with_its_own_spaces_and_apostrophes(key):
    for text in texts(KEYS[key]["fr"]):
        assert NARROW not in text, "ordinary spaces in the table: they are put in when it is read"
        assert NO_BREAK not in text
        done = spaced(text)
        assert re.findall(r" [;:!?%»]|« |\w'\w|\"|!|\.\.\.", done) == []
        assert re.findall(r"(?<![\u202f\u00a0\d-])[;?%»]", done) == []


@pytest.mark.parametrize("key", KEYS)
def test_english_is_written_with_its_own_marks(key):
    for text in texts(KEYS[key]["en"]):
        assert re.findall(r"\w'\w|\"|!|\.\.\.| [;:?]", text) == []


def test_the_singular_is_french_for_nothing_and_english_for_one_alone():
    assert [words_of("fr").count("page.leads", n, n=n) for n in (0, 1, 2)] == ["0 lead", "1 lead", "2 leads"]
    assert [words_of("en").count("page.leads", n, n=n) for n in (0, 1, 2)] == ["0 leads", "1 lead", "2 leads"]
    assert words_of("fr").count("page.points", 1.5, p="1,5") == "1,5 point"
    assert words_of("en").count("page.points", 1.5, p="1.5") == "1.5 points"


def test_braces_in_a_value_are_only_text():
    assert words_of("en").say("receipt.cap_of", points="{0}", window="{x}") == "cap of {0} {x}"


def test_an_unknown_id_is_its_own_word():
    assert words_of("fr").known("team", "quebec") == "quebec"
    assert words_of("fr").known("team", "sales") == "Commercial"


def test_an_unknown_key_is_an_error_of_ours():
    with pytest.raises(KeyError):
        words_of("fr").say("leads.nothing")


def test_a_language_that_the_report_does_not_speak_is_refused():
    with pytest.raises(BadInput, match="fr or en"):
        words_of("es")
