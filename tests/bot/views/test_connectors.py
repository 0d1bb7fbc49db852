"""Connectors in view: lanes with what waits, the last check with its time, permissions, gaps."""

from __future__ import annotations

import pytest

from bot.access.actor import NotAllowed
from bot.lanes import stumbled
from bot.states import LaneState, StepState
from bot.store.query import change, columns
from bot.store.tables import StepRow
from bot.views.connectors import NoSuchInstance, check_now, connector_page, connectors
from connectors.contract import Severity
from connectors.errors import BadCredentials
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, STAFF
from tests.bot.world import World


async def test_before_any_check_nothing_is_claimed_about_permissions(world: World) -> None:
    page = await connector_page(world.app, IT, "acme")
    assert page.worst is None
    assert {scope.lacking for scope in page.scopes} == {None}
    assert page.capabilities is not None
    assert page.capabilities.residual_access


async def test_a_check_is_kept_with_its_time_and_says_which_permissions_are_missing(world: World) -> None:
    checked = await check_now(world.app, IT)
    assert checked.at == world.clock.now
    found = await connectors(world.app, AUDITOR)
    assert (found.checked_at, found.checked_by) == (world.clock.now, "person:I1")
    page = next(one for one in found.instances if one.instance == "acme")
    lacking = {scope.scope.name for scope in page.scopes if scope.lacking}
    said = " ".join(finding.message for finding in page.findings)
    assert all(name in said for name in lacking)
    assert any(scope.lacking is False for scope in page.scopes)
    assert page.coverage is not None
    assert page.coverage.groups >= 5
    assert page.worst in (Severity.WARNING, Severity.ERROR)
    assert found.general


async def test_a_paused_lane_comes_first_with_its_reason_and_can_be_tried_again_by_it_only(
    world: World,
) -> None:
    await stumbled(world.app, "acme", "slack", BadCredentials("invalid_auth: the token was revoked"))
    found = await connectors(world.app, IT)
    first = found.instances[0]
    assert (first.instance, first.lane.state, first.lane.may_resume) == ("acme", LaneState.PAUSED, True)
    assert "revoked" in first.lane.reason
    assert first.lane.next_probe is not None
    assert not (await connector_page(world.app, AUDITOR, "acme")).lane.may_resume


async def test_what_waits_in_a_lane_is_counted(world: World) -> None:
    world.drop("E1,Ana Quispe,ana@corp.test,Sales,terminated,2026-11-20T08:00+03:00,", *STAFF[1:])
    await world.run()
    await world.release_all()
    await world.run()
    assert (await connector_page(world.app, IT, "acme")).lane.waiting == {}
    steps = [step for step in await world.steps() if step.instance == "acme" and step.group_id]
    assert steps
    async with world.app.store.write() as tx:
        rows = columns(StepRow)
        await change(tx, StepRow, {"state": StepState.PENDING}, rows.id.in_([step.id for step in steps]))
    assert (await connector_page(world.app, IT, "acme")).lane.waiting == {StepState.PENDING: len(steps)}


async def test_only_who_may_read_connectors_gets_any(world: World) -> None:
    for who in (HR, ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await connectors(world.app, who)
        with pytest.raises(NotAllowed):
            await connector_page(world.app, who, "acme")
        with pytest.raises(NotAllowed):
            await check_now(world.app, who)
    with pytest.raises(NoSuchInstance):
        await connector_page(world.app, IT, "nowhere")
