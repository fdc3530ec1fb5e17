"""Asking a person before something that cannot be undone; in a pipe nobody is asked, and nothing is taken for a yes."""

import sys

import typer


def may_ask() -> bool:
    """Whether a person sits at the other end."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_wanted(question: str) -> bool:
    """Whether a person says yes."""
    return may_ask() and typer.confirm(question, err=True)
