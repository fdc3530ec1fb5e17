"""A PostgreSQL of our own in the data folder."""

from couveuse.configuration import Configuration


def url(configuration: Configuration) -> str:
    """Where the database is."""
    return configuration.database_url
