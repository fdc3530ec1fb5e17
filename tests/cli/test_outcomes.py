"""`couveuse outcomes`: files of a CRM, each row told by its line; what is refused changes nothing of the others."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from couveuse.cli import run
from couveuse.cli.outcomes import read_rows
from couveuse.errors import BadInput
from tests.engine.town import Town, accepted

Said = Callable[..., tuple[int, str, str]]
HEAD = "email,outcome,date,amount,currency,reason,opportunity_id\n"


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as town:
        town.take(accepted("Quote Requested", email="anna@example.com"), accepted("Page Viewed", user_id="17"))
        yield town


@pytest.fixture
def couveuse(town: Town, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The exit code, the answer and what was said beside it."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)

    def said(*words: str) -> tuple[int, str, str]:
        code = run(("outcomes", *words))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def names(town: Town) -> list[str]:
    town.work()
    rows = town.rows(
        "select n.name from events e join event_names n on n.id = e.name_id join sources s on s.id = e.source_id "
        "where s.name = 'couveuse' order by 1"
    )
    return [name for (name,) in rows]


def a_file(tmp_path: Path, text: str, name: str = "outcomes.csv") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return str(path)


def test_it_works(couveuse: Said, town: Town, tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + "anna@example.com,won,2026-05-29,1200,EUR,,O1\n")
    assert couveuse(path) == (0, "", "1 outcome recorded, 0 known before, 0 refused.\n")
    assert names(town) == ["Opportunity Won"]
    assert couveuse(path) == (0, "", "0 outcomes recorded, 1 known before, 0 refused.\n")
    assert names(town) == ["Opportunity Won"]


def test_bad_rows_are_told_by_their_line(couveuse: Said, town: Town, tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        HEAD + "anna@example.com,won,2026-05-29,,,,\n\n"
        '"zoe@example.com",lost,2026-05-29,,,"no\nbudget",\n'
        "anna@example.com,lost,2026-05-29,,,no budget,O2\n",
    )
    code, out, err = couveuse(path)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "line 2: won needs an amount",
        "line 5: no lead is known by this: bring it in first, with couveuse import",
        "1 outcome recorded, 0 known before, 2 refused.",
    ]
    assert names(town) == ["Opportunity Lost"]


def test_a_file_of_another_shape_is_renamed(couveuse: Said, town: Town, tmp_path: Path) -> None:
    path = a_file(tmp_path, "\ufeffCompte;Étape;Jour;Montant\r\n17;Gagné;2026-05-29;1 200,50\r\n")
    pairs = ("crm_id=Compte", "outcome=Étape", "date=Jour", "amount=Montant")
    assert couveuse(path, *[word for pair in pairs for word in ("--map", pair)])[0] == 0
    assert names(town) == ["Opportunity Won"]


def test_lines_of_json_are_read_and_answered(couveuse: Said, town: Town, tmp_path: Path) -> None:
    lines = [
        {"crm_id": 17, "outcome": "accepted", "date": "2026-05-29"},
        {"crm_id": 17, "outcome": "perhaps", "date": "2026-05-29"},
    ]
    text = "\n".join([*map(json.dumps, lines), "{not json", "[]"])
    code, out, _ = couveuse(a_file(tmp_path, text, "o.ndjson"), "--format", "json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [(each["line"], each["became"], each["field"]) for each in told] == [
        (1, "recorded", None), (2, "refused", "outcome"), (3, "refused", "email"), (4, "refused", "email"),
    ]  # fmt: skip
    assert told[0]["lead"] == town.lead("17")
    assert names(town) == ["Lead Accepted"]


def test_a_dry_run_keeps_nothing(couveuse: Said, town: Town, tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + "anna@example.com,won,2026-05-29,1200,,,\n")
    assert couveuse(path, "--dry-run") == (
        0, "", "1 outcome would be recorded, 0 known before, 0 refused. Nothing was written.\n"
    )  # fmt: skip
    assert names(town) == []


def test_the_standard_input_is_read(couveuse: Said, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(HEAD + "anna@example.com,won,2026-05-29,1200,,,\n"))
    assert couveuse("-")[0] == 0
    assert names(town) == ["Opportunity Won"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("a,b\n1,2\n", "--map outcome=COLUMN"),
        ("email,date\n1,2\n", "--map outcome=COLUMN"),
        ("email,outcome\n" + "x" * 200_000 + ",won\n", "quote cells"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        list(read_rows(a_file(tmp_path, text), {}))


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can be read"):
        read_rows(str(tmp_path / "none.csv"), {})
    path = tmp_path / "latin.csv"
    path.write_bytes("email,outcome\né,won\n".encode("latin-1"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_rows(str(path), {})


def test_what_cannot_be_read_ends_with_the_code_of_bad_input(couveuse: Said, tmp_path: Path) -> None:
    code, out, err = couveuse(a_file(tmp_path, "a,b\n1,2\n"))
    assert (code, out, "--map outcome=COLUMN" in err) == (2, "", True)
