"""The group registry file: who answers for which group, and what no API can say of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from policies.complaints import PolicyComplaint, PolicyError
from policies.model import RegisteredGroup, Sensitivity
from policies.rules import Shape
from policies.shape_errors import Parts, shape_complaints
from policies.yaml_text import Document, read


def _words(value: object) -> object:
    """Let one word stand for a list of one."""
    return [value] if isinstance(value, str) else value


Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_words)]


class GroupRow(Shape):
    """One row as written: `owner` and `deputy` are employee ids."""

    instance: Word
    group: Word
    """The platform's immutable id, or the exact name where no id is known."""
    name: str = ""
    platform: str = ""
    owner: str | None = None
    deputy: str | None = None
    purpose: str = ""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    tags: Words = ()
    language: str | None = None
    members: Words = ()
    url: str = ""
    reviewed: date | None = None
    """The day of the last review, as 2026-11-20."""
    reviewed_by: str = ""


class RegistryFile(Shape):
    """The whole file: `version: 1` and `groups:`."""

    version: Literal["1"]
    groups: tuple[GroupRow, ...] = ()


_PARTS: Parts = {None: RegistryFile, "groups": GroupRow}


def load_registry(text: str, file: str) -> tuple[RegisteredGroup, ...]:
    """Read `groups.yaml`, in file order. Raises PolicyError with every complaint at file:line:column."""
    return tuple(registered_group(row) for row in registry_rows(text, file))


def registry_rows(text: str, file: str) -> tuple[GroupRow, ...]:
    """Read the rows as written, in file order; raises PolicyError as `load_registry` does."""
    document = read(text, file)
    try:
        rows = RegistryFile.model_validate(document.data).groups
    except ValidationError as error:
        raise PolicyError(shape_complaints(document, error, _PARTS)) from None
    if complaints := [*_twice(document, rows)]:
        raise PolicyError(complaints)
    return rows


def _twice(document: Document, rows: tuple[GroupRow, ...]) -> Iterator[PolicyComplaint]:
    seen: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows):
        first = seen.setdefault((row.instance, row.group), index)
        if first != index:
            line, _ = document.values["groups", first]
            message = f"group {row.group!r} of {row.instance!r} is already registered at line {line}"
            yield document.complaint(("groups", index), message, "keep one of the two rows")


def registered_group(row: GroupRow) -> RegisteredGroup:
    """Give a row as the model's value; a row without a name is called by its group."""
    return RegisteredGroup(
        instance=row.instance,
        group=row.group,
        name=row.name or row.group,
        platform=row.platform,
        owner_id=row.owner,
        deputy_id=row.deputy,
        purpose=row.purpose,
        sensitivity=row.sensitivity,
        tags=row.tags,
        language=row.language,
        members=row.members,
        url=row.url,
        reviewed=row.reviewed,
        reviewed_by=row.reviewed_by,
    )
