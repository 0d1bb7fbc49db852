"""The sandbox's teams, channels and chats: opaque memberships, bulk removal, what goes along."""

from __future__ import annotations

from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.aad_user_conversation_member import AadUserConversationMember
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.teams.item.members.remove.remove_post_request_body import RemovePostRequestBody

from connectors.chat.teams.sandbox import Channel, Chat, Team, m365_group
from connectors.chat.teams.sandbox.conversation import membership_id
from tests.connectors.teams.sandboxed import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    PRIVATE,
    SHARED,
    TEAM,
    Stage,
    object_id,
    small_tenant,
    staged,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BIND = "https://graph.microsoft.com/v1.0/users('{}')"


def person(user_id: str, *roles: str) -> AadUserConversationMember:
    bound = {"user@odata.bind": BIND.format(user_id)}
    kind = "#microsoft.graph.aadUserConversationMember"
    return AadUserConversationMember(odata_type=kind, roles=list(roles), additional_data=bound)


def ids(page: Any) -> list[str]:
    return [one.id for one in page.value]


def users(page: Any) -> dict[str, list[str]]:
    return {one.user_id: one.roles for one in page.value}


async def test_a_teams_members_are_its_groups_with_roles_and_opaque_ids() -> None:
    async with staged() as stage:
        stage.sandbox.world.add_member(TEAM, CARLA)
        page = await stage.graph.teams.by_team_id(TEAM).members.get()
        assert users(page) == {ANA: ["owner"], BADR: ["owner"], CARLA: []}
        assert not [id_ for id_ in ids(page) if ANA in id_ or TEAM in id_]


async def test_one_member_of_a_team_is_found_by_the_documented_filter() -> None:
    async with staged() as stage:
        members = stage.graph.teams.by_team_id(TEAM).members
        wanted = f"(microsoft.graph.aadUserConversationMember/userId eq '{ANA}')"
        query = members.MembersRequestBuilderGetQueryParameters(filter=wanted)
        assert users(await members.get(RequestConfiguration(query_parameters=query))) == {ANA: ["owner"]}


async def test_leaving_a_team_ends_both_roles_and_its_private_channels() -> None:
    async with staged() as stage:
        members = stage.graph.teams.by_team_id(TEAM).members
        await members.by_conversation_member_id(membership_id(TEAM, ANA)).delete()
        group = stage.sandbox.tenant.groups[TEAM]
        assert ANA not in {*group.members, *group.owners}
        assert stage.sandbox.tenant.channels[PRIVATE].members == {BADR: "owner"}
        # A shared channel has members who never were in the team.
        assert CARLA in stage.sandbox.tenant.channels[SHARED].members


async def test_taking_somebody_out_of_a_teams_group_ends_its_private_channels_too() -> None:
    async with staged() as stage:
        await stage.graph.groups.by_group_id(TEAM).members.by_directory_object_id(ANA).ref.delete()
        assert ANA not in stage.sandbox.tenant.channels[PRIVATE].members
        page = await stage.graph.teams.by_team_id(TEAM).members.get()
        assert list(users(page)) == [BADR]


async def test_bulk_removal_says_nothing_where_all_went_and_each_ones_word_where_not() -> None:
    async with staged() as stage:
        stage.sandbox.world.add_member(TEAM, CARLA)
        remove = stage.graph.teams.by_team_id(TEAM).members.remove
        assert await remove.post(RemovePostRequestBody(values=[person(CARLA)])) is None
        body = {
            "values": [
                {
                    "@odata.type": "microsoft.graph.aadUserConversationMember",
                    "user@odata.bind": BIND.format(user_id),
                }
                for user_id in (ANA, CARLA)
            ]
        }
        answer = await stage.ask("POST", f"/teams/{TEAM}/members/remove", body)
        assert answer.status_code == 207
        said = {row["userId"]: row["error"] for row in answer.json()["value"]}
        assert said[ANA] is None
        assert (said[CARLA]["code"], said[CARLA]["message"]) == ("NotFound", "Could not find resource")
        assert stage.sandbox.tenant.groups[TEAM].members == [BADR]


async def test_more_than_twenty_at_once_are_refused_whole() -> None:
    async with staged() as stage:
        body = {"values": [{"user@odata.bind": BIND.format(object_id(number))} for number in range(21)]}
        assert (await stage.ask("POST", f"/teams/{TEAM}/members/remove", body)).status_code == 400


async def test_the_last_owner_of_a_team_stays_by_every_way_out() -> None:
    async with staged() as stage:
        stage.sandbox.world.remove_owner(TEAM, BADR)
        path = f"/teams/{TEAM}/members/{membership_id(TEAM, ANA)}"
        body = {"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": []}
        assert (await stage.ask("DELETE", path)).status_code == 400
        assert (await stage.ask("PATCH", path, body)).status_code == 400
        bulk = {"values": [{**body, "user@odata.bind": BIND.format(ANA)}]}
        answer = await stage.ask("POST", f"/teams/{TEAM}/members/remove", bulk)
        assert (answer.status_code, answer.json()["value"][0]["error"]["code"]) == (207, "BadRequest")
        assert ANA in stage.sandbox.tenant.groups[TEAM].owners


async def test_roles_are_given_and_taken() -> None:
    async with staged() as stage:
        members = stage.graph.teams.by_team_id(TEAM).members
        await members.post(person(CARLA))
        await members.by_conversation_member_id(membership_id(TEAM, CARLA)).patch(person(CARLA, "owner"))
        assert CARLA in stage.sandbox.tenant.groups[TEAM].owners
        await members.by_conversation_member_id(membership_id(TEAM, ANA)).patch(person(ANA))
        group = stage.sandbox.tenant.groups[TEAM]
        assert (ANA in group.owners, ANA in group.members) == (False, True)


async def test_a_rule_keeps_a_dynamic_teams_members() -> None:
    ruled = m365_group("ruled", "Ruled", [ANA], [BADR])
    ruled.group_types.append("DynamicMembership")
    async with staged(small_tenant().add(ruled, Team("ruled"))) as stage:
        with pytest.raises(ODataError) as error:
            await stage.graph.teams.by_team_id("ruled").members.post(person(CARLA))
        assert error.value.response_status_code == 403
        assert "do not have permission" in str(error.value.primary_message)


async def test_only_private_and_shared_channels_have_members_of_their_own() -> None:
    async with staged() as stage:
        team = stage.graph.teams.by_team_id(TEAM)
        channels = await team.channels.get()
        assert channels is not None
        kinds = {one.id: one.membership_type.value for one in channels.value or [] if one.membership_type}
        assert sorted(kinds.values()) == ["private", "shared", "standard"]
        general = next(id_ for id_, kind in kinds.items() if kind == "standard")
        assert set(users(await team.channels.by_channel_id(str(general)).members.get())) == {ANA, BADR}
        path = f"/teams/{TEAM}/channels/{general}/members/{membership_id(str(general), ANA)}"
        assert (await stage.ask("DELETE", path)).status_code == 400
        private = team.channels.by_channel_id(PRIVATE).members
        await private.by_conversation_member_id(membership_id(PRIVATE, ANA)).delete()
        assert stage.sandbox.tenant.channels[PRIVATE].members == {BADR: "owner"}


async def test_a_private_channel_takes_only_members_of_its_team() -> None:
    async with staged() as stage:
        private = stage.graph.teams.by_team_id(TEAM).channels.by_channel_id(PRIVATE).members
        with pytest.raises(ODataError):
            await private.post(person(CARLA))
        stage.sandbox.world.add_member(TEAM, CARLA)
        await private.post(person(CARLA, "owner"))
        assert stage.sandbox.tenant.channels[PRIVATE].members[CARLA] == "owner"


async def test_the_last_owner_of_a_channel_leaves_nobody_without_one() -> None:
    async with staged() as stage:
        private = stage.graph.teams.by_team_id(TEAM).channels.by_channel_id(PRIVATE).members
        with pytest.raises(ODataError) as error:
            await private.by_conversation_member_id(membership_id(PRIVATE, BADR)).delete()
        assert error.value.response_status_code == 400
        assert BADR in stage.sandbox.tenant.channels[PRIVATE].members


async def test_a_shared_channel_shows_its_host_only_among_associated_teams() -> None:
    async with staged() as stage:
        carla = stage.graph.users.by_user_id(CARLA)
        joined, associated = await carla.joined_teams.get(), await carla.teamwork.associated_teams.get()
        assert joined is not None
        assert associated is not None
        assert (ids(joined), ids(associated)) == ([], [TEAM])


async def test_members_by_way_of_a_team_are_in_all_members_with_roles_in_another_casing() -> None:
    tenant = small_tenant().add(m365_group("guests", "Guests", [ANA], [ANA]), Team("guests"))
    tenant.channels[SHARED].shared_with.append("guests")
    async with staged(tenant) as stage:
        rows = (await stage.ask("GET", f"/teams/{TEAM}/channels/{SHARED}/allMembers")).json()["value"]
        assert {row["userId"]: row["roles"] for row in rows} == {
            ANA: ["Member"],
            BADR: ["Owner"],
            CARLA: ["Member"],
        }
        incoming = (await stage.ask("GET", "/teams/guests/incomingChannels")).json()["value"]
        assert [row["id"] for row in incoming] == [SHARED]
        every = (await stage.ask("GET", "/teams/guests/allChannels")).json()["value"]
        assert SHARED in {row["id"] for row in every}


async def test_chats_are_found_by_person_and_left_by_membership() -> None:
    tenant = small_tenant().add(
        Chat("19:one@unq.gbl.spaces", None, "oneOnOne", {ANA: "owner", BADR: "owner"})
    )
    async with staged(tenant) as stage:
        chats = stage.graph.users.by_user_id(ANA).chats
        query = chats.ChatsRequestBuilderGetQueryParameters(filter="chatType eq 'group'", expand=["members"])
        found = await chats.get(RequestConfiguration(query_parameters=query))
        assert found is not None
        assert ids(found) == [CHAT]
        assert {one.user_id for one in found.value[0].members} == {ANA, BADR}
        members = stage.graph.chats.by_chat_id(CHAT).members
        await members.by_conversation_member_id(membership_id(CHAT, ANA)).delete()
        assert stage.sandbox.tenant.chats[CHAT].members == {BADR: "owner"}
        with pytest.raises(ODataError) as error:
            await members.by_conversation_member_id(membership_id(CHAT, ANA)).delete()
        assert error.value.response_status_code == 404
        await members.post(person(CARLA, "owner"))
        assert CARLA in stage.sandbox.tenant.chats[CHAT].members


async def test_a_chat_of_two_keeps_both() -> None:
    tenant = small_tenant().add(
        Chat("19:one@unq.gbl.spaces", None, "oneOnOne", {ANA: "owner", BADR: "owner"})
    )
    async with staged(tenant) as stage:
        path = f"/chats/19:one@unq.gbl.spaces/members/{membership_id('19:one@unq.gbl.spaces', ANA)}"
        assert (await stage.ask("DELETE", path)).status_code == 400


async def test_teams_names_the_permission_it_misses() -> None:
    async with staged() as stage:
        stage.sandbox.withdraw_consent("TeamMember.ReadWrite.All")
        answer = await stage.ask("GET", f"/teams/{TEAM}/members")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (403, "Forbidden")
        assert "requires one of 'TeamMember.Read.All, TeamMember.ReadWrite.All'" in error["message"]


async def test_a_channel_is_found_only_in_its_own_team() -> None:
    tenant = small_tenant().add(m365_group("other", "Other", [ANA], [ANA]), Team("other"))
    tenant.add(Channel("19:elsewhere@thread.tacv2", "other", "Elsewhere", "private", {ANA: "owner"}))
    async with staged(tenant) as stage:
        assert await _status(stage, f"/teams/{TEAM}/channels/19:elsewhere@thread.tacv2/members") == 404
        assert await _status(stage, "/teams/other/channels/19%3Aelsewhere%40thread.tacv2/members") == 200
        assert await _status(stage, f"/teams/{object_id(77)}/members") == 404


async def _status(stage: Stage, path: str) -> int:
    return (await stage.ask("GET", path)).status_code
