"""`/users/delta` and `/groups/delta`: everything once, then whatever changed since the link was given."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace

from connectors.chat.teams.sandbox import odata
from connectors.chat.teams.sandbox.call import Answer, Call
from connectors.chat.teams.sandbox.changes import Change
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.objects import shown, shown_group, shown_user
from connectors.chat.teams.sandbox.odata import Row
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import EntraGroup
from connectors.chat.teams.sandbox.users import READ, READ_GROUPS

_SINCE = "$since"
"""Carried by the links between pages: the moment the first page was asked for."""


def users(call: Call) -> Answer:
    since = _since(call)
    if since is None:
        return _page(call, [shown_user(user) for user in call.tenant.users.values()])
    ids = dict.fromkeys(change.id for change in _later(call, since, "users"))
    return _page(call, [shown(id_, call.tenant) or _removed(id_) for id_ in ids])


def groups(call: Call) -> Answer:
    since = _since(call)
    if since is None:
        return _page(call, [_whole_group(call, group) for group in call.tenant.groups.values()])
    changes = _later(call, since, "groups")
    ids = dict.fromkeys(change.id for change in changes)
    return _page(call, [_changed_group(call, id_, changes) for id_ in ids])


def _page(call: Call, rows: list[Row]) -> Answer:
    """Give one page; the last one carries the link for whatever comes later."""
    since = call.query.get(_SINCE) or str(len(call.world.changes))
    asked = {key: value for key, value in call.query.items() if key != _SINCE}
    selecting = {**asked, "$select": f"{asked['$select']},members@delta"} if "$select" in asked else asked
    answer = replace(call, query={**selecting, _SINCE: since}).page(rows)
    if "@odata.nextLink" not in answer.body:
        token = base64.urlsafe_b64encode(f"{call.path}:{since}".encode()).decode()
        kept = {key: value for key, value in asked.items() if not key.endswith("token")}
        query = "&".join(f"{key}={value}" for key, value in {**kept, "$deltatoken": token}.items())
        answer.body["@odata.deltaLink"] = f"{call.base}{call.path}?{query}"
    return answer


def _since(call: Call) -> int | None:
    """Read how much had happened when the link was given; raises GraphError 410 where that is not known."""
    token = call.query.get("$deltatoken")
    if token is None:
        return None
    try:
        path, _, since = base64.urlsafe_b64decode(token).decode().rpartition(":")
        if odata.segments(path) == odata.segments(call.path):
            return int(since)
    except (ValueError, binascii.Error):
        pass
    raise GraphError(
        410, "syncStateNotFound", "The sync state generation is not found; a full sync is required."
    )


def _later(call: Call, since: int, resource: str) -> list[Change]:
    return [change for change in call.world.changes[since:] if change.resource == resource]


def _removed(id_: str) -> Row:
    return {"id": id_, "@removed": {"reason": "changed"}}


def _whole_group(call: Call, group: EntraGroup) -> Row:
    row = shown_group(group, call.tenant)
    if "members" in call.query.get("$select", ""):
        row["members@delta"] = [_member(call, id_) for id_ in group.members]
    return row


def _changed_group(call: Call, id_: str, changes: Iterable[Change]) -> Row:
    group = call.tenant.groups.get(id_)
    if group is None:
        return _removed(id_)
    row = shown_group(group, call.tenant)
    if "members" in call.query.get("$select", ""):
        touched = dict.fromkeys(one.user_id for one in changes if one.id == id_ and one.role == "member")
        row["members@delta"] = [
            _member(call, user)
            if user in group.members
            else _member(call, user) | {"@removed": {"reason": "deleted"}}
            for user in touched
        ]
    return row


def _member(call: Call, id_: str) -> Row:
    row = shown(id_, call.tenant)
    return {"@odata.type": row["@odata.type"] if row else "#microsoft.graph.user", "id": id_}


OPERATIONS = (
    Operation("GET", "/users/delta", users, READ, cost=2),
    Operation("GET", "/groups/delta", groups, READ_GROUPS, cost=2),
)
