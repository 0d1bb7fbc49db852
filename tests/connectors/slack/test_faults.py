"""What goes wrong on the way: each fault over a real socket, and what is known of the step afterwards."""

from __future__ import annotations

import asyncio
import socket

import pytest

from connectors.chat.slack import SlackConnector
from connectors.chat.slack.sandbox import Fault, FaultKind, LimitManner, Limits, Sandbox, create_sandbox
from connectors.contract import Outcome, Sight
from connectors.errors import BadCredentials, Unavailable
from tests.connectors.slack.stage import config, staged, step, workspace

KICK = "conversations.kick"
LOST = [
    FaultKind.HTTP_500,
    FaultKind.DROP,
    FaultKind.SILENCE,
    FaultKind.EMPTY_BODY,
    FaultKind.MALFORMED_JSON,
    FaultKind.HTML_PAGE,
    FaultKind.REDIRECT,
]


def faulty(kind: FaultKind, method: str = KICK, **more: object) -> Sandbox:
    return create_sandbox(workspace(), faults=[Fault(kind, method, **more)])  # type: ignore[arg-type] # the caller names fields of Fault


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("kind", LOST)
async def test_a_lost_answer_is_unknown_sent_once_and_settled_by_reading(
    kind: FaultKind, after_effect: bool
) -> None:
    # Only silence is waited out; everything else is known at once, however busy the machine is.
    patience = 1.0 if kind is FaultKind.SILENCE else 30.0
    async with staged(sandbox=faulty(kind, after_effect=after_effect), timeout_seconds=patience) as stage:
        result = await stage.revoke("C1")
        assert len(stage.sandbox.calls(KICK)) == 1
        presence = await stage.read_back("C1")
        assert ("U1" in stage.members("C1")) is not after_effect
    assert result.outcome is Outcome.UNKNOWN
    assert presence.sight is (Sight.ABSENT if after_effect else Sight.PRESENT)


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
async def test_slacks_own_failures_are_unknown(error: str) -> None:
    async with staged(sandbox=faulty(FaultKind.ERROR, error=error)) as stage:
        assert (await stage.revoke("C1")).outcome is Outcome.UNKNOWN


async def test_a_lost_answer_then_a_second_try_counts_as_removed_once() -> None:
    async with staged(sandbox=faulty(FaultKind.DROP, after_effect=True)) as stage:
        assert (await stage.revoke("C1")).outcome is Outcome.UNKNOWN
        assert (await stage.revoke("C1")).outcome is Outcome.SAID_ABSENT
        assert stage.sandbox.effective_removals() == [("C1", "U1")]


async def test_a_429_is_obeyed_without_another_call() -> None:
    async with staged(sandbox=faulty(FaultKind.LIMITED_429, seconds=7.0)) as stage:
        first, second = await stage.revoke("C1"), await stage.revoke("C1")
        assert len(stage.sandbox.calls(KICK)) == 1
    assert (first.outcome, second.outcome) == (Outcome.RATE_LIMITED, Outcome.RATE_LIMITED)
    assert first.retry_after is not None
    assert 7.0 <= first.retry_after < 9.0


async def test_ratelimited_inside_a_200_is_a_429_too() -> None:
    async with staged(sandbox=faulty(FaultKind.LIMITED_200), pace_scale=0.001) as stage:
        result = await stage.revoke("C1")
        assert "U1" in stage.members("C1")
    assert result.outcome is Outcome.RATE_LIMITED


async def test_a_read_waits_out_a_short_429() -> None:
    async with staged(sandbox=faulty(FaultKind.LIMITED_429, "users.list", seconds=0.05)) as stage:
        assert (await stage.account()).id == "U1"
        assert len(stage.sandbox.calls("users.list")) == 2


async def test_a_read_does_not_wait_for_ever() -> None:
    limited = faulty(FaultKind.LIMITED_429, "users.list", seconds=600.0)
    async with staged(sandbox=limited) as stage:
        with pytest.raises(Unavailable) as raised:
            await stage.account()
        assert len(stage.sandbox.calls("users.list")) == 1
    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 590


@pytest.mark.parametrize("kind", [kind for kind in LOST if kind is not FaultKind.SILENCE])
async def test_a_read_is_tried_again_and_then_complete(kind: FaultKind) -> None:
    async with staged(sandbox=faulty(kind, "users.list", times=2)) as stage:
        assert (await stage.account()).id == "U1"
        assert len(stage.sandbox.calls("users.list")) == 3


async def test_nobody_listening_is_surely_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        async with staged() as stage:
            await stage.slack.own_account_ids()
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            lonely = SlackConnector(config(url))
            with pytest.raises(Unavailable, match="nothing was sent"):
                await lonely.revoke([step("C1")])
            await lonely.aclose()


async def test_a_server_that_goes_away_makes_the_write_unavailable() -> None:
    async with staged() as stage:
        await stage.slack.own_account_ids()
        live = stage.slack
    # The sandbox is gone now, and the connector knows its own accounts: only the kick is left to fail.
    try:
        assert (await live.revoke([step("C1")]))[0].outcome is Outcome.UNAVAILABLE
    finally:
        await live.aclose()


async def test_a_token_revoked_in_the_middle_raises_and_removes_nobody() -> None:
    async with staged(sandbox=faulty(FaultKind.TOKEN_REVOKED)) as stage:
        with pytest.raises(BadCredentials, match="token_revoked"):
            await stage.revoke("C1")
        assert not stage.sandbox.effective_removals()


@pytest.mark.parametrize("as_ok_false", [False, True])
@pytest.mark.parametrize("manner", [LimitManner.TOKEN_BUCKET, LimitManner.FIXED_WINDOW, LimitManner.PENALTY])
async def test_a_limited_server_is_never_stormed_in_any_manner(
    manner: LimitManner, as_ok_false: bool
) -> None:
    # A whole minute, and no waiting: however slow the machine is, the four calls fall into one window.
    limits = Limits(manner, minute=60.0, per_minute={"t3": 1, "t5": 600}, as_ok_false=as_ok_false)
    sandbox = create_sandbox(workspace(), limits=limits)
    async with staged(sandbox=sandbox, pace_scale=1.0, longest_write_wait_seconds=0.0) as stage:
        results = [await stage.revoke("C1") for _ in range(4)]
        assert stage.sandbox.effective_removals() == [("C1", "U1")]
        assert len(sandbox.calls(KICK)) == 2, "one let in, one refused; the others never left"
        assert (sandbox.limiter.refusals, sandbox.limiter.early_calls) == (1, 0)
    assert [result.outcome for result in results] == [Outcome.REVOKED, *[Outcome.RATE_LIMITED] * 3]
    assert all((result.retry_after or 0.0) > 0.0 for result in results[1:])


async def test_after_the_time_the_server_named_the_step_goes_through() -> None:
    async with staged(sandbox=faulty(FaultKind.LIMITED_429, seconds=0.05)) as stage:
        limited = await stage.revoke("C1")
        await asyncio.sleep(limited.retry_after or 0.0)
        assert (await stage.revoke("C1")).outcome is Outcome.REVOKED
        assert len(stage.sandbox.calls(KICK)) == 2
