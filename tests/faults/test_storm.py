"""Several engines at once on the same people, while leads are merged, files imported and models published.

Late facts, keys that change hands and verdicts come all the while. In the end everything is as the core says, and
PostgreSQL has met no deadlock.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from couveuse import configuration
from couveuse.core.events import Row, check
from couveuse.documents.reading import parse_model, read_model
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import CannotMerge, merge, unmerge
from couveuse.engine.rescoring import Rescore
from tests.conftest import profile
from tests.documents.parts import written_out
from tests.faults import truth
from tests.faults.people import Person, a_town
from tests.faults.product import COUVEUSE, Product
from tests.faults.senders import Load, Sent

STORMS = 100 if profile() == "faults" else 1
FACTS = 3_000
# So many files are imported, and so many models published, meanwhile.
FILES, MODELS = 3, 2
SOURCE = "file"


class Merging(threading.Thread):
    """Merges leads by hand, two that chance names, and takes half of the merges back."""

    def __init__(self, product: Product, rng: Random, pause: float) -> None:
        super().__init__(name="merging")
        self._product, self._rng, self._pause = product, rng, pause
        self._stopping = threading.Event()
        self._standing: list[int] = []
        self.merged = self.undone = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with self._product.connection() as connection:
                folder, models = Folder(self._product.url), LiveModels()
                while not self._stopping.wait(self._rng.random() * self._pause):
                    self._act(connection, folder, models)
        except BaseException as error:  # noqa: BLE001 - the test is told
            self.error = error

    def _act(self, connection: Any, folder: Folder, models: LiveModels) -> None:
        now = time.time_ns() // 1000
        try:
            if self._standing and self._rng.random() < 0.5:
                number = self._standing.pop(self._rng.randrange(len(self._standing)))
                unmerge(connection, folder, models, number, by="Alice", now=now)
                self.undone += 1
                return
            leads = [lead for (lead,) in connection.execute("select id from leads order by id").fetchall()]
            if len(leads) > 1:
                one, other = self._rng.sample(leads, 2)
                number = merge(connection, folder, models, one, other, by="Alice", now=now)
                self._standing.append(number)
                self.merged += 1
        except CannotMerge:
            pass

    def stop(self) -> None:
        self._stopping.set()
        self.join(120)
        assert self.error is None, self.error
        assert not self.is_alive()


@contextmanager
def merging(product: Product, rng: Random, pause: float = 0.2) -> Iterator[Merging]:
    """Merges by hand for the time of the block."""
    hand = Merging(product, rng, pause)
    hand.start()
    try:
        yield hand
    finally:
        hand.stop()


def test_engines_that_meet_over_the_same_people_agree_with_the_core(product: Product) -> None:
    facts = merged = undone = 0
    for storm in range(STORMS):
        product.empty()
        rng = Random(storm)
        people = a_town(rng, 25)
        with (
            merging(product, rng, pause=0.02) as hand,
            Load(product.port, rng, people, senders=4, pause=0.04, late=0.3) as load,
        ):
            load.wait_for(FACTS, 60 + FACTS / 100)
        product.settle()
        facts += truth.check(product, load.acknowledged)
        merged, undone = merged + hand.merged, undone + hand.undone
    print(f"{STORMS} storms, {facts} facts, {merged} merges, {undone} undone; {product.deadlocks()} deadlocks")
    assert merged > 3
    assert product.deadlocks() == 0


# ---- With imports and publications ----------------------------------------------------------------------------------


def a_file(product: Product, rng: Random, number: int, people: list[Person], count: int) -> tuple[str, list[Sent]]:
    """A file of events of the same people, and what is to be stored of it."""
    path = product.folder / f"events-{number}.ndjson"
    rows, sent = [], []
    for place in range(count):
        person = rng.choice(people)
        at = time.time_ns() // 1000 - rng.randrange(100 * 86_400_000_000)
        keys = {"email": person.email, "user_id": person.user_id}
        if person.devices and rng.random() < 0.5:
            keys["anonymous_id"] = rng.choice(person.devices)
        row = {name: key for name, key in keys.items() if key and rng.random() < 0.7} or {"anonymous_id": "nobody"}
        row |= {
            "event": rng.choice(("Page Viewed", "Document Downloaded", "Quote Requested")),
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at // 1_000_000)),
            "message_id": f"f{number}-{place}", "source": SOURCE, "path": "/tarifs",
        }  # fmt: skip
        rows.append(row)
        found = check(row, zone=ZoneInfo("Europe/Paris"), latest=time.time_ns() // 1000)
        assert isinstance(found, Row)
        sent.append(Sent(found, is_claim=False))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path), sent


def bring(product: Product, path: str) -> None:
    """`couveuse import`, as a process."""
    ended = subprocess.run(
        [sys.executable, *COUVEUSE, "import", path, "--basis", "none", "--processes", "1"],
        env=product.environment(), cwd=product.folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


def publish(product: Product, number: int) -> None:
    """Another version of the model, with another rule's worth, published while facts come."""
    document = read_model("bareme-complet" if number % 2 else "bareme-b2b")
    text = written_out(document.model).replace("name: ", "name: storm-", 1)
    with Rescore(product.url, configuration.read({}), parse_model(text, "storm"), by="a test") as rescore:
        # Leads that came between are made at another try.
        for _ in range(20):
            rescore.make(processes=1)
            try:
                rescore.switch()
            except Exception as error:
                if "say the same command again" not in str(error):
                    raise
            else:
                return
    raise AssertionError("it was never switched")


def in_threads(*acts: Callable[[], None]) -> None:
    """Run all at once; the first error is raised when all have ended."""
    errors: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the test is told
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_imports_merges_and_publications_meet_engines_without_a_deadlock(product: Product) -> None:
    facts = merged = 0
    for storm in range(STORMS):
        product.empty()
        rng = Random(storm)
        people = a_town(rng, 40)
        files = [a_file(product, rng, number, people, 300) for number in range(FILES)]
        with (
            merging(product, rng) as hand,
            Load(product.port, rng, people, senders=2, pause=0.02, late=0.3) as load,
        ):
            load.wait_for(100)
            in_threads(
                lambda files=files: [bring(product, path) for path, _ in files],
                lambda: [publish(product, number) for number in range(MODELS)],
            )
            load.wait_for(100)
        product.settle(120)
        sent = [*load.acknowledged, *(each for _, rows in files for each in rows)]
        facts += truth.check(product, sent)
        merged += hand.merged
    print(
        f"{STORMS} storms, {facts} facts, {STORMS * FILES} files, {STORMS * MODELS} models, {merged} merges; "
        f"{product.deadlocks()} deadlocks"
    )
    assert product.deadlocks() == 0
