"""`couveuse team`: a document is checked with every error, applied as a whole, shown; members are away and back."""

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from couveuse.cli import team
from couveuse.store import rosters
from tests.cli.conftest import Answer, Ask
from tests.documents import team_parts

EXAMPLES = Path(__file__).parents[2] / "examples" / "pompes"
SMALL = (
    team_parts.HEAD + "members: [{id: alice, name: Alice Martin, email: alice@example.com}]\n"
    "teams: [{id: sales, members: [alice]}]\n"
)
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "equipe.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def couveuse(ask: Ask, database: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`couveuse team` with these words, on a database of the test's own."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)

    def asked(*words: object) -> Answer:
        return ask("team", *words)

    return asked


def absences(database: str) -> list[tuple[str, str, str, str]]:
    with psycopg.connect(database) as connection:
        return [
            (each.member, str(each.first_day), str(each.last_day), each.because)
            for each in rosters.load_roster(connection).absences
        ]


# ---- check ------------------------------------------------------------------------------------------


def test_it_works(ask: Ask) -> None:
    answer = ask("team", "check", EXAMPLES / "equipe.yaml", "--model", EXAMPLES / "bareme.yaml")
    assert answer == Answer(0, f"{EXAMPLES / 'equipe.yaml'}: fine (2 teams, 6 members, 1 list, Europe/Paris)\n", "")


def test_every_error_of_a_document_is_a_finding_with_its_line(ask: Ask, write: Write) -> None:
    path = write(SMALL.replace("alice@", "alice at ").replace("[alice]}", "[bob]}"))
    answer = ask("team", "check", path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.lines == [
        f'{path}:3:50 members[0].email: "alice at example.com" is no e-mail address; write one like alice@example.com',
        f'{path}:4:31 teams[0].members[0]: no member has the id "bob"; write alice',
        f"{path}: 2 errors",
    ]


def test_what_a_scoring_model_asks_for_and_is_not_there_is_a_finding(ask: Ask, write: Write) -> None:
    path = write(SMALL)
    answer = ask("team", "check", path, "--model", "bareme-b2b")
    assert (answer.code, answer.out) == (1, "")
    assert any('there is no team "telemarketing"' in line for line in answer.lines)
    assert any('the team "sales" has no treatment "make-appointment"' in line for line in answer.lines)
    assert answer.lines[-1].endswith("findings")


def test_a_model_or_a_file_that_is_not_there_is_refused(ask: Ask, write: Write) -> None:
    assert ask("team", "check", write(SMALL), "--model", "bareme").code == 2
    answer = ask("team", "check", "nowhere.yaml")
    assert (answer.code, "no such file; name the team's document" in answer.err) == (1, True)


def test_the_schema_is_printed(ask: Ask) -> None:
    assert json.loads(ask("team", "schema").out)["title"] == "RosterShape"


# ---- apply, show ------------------------------------------------------------------------------------------


def test_a_document_is_applied_and_says_what_it_changes(couveuse: Ask, database: str, write: Write) -> None:
    answer = couveuse("apply", write(team_parts.FULL), "-f", "json")
    assert (answer.code, answer.lines[-1]) == (0, "Version 1 counts.")
    told = [json.loads(line) for line in answer.out.splitlines()]
    assert [(row["what"], row["id"], row["did"]) for row in told] == [
        ("roster", "", "changed"), ("team", "telemarketing", "added"), ("member", "alice", "added"),
        ("member", "bob", "added"), ("list", "direction", "added"), ("absence", "alice", "added"),
    ]  # fmt: skip
    answer = couveuse("apply", write(SMALL))
    assert "Removed: bob. Nothing new is given to them." in answer.lines
    assert [line for line in answer.out.splitlines() if line.split()[:3] == ["member", "bob", "removed"]]
    with psycopg.connect(database) as connection:
        assert list(rosters.load_roster(connection).members) == ["alice"]
    assert couveuse("apply", write(SMALL)).lines[-1] == "Version 2 counts, as before."


def test_a_dry_run_says_the_same_and_writes_nothing(couveuse: Ask, database: str, write: Write) -> None:
    path = write(SMALL)
    dry = couveuse("apply", path, "--dry-run", "-f", "json")
    assert (dry.code, dry.lines) == (0, ["Nothing was written."])
    with psycopg.connect(database) as connection:
        assert rosters.newest(connection) is None
    assert couveuse("apply", path, "-f", "json").out == dry.out
    assert "nothing" in couveuse("apply", path, "--dry-run").out


def test_a_broken_document_is_refused_and_the_one_before_counts_on(couveuse: Ask, database: str, write: Write) -> None:
    couveuse("apply", write(SMALL))
    answer = couveuse("apply", write(SMALL + "colour: red\n"))
    assert (answer.code, answer.out) == (2, "")
    assert 'unknown key "colour"' in answer.err
    with psycopg.connect(database) as connection:
        assert [version.id for version in rosters.versions(connection, 9)] == [1]


def test_what_the_acting_model_asks_for_is_said_when_a_document_is_applied(
    couveuse: Ask, database: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from couveuse import configuration
    from couveuse.engine.publishing import publish_first

    publish_first(database, configuration.read())
    answer = couveuse("apply", write(SMALL))
    assert answer.code == 0
    assert any("asks for more: " in line and 'no team "telemarketing"' in line for line in answer.lines)


def test_the_team_is_shown(couveuse: Ask, write: Write) -> None:
    assert "couveuse team apply FILE" in couveuse("show").err
    couveuse("apply", write(team_parts.FULL))
    out = couveuse("show").out
    assert "sat-sun 00:00-24:00 Europe/Paris, holidays of FR" in out
    assert "email, slack slack-sales" in out
    assert "detect-project" in out
    told = json.loads(couveuse("show", "-f", "json").out)
    assert (told["team"], told["currency"]) == ("pompes-durand", "CHF")
    assert told["teams"][0]["within"] == "4h"
    assert [member["id"] for member in told["members"]] == ["alice", "bob"]


def test_documents_are_listed_and_printed_as_they_were_applied(couveuse: Ask, write: Write) -> None:
    couveuse("apply", write(team_parts.FULL))
    couveuse("apply", write(SMALL))
    listed = [json.loads(line) for line in couveuse("history", "-f", "json").out.splitlines()]
    assert [(row["version"], row["by"]) for row in listed] == [(2, "command line"), (1, "command line")]
    assert "command line" in couveuse("history").out
    assert couveuse("show", "--document").out == SMALL
    assert couveuse("show", "--version", 1).out == team_parts.FULL
    answer = couveuse("show", "--version", 7)
    assert (answer.code, "couveuse team history" in answer.err) == (2, True)


# ---- absent, back ------------------------------------------------------------------------------------------


def test_a_member_is_away_and_back(couveuse: Ask, database: str, write: Write) -> None:
    couveuse("apply", write(SMALL))
    answer = couveuse("absent", "alice", "--from", "2026-12-21", "--until", "2027-01-03", "--because", "congés")
    assert answer.lines == ["alice is away from 2026-12-21 to 2027-01-03 (absence 1). New tasks pass them over."]
    assert absences(database) == [("alice", "2026-12-21", "2027-01-03", "congés")]
    assert couveuse("back", "alice", "--on", "2026-12-28").lines == ["alice is back on 2026-12-28."]
    assert absences(database) == [("alice", "2026-12-21", "2026-12-27", "congés")]
    assert couveuse("back", "alice", "--on", "2026-12-28").lines == ["alice was not to be away on 2026-12-28."]


def test_without_days_it_is_today_where_the_member_is(
    couveuse: Ask, database: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "now_us", lambda: 1_772_524_800_000_000)  # 2026-03-03T08:00:00Z
    couveuse("apply", write(SMALL.replace("alice@example.com", "alice@example.com, hours: {timezone: Etc/GMT+12}")))
    assert couveuse("absent", "alice").code == 0
    assert absences(database) == [("alice", "2026-03-02", "2026-03-02", "")]
    row = next(line for line in couveuse("show").out.splitlines() if "Alice Martin" in line)
    assert row.split()[-1] == "away"
    couveuse("back", "alice")
    assert absences(database) == []


def test_an_absence_that_the_document_says_comes_back_with_it_and_that_is_said(couveuse: Ask, write: Write) -> None:
    couveuse("apply", write(team_parts.FULL))
    answer = couveuse("back", "alice", "--on", "2026-12-28")
    assert answer.lines[-1].startswith("The document says otherwise: correct it there, too")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent", "zoe"), "zoe: there is no such member; give an id that couveuse team show lists"),
        (("back", "zoe"), "zoe: there is no such member"),
        (("absent", "alice", "--from", "21/12/2026"), "--from 21/12/2026: give a day like 2026-12-21"),
        (("absent", "alice", "--from", "2026-12-21", "--until", "soon"), "--until soon: give a day"),
        (("absent", "alice", "--from", "2026-12-21", "--until", "2026-12-20"), "give the later day"),
        (("absent", "alice", "--because", "x" * 201), "--because: say it in one line"),
        (("back", "alice", "--on", "tomorrow"), "--on tomorrow: give a day"),
        (("absent",), "MEMBER"),
    ],
)
def test_what_will_not_do_is_refused_in_one_line(
    couveuse: Ask, write: Write, words: tuple[str, ...], said: str
) -> None:
    couveuse("apply", write(SMALL))
    answer = couveuse(*words)
    assert (answer.code, answer.out, len(answer.lines)) == (2, "", 1)
    assert said in answer.err
