"""Data that is not part of the project: the folder that COUVEUSE_TEST_DATA names, where there is one."""

import os
from pathlib import Path

VARIABLE = "COUVEUSE_TEST_DATA"
PARTS = ("data", "captures", "cases.yaml")
UNSET = f"{VARIABLE} is not set: name the folder that holds {', '.join(PARTS)} to run this test"


def folder() -> Path | None:
    """The folder that the variable names; None where it is not set; one that is not as said is an error."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    path = Path(named).resolve()
    missing = [part for part in PARTS if not (path / part).exists()]
    if missing:
        message = f"{VARIABLE} names {path}, which lacks {', '.join(missing)}: correct it, or unset it"
        raise FileNotFoundError(message)
    return path
