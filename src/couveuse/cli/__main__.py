"""`python -m couveuse.cli`: the same as `couveuse`, for a process that starts another one of its own Python."""

from couveuse.cli import main

if __name__ == "__main__":
    main()
