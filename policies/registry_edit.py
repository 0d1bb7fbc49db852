"""The registry file changed in place: only the words that change are touched, every other byte stays.

A YAML library that writes a file anew also writes anew how its author quoted, indented and wrapped it. Here
ruamel.yaml only says where each value stands; the new words are put in there, and the result is read again
and compared with what was meant before anybody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from policies.complaints import PolicyComplaint, PolicyError
from policies.registry import GroupRow, registry_rows

Value = str | tuple[str, ...] | None
"""A text, a list of words, or None for a key that is to go."""
Key = tuple[str, str]
"""(instance, group) as the row names them."""

_ORDER = tuple(GroupRow.model_fields)
_BARE = re.compile(r"[^\W\d_][\w./@+-]*(?: [\w./@+-]+)*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NOT_BARE = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')


class CannotEdit(PolicyError):
    """The row is written in a way that cannot be changed safely; nothing was changed."""


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    new: str


def with_fields(text: str, file: str, changes: Mapping[Key, Mapping[str, Value]]) -> str:
    """Give the text with fields of some rows set (or, with None, taken out).

    Raises PolicyError where the text has errors, CannotEdit, LookupError for a row that is not there, and
    ValueError for a value that no row may have.
    """
    rows = registry_rows(text, file)
    at = {(row.instance, row.group): index for index, row in enumerate(rows)}
    nodes = _Page(text).rows()
    wanted = list(rows)
    splices: list[_Splice] = []
    for key, fields in changes.items():
        index = at[key]
        splices += _Row(text, nodes[index]).changed(fields)
        wanted[index] = _meant(rows[index], fields)
    return _checked(_spliced(text, splices), file, wanted, nodes[at[next(iter(changes))]])


def with_rows(text: str, file: str, fresh: Sequence[Mapping[str, Value]]) -> str:
    """Give the text with rows added after the last one; raises as `with_fields` does."""
    rows = registry_rows(text, file)
    page = _Page(text)
    wanted = [*rows, *(GroupRow.model_validate(_stated(row)) for row in fresh)]
    return _checked(_spliced(text, [page.added(fresh)]), file, wanted, page.root)


def _meant(row: GroupRow, fields: Mapping[str, Value]) -> GroupRow:
    kept = {name: value for name, value in row.model_dump().items() if name not in fields}
    return GroupRow.model_validate(kept | _stated(fields))


def _stated(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value is not None}


def _checked(text: str, file: str, wanted: Sequence[GroupRow], near: Node) -> str:
    """Read the new text: it must say exactly what was meant."""
    try:
        found = registry_rows(text, file)
    except PolicyError:
        found = ()
    if list(found) != list(wanted):
        line, column = near.start_mark.line + 1, near.start_mark.column + 1
        message = "this is written in a way that cannot be changed without touching more than was asked"
        raise CannotEdit([PolicyComplaint(file, line, column, message, "change it in an editor")])
    return text


def _spliced(text: str, splices: Sequence[_Splice]) -> str:
    for one in sorted(splices, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: one.start] + one.new + text[one.end :]
    return text


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the file and where its keys and values stand."""

    text: str
    node: MappingNode

    def changed(self, fields: Mapping[str, Value]) -> Iterator[_Splice]:
        """Give what to put where."""
        pairs = {str(key.value): (key, value) for key, value in self.node.value}
        gone = {name for name, value in fields.items() if value is None and name in pairs}
        kept = [name for name in pairs if name not in gone]
        yield from self._removed(gone)
        fresh: dict[str, list[str]] = {}
        for name in sorted(fields, key=_ORDER.index):
            value = fields[name]
            if value is not None and name in pairs:
                yield self._replaced(*pairs[name], value)
            elif value is not None:
                fresh.setdefault(_before(name, kept), []).append(_pair(name, value))
        for anchor, written in fresh.items():
            yield self._added(_pair_end(self.text, *pairs[anchor]), written)

    def _replaced(self, key: Node, value: Node, new: Value) -> _Splice:
        colon = _after_colon(self.text, key)
        if _is_empty(value):
            return _Splice(colon, colon, f" {rendered(new)}")
        start, end = value.start_mark.index, _end(self.text, value)
        between = self.text[colon:start]
        if "\n" not in between:
            return _Splice(start, end, rendered(new))
        return _Splice(colon, end, f" {rendered(new)}{between.rstrip()}")

    def _added(self, end: int, pairs: Sequence[str]) -> _Splice:
        if self.node.flow_style:
            return _Splice(end, end, "".join(f", {pair}" for pair in pairs))
        place = _line_end(self.text, end)
        indent = _newline(self.text) + " " * self.node.value[0][0].start_mark.column
        return _Splice(place, place, "".join(indent + pair for pair in pairs))

    def _removed(self, gone: set[str]) -> Iterator[_Splice]:
        pairs = self.node.value
        leading = next(index for index, (key, _) in enumerate(pairs) if key.value not in gone)
        if leading:
            first, start = pairs[0][0].start_mark.index, pairs[leading][0].start_mark.index
            key, value = pairs[leading - 1]
            yield _Splice(first, start, self._notes(key, value, start))
        for before, (key, value) in zip(pairs[leading:], pairs[leading + 1 :], strict=False):
            end = _pair_end(self.text, key, value)
            if key.value in gone and self.node.flow_style:
                yield _Splice(_pair_end(self.text, *before), end, "")
            elif key.value in gone:
                yield _whole_lines(self.text, key.start_mark.index, end)

    def _notes(self, key: Node, value: Node, until: int) -> str:
        """Comments on lines of their own between what goes and what moves up in its place."""
        if self.node.flow_style:
            return ""
        below = self.text[_line_end(self.text, _pair_end(self.text, key, value)) : until]
        return below.lstrip() if "#" in below else ""


class _Page:
    """The whole file as nodes."""

    def __init__(self, text: str) -> None:
        self._text = text
        root = YAML(typ="safe", pure=True).compose(text)
        if not isinstance(root, MappingNode):
            raise TypeError("a registry that was read whole is a mapping")
        self.root = root
        self._groups = next(((key, value) for key, value in root.value if key.value == "groups"), None)

    def rows(self) -> list[MappingNode]:
        """Give the rows, in file order."""
        if self._groups is None or not isinstance(self._groups[1], SequenceNode):
            return []
        return list(self._groups[1].value)

    def added(self, fresh: Sequence[Mapping[str, Value]]) -> _Splice:
        """Give the place after the last row, and what to put there: in the style of that row."""
        rows = self.rows()
        if not rows:
            return self._first(fresh)
        groups = self._groups[1] if self._groups else self.root
        end = _end(self._text, rows[-1])
        if groups.flow_style:
            return _Splice(end, end, "".join(f", {_flow(row)}" for row in fresh))
        place = _line_end(self._text, end)
        column = groups.start_mark.column
        return _Splice(place, place, self._block(fresh, column, flow=bool(rows[-1].flow_style)))

    def _first(self, fresh: Sequence[Mapping[str, Value]]) -> _Splice:
        flow = f"[{', '.join(map(_flow, fresh))}]"
        if self._groups is None:
            end = _pair_end(self._text, *self.root.value[-1])
            if self.root.flow_style:
                return _Splice(end, end, f", groups: {flow}")
            place = _line_end(self._text, end)
            return _Splice(place, place, f"{_newline(self._text)}groups:{self._block(fresh, 2, flow=False)}")
        colon, end = _after_colon(self._text, self._groups[0]), _pair_end(self._text, *self._groups)
        if self.root.flow_style:
            return _Splice(colon, end, f" {flow}")
        place = _line_end(self._text, end)
        comment = self._text[end:place].rstrip()
        return _Splice(colon, place, f"{comment}{self._block(fresh, 2, flow=False)}")

    def _block(self, fresh: Sequence[Mapping[str, Value]], column: int, *, flow: bool) -> str:
        start = _newline(self._text) + " " * column
        if flow:
            return "".join(f"{start}- {_flow(row)}" for row in fresh)
        inner = f"{start}  "
        return "".join(f"{start}- {inner.join(_pairs(row))}" for row in fresh)


def rendered(value: Value) -> str:
    """Spell a value so that it reads back the same here and in any other YAML reader."""
    if isinstance(value, tuple):
        return f"[{', '.join(rendered(word) for word in value)}]"
    text = value or ""
    if _DAY.fullmatch(text) or (_BARE.fullmatch(text) and text.casefold() not in _NOT_BARE):
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    letter = found.group()
    return f"\\{letter}" if letter in '"\\' else f"\\u{ord(letter):04x}"


def _pair(name: str, value: Value) -> str:
    return f"{name}: {rendered(value)}"


def _pairs(row: Mapping[str, Value]) -> list[str]:
    return [_pair(name, row[name]) for name in sorted(_stated(row), key=_ORDER.index)]


def _flow(row: Mapping[str, Value]) -> str:
    return "{" + ", ".join(_pairs(row)) + "}"


def _before(name: str, kept: Sequence[str]) -> str:
    """The key after which a new one is written: the nearest that comes before it in the usual order."""
    earlier = [one for one in kept if _ORDER.index(one) < _ORDER.index(name)]
    return max(earlier or kept, key=_ORDER.index)


def _after_colon(text: str, key: Node) -> int:
    """Where a value may begin; for a key without a colon (a flow mapping allows it) where the key ends."""
    end: int = key.end_mark.index
    found = re.compile(r"\s*:").match(text, end)
    return found.end() if found else end


def _pair_end(text: str, key: Node, value: Node) -> int:
    return _after_colon(text, key) if _is_empty(value) else _end(text, value)


def _is_empty(value: Node) -> bool:
    """Whether nothing stands there: the marks of nothing point at whatever comes next."""
    return isinstance(value, ScalarNode) and value.style is None and value.value == ""


def _end(text: str, node: Node) -> int:
    """Where the last word of a node ends; marks of blocks point past the comments that follow them."""
    if isinstance(node, MappingNode) and node.value and not node.flow_style:
        return _pair_end(text, *node.value[-1])
    if isinstance(node, SequenceNode) and node.value and not node.flow_style:
        return _end(text, node.value[-1])
    start: int = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _line_end(text: str, place: int) -> int:
    found = re.compile(r"[\r\n]").search(text, place)
    return found.start() if found else len(text)


def _whole_lines(text: str, start: int, end: int) -> _Splice:
    first = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    last = _line_end(text, end)
    if last == len(text):  # the file ends without a newline, and is to end so again
        return _Splice(first - (2 if text[:first].endswith("\r\n") else 1), last, "")
    return _Splice(first, last + (2 if text[last : last + 2] == "\r\n" else 1), "")


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
