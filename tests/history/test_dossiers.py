"""A lead looked at closely: its lines sum to its score, and its facts are told as they stood."""

import math
from pathlib import Path

from couveuse.history.dossiers import dossiers
from couveuse.history.scoring import score
from tests.cli.files import HISTORY, write
from tests.history.test_scoring import a_request


def test_a_dossier_sums_to_the_score_and_tells_the_facts(tmp_path: Path) -> None:
    events = write(tmp_path, "e.ndjson", [{**row, "amount": 20} for row in HISTORY])
    with score(a_request(events, want_dossiers=True)) as scoring:
        rows = list(scoring.scores())
        found = dossiers(scoring, [(str(row["lead"]), str(row["sort"])) for row in rows])
        assert [dossier.lead for dossier in found] == [row["lead"] for row in rows]
        for row, dossier in zip(rows, found, strict=True):
            assert math.isclose(sum(line.points for line, _ in dossier.lines), float(str(row["score"])), abs_tol=1e-9)
            assert math.isclose(dossier.curve[-1][1], float(str(row["score"])), abs_tol=1e-9)
            refs = {deed.ref for deed in dossier.deeds}
            assert {ref for _, ref in dossier.lines if ref is not None} <= refs
        ada = next(dossier for dossier in found if dossier.lead == "ada@example.com")
        assert [deed.event for deed in ada.deeds] == ["Page Viewed", "Document Downloaded", "Score Adjusted"]
        assert ada.deeds[0].properties["path"] == "/tarifs"
