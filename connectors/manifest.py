"""Reads a connector's `manifest.toml` into `Capabilities`: the one place docs, planner and pacing look."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connectors.contract import Capabilities, RateLimit, Scope
from connectors.effort import Way


class BadManifest(ValueError):
    """A manifest that cannot be used: file, key and what is wrong with it."""


@functools.cache
def load_manifest(path: Path) -> Capabilities:
    """Read a manifest whole, once in a process: it is part of the program.

    Raises BadManifest with the file and every wrong key: an unknown key is an error, so that a
    misspelt limit does not silently become no limit.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadManifest(f"{path}: cannot be read: {error}") from error
    complaints = _unknown_keys(table)
    if complaints:
        raise BadManifest(f"{path}: " + "; ".join(complaints))
    return _typed(path, table)


def _typed(path: Path, table: dict[str, Any]) -> Capabilities:
    try:
        capabilities = _adapter().validate_python(table)
    except ValidationError as error:
        where = "; ".join(
            f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}" for wrong in error.errors()
        )
        raise BadManifest(f"{path}: {where}") from error
    _refuse_impossible_limits(path, capabilities.limits)
    _refuse_unknown_limits(path, capabilities)
    return capabilities


@functools.cache
def _adapter() -> TypeAdapter[Capabilities]:
    return TypeAdapter(Capabilities)


def _unknown_keys(table: dict[str, Any]) -> list[str]:
    complaints = _stray(table, Capabilities, "")
    for name, kind in (("limits", RateLimit), ("scopes", Scope), ("ways", Way)):
        for index, row in enumerate(table.get(name, ())):
            complaints += _stray(row, kind, f"{name}.{index}.")
    return complaints


def _stray(row: object, kind: type, prefix: str) -> list[str]:
    if not isinstance(row, dict):
        return [f"{prefix[:-1]} is not a table"]
    known = {field.name for field in dataclasses.fields(kind)}
    return [f"unknown key {prefix}{key}" for key in row if key not in known]


def _refuse_impossible_limits(path: Path, limits: tuple[RateLimit, ...]) -> None:
    for limit in limits:
        if limit.calls < 1 or limit.seconds <= 0:
            raise BadManifest(f"{path}: limit {limit.bucket} must allow at least one call in a positive time")


def _refuse_unknown_limits(path: Path, capabilities: Capabilities) -> None:
    known = {limit.bucket for limit in capabilities.limits}
    for way in capabilities.ways:
        if way.limit not in known:
            raise BadManifest(f"{path}: way {way.name} names the limit {way.limit}, which there is not")
