"""Faults as data: what goes wrong at the n-th call of a method, before or after its effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong. The ones that spoil an answer take `after_effect`."""

    HTTP_500 = "http_500"
    LIMITED_429 = "limited_429"
    LIMITED_200 = "limited_200"
    DROP = "drop"
    SILENCE = "silence"
    EMPTY_BODY = "empty_body"
    MALFORMED_JSON = "malformed_json"
    HTML_PAGE = "html_page"
    REDIRECT = "redirect"
    ERROR = "error"
    """Answers `ok: false` with `error`."""
    PAGE_MISSING = "page_missing"
    """The page asked for is left out: the next one comes in its place."""
    CURSOR_LOOP = "cursor_loop"
    OK_BUT_KEPT = "ok_but_kept"
    DELAYED_EFFECT = "delayed_effect"
    """Answers ok; the effect shows `seconds` later."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a kind of fault


BEFORE_ONLY = frozenset({FaultKind.LIMITED_429, FaultKind.LIMITED_200, FaultKind.ERROR})


@dataclass(slots=True)
class Fault:
    """One fault: from the `nth` matching call on, `times` times (0: for ever)."""

    kind: FaultKind
    method: str = "*"
    nth: int = 1
    times: int = 1
    after_effect: bool = False
    seconds: float = 1.0
    error: str = "internal_error"
    seen: int = field(default=0, compare=False)

    def strikes(self, method: str) -> bool:
        """Count a call and say whether the fault applies to it."""
        if self.method not in ("*", method):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


def fault_from(row: dict[str, Any]) -> Fault:
    """Read a fault from JSON; raises ValueError or TypeError where it is none."""
    return Fault(**{**row, "kind": FaultKind(row["kind"])})
