"""Files as people upload them, and whoever does the work that is asked for."""

from pathlib import Path
from typing import Any

from couveuse.engine import job_kinds, jobs, uploading
from couveuse.engine.delivering import Tally
from couveuse.engine.jobs import Job, Jobs
from couveuse.engine.uploading import Wants
from couveuse.store import uploads
from couveuse.store.uploads import Upload
from tests.engine.town import Town, configuration

FRENCH = (
    "Date;Évènement;Courriel;Montant\r\n"
    "03/03/2026 9:05;Quote Requested;ana@example.com;12,5\r\n"
    "04/03/2026 14:30;Document Downloaded;bob@example.com;\r\n"
    "31/03/2026 08:00;Page Viewed;ana@example.com;\r\n"
    "pas une date;Page Viewed;ana@example.com;\r\n"
)
LEADS = "Prénom;Nom;Adresse e-mail;Fonction\nAna;Petit;ana@example.com;CEO\nZoé;Roux;zoe@example.com;Acheteuse\n"
SINCE = 1_772_000_000_000_000


def work(town: Town) -> list[Job]:
    """Do all work that was asked for, as a deliverer does; returns it."""
    done: list[Job] = []
    does = Jobs(town.url, configuration(), Tally(), job_kinds.KINDS)
    before = {number for (number,) in town.rows("select id from jobs where standing in ('waiting', 'running')")}
    while does.work(town.connection):
        pass
    for number in sorted(before):
        found = jobs.find(town.connection, number)
        assert found is not None
        done.append(found)
    return done


def upload(town: Town, path: Path, kind: str = "events", name: str | None = None) -> Upload:
    """A file taken in."""
    number = uploading.receive(
        town.connection, path, name=name or path.name, kind=kind, by="alice@example.com", now=town.now
    )
    found = uploads.find(town.connection, number)
    assert found is not None
    return found


def again(town: Town, of: Upload) -> Upload:
    """The file as it is kept now."""
    found = uploads.find(town.connection, of.id)
    assert found is not None
    return found


def wants(town: Town, of: Upload, **said: Any) -> Wants:
    """How it is guessed to be read, with a declared basis unless another is said."""
    guessed, _ = uploading.first_wants(town.connection, of, of.kind)
    declared = {"basis": "legitimate_interest", "consent_source": "salon 2026", "since": SINCE}
    return Wants(**{**{n: getattr(guessed, n) for n in guessed.__dataclass_fields__}, **declared, **said})
