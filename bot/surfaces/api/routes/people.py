"""People: found by what is known of them, read, and where they are in now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from bot.surfaces.api.caller import Called
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.routes.case_acts import PersonId
from bot.surfaces.api.shapes.base import Text
from bot.surfaces.api.shapes.people import Found, People, Person, Spot, Spots
from bot.views import offboarding
from bot.views.person import person, places

router = APIRouter(route_class=Route, tags=["people"])


@router.get("/people", openapi_extra={PERMISSION: ["person.read"]})
async def find_people(
    caller: Called, q: Annotated[Text, Query(description="An employee id, e-mail, or part of a name")]
) -> People:
    """Find people; at most 20. Nobody finds themselves."""
    found = await offboarding.find(caller.app, caller.who, q)
    return People(items=[Found.model_validate(one) for one in found.people], more=found.more)


@router.get("/people/{person_id}", openapi_extra={PERMISSION: ["person.read"]})
async def read_person(caller: Called, person_id: PersonId) -> Person:
    """Give what is known of somebody; asks no platform."""
    return Person.model_validate(await person(caller.app, caller.who, person_id))


@router.get("/people/{person_id}/groups", openapi_extra={PERMISSION: ["person.read"]})
async def read_places(caller: Called, person_id: PersonId) -> Spots:
    """Ask every platform now which groups somebody is in; one that cannot be read is said."""
    found = await places(caller.app, caller.who, person_id)
    return Spots(items=[Spot.model_validate(one) for one in found])
