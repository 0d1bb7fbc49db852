"""What somebody put into a form, read from the state Slack hands over: nothing in it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.locale.digits import western
from bot.surfaces.slack.forms import COUNT, DAY, EXIT, PERSON, TIME, ZONE
from bot.views.offboarding import Wish
from policies.model import ExitType


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent; empty where a field is empty, missing or of another kind than asked for."""

    view_id: str
    hash: str
    person_id: str
    wish: Wish
    count: int | None
    places: Mapping[str, str]
    """Field → the block an error about it is shown at."""

    def place(self, field: str) -> str:
        """Give where to show what is wrong with a field; the first field where it is not there."""
        return self.places.get(field) or next(iter(self.places.values()), field)


def read(view: Mapping[str, Any]) -> Filled:
    """Read a view's state."""
    fields = {name: (block, value) for block, name, value in _fields(view)}
    given = {name: value for name, (_, value) in fields.items()}
    exit_type = given.get(EXIT, "")
    wish = Wish(
        last_day=given.get(DAY, ""),
        time=given.get(TIME, ""),
        zone=given.get(ZONE, ""),
        exit_type=ExitType(exit_type) if exit_type in set(ExitType) else ExitType.UNSTATED,
    )
    return Filled(
        view_id=str(view.get("id", "")),
        hash=str(view.get("hash", "")),
        person_id=given.get(PERSON, ""),
        wish=wish,
        count=_number(given.get(COUNT, "")),
        places={name: block for name, (block, _) in fields.items()},
    )


def _fields(view: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for block, elements in _part(_part(view, "state"), "values").items():
        for name, element in (elements if isinstance(elements, Mapping) else {}).items():
            if isinstance(element, Mapping):
                yield str(block), str(name), _value(element)


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}


def _value(element: Mapping[str, Any]) -> str:
    chosen = _part(element, "selected_option")
    found = (
        chosen.get("value")
        or element.get("selected_date")
        or element.get("selected_time")
        or element.get("value")
    )
    return str(found or "")


def _number(typed: str) -> int | None:
    plain = western(typed.strip())
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 8 else None
