"""A document's text changed in place: one value is written anew, added or taken out, and every other character stays.

What the document means is not known here: whoever changes it reads it again.
"""

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from couveuse.documents.findings import Path, Step, shown
from couveuse.documents.sentences import CannotChange, Sentence, one_of, said
from couveuse.documents.tree import child, entries
from couveuse.documents.writing import on_one_line, yaml_text


def put(text: str, root: Node, path: Path, value: object) -> str:
    """The text with plain data put at a path; comments and order stay as they are.

    The last step may name a key that is not there yet, or the place after the end of a list. Raises CannotChange for a
    path that leads nowhere or through an alias.
    """
    parent, step = _parent(root, path), path[-1]
    found = child(parent, step)
    if found is None:
        return _added(text, parent, path, value)
    start, end = _span(text, found[1])
    return _spliced(text, start, end, _one_line(value))


def take(text: str, root: Node, path: Path) -> str:
    """The text without what stands at a path; a line that it has to itself goes, with the comment behind it.

    Comments on lines of their own stay. A list or a mapping that held nothing else is left empty. Raises CannotChange
    for a path that leads nowhere, through an alias, or to what does not begin its line.
    """
    parent, step = _parent(root, path), path[-1]
    found = child(parent, step)
    if found is None or not _is_within(found[1], parent):
        raise _not_there(path, parent)
    assert isinstance(parent, MappingNode | SequenceNode)  # it has children
    if len(parent.value) == 1:
        start, end = _span(text, parent)
        return _spliced(text, start, end, "[]" if isinstance(parent, SequenceNode) else "{}")
    if parent.flow_style:
        return _taken_in_flow(text, parent, found)
    return _taken_lines(text, path, found)


def _taken_in_flow(text: str, parent: MappingNode | SequenceNode, found: tuple[Node | None, Node]) -> str:
    """Without one entry in brackets, and without the comma that set it apart."""
    items = [each if isinstance(each, tuple) else (each, each) for each in parent.value]
    at = next(i for i, (_, value) in enumerate(items) if value is found[1])
    if at + 1 < len(items):
        return text[: items[at][0].start_mark.index] + text[items[at + 1][0].start_mark.index :]
    return text[: _span(text, items[at - 1][1])[1]] + text[_span(text, found[1])[1] :]


def _taken_lines(text: str, path: Path, found: tuple[Node | None, Node]) -> str:
    """Without the lines of one entry of a block."""
    key, value = found
    start = (key or value).start_mark.index
    first = text.rfind("\n", 0, start) + 1
    if text[first:start].strip() not in (("-",) if key is None else ("",)):
        raise CannotChange(said("change.in_line", place=shown(path)))
    end = max(_span(text, value)[1], start)
    last = text.find("\n", end)
    return text[:first] + ("" if last < 0 else text[last + 1 :])


def _parent(root: Node, path: Path) -> Node:
    """The mapping or list that holds the last step."""
    if not path:
        raise CannotChange(said("change.no_path"))
    node = root
    for i, step in enumerate(path):
        found = child(node, step)
        if found is not None and not _is_within(found[1], node):
            raise CannotChange(said("change.alias", place=shown(path[: i + 1])))
        if i == len(path) - 1:
            return node
        if found is None:
            raise _not_there(path[: i + 1], node)
        node = found[1]
    return node


def _is_within(node: Node, parent: Node) -> bool:
    """An alias shares the node of its anchor, which stands elsewhere."""
    return bool(parent.start_mark.index <= node.start_mark.index and node.end_mark.index <= parent.end_mark.index)


def _not_there(path: Path, parent: Node) -> CannotChange:
    return CannotChange(said("change.not_there", place=shown(path), cure=_known(parent)))


def _known(node: Node) -> Sentence:
    if isinstance(node, MappingNode) and entries(node):
        return one_of("", entries(node))
    if isinstance(node, SequenceNode):
        return said("change.number_under", most=len(node.value))
    return said("change.shorter")


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


def _added(text: str, parent: Node, path: Path, value: object) -> str:
    step = path[-1]
    if isinstance(parent, MappingNode) and isinstance(step, str):
        entry = f"{_one_line(step)}: {_one_line(value)}"
    elif isinstance(parent, SequenceNode) and step == len(parent.value):
        entry = _one_line(value)
    else:
        raise _not_there(path, parent)
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


def at(data: object, path: Path) -> object:
    """What stands at a path of plain data; None where nothing does."""
    for step in path:
        data = _down(data, step)
    return data


def _down(data: object, step: Step) -> object:
    if isinstance(data, dict):
        return data.get(step)
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else None
