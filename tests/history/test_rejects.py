"""Rows that are no facts can be asked for, even where no row is one."""

from pathlib import Path

import pytest

from couveuse.history.rejects import rejected, write_rejects
from couveuse.history.scoring import Scoring
from couveuse.history.staging import NoUsableRow
from tests.cli.files import write
from tests.history.test_scoring import a_request


def test_a_history_without_a_usable_row_can_still_be_asked_for_its_rejects(tmp_path: Path) -> None:
    events = write(tmp_path, "e.ndjson", [{"event": "X", "email": "a@example.com"}] * 3)
    with Scoring(a_request(events)) as scoring:
        with pytest.raises(NoUsableRow):
            scoring.prepare()
        assert [(reject.line, reject.reason.value) for reject in rejected(scoring.staging, most=2)] == [
            (1, "no_time"),
            (2, "no_time"),
        ]
        assert write_rejects(scoring.staging, tmp_path / "rejects.ndjson") == 3
