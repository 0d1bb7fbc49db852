"""The sandbox's `admin.roles.*`: who holds which role in a channel, a workspace or the organisation."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack.sandbox.admin import org_admin
from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.state import CHANNEL_MANAGER, RoleAssignment

# Slack takes at most ten people and ten places in one call.
_MOST = 10


def list_assignments(call: Call) -> dict[str, Any]:
    _door(call, "admin.roles:read")
    roles, places = _listed(call, "role_ids"), _listed(call, "entity_ids")
    if any(not role.startswith("Rl") for role in roles):
        raise Refused("invalid_role_id")
    rows = [
        {
            "role_id": held.role,
            "entity_id": held.entity,
            "user_id": held.user,
            "date_create": held.date_create,
        }
        for held in call.workspace.roles
        if (not roles or held.role in roles) and (not places or held.entity in places)
    ]
    return call.page("role_assignments", rows, default=200, most=200)


def add_assignments(call: Call) -> dict[str, Any]:
    users, places = _named(call)
    held = {(one.user, one.entity) for one in call.workspace.roles if one.role == CHANNEL_MANAGER}
    new = [RoleAssignment(user, place) for user in users for place in places if (user, place) not in held]
    call.bring_about(lambda: call.workspace.roles.extend(new))
    return {}


def remove_assignments(call: Call) -> dict[str, Any]:
    users, places = _named(call)
    call.bring_about(lambda: _take(call, users, places))
    return {}


def _take(call: Call, users: list[str], places: list[str]) -> None:
    call.workspace.roles = [
        held
        for held in call.workspace.roles
        if not (held.role == CHANNEL_MANAGER and held.user in users and held.entity in places)
    ]


def _door(call: Call, scope: str) -> None:
    """What other admin methods call `not_an_admin` is `invalid_actor` here."""
    org_admin(call, scope, otherwise="invalid_actor")
    if not call.workspace.prefs.has_role_api:
        raise Refused("feature_not_enabled")


def _named(call: Call) -> tuple[list[str], list[str]]:
    """Give the people and places of a write, each known and within the limits."""
    _door(call, "admin.roles:write")
    if call.need("role_id") != CHANNEL_MANAGER:
        raise Refused("invalid_role_id")
    call.need("user_ids")
    call.need("entity_ids")
    users, places = _listed(call, "user_ids"), _listed(call, "entity_ids")
    if len(users) > _MOST:
        raise Refused("too_many_users")
    if len(places) > _MOST:
        raise Refused("too_many_entities")
    _refuse_unknown(call, users, places)
    return users, places


def _refuse_unknown(call: Call, users: list[str], places: list[str]) -> None:
    wrong_users = [user for user in users if not _may_manage(call, user)]
    wrong_places = [place for place in places if not _is_place(call, place)]
    if len(wrong_users) == len(users):
        raise Refused("no_valid_users")
    if len(wrong_places) == len(places):
        raise Refused("no_valid_entities")
    if wrong_users or wrong_places:
        parts = ("users",) * bool(wrong_users) + ("entities",) * bool(wrong_places)
        raise Refused(
            "failed_for_some_" + "_and_".join(parts),
            rejected_users=[{"id": user, "error": "user_not_found"} for user in wrong_users],
            rejected_entities=[{"id": place, "error": "invalid_entity"} for place in wrong_places],
        )


def _may_manage(call: Call, user_id: str) -> bool:
    """Guests and closed accounts hold no role."""
    user = call.workspace.users.get(user_id)
    return user is not None and not (user.deleted or user.is_restricted or user.is_stranger)


def _is_place(call: Call, place: str) -> bool:
    world = call.workspace
    return place in world.channels or place in (world.team_id, world.enterprise_id)


def _listed(call: Call, name: str) -> list[str]:
    """Give a list argument, which a form carries with commas and JSON as a list."""
    given = call.params.get(name)
    parts = given if isinstance(given, list) else str(given or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]
