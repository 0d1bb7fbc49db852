"""The staff file: who has which role here, where no identity provider says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from policies.complaints import PolicyComplaint, PolicyError
from policies.registry import Word
from policies.roles import Role
from policies.rules import Shape
from policies.shape_errors import Parts, shape_complaints
from policies.yaml_text import Document, Path, read


def _listed(value: object) -> object:
    """Let one word stand for a list of one."""
    return [value] if isinstance(value, str) else value


class StaffEntry(Shape):
    """One row as written: `person` for somebody in HR's records, `email` for anybody else."""

    person: Word | None = None
    """An employee id, or the work e-mail address of exactly one person HR knows."""
    email: Word | None = None
    """How the identity provider names somebody HR does not know; verified there."""
    name: str = ""
    roles: Annotated[tuple[Role, ...], Field(min_length=1), BeforeValidator(_listed)]


class StaffFile(Shape):
    """The whole file: `version: 1` and `staff:`."""

    version: Literal["1"]
    staff: tuple[StaffEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody the file names, with their roles in the order of `Role`."""

    person: str | None
    email: str | None
    name: str
    roles: tuple[Role, ...]


_PARTS: Parts = {None: StaffFile, "staff": StaffEntry}


def load_staff(text: str, file: str) -> tuple[Named, ...]:
    """Read `staff.yaml`, in file order. Raises PolicyError with every complaint at file:line:column."""
    document = read(text, file)
    try:
        rows = StaffFile.model_validate(document.data).staff
    except ValidationError as error:
        raise PolicyError(shape_complaints(document, error, _PARTS)) from None
    if complaints := [*_sense(document, rows)]:
        raise PolicyError(complaints)
    return tuple(_named(row) for row in rows)


def _named(row: StaffEntry) -> Named:
    roles = tuple(role for role in Role if role in row.roles)
    return Named(row.person, row.email, row.name, roles)


def _sense(document: Document, rows: tuple[StaffEntry, ...]) -> Iterator[PolicyComplaint]:
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        path: Path = ("staff", index)
        if (row.person is None) == (row.email is None):
            message = "a row names somebody by 'person' or by 'email', one of the two"
            yield document.complaint(path, message, "'person' for whoever is in HR's records")
        if row.email is not None and "@" not in row.email:
            suggestion = "an employee id is written as 'person'"
            yield document.complaint((*path, "email"), f"{row.email!r} is no e-mail address", suggestion)
        yield from _twice(document, path, seen, (row.person or row.email or "").casefold())


def _twice(document: Document, path: Path, seen: dict[str, int], name: str) -> Iterator[PolicyComplaint]:
    first = seen.setdefault(name, int(path[1]))
    if name and first != path[1]:
        line, _ = document.values["staff", first]
        message = f"{name!r} has roles at line {line} already"
        yield document.complaint(path, message, "put all their roles into one row")
