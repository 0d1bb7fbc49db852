"""Ways back: what a person asked for is found and denied by id, and nothing that others asked for."""

from __future__ import annotations

import pytest

from connectors.chat.slack.invite_requests import CONNECT_DENY, CONNECT_LIST, INVITE_DENY, INVITE_LIST
from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    BOT_TOKEN,
    Fault,
    FaultKind,
    InviteRequest,
    RequestState,
    Sandbox,
    Workspace,
    create_sandbox,
)
from connectors.contract import ClosesTheWayBack, Closing, Outcome, Sight, WayBack, WayKind
from connectors.errors import BadCredentials
from policies.model import Account, Gap, Group, GroupKind, Refusal, StepAction
from tests.connectors.slack.stage import ADMIN_ID, INSTANCE, Stage, staged, workspace

ANA = Account(INSTANCE, "U1", "ana", "ana@example.com")
C1 = Group(INSTANCE, "slack", "C1", "sales", GroupKind.PUBLIC_CHANNEL)


def asked() -> Workspace:
    """Ana asked for an outsider in C1, for one in G1, and for a colleague in the workspace."""
    return workspace().add(
        InviteRequest("I1", ["U1"], channel="C1", shared=True),
        InviteRequest("I2", ["U1"], channel="G1", shared=True),
        InviteRequest("I3", ["U2"], channel="C1", shared=True),
        InviteRequest("Ir1", ["U1"]),
        InviteRequest("Ir2", ["U2"]),
    )


def request(stage: Stage, request_id: str) -> InviteRequest:
    return next(one for one in stage.sandbox.workspace.invite_requests if one.id == request_id)


def closing(way_id: str, account: Account = ANA) -> Closing:
    return Closing("w", account, WayBack(way_id, WayKind.INVITATION))


async def found(stage: Stage) -> tuple[dict[str, WayBack], dict[str, Gap]]:
    items = [item async for item in stage.slack.ways_back(ANA, [C1])]
    ways = {item.id: item for item in items if isinstance(item, WayBack)}
    return ways, {item.reason: item for item in items if isinstance(item, Gap)}


def broken(*faults: Fault) -> Sandbox:
    return create_sandbox(asked(), faults=list(faults))


async def test_what_the_person_asked_for_is_found_and_nothing_of_others() -> None:
    async with staged(asked(), admin=True) as stage:
        assert isinstance(stage.slack, ClosesTheWayBack)
        ways, gaps = await found(stage)
    assert set(ways) == {"connect_request:I1", "connect_request:I2", "invite_request:Ir1"}
    assert ways["connect_request:I1"].group == C1
    assert ways["connect_request:I2"].group is None, "into a channel that is not lost: for leavers only"
    assert not gaps
    assert "example.net" not in repr(ways), "an invited stranger's address is nobody's business"


async def test_requests_are_read_over_all_pages() -> None:
    world = asked().add(*(InviteRequest(f"I9{n}", ["U1"], shared=True) for n in range(5)))
    async with staged(sandbox=create_sandbox(world, page_cap=2)) as stage:
        ways, _ = await found(stage)
    assert len(ways) == 7


async def test_one_listing_serves_many_people() -> None:
    async with staged(asked(), admin=True) as stage:
        for _ in range(3):
            await found(stage)
        assert len(stage.sandbox.calls(CONNECT_LIST)) == len(stage.sandbox.calls(INVITE_LIST)) == 1


async def test_what_others_asked_for_too_or_an_address_alone_is_left_to_people() -> None:
    world = workspace().add(InviteRequest("Ir3", ["U1", "U2"]), InviteRequest("Ir4", ["U2"], ANA.email or ""))
    async with staged(world, admin=True) as stage:
        ways, gaps = await found(stage)
    assert not ways
    assert set(gaps) == {"invite_request_shared", "invite_request_for_address"}
    assert all("Manage members" in gap.remedy for gap in gaps.values())


@pytest.mark.parametrize(("way", "id_"), [("connect_request:I1", "I1"), ("invite_request:Ir1", "Ir1")])
async def test_a_request_is_denied_and_read_back(way: str, id_: str) -> None:
    async with staged(asked(), admin=True) as stage:
        assert (await stage.slack.way_back_open(closing(way))).sight is Sight.PRESENT
        result = await stage.slack.close_way_back(closing(way))
        assert (await stage.slack.way_back_open(closing(way))).sight is Sight.ABSENT
        assert request(stage, id_).state is RequestState.DENIED
        denied = {one.id for one in stage.sandbox.workspace.invite_requests if one.state != "open"}
        assert denied == {id_}
        again = await stage.slack.close_way_back(closing(way))
        ways, _ = await found(stage)
    assert (result.outcome, again.outcome) == (Outcome.REVOKED, Outcome.SAID_ABSENT)
    assert way not in ways


@pytest.mark.parametrize(("way", "id_"), [("connect_request:I1", "I1"), ("invite_request:Ir1", "Ir1")])
async def test_a_request_somebody_granted_still_leads_in(way: str, id_: str) -> None:
    async with staged(asked(), admin=True) as stage:
        request(stage, id_).state = RequestState.APPROVED
        seen = await stage.slack.way_back_open(closing(way))
        assert not stage.sandbox.calls(CONNECT_DENY) + stage.sandbox.calls(INVITE_DENY)
    assert seen.sight is Sight.PRESENT
    assert "Revoke it in Slack" in seen.detail


async def test_an_expired_request_leads_nowhere() -> None:
    async with staged(asked()) as stage:
        request(stage, "I1").state = RequestState.EXPIRED
        assert (await stage.slack.way_back_open(closing("connect_request:I1"))).sight is Sight.ABSENT


@pytest.mark.parametrize("way", ["connect_request:I3", "invite_request:Ir2"])
async def test_what_somebody_else_asked_for_is_never_denied(way: str) -> None:
    async with staged(asked(), admin=True) as stage:
        result = await stage.slack.close_way_back(closing(way))
        assert not stage.sandbox.calls(CONNECT_DENY) + stage.sandbox.calls(INVITE_DENY)
    assert result.refusal is Refusal.AMBIGUOUS


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (closing("link:1"), Outcome.NO_API),
        (closing("connect_request:I1", Account("other", "U1")), Outcome.REFUSED),
    ],
)
async def test_a_step_that_is_not_ours_is_refused_before_anything_leaves(
    step: Closing, outcome: Outcome
) -> None:
    async with staged(asked(), admin=True) as stage:
        assert (await stage.slack.close_way_back(step)).outcome is outcome
        assert not stage.sandbox.journal


@pytest.mark.parametrize(
    ("error", "outcome", "refusal"),
    [
        ("invite_already_denied", Outcome.SAID_ABSENT, None),
        ("invite_already_approved", Outcome.REFUSED, Refusal.UNEXPECTED),
        ("restricted_action", Outcome.REFUSED, Refusal.NO_RIGHT),
        ("missing_scope", Outcome.REFUSED, Refusal.MISSING_SCOPE),
        ("brand_new", Outcome.REFUSED, Refusal.UNEXPECTED),
    ],
)
async def test_a_refused_denial_is_never_a_success(
    error: str, outcome: Outcome, refusal: Refusal | None
) -> None:
    async with staged(sandbox=broken(Fault(FaultKind.ERROR, CONNECT_DENY, error=error))) as stage:
        result = await stage.slack.close_way_back(closing("connect_request:I1"))
    assert (result.outcome, result.refusal) == (outcome, refusal)


async def test_a_lost_answer_to_a_denial_is_unknown_until_it_is_read_back() -> None:
    lost = Fault(FaultKind.DROP, INVITE_DENY, after_effect=True)
    async with staged(sandbox=broken(lost), admin=True) as stage:
        step = closing("invite_request:Ir1")
        assert (await stage.slack.close_way_back(step)).outcome is Outcome.UNKNOWN
        assert (await stage.slack.way_back_open(step)).sight is Sight.ABSENT


async def test_an_ok_that_left_the_request_open_is_seen_through() -> None:
    async with staged(sandbox=broken(Fault(FaultKind.OK_BUT_KEPT, CONNECT_DENY))) as stage:
        step = closing("connect_request:I1")
        assert (await stage.slack.close_way_back(step)).outcome is Outcome.REVOKED
        assert (await stage.slack.way_back_open(step)).sight is Sight.PRESENT


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.MALFORMED_JSON])
async def test_requests_that_cannot_be_read_are_a_gap_and_never_closed_blindly(kind: FaultKind) -> None:
    async with staged(sandbox=broken(Fault(kind, CONNECT_LIST, times=0))) as stage:
        step = closing("connect_request:I1")
        _, gaps = await found(stage)
        assert (await stage.slack.way_back_open(step)).sight is Sight.UNREADABLE
        assert (await stage.slack.close_way_back(step)).outcome is Outcome.UNAVAILABLE
        assert not stage.sandbox.calls(CONNECT_DENY)
    assert set(gaps) == {"connect_requests_unknown"}


async def test_a_plan_that_lets_nobody_govern_invitations_is_a_gap() -> None:
    world = asked()
    world.prefs.connect_requests_governed = world.prefs.has_invite_request_api = False
    async with staged(world, admin=True) as stage:
        ways, gaps = await found(stage)
    assert not ways
    assert "restricted_action" in gaps["connect_requests_unknown"].detail
    assert "feature_not_enabled" in gaps["invite_requests_unknown"].detail


async def test_a_missing_scope_is_named_and_nothing_is_asked() -> None:
    world = asked()
    world.tokens[ADMIN_TOKEN].scopes.remove("admin.invites:write")
    async with staged(world, admin=True) as stage:
        _, gaps = await found(stage)
        assert not stage.sandbox.calls(INVITE_LIST)
    assert "admin.invites:write" in gaps["invite_requests_unknown"].detail


async def test_somebody_who_is_no_admin_sees_no_requests_and_that_is_said() -> None:
    world = asked()
    world.users[ADMIN_ID].is_admin = False
    async with staged(world, admin=True) as stage:
        _, gaps = await found(stage)
    assert "not_an_admin" in gaps["invite_requests_unknown"].detail


async def test_outside_enterprise_there_are_no_requests_to_deny_and_none_is_promised() -> None:
    world = asked()
    world.enterprise_id = None
    async with staged(world, admin=True) as stage:
        assert await found(stage) == ({}, {})
        await stage.account()
        assert StepAction.CLOSE_WAY_BACK not in stage.slack.capabilities.actions
        result = await stage.slack.close_way_back(closing("connect_request:I1"))
    assert result.outcome is Outcome.NO_API


async def test_the_bots_own_scope_is_enough_for_requests_into_channels() -> None:
    async with staged(asked()) as stage:
        await stage.account()
        assert stage.slack.capabilities.actions == (StepAction.REVOKE, StepAction.CLOSE_WAY_BACK)
        ways, gaps = await found(stage)
    assert set(ways) == {"connect_request:I1", "connect_request:I2"}
    assert not gaps, "without an admin token what it could see is said as residual access"


async def test_a_revoked_token_calls_an_operator() -> None:
    world = asked()
    world.tokens[BOT_TOKEN].revoked = True
    async with staged(world) as stage:
        with pytest.raises(BadCredentials):
            await found(stage)
