"""What the sandbox serves: one operation per method and path template, with the permissions that open it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from connectors.chat.teams.sandbox.call import Answer, Call

Handler = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked."""

    method: str
    template: str
    handle: Handler
    any_of: tuple[str, ...] = ()
    """Application permissions, least privileged first; one of them is enough. None: the handler judges."""
    teams: bool = False
    """Whether Teams answers it: it refuses in other words, and limits by team."""
    cost: int = 1
    """Resource units of the directory's limits."""
    reads: bool = False
    """A POST that only reads."""
    destroys: bool = False
    """Whether it deletes for good what nobody may ever ask to delete."""

    @property
    def name(self) -> str:
        """Give `METHOD /template`."""
        return f"{self.method} {self.template}"

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET" and not self.reads


class Router:
    """Finds the operation a path is on; literal segments win over `{values}`."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_form: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
        for operation in operations:
            parts = operation.template.strip("/").split("/")
            self._by_form.setdefault((operation.method, len(parts)), []).append((parts, operation))
        for row in self._by_form.values():
            row.sort(key=lambda entry: [part.startswith("{") for part in entry[0]])

    def find(self, method: str, segments: list[str]) -> tuple[Operation, Mapping[str, str]] | None:
        """Give the operation with the path's values; None where there is none."""
        for parts, operation in self._by_form.get((method, len(segments)), ()):
            if all(
                mine.startswith("{") or mine == other for mine, other in zip(parts, segments, strict=True)
            ):
                pairs = zip(parts, segments, strict=True)
                return operation, {mine[1:-1]: other for mine, other in pairs if mine.startswith("{")}
        return None
