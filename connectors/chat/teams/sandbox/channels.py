"""The sandbox's channels: standard ones have the team's members, private and shared ones their own."""

from __future__ import annotations

from connectors.chat.teams.sandbox import errors
from connectors.chat.teams.sandbox.call import NO_CONTENT, Answer, Call
from connectors.chat.teams.sandbox.conversation import (
    bound_user,
    own_members,
    role_in,
    rows_of,
    shown_member,
    team_members,
    whose,
)
from connectors.chat.teams.sandbox.errors import GraphError
from connectors.chat.teams.sandbox.odata import Row, selected
from connectors.chat.teams.sandbox.operations import Operation
from connectors.chat.teams.sandbox.state import Channel
from connectors.chat.teams.sandbox.teams import team_group

READ = ("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All")
READ_MEMBERS = ("ChannelMember.Read.All", "ChannelMember.ReadWrite.All")
WRITE_MEMBERS = ("ChannelMember.ReadWrite.All",)


def list_channels(call: Call) -> Answer:
    team = team_group(call).id
    return _unpaged(call, [shown_channel(one) for one in call.tenant.channels_of(team)])


def list_all(call: Call) -> Answer:
    team = team_group(call).id
    return _unpaged(
        call, [shown_channel(one) for one in [*call.tenant.channels_of(team), *_incoming(call, team)]]
    )


def list_incoming(call: Call) -> Answer:
    return _unpaged(call, [shown_channel(one) for one in _incoming(call, team_group(call).id)])


def get_channel(call: Call) -> Answer:
    return Answer(200, selected(shown_channel(_channel(call)), call.query))


def list_members(call: Call) -> Answer:
    channel = _channel(call)
    return call.page(rows_of(call, channel.id, _direct(call, channel)))


def list_all_members(call: Call) -> Answer:
    """Direct members, and those who are in by way of a team it is shared with; roles in another casing."""
    channel = _channel(call)
    everybody = dict(_direct(call, channel))
    for team in channel.shared_with:
        if team in call.tenant.groups:
            everybody = dict.fromkeys(team_members(call, call.tenant.groups[team]), "") | everybody
    rows = rows_of(call, channel.id, everybody)
    return call.page([{**row, "roles": [(row["roles"] or ["member"])[0].capitalize()]} for row in rows])


def get_member(call: Call) -> Answer:
    channel = _channel(call)
    members = _direct(call, channel)
    id_ = whose(call, channel.id, members)
    return Answer(200, shown_member(channel.id, id_, members[id_], call.tenant))


def add_member(call: Call) -> Answer:
    """Into a private channel only whoever is in its team."""
    channel, id_, role = _changeable(call), bound_user(call, call.data()), role_in(call.data())
    if channel.membership_type == "private" and id_ not in call.tenant.groups[channel.team_id].members:
        raise GraphError(400, "BadRequest", "The user is not a member of the team.")
    call.bring_about(lambda: call.world.join_channel(channel.id, id_, role))
    return Answer(201, shown_member(channel.id, id_, role, call.tenant))


def change_role(call: Call) -> Answer:
    channel = _changeable(call)
    id_, role = whose(call, channel.id, channel.members), role_in(call.data())
    if role != "owner":
        _judge_owners(channel, id_)
    call.bring_about(lambda: call.world.join_channel(channel.id, id_, role))
    return Answer(200, shown_member(channel.id, id_, role, call.tenant))


def remove_member(call: Call) -> Answer:
    channel = _changeable(call)
    id_ = whose(call, channel.id, channel.members)
    _judge_owners(channel, id_)
    call.bring_about(lambda: call.world.leave_channel(channel.id, id_))
    return Answer(NO_CONTENT)


def delete_channel(call: Call) -> Answer:
    """Really deletes the channel with all that was said in it: nobody may ever send this."""
    channel = _channel(call)
    call.bring_about(lambda: call.world.delete_channel(channel.id))
    return Answer(NO_CONTENT)


def shown_channel(channel: Channel) -> Row:
    """Show a channel."""
    return {
        "id": channel.id,
        "displayName": channel.display_name,
        "description": None,
        "membershipType": channel.membership_type,
        "isArchived": False,
    }


def _channel(call: Call) -> Channel:
    team = team_group(call).id
    channel = call.tenant.channels.get(call.values["channel"])
    if channel is None or team not in {channel.team_id, *channel.shared_with}:
        raise errors.not_found("Could not find resource")
    return channel


def _changeable(call: Call) -> Channel:
    """Give a channel with members of its own; the refusal's words are not documented."""
    channel = _channel(call)
    if channel.membership_type == "standard":
        raise GraphError(400, "BadRequest", "Members of a standard channel are the members of its team.")
    return channel


def _judge_owners(channel: Channel, id_: str) -> None:
    """Refuse to leave people without an owner; the words are not documented."""
    owners = [owner for owner, role in channel.members.items() if role == "owner"]
    if owners == [id_] and len(channel.members) > 1:
        raise GraphError(400, "BadRequest", "The channel must have at least one owner.")


def _direct(call: Call, channel: Channel) -> dict[str, str]:
    if channel.membership_type == "standard":
        return team_members(call, call.tenant.groups[channel.team_id])
    return own_members(call, channel)


def _incoming(call: Call, team_id: str) -> list[Channel]:
    return [one for one in call.tenant.channels.values() if team_id in one.shared_with]


def _unpaged(call: Call, rows: list[Row]) -> Answer:
    return call.page(rows, default=100_000)


_CHANNEL = "/teams/{team}/channels/{channel}"
_MEMBERSHIP = f"{_CHANNEL}/members/{{membership}}"

OPERATIONS = (
    Operation("GET", "/teams/{team}/channels", list_channels, READ, teams=True),
    Operation("GET", "/teams/{team}/allChannels", list_all, READ, teams=True),
    Operation("GET", "/teams/{team}/incomingChannels", list_incoming, READ, teams=True),
    Operation("GET", _CHANNEL, get_channel, READ, teams=True),
    Operation("DELETE", _CHANNEL, delete_channel, ("Channel.Delete.All",), teams=True, destroys=True),
    Operation("GET", f"{_CHANNEL}/members", list_members, READ_MEMBERS, teams=True),
    Operation("GET", f"{_CHANNEL}/allMembers", list_all_members, READ_MEMBERS, teams=True),
    Operation("POST", f"{_CHANNEL}/members", add_member, WRITE_MEMBERS, teams=True),
    Operation("GET", _MEMBERSHIP, get_member, READ_MEMBERS, teams=True),
    Operation("PATCH", _MEMBERSHIP, change_role, WRITE_MEMBERS, teams=True),
    Operation("DELETE", _MEMBERSHIP, remove_member, WRITE_MEMBERS, teams=True),
)
