"""Everything somebody is in is read: by either role, by way of another group, in channels and chats."""

from __future__ import annotations

import pytest

from connectors.chat.teams.sandbox import Channel, EntraGroup, FaultKind, create_sandbox
from connectors.chat.teams.tokens import Token
from connectors.contract import KnownGroups
from connectors.errors import BadCredentials, Unavailable
from policies.model import Account, AccountKind, Gap, Group, GroupKind, Membership, Person, Refusal, Role
from tests.connectors.teams.stage import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    DYNAMIC,
    GUEST,
    INSTANCE,
    LIST,
    M365,
    ONLY_OWNED,
    OTHER_TEAM,
    OUTER,
    OUTERMOST,
    OWNED,
    PRIVATE,
    ROLES,
    SECURITY,
    SHARED,
    SYNCED,
    TEAM,
    group,
    staged,
    tenant,
)


async def test_every_group_is_found_whatever_ties_the_person_to_it() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    assert set(found) == {
        *(M365, TEAM, SECURITY, OUTER, OUTERMOST, SYNCED, DYNAMIC, LIST, ROLES, OWNED, ONLY_OWNED),
        *(PRIVATE, SHARED, CHAT),
    }
    kinds = {id_: item.group.kind for id_, item in found.items()}
    assert (kinds[TEAM], kinds[M365]) == (GroupKind.TEAM, GroupKind.M365_GROUP)
    assert (kinds[SECURITY], kinds[LIST]) == (GroupKind.SECURITY_GROUP, GroupKind.DISTRIBUTION_LIST)
    assert (kinds[PRIVATE], kinds[SHARED]) == (GroupKind.PRIVATE_CHANNEL, GroupKind.SHARED_CHANNEL)
    assert kinds[CHAT] is GroupKind.GROUP_CHAT
    assert found[SHARED].group.parent_id == OTHER_TEAM, "its host is not among the person's own teams"


async def test_an_owner_who_is_no_member_is_found_as_owner() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    assert found[ONLY_OWNED].role is Role.OWNER
    assert found[M365].role is Role.MEMBER


async def test_an_app_among_the_owners_does_not_make_a_second_one() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    assert found[OWNED].sole_owner
    assert not found[TEAM].sole_owner


async def test_what_keeps_a_group_from_being_changed_is_read_from_its_marks() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    marks = {id_: found[id_].group.managed_elsewhere for id_ in (SYNCED, DYNAMIC, LIST, ROLES, M365)}
    assert marks == {
        SYNCED: "synced",
        DYNAMIC: "dynamic",
        LIST: "mail_enabled",
        ROLES: "role_assignable",
        M365: None,
    }


async def test_a_nested_membership_names_the_group_in_which_it_ends() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    assert (found[OUTER].refusal, found[OUTER].through) == (Refusal.NESTED, SECURITY)
    assert (found[OUTERMOST].refusal, found[OUTERMOST].through) == (Refusal.NESTED, SECURITY)
    assert found[SECURITY].through is None


async def test_groups_nested_in_a_circle_end_the_search() -> None:
    world = tenant()
    world.groups[SECURITY].members.append(OUTERMOST)
    async with staged(world) as stage:
        found = await stage.memberships()
    assert found[OUTERMOST].through == SECURITY


async def test_the_owner_of_a_channel_alone_is_said_to_be_so() -> None:
    async with staged() as stage:
        badr, ana = await stage.memberships(BADR), await stage.memberships()
    assert badr[PRIVATE].role is Role.OWNER
    assert badr[PRIVATE].sole_owner
    assert not ana[PRIVATE].sole_owner


async def test_a_chat_of_two_is_no_group() -> None:
    async with staged() as stage:
        found = await stage.memberships()
    assert "19:one@thread.v2" not in found


async def test_all_pages_are_read_however_small() -> None:
    sandbox = create_sandbox(tenant(), page_cap=1)
    async with staged(sandbox=sandbox) as small, staged() as whole:
        assert set(await small.memberships()) == set(await whole.memberships())


async def test_chats_refused_to_an_app_are_a_gap_with_its_remedy() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.REFUSED, "GET /users/*/chats", times=0)
        found = await stage.found()
    (gap,) = [item for item in found if isinstance(item, Gap)]
    assert (gap.reason, gap.group_id) == ("chats_unreadable", None)
    assert "ChatMember.ReadWrite.All" in gap.remedy
    assert PRIVATE in {item.group.id for item in found if isinstance(item, Membership)}


async def test_a_missing_permission_for_channels_is_a_gap_and_the_groups_are_read() -> None:
    world = tenant()
    world.app().granted.remove("Channel.ReadBasic.All")
    async with staged(world) as stage:
        found = await stage.found()
    gaps = [item for item in found if isinstance(item, Gap)]
    assert {gap.reason for gap in gaps} == {"channels_unreadable"}
    assert {gap.group_id for gap in gaps} == {TEAM, OTHER_TEAM}
    assert M365 in {item.group.id for item in found if isinstance(item, Membership)}


_PAGED = [
    "GET /users/*/memberOf",
    "GET /users/*/transitiveMemberOf",
    "GET /users/*/ownedObjects",
    "GET /groups/*/owners",
    "GET /users/*/chats",
    "GET /teams/*/channels/*/members",
]
_WHOLE = ["GET /users/*/teamwork/associatedTeams", "GET /teams/*/channels"]


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        *((on, FaultKind.HTTP_500) for on in (*_PAGED, *_WHOLE)),
        *((on, FaultKind.PAGE_LOOP) for on in _PAGED),
    ],
)
async def test_a_reading_that_cannot_be_finished_raises(on: str, kind: FaultKind) -> None:
    async with staged() as stage:
        stage.fault(kind, on, times=0)
        with pytest.raises(Unavailable):
            await stage.found()


async def test_a_part_refused_for_now_is_asked_again_and_the_reading_is_whole() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.LIMITED_429, "GET /users/*/ownedObjects", seconds=0.01)
        stage.fault(FaultKind.HTTP_503, "GET /users/*/chats")
        found = await stage.memberships()
        asked = stage.sandbox.calls("GET /users/{user}/memberOf")
    assert {ONLY_OWNED, CHAT} <= set(found)
    assert len(asked) == 1, "only what was refused is asked again"


async def test_a_part_left_out_of_the_answer_is_asked_again_by_itself() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.PART_MISSING, "GET /users/*/ownedObjects", times=0)
        assert ONLY_OWNED in await stage.memberships()
        first, second = stage.sandbox.calls("GET /users/{user}/ownedObjects")
    assert first.part_of is not None
    assert second.part_of is None


async def test_a_shared_channel_of_another_organisation_is_a_gap() -> None:
    world = tenant()
    world.add(Channel("19:s@thread.tacv2", OTHER_TEAM, "s", "shared", {CARLA: ""}))
    async with staged(world) as stage:
        token = await stage.teams._client.tokens.token()
        object.__setattr__(token, "tenant_id", "0b1e5a1c-ffff-4000-8000-000000000001")
        stage.teams._client.tokens._token = token
        found = await stage.found(CARLA)
    assert "shared_channel_elsewhere" in {item.reason for item in found if isinstance(item, Gap)}


async def test_accounts_carry_what_the_directory_verified() -> None:
    async with staged(page_size=2) as stage:
        accounts = {account.id: account async for account in stage.teams.accounts()}
    assert accounts[ANA] == Account(INSTANCE, ANA, "Ana Quispe", "ana@example.com")
    assert not accounts[CARLA].active
    assert accounts[GUEST].kind is AccountKind.GUEST
    assert len(accounts) == 5


async def test_a_person_is_found_by_the_ids_hr_states_and_unknown_ids_are_left_out() -> None:
    person = Person(
        "E1", "Ana", email="badr@example.com", account_ids=((INSTANCE, ANA), (INSTANCE, "u-none"))
    )
    async with staged() as stage:
        found = [account.id async for account in stage.teams.accounts(person)]
    assert found == [ANA]


async def test_a_person_without_an_id_is_found_by_address_even_one_with_a_quote_in_it() -> None:
    person = Person("E1", "Carla", email="Carla.O'Neill@example.com")
    async with staged() as stage:
        found = [account.id async for account in stage.teams.accounts(person)]
        nobody = [
            account async for account in stage.teams.accounts(Person("E2", "X", email="no@example.com"))
        ]
    assert found == [CARLA]
    assert nobody == []


async def test_groups_are_listed_with_their_channels_and_what_cannot_be_listed() -> None:
    world = tenant()
    world.groups[M365].visibility = "Public"
    async with staged(world, page_size=3) as stage:
        items = [item async for item in stage.teams.groups()]
    groups = {item.id: item for item in items if isinstance(item, Group)}
    assert set(groups) == {*world.groups, PRIVATE, SHARED}
    assert groups[M365].self_join
    assert not groups[TEAM].self_join
    assert [item.reason for item in items if isinstance(item, Gap)] == ["group_chats_unlisted"]


async def test_a_group_that_hides_its_members_is_a_gap_without_the_permission() -> None:
    world = tenant().add(EntraGroup("g-hidden", "hidden", [ANA], visibility="HiddenMembership"))
    async with staged(world) as stage:
        assert "members_unreadable" not in {
            item.reason async for item in stage.teams.groups() if isinstance(item, Gap)
        }
    world.app().granted.remove("Member.Read.Hidden")
    async with staged(world) as stage:
        gaps = [item async for item in stage.teams.groups() if isinstance(item, Gap)]
    assert ("members_unreadable", "g-hidden") in {(gap.reason, gap.group_id) for gap in gaps}


async def test_without_the_permission_what_somebody_is_in_may_lack_hidden_groups_and_says_so() -> None:
    world = tenant()
    world.app().granted.remove("Member.Read.Hidden")
    async with staged(world) as stage:
        (gap,) = [item for item in await stage.found() if isinstance(item, Gap)]
    assert (gap.reason, gap.group_id) == ("hidden_memberships_unseen", None)
    assert "Member.Read.Hidden" in gap.remedy


async def test_members_of_a_group_are_listed_with_their_roles_and_inner_groups() -> None:
    async with staged() as stage:
        outer = [item async for item in stage.teams.members(group(OUTER))]
        team = [item async for item in stage.teams.members(group(TEAM))]
        private = [item async for item in stage.teams.members(group(PRIVATE))]
        chat = [item async for item in stage.teams.members(group(CHAT))]
    nested = {item.account.id: item for item in outer if isinstance(item, Membership)}
    assert {id_: (item.refusal, item.through) for id_, item in nested.items()} == {
        ANA: (Refusal.NESTED, SECURITY),
        BADR: (Refusal.NESTED, SECURITY),
    }
    roles = {item.account.id: item.role for item in team if isinstance(item, Membership)}
    assert roles == {ANA: Role.OWNER, BADR: Role.OWNER, CARLA: Role.MEMBER}, "an app is nobody's member"
    assert {item.account.id: item.role for item in private if isinstance(item, Membership)} == {
        ANA: Role.MEMBER,
        BADR: Role.OWNER,
    }
    assert {item.role for item in chat if isinstance(item, Membership)} == {Role.MEMBER}


async def test_members_of_a_group_that_cannot_be_read_are_a_gap() -> None:
    world = tenant().add(EntraGroup("g-hidden", "hidden", [ANA], hidden_membership=True))
    world.app().granted.remove("Member.Read.Hidden")
    async with staged(world) as stage:
        (hidden,) = [item async for item in stage.teams.members(group("g-hidden"))]
        (gone,) = [item async for item in stage.teams.members(group("g-none"))]
    assert isinstance(hidden, Gap)
    assert isinstance(gone, Gap)
    assert (hidden.reason, gone.reason) == ("members_unreadable", "group_gone")


async def test_a_token_that_dies_while_reading_is_replaced_once() -> None:
    async with staged() as stage:
        await stage.memberships()
        stage.sandbox.tokens.revoke_all()
        assert M365 in await stage.memberships()
        logins = stage.sandbox.calls("POST /{tenant}/oauth2/v2.0/token")
    assert len(logins) == 2


async def test_a_secret_withdrawn_while_reading_calls_an_operator() -> None:
    async with staged() as stage:
        await stage.memberships()
        stage.fault(FaultKind.TOKEN_REVOKED, "GET /users/*/memberOf", times=0)
        with pytest.raises(BadCredentials, match="AADSTS7000215"):
            [item async for item in stage.teams.memberships(Account(INSTANCE, ANA), KnownGroups())]


async def test_a_token_that_tells_nothing_does_not_vouch_for_hidden_groups() -> None:
    world = tenant().add(EntraGroup("g-hidden", "hidden", [ANA], visibility="HiddenMembership"))
    async with staged(world) as stage:
        tokens = stage.teams._client.tokens
        known = await tokens.token()
        tokens._token = Token(known.value, known.until, known.tenant_id, known.object_id, None)
        listed = [item async for item in stage.teams.groups() if isinstance(item, Gap)]
    assert ("members_unreadable", "g-hidden") in {(gap.reason, gap.group_id) for gap in listed}
