"""YAML text as a bounded tree: plain data to check, and the line and column of every key and value.

The text is walked once as a stream before anything is built from it, so that a document that is too large, too
deep or that multiplies itself through aliases (a "YAML bomb") is refused at the cost of reading it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    ScalarEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from couveuse.documents.findings import MODEL, Finding, Kind, Path, Trouble, shown
from couveuse.documents.sentences import Amount, Sentence, quoted, said

MOST_BYTES = 1_000_000
MOST_NODES = 20_000  # keys and values, those that aliases repeat counted each time
MOST_DEPTH = 40

_TAG = "tag:yaml.org,2002:"
_TEXTS = (_TAG + "str", _TAG + "timestamp")  # a date is text, as it is in the events
_NUMBERS = {_TAG + "int": "construct_yaml_int", _TAG + "float": "construct_yaml_float"}
_MERGE = _TAG + "merge"


@dataclass(frozen=True, slots=True)
class Tree:
    """A document as plain data, the nodes that know where each of them stands, and what is wrong already."""

    name: str
    data: object
    root: Node
    findings: tuple[Finding, ...]
    _entries: dict[Node, dict[str, tuple[Node, Node]]] = field(default_factory=dict, compare=False, repr=False)

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of a value or of its key; what is missing stands where its parent does."""
        key, node = None, self.root
        for step in path:
            found = self._child(node, step)
            if found is None:
                at_key = False
                break
            key, node = found
        mark = (key if at_key and key is not None else node).start_mark
        return mark.line + 1, mark.column + 1

    def placed(self, trouble: Trouble) -> Finding:
        """An error with the line and column at which it stands."""
        line, column = self.place(trouble.path, at_key=trouble.at_key)
        return Finding(self.name, line, column, shown(trouble.path), trouble.wrong, trouble.remedy)

    def _child(self, node: Node, step: str | int) -> tuple[Node | None, Node] | None:
        """As `child`, but each mapping is gone through once: a document may have an error on every line."""
        if not isinstance(node, MappingNode):
            return child(node, step)
        if node not in self._entries:
            self._entries[node] = entries(node)
        return self._entries[node].get(str(step))


def read_tree(text: str, name: str, kind: Kind = MODEL) -> Tree:
    """The tree of one YAML document within the bounds; raises the kind's errors for what is no such document."""

    def refuse(line: int, column: int, wrong: Sentence, remedy: Sentence) -> NoReturn:
        raise kind.errors([Finding(name, line, column, "", wrong, remedy)])

    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        refuse(0, 0, said("file.large"), said("file.take_out", what=kind.what))
    try:
        _check_bounds(text, refuse)
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        refuse(line, column, *_syntax(error))
    except ReaderError as error:
        line, column = _place_of(text, int(error.position))
        refuse(line, column, said("yaml.character"), said("cure.delete"))
    except (YAMLError, ValueError, OverflowError, NotImplementedError) as error:
        refuse(1, 1, said("yaml.not_yaml", english=str(error).splitlines()[0]), said("yaml.first_lines"))
    if root is None:
        refuse(1, 1, said("file.empty"), said("file.begin_or_copy", begin=kind.begin, copy=kind.copy))
    if not isinstance(root, MappingNode):
        refuse(1, 1, said("file.not_one", what=kind.what), kind.begin)
    findings: list[Finding] = []
    data = _plain(root, (), name, findings)
    return Tree(name, data, root, tuple(findings))


def child(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    """The key (a list has none) and the value one step down, or None."""
    if isinstance(node, MappingNode):
        return entries(node).get(step) if isinstance(step, str) else None
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return None, node.value[step]
    return None


def entries(node: MappingNode) -> dict[str, tuple[Node, Node]]:
    """The keys of a mapping, each with its own node and its value's; what it merges (`<<`) gives way to its own."""
    own: dict[str, tuple[Node, Node]] = {}
    merged: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in value.value if isinstance(value, SequenceNode) else (value,):
                if isinstance(source, MappingNode):
                    merged = entries(source) | merged
        elif isinstance(key, ScalarNode):
            own.setdefault(str(key.value), (key, value))
    return own | {key: found for key, found in merged.items() if key not in own}


Refuse = Callable[[int, int, Sentence, Sentence], NoReturn]  # line and column, what is wrong, the cure


def _check_bounds(text: str, refuse: Refuse) -> None:
    """Refuse what is too big, too deep or multiplied, before any of it is built."""
    bounds = _Bounds(refuse)
    for event in YAML(typ="safe", pure=True).parse(text):
        bounds.take(event)


class _Bounds:
    """Counts nodes as if every alias were written out, without ever writing one out."""

    def __init__(self, refuse: Refuse) -> None:
        self.refuse = refuse
        self.documents = 0
        self.total = 0
        self.open: list[tuple[str | None, int]] = []  # anchor, total when it began
        self.weights: dict[str, int] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, said("yaml.second"), said("yaml.one_document"))
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, CollectionEndEvent):
            anchor, before = self.open.pop()
            self._anchored(anchor, self.total - before)
        elif isinstance(event, (ScalarEvent, CollectionStartEvent)):
            self._node(event)
        if self.total > MOST_NODES:
            self._refuse(event, said("yaml.nodes", most=Amount(MOST_NODES)), said("yaml.smaller"))

    def _node(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.anchor in self.weights or any(event.anchor == anchor for anchor, _ in self.open if anchor):
            self._refuse(event, said("yaml.anchor_twice", anchor=str(event.anchor)), said("yaml.own_name"))
        self.total += 1
        if isinstance(event, ScalarEvent):
            self._anchored(event.anchor, 1)
            return
        self.open.append((event.anchor, self.total - 1))
        if len(self.open) > MOST_DEPTH:
            self._refuse(event, said("yaml.deep", most=MOST_DEPTH), said("yaml.flatter"))

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self.weights:
            self._refuse(event, said("yaml.alias", anchor=str(event.anchor)), said("yaml.write_out"))
        self.total += self.weights[event.anchor]

    def _anchored(self, anchor: str | None, weight: int) -> None:
        if anchor:
            self.weights[anchor] = weight

    def _refuse(self, event: Event, wrong: Sentence, remedy: Sentence) -> None:
        mark = event.start_mark
        self.refuse(mark.line + 1, mark.column + 1, wrong, remedy)


# What the YAML reader says, by how it begins, and our word for it in the table of sentences.
_PROBLEMS = {
    "found unexpected end of stream": "stream",
    "expected <block end>": "block",
    "expected ',' or": "bracket",
    "could not find expected": "mark",
    "found character": "start",
    "expected the node content": "content",
    "expected alphabetic or numeric": "name",
    "expected a comment or a line break": "end_of_line",
    "found unknown escape character": "escape",
    "expected escape sequence": "escape",
    "expected chomping or indentation": "block_text",
    "sequence entries are not allowed": "entry",
    "mapping keys are not allowed": "entry",
}


def _syntax(error: MarkedYAMLError) -> tuple[Sentence, Sentence]:
    """What the YAML reader stumbled on, and the cure, in our words where its own do not help."""
    problem = str(error.problem or error.context or "unreadable").replace("\n", " ")
    if r"'\t'" in problem:
        return said("yaml.tab"), said("yaml.spaces")
    if "mapping values are not allowed" in problem:
        return said("yaml.colon"), said("yaml.quote_colon")
    word = next((word for start, word in _PROBLEMS.items() if problem.startswith(start)), "other")
    return said(f"problem.{word}", english=problem), said("yaml.close")


def _place_of(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _plain(node: Node, path: Path, name: str, findings: list[Finding]) -> object:
    """A node as dicts, lists, text, numbers, booleans and None; what else YAML can say becomes a finding."""
    if isinstance(node, MappingNode):
        findings.extend(_key_findings(node, path, name))
        return {key: _plain(value, (*path, key), name, findings) for key, (_, value) in entries(node).items()}
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, i), name, findings) for i, item in enumerate(node.value)]
    try:
        return _scalar(node)
    except (ValueError, LookupError):  # a tag may say a number or a boolean of text that is none
        what = said("yaml.tag", value=quoted(str(node.value)), tag=str(node.tag).replace(_TAG, "!!"))
        findings.append(_finding(node, path, name, what, said("cure.plain_text")))
        return str(node.value)


def _scalar(node: Node) -> object:
    """Text, a number, true, false or None; an integer beyond every float is infinite, and refused as such later."""
    if node.tag in _TEXTS:
        return str(node.value)
    if node.tag == _TAG + "null":
        return None
    constructor = _constructor()
    if node.tag == _TAG + "bool":
        return bool(constructor.construct_yaml_bool(node))
    if node.tag not in _NUMBERS:
        raise ValueError(node.tag)
    number = getattr(constructor, _NUMBERS[node.tag])(node)
    try:
        float(number)
    except OverflowError:
        return math.inf
    return number


@cache
def _constructor() -> SafeConstructor:
    constructor: SafeConstructor = YAML(typ="safe", pure=True).constructor
    return constructor


def _key_findings(node: MappingNode, path: Path, name: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            sources = value.value if isinstance(value, SequenceNode) else [value]
            if not all(isinstance(source, MappingNode) for source in sources):
                yield _finding(key, path, name, said("yaml.merge"), said("yaml.merge_alias"))
        elif not isinstance(key, ScalarNode) or key.tag not in _TEXTS:
            shown_key = quoted(key.value if isinstance(key, ScalarNode) else [])
            yield _finding(key, path, name, said("yaml.key", value=shown_key), said("cure.quote"))
        elif key.value in seen:
            twice = said("value.text", text=str(key.value))
            what = said("yaml.twice", value=twice, line=seen[key.value])
            yield _finding(key, (*path, str(key.value)), name, what, said("yaml.keep_either"))
        else:
            seen[key.value] = key.start_mark.line + 1


def _finding(node: Node, path: Path, name: str, wrong: Sentence, remedy: Sentence) -> Finding:
    return Finding(name, node.start_mark.line + 1, node.start_mark.column + 1, shown(path), wrong, remedy)
