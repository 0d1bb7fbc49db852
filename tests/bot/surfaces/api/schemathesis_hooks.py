"""What a generator of requests cannot know: ids that exist, how a search is written, that a key is new.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS); BAWAB_TEST_IDS holds JSON: parameter → ids.
"""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

import schemathesis
from hypothesis import strategies as st

IDS: dict[str, list[str]] = json.loads(os.environ.get("BAWAB_TEST_IDS", "{}"))
_TERM = (
    r'(-?(action|outcome|case|person|group|platform):[a-z*]{1,9}|created:>=2026-11-0[1-9]|"a b"|[a-z]{1,5})'
)
schemathesis.openapi.format("log-search", st.from_regex(rf"({_TERM}( {_TERM}){{0,2}})?", fullmatch=True))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:  # noqa: ARG001 - the hook's form
    """Every other time, name something that is there."""
    for name in path_parameters or {}:
        if name in IDS and IDS[name] and secrets.randbelow(4):
            path_parameters[name] = secrets.choice(IDS[name])  # type: ignore[index]
    return path_parameters


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - the hook's form
    """Give a request that is meant to be right a key of its own, and no cursor that no page gave."""
    if case.meta is None or case.meta.generation.mode.value != "positive":
        return
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(12)
    if case.query:
        case.query.pop("cursor", None)
