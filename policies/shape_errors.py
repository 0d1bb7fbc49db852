"""From pydantic's errors to complaints at line and column, in words and with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from policies.complaints import PolicyComplaint, did_you_mean
from policies.yaml_text import Document, Path

Parts = Mapping[str | None, type[BaseModel]]
"""The model of each part of a file, by the key that holds it; None is the file itself."""


@dataclass(frozen=True, slots=True)
class _Problem:
    """One pydantic error, brought back to its place in the file."""

    document: Document
    path: Path
    name: str
    """The key at fault, even where it is not in the file."""
    given: object
    said: str
    """What pydantic, or a validator of ours, has to say."""
    known: tuple[str, ...]
    """The keys that are known where an unknown one stands."""

    def complaint(self, message: str, suggestion: str = "", *, at_key: bool = False) -> PolicyComplaint:
        return self.document.complaint(self.path, message, suggestion, at_key=at_key)


def shape_complaints(document: Document, error: ValidationError, parts: Parts) -> Iterator[PolicyComplaint]:
    """Translate every error of one validation, without those that only repeat what a part of them says."""
    details = error.errors(include_url=False)
    around = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    for detail in details:
        if detail["loc"] in around:
            continue
        path = _path(document, detail["loc"])
        context = detail.get("ctx", {})
        problem = _Problem(
            document=document,
            path=path,
            name=str(detail["loc"][-1]) if detail["loc"] else "",
            given=detail["input"],
            said=str(context.get("expected") or context.get("error") or detail["msg"].lower()),
            known=_keys_of(parts.get(_part(path[:-1]))),
        )
        yield _WORDS.get(detail["type"], _said)(problem)


def _path(document: Document, loc: tuple[int | str, ...]) -> Path:
    """Keep what stands in the file; pydantic adds the names of union branches on the way."""
    path: Path = ()
    for step in loc:
        if (*path, step) in document.values:
            path = (*path, step)
    return path


def _unknown_key(problem: _Problem) -> PolicyComplaint:
    suggestion = did_you_mean(problem.name, problem.known) or f"known here: {', '.join(problem.known)}"
    return problem.complaint(f"unknown key {problem.name!r}", suggestion, at_key=True)


def _missing(problem: _Problem) -> PolicyComplaint:
    return problem.complaint(f"{problem.name!r} is missing", "add it")


def _not_one_of(problem: _Problem) -> PolicyComplaint:
    words = [word or number for word, number in re.findall(r"'([^']*)'|(?<!\w)(\d+)", problem.said)]
    message = f"{_shown(problem.given)} is not one of {', '.join(words)}"
    return problem.complaint(message, did_you_mean(str(problem.given), words))


def _said(problem: _Problem) -> PolicyComplaint:
    return problem.complaint(f"{_shown(problem.given)}: {problem.said}")


def _expects(what: str) -> Callable[[_Problem], PolicyComplaint]:
    return lambda problem: problem.complaint(f"{_shown(problem.given)} is not {what}", f"write {what}")


_WORDS: Mapping[str, Callable[[_Problem], PolicyComplaint]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "enum": _not_one_of,
    "literal_error": _not_one_of,
    "string_type": _expects("a text"),
    "string_too_short": _expects("a text of at least one character"),
    "string_pattern_mismatch": _expects("one word without spaces or slashes"),
    "tuple_type": _expects("a list"),
    "too_short": _expects("a list with at least one entry"),
    "model_type": _expects("a block of `key: value` lines"),
    "bool_parsing": _expects("true or false"),
    "bool_type": _expects("true or false"),
}


def _part(path: Path) -> str | None:
    return next((step for step in reversed(path) if isinstance(step, str)), None)


def _keys_of(model: type[BaseModel] | None) -> tuple[str, ...]:
    fields = {} if model is None else model.model_fields
    return tuple(info.alias or name for name, info in fields.items())


def _shown(value: object) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a block of keys" if isinstance(value, Mapping) else repr(str(value))
