"""A companion that does not heed: it says in a file that it is there, and what it was told, and stays."""

import os
import signal
import threading
from pathlib import Path

from couveuse.engine.companions import told


def main() -> None:
    """As whoever started this process has asked for it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings, url, _ = told()
    place = Path(settings.data) / f"{os.getpid()}"
    place.with_suffix(".new").write_text(url, encoding="utf-8")
    place.with_suffix(".new").rename(place)
    threading.Event().wait()


if __name__ == "__main__":
    main()
