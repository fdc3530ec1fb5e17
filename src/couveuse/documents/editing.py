"""Changes to a scoring model in place: the one value asked for is written anew, and every other character stays."""

from couveuse.documents.findings import Path, shown
from couveuse.documents.reading import Document, parse_model
from couveuse.documents.sentences import CannotChange, quoted, said
from couveuse.documents.splicing import at, put


def set_value(document: Document, path: Path, value: object) -> Document:
    """The document with plain data put at a path, checked again; comments and order stay as they are.

    The last step may name a key that is not there yet, or the place after the end of a list. Raises CannotChange for a
    path that leads nowhere or through an alias, and ModelErrors for a model that has errors then.
    """
    changed = parse_model(put(document.text, document.tree.root, path, value), document.name)
    if at(changed.tree.data, path) != value:
        raise CannotChange(said("change.unwritable", place=shown(path), value=quoted(value)))
    return changed
