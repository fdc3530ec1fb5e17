"""The formats of files, each with the way in which its rows are read (`couveuse.history.readings`)."""
