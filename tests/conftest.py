"""What every test is run with: Hypothesis's profiles, the data from outside, and no skipped test in CI."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import outside

pytest_plugins = ["tests.databases"]

# No deadline and no health check by the clock: the machine may be shared. CI prints how to replay what it finds.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=500, print_blob=True)
settings.register_profile("faults", settings.get_profile("ci"), max_examples=20_000)


def in_ci() -> bool:
    """Whether the run answers for the project: CI is `true` or `1`."""
    return os.environ.get("CI", "").lower() in {"true", "1"}


def profile() -> str:
    """The Hypothesis profile of this run: `faults` if asked for, else `ci` in CI, else `dev`."""
    if os.environ.get("COUVEUSE_FAULTS") == "1":
        return "faults"
    return "ci" if in_ci() else "dev"


settings.load_profile(profile())


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of data from outside; the test is skipped, with the reason, where none is named."""
    path = outside.folder()
    if path is None:
        pytest.skip(outside.UNSET)
    return path


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: what was packed just now holds the time, and two workers have to know a test by one name."""
    return argname if isinstance(val, bytes) else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `real_data` is skipped, with the reason, where no data is named."""
    if item.get_closest_marker("real_data") and outside.folder() is None:
        pytest.skip(outside.UNSET)


def skipped(config: pytest.Config) -> list[str]:
    """The tests skipped in this run, each with its reason."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    reports = terminal.stats.get("skipped", []) if terminal else []
    return [f"{report.nodeid}: {report.longrepr[2]}" for report in reports]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may pass by being skipped."""
    if in_ci() and skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """In CI the tests skipped are listed as what made the run fail."""
    if in_ci() and (names := skipped(config)):
        terminalreporter.section("skipped tests fail the run in CI")
        for name in names:
            terminalreporter.write_line(name)
