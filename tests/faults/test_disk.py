"""A disk that is full: senders are told at once, nothing is damaged, and all goes on when there is room again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import psycopg
import pytest

from couveuse.store.connections import NoDatabase
from tests.faults import truth
from tests.faults.people import a_town
from tests.faults.product import Product
from tests.faults.senders import Load
from tests.processes import until

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write until there is no room left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


def ask_for_a_journal(product: Product) -> None:
    """Have PostgreSQL begin new files of its journal: without room it ends at once, and cannot recover."""
    with suppress(psycopg.Error, NoDatabase):
        for _ in range(3):
            product.rows("select pg_logical_emit_message(false, 'test', 'something')")
            product.rows("select pg_switch_wal()")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a small disk")
@pytest.mark.parametrize("is_journal", [False, True], ids=["tables", "journal"])
def test_a_full_disk_is_told_and_survived(small_disk: Path, is_journal: bool) -> None:
    rng = Random(13)
    with Product(small_disk) as product:
        with Load(product.port, rng, a_town(rng, 30), pause=0.02) as load:
            load.wait_for(200)
            room = small_disk / "room"
            fill(room)
            if is_journal:
                ask_for_a_journal(product)
                until(lambda: not product.server.is_running)
            refused = load.answers()[503]
            until(lambda: load.answers()[503] > refused + 100)
            room.unlink()
            if is_journal:
                product.server.start()
            load.wait_for(200)
        product.settle()
        facts = truth.check(product, load.acknowledged)
        assert "could not be folded" not in product.engines[0].said
        print(f"{facts} facts, {load.answers()[503]} times told to wait")
