"""The sandbox's `/teams/{id}` and its members; who is in a team is what the group of the same id says."""

from __future__ import annotations

from typing import Any

from connectors.chat.teams.sandbox import errors
from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.conversation import (
    bound_user,
    role_in,
    rows_of,
    shown_member,
    team_members,
    whose,
)
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.groups import is_last_owner
from connectors.chat.teams.sandbox.odata import Row, selected
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import EntraGroup

READ = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
READ_MEMBERS = ("TeamMember.Read.All", "TeamMember.ReadWrite.All")
WRITE_MEMBERS = ("TeamMember.ReadWrite.All",)
MOST = 20
"""Graph takes no more people in one bulk request."""


def team_group(call: Call) -> EntraGroup:
    """Give the group under the team the path names; raises GraphError 404."""
    id_ = call.values["team"]
    if id_ not in call.tenant.teams or id_ not in call.tenant.groups:
        raise errors.not_found(f"No team found with Group Id '{id_}'")
    return call.tenant.groups[id_]


def shown_team(call: Call, id_: str) -> Row:
    """Show a team with the little that listings give."""
    return {
        "id": id_,
        "displayName": call.tenant.groups[id_].display_name,
        "description": None,
        "isArchived": call.tenant.teams[id_].archived,
        "visibility": (call.tenant.groups[id_].visibility or "private").lower(),
        "tenantId": call.tenant.id,
    }


def list_teams(call: Call) -> Answer:
    return call.page([shown_team(call, id_) for id_ in call.tenant.teams])


def get_team(call: Call) -> Answer:
    return Answer(200, selected(shown_team(call, team_group(call).id), call.query))


def list_members(call: Call) -> Answer:
    group = team_group(call)
    return call.page(rows_of(call, group.id, team_members(call, group)))


def get_member(call: Call) -> Answer:
    group = team_group(call)
    members = team_members(call, group)
    id_ = whose(call, group.id, members)
    return Answer(200, shown_member(group.id, id_, members[id_], call.tenant))


def add_member(call: Call) -> Answer:
    group, id_, role = _changeable(call), bound_user(call, call.data()), role_in(call.data())
    call.bring_about(lambda: _join(call, group.id, id_, role))
    return Answer(201, shown_member(group.id, id_, role, call.tenant))


def change_role(call: Call) -> Answer:
    group = _changeable(call)
    id_, role = whose(call, group.id, _true_members(group)), role_in(call.data())
    if role != "owner" and is_last_owner(call, group, id_):
        raise last_owner()
    change = call.world.add_owner if role == "owner" else call.world.remove_owner
    call.bring_about(lambda: change(group.id, id_))
    return Answer(200, shown_member(group.id, id_, role, call.tenant))


def remove_member(call: Call) -> Answer:
    group = _changeable(call)
    id_ = whose(call, group.id, _true_members(group))
    if is_last_owner(call, group, id_):
        raise last_owner()
    call.bring_about(lambda: leave(call, group.id, id_))
    return Answer(NO_CONTENT)


def bulk_remove(call: Call) -> Answer:
    """204 where everybody went, 207 with each one's own word where somebody did not."""
    group = _changeable(call)
    return _bulk(call, [_removal(call, group, row) for row in _values(call)])


def bulk_add(call: Call) -> Answer:
    group = _changeable(call)
    return _bulk(call, [_addition(call, group, row) for row in _values(call)])


def leave(call: Call, team_id: str, id_: str) -> None:
    """End both the owner's role and the membership, as Teams does."""
    call.world.remove_owner(team_id, id_)
    call.world.remove_member(team_id, id_)


def last_owner() -> GraphError:
    """The directory's words; those of Teams are not documented."""
    return GraphError(400, "BadRequest", errors.last_owner().message)


def forbidden() -> GraphError:
    """What Teams answers where a rule or another directory keeps the members."""
    return GraphError(403, "Forbidden", "You do not have permission to perform this operation.")


def _changeable(call: Call) -> EntraGroup:
    group = team_group(call)
    if group.dynamic or group.synced:
        raise forbidden()
    return group


def _true_members(group: EntraGroup) -> dict[str, str]:
    return dict.fromkeys(group.members, "")


def _join(call: Call, team_id: str, id_: str, role: str) -> None:
    call.world.add_member(team_id, id_)
    if role == "owner":
        call.world.add_owner(team_id, id_)


def _values(call: Call) -> list[Any]:
    values = call.data().get("values")
    if not isinstance(values, list) or not 0 < len(values) <= MOST:
        raise GraphError(400, "BadRequest", f"Between 1 and {MOST} members are expected.")
    return values


def _removal(call: Call, group: EntraGroup, row: Any) -> Row:
    try:
        id_ = bound_user(call, row)
        if id_ not in group.members:
            raise errors.not_found("Could not find resource")
        if is_last_owner(call, group, id_):
            raise last_owner()
    except GraphError as error:
        return _failure(row, error)
    call.bring_about(lambda: leave(call, group.id, id_))
    return _success(id_)


def _addition(call: Call, group: EntraGroup, row: Any) -> Row:
    try:
        id_, role = bound_user(call, row), role_in(row)
    except GraphError as error:
        return _failure(row, error)
    call.bring_about(lambda: _join(call, group.id, id_, role))
    return _success(id_)


def _success(id_: str) -> Row:
    return {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": id_, "error": None}


def _failure(row: Any, error: GraphError) -> Row:
    """Name the person as the request did, whether or not anybody of that id exists."""
    named = str(row.get("user@odata.bind", "")) if isinstance(row, dict) else ""
    id_ = named.rsplit("/", 1)[-1].removeprefix("users('").removesuffix("')")
    return {**_success(id_), "error": {"code": error.code, "message": error.message, "details": []}}


def _bulk(call: Call, rows: list[Row]) -> Answer:
    if all(row["error"] is None for row in rows):
        return Answer(NO_CONTENT)
    context = f"{call.base}/$metadata#Collection(microsoft.graph.aadUserConversationMemberResult)"
    return Answer(207, {"@odata.context": context, "value": rows})


_TEAM = "/teams/{team}"
_MEMBERSHIP = f"{_TEAM}/members/{{membership}}"

OPERATIONS = (
    Operation("GET", "/teams", list_teams, READ, teams=True),
    Operation("GET", _TEAM, get_team, READ, teams=True),
    Operation("GET", f"{_TEAM}/members", list_members, READ_MEMBERS, teams=True),
    Operation("POST", f"{_TEAM}/members", add_member, WRITE_MEMBERS, teams=True),
    Operation("POST", f"{_TEAM}/members/remove", bulk_remove, WRITE_MEMBERS, teams=True),
    Operation("POST", f"{_TEAM}/members/add", bulk_add, WRITE_MEMBERS, teams=True),
    Operation("GET", _MEMBERSHIP, get_member, READ_MEMBERS, teams=True),
    Operation("PATCH", _MEMBERSHIP, change_role, WRITE_MEMBERS, teams=True),
    Operation("DELETE", _MEMBERSHIP, remove_member, WRITE_MEMBERS, teams=True),
)
