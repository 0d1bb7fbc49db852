"""What teams, channels and chats share: members with opaque membership ids, and how requests name people."""

from __future__ import annotations

import base64
import uuid
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.chat.teams.sandbox import errors, odata
from connectors.chat.teams.sandbox.call import Call
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.odata import Row
from connectors.chat.teams.sandbox.state import Channel, Chat, EntraGroup, Tenant, User

_MEMBER_TYPE = "microsoft.graph.aadUserConversationMember"
_SPACE = uuid.UUID("0b1e5a1c-0000-4000-8000-00000000000e")
ROLES = frozenset({"owner", "guest"})
EVERYTHING = "0001-01-01T00:00:00Z"


def membership_id(place: str, user_id: str) -> str:
    """Give the id of one membership: stable, and nothing can be read out of it."""
    # In hexadecimal first, as the real ones hold plain text: no slash in them.
    return base64.b64encode(uuid.uuid5(_SPACE, f"{place} {user_id}").hex.encode()).decode()


def shown_member(place: str, user_id: str, role: str, tenant: Tenant) -> Row:
    """Show one membership."""
    user = tenant.users.get(user_id) or User(user_id)
    return {
        "@odata.type": f"#{_MEMBER_TYPE}",
        "id": membership_id(place, user_id),
        "roles": [role] if role else [],
        "displayName": user.display_name,
        "userId": user_id,
        "email": user.mail,
        "tenantId": tenant.id,
        "visibleHistoryStartDateTime": EVERYTHING,
    }


def team_members(call: Call, group: EntraGroup) -> dict[str, str]:
    """Give who reads show in a team, with their roles: what the group says, users only."""
    shown = call.world.shown(("members", group.id), group.members)
    owners = call.world.shown(("owners", group.id), group.owners)
    people = [id_ for id_ in shown if id_ in call.tenant.users]
    return {id_: "owner" if id_ in owners else _guest(call, id_) for id_ in people}


def own_members(call: Call, place: Channel | Chat) -> dict[str, str]:
    """Give who reads show in a private or shared channel, or in a chat, with their roles."""
    kind = "channel" if isinstance(place, Channel) else "chat"
    return {id_: place.members.get(id_, "") for id_ in call.world.shown((kind, place.id), place.members)}


def rows_of(call: Call, place: str, members: dict[str, str]) -> list[Row]:
    """Show memberships, in order."""
    return [shown_member(place, id_, role, call.tenant) for id_, role in members.items()]


def whose(call: Call, place: str, members: dict[str, str]) -> str:
    """Give whose membership the path names; raises GraphError 404."""
    wanted = call.values["membership"]
    found = next((id_ for id_ in members if membership_id(place, id_) == wanted), None)
    if found is None:
        raise errors.not_found("Could not find resource")
    return found


def bound_user(call: Call, row: Any) -> str:
    """Read the id of the user a request binds, given by id or user principal name in either form of a key."""
    typed = isinstance(row, dict) and str(row.get("@odata.type", "")).lstrip("#") == _MEMBER_TYPE
    path = urlsplit(str(row.get("user@odata.bind", ""))).path if typed else ""
    if not path:
        raise GraphError(
            400, "BadRequest", "Invalid payload: aadUserConversationMember with a user expected."
        )
    key = odata.segments(unquote(path))[-1]
    user = call.tenant.user_named(key)
    if user is None:
        raise errors.not_found("Could not find resource")
    return user.id


def role_in(row: dict[str, Any]) -> str:
    """Read the role a request gives; none for a plain member."""
    roles = [str(role).casefold() for role in row.get("roles") or ()]
    if not set(roles) <= ROLES or len(roles) > 1:
        raise GraphError(400, "BadRequest", "Invalid role specified for member.")
    return roles[0] if roles else ""


def _guest(call: Call, id_: str) -> str:
    return "guest" if call.tenant.users[id_].user_type == "Guest" else ""
