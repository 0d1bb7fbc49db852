"""What Microsoft's reference shows of each method is read, sent and understood as it is shown there.

The forms are those of learn.microsoft.com/graph/api; each test names its page.
"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.chat.teams import TeamsConnector
from connectors.contract import KnownGroups, Outcome, Promotion, Revocation, Sight
from policies.model import Account, Gap, Group, GroupKind, Membership, Role
from tests.connectors.teams.documented import INSTANCE, TENANT, Documented, Reply, documented, error

USER = "6e7b768e-07e2-4810-8459-485f84f8f204"
OTHER = "86503198-b81b-43fe-81ee-ad45b8848ac9"
GROUP = "c11b732b-0e16-46c1-b0fa-bd32c8a42455"
TEAM = "2ab9c796-2902-45f8-b712-7c5a63cf41c4"
CHANNEL = "19:20bc1df46b1148e9b22539b83bc66809@thread.skype"
SHARED = "19:_pAm_Th6n0K3KSzbEnLHixVYL6nYYrBA5FHK2UoMmQw1@thread.tacv2"
CHAT = "19:561082c0f3f847a58069deb8eb300807@thread.v2"
IN_CHANNEL = "MmFiOWM3OTYtMjkwMi00NWY4LWI3MTItN2M1YTYzY2Y0MWM0IyNlZWY5Y2IzNi0wNmRlLTQ2OWI="
IN_CHAT = "MCMjMjQzMmI1N2ItMGFiZC00M2RiLWFhN2ItMTZlYWRkMTE1ZDM0IyMxOTpiZDlkYTQ2MzIzYWY0Mg=="
MEMBER = "#microsoft.graph.aadUserConversationMember"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
NO_CONTENT: Reply = (204, None)


def listed(*rows: dict[str, Any], what: str = "directoryObjects", **more: Any) -> Reply:
    return (200, {"@odata.context": f"{CONTEXT}{what}", **more, "value": list(rows)})


def a_group(id_: str, name: str, **more: Any) -> dict[str, Any]:
    marks = {"mailEnabled": False, "securityEnabled": True, "groupTypes": []}
    return {"@odata.type": "#microsoft.graph.group", "id": id_, "displayName": name, **marks, **more}


def a_user(id_: str) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.user", "id": id_, "accountEnabled": True, "displayName": "Megan"}


def a_member(id_: str, user_id: str, *roles: str, **more: Any) -> dict[str, Any]:
    return {"@odata.type": MEMBER, "id": id_, "roles": list(roles), "userId": user_id, "email": None, **more}


def seeing(server: Documented) -> None:
    """What the pages of one person's readings show."""
    unified = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}
    team = a_group(TEAM, "HR Taskforce", resourceProvisioningOptions=["Team"], **unified)
    role = {
        "@odata.type": "#microsoft.graph.directoryRole",
        "id": "21004afc",
        "displayName": "User Administrator",
    }
    server.shows(f"GET /users/{USER}/memberOf", listed(a_group(GROUP, "All Users"), team, role))
    server.shows(f"GET /users/{USER}/transitiveMemberOf", listed(a_group(GROUP, "All Users"), team))
    server.shows(f"GET /users/{USER}/ownedObjects", listed(team))
    info = "#microsoft.graph.associatedTeamInfo"
    server.shows(
        f"GET /users/{USER}/teamwork/associatedTeams",
        (200, {"value": [{"@odata.type": info, "id": TEAM, "tenantId": TENANT, "displayName": "HR"}]}),
    )
    server.shows(
        f"GET /users/{USER}/chats",
        listed(
            {"id": "19:meeting_Mjdh@thread.v2", "topic": "Meeting chat", "chatType": "meeting"},
            {"id": CHAT, "topic": "Group chat sample", "chatType": "group"},
            {"id": "19:a_b@unq.gbl.spaces", "topic": None, "chatType": "oneOnOne"},
            what="chats",
        ),
    )
    server.shows(f"GET /groups/{TEAM}/owners", listed(a_user(USER)))
    server.shows(f"GET /groups/{GROUP}/owners", listed())
    server.shows(
        f"GET /teams/{TEAM}/channels",
        listed(
            {"id": "19:general@thread.tacv2", "displayName": "General", "membershipType": "standard"},
            {"id": CHANNEL, "displayName": "Pay", "membershipType": "private"},
            {"id": SHARED, "displayName": "Partners", "membershipType": "unknownFutureValue"},
            what="channels",
        ),
    )
    server.shows(
        f"GET /teams/{TEAM}/channels/{CHANNEL}/members",
        listed(a_member(IN_CHANNEL, USER), a_member("b3duZXI=", OTHER, "owner")),
    )
    server.shows(f"GET /teams/{TEAM}/channels/{SHARED}/members", listed(a_member("c2hhcmVk", USER, "Owner")))
    server.shows(f"GET /chats/{CHAT}/members", listed(a_member(IN_CHAT, USER, "owner", tenantId=TENANT)))


async def found(teams: TeamsConnector) -> tuple[dict[str, Membership], list[Gap]]:
    items = [item async for item in teams.memberships(Account(INSTANCE, USER), KnownGroups())]
    members = {item.group.id: item for item in items if isinstance(item, Membership)}
    return members, [item for item in items if isinstance(item, Gap)]


def step(group_id: str, kind: GroupKind, account_id: str = USER, parent: str | None = None) -> Revocation:
    group = Group(INSTANCE, "teams", group_id, group_id, kind, parent_id=parent)
    account = Account(INSTANCE, account_id)
    return Revocation(f"{group_id}/{account_id}", account_id, Membership(account, group))


IN_GROUP = step(GROUP, GroupKind.SECURITY_GROUP)


async def test_one_persons_listings_are_read_as_shown() -> None:
    """user-list-memberof and its neighbours, associatedteaminfo-list, chat-list, channel-list."""
    async with documented() as (server, teams):
        seeing(server)
        members, gaps = await found(teams)
    assert {id_: item.group.kind for id_, item in members.items()} == {
        GROUP: GroupKind.SECURITY_GROUP,
        TEAM: GroupKind.TEAM,
        CHANNEL: GroupKind.PRIVATE_CHANNEL,
        SHARED: GroupKind.SHARED_CHANNEL,
        CHAT: GroupKind.GROUP_CHAT,
    }
    assert (members[TEAM].role, members[TEAM].sole_owner) == (Role.OWNER, True)
    assert members[SHARED].role is Role.OWNER, "the casing of roles varies from page to page"
    assert gaps == []


async def test_channels_are_asked_for_with_the_values_younger_than_the_version() -> None:
    """resources/channel: without the header `shared` is called `unknownFutureValue`."""
    async with documented() as (server, teams):
        seeing(server)
        await found(teams)
    (asked,) = [one for one in server.asked if one.name == f"GET /teams/{TEAM}/channels"]
    assert {name.lower(): value for name, value in asked.headers.items()}["prefer"] == (
        "include-unknown-enum-members"
    )


async def test_pages_are_followed_by_their_link_and_a_link_elsewhere_is_not() -> None:
    """json-batching: `@odata.nextLink` beside `value`, a whole address with `$skiptoken`."""
    link = f"https://graph.microsoft.com/v1.0/users/{USER}/memberOf?$top=1&$skiptoken=RFNwdAoAAQ"
    async with documented() as (server, teams):
        seeing(server)
        more = listed(a_group("g-last", "last"))
        first = listed(a_group(GROUP, "All Users"), **{"@odata.nextLink": link})
        server.shows(f"GET /users/{USER}/memberOf", first, more)
        members, _ = await found(teams)
        assert {GROUP, "g-last"} <= set(members)
        elsewhere = link.replace("https://graph.microsoft.com", "http://127.0.0.1:9")
        server.shows(f"GET /users/{USER}/memberOf", listed(**{"@odata.nextLink": elsewhere}))
        with pytest.raises(Exception, match="another server"):
            await found(teams)


@pytest.mark.parametrize("status", [204, 200, 202])
async def test_a_removal_from_a_group_is_done_whatever_success_is_called(status: int) -> None:
    """group-delete-members; 204 is shown, other successes are known issues elsewhere in Graph."""
    async with documented() as (server, teams):
        seeing(server)
        body = {"@odata.context": f"{CONTEXT}Edm.Null", "@odata.null": True} if status == 200 else None
        server.shows(f"DELETE /groups/{GROUP}/members/{USER}/$ref", (status, body))
        (result,) = await teams.revoke([IN_GROUP])
    assert result.outcome is Outcome.REVOKED


async def test_an_owner_loses_the_ownership_first_and_a_failed_one_keeps_the_membership() -> None:
    """group-delete-owners, json-batching: 424 of what depends on it."""
    owner = f"DELETE /groups/{TEAM}/owners/{USER}/$ref"
    member = f"DELETE /groups/{TEAM}/members/{USER}/$ref"
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /groups/{TEAM}/owners", listed(a_user(USER), a_user(OTHER)))
        server.shows(owner, NO_CONTENT)
        server.shows(member, NO_CONTENT)
        (done,) = await teams.revoke([step(TEAM, GroupKind.TEAM)])
        assert [name for name in server.names() if name.startswith("DELETE")] == [owner, member]
        last = error(
            "Request_BadRequest",
            "The group must have at least one owner, hence this owner cannot be removed.",
        )
        server.shows(owner, (400, last))
        server.shows(member, (424, error("FailedDependency", "A request this one depends on failed.")))
        (refused,) = await teams.revoke([step(TEAM, GroupKind.TEAM)])
    assert done.outcome is Outcome.REVOKED
    assert (refused.outcome, refused.refusal and refused.refusal.value) == (Outcome.REFUSED, "last_owner")


async def test_members_of_a_team_leave_together_and_each_is_told_apart() -> None:
    """conversationmember-remove: 204, and 207 with a part for each."""
    one, two = step(TEAM, GroupKind.TEAM), step(TEAM, GroupKind.TEAM, OTHER)
    remove = f"POST /teams/{TEAM}/members/remove"
    part = "#microsoft.graph.aadUserConversationMemberResult"
    mixed = [
        {
            "@odata.type": part,
            "userId": USER,
            "error": {"code": "NotFound", "message": "Could not find resource"},
        },
        {"@odata.type": part, "userId": OTHER, "error": None},
    ]
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"GET /groups/{TEAM}/owners", listed(a_user("third")))
        server.shows(f"GET /groups/{TEAM}", (200, a_group(TEAM, "HR")))
        server.shows(f"GET /users/{USER}", (200, a_user(USER)))
        server.shows(f"GET /users/{USER}/memberOf", listed())
        server.shows(remove, NO_CONTENT)
        assert {result.outcome for result in await teams.revoke([one, two])} == {Outcome.REVOKED}
        (asked,) = [asked for asked in server.asked if asked.name == remove]
        server.shows(remove, (207, {"@odata.context": f"{CONTEXT}Collection({part[1:]})", "value": mixed}))
        first, second = await teams.revoke([one, two])
    assert [row["@odata.type"] for row in asked.body["values"]] == [MEMBER[1:]] * 2
    assert [row["user@odata.bind"].endswith(f"/users('{USER}')") for row in asked.body["values"]] == [
        True,
        False,
    ]
    assert (first.outcome, second.outcome) == (Outcome.SAID_ABSENT, Outcome.REVOKED)


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        (
            step(CHANNEL, GroupKind.PRIVATE_CHANNEL, parent=TEAM),
            f"DELETE /teams/{TEAM}/channels/{CHANNEL}/members/{IN_CHANNEL}",
        ),
        (step(CHAT, GroupKind.GROUP_CHAT), f"DELETE /chats/{CHAT}/members/{IN_CHAT}"),
    ],
)
async def test_a_membership_of_a_conversation_ends_by_its_own_opaque_id(made: Revocation, asked: str) -> None:
    """channel-delete-members, chat-delete-members: ids end in `=` and `==`, channel ids have `:` and `@`."""
    async with documented() as (server, teams):
        seeing(server)
        server.shows(asked, NO_CONTENT)
        (result,) = await teams.revoke([made])
        assert result.outcome is Outcome.REVOKED
        server.shows(f"GET /teams/{TEAM}/channels/{CHANNEL}/members", listed(a_member("x", OTHER)))
        server.shows(f"GET /chats/{CHAT}/members", listed(a_member("x", OTHER)))
        (seen,) = await teams.read_back([made])
    assert seen.sight is Sight.ABSENT


async def test_a_successor_is_made_owner_as_shown() -> None:
    """group-post-owners, channel-post-members: a reference, and a member with the role bound to a user."""
    heir = Account(INSTANCE, OTHER)
    team, channel = step(TEAM, GroupKind.TEAM), step(SHARED, GroupKind.SHARED_CHANNEL, parent=TEAM)
    already = error(
        "Request_BadRequest",
        "One or more added object references already exist for the following modified properties: 'members'.",
    )
    add = f"POST /teams/{TEAM}/channels/{SHARED}/members"
    async with documented() as (server, teams):
        seeing(server)
        server.shows(f"POST /groups/{TEAM}/owners/$ref", NO_CONTENT)
        server.shows(f"POST /groups/{TEAM}/members/$ref", (400, already))
        made = await teams.promote(Promotion("p", heir, team.membership.group, USER))
        server.shows(add, (201, a_member("bmV3", OTHER, "owner", displayName="John Doe")))
        also = await teams.promote(Promotion("p", heir, channel.membership.group, USER))
    assert (made.outcome, also.outcome) == (Outcome.REVOKED, Outcome.REVOKED)
    bodies = {one.name: one.body for one in server.asked if one.name.startswith("POST")}
    assert bodies[f"POST /groups/{TEAM}/owners/$ref"]["@odata.id"].endswith(f"/directoryObjects/{OTHER}")
    assert (bodies[add]["@odata.type"], bodies[add]["roles"]) == (MEMBER, ["owner"])
    assert bodies[add]["user@odata.bind"].endswith(f"/users('{OTHER}')")
