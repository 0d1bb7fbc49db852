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
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from policies.complaints import PolicyComplaint, PolicyError

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 20

_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})

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
        raise PolicyError([PolicyComplaint(file, 1, 1, f"longer than {MAX_CHARACTERS:,} characters")])
    reader = _Reader(file, iter(YAML(typ="safe", pure=True).parse(text)))
    try:
        data = reader.document()
    except MarkedYAMLError as error:
        raise PolicyError([*reader.complaints, _syntax_complaint(error, file)]) from None
    except ReaderError as error:
        raise PolicyError([*reader.complaints, _character_complaint(error, text, file)]) from None
    if reader.complaints:
        raise PolicyError(reader.complaints)
    if not isinstance(data, dict):
        what = "the file is empty" if data is None else "the file is not a mapping (`key: value` lines)"
        raise PolicyError([PolicyComplaint(file, 1, 1, what, "start it with 'version: 1'")])
    return Document(file, data, reader.values, reader.keys)


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
    """Turns the stream of events into data, one event at a time, collecting places and complaints on the way.

    Nothing is expanded: an alias is complained about where it stands, and nesting stops at MAX_DEPTH.
    """

    file: str
    events: Iterator[Event]
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    complaints: list[PolicyComplaint] = field(default_factory=list)

    def document(self) -> Data:
        """Read the one document of the file; None where there is none."""
        data: Data = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._complain(event, "a second document begins here", "write one file for each")
                    break
            elif isinstance(event, NodeEvent):
                data = self._value(event, ())
        return data

    def _value(self, event: Event, path: Path) -> Data:
        self.values[path] = _place(event.start_mark)
        self._refuse_references(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        if isinstance(event, ScalarEvent):
            empty = event.style is None and event.value in _EMPTY
            return None if empty else str(event.value)
        return None

    def _sequence(self, path: Path) -> list[Data]:
        items: list[Data] = []
        for event in self._inside(path):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for key in self._inside(path):
            name = self._key(key, path)
            value = self._value(next(self.events), (*path, name))
            if name in found:
                self._complain(key, f"{name!r} is written twice", "keep one of them")
            self.keys.setdefault((*path, name), _place(key.start_mark))
            found.setdefault(name, value)
        return found

    def _inside(self, path: Path) -> Iterator[Event]:
        for event in self.events:
            if isinstance(event, CollectionEndEvent):
                return
            if len(path) >= MAX_DEPTH:
                self._complain(event, f"nested more than {MAX_DEPTH} deep", "")
                raise PolicyError(self.complaints)
            yield event

    def _key(self, event: Event, path: Path) -> str:
        if isinstance(event, ScalarEvent):
            self._refuse_references(event)
            return str(event.value)
        self._complain(event, "a key must be one word", "")
        self._value(event, (*path, ""))
        return ""

    def _refuse_references(self, event: Event) -> None:
        if isinstance(event, AliasEvent):
            self._complain(event, f"alias *{event.anchor} is refused", "write the value out")
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            self._complain(event, f"anchor &{event.anchor} is refused", "write values out")
        if (tag := getattr(event, "tag", None)) is not None:
            self._complain(event, f"the tag {tag} is refused", "write the plain value")

    def _complain(self, event: Event, message: str, suggestion: str) -> None:
        self.complaints.append(PolicyComplaint(self.file, *_place(event.start_mark), message, suggestion))
