"""`couveuse` as a process of its own: help, exit codes, pipes, signals, a full disk."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import couveuse
from tests.cli.conftest import Ask
from tests.cli.files import a_view, ndjson, write

RUN = (sys.executable, "-c", "from couveuse.cli import main; main()")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(couveuse.__file__).parents[1])}
PRESET = ("--model", "bareme-b2b", "--at", "2026-07-01")


def start(
    *words: object, before: Callable[[], None] | None = None, stdout: int = subprocess.PIPE, work: Path | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN, *(str(word) for word in words)],
        env=ENVIRONMENT if work is None else {**ENVIRONMENT, "TMPDIR": str(work)},
        text=True,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509 - no thread of ours holds a lock here
    )


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Ten thousand leads: more than a pipe holds."""
    return write(tmp_path, "many.ndjson", ndjson([a_view(1, f"lead{n}@example.com") for n in range(10_000)]))


def test_a_reader_that_has_seen_enough_ends_it_quietly(many: Path) -> None:
    process = start("score", many, *PRESET, "--format", "json")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith('{"lead": ')
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_an_output_that_is_full_is_said_in_one_line(many: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = start("score", many, *PRESET, "--format", "json", stdout=full.fileno())
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert errors == "couveuse: the output, or a temporary file: No space left on device; check the path and the disk\n"


def test_a_full_disk_is_said_in_one_line(many: Path, tmp_path: Path) -> None:
    """No file may be larger than this, which to a program looks as a disk that is full."""

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    process = start("score", many, *PRESET, "--out", tmp_path / "scores.csv", before=small_files)
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in errors
    (line,) = errors.splitlines()
    assert line.startswith("couveuse: the disk is full")
    assert "TMPDIR" in line


def test_an_interruption_ends_it_without_a_word_and_leaves_nothing_behind(tmp_path: Path) -> None:
    rows = b"".join(ndjson([a_view(1 + n % 28, f"lead{n}@example.com", title="x" * 60)]) for n in range(2000))
    events = write(tmp_path, "events.ndjson", rows * 150)
    work = tmp_path / "work"
    work.mkdir()

    def heeds_interruptions() -> None:
        """A shell's background job ignores them, and so would all that it starts."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = start("score", events, *PRESET, work=work, before=heeds_interruptions)
    while not any(work.glob("*/*")) and process.poll() is None:
        pass  # it has not begun to read
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out, errors) == (130, "", "")
    assert not any(work.iterdir())


def test_a_pipe_is_refused_for_it_can_be_read_only_once(tmp_path: Path, ask: Ask) -> None:
    os.mkfifo(tmp_path / "pipe.ndjson")
    (line,) = ask("score", tmp_path / "pipe.ndjson", *PRESET).lines
    assert "not a regular file; write what it gives into a file first" in line


def test_long_work_is_silent_in_a_pipe(many: Path) -> None:
    process = start("score", many, *PRESET, "--format", "csv")
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert len(out.splitlines()) == 10_001


# ---- Words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("--help",), ("-h",), ()])
def test_help_lists_the_commands(words: tuple[str, ...], ask: Ask) -> None:
    answer = ask(*words)
    assert (answer.code, answer.err) == (0 if words else 2, "")
    for command in ("score", "explain", "model"):
        assert command in answer.out


def test_the_version_is_said(ask: Ask) -> None:
    answer = ask("--version")
    assert (answer.code, answer.out) == (0, f"couveuse {couveuse.__version__}\n")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (
            ("score",),
            (
                "--model",
                "--leads",
                "--at",
                "--known-at",
                "--format",
                "--out",
                "--html",
                "--ledger",
                "--states",
                "--rejects",
                "--top",
                "--visitors",
                "--rates",
                "--won",
                "--strict",
                "--lang",
                "--map",
                "--encoding",
                "--processes",
                "--memory",
                "--on",
            ),
        ),
        (("explain",), ("--lead", "--model", "--at", "--format", "--lang")),
        (("model", "check"), ()),
        (("model", "diff"), ("--on", "--examples", "--format")),
        (("model", "presets"), ("--show", "--lang")),
        (("model", "schema"), ()),
    ],
)
def test_help_names_every_option(words: tuple[str, ...], options: tuple[str, ...], ask: Ask) -> None:
    answer = ask(*words, "--help")
    assert (answer.code, answer.err) == (0, "")
    for option in options:
        assert option in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scores",), "couveuse: No such command 'scores'."),
        (("score",), "couveuse: Missing argument 'EVENTS"),
        (("score", "a.csv"), "couveuse: Missing option '--model' / '-m'."),
        (("explain", "a.csv", "-m", "bareme-b2b"), "couveuse: Missing option '--lead'."),
        (("model", "check"), "couveuse: Missing argument 'MODEL'."),
    ],
)
def test_bad_usage_is_said_in_one_line_that_names_the_help(words: tuple[str, ...], said: str, ask: Ask) -> None:
    answer = ask(*words)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.lines
    assert line.startswith(said)
    assert line.endswith("--help")
    assert " See: couveuse" in line
