"""YAML text to plain data in which every value knows its line and column.

Every scalar stays the text that was written, so that `019002` keeps its zero and `no` is not a boolean before
the shape of the file says so. Anchors, aliases, tags, duplicate keys and deep nesting are refused: a file
that decides who loses access says each thing once, where it can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from policies.complaints import PolicyComplaint, PolicyError

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 20

Data = str | list["Data"] | dict[str, "Data"] | None
Path = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one file, and where each part of it stands."""

    file: str
    data: dict[str, Data]
    values: dict[Path, Place]
    keys: dict[Path, Place]

    def complaint(
        self, path: Path, message: str, suggestion: str = "", *, at_key: bool = False
    ) -> PolicyComplaint:
        """Complain about the value (or the key) at `path`."""
        place = self.keys.get(path) if at_key else None
        line, column = place or self.values[path]
        return PolicyComplaint(self.file, line, column, message, suggestion)


def read(text: str, file: str) -> Document:
    """Read one YAML mapping, or raise PolicyError with every complaint that can be told apart."""
    if len(text) > MAX_CHARACTERS:
        raise PolicyError(
            [PolicyComplaint(file, 1, 1, f"the file is longer than {MAX_CHARACTERS:,} characters")]
        )
    root = _composed(text, file)
    if not isinstance(root, MappingNode):
        what = "the file is empty" if root is None else "the file is not a mapping (`key: value` lines)"
        raise PolicyError([PolicyComplaint(file, 1, 1, what, "start it with 'version: 1'")])
    reader = _Reader(file)
    data = reader.mapping(root, ())
    if reader.complaints:
        raise PolicyError(reader.complaints)
    return Document(file, data, reader.values, reader.keys)


def _composed(text: str, file: str) -> Node | None:
    try:
        refused = list(_refused_events(text, file))
        if not refused:
            root: Node | None = _parser().compose(text)
            return root
    except MarkedYAMLError as error:
        refused = [_syntax_complaint(error, file)]
    except ReaderError as error:
        refused = [_character_complaint(error, text, file)]
    raise PolicyError(refused)


def _parser() -> YAML:
    return YAML(typ="safe", pure=True)


def _refused_events(text: str, file: str) -> Iterator[PolicyComplaint]:
    """Look at the flat stream of events, before anything could be expanded or nested."""
    depth = 0
    for event in _parser().parse(text):
        line, column = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            yield PolicyComplaint(
                file, line, column, f"alias *{event.anchor} is refused", "write the value out"
            )
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            yield PolicyComplaint(
                file, line, column, f"anchor &{event.anchor} is refused", "write values out"
            )
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            yield PolicyComplaint(file, line, column, f"nested more than {MAX_DEPTH} deep")
            return


def _syntax_complaint(error: MarkedYAMLError, file: str) -> PolicyComplaint:
    line, column = _place(error.problem_mark or error.context_mark)
    problem = str(error.problem or error.context)
    tab = "'\\t'" in problem
    message = "a tab cannot indent YAML" if tab else f"not YAML: {problem}"
    return PolicyComplaint(file, line, column, message, "use spaces" if tab else "")


def _character_complaint(error: ReaderError, text: str, file: str) -> PolicyComplaint:
    before = text[: error.position]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return PolicyComplaint(file, line, column, f"character {error.character!r} is not allowed", "remove it")


def _place(mark: StringMark) -> Place:
    return mark.line + 1, mark.column + 1


@dataclass(slots=True)
class _Reader:
    """Turns nodes into data, collecting places and complaints on the way."""

    file: str
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    complaints: list[PolicyComplaint] = field(default_factory=list)

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Data]:
        self.values[path] = _place(node.start_mark)
        found: dict[str, Data] = {}
        for key, value in node.value:
            name = self._key(key)
            here = (*path, name)
            if name in found:
                self._complain(key, f"{name!r} is written twice", "keep one of them")
                continue
            self.keys[here] = _place(key.start_mark)
            found[name] = self._value(value, here)
        return found

    def _value(self, node: Node, path: Path) -> Data:
        self.values[path] = _place(node.start_mark)
        if str(node.tag).startswith("!"):
            self._complain(node, f"the tag {node.tag} is refused", "write the plain value")
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    @staticmethod
    def _scalar(node: Node) -> str | None:
        return None if str(node.tag).endswith(":null") else str(node.value)

    def _key(self, node: Node) -> str:
        if isinstance(node, ScalarNode):
            return str(node.value)
        self._complain(node, "a key must be one word", "")
        return ""

    def _complain(self, node: Node, message: str, suggestion: str) -> None:
        self.complaints.append(PolicyComplaint(self.file, *_place(node.start_mark), message, suggestion))
