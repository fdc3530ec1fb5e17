"""PostgreSQL away, frozen, or behind a network that is dead: senders are told at once, and all goes on by itself."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.conftest import profile
from tests.faults import truth
from tests.faults.networks import Network
from tests.faults.people import Crowd, a_town
from tests.faults.product import FRONT_DOOR, Part, Product, children
from tests.faults.senders import Line, Load, request, send_all
from tests.processes import until

# For so long PostgreSQL is away.
SECONDS = 60.0 if profile() == "faults" else 3.0
# How much of a core front door and engines may take while they wait for it, and refuse some fifty senders a second.
IDLE = 0.2


def processor_seconds(pids: list[int]) -> float:
    """How much of a processor processes have taken since they began."""
    ticks = 0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Probe:
    """One message, sent again and again: it may be stored though its sender was told to wait."""

    def __init__(self, product: Product) -> None:
        self._line = Line(product.port)
        (self.said,) = Crowd(Random(0), "probe", a_town(Random(0), 1, "probe"), claims=0).messages(1)

    def is_told_to_wait(self) -> bool:
        """Whether a sender is told to wait: while the outage lasts, not when it is over."""
        answer = self._line.post(*request([self.said]), is_claim=False)
        self._line.close()
        return answer is not None and answer[0] == 503 and int(answer[1]["retry-after"]) > 0


def through_an_outage(
    product: Product, parts: list[Part], begin: Callable[[], None], end: Callable[[], None], *,
    seconds: float = SECONDS, noticed: Callable[[], bool] = lambda: True,
) -> None:  # fmt: skip
    """Under load, an outage begins, lasts until it was noticed, and ends.

    Nothing that was acknowledged is lost, and nobody is started again.
    """
    rng, probe = Random(1), Probe(product)
    pids = [pid for part in parts for pid in part.everybody()]
    with Load(product.port, rng, a_town(rng, 30), pause=0.05) as load:
        load.wait_for(100)
        begin()
        try:
            until(probe.is_told_to_wait)
            began, before = time.monotonic(), processor_seconds(pids)
            while time.monotonic() < began + seconds:
                assert probe.is_told_to_wait()
                time.sleep(0.2)
            share = (processor_seconds(pids) - before) / (time.monotonic() - began)
            until(noticed)
        finally:
            end()
        load.wait_for(100)
        sent = send_all(product.port, [probe.said])
    product.settle()
    print(f"{load.answers()} {load.breaks()}, {share:.3f} of a core while away")
    assert load.answers()[503] > 10
    assert share < IDLE
    assert {pid for part in parts for pid in part.everybody()} == set(pids)
    truth.check(product, [*load.acknowledged, *sent])


def test_postgresql_is_away_for_a_while(product: Product) -> None:
    through_an_outage(product, [product.front_door, *product.engines], product.server.stop, product.server.start)


def test_postgresql_stands_still_for_a_while(product: Product) -> None:
    stopped: list[int] = []

    def freeze() -> None:
        assert product.server.pid
        for pid in (product.server.pid, *children(product.server.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)

    def thaw() -> None:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    through_an_outage(product, [product.front_door, *product.engines], freeze, thaw)


# An engine that soon suspects a silent connection.
IMPATIENT = """
from couveuse import configuration, logs
from couveuse.engine import running, silence
silence.EVERY_SECONDS = 0.2
settings = configuration.read()
logs.set_up("engine", settings)
running.run(settings, settings.database_url)
"""


def test_the_network_to_postgresql_is_dead_for_a_while(product: Product) -> None:
    """What was open when it died stays silent for ever, as behind a proxy that has forgotten it."""
    with Network(product.url) as network:
        product.forget_parts()
        parts = [
            product.part("web", *FRONT_DOOR, url=network.url),
            product.part("engine 0", "-c", IMPATIENT, url=network.url),
        ]
        product.start_all()
        through_an_outage(
            product, parts, network.cut, network.mend, noticed=lambda: "connection without an answer" in parts[1].said
        )
        product.forget_parts()
