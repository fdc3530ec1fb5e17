"""Why long work failed, in the language of whoever reads: each error that it may end with has its sentence."""

import re
from pathlib import Path

import pytest

import couveuse
from couveuse.engine.delivering import Tally
from couveuse.engine.jobs import OURS, Jobs, Work
from couveuse.errors import BadInput, CouveuseError
from couveuse.history.staging import DiskFull
from couveuse.history.unfit import Unfit
from couveuse.store import jobs
from couveuse.store.accounts.models import Role
from couveuse.web.languages import words
from tests.engine.town import NOW, Town, configuration
from tests.web.people import a_person, signed_in
from tests.web.test_words import TABLES

SENTENCES = {
    key.removeprefix("job_failed."): texts
    for key, texts in TABLES["couveuse.web"].items()
    if key.startswith("job_failed.")
}
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted(Path(couveuse.__file__).parent.rglob("*.py")))


def failed(town: Town, error: Exception, kind: str = "bulk") -> int:
    """A piece of work that failed."""

    def fail(_: Work) -> None:
        raise error

    number = jobs.ask(town.connection, kind, {"leads": [1, 2]}, "alice@example.com", NOW)
    assert Jobs(town.url, configuration(), Tally(), {kind: fail}, clock=lambda: NOW).work(town.connection)
    return number


def page(town: Town, number: int, language: str) -> str:
    client = signed_in(a_person(f"Reader{language}{number}", Role.MARKETING, language=language))
    return client.get(f"/leads/bulk/{number}").content.decode()


def test_each_word_that_an_error_is_known_by_has_a_sentence_and_no_other_is_kept():
    known = set(re.findall(r'^    known_as = "(\w+)"', SOURCE, re.MULTILINE))
    assert len(known) > 10
    assert known | {OURS, "other"} == SENTENCES.keys()


def test_each_reason_why_a_file_is_unfit_has_a_sentence_in_both_languages():
    for language in ("fr", "en"):
        for reason in Unfit:
            assert words(language).known("start_unfit", reason.value) != reason.value


@pytest.mark.parametrize("word", sorted(SENTENCES))
def test_whoever_reads_french_reads_no_english(town, word):
    class Known(CouveuseError):
        known_as = word

    shown = page(town, failed(town, Known("this was said in English")), "fr")
    assert words("fr").say(f"job_failed.{word}").replace("'", "&#39;") in shown
    assert "said in English" not in shown


def test_what_is_known_by_no_word_is_told_in_french_where_the_reason_stands(town):
    number = failed(town, BadInput("the file is odd: choose another one"))
    french = page(town, number, "fr")
    assert "le journal de couveuse deliver dit pourquoi" in french
    assert "odd" not in french
    assert "the file is odd: choose another one" in page(town, number, "en")


def test_a_fault_of_ours_is_told_as_one(town):
    number = failed(town, KeyError("of a person"))
    assert "Quelque chose s’est cassé de notre côté" in page(town, number, "fr")
    assert "Something broke on our side" in page(town, number, "en")


def test_a_disk_that_is_full_is_told_in_the_language_of_whoever_reads(town):
    number = failed(town, DiskFull("the disk is full (No space left on device); free some space"))
    assert "Le disque de cette instance est plein" in page(town, number, "fr")
    assert "The disk of this instance is full" in page(town, number, "en")
    job = jobs.find(town.connection, number)
    assert job is not None
    assert (job.why, job.said.partition(" (")[0]) == ("disk", "the disk is full")


def test_what_is_tried_again_has_no_reason_any_more(town):
    number = failed(town, DiskFull())
    assert jobs.again(town.connection, number)
    job = jobs.find(town.connection, number)
    assert job is not None
    assert (job.why, job.said, dict(job.found)) == ("", "", {})
