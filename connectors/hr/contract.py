"""What an HR source is: deliveries that have finished arriving, read whole onto disk, or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from policies.model import Person


class FeedMode(StrEnum):
    """Snapshot: everybody, each time. Delta: only whoever changed."""

    SNAPSHOT = "snapshot"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What the health gate judges: counts and marks of one feed, read whole."""

    source: str
    file: str
    mode: FeedMode
    sha256: str
    """Of the bytes delivered."""
    size: int
    rows: int
    terminated: int
    header: tuple[str, ...]
    modified: datetime
    """Of the file, UTC."""
    as_of: datetime | None = None
    """The date in the file name or a column, where there is one; used to refuse older files."""
    encoding: str = "utf-8"
    delimiter: str = ","
    ends_with_newline: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file that has finished arriving, not yet read."""

    source: str
    path: str
    name: str
    sha256: str
    size: int
    modified: datetime


class StagedFeed(Protocol):
    """A feed read to its end and put on disk; memory does not grow with it."""

    facts: FeedFacts
    """What the gate judges: of the whole file, however much of it was new."""
    since: str | None
    """None: everybody was read. Else the accepted feed this one was compared with, line by line."""

    def people(self) -> AsyncIterator[tuple[Person, str]]:
        """Yield (person, digest of the record) in ascending order of employee id (code points).

        Everybody; where `since` is set, whoever does not stand there exactly as in that feed.
        """
        ...

    def gone(self) -> Sequence[str]:
        """Give the ids, ascending, that stood in the feed `since` and do not stand in this one."""
        ...

    async def lacking(self, ids: Collection[str]) -> set[str]:
        """Give those of these employee ids that do not stand in the feed."""
        ...

    async def remember(self, feed: str) -> None:
        """Keep what lets the next feed be compared with this one, once it is accepted under this id."""
        ...

    async def aclose(self) -> None:
        """Remove the staged copy."""
        ...


class HrSource(Protocol):
    """One place HR data comes from."""

    @property
    def name(self) -> str:
        """The configured name of this source."""
        ...

    def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield finished files, oldest first; an unfinished upload is not yielded."""
        ...

    def arriving(self) -> Sequence[str]:
        """Name the files that were still arriving at the last look."""
        ...

    async def stage(self, delivery: Delivery, since: str | None = None) -> StagedFeed:
        """Read a delivery whole, or raise BadFeed with every complaint.

        `since` is the last feed accepted from this source, None where there is none: a source that has
        kept something of just that feed may give only what is new, and what is gone.
        """
        ...
