"""From pydantic's errors to complaints at line and column, in words and with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policies.complaints import PolicyComplaint, did_you_mean
from policies.yaml_text import Document, Path

Parts = Mapping[str | None, type[BaseModel]]
"""The model of each part of a file, by the key that holds it; None is the file itself."""


def shape_complaints(document: Document, error: ValidationError, parts: Parts) -> Iterable[PolicyComplaint]:
    """Translate every error of one validation."""
    for detail in error.errors(include_url=False):
        path = _path(document, detail["loc"])
        yield _WORDS.get(detail["type"], _plain)(document, path, detail, parts)


def _path(document: Document, loc: tuple[int | str, ...]) -> Path:
    """Keep what stands in the file; pydantic adds the names of union branches on the way."""
    path: Path = ()
    for step in loc:
        if (*path, step) in document.values:
            path = (*path, step)
    return path


def _unknown_key(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
    del detail
    known = _keys_of(parts.get(_part(path[:-1])))
    message = f"unknown key {path[-1]!r}"
    suggestion = did_you_mean(str(path[-1]), known) or f"known here: {', '.join(known)}"
    return document.complaint(path, message, suggestion, at_key=True)


def _missing(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
    del parts
    return document.complaint(path, f"{str(detail['loc'][-1])!r} is missing", "add it")


def _not_one_of(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
    del parts
    known = re.findall(r"'([^']*)'|(?<!\w)(\d+)", str(detail["ctx"]["expected"]))
    words = [word or number for word, number in known]
    given = detail["input"]
    message = f"{_shown(given)} is not one of {', '.join(words)}"
    return document.complaint(path, message, did_you_mean(str(given), words))


def _said(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
    """A validator of ours already says what is expected."""
    del parts
    return document.complaint(path, f"{_shown(detail['input'])}: {detail['ctx']['error']}")


def _expects(what: str) -> Callable[[Document, Path, ErrorDetails, Parts], PolicyComplaint]:
    def complain(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
        del parts
        return document.complaint(path, f"{_shown(detail['input'])} is not {what}", f"write {what}")

    return complain


def _plain(document: Document, path: Path, detail: ErrorDetails, parts: Parts) -> PolicyComplaint:
    del parts
    return document.complaint(path, f"{_shown(detail['input'])}: {detail['msg'].lower()}")


_WORDS = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "enum": _not_one_of,
    "literal_error": _not_one_of,
    "value_error": _said,
    "string_type": _expects("a text"),
    "string_pattern_mismatch": _expects("one word without spaces or slashes"),
    "tuple_type": _expects("a list"),
    "too_short": _expects("a list with at least one entry"),
    "model_type": _expects("a block of `key: value` lines"),
    "model_attributes_type": _expects("a block of `key: value` lines"),
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
