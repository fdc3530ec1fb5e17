"""The rules of a test run: what is skipped says why, and in CI nothing passes by being skipped."""

from pathlib import Path

import pytest

from tests import outside

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Runs two tests, one of which is skipped, under the project's own conftest."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = real_data")
    monkeypatch.delenv(outside.VARIABLE, raising=False)
    monkeypatch.delenv("CI", raising=False)

    def runs(test: str) -> pytest.RunResult:
        pytester.makepyfile("import pytest\ndef test_that_passes(): pass\n" + test)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider")

    return runs


def test_a_test_of_outside_data_is_skipped_with_its_reason(run):
    result = run("def test_of_data(test_data): assert test_data")
    result.assert_outcomes(passed=1, skipped=1)
    assert result.ret == 0


def test_a_marked_test_is_skipped_too(run):
    run("@pytest.mark.real_data\ndef test_of_data(): assert False").assert_outcomes(passed=1, skipped=1)


def test_in_ci_a_skipped_test_fails_the_run_and_is_listed(run, monkeypatch):
    monkeypatch.setenv("CI", "true")
    result = run("def test_of_data(test_data): assert test_data")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*skipped tests fail the run in CI*", f"*test_of_data: *{outside.UNSET}"])


def test_in_ci_a_module_that_skips_itself_fails_the_run(run, monkeypatch):
    monkeypatch.setenv("CI", "true")
    result = run("pytest.skip('no reason to speak of', allow_module_level=True)")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*no reason to speak of*"])


def test_in_ci_a_run_without_skips_passes(run, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert run("def test_that_passes_too(): pass").ret == pytest.ExitCode.OK


def test_the_data_is_given_where_it_is_named(run, tmp_path, monkeypatch):
    for part in outside.PARTS:
        (tmp_path / part).mkdir()
    monkeypatch.setenv(outside.VARIABLE, str(tmp_path))
    run("def test_of_data(test_data): assert (test_data / 'data').exists()").assert_outcomes(passed=2)


def test_a_folder_that_lacks_a_part_is_an_error_and_not_a_skip(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv(outside.VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"lacks captures, cases\.yaml: correct it"):
        outside.folder()
