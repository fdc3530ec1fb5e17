"""The house keeps its own rules: pins, commands, links, the direction of imports."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "couveuse"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = ("run", "dev", "spark")
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def pins(name: str) -> dict[str, tuple[str, int]]:
    """The version and the number of hashes of each package that a constraints file pins."""
    text = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    pinned = {}
    for line in lines:
        match = re.match(r"([\w.-]+)(?:\[[\w., -]+\])?==(\S+)", line)
        assert match, f"not pinned to one version: {line[:80]}"
        pinned[canonicalize_name(match[1])] = (match[2], line.count("--hash=sha256:"))
    return pinned


def required() -> Iterator[tuple[str, str]]:
    """Each requirement of the project with the constraints file that must satisfy it."""
    for requirement in PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]:
        yield "run", requirement
    for extra, requirements in PROJECT["project"]["optional-dependencies"].items():
        for requirement in requirements:
            yield extra, requirement


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_hashes(name):
    assert [package for package, (_, hashes) in pins(name).items() if not hashes] == []


@pytest.mark.parametrize("name", PINS)
def test_no_pin_says_where_to_fetch_it(name):
    text = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8")
    assert re.findall(r"^.*(?:://|--index|--find-links).*$", text, re.MULTILINE) == []


def test_the_pins_of_one_package_agree():
    versions = {(package, version) for name in PINS for package, (version, _) in pins(name).items()}
    assert len(versions) == len({package for package, _ in versions})


@pytest.mark.parametrize(("name", "requirement"), sorted(required()))
def test_the_pins_satisfy_what_the_project_requires(name, requirement):
    wanted = Requirement(requirement)
    version, _ = pins(name)[canonicalize_name(wanted.name)]
    assert Version(version) in wanted.specifier


def targets() -> set[str]:
    """The targets of the Makefile that a person may name."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_papers_name_commands_and_files_that_exist(paper):
    text = paper.read_text(encoding="utf-8")
    said = set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^\$? ?make ([a-z]+)", text, re.MULTILINE))
    links = re.findall(r"\]\((?!\w+:)([^)#\s]+)", text)
    assert said <= targets()
    assert [link for link in links if not (paper.parent / link).exists()] == []


def test_the_readme_shows_both_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.glob("0*.md") if f"({path.name})" not in index] == []


def test_every_part_of_the_source_has_its_layer():
    layers = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "layers")["layers"]
    placed = set(re.findall(r"\w+", " ".join(layers)))
    parts = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert {part for part in parts if not part.startswith("__")} <= placed


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, inside its functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", sorted((SOURCE / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_needs_nothing_but_python(path):
    allowed = {*sys.stdlib_module_names, "couveuse"}
    assert [name for name in imports(path) if name.split(".")[0] not in allowed] == []


# What a pure core may not ask of Python either: the clock, chance, a log, the world outside.
WORLDLY = {"asyncio", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket",
           "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"}  # fmt: skip


@pytest.mark.parametrize("path", sorted((SOURCE / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_is_told(path):
    assert [name for name in imports(path) if name.split(".")[0] in WORLDLY] == []


def program(path: Path, *lines: str) -> Path:
    """A small program that stands in for another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    path.chmod(0o755)
    return path


def check(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One of the checks that come before an installation."""
    return subprocess.run(
        [ROOT / ".ci" / script, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_is_new_enough_passes():
    assert check("needs-python", sys.executable).returncode == 0


@pytest.mark.parametrize(
    ("lines", "cure"),
    [
        (('[ "$1" = -V ] && echo "Python 3.9.2"', "exit 1"), "Python 3.9.2, too old: install Python 3.11 or newer"),
        (('case "$2" in *ensurepip*) exit 1;; esac',), "install its venv module"),
    ],
)
def test_a_python_that_will_not_do_is_refused_with_the_cure_in_one_line(tmp_path, lines, cure):
    result = check("needs-python", str(program(tmp_path / "python3", *lines)))
    assert result.returncode == 2
    assert cure in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_python_that_is_not_there_is_refused(tmp_path):
    result = check("needs-python", str(tmp_path / "python3"))
    assert result.returncode == 2
    assert "is not there: install Python 3.11 or newer" in result.stderr


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        (("echo 'openjdk version \"21.0.1\" 2026-01-20' >&2",), 0, ""),
        (("echo 'openjdk version \"1.8.0_402\"' >&2",), 2, "Spark needs Java 17 or newer"),
        (("exit 1",), 2, "Spark needs a Java runtime, and there is none: install Java 17 or newer"),
    ],
)
def test_a_java_is_checked_before_spark_is_installed(tmp_path, lines, code, said):
    program(tmp_path / "bin" / "java", *lines)
    result = check("needs-java", JAVA_HOME=str(tmp_path))
    assert result.returncode == code
    assert said in result.stderr


def test_a_compiler_that_is_there_passes(tmp_path):
    (tmp_path / "Python.h").touch()
    python = program(tmp_path / "python3", f'case "$2" in *CC*) echo sh;; *) echo {tmp_path};; esac')
    assert check("needs-compiler", str(python)).returncode == 0


@pytest.mark.parametrize(
    ("compiler", "said"), [("no-such-compiler", "no-such-compiler is not there"), ("sh", "Python.h")]
)
def test_a_compiler_is_checked_before_the_core_is_compiled(tmp_path, compiler, said):
    python = program(tmp_path / "python3", f'case "$2" in *CC*) echo {compiler};; *) echo {tmp_path};; esac')
    result = check("needs-compiler", str(python))
    assert result.returncode == 2
    assert said in result.stderr
    assert "install a C compiler and Python's headers" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_ordinary_install_needs_no_compiler():
    hook = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    assert hook["enable-by-default"] is False
    assert (ROOT / hook["path"]).is_file()


@pytest.mark.parametrize(
    "requirement", PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["dependencies"]
)
def test_what_compiles_the_core_is_pinned(requirement):
    wanted = Requirement(requirement)
    version, _ = pins("dev")[canonicalize_name(wanted.name)]
    assert Version(version) in wanted.specifier
