"""A table goes into the spool row by row; whatever is wrong is collected on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from typing import NoReturn

from connectors.hr.records import digest, person_to_json
from policies.model import PersonStatus

from .cells import is_blank, look_alike
from .columns import Columns, resolve
from .complaints import Complaints
from .config import CsvFileConfig
from .facts import Tally
from .record import RecordReader
from .spool import Entry, Spool
from .table import Row, Table

BATCH = 500


class Cancelled(Exception):
    """Nobody waits for this reading any more."""


def read_into(
    spool: Spool, table: Table, config: CsvFileConfig, complaints: Complaints, cancelled: threading.Event
) -> Tally:
    """Read every row of a table into the spool; raise BadFeed if anything at all is wrong with it."""
    with closing(table.rows):
        header = next(table.rows, None)
        if header is None:
            complaints.refuse(
                "empty_file", "The file is empty.", "Deliver an export with its header line.", line=1
            )
        columns = resolve(header.cells, header.line, config.columns, complaints)
        complaints.raise_if_any()
        tally = Tally(columns.header, header_line=header.line, dated="as_of" in columns.place)
        reader = RecordReader(config, columns, complaints)
        entries: list[Entry] = []
        for row in _whole(table, columns, config.max_rows, complaints):
            if (entry := _entry(reader, row, tally)) is not None:
                entries.append(entry)
            if len(entries) >= BATCH:
                _flush(spool, entries, cancelled)
        _flush(spool, entries, cancelled)
    tally.as_of = reader.as_of
    _complain_of_twins(spool, columns, complaints)
    complaints.raise_if_any()
    return tally


def _entry(reader: RecordReader, row: Row, tally: Tally) -> Entry | None:
    person = reader.read(row)
    if person is None:
        return None
    tally.rows += 1
    tally.lines_are_records &= row.line == tally.header_line + tally.rows
    terminated = person.status is PersonStatus.TERMINATED
    tally.terminated += terminated
    tally.left.append(terminated)
    record = person_to_json(person)
    return person.id, look_alike(person.id), row.line, record, digest(record)


def _flush(spool: Spool, entries: list[Entry], cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise Cancelled
    spool.add(entries)
    entries.clear()


def _whole(table: Table, columns: Columns, max_rows: int, complaints: Complaints) -> Iterator[Row]:
    """Yield the rows that have as many cells as the header; complain of every other one."""
    width = len(columns.header)
    short: Row | None = None
    for count, row in enumerate(table.rows, start=1):
        if count > max_rows:
            _refuse_more(max_rows, row, complaints)
        if short is not None:
            _complain_of_short(short, width, complaints)
        short = row if len(row.cells) < width else None
        if short is None and _is_sound(row, width, complaints):
            yield row
    if short is None:
        return
    if table.ends_with_newline:
        _complain_of_short(short, width, complaints)
    else:
        _complain_of_cut(short, width, complaints)


def _is_sound(row: Row, width: int, complaints: Complaints) -> bool:
    if len(row.cells) > width:
        complaints.add(
            "long_row",
            f"The row has {len(row.cells)} cells; the header has {width}.",
            "Put cells that hold the delimiter in quotes.",
            line=row.line,
            column=width + 1,
        )
        return False
    if all(map(is_blank, row.cells)):
        complaints.add(
            "empty_row", "The row has cells and nothing in them.", "Take it out.", line=row.line, column=1
        )
        return False
    return True


def _refuse_more(max_rows: int, row: Row, complaints: Complaints) -> NoReturn:
    complaints.refuse(
        "too_many_rows",
        f"There are more than {max_rows} rows.",
        "Raise max_rows if that is right.",
        line=row.line,
    )


def _complain_of_short(row: Row, width: int, complaints: Complaints) -> None:
    complaints.add(
        "short_row",
        f"The row has {len(row.cells)} cells; the header has {width}.",
        "Export every column in every row.",
        line=row.line,
        column=len(row.cells),
    )


def _complain_of_cut(row: Row, width: int, complaints: Complaints) -> None:
    complaints.add(
        "truncated",
        f"The file ends inside a record, after {len(row.cells)} of {width} cells: it was cut off.",
        "Deliver it again.",
        line=row.line,
        column=len(row.cells),
    )


def _complain_of_twins(spool: Spool, columns: Columns, complaints: Complaints) -> None:
    """Complain of ids that stand twice, or that people would take for one another."""
    spool.sort()
    column = columns.place["employee_id"] + 1
    for twin in spool.twins():
        if twin.id == twin.first_id:
            code, what = (
                "duplicate_id",
                f"The employee id {twin.id!r} stands in line {twin.first_line} already.",
            )
        else:
            code = "look_alike_id"
            what = (
                f"The employee id {twin.id!r} looks like {twin.first_id!r} in line {twin.first_line}: they "
                "differ only in case, spaces, leading zeros or the script of the digits."
            )
        complaints.add(
            code,
            what,
            "Leave one row per person, with the id as it always was.",
            line=twin.line,
            column=column,
        )
