"""Channel managers: seen only with the token for it, handed over and read back, never left without one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.chat.slack.channel_managers import ADD, LIST, REMOVE
from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    BOT_TOKEN,
    Fault,
    FaultKind,
    RoleAssignment,
    Sandbox,
    User,
    Workspace,
    create_sandbox,
)
from connectors.contract import Outcome, Promotion, Sight, TransfersOwnership
from connectors.errors import BadCredentials
from policies.model import Account, Gap, Group, GroupKind, Membership, Refusal, Role, StepAction
from tests.connectors.slack.stage import ADMIN_ID, BOT_ID, INSTANCE, Stage, staged, workspace

KICK = "conversations.kick"


def managed(*managers: tuple[str, str]) -> Workspace:
    """The usual workspace, in which U1 manages C1 and G1 alone unless said otherwise."""
    pairs = managers or (("U1", "C1"), ("U1", "G1"))
    return workspace().add(*(RoleAssignment(user, channel) for user, channel in pairs))


def holders(sandbox: Sandbox, channel: str) -> set[str]:
    return {held.user for held in sandbox.workspace.roles if held.entity == channel}


def promotion(successor: str = "U2", channel: str = "C1", kind: GroupKind | None = None) -> Promotion:
    group = Group(INSTANCE, "slack", channel, channel.lower(), kind or GroupKind.PUBLIC_CHANNEL)
    return Promotion("p", Account(INSTANCE, successor), group, "U1")


def broken(world: Workspace, *faults: Fault) -> Sandbox:
    return create_sandbox(world, faults=list(faults))


async def roles(stage: Stage) -> dict[str, tuple[Role, bool]]:
    return {id_: (found.role, found.sole_owner) for id_, found in (await stage.memberships()).items()}


async def test_a_manager_is_an_owner_and_the_only_one_is_said_so() -> None:
    world = managed(("U1", "C1"), ("U1", "G1"), ("U2", "G1"), ("U2", "C2"))
    async with staged(world, admin=True) as stage:
        found = await roles(stage)
        members = [item async for item in stage.slack.members(promotion(channel="G1").group)]
    assert found["C1"] == (Role.OWNER, True)
    assert found["G1"] == (Role.OWNER, False)
    assert found["C2"] == found["S1"] == (Role.MEMBER, False)
    of_g1 = {item.account.id: item.role for item in members if isinstance(item, Membership)}
    assert of_g1 == {"U1": Role.OWNER, "U2": Role.OWNER, BOT_ID: Role.MEMBER}


async def test_a_second_manager_whose_account_is_closed_does_not_count() -> None:
    world = managed(("U1", "C1"), ("UGONE", "C1")).add(User("UGONE", deleted=True))
    async with staged(world, admin=True) as stage:
        assert (await roles(stage))["C1"] == (Role.OWNER, True)


async def test_who_manages_a_whole_workspace_is_no_channels_manager() -> None:
    world = managed(("U1", "T0SANDBOX"), ("U2", "C1"))
    async with staged(world, admin=True) as stage:
        assert (await roles(stage))["C1"] == (Role.MEMBER, False)


@pytest.mark.parametrize("why", ["no token", "no scope", "no enterprise"])
async def test_without_the_token_for_it_nothing_is_claimed_and_nothing_asked(why: str) -> None:
    world = managed()
    if why == "no scope":
        world.tokens[ADMIN_TOKEN].scopes.remove("admin.roles:read")
    if why == "no enterprise":
        world.enterprise_id = None
    async with staged(world, admin=why != "no token") as stage:
        assert set((await roles(stage)).values()) == {(Role.MEMBER, False)}
        assert StepAction.HAND_OVER not in stage.slack.capabilities.actions
        result = await stage.slack.promote(promotion())
        assert not [entry for entry in stage.sandbox.journal if entry.method.startswith("admin.roles")]
    assert result.outcome is Outcome.NO_API
    assert "Managed by" in result.remedy


async def test_a_token_that_may_not_see_managers_after_all_is_a_gap() -> None:
    world = managed()
    world.users[ADMIN_ID].is_admin = False
    async with staged(world, admin=True) as stage:
        found = [item async for item in stage.slack.members(promotion().group)]
    (gap,) = [item for item in found if isinstance(item, Gap)]
    assert gap.reason == "channel_managers_unseen"
    assert "invalid_actor" in gap.detail
    assert len(found) == 4, "the members are listed all the same"


async def test_one_listing_of_the_managers_serves_many_people() -> None:
    async with staged(managed(), admin=True) as stage:
        for user in ("U1", "U2", ADMIN_ID):
            await stage.memberships(user)
        assert len(stage.sandbox.calls(LIST)) == 1


async def test_the_managers_are_read_over_all_pages() -> None:
    world = managed(*((f"UX{n}", f"CX{n}") for n in range(7)), ("U1", "C1"))
    async with staged(sandbox=create_sandbox(world, page_cap=2), admin=True) as stage:
        assert (await roles(stage))["C1"] == (Role.OWNER, True)


async def test_a_successor_is_made_manager_and_read_back() -> None:
    async with staged(managed(), admin=True) as stage:
        assert isinstance(stage.slack, TransfersOwnership)
        assert (await stage.slack.sole_ownership(promotion())).sight is Sight.PRESENT
        result = await stage.slack.promote(promotion())
        assert (await stage.slack.sole_ownership(promotion())).sight is Sight.ABSENT
        assert holders(stage.sandbox, "C1") == {"U1", "U2"}
        assert not stage.sandbox.calls("conversations.invite"), "the successor was in the channel"
        assert (await roles(stage))["C1"] == (Role.OWNER, False)
    assert result.outcome is Outcome.REVOKED


async def test_a_successor_outside_the_channel_is_let_in_first() -> None:
    async with staged(managed(), admin=True) as stage:
        result = await stage.slack.promote(promotion("U3", "G1"))
        assert result.refusal is Refusal.ACCOUNT_UNKNOWN, "somebody Slack does not know is never promoted"
        stage.sandbox.workspace.add(User("U3", "carla"))
        result = await stage.slack.promote(promotion("U3", "G1"))
        assert "U3" in stage.members("G1")
        assert holders(stage.sandbox, "G1") == {"U1", "U3"}
    assert result.outcome is Outcome.REVOKED


async def test_promoting_twice_is_safe() -> None:
    async with staged(managed(), admin=True) as stage:
        await stage.slack.promote(promotion())
        again = await stage.slack.promote(promotion())
        assert len(stage.sandbox.calls(ADD)) == 1
    assert again.outcome is Outcome.REVOKED


async def test_a_channel_the_bot_is_not_in_takes_no_successor_and_says_what_to_do() -> None:
    world = managed(("U1", "C2"), ("U1", "G2")).add(User("U3"))
    async with staged(world, admin=True) as stage:
        results = [await stage.slack.promote(promotion("U3", channel)) for channel in ("C2", "G2")]
        assert holders(stage.sandbox, "C2") == holders(stage.sandbox, "G2") == {"U1"}
    assert {result.refusal for result in results} == {Refusal.BOT_NOT_IN_GROUP}
    assert all("Invite the bot" in result.remedy for result in results)


@pytest.mark.parametrize("guest", ["is_restricted", "is_ultra_restricted"])
async def test_a_guest_is_refused_as_successor(guest: str) -> None:
    world = managed().add(User("UGUEST"))
    setattr(world.users["UGUEST"], guest, True)
    async with staged(world, admin=True) as stage:
        outside = await stage.slack.promote(promotion("UGUEST"))
        stage.members("C1").append("UGUEST")
        world.users["UGUEST"].is_restricted = True
        inside = await stage.slack.promote(promotion("UGUEST"))
        assert holders(stage.sandbox, "C1") == {"U1"}
    assert outside.refusal is inside.refusal is Refusal.NO_RIGHT
    assert "another successor" in outside.remedy


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        (promotion("U1"), Refusal.AMBIGUOUS),
        (promotion(BOT_ID), Refusal.BOT_ITSELF),
        (promotion(ADMIN_ID), Refusal.BOT_ITSELF),
        (Promotion("p", Account("other", "U2"), promotion().group, "U1"), Refusal.NOT_MANAGED),
    ],
    ids=["the leaver", "the bot", "the token's owner", "another workspace"],
)
async def test_who_can_be_no_successor_is_refused_before_anything_leaves(
    step: Promotion, refusal: Refusal
) -> None:
    async with staged(managed(), admin=True) as stage:
        result = await stage.slack.promote(step)
        assert {entry.method for entry in stage.sandbox.journal} <= {"auth.test"}
    assert result.refusal is refusal


@pytest.mark.parametrize(
    ("error", "outcome", "refusal"),
    [
        ("invalid_actor", Outcome.REFUSED, Refusal.NO_RIGHT),
        ("cannot_modify_role_admin", Outcome.REFUSED, Refusal.NO_RIGHT),
        ("failed_for_some_users", Outcome.REFUSED, Refusal.NO_RIGHT),
        ("feature_not_enabled", Outcome.NO_API, None),
        ("missing_scope", Outcome.REFUSED, Refusal.MISSING_SCOPE),
        ("brand_new", Outcome.REFUSED, Refusal.UNEXPECTED),
    ],
)
async def test_a_refused_promotion_is_never_a_success(
    error: str, outcome: Outcome, refusal: Refusal | None
) -> None:
    sandbox = broken(managed(), Fault(FaultKind.ERROR, ADD, error=error))
    async with staged(sandbox=sandbox, admin=True) as stage:
        result = await stage.slack.promote(promotion())
    assert (result.outcome, result.refusal) == (outcome, refusal)
    assert result.remedy


async def test_a_lost_answer_to_a_promotion_is_unknown_until_it_is_read_back() -> None:
    sandbox = broken(managed(), Fault(FaultKind.DROP, ADD, after_effect=True))
    async with staged(sandbox=sandbox, admin=True) as stage:
        assert (await stage.slack.promote(promotion())).outcome is Outcome.UNKNOWN
        assert (await stage.slack.sole_ownership(promotion())).sight is Sight.ABSENT


async def test_an_ok_that_kept_the_old_managers_is_seen_through() -> None:
    sandbox = broken(managed(), Fault(FaultKind.OK_BUT_KEPT, ADD))
    async with staged(sandbox=sandbox, admin=True) as stage:
        assert (await stage.slack.promote(promotion())).outcome is Outcome.REVOKED
        assert (await stage.slack.sole_ownership(promotion())).sight is Sight.PRESENT


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.EMPTY_BODY])
async def test_managers_that_cannot_be_read_are_neither_there_nor_not(kind: FaultKind) -> None:
    sandbox = broken(managed(), Fault(kind, LIST, times=0))
    async with staged(sandbox=sandbox, admin=True) as stage:
        assert (await stage.slack.sole_ownership(promotion())).sight is Sight.UNREADABLE
        assert (await stage.slack.promote(promotion())).outcome is Outcome.UNAVAILABLE
        assert not stage.sandbox.calls(ADD)


async def test_the_last_manager_is_never_taken_out() -> None:
    async with staged(managed(), admin=True) as stage:
        result = await stage.revoke("C1")
        assert "U1" in stage.members("C1")
        assert holders(stage.sandbox, "C1") == {"U1"}
        assert not _writes(stage.sandbox)
    assert result.refusal is Refusal.LAST_OWNER
    assert "make somebody else manager" in result.remedy


async def test_after_the_hand_over_the_manager_steps_down_and_goes() -> None:
    async with staged(managed(), admin=True) as stage:
        await stage.slack.promote(promotion())
        result = await stage.revoke("C1")
        assert holders(stage.sandbox, "C1") == {"U2"}
        assert "U1" not in stage.members("C1")
        order = [entry.method for entry in stage.sandbox.journal if entry.method in (REMOVE, KICK)]
    assert result.outcome is Outcome.REVOKED
    assert order == [REMOVE, KICK]
    assert ("manager_role", "removed") in result.evidence.facts


async def test_a_role_that_cannot_be_taken_is_said_and_the_person_goes_all_the_same() -> None:
    world = managed(("U1", "C1"), ("U2", "C1"))
    sandbox = broken(world, Fault(FaultKind.ERROR, REMOVE, error="invalid_actor"))
    async with staged(sandbox=sandbox, admin=True) as stage:
        result = await stage.revoke("C1")
        assert "U1" not in stage.members("C1")
    assert result.outcome is Outcome.REVOKED
    assert "manager_role_kept: invalid_actor" in result.detail


async def test_a_lost_answer_to_stepping_down_stops_there_and_is_done_again() -> None:
    world = managed(("U1", "C1"), ("U2", "C1"))
    sandbox = broken(world, Fault(FaultKind.DROP, REMOVE, after_effect=True))
    async with staged(sandbox=sandbox, admin=True) as stage:
        assert (await stage.revoke("C1")).outcome is Outcome.UNKNOWN
        assert (await stage.read_back("C1")).sight is Sight.PRESENT
        assert (await stage.revoke("C1")).outcome is Outcome.REVOKED
        assert "U1" not in stage.members("C1")


async def test_a_limit_on_stepping_down_is_said_with_the_seconds_to_wait() -> None:
    world = managed(("U1", "C1"), ("U2", "C1"))
    sandbox = broken(world, Fault(FaultKind.LIMITED_429, REMOVE, seconds=7))
    async with staged(sandbox=sandbox, admin=True) as stage:
        result = await stage.revoke("C1")
        assert "U1" in stage.members("C1")
    assert result.outcome is Outcome.RATE_LIMITED
    assert result.retry_after is not None
    assert result.retry_after >= 7.0


async def test_a_token_refused_after_the_role_was_taken_is_no_exception() -> None:
    """An exception would say that nothing was sent."""
    world = managed(("U1", "C1"), ("U2", "C1"))
    sandbox = broken(world, Fault(FaultKind.TOKEN_REVOKED, KICK))
    async with staged(sandbox=sandbox, admin=True) as stage:
        result = await stage.revoke("C1")
        assert holders(stage.sandbox, "C1") == {"U2"}
        assert result.outcome is Outcome.UNAVAILABLE
        world.tokens[BOT_TOKEN].revoked = True
        with pytest.raises(BadCredentials):
            await stage.revoke("C1")


def _writes(sandbox: Sandbox) -> Sequence[str]:
    return [entry.method for entry in sandbox.journal if entry.effect != "none"]
