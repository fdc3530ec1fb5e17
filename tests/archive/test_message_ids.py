"""A `message_id` is exactly itself when put together again."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.archive.message_ids import part, whole

NOW_MS = 1_780_000_000_000


@pytest.mark.parametrize(
    "message_id",
    [
        "m1", "", "0f0e0d0c-0b0a-4908-8706-050403020100", "0F0E0D0C-0B0A-4908-8706-050403020100",
        "ajs-next-1780000000123-0f0e0d0c-0b0a-4908-8706-050403020100", "1780000000123", "1780000000123-1780000000456",
        "00000000000000ff-0000002a", "0f0e0d0c0b0a49088706050403020100", "task-12-3-Lead Accepted", "\x01a\x02b\x03",
        "0f0e0d0c-0b0a-4908-8706-0504030201000f0e0d0c-0b0a-4908-8706-050403020100", "a" * 500, "é0123456789ab",
    ],
)  # fmt: skip
def test_it_works(message_id):
    assert whole(part(message_id, NOW_MS), NOW_MS) == message_id


@given(st.text(st.sampled_from("0123456789abcdef-x\x01\x02\x03"), max_size=80), st.integers(-(2**40), 2**41))
def test_every_id_is_itself_again(message_id, at_ms):
    assert whole(part(message_id, at_ms), at_ms) == message_id


@given(st.uuids(version=4), st.integers(-5000, 5000))
def test_a_browsers_id_weighs_the_chance_in_it(uuid: UUID, late):
    form, data, clock = part(f"ajs-next-{NOW_MS + late}-{uuid}", NOW_MS)
    assert data is not None
    assert len(data) == 15
    assert clock == late
    assert form.startswith("ajs-next-")
    assert len(form) == 14
