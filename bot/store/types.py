"""Column types that keep what they were given: aware UTC instants, JSON in one spelling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Column, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlmodel import Field

_SPELLING = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS  # StrEnum keys


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant as fixed-width ISO text in UTC: sorts as time on every database.

    SQLite's own DateTime drops the zone and has stored instants hours wrong; text with microseconds and
    `Z` cannot. Naive values are refused.
    """

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's form
        return _instant_to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's form
        return _instant_from_text(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002 - SQLAlchemy's form
        """Spell without the layers a decorated type puts between: a lane spells thousands a second."""
        return _instant_to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002 - SQLAlchemy's form
        """Read likewise."""
        return _instant_from_text


def _instant_to_text(value: datetime | None) -> str | None:
    return None if value is None else instant_text(value)


def _instant_from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def instant_text(value: datetime) -> str:
    """Spell an aware instant as stored: `2026-11-21T15:00:00.000000Z`."""
    if value.tzinfo is None:
        raise ValueError(f"an instant without a time zone cannot be stored: {value!r}")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-6] + "Z"


class Json(TypeDecorator[Any]):
    """JSON with sorted keys, so that equal values are equal bytes."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's form
        return _json_to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's form
        return _json_from_text(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ARG002 - SQLAlchemy's form
        """Spell without the layers a decorated type puts between."""
        return _json_to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002 - SQLAlchemy's form
        """Read likewise."""
        return _json_from_text


def _json_to_text(value: Any) -> str | None:
    return None if value is None else json_text(value)


def _json_from_text(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


def json_text(value: Any) -> str:
    """Spell a value as stored: sorted keys, dataclasses and instants included."""
    return orjson.dumps(value, option=_SPELLING).decode()


def instant_field(*, nullable: bool = True) -> Any:
    """Give the field of an instant, kept in UTC."""
    return Field(default=None, sa_column=Column(UtcInstant, nullable=nullable))


def json_field(*, nullable: bool = True) -> Any:
    """Give the field of a value kept as JSON."""
    return Field(default=None, sa_column=Column(Json, nullable=nullable))
