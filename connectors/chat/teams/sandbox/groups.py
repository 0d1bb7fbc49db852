"""The sandbox's `/groups`: who is in them and who owns them, and the refusals to change it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from connectors.chat.teams.sandbox import errors, odata
from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.objects import all_shown, shown_group
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import EntraGroup
from connectors.chat.teams.sandbox.users import READ_GROUPS

WRITE_MEMBERS = ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")
WRITE_OWNERS = ("Group.ReadWrite.All", "Directory.ReadWrite.All")
MOST_OWNERS = 100


def list_groups(call: Call) -> Answer:
    return call.page([shown_group(group, call.tenant) for group in call.tenant.groups.values()])


def get_group(call: Call) -> Answer:
    row = shown_group(call.group(), call.tenant)
    context = {"@odata.context": f"{call.base}/$metadata#groups/$entity"}
    return Answer(200, context | odata.selected(row, call.query))


def members(call: Call) -> Answer:
    return _people(call, members_shown(call, _readable(call)))


def owners(call: Call) -> Answer:
    group = _readable(call)
    return _people(call, call.world.shown(("owners", group.id), group.owners))


def transitive_members(call: Call) -> Answer:
    """Give everybody inside, the groups in between too; circles end."""
    found: list[str] = []
    queue = [_readable(call)]
    while queue:
        fresh = [id_ for id_ in members_shown(call, queue.pop(0)) if id_ not in found]
        found += fresh
        queue += [call.tenant.groups[id_] for id_ in fresh if id_ in call.tenant.groups]
    return _people(call, found)


def remove_member(call: Call) -> Answer:
    group, id_ = changeable(call, call.group()), call.values["id"]
    _judge_presence(call, group.members, ("members", group.id), id_)
    call.bring_about(lambda: call.world.remove_member(group.id, id_))
    return Answer(NO_CONTENT)


def remove_owner(call: Call) -> Answer:
    group, id_ = changeable(call, call.group(), of_members=False), call.values["id"]
    _judge_presence(call, group.owners, ("owners", group.id), id_)
    if is_last_owner(call, group, id_):
        raise errors.last_owner()
    call.bring_about(lambda: call.world.remove_owner(group.id, id_))
    return Answer(NO_CONTENT)


def add_member(call: Call) -> Answer:
    group, id_ = changeable(call, call.group()), _referred(call)
    if id_ in group.members:
        raise errors.already_among("members")
    call.bring_about(lambda: call.world.add_member(group.id, id_))
    return Answer(NO_CONTENT)


def add_owner(call: Call) -> Answer:
    group, id_ = changeable(call, call.group(), of_members=False), _referred(call)
    if id_ in group.owners:
        raise errors.already_among("owners")
    if len(group.owners) >= MOST_OWNERS:
        raise errors.quota()
    call.bring_about(lambda: call.world.add_owner(group.id, id_))
    return Answer(NO_CONTENT)


def delete_object(call: Call) -> Answer:
    """Really deletes the user or group itself, where the app may: the look-alike nobody may ever send."""
    if "group" in call.values:
        call.group()
    id_ = call.values["id"]
    needed = ("User.ReadWrite.All",) if id_ in call.tenant.users else ("Group.ReadWrite.All",)
    if not call.has_role(*needed, "Directory.ReadWrite.All"):
        raise errors.denied()
    if not all_shown([id_], call.tenant):
        raise errors.no_such(id_)
    call.bring_about(lambda: call.world.delete(id_))
    return Answer(NO_CONTENT)


def delete_group(call: Call) -> Answer:
    """Really deletes the group: nobody may ever send this."""
    group = call.group()
    call.bring_about(lambda: call.world.delete(group.id))
    return Answer(NO_CONTENT)


def changeable(call: Call, group: EntraGroup, *, of_members: bool = True) -> EntraGroup:
    """Give the group, or raise what the directory answers where something else keeps its members."""
    if group.synced:
        raise errors.synced()
    if group.mail_enabled and not group.unified:
        raise errors.mail_enabled()
    if group.dynamic and of_members:
        raise errors.dynamic()
    if group.role_assignable and not call.has_role("RoleManagement.ReadWrite.Directory"):
        raise errors.denied()
    return group


def is_last_owner(call: Call, group: EntraGroup, id_: str) -> bool:
    """Whether no user would be left as owner; apps do not count."""
    users = [owner for owner in group.owners if owner in call.tenant.users]
    return users == [id_]


def members_shown(call: Call, group: EntraGroup) -> list[str]:
    """Give the members as reads show them now."""
    return call.world.shown(("members", group.id), group.members)


def _readable(call: Call) -> EntraGroup:
    group = call.group()
    if group.hidden_membership and not call.has_role("Member.Read.Hidden"):
        raise errors.denied()
    return group


def _people(call: Call, ids: list[str]) -> Answer:
    return call.page(all_shown(ids, call.tenant, call.values.get("cast", "")))


def _judge_presence(call: Call, ids: list[str], place: tuple[str, str], id_: str) -> None:
    """Refuse for whoever is not there: 404, or 400 while the removal is fresh."""
    if id_ in ids:
        return
    fresh = id_ in call.world.lagging.get(place, {}) or call.world.absent_is_400
    if fresh and id_ in call.tenant.users:
        raise errors.not_among(place[0])
    raise errors.no_such(id_)


def _referred(call: Call) -> str:
    """Read the id out of `@odata.id`, in either form of a key; it must be of something that exists."""
    reference = str(call.data().get("@odata.id", ""))
    path = urlsplit(reference).path
    id_ = odata.segments(unquote(path))[-1] if path else ""
    if not all_shown([id_], call.tenant):
        raise errors.no_such(id_)
    return id_


_GROUP = "/groups/{group}"
_READS: tuple[tuple[str, Callable[[Call], Answer], int], ...] = (
    ("members", members, 3),
    ("owners", owners, 2),
    ("transitiveMembers", transitive_members, 5),
)

OPERATIONS = (
    Operation("GET", "/groups", list_groups, READ_GROUPS, cost=2),
    Operation("GET", _GROUP, get_group, READ_GROUPS),
    *(Operation("GET", f"{_GROUP}/{name}", handle, READ_GROUPS, cost=cost) for name, handle, cost in _READS),
    *(
        Operation("GET", f"{_GROUP}/{name}/{{cast}}", handle, READ_GROUPS, cost=cost)
        for name, handle, cost in _READS
    ),
    Operation("POST", f"{_GROUP}/members/$ref", add_member, WRITE_MEMBERS),
    Operation("POST", f"{_GROUP}/owners/$ref", add_owner, WRITE_OWNERS),
    Operation("DELETE", f"{_GROUP}/members/{{id}}/$ref", remove_member, WRITE_MEMBERS),
    Operation("DELETE", f"{_GROUP}/owners/{{id}}/$ref", remove_owner, WRITE_OWNERS),
    Operation("DELETE", f"{_GROUP}/members/{{id}}", delete_object, destroys=True),
    Operation("DELETE", f"{_GROUP}/owners/{{id}}", delete_object, destroys=True),
    Operation("DELETE", "/directoryObjects/{id}", delete_object, destroys=True),
    Operation("DELETE", _GROUP, delete_group, WRITE_OWNERS, destroys=True),
)
