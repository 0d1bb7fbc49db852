"""What a line means hangs on settings, on our own code and on Python's tables: one key for all of them."""

from __future__ import annotations

import hashlib
import os
import sys
import unicodedata
import zoneinfo
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import orjson

import policies.model

from .config import CsvFileConfig
from .zones import zone_names

FORMAT = 1
"""Of the line store itself; another number makes every older one worthless."""


def reader_version(config: CsvFileConfig) -> str:
    """Give a hash (hex) that changes with whatever could make the same line of text mean something else.

    Limits of size are left out: they are held against each file as a whole. Raises OSError where our own
    source cannot be read; then nothing may be remembered.
    """
    meaning = {
        "format": FORMAT,
        "source": config.name,
        "mode": config.mode.value,
        "columns": dict(config.columns),
        "date_format": config.date_format,
        "encoding": config.encoding,
        "delimiter": config.delimiter,
        "status_values": dict(config.status_values),
        "exit_types": dict(config.exit_types),
        "employments": dict(config.employments),
        "program": _program(),
    }
    return hashlib.sha256(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS)).hexdigest()


@cache
def _program() -> str:
    """Hash our code from disk rather than a version number: an edited installation keeps its number."""
    ours = Path(__file__).parent
    known = hashlib.sha256(f"{sys.version} {unicodedata.unidata_version} {_zones()}".encode())
    for path in sorted([*ours.glob("*.py"), *ours.glob("*.toml"), *ours.parent.glob("*.py")]):
        known.update(path.read_bytes())
    known.update(Path(policies.model.__file__).read_bytes())
    return known.hexdigest()


def _zones() -> list[tuple[str, int, int]]:
    """Give size and time of each zone's file: a government moves a clock, and 18:00 is another instant."""
    found: list[tuple[str, int, int]] = []
    for root in zoneinfo.TZPATH:
        for path in (os.path.join(root, name) for name in sorted(zone_names())):  # noqa: PTH118 - hundreds
            with suppress(FileNotFoundError):
                about = os.stat(path)  # noqa: PTH116 - likewise
                found.append((path, about.st_size, about.st_mtime_ns))
    try:
        return [*found, (metadata.version("tzdata"), 0, 0)]
    except metadata.PackageNotFoundError:
        return found
