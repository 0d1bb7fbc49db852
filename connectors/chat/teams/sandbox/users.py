"""The sandbox's `/organization`, `/users` and `/directoryObjects`: reading people, and changing them."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.chat.teams.sandbox import errors, odata
from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.objects import all_shown, shown_user
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import EntraGroup

_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
READ = ("User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
READ_GROUPS = (
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    *_DIRECTORY,
)
REVOKE = ("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
ENABLE = ("User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
WRITE = ("User.ReadWrite.All", "Directory.ReadWrite.All")


def organization(call: Call) -> Answer:
    tenant = call.tenant
    row = {"id": tenant.id, "displayName": tenant.display_name, "tenantType": "AAD", "verifiedDomains": []}
    return call.page([row])


def list_users(call: Call) -> Answer:
    life_cycle = _life_cycle(call)
    return call.page([shown_user(user, life_cycle=life_cycle) for user in call.tenant.users.values()])


def get_user(call: Call) -> Answer:
    row = shown_user(call.user(), life_cycle=_life_cycle(call))
    context = {"@odata.context": f"{call.base}/$metadata#users/$entity"}
    return Answer(200, context | odata.selected(row, call.query))


def manager(call: Call) -> Answer:
    manager_id = call.user().manager_id
    rows = all_shown([manager_id] if manager_id else [], call.tenant)
    if not rows:
        raise errors.no_such("manager")
    return Answer(200, odata.selected(rows[0], call.query))


def member_of(call: Call) -> Answer:
    return _groups(call, _groups_of(call, call.user().id))


def transitive_member_of(call: Call) -> Answer:
    """Direct groups first, then those by way of them; circles end."""
    found: list[str] = []
    queue = [call.user().id]
    while queue:
        fresh = [group for group in _groups_of(call, queue.pop(0)) if group not in found]
        found += fresh
        queue += fresh
    return _groups(call, found)


def owned_objects(call: Call) -> Answer:
    user = call.user().id
    groups = call.tenant.groups.values()
    return _groups(call, [one.id for one in groups if user in _owners(call, one)])


def get_by_ids(call: Call) -> Answer:
    """Give what has these ids; what has none is left out unsaid."""
    ids = call.data().get("ids", [])
    if len(ids) > 1000:
        raise errors.bad_request("Too many ids: at most 1000.")
    types = [f"#microsoft.graph.{name}" for name in call.data().get("types", ())]
    rows = all_shown(list(ids), call.tenant)
    return Answer(200, {"value": [row for row in rows if not types or row["@odata.type"] in types]})


def revoke_sessions(call: Call) -> Answer:
    user = call.user()

    def effect() -> None:
        user.sign_in_sessions_valid_from = datetime.now(UTC)
        call.world.touch_user(user.id)

    call.bring_about(effect)
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Edm.Boolean", "value": True})


def update_user(call: Call) -> Answer:
    """Only `accountEnabled` is understood; its own permission opens nothing else."""
    data = call.data()
    only_enabling = set(data) == {"accountEnabled"}
    if not call.has_role(*(ENABLE if only_enabling else WRITE)):
        raise errors.denied()
    if not only_enabling:
        raise errors.bad_request(f"The sandbox changes accountEnabled only, not {', '.join(sorted(data))}.")
    user = call.user()

    def effect() -> None:
        user.account_enabled = bool(data["accountEnabled"])
        call.world.touch_user(user.id)

    call.bring_about(effect)
    return Answer(NO_CONTENT)


def delete_user(call: Call) -> Answer:
    """Really deletes the user: nobody may ever send this."""
    user = call.user()
    call.bring_about(lambda: call.world.delete(user.id))
    return Answer(NO_CONTENT)


def _life_cycle(call: Call) -> bool:
    return call.has_role("User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All")


def _groups_of(call: Call, id_: str) -> list[str]:
    return [one.id for one in call.tenant.groups.values() if id_ in _members(call, one)]


def _groups(call: Call, ids: list[str]) -> Answer:
    return call.page(all_shown(ids, call.tenant, call.values.get("cast", "")))


def _members(call: Call, group: EntraGroup) -> list[str]:
    """Give who is seen in a group: nobody, unsaid, where it hides its members from this app."""
    if group.hidden_membership and not call.has_role("Member.Read.Hidden"):
        return []
    return call.world.shown(("members", group.id), group.members)


def _owners(call: Call, group: EntraGroup) -> list[str]:
    return call.world.shown(("owners", group.id), group.owners)


_USER = "/users/{user}"

OPERATIONS = (
    Operation("GET", "/organization", organization, ("Organization.Read.All", *_DIRECTORY)),
    Operation("GET", "/users", list_users, READ, cost=2),
    Operation("GET", _USER, get_user, READ),
    Operation("GET", f"{_USER}/manager", manager, READ),
    Operation("GET", f"{_USER}/memberOf", member_of, READ_GROUPS, cost=2),
    Operation("GET", f"{_USER}/memberOf/{{cast}}", member_of, READ_GROUPS, cost=2),
    Operation("GET", f"{_USER}/transitiveMemberOf", transitive_member_of, READ_GROUPS, cost=2),
    Operation("GET", f"{_USER}/transitiveMemberOf/{{cast}}", transitive_member_of, READ_GROUPS, cost=2),
    Operation("GET", f"{_USER}/ownedObjects", owned_objects, READ, cost=2),
    Operation("GET", f"{_USER}/ownedObjects/{{cast}}", owned_objects, READ, cost=2),
    Operation("POST", "/directoryObjects/getByIds", get_by_ids, _DIRECTORY + READ, cost=3, reads=True),
    Operation("POST", f"{_USER}/revokeSignInSessions", revoke_sessions, REVOKE),
    Operation("PATCH", _USER, update_user),
    Operation("DELETE", _USER, delete_user, WRITE, destroys=True),
)
