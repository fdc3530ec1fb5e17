"""What is kept for a while only, and goes when its time is over."""

from couveuse.configuration import Configuration
from couveuse.store import answers, connections, uploads


def sweep_answers(url: str, settings: Configuration, now: int) -> None:
    """Answers of the API that nobody may ask for again go."""
    with connections.connect(url, "sweep", autocommit=True) as connection:
        while answers.sweep(connection, now) == answers.MOST_SWEPT:
            pass


def sweep_uploads(url: str, settings: Configuration, now: int) -> None:
    """Uploaded files of which nothing came within a day go."""
    with connections.connect(url, "sweep", autocommit=True) as connection, connection.transaction():
        uploads.forget_old(connection, now - uploads.KEPT_US)
