"""The long hunt: all laws of the score over a hundred thousand histories that the ordinary run does not see."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.laws.promises import REAL, broken
from tests.laws.strategies import HISTORIES

HUNTED = 100_000
STEP = 250


def hunt(first: int) -> str | None:
    """The first law broken in a stretch of histories."""
    return broken(REAL, range(first, first + STEP))


@pytest.mark.faults
def test_the_laws_hold_over_a_hundred_thousand_histories() -> None:
    stretches = range(HISTORIES, HISTORIES + HUNTED, STEP)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
        found = [told for told in processes.map(hunt, stretches) if told]
    assert not found, "\n".join(found)
