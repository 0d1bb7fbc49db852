"""The little of OData that Graph takes: `$select`, `$top`, `$filter`, pages, and both forms of a key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from connectors.chat.teams.sandbox.errors import GraphError, bad_request

Row = dict[str, Any]
_KEYED = re.compile(r"^([A-Za-z.]+)\('(.*)'\)$")
_EQUAL = re.compile(r"^\(?\s*([\w./]+)\s+eq\s+('(?:[^']|'')*'|true|false|null)\s*\)?$")
_ANY = re.compile(r"^([\w]+)/any\((\w+):\s*\2\s+eq\s+'((?:[^']|'')*)'\)$")
_STARTS = re.compile(r"^startswith\(([\w]+),\s*'((?:[^']|'')*)'\)$", re.IGNORECASE)


def segments(raw_path: str) -> list[str]:
    """Split a path into decoded segments; `users('x')` is the same as `users/x`, `delta()` as `delta`."""
    out: list[str] = []
    for raw in raw_path.strip("/").split("/"):
        part = unquote(raw)
        keyed = _KEYED.match(part)
        if keyed:
            out += [keyed[1], keyed[2].replace("''", "'")]
        else:
            out.append(part.removeprefix("microsoft.graph.").removesuffix("()"))
    return out


def selected(row: Row, query: Mapping[str, str], always: tuple[str, ...] = ("id",)) -> Row:
    """Keep the properties `$select` names, and the annotations."""
    names = {name.strip() for name in query.get("$select", "").split(",") if name.strip()}
    if not names:
        return row
    keep = names | set(always)
    return {key: value for key, value in row.items() if key in keep or key.startswith("@")}


def top(query: Mapping[str, str], default: int, most: int) -> int:
    """Read `$top`; raises GraphError 400 where it is out of bounds."""
    text = query.get("$top")
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {most} inclusive.")
    return int(text)


def offset_of(query: Mapping[str, str], path: str) -> int:
    """Read where a page begins; its token belongs to the very request that gave it, else 400."""
    token = query.get("$skiptoken")
    if token is None:
        return 0
    try:
        data = json.loads(base64.urlsafe_b64decode(token))
        if data["of"] == _mark(query, path):
            return int(data["at"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        pass
    raise GraphError(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )


def next_link(base: str, path: str, query: Mapping[str, str], at: int) -> str:
    """Give the whole address of the page that begins at `at`."""
    token = json.dumps({"at": at, "of": _mark(query, path)}, separators=(",", ":")).encode()
    asked = {key: value for key, value in query.items() if key != "$skiptoken"}
    asked["$skiptoken"] = base64.urlsafe_b64encode(token).decode()
    return f"{base}{path}?{urlencode(asked, safe='$,', quote_via=quote)}"


def _mark(query: Mapping[str, str], path: str) -> str:
    asked = sorted((key, value) for key, value in query.items() if key != "$skiptoken")
    return hashlib.sha256(json.dumps([path, asked]).encode()).hexdigest()[:12]


def matching(text: str) -> Callable[[Row], bool]:
    """Read a `$filter` of equalities, `any`, `startswith`, joined by `and` or by `or`; 400 for more."""
    for word, joined in ((" or ", any), (" and ", all)):
        if word in text:
            tests = [matching(part) for part in _outer(text).split(word)]
            return lambda row, tests=tests, joined=joined: joined(test(row) for test in tests)  # type: ignore[misc]
    return _one(_outer(text).strip())


def _outer(text: str) -> str:
    stripped = text.strip()
    whole = stripped.startswith("(") and stripped.endswith(")") and stripped.count("(") == 1
    return stripped[1:-1] if whole else stripped


def _one(text: str) -> Callable[[Row], bool]:
    if equal := _EQUAL.match(text):
        name, wanted = equal[1].rsplit("/", 1)[-1], _value(equal[2])
        return lambda row: _same(row.get(name), wanted)
    if within := _ANY.match(text):
        wanted = within[3].replace("''", "'")
        return lambda row: any(_same(value, wanted) for value in row.get(within[1]) or ())
    if starts := _STARTS.match(text):
        prefix = starts[2].replace("''", "'").casefold()
        return lambda row: str(row.get(starts[1]) or "").casefold().startswith(prefix)
    raise bad_request(f"Unsupported or invalid query filter clause specified: {text}")


def _value(text: str) -> Any:
    literals = {"true": True, "false": False, "null": None}
    return literals[text] if text in literals else text[1:-1].replace("''", "'")


def _same(value: Any, wanted: Any) -> bool:
    """Graph compares text without regard to case."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    return bool(value == wanted)
