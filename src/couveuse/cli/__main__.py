"""`python -m couveuse.cli`: the same as `couveuse`, for a process that starts another one of its own Python."""

from couveuse.cli import main

main()
