"""Becomes another program, as another user if asked, which ends when its parent ends, however that ended.

Run as a file, without anything else of ours: `python tethers.py PARENT SIGNAL UID GID PROGRAM ...`.
On Linux the kernel sends the signal (PR_SET_PDEATHSIG); elsewhere nothing does, and whoever starts next must look for
what was left. The kernel watches the *thread* that started the child: start children from a thread that lasts.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # prctl(2)
KEEP = -1  # as a user or group: stay who one is


def command(signal: int, program: Sequence[str], *, uid: int = KEEP, gid: int = KEEP) -> list[str]:
    """The command that starts a program tied to this process."""
    return [sys.executable, "-I", "-S", __file__, *map(str, (os.getpid(), int(signal), uid, gid)), *program]


def tie(parent: int, signal: int) -> bool:
    """Ask for a signal at the parent's end; False if the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    return os.getppid() == parent


def lives(pid: int) -> bool:
    """Whether there is such a process, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def become(arguments: Sequence[str]) -> None:
    """Drop to the user, tie, and become the program; the tie comes after the user, whose change would undo it."""
    parent, signal, uid, gid = map(int, arguments[:4])
    program = list(arguments[4:])
    if uid != KEEP:
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    if not tie(parent, signal):
        sys.exit("couveuse: the parent is gone")
    try:
        os.execv(program[0], program)
    except OSError as error:
        sys.exit(f"couveuse: {program[0]}: {error.strerror}")


if __name__ == "__main__":
    become(sys.argv[1:])
