"""Judges a whole HR feed before any person in it is looked at: what looks broken changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

SNAPSHOT = "snapshot"
NAMES_SHOWN = 12
"""Columns named in a message; all of them are in its evidence."""
NAME_SHOWN = 60


@dataclass(frozen=True, slots=True)
class FeedReading:
    """What is known of one feed, read whole; the gate sees counts and marks, never people."""

    mode: str
    """`snapshot` or `delta`."""
    rows: int
    terminated: int
    header: tuple[str, ...]
    sha256: str
    modified: datetime
    """Of the file; aware."""
    as_of: datetime | None = None
    """The date in the file name or in a column; aware."""
    ends_with_newline: bool = True
    missing_canaries: tuple[str, ...] = ()
    """Employee ids that every snapshot must hold, and this one lacks."""


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """How much a snapshot may differ from the last one accepted. The larger of people and percent counts,
    so that a company of twelve is not held for one departure, nor one of ten thousand for eleven."""

    shrink_people: int = 3
    """Rows a snapshot may lose. Exports drop a few records that are closed; a failed read drops many."""
    shrink_percent: float = 10.0
    """A tenth: half-yearly turnover of whole records stays below it, a lost page or site does not."""
    terminated_people: int = 5
    """More terminated than last time by up to so many: an ordinary week of a small company."""
    terminated_percent: float = 20.0
    """Of all rows. A fifth of a company does not leave between two exports; a shifted column looks like it.
    A real closure is released by a person, once."""
    clock_skew: timedelta = timedelta(days=1)
    """How far ahead of us a feed may date itself: a calendar day is already tomorrow elsewhere."""


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One reason to hold a feed: a stable key, what was seen and what to do, and the numbers behind it."""

    code: str
    message: str
    evidence: tuple[tuple[str, str], ...] = ()


DEFAULT_LIMITS = HealthLimits()


def judge(
    reading: FeedReading,
    last: FeedReading | None,
    limits: HealthLimits = DEFAULT_LIMITS,
    *,
    now: datetime | None = None,
) -> tuple[HealthFinding, ...]:
    """Give every reason to hold a feed; none means it may be compared.

    `last` is the last one accepted from this source, None for a baseline: then nothing can be compared,
    and only what is wrong by itself is found. `now` tells a date in the future; without it the file's own
    time does. A delta says what changed, so few rows, none, or leavers only are no sign.
    """
    found = list(_by_itself(reading, limits, now or reading.modified))
    if last is not None:
        found += _against(reading, last, limits)
    return tuple(found)


def _by_itself(reading: FeedReading, limits: HealthLimits, now: datetime) -> Iterator[HealthFinding]:
    if reading.mode == SNAPSHOT:
        yield from _hollow(reading)
        if reading.missing_canaries:
            yield HealthFinding(
                "missing_canary",
                "People who must be in every export are not in this one. Check the rights of the "
                "account that makes the export, and its filters.",
                (("missing", ", ".join(reading.missing_canaries)),),
            )
    if reading.as_of is not None and reading.as_of > now + limits.clock_skew:
        yield HealthFinding(
            "future_as_of",
            "The export is dated in the future; taken now, it would make the next true ones look out of "
            "date. Check the date in the file name or column.",
            (("as_of", reading.as_of.isoformat()), ("now", now.isoformat())),
        )


def _hollow(reading: FeedReading) -> Iterator[HealthFinding]:
    if not reading.rows:
        yield HealthFinding(
            "empty",
            "The export has a header and nobody in it. Check the rights of the account that makes it, and "
            "its filters, and export again.",
            (("rows", "0"),),
        )
    elif reading.terminated == reading.rows:
        yield HealthFinding(
            "everybody_terminated",
            "Everybody in the export is terminated. Check its filters and the status column, and "
            "export again.",
            (("rows", str(reading.rows)),),
        )


def _against(reading: FeedReading, last: FeedReading, limits: HealthLimits) -> Iterator[HealthFinding]:
    if reading.mode != last.mode:
        yield HealthFinding(
            "mode_changed",
            f"This source delivered a {last.mode} last time and a {reading.mode} now. Release it if the "
            "change is meant; it is then a new baseline.",
            (("before", last.mode), ("now", reading.mode)),
        )
    elif reading.mode == SNAPSHOT:
        yield from _counts(reading, last, limits)
    yield from _header(reading, last)
    yield from _order(reading, last)
    if last.ends_with_newline and not reading.ends_with_newline:
        yield HealthFinding(
            "cut_off",
            "The last line has no line break, and it had one last time: the file may be cut off inside its "
            "last cell. Deliver it again.",
        )


def _counts(reading: FeedReading, last: FeedReading, limits: HealthLimits) -> Iterator[HealthFinding]:
    lost = last.rows - reading.rows
    if reading.rows and _exceeds(lost, last.rows, limits.shrink_people, limits.shrink_percent):
        yield HealthFinding(
            "shrunken",
            f"{lost} of {last.rows} rows are gone since the last export. Check that it is whole; "
            "release it if so.",
            (("before", str(last.rows)), ("now", str(reading.rows))),
        )
    more = reading.terminated - last.terminated
    if reading.terminated < reading.rows and _exceeds(
        more, reading.rows, limits.terminated_people, limits.terminated_percent
    ):
        yield HealthFinding(
            "terminated_jump",
            f"{more} more people than last time are terminated, of {reading.rows}. Check the status column; "
            "release it if that is true.",
            (("before", str(last.terminated)), ("now", str(reading.terminated)), ("rows", str(reading.rows))),
        )


def _exceeds(count: int, total: int, people: int, percent: float) -> bool:
    return count > people and count * 100 > percent * total


def _header(reading: FeedReading, last: FeedReading) -> Iterator[HealthFinding]:
    removed = [name for name in last.header if name not in reading.header]
    added = [name for name in reading.header if name not in last.header]
    evidence = (("removed", ", ".join(removed)), ("added", ", ".join(added)))
    new = f" New in this one: {_named(added)}." if added else ""
    if removed:
        yield HealthFinding(
            "columns_removed",
            f"Columns of the last export are gone or renamed: {_named(removed)}.{new} Map the new names, or "
            "release it if they are not needed.",
            evidence,
        )
    if added:
        yield HealthFinding(
            "columns_added",
            f"The export has columns the last one did not have: {_named(added)}. Release it if "
            "that is meant.",
            evidence,
        )


def _named(columns: list[str]) -> str:
    """Quoted, so that a stray space shows; a name comes from a file, so it is cut and kept on one line."""
    shown = [repr(name[:NAME_SHOWN]) for name in columns[:NAMES_SHOWN]]
    more = len(columns) - NAMES_SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _order(reading: FeedReading, last: FeedReading) -> Iterator[HealthFinding]:
    """The date the export gives itself outranks the file's: copying changes the one, not the other."""
    ours, theirs, by = reading.modified, last.modified, "modified"
    if reading.as_of and last.as_of and reading.as_of != last.as_of:
        ours, theirs, by = reading.as_of, last.as_of, "as_of"
    if ours < theirs:
        yield HealthFinding(
            "older_than_last",
            "The export is older than the last one accepted. Deliver the newest; release it only to go back "
            "on purpose.",
            (("by", by), ("before", theirs.isoformat()), ("now", ours.isoformat())),
        )
