"""Which groups a policy names and which post a person holds, by patterns over names of groups and posts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from policies.model import Group, Post, RegisteredGroup
from policies.rules import Glob, PostGroups, PostMatch, Selector

Registry = Mapping[tuple[str, str], RegisteredGroup]
"""Registry rows by (instance, platform id or exact name)."""


def registry_of(rows: Iterable[RegisteredGroup]) -> Registry:
    """Index registry rows by the key they were registered under."""
    return {(row.instance, row.group): row for row in rows}


def registered(group: Group, registry: Registry) -> RegisteredGroup | None:
    """Find the row of a group: by its id, else by one it had before, else by its exact name."""
    keys = (group.id, *reversed(group.former_ids), group.name)
    return next((registry[group.instance, key] for key in keys if (group.instance, key) in registry), None)


def covers(selectors: Sequence[Selector], group: Group, row: RegisteredGroup | None) -> bool:
    """Say whether any selector takes the group. What only a registry knows never matches without a row."""
    return any(_selects(selector, group, row) for selector in selectors)


def holds(match: PostMatch, post: Post) -> bool:
    """Say whether every part that is stated matches the post."""
    pairs = (
        (match.department, post.department),
        (match.team, post.team),
        (match.location, post.location),
        (match.manager, post.manager_id),
    )
    return all(_like(pattern, value) for pattern, value in pairs if pattern is not None)


def belongs(posts: Sequence[PostGroups], post: Post, group: Group, row: RegisteredGroup | None) -> bool:
    """Say whether the policy maps the group to this post."""
    return any(holds(entry, post) and covers(entry.groups, group, row) for entry in posts)


def _selects(selector: Selector, group: Group, row: RegisteredGroup | None) -> bool:
    plain = (
        (selector.platform, group.platform),
        (selector.instance, group.instance),
        (selector.kind, group.kind),
        (selector.owner, None if row is None else row.owner_id),
        (selector.sensitivity, None if row is None else row.sensitivity),
    )
    if any(wanted is not None and wanted != actual for wanted, actual in plain):
        return False
    if selector.tag is not None and (row is None or selector.tag not in row.tags):
        return False
    return selector.name is None or _like(selector.name.removeprefix("#"), group.name.removeprefix("#"))


def _like(pattern: Glob, value: str | None) -> bool:
    return value is not None and fnmatchcase(_folded(value), _folded(pattern))


def _folded(text: str) -> str:
    """One spelling: composed characters, no case; the same Arabic name is typed in several ways."""
    return unicodedata.normalize("NFC", text).strip().casefold()
