"""The text of a document's file, or what is wrong with the file as a whole."""

from pathlib import Path as FilePath

from couveuse.documents.findings import DocumentErrors, Finding, Kind
from couveuse.documents.sentences import Sentence, quoted, said
from couveuse.documents.tree import MOST_BYTES


def file_text(path: str, kind: Kind, *, missing: tuple[Sentence, Sentence]) -> str:
    """The text of a file; raises the kind's errors. `missing` is what is said where there is none, and the cure."""
    content = _content(path, kind, missing)
    if len(content) > MOST_BYTES:
        raise _unreadable(path, kind, said("file.large"), said("file.name_other", what=kind.what))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode()) + 1
        finding = Finding(path, line, column, "", said("file.not_utf8"), said("file.save_utf8"))
        raise kind.errors([finding]) from None


def _content(path: str, kind: Kind, missing: tuple[Sentence, Sentence]) -> bytes:
    """The bytes of a file, one more than there may be at most."""
    try:
        with FilePath(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, kind, *missing) from None
    except IsADirectoryError:
        raise _unreadable(path, kind, said("file.folder"), said("file.name_file")) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(path, kind, said("file.unreadable", reason=reason), said("file.rights")) from None


def _unreadable(path: str, kind: Kind, wrong: Sentence, remedy: Sentence) -> DocumentErrors:
    shown_path = path if path.isprintable() else str(quoted(path))
    return kind.errors([Finding(shown_path, 0, 0, "", wrong, remedy)])
