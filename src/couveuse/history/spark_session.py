"""A Spark session: checked before it is asked for, quiet, on loopback where it is local, and gone when it is done.

PySpark is an extra: it is imported when a session is asked for, and nowhere else before.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from couveuse import __version__
from couveuse.errors import BadInput, CouveuseError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17  # https://spark.apache.org/docs/latest/#downloading
JAVA_CURE = "install Java 17 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless), or point JAVA_HOME to it"
LOCAL = re.compile(r"local(\[(\*|\d+)(,\s*\d+)?\])?")
MASTERS = re.compile(rf"{LOCAL.pattern}|local-cluster\[.*\]|spark://[^\s/]+:\d+(,[^\s/]+:\d+)*|yarn|k8s://\S+")
LOOPBACK = "127.0.0.1"
# How long a master may take to answer at its port.
KNOCK_SECONDS = 5.0
STOP_SECONDS = 30.0


def is_local(master: str) -> bool:
    """Whether the workers are on this machine, and read the files that this machine reads."""
    return master.startswith("local")


@contextmanager
def session(master: str) -> Iterator["SparkSession"]:
    """A session on that master; a running one is used and left running, else one is started, and ended with its JVM.

    Raises CouveuseError where PySpark, Java or the master is missing, and for what Spark cannot do.
    """
    check(master)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # PySpark warns of each pandas that is newer than itself; none of ours passes through pandas.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    running = SparkSession.getActiveSession()
    if running is not None and running.sparkContext.master != master:
        raise CouveuseError(f"--on {master}: a session on {running.sparkContext.master} is running; stop it first")
    try:
        if running is not None:
            yield running.newSession()
        else:
            with _started(master) as started:
                yield started
    except (PySparkException, Py4JError) as error:
        raise as_couveuse_error(error) from error


def check(master: str) -> None:
    """Raise what is missing to run on that master, with its cure, before anything is started."""
    if not MASTERS.fullmatch(master):
        raise BadInput(
            f"--on {master}: not a Spark master; write local[2], spark://host:7077, yarn or k8s://https://host:port"
        )
    try:
        import pyspark  # noqa: F401 - whether it is there
    except ImportError:
        raise CouveuseError(f"--on {master}: PySpark is not installed; pip install 'couveuse[spark]'") from None
    _check_java()
    if master == "yarn" and not (os.environ.get("HADOOP_CONF_DIR") or os.environ.get("YARN_CONF_DIR")):
        raise CouveuseError("--on yarn: set HADOOP_CONF_DIR to the folder of the cluster's configuration")
    if master.startswith("spark://"):
        _knock(master)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        said = subprocess.run([java or "java", "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        raise CouveuseError(f"Spark needs a Java runtime, and there is none: {JAVA_CURE}") from None
    found = re.search(r'version "(\d+)', said)
    if found and int(found[1]) < OLDEST_JAVA:
        raise CouveuseError(f"Spark needs Java {OLDEST_JAVA} or newer, and {java} is Java {found[1]}: {JAVA_CURE}")


def _knock(master: str) -> None:
    """Spark itself tries for minutes before it says that nobody is there."""
    addresses = master.removeprefix("spark://").split(",")
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), KNOCK_SECONDS):
                return
        except (OSError, OverflowError):
            continue
    raise CouveuseError(f"--on {master}: nobody answers there; start the master, or check its host and port")


def settings(master: str) -> dict[str, str]:
    """What a session of ours is told; what a cluster's own configuration says of other things stands."""
    told = {
        "spark.master": master,
        "spark.app.name": f"couveuse {__version__}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        # Results pass through the driver to its disk, a partition at a time.
        "spark.driver.maxResultSize": "0",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16384",
    }
    if is_local(master) or f"//{LOOPBACK}:" in master:
        told |= {"spark.driver.bindAddress": LOOPBACK, "spark.driver.host": LOOPBACK}
    if is_local(master):
        told |= {
            "spark.local.dir": tempfile.gettempdir(),
            "spark.executorEnv.PYTHONPATH": str(Path(__file__).parents[2]),
        }
    return told


def environment(master: str) -> dict[str, str]:
    """What the environment says to local workers: this Python, and no look-up of the machine's own name."""
    return {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": LOOPBACK} if is_local(master) else {}


@contextmanager
def _started(master: str) -> Iterator["SparkSession"]:
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf(loadDefaults=False).setAll(list(settings(master).items()))
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log, _environment(environment(master)):
        try:
            gateway = launch_gateway(conf, popen_kwargs={"stdout": log, "stderr": log})
        except PySparkException as error:
            raise CouveuseError(f"Spark does not start ({_last_line(log) or error}); check JAVA_HOME") from error
        try:
            started = SparkSession(SparkContext(conf=conf, gateway=gateway))
            try:
                yield started
            finally:
                started.stop()
        finally:
            _end(gateway)


@contextmanager
def _environment(told: Mapping[str, str]) -> Iterator[None]:
    """What Spark reads of the environment alone, for as long as it starts and runs."""
    known = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in known.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _end(gateway: Any) -> None:
    """End the JVM: it lives as long as its standard input, which PySpark leaves open until Python ends."""
    from pyspark import SparkContext

    gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    process = gateway.proc
    if process is None:
        return  # somebody else's JVM
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(log: Any) -> str:
    log.seek(0)
    lines = [line.strip() for line in log if line.strip()]
    return lines[-1][:200] if lines else ""


def as_couveuse_error(error: Exception) -> CouveuseError:
    """What Spark could not do, as one line with a cure."""
    text = str(error)
    if "No module named 'couveuse" in text:
        return CouveuseError(f"Spark's workers lack Couveuse; on each: pip install 'couveuse[spark]=={__version__}'")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # A traceback of Python's says what happened on its last line, anything else on its first.
    told = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Exit)\b.*:", line)]
    said = (told or lines or [type(error).__name__])[-1 if told else 0][:300]
    return CouveuseError(
        f"Spark could not finish ({said}); look into the workers' logs: memory and disk are the usual causes"
    )
