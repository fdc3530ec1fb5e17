"""Which path means what. The table that answers is the one that the reference shows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Call(StrEnum):
    """What a request of the intake says; all but a batch say one thing."""

    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"
    BATCH = "batch"


# Beside the long names: an old name of a batch, and the letters that browsers use.
_OTHER_NAMES: Mapping[str, Call] = {"import": Call.BATCH, **{call.value[0]: call for call in Call}}

CALLS: Final[Mapping[str, Call]] = {
    **{f"/v1/{call}": call for call in Call},
    **{f"/v1/{name}": call for name, call in _OTHER_NAMES.items()},
    **{f"/api/s/{call}": call for call in Call},
    **{f"/api/s/s2s/{call}": call for call in Call},
}
"""The paths of the intake, without a slash at the end."""

PROJECTS, SETTINGS = "/v1/projects/", "/settings"
SOURCE_CONFIG = "/sourceConfig"
_ROOTS = ("/v1", "/api/s", SOURCE_CONFIG)


def serves(path: str) -> bool:
    """Whether the front door answers a path, be it to say that there is nothing."""
    return path.startswith(_ROOTS) and any(path == root or path.startswith(f"{root}/") for root in _ROOTS)


def call_at(path: str) -> Call | None:
    """What a path of the intake says, with or without a slash at its end."""
    return CALLS.get(path) or CALLS.get(path.removesuffix("/"))


def project_at(path: str) -> str | None:
    """The key whose settings a browser asks for."""
    path = path.removesuffix("/")
    if not path.startswith(PROJECTS) or not path.endswith(SETTINGS):
        return None
    key = path[len(PROJECTS) : -len(SETTINGS)]
    return key if key and "/" not in key else None


def is_source_config(path: str) -> bool:
    """Whether a browser asks for what its source is."""
    return path.removesuffix("/") == SOURCE_CONFIG
