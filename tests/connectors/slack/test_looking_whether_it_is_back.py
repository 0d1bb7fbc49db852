"""A look whether Slack is back is one request, and a reading that is doubted under way tries no more."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from connectors.chat.slack.sandbox import Fault, FaultKind, User, create_sandbox
from connectors.contract import Sight
from connectors.errors import HeldBack, RateLimited, Unavailable
from connectors.many import AccountStep, ReadsManyAccounts
from connectors.probing import Probe, asked, probing
from policies.model import Account
from tests.connectors.slack.stage import INSTANCE, staged, workspace

PEOPLE = [f"UP{number}" for number in range(5)]
STEPS = [AccountStep(f"step-{user}", Account(INSTANCE, user)) for user in PEOPLE]


async def test_one_look_at_a_slack_that_is_down_is_one_request_though_five_are_read_in_company() -> None:
    world = workspace().add(*(User(user) for user in PEOPLE))
    async with staged(world, read_tries=3) as stage:
        await stage.slack.own_account_ids()
        stage.sandbox.faults.append(Fault(FaultKind.HTTP_500, times=0))
        before = len(stage.sandbox.journal)
        with probing() as probe:
            seen = await stage.slack.accounts_active(STEPS)
        assert len(stage.sandbox.journal) - before == 1
        assert {one.sight for one in seen} == {Sight.UNREADABLE}
        assert (probe.answered, probe.lost) == (False, 1)


async def test_one_look_at_a_slack_that_is_back_reads_all() -> None:
    world = workspace().add(*(User(user) for user in PEOPLE))
    async with staged(world) as stage:
        with probing() as probe:
            seen = await stage.slack.accounts_active(STEPS)
        assert [(one.step_id, one.sight) for one in seen] == [(step.step_id, Sight.PRESENT) for step in STEPS]
        assert probe.answered


async def test_many_accounts_are_read_side_by_side_and_one_that_fails_is_not_the_others() -> None:
    lost = Fault(FaultKind.ERROR, "users.info", nth=3, error="internal_error", times=1)
    world = workspace().add(*(User(user) for user in PEOPLE))
    async with staged(sandbox=create_sandbox(world, faults=[lost]), read_tries=1) as stage:
        assert isinstance(stage.slack, ReadsManyAccounts)
        seen = await stage.slack.accounts_active(STEPS)
        sights = [one.sight for one in seen]
        assert (sights.count(Sight.PRESENT), sights.count(Sight.UNREADABLE)) == (4, 1)


@dataclass(slots=True)
class Doubted(Fault):
    """A fault at whose first call something else shows that the platform may be down."""

    probe: Probe = field(default_factory=Probe)

    def strikes(self, method: str) -> bool:
        self.probe.careful = True
        return Fault.strikes(self, method)


async def test_a_reading_that_is_doubted_while_it_is_under_way_tries_no_more() -> None:
    async with staged(read_tries=3) as stage:
        await stage.slack.own_account_ids()
        before = len(stage.sandbox.journal)
        with probing(careful=False) as probe:
            stage.sandbox.faults.append(Doubted(FaultKind.HTTP_500, times=0, probe=probe))
            await stage.slack.accounts_active(STEPS[:1])
        assert len(stage.sandbox.journal) - before == 1
        assert probe.lost == 1


async def test_a_reading_that_nobody_doubts_is_tried_as_often_as_ever() -> None:
    async with staged(read_tries=3) as stage:
        await stage.slack.own_account_ids()
        stage.sandbox.faults.append(Fault(FaultKind.HTTP_500, times=2))
        with probing(careful=False) as probe:
            (seen,) = await stage.slack.accounts_active([AccountStep("step", Account(INSTANCE, "U1"))])
        assert seen.sight is Sight.PRESENT
        assert probe.lost == 0, "it was answered in the end"


async def test_what_our_own_pace_kept_back_says_nothing_of_the_platform_and_the_next_one_asks() -> None:
    with probing() as probe:
        with pytest.raises(HeldBack):
            async with asked("a", answers=RateLimited):
                raise HeldBack("nothing was sent", retry_after=9.0)
        assert (probe.answered, probe.failed) == (False, "")
        with pytest.raises(RateLimited):
            async with asked("b", answers=RateLimited):
                raise RateLimited("the server refuses", retry_after=9.0)
        assert probe.answered


async def test_after_the_first_that_is_not_answered_nothing_more_is_asked() -> None:
    with probing():
        with pytest.raises(Unavailable, match="no answer"):
            async with asked("a", answers=RateLimited):
                raise Unavailable("no answer")
        with pytest.raises(Unavailable, match="not asked"):
            async with asked("b", answers=RateLimited):
                raise AssertionError("it was asked all the same")
