"""One HR record as canonical JSON and back: what is spooled, digested and stored, always the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import orjson

from policies.model import Employment, ExitType, Person, PersonStatus, Post, UpcomingPost

_T = TypeVar("_T")
_POST = ("department", "team", "location", "manager_id")
_PLAIN = ("email", "phone", "time_zone", "language")
_KEYS = frozenset(
    (
        "id",
        "name",
        "status",
        "employment",
        "exit_type",
        "last_day",
        "post",
        "upcoming",
        "account_ids",
        *_PLAIN,
    )
)


def person_to_json(person: Person) -> str:
    """Give the record as JSON with sorted keys; what is unstated is left out, instants are in UTC.

    Leaving out what is unstated keeps old digests true when a field is added to `Person`.
    """
    stated: dict[str, object] = {"id": person.id, "name": person.name, "status": person.status.value}
    if person.employment is not Employment.EMPLOYEE:
        stated["employment"] = person.employment.value
    if person.exit_type is not ExitType.UNSTATED:
        stated["exit_type"] = person.exit_type.value
    stated.update(_present(person, _PLAIN))
    if post := _present(person.post, _POST):
        stated["post"] = post
    if person.upcoming is not None:
        stated["upcoming"] = {
            "effective": _when_text(person.upcoming.effective),
            "post": _present(person.upcoming.post, _POST),
        }
    if person.last_day is not None:
        stated["last_day"] = _when_text(person.last_day)
    if person.account_ids:
        stated["account_ids"] = person.account_ids
    return orjson.dumps(stated, option=orjson.OPT_SORT_KEYS).decode()


def person_from_json(text: str) -> Person:
    """Read what `person_to_json` wrote.

    Raises ValueError where it is not such a record, or holds a key this version does not know:
    a half-understood record must not be compared with a new one.
    """
    stated = orjson.loads(text)
    if not isinstance(stated, dict) or not stated.keys() <= _KEYS:
        raise ValueError("Not a person's record, or written by a newer version; upgrade before reading it.")
    try:
        return _person(stated)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"A person's record is damaged: {error!r}.") from error


def digest(record: str) -> str:
    """Give the SHA-256 (hex) of a record, by which unchanged people are skipped."""
    return hashlib.sha256(record.encode()).hexdigest()


def _person(stated: Mapping[str, Any]) -> Person:
    return Person(
        id=stated["id"],
        name=stated["name"],
        status=PersonStatus(stated["status"]),
        employment=Employment(stated.get("employment", Employment.EMPLOYEE)),
        exit_type=ExitType(stated.get("exit_type", ExitType.UNSTATED)),
        post=Post(**stated.get("post", {})),
        upcoming=_optional(_upcoming, stated.get("upcoming")),
        last_day=_optional(_when, stated.get("last_day")),
        account_ids=tuple((instance, account) for instance, account in stated.get("account_ids", ())),
        **{name: stated.get(name) for name in _PLAIN},
    )


def _upcoming(stated: Mapping[str, Any]) -> UpcomingPost:
    return UpcomingPost(effective=_when(stated["effective"]), post=Post(**stated["post"]))


def _optional(read: Callable[[Any], _T], value: Any) -> _T | None:
    return None if value is None else read(value)


def _present(thing: object, names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name in names if (value := getattr(thing, name)) is not None}


def _when_text(when: date | datetime) -> str:
    return when.astimezone(UTC).isoformat() if isinstance(when, datetime) else when.isoformat()


def _when(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
