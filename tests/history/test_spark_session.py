"""What is missing to run on Spark is said before anything starts, in one line, with the cure."""

import socket
import sys
import types

import pytest

from couveuse.errors import BadInput, CouveuseError
from couveuse.history.spark_session import as_couveuse_error, check, environment, is_local, settings


@pytest.fixture
def pyspark_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", types.ModuleType("pyspark"))


@pytest.fixture
def java(monkeypatch, tmp_path):
    """A stand-in for a Java runtime, which says this when it is asked for its version."""

    def says(line: str, code: int = 0) -> None:
        program = tmp_path / "bin" / "java"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho '{line}' >&2\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    says('openjdk version "17.0.15" 2026-04-15')
    return says


def closed_port() -> int:
    """A port of this machine at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.mark.parametrize("master", ["local", "local[2]", "local[*]", "k8s://https://127.0.0.1:6443"])
def test_it_works(master, pyspark_there, java):
    check(master)


@pytest.mark.parametrize(
    "master", ["", "loca", "local[two]", "localhost:7077", "spark://127.0.0.1", "http://x", "yarn "]
)
def test_what_is_no_master_is_refused(master):
    with pytest.raises(BadInput, match="not a Spark master; write local"):
        check(master)


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(CouveuseError, match=r"PySpark is not installed; pip install 'couveuse\[spark\]'$"):
        check("local[2]")


def test_without_java_the_package_is_named(pyspark_there, java):
    java("The operation couldn't be completed", code=1)
    with pytest.raises(CouveuseError, match="there is none: install Java 17"):
        check("local[2]")


def test_a_java_home_with_no_java_is_refused(pyspark_there, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(CouveuseError, match="there is none: install Java 17"):
        check("local[2]")


def test_an_old_java_is_refused(pyspark_there, java):
    java('openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(CouveuseError, match=r"needs Java 17 or newer, and .* is Java 11: install Java 17"):
        check("local[2]")


def test_a_master_that_does_not_answer_is_said_at_once(pyspark_there, java):
    master = f"spark://127.0.0.1:{closed_port()}"
    with pytest.raises(CouveuseError, match="nobody answers there; start the master, or check its host and port"):
        check(master)


def test_one_of_several_masters_is_enough(pyspark_there, java):
    with socket.create_server(("127.0.0.1", 0)) as server:
        check(f"spark://127.0.0.1:{closed_port()},127.0.0.1:{server.getsockname()[1]}")


def test_yarn_wants_the_configuration_of_its_cluster(pyspark_there, java, monkeypatch, tmp_path):
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    with pytest.raises(CouveuseError, match="set HADOOP_CONF_DIR"):
        check("yarn")
    monkeypatch.setenv("YARN_CONF_DIR", str(tmp_path))
    check("yarn")


def test_a_local_session_stays_on_loopback_and_uses_this_python():
    assert is_local("local[2]")
    assert settings("local[2]")["spark.driver.host"] == settings("local[2]")["spark.driver.bindAddress"] == "127.0.0.1"
    assert environment("local[2]") == {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}


def test_a_clusters_own_settings_stand():
    assert not is_local("spark://node:7077")
    assert "spark.driver.host" not in settings("spark://node:7077")
    assert environment("yarn") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ModuleNotFoundError: No module named 'couveuse'", "on each: pip install"),
        (
            "Traceback:\n  File x\nMemoryError: no more: 8 bytes",
            r"Spark could not finish \(MemoryError: no more: 8 bytes\)",
        ),
        ("Job aborted\n\tat org.apache", r"Spark could not finish \(Job aborted\)"),
    ],
)
def test_what_spark_could_not_do_is_one_line(text, said):
    error = as_couveuse_error(RuntimeError(text))
    assert "\n" not in str(error)
    with pytest.raises(CouveuseError, match=said):
        raise error
