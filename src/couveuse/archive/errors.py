"""What can go wrong with an archive, each with its cure."""

from couveuse.errors import BadInput, CouveuseError


class OutOfReach(CouveuseError):
    """The archive is needed and cannot be read: bring it back; what needs it waits and is tried again."""

    known_as = "archive"


class ArchiveAway(OutOfReach):
    """The archive does not answer: bring its file system back; what needs it waits and is tried again."""


class ArchiveBroken(OutOfReach):
    """A file of the archive is not what was written: put it back from a copy, then run couveuse archive verify."""


class BadPlace(BadInput):
    """An archive cannot stand at that address."""
