"""Two kinds of models: answers, read off a view's values, and requests, which refuse the unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.surfaces.api.cursors import LONGEST, MOST, USUAL

T = TypeVar("T")


class Shape(BaseModel):
    """An answer: each field is read from the value of the same name; nothing else of it gets out."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class Request(BaseModel):
    """What somebody asks for: an unknown field is refused, for it was meant for something."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Page(Shape, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(
        None, description="Give it back as `cursor` for the next page; null on the last", examples=[None]
    )


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else value


def _each_sorted(value: Any) -> Any:
    return [_sorted(one) for one in value] if isinstance(value, Iterable) else value


Sorted = BeforeValidator(_sorted)
EachSorted = BeforeValidator(_each_sorted)

# Neither database can keep a NUL, and nobody means one.
_PLAIN = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=LONGEST,
        description="`next` of the page before, for the same list",
        json_schema_extra={"format": "cursor"},
    ),
]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=102,
        pattern=r"^[!#-~]{1,100}$",
        description="A key of your own making, new for every new request; kept at least a day",
    ),
]
FIRST_PAGE = USUAL
