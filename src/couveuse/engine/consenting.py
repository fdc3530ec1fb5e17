"""Consents and suppressions, as facts say them."""

from collections.abc import Sequence
from typing import Any


def store_consents(connection: Any, arrived: Sequence[Any], resolved: Any, import_id: int | None) -> None:
    """Placeholder until the store of consents lands."""
