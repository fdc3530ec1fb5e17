"""Which processes there are; that they end with their parent is tested with those that are tied (test_private)."""

import os
import subprocess
import sys

from couveuse.store.tethers import lives


def test_a_process_lives_until_it_has_ended_and_was_asked_about() -> None:
    assert lives(os.getpid())
    assert lives(1)  # somebody else's, to whom we may not send anything
    child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    assert lives(child.pid)
    child.communicate(b"\n")
    assert not lives(child.pid)
