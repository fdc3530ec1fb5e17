"""Pages for people: what this instance is, one lead behind a signed link, and what went wrong."""
