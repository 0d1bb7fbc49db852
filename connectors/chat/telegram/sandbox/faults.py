"""Faults as data: what goes wrong at the n-th call of a method, in one chat or all, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong. The ones that spoil an answer take `after_effect`."""

    HTTP_500 = "http_500"
    LIMITED_429 = "limited_429"
    DROP = "drop"
    SILENCE = "silence"
    EMPTY_BODY = "empty_body"
    MALFORMED_JSON = "malformed_json"
    HTML_PAGE = "html_page"
    """A gateway's error page with status 502."""
    REDIRECT = "redirect"
    ERROR = "error"
    """Answers `ok: false` with `code` and `description`."""
    OK_BUT_KEPT = "ok_but_kept"
    DELAYED_EFFECT = "delayed_effect"
    """Answers ok; the effect shows `seconds` later, or at `Sandbox.settle`."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a kind of fault


BEFORE_ONLY = frozenset({FaultKind.LIMITED_429, FaultKind.ERROR})


@dataclass(slots=True)
class Fault:
    """One fault: from the `nth` matching call on, `times` times (0: for ever)."""

    kind: FaultKind
    method: str = "*"
    nth: int = 1
    times: int = 1
    after_effect: bool = False
    seconds: float = 1.0
    code: int = 400
    description: str = "Bad Request: CHAT_ADMIN_REQUIRED"
    chat: int | None = None
    """Strikes calls about this chat only."""
    seen: int = field(default=0, compare=False)

    def strikes(self, method: str, params: Mapping[str, Any]) -> bool:
        """Count a call and say whether the fault applies to it."""
        if self.method not in ("*", method):
            return False
        if self.chat is not None and params.get("chat_id") != str(self.chat):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


def fault_from(row: dict[str, Any]) -> Fault:
    """Read a fault from JSON; raises ValueError or TypeError where it is none."""
    return Fault(**{**row, "kind": FaultKind(row["kind"])})
