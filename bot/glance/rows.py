"""Rows as plain SQL gives them, with the attributes and values that the tables' own classes have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import orjson

Ask = Callable[[str, Sequence[object]], Sequence[Sequence[Any]]]
"""Runs one statement, with `?` where its parameters go, in the one snapshot of a look."""


class Stored:
    """One row; nothing writes it back."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name} was not read")

    def model_dump(self, *, exclude: Collection[str] = ()) -> dict[str, Any]:
        """Give it as data, as the tables' classes do."""
        return {name: value for name, value in vars(self).items() if name not in exclude}


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table that a look reads, in the order of its class."""

    table: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """For each: `at` (an instant), `json`, `yes` (true or false), or empty for what it is."""

    def read(self, ask: Ask, rest: str, given: Sequence[object] = ()) -> list[Stored]:
        """Give the rows that `rest` (WHERE, ORDER BY) names."""
        columns = ", ".join(f'"{name}"' for name in self.names)
        found = ask(f"SELECT {columns} FROM {self.table} {rest}", given)  # noqa: S608 - our own words
        return [Stored(dict(zip(self.names, map(_value, self.kinds, row), strict=True))) for row in found]


def _value(kind: str, value: Any) -> Any:
    if value is None or not kind:
        return value
    return _READ[kind](value)


_READ: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"at": datetime.fromisoformat, "json": orjson.loads, "yes": bool}
)


def stored(moment: datetime) -> str:
    """Spell an aware instant as the store does (`bot.store.types.instant_text`, which needs SQLAlchemy)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def among(values: Collection[object]) -> str:
    """Spell the condition that something is one of these, which are its parameters."""
    return f"IN ({', '.join('?' * len(values))})"


def _shape(table: str, columns: str) -> Shape:
    parts = [one.partition(":") for one in columns.split()]
    return Shape(table, tuple(part[0] for part in parts), tuple(part[2] for part in parts))


CASES: Final = _shape("lifecycle_case", "id event:json state due:at zone overdue:yes")
LANES: Final = _shape(
    "lane",
    "instance platform state reason since:at next_probe:at failures probes fence owner owner_since:at "
    "pace:json linked_feed",
)
HOLDS: Final = _shape(
    "hold",
    "digest kind cause:json count run_id requested_by role wanted:json shown:json created_at:at "
    "released_at:at released_by withdrawn_at:at",
)
TASKS: Final = _shape("task", "id deadline:at")
FEEDS: Final = _shape(
    "feed",
    "id source name sha256 size modified:at received_at:at state facts:json findings:json kept_copy "
    "hold_digest",
)
GAPS: Final = _shape("gap", "case_id instance reason group_id detail remedy seen_at:at")
SUCCESSIONS: Final = _shape(
    "succession", "case_id instance group_id group_name why asked_at:at settled_at:at"
)
CONFIRMATIONS: Final = _shape(
    "confirmation",
    "case_id requested_by reason requested_at:at due:at escalated_at:at verdict decided_by decided_at:at "
    "note",
)
META: Final = _shape("meta", "key value:json")
STAFF: Final = _shape("staff", "id roles:json known_to_hr:yes")
SHAPES: Final = (CASES, LANES, HOLDS, TASKS, FEEDS, GAPS, SUCCESSIONS, CONFIRMATIONS, META, STAFF)
