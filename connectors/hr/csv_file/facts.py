"""What is counted while a file is read, and the facts that the health gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from connectors.hr.contract import Delivery, FeedFacts

from .arrivals import as_of
from .config import CsvFileConfig


@dataclass(slots=True)
class Tally:
    """What is counted while rows go by."""

    header: tuple[str, ...] = ()
    rows: int = 0
    terminated: int = 0
    as_of: datetime | None = None
    header_line: int = 0
    lines_are_records: bool = True
    """Each record so far began on the line after the one before; a blank line or a quoted break ends that."""
    dated: bool = False
    """A column says of when the export is, so that a line means something to the whole file."""
    left: bytearray = field(default_factory=bytearray)
    """1 for each terminated row, else 0, in the order of the file."""


def facts_of(
    config: CsvFileConfig,
    delivery: Delivery,
    tally: Tally,
    encoding: str,
    delimiter: str,
    ends_with_newline: bool,
) -> FeedFacts:
    """Put together what the gate judges."""
    return FeedFacts(
        source=config.name,
        file=delivery.name,
        mode=config.mode,
        sha256=delivery.sha256,
        size=delivery.size,
        rows=tally.rows,
        terminated=tally.terminated,
        header=tally.header,
        modified=delivery.modified,
        as_of=tally.as_of or as_of(delivery.name),
        encoding=encoding,
        delimiter=delimiter,
        ends_with_newline=ends_with_newline,
    )
