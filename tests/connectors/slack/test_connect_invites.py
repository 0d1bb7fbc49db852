"""Invitations to shared channels that outlive their sender: named where Slack shows them, never ended."""

from __future__ import annotations

import pytest

from connectors.chat.slack.sandbox import (
    BOT_TOKEN,
    ConnectInvite,
    Fault,
    FaultKind,
    create_sandbox,
)
from connectors.contract import KnownGroups
from policies.model import Account, Gap
from tests.connectors.slack.stage import INSTANCE, Stage, staged, workspace

LIST = "conversations.listConnectInvites"
SCOPE = "conversations.connect:manage"


async def invites(stage: Stage, account_id: str) -> list[tuple[str, str | None]]:
    found = stage.slack.memberships(Account(INSTANCE, account_id), KnownGroups())
    gaps = [gap async for gap in found if isinstance(gap, Gap)]
    return [(gap.reason, gap.group_id) for gap in gaps if gap.reason.startswith("connect_invite")]


async def test_an_open_invitation_is_named_for_its_sender_only() -> None:
    world = workspace().add(
        ConnectInvite("I1", "CSHARED", "U1"), ConnectInvite("I2", "C1", "U1", direction="incoming")
    )
    async with staged(world) as stage:
        assert await invites(stage, "U1") == [("connect_invite_pending", "CSHARED")]
        assert await invites(stage, "U2") == []
        assert len(stage.sandbox.calls(LIST)) == 1, "one call a minute is all Slack grants"


async def test_without_the_scope_it_is_said_that_nothing_is_known() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove(SCOPE)
    async with staged(world) as stage:
        assert await invites(stage, "U1") == [("connect_invites_unknown", None)]
        assert [f.code for f in await stage.slack.check() if f.code.startswith("connect")] == [
            "connect_invites_unknown"
        ]
        assert not stage.sandbox.calls(LIST)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ERROR, LIST, error="restricted_action", times=0),
        Fault(FaultKind.ERROR, LIST, error="unknown_method", times=0),
        Fault(FaultKind.HTTP_500, LIST, times=0),
        Fault(FaultKind.LIMITED_429, LIST, seconds=3000.0, times=0),
    ],
    ids=lambda fault: fault.error if fault.kind is FaultKind.ERROR else fault.kind,
)
async def test_a_refused_listing_is_a_gap_and_holds_nobody_up(fault: Fault) -> None:
    world = workspace().add(ConnectInvite("I1", "CSHARED", "U1"))
    async with staged(sandbox=create_sandbox(world, faults=[fault])) as stage:
        assert await invites(stage, "U1") == [("connect_invites_unknown", None)]
