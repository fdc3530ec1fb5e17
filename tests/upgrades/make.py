"""A database with data as a version left it, for the test of upgrading: `python tests/upgrades/make.py COMMIT`.

The code of the commit is taken out of git into a folder of its own and run from there, on a PostgreSQL of its own: it
fills a database with invented people and says what it thinks of them. What comes of it is kept beside this file, named
by the version: `<version>.sql.gz` (what pg_dump writes) and `<version>.json.gz` (scores, ledgers, hand-overs). Run it
for each release, before the next one changes a table.
"""

import gzip
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEADS = 36
FIRST = ("Ada", "Basile", "Chloé", "Denis", "Elsa", "Farid", "Gaëlle", "Hugo", "Inès", "Jules", "Karim", "Léa")
LAST = ("Armand", "Bellet", "Courtois")
PAGES = ("/", "/produits/pompes/p40", "/tarifs", "/devis", "/references", "/blog/entretien")


def main() -> None:
    """Take out the code of a commit, have it fill a database, and keep what came of it."""
    [commit] = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="couveuse-upgrades-") as name:
        folder = Path(name)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder / "code", filter="data")
        version = re.search(r'__version__ = "(.+)"', (folder / "code/src/couveuse/__init__.py").read_text("utf-8"))
        assert version
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COUVEUSE_")}
        environment["PYTHONPATH"] = f"{folder}/code/src{os.pathsep}{folder}/code"
        subprocess.run([sys.executable, __file__, "--fill", name], env=environment, cwd=folder, check=True)
        for kind in ("sql", "json"):
            kept = HERE / f"{version[1]}.{kind}.gz"
            kept.write_bytes(gzip.compress((folder / f"filled.{kind}").read_bytes(), 9, mtime=0))
            print(kept, f"{kept.stat().st_size:,} bytes")


# ---- From here on with the commit's own code ------------------------------------------------------------------------


def fill(folder: Path) -> None:
    """Fill a database and write it down, with what its version says of it."""
    from couveuse.store import binaries, migrating
    from couveuse.store.private import PrivateServer

    with PrivateServer(folder / "data") as server:
        migrating.migrate(server.url)
        said = live(server.url, folder)
        program = binaries.find().program("pg_dump")
        words = ("--no-owner", "--no-privileges", f"--dbname={server.url}")
        text = subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
    # Newer servers' settings, and a word of chance that guards against files of others.
    text = re.sub(r"^(?:SET transaction_timeout = 0;|\\(?:un)?restrict \w+)\n", "", text, flags=re.MULTILINE)
    (folder / "filled.sql").write_text(text, encoding="utf-8")
    (folder / "filled.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")


def live(url: str, folder: Path) -> dict[str, Any]:
    """A year in which everything happens that leaves rows."""
    import couveuse
    from couveuse.documents.reading import read_model
    from couveuse.engine import publishing
    from couveuse.store.packets import Flag
    from couveuse.store.write_keys import KeyKind, create_key
    from tests.engine.town import DAY, NOW, Town, accept, accepted, configuration

    model = (Path(couveuse.__file__).parent / "documents/presets/bareme-complet.yaml").read_text("utf-8")
    with Town(url, model) as town:
        town.take(*facts(accepted, NOW, DAY))
        publishing.publish(town.connection, read_model("bareme-b2b"), configuration(), standing="scoring", by="a test")
        bring(town, folder, NOW, DAY)
        merge(town)
        # A hit that a filter finds to be a machine's: what was handed over for it is withdrawn.
        town.take(accepted("Verdict Given", NOW, email=address(3), of="quote-3", of_source="web", verdict="machine"))
        town.take(accepted("Opportunity Won", NOW + 1, email=address(5), amount=1200))
        # A quiet one, a claim, and a late one.
        town.take(accepted("Quote Requested", NOW - 2 * DAY, email=address(7), flags=Flag.QUIET))
        town.take(accepted("Traits Set", NOW, email=address(8), traits={"job_title": "CEO"}, flags=Flag.CLAIM))
        town.take(accepted("Page Viewed", NOW - 200 * DAY, email=address(9), path="/tarifs"))
        create_key(town.connection, kind=KeyKind.SERVER, source="web", key="cvs_of-a-test")
        said = told(town, NOW)
        # What had been accepted and was not folded yet.
        accept(town.connection, accepted("Document Downloaded", NOW + 2, email=address(1), message_id="waits"))
        town.connection.execute("delete from processes")
        return said


def address(number: int) -> str:
    """The e-mail of an invented person."""
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST)]
    return f"{first}.{last}@example.com".lower().replace("é", "e").replace("ë", "e").replace("è", "e")


def facts(accepted: Any, now: int, day: int) -> Iterator[Any]:
    """What some dozens of people did, by chance that is always the same."""
    rng = Random(1)
    for number in range(LEADS):
        email, device, user = address(number), f"device-{number}", f"crm-{number}"
        keys = {"email": email, "anonymous_id": device} | ({"user_id": user} if number % 3 == 0 else {})
        yield accepted("Page Viewed", now - 90 * day - number, anonymous_id=device, path="/")
        yield accepted("Traits Set", now - 80 * day, traits={"job_title": rng.choice(("CEO", "Acheteur"))}, **keys)
        for _ in range(rng.randint(3, 12)):
            event = rng.choice(("Page Viewed", "Page Viewed", "Email Clicked", "Document Downloaded", "Email Opened"))
            at = now - rng.randrange(1, 70 * day)
            yield accepted(event, at, path=rng.choice(PAGES), url="https://example.com/devis", **keys)
        if number % 4 == 3:
            yield accepted("Quote Requested", now - day + number, email=email, message_id=f"quote-{number}")
        if number % 9 == 0:
            yield accepted("Consent Given", now - day, email=email, purpose="marketing_email", wording="v2")
        if number % 11 == 0:
            yield accepted("Email Complained", now - day, email=email)


def bring(town: Any, folder: Path, now: int, day: int) -> None:
    """Two imports, one of them taken back."""
    from couveuse.engine.undoing import Undoing

    for name, people in (("stays", "mno"), ("goes", "pq")):
        rows = [
            {"event": "Webinar Attended", "occurred_at": instant(now - 30 * day), "email": f"{each}@example.org",
             "message_id": f"{name}-{each}"}
            for each in people
        ]  # fmt: skip
        events, leads = folder / f"{name}.ndjson", folder / f"{name}.csv"
        events.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"event": ""}]), encoding="utf-8")
        leads.write_text(
            "email,company\n" + "".join(f"{each}@example.org,Société {each}\n" for each in people), "utf-8"
        )
        words = ["import", events.name, "--leads", leads.name, "--basis", "legitimate-interest", "--consent-source"]
        environment = {**os.environ, "COUVEUSE_DATABASE_URL": town.url}
        words += ["salon 2026", "--consent-date", "2026-03-01", "--processes", "1"]
        command = [sys.executable, "-m", "couveuse.cli", *words]
        subprocess.run(command, env=environment, cwd=folder, check=True)
    Undoing(town.url, 2).run()


def instant(at: int) -> str:
    """An instant as files have it."""
    from couveuse.core.times import iso

    return iso(at)


def merge(town: Any) -> None:
    """A merge that stands, and one that was undone."""
    from couveuse.engine.batches import Folder
    from couveuse.engine.live import LiveModels
    from couveuse.engine.merging import merge as make
    from couveuse.engine.merging import unmerge

    folder, models = Folder(town.url), LiveModels()
    for lead, into, stays in ((10, 11, True), (12, 13, False)):
        one, other = town.lead(address(lead)), town.lead(address(into))
        number = make(town.connection, folder, models, one, other, by="a test", now=town.now)
        if not stays:
            unmerge(town.connection, folder, models, number, by="a test", now=town.now)


def told(town: Any, at: int) -> dict[str, Any]:
    """What the version says: each lead's score and ledger as of an instant, hand-overs, how many rows there are."""
    from couveuse.engine.live import LiveModels
    from couveuse.engine.looking import Looker

    looker, model = Looker(), next(each for each in LiveModels().load(town.connection) if each.acts)
    leads = town.rows(
        "select i.key, l.id from leads l join identities i on i.id = l.root_id join lead_states s on s.lead_id = l.id"
        " where s.model_id = %s order by i.key",
        model.id,
    )
    said: dict[str, Any] = {"at": at, "model": model.id, "leads": {}}
    for key, number in leads:
        look = looker.look(town.connection, number, model, at=at, now=at)
        said["leads"][key] = {
            "score": round(look.reading.score, 6),
            "band": look.reading.band.id,
            "lines": [[line.at, line.rule, round(line.points, 9)] for line in look.lines],
        }
    said["handovers"] = [
        list(row)
        for row in town.rows(
            "select i.key, h.team, h.treatment, h.kind, h.cause, h.at, h.withdrawn_at is not null from handovers h"
            " join leads l on l.id = h.lead_id join identities i on i.id = l.root_id order by h.id"
        )
    ]
    counted = (
        "events",
        "leads",
        "identities",
        "merges",
        "consents",
        "suppressions",
        "rejects",
        "given_traits",
        "episodes",
    )
    said["rows"] = {table: town.rows(f"select count(*) from {table}")[0][0] for table in counted}
    return said


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fill"]:
        fill(Path(sys.argv[2]))
    else:
        main()
