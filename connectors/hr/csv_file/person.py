"""The values of one row become a Person, or it is said what does not fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from policies.model import Employment, ExitType, Person, PersonStatus, Post, UpcomingPost

from .complaints import CellProblem
from .config import ACCOUNT

_POST = ("department", "team", "location", "manager_id")
_NEXT = tuple(f"next_{name}" for name in _POST)
_NAMES = ("name", "first_name", "last_name")


def gaps(values: Mapping[str, Any], place: Collection[str]) -> Iterator[tuple[str, CellProblem]]:
    """Yield (field, problem) for what a row leaves out; `place` holds the fields that have a column."""
    if "employee_id" not in values:
        yield (
            "employee_id",
            CellProblem("blank_id", "The employee id is empty.", "Fill it in, or take the row out."),
        )
    if not any(name in values for name in _NAMES):
        field = next(name for name in _NAMES if name in place)
        yield field, CellProblem("blank_name", "The name is empty.", "Fill it in at the source.")
    if "status" not in values:
        yield (
            "status",
            CellProblem("blank_status", "The status is empty.", "Write active, on_leave or terminated."),
        )
    yield from _half_changes(values)


def _half_changes(values: Mapping[str, Any]) -> Iterator[tuple[str, CellProblem]]:
    stated = [name for name in _NEXT if name in values]
    if stated and "change_on" not in values:
        yield (
            stated[0],
            CellProblem(
                "change_without_date", "A next post is given without the day it begins.", "Fill in change_on."
            ),
        )
    if "change_on" in values and not stated:
        yield (
            "change_on",
            CellProblem(
                "change_without_post",
                "A day of change is given without a next post.",
                "Fill in next_department or another.",
            ),
        )


def assemble(values: Mapping[str, Any]) -> Person:
    """Make the Person of a row that has no gaps."""
    halves = " ".join(values[half] for half in ("first_name", "last_name") if half in values)
    local = values.get("time_zone")
    accounts = (
        (field[len(ACCOUNT) :], value) for field, value in values.items() if field.startswith(ACCOUNT)
    )
    return Person(
        id=values["employee_id"],
        name=values.get("name", halves),
        status=PersonStatus(values["status"]),
        employment=Employment(values.get("employment", Employment.EMPLOYEE)),
        email=values.get("email"),
        phone=values.get("phone"),
        post=Post(**{name: values.get(name) for name in _POST}),
        upcoming=_upcoming(values),
        last_day=values.get("last_day"),
        time_zone=None if local is None else local.key,
        exit_type=ExitType(values.get("exit_type", ExitType.UNSTATED)),
        language=values.get("language"),
        account_ids=tuple(sorted(accounts)),
    )


def _upcoming(values: Mapping[str, Any]) -> UpcomingPost | None:
    """Give the next post: what its columns leave empty stays as it is."""
    if "change_on" not in values:
        return None
    post = {name: values.get(f"next_{name}", values.get(name)) for name in _POST}
    return UpcomingPost(effective=values["change_on"], post=Post(**post))
