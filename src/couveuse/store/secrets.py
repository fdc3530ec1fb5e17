"""The key that signs links and sessions: given, or made at first start and kept in the data folder."""

import os
import secrets as chance
from pathlib import Path

from couveuse.configuration import BadConfiguration, Configuration

LEAST = 32


def secret_key(configuration: Configuration) -> str:
    """The secret key; raises BadConfiguration for one that is too short, or where none can be kept."""
    if configuration.secret_key:
        if len(configuration.secret_key) < LEAST:
            raise BadConfiguration(f"COUVEUSE_SECRET_KEY: it is too short; give {LEAST} characters or more")
        return configuration.secret_key
    return kept(configuration.data / "secret-key")


def kept(path: Path) -> str:
    """The secret in a file, made if it is not there; of two that start at once both get the same one."""
    try:
        return _written(path)
    except FileNotFoundError:
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}-{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(chance.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)  # whoever is first wins
        except FileExistsError:
            pass
        finally:
            made.unlink()
    except OSError as error:
        raise BadConfiguration(
            f"{path}: a key cannot be kept there ({error.strerror}); set COUVEUSE_SECRET_KEY, or COUVEUSE_DATA to a "
            "folder that may be written"
        ) from error
    return _written(path)


def _written(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()
