"""The commands and their options, by what they are about; each imports what it needs when it runs.

So help comes at once. `couveuse.cli.app` puts them together; what a command does stands in the module of `couveuse.cli`
that it calls.
"""
