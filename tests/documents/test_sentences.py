"""All that is said of documents is in both languages, and what is read in French has no English in it."""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import couveuse.documents
from couveuse.core.model import MOST_HALF_LIVES
from couveuse.documents.findings import DocumentErrors, Finding
from couveuse.documents.reading import parse_model, read_model
from couveuse.documents.sentences import TABLE, Amount, Sentence, quoted, said
from couveuse.documents.splicing import CannotChange, put, take
from couveuse.documents.team import parse_team, read_team
from couveuse.documents.tree import read_tree
from couveuse.errors import BadInput
from couveuse.language.words import LANGUAGES, NARROW, NO_BREAK, spaced
from tests.documents.wrong import MODELS, TEAMS, english_in

FOLDER = Path(couveuse.documents.__file__).parent
ENTRIES = {
    f"{section}.{name}": texts
    for section, names in tomllib.loads(files("couveuse.documents").joinpath(TABLE).read_text("utf-8")).items()
    for name, texts in names.items()
}
PYTHON = "\n".join(path.read_text("utf-8") for path in sorted(FOLDER.glob("*.py")))
# What a library says in English is the one value that French leaves out.
ENGLISH_ONLY = "english"


def values_of(text: str) -> set[str]:
    return set(re.findall(r"(?<!{){(\w+)}", text))


def findings_of(text: str, *, is_team: bool = False) -> tuple[Finding, ...]:
    try:
        (parse_team if is_team else parse_model)(text, "it.yaml")
    except DocumentErrors as errors:
        return errors.findings
    raise AssertionError(f"nothing is wrong with {text[:200]!r}")


def keys_of(sentence: Sentence) -> Iterator[str]:
    yield sentence.key
    for _, value in sentence.values:
        if isinstance(value, Sentence):
            yield from keys_of(value)


@pytest.mark.parametrize("key", ENTRIES)
def test_every_sentence_is_in_both_languages_with_the_same_values(key: str) -> None:
    texts = ENTRIES[key]
    assert sorted(texts) == sorted(LANGUAGES)
    assert values_of(texts["en"]) - {ENGLISH_ONLY} == values_of(texts["fr"])
    assert texts["en"] != texts["fr"]


@pytest.mark.parametrize("key", ENTRIES)
def test_french_is_written_with_its_own_spaces_and_apostrophes(key: str) -> None:
    text = ENTRIES[key]["fr"]
    assert NARROW not in text
    assert NO_BREAK not in text
    assert re.findall(r" [;?%»]|« |[^\W\d]'\w|\"|!|\.\.\.", spaced(text)) == []


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r'said\(\s*"([a-z_]+\.[a-z0-9_]+)"', PYTHON))
    assert len(asked) > 100
    assert sorted(asked - ENTRIES.keys()) == []


ALL = [*((text, False) for text in MODELS), *((text, True) for text in TEAMS)]


@pytest.mark.parametrize(("text", "is_team"), ALL, ids=range(len(ALL)))
def test_what_is_wrong_is_told_in_french_without_a_word_of_english(text: str, is_team: bool) -> None:
    for found in findings_of(text, is_team=is_team):
        french = found.told("fr")
        assert english_in(french) == []
        assert french != found.told("en")
        assert found.told("en") in str(found)


def changes(tmp_path: Path) -> Iterator[Sentence]:
    """What is said of changes that cannot be made, and of files that cannot be read."""
    text = "a: &x {b: 1, c: [1]}\nd: {h: *x}\ne:\n  - f: 1\n    g: 2\n"
    root = read_tree(text, "it.yaml").root
    for path in ((), ("z", "y"), ("a", "c", 3), ("a", "b", "c", "d"), ("d", "h", "b")):
        with pytest.raises(CannotChange) as caught:
            put(text, root, path, 1)
        yield caught.value.why
    for path in (("z",), ("e", 0, "f")):
        with pytest.raises(CannotChange) as caught:
            take(text, root, path)
        yield caught.value.why
    (tmp_path / "latin.yaml").write_bytes(b"name: bar\xe8me\n")
    (tmp_path / "large.yaml").write_bytes(b"#" * 1_100_000)
    for read, name in ((read_model, "latin.yaml"), (read_model, "large.yaml"), (read_model, "."), (read_model, "a\0b"),
                       (read_model, "nowhere.yaml"), (read_team, "nowhere.yaml")):  # fmt: skip
        with pytest.raises(DocumentErrors) as errors:
            read(str(tmp_path / name))
        for found in errors.value.findings:
            yield from (found.wrong, found.remedy)


# What no document is known to bring about: a kind of error that the checking library may come to have.
NOT_MET = {"shape.other"}


def test_every_sentence_is_said_of_something(tmp_path: Path) -> None:
    said_of = {"finding.told"}
    for text, is_team in ALL:
        for found in findings_of(text, is_team=is_team):
            said_of |= {*keys_of(found.wrong), *keys_of(found.remedy)}
    for sentence in changes(tmp_path):
        said_of |= set(keys_of(sentence))
    assert sorted(ENTRIES.keys() - said_of - NOT_MET) == []


def test_values_are_written_as_the_language_writes_them() -> None:
    assert quoted("a") == said("value.text", text="a")
    assert said("caps.no_rule", value=quoted("a")).text("fr") == f"aucune règle n’a l’identifiant «{NARROW}a{NARROW}»"
    assert said("wanted.told", wanted=said("wanted.list"), value=quoted({})).text("fr") == (
        "il faut une liste, pas des clés avec leurs valeurs"
    )
    assert Amount(20_000).text("fr") == f"20{NARROW}000"
    assert str(said("rules.half_lives", value="1d", number=5, most=MOST_HALF_LIVES)).startswith(
        "1d is half-life number 5"
    )


def test_a_language_that_is_not_spoken_is_refused() -> None:
    with pytest.raises(BadInput, match="in fr or en"):
        said("cure.delete").text("de")
