"""Changes to a document in place: the one value asked for is written anew, and every other character stays."""

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from couveuse.documents.findings import Path, Step, one_of, quoted, shown
from couveuse.documents.reading import Document, parse_model
from couveuse.documents.tree import child, entries
from couveuse.documents.writing import on_one_line, yaml_text
from couveuse.errors import BadModel


def set_value(document: Document, path: Path, value: object) -> Document:
    """The document with plain data put at a path, checked again; comments and order stay as they are.

    The last step may name a key that is not there yet, or the place after the end of a list. Raises BadModel for a
    path that leads nowhere or through an alias, and ModelErrors for a model that has errors then.
    """
    parent, step = _parent(document, path), path[-1]
    found = child(parent, step)
    if found is None:
        text = _added(document, parent, path, value)
    else:
        start, end = _span(document.text, found[1])
        text = _spliced(document.text, start, end, _one_line(value))
    changed = parse_model(text, document.name)
    if _at(changed.tree.data, path) != value:
        raise BadModel(f"{shown(path)}: {quoted(value)} cannot be written here; edit the file by hand")
    return changed


def _parent(document: Document, path: Path) -> Node:
    """The mapping or list that holds the last step."""
    if not path:
        raise BadModel("a path has one step at least; name what to change, as rules, 0, points")
    node = document.tree.root
    for i, step in enumerate(path):
        found = child(node, step)
        if found is not None and not _is_within(found[1], node):
            raise BadModel(f"{shown(path[: i + 1])} is an alias of another place; change it there")
        if i == len(path) - 1:
            return node
        if found is None:
            raise BadModel(f"{shown(path[: i + 1])} is not there; {_known(node)}")
        node = found[1]
    return node


def _is_within(node: Node, parent: Node) -> bool:
    """An alias shares the node of its anchor, which stands elsewhere."""
    return bool(parent.start_mark.index <= node.start_mark.index and node.end_mark.index <= parent.end_mark.index)


def _known(node: Node) -> str:
    if isinstance(node, MappingNode):
        return one_of("", entries(node))
    return f"write a number under {len(node.value)}" if isinstance(node, SequenceNode) else "write a shorter path"


def _span(text: str, node: Node) -> tuple[int, int]:
    """Where a value stands in the text; YAML's own mark of a block's end lies beyond the comments after it."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        return start, _span(text, last[1] if isinstance(last, tuple) else last)[1]
    return start, max(start, len(text[:end].rstrip()))


def _spliced(text: str, start: int, end: int, new: str) -> str:
    space = " " if start > 0 and text[start - 1] in ":-," else ""
    return text[:start] + space + new + text[end:]


def _added(document: Document, parent: Node, path: Path, value: object) -> str:
    step, text = path[-1], document.text
    if isinstance(parent, MappingNode) and isinstance(step, str):
        entry = f"{_one_line(step)}: {_one_line(value)}"
    elif isinstance(parent, SequenceNode) and step == len(parent.value):
        entry = _one_line(value)
    else:
        raise BadModel(f"{shown(path)} is not there; {_known(parent)}")
    start, end = _span(text, parent)
    if parent.flow_style:
        comma = ", " if parent.value else ""
        at = len(text[: end - 1].rstrip(" \t\r\n,")) if "#" not in text[start:end] else end - 1
        return text[:at] + comma + entry + text[at:]
    dash = "- " if isinstance(parent, SequenceNode) else ""
    line_end = text.find("\n", end)
    at = len(text) if line_end < 0 else line_end
    at -= text[at - 1 : at] == "\r"
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * int(parent.start_mark.column)
    return "".join((text[:at], newline, indent, dash, entry, text[at:]))


def _one_line(value: object) -> str:
    """Plain data in YAML's flow style, safe within brackets as well as outside."""
    return yaml_text(on_one_line([value])).strip()[1:-1].strip()


def _at(data: object, path: Path) -> object:
    for step in path:
        data = _down(data, step)
    return data


def _down(data: object, step: Step) -> object:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else None
