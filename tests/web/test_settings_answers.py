"""What channels and the machine answered, in the language of whoever reads."""

import re
from importlib.resources import files

import pytest

from couveuse.language.formats import Formats
from couveuse.store import backups
from couveuse.store.accounts.models import Role
from couveuse.store.health import Check
from couveuse.web.areas.settings import answers, health
from couveuse.web.languages import words
from tests.engine.town import Town
from tests.web.people import a_person, signed_in

CHANNELS = ("webhook/sending", "slack/sending", "email/smtp", "email/service")
SPACES = re.compile("[\u00a0\u202f]")  # French spacing
# The beginnings of what the channels say, as their sources have them.
_OURS = re.compile(r'(?:Failed|Refused|Unknown)\(\s*f?"([^"{]+)')


class Asked:
    """Whoever asks, as far as words go."""

    def __init__(self, language: str) -> None:
        self.language, self.words = language, words(language)
        self.say, self.formats = self.words.say, Formats(self.words, "UTC")


def told(answer: str, language: str = "fr") -> str:
    return answers.said(Asked(language), answer)


@pytest.mark.parametrize(
    ("answer", "french"),
    [
        ("the mail server cannot be reached: Connection refused", "hors d’atteinte : connexion refusée"),
        ("the line broke within the mail: it takes too long", "met trop de temps à répondre"),
        ("the mail server says 550 no such user here", "le serveur de messagerie répond : 550 no such user here"),
        ("the endpoint: it cannot be reached", "l’autre côté est hors d’atteinte"),
        ("the endpoint answers 500", "l’autre côté répond 500"),
        ("Slack answers 404 no_service", "l’autre côté répond 404 no_service"),
    ],
)
def test_an_answer_is_told_in_french(answer, french):
    assert french in SPACES.sub(" ", told(answer))


def test_a_redirect_is_told_with_its_cure():
    said = told("the endpoint answers 302: redirects are not followed, give the address that it leads to")
    assert "donner l’adresse où elle mène" in said


def test_what_the_other_side_says_stands_as_it_is():
    assert told("250 queued as 12") == "250 queued as 12"


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_sentence_of_a_channel_has_its_words(channel):
    source = files("couveuse.channels").joinpath(f"{channel}.py").read_text("utf-8")
    sentences = _OURS.findall(source)
    assert sentences
    for sentence in sentences:
        assert sentence in answers.WHOLE or sentence.startswith(tuple(answers.BEGINNINGS)), sentence


@pytest.mark.parametrize(
    ("error", "french"),
    [
        ("/srv/backups: No space left on device", "/srv/backups : le disque est plein"),
        ("the database could not be saved: pg_dump says no", "n’a pas pu être enregistrée (pg_dump says no)"),
        ("the database could not be saved", "la base de données n’a pas pu être enregistrée"),
        ("/srv/backups/dump cannot be read again", "n’a pas pu être relu"),
        ("something else", "le journal de couveuse deliver dit pourquoi (something else)"),
    ],
)
def test_why_a_backup_failed_is_told_in_french(error, french):
    assert french in SPACES.sub(" ", answers.why_no_backup(Asked("fr"), error))


def test_the_health_page_tells_it(town: Town, monkeypatch):
    monkeypatch.setenv("COUVEUSE_BACKUP_AT", "02:00")
    number = backups.begin(town.connection, at=town.now, place="/srv/backups/1", because="the day's")
    backups.end(town.connection, number, at=town.now, size=None, error="/srv/backups: No space left on device")
    page = signed_in(a_person("Anne", Role.OWNER, language="fr")).get("/settings/health").content.decode()
    assert "le disque est plein" in page
    assert "No space left" not in page


def test_reasons_of_rejects_are_told_in_french(town: Town):
    check = Check("rejects", "2 in the last day", "see: couveuse rejects", "rejects", {"n": 2, "top": "bad_time (2)"})
    assert "date illisible (2)" in health.told(Asked("fr"), check)["says"]
