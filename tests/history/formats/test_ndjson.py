"""What SQL makes of a line is what the core makes of it: the reason, the instant, the keys, the name it is known by."""

from pathlib import Path
from random import Random

import pytest

from tests.history import dirty
from tests.history.told import parsed, staged, told_by_core, told_by_sql


@pytest.mark.parametrize("seed", range(2))
def test_a_line_of_json_is_what_the_core_says(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    lines = [dirty.line(rng) for _ in range(1500)]
    (tmp_path / "dirty.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with staged(tmp_path, tmp_path / "dirty.ndjson") as staging:
        found = told_by_sql(staging)
    expected = [line for line in lines if line.strip()]
    assert len(found) == len(expected)
    for place, line in enumerate(expected, 1):
        assert found[place] == told_by_core(parsed(line)), line[:500]
