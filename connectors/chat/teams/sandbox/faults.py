"""Faults as data: what goes wrong at the n-th request of an operation, whole or as one part of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong. The ones that break a whole answer take `after_effect`."""

    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    LIMITED_429 = "limited_429"
    DROP = "drop"
    SILENCE = "silence"
    EMPTY_BODY = "empty_body"
    MALFORMED_JSON = "malformed_json"
    HTML_PAGE = "html_page"
    REDIRECT = "redirect"
    REFUSED = "refused"
    """403 in the words of its half of Graph."""
    NOT_FOUND = "not_found"
    """404, though all of it is there."""
    PAGE_MISSING = "page_missing"
    """The page asked for is left out: the next one comes in its place."""
    PAGE_LOOP = "page_loop"
    """The link to the next page leads to the same one."""
    OK_BUT_KEPT = "ok_but_kept"
    DELAYED_EFFECT = "delayed_effect"
    """Answers well; the effect shows `seconds` later, or when settled."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a kind of fault
    """Tokens stop counting and the app's secret is gone."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a kind of fault
    """Tokens stop counting; signing in again helps."""
    PART_MISSING = "part_missing"
    """The batch's answer leaves this part out."""


WHOLE = frozenset(
    {
        FaultKind.DROP,
        FaultKind.SILENCE,
        FaultKind.EMPTY_BODY,
        FaultKind.MALFORMED_JSON,
        FaultKind.HTML_PAGE,
        FaultKind.REDIRECT,
    }
)
"""Kinds that spoil the one HTTP answer, also where only a part of a batch is struck."""


@dataclass(slots=True)
class Fault:
    """One fault: from the `nth` matching request on, `times` times (0: for ever)."""

    kind: FaultKind
    on: str = "*"
    """A glob over `METHOD /template`, e.g. `DELETE /groups/*/members/*`."""
    within: str = ""
    """Only where a segment of the path, or the body, names this id."""
    nth: int = 1
    times: int = 1
    after_effect: bool = False
    seconds: float = 1.0
    parts_only: bool = False
    """Leaves requests alone that come by themselves."""
    seen: int = field(default=0, compare=False)

    def strikes(self, operation: str, values: Mapping[str, str], body: str, *, part: bool) -> bool:
        """Count a request and say whether the fault applies to it."""
        if not fnmatchcase(operation, self.on) or (self.parts_only and not part):
            return False
        if self.within and self.within not in values.values() and self.within not in body:
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


def fault_from(row: dict[str, Any]) -> Fault:
    """Read a fault from JSON; raises ValueError or TypeError where it is none."""
    return Fault(**{**row, "kind": FaultKind(row["kind"])})
