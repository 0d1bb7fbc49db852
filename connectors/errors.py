"""Errors of connectors, named by what the caller does next.

An exception means that nothing was sent, or that a read was not complete:

* ConnectorError
  x Unavailable        wait, then try again (`retry_after` seconds where the platform said so)
  x RateLimited        the same: the platform refuses for now
  x HeldBack           the same: our own pace does, nobody was asked
  x BadCredentials     call an operator; the lane pauses
  x MissingScope       call an operator; the lane pauses for what needs that scope
  x NotSupported       make it a manual task
  x BadFeed            change nothing; every complaint has file, line and column
  x Forbidden          the wire refused to let it out; a bug or a dry run, never a retry
"""

from __future__ import annotations

from dataclasses import dataclass


class ConnectorError(Exception):
    """Any of the below; the message says what happened, where, and what to do."""


class Unavailable(ConnectorError):
    """The platform cannot answer now: wait, then try again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(Unavailable):
    """The server refused for now, so surely nothing was done; `retry_after` says for how long."""


class HeldBack(RateLimited):
    """Our own pace let nothing out: of the platform this says nothing, neither good nor bad."""


class BadCredentials(ConnectorError):
    """The token is wrong, revoked or expired: call an operator, the lane pauses."""


class MissingScope(ConnectorError):
    """The token lacks a right: call an operator."""

    def __init__(self, message: str, *, needed: str, provided: str = "") -> None:
        super().__init__(message)
        self.needed = needed
        self.provided = provided


class NotSupported(ConnectorError):
    """The platform has no such act: make it a manual task."""


class Forbidden(ConnectorError):
    """The wire let nothing out: not on the allow-list, or a write in a dry run."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with a feed: where it stands and what to do. Line and column count from 1."""

    code: str
    """A stable key such as `ambiguous_date`."""
    message: str
    file: str
    line: int | None = None
    column: int | None = None
    remedy: str = ""

    def __str__(self) -> str:
        """Give `file:line:column: message. remedy`, the form editors and people jump from."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


class BadFeed(ConnectorError):
    """A feed that must change nothing; `complaints` say why, each at its place."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        super().__init__("; ".join(str(complaint) for complaint in complaints[:5]))
        self.complaints = complaints
