"""A page of a list that a view gives whole: sorted by a key, cut after the last one shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from bot.surfaces.api.cursors import cursor_of, place_of
from bot.surfaces.api.shapes.base import Page, Shape

T = TypeVar("T")
S = TypeVar("S", bound=Shape)
Keyed = Callable[[T], tuple[str, ...]]


def page_of(
    listing: str, items: Iterable[T], key: Keyed[T], shape: type[S], cursor: str | None, limit: int
) -> Page[S]:
    """Give the page after `cursor`; `key` is unique and never changes for an item. Raises Problem."""
    ordered = sorted(items, key=key)
    width = len(key(ordered[0])) if ordered else 1
    after: tuple[Any, ...] | None = place_of(listing, cursor, *[str] * width) if cursor else None
    rest = ordered if after is None else [item for item in ordered if key(item) > after]
    more = cursor_of(listing, *key(rest[limit - 1])) if len(rest) > limit else None
    return Page(items=[shape.model_validate(item) for item in rest[:limit]], next=more)
