"""Whose token it is, and what it may do now."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot.surfaces.api.caller import Called
from bot.surfaces.api.route import Route
from policies.roles import Permission, Role

router = APIRouter(route_class=Route, tags=["about"])


class Me(BaseModel):
    """The token's owner; `rights` are the token's scopes as far as its owner has them now."""

    id: str = Field(examples=["E7"])
    name: str = Field(examples=["Noura Haddad"])
    roles: list[Role] = Field(examples=[["hr"]])
    rights: list[Permission] = Field(examples=[["case.read", "case.open"]])
    token: str = Field(examples=["tok_4f2a9c01d3b7"])
    language: str = Field(examples=["ar"])
    zone: str = Field(examples=["Asia/Riyadh"])


@router.get("/me")
async def me(caller: Called) -> Me:
    """Say who asks and what they may do."""
    who = caller.who
    return Me(
        id=who.id,
        name=who.name,
        roles=sorted(who.roles),
        rights=[right for right in Permission if who.may(right)],
        token=caller.token_id,
        language=who.language,
        zone=who.zone,
    )
