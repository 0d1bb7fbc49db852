"""How one folder or file of HR exports is to be read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connectors.hr.contract import FeedMode

from .dates import DateReader
from .manifest import field_names, manifest

ACCOUNT = "account:"
_READ = re.compile(r"utf-8(-sig)?|utf-16(-[lb]e)?|cp125\d|iso8859-\d+|mac-arabic")
SETTINGS = {"status_values": "status", "exit_types": "exit_type", "employments": "employment"}
"""Setting of the source → the kind of word it maps."""


@dataclass(frozen=True, slots=True)
class CsvFileConfig:
    """Settings of one CSV or XLSX source; a wrong one raises ValueError when it is made, saying which."""

    name: str
    path: Path
    """A folder that exports are put into, or one file."""
    spool: Path
    """A folder of ours for staged copies (made with mode 0700); never the watched one."""
    mode: FeedMode = FeedMode.SNAPSHOT
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our field → their header, where the header is not one we know; `account:<instance>` too."""
    date_format: str | None = None
    """Such as `dd/mm/yyyy`; None means ISO 8601 only. ISO is always accepted."""
    encoding: str | None = None
    """None means UTF-8, UTF-16 with a byte order mark, or Windows-1256 where the text shows it."""
    delimiter: str | None = None
    status_values: Mapping[str, str] = field(default_factory=dict)
    """Their word → active, on_leave or terminated."""
    exit_types: Mapping[str, str] = field(default_factory=dict)
    """Their word → resignation, dismissal, retirement, contract_end, death or unstated."""
    employments: Mapping[str, str] = field(default_factory=dict)
    """Their word → employee or contractor."""
    sheet: str | None = None
    """XLSX: the sheet to read; None means the first."""
    max_rows: int = 1_000_000
    max_bytes: int = 512 * 1024 * 1024
    """Of the file; for XLSX also of what it unpacks to."""
    settle_seconds: float = 2.0
    """How long size and time must have stood still before a file counts as finished."""

    def __post_init__(self) -> None:
        self._check_fields()
        DateReader(self.date_format)
        if self.encoding is not None:
            _check_encoding(self.name, self.encoding)
        if self.delimiter is not None and self.delimiter not in manifest()["delimiters"]:
            raise ValueError(f"Source {self.name}: delimiter must be a comma, a semicolon or a tab.")
        if self.spool.resolve() in {self.path.resolve(), self.path.parent.resolve()}:
            raise ValueError(f"Source {self.name}: spool must be a folder of its own, not the watched one.")

    def _check_fields(self) -> None:
        known = set(field_names())
        for name in self.columns:
            if name not in known and not (name.startswith(ACCOUNT) and name[len(ACCOUNT) :].strip()):
                raise ValueError(f"Source {self.name}: columns names {name!r}; known are {', '.join(known)}.")
        for setting, kind in SETTINGS.items():
            allowed = set(manifest()["words"][kind])
            for word, value in getattr(self, setting).items():
                if value not in allowed:
                    raise ValueError(
                        f"Source {self.name}: {setting} maps {word!r} to {value!r}, "
                        f"which is none of {', '.join(sorted(allowed))}."
                    )


def _check_encoding(name: str, encoding: str) -> None:
    try:
        known = _READ.fullmatch(codecs.lookup(encoding).name)
    except LookupError:
        known = None
    if not known:
        raise ValueError(
            f"Source {name}: encoding {encoding!r} is not read; utf-8 or cp1256, for example, is."
        )
