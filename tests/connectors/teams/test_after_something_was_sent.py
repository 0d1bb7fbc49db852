"""An exception means that nothing was sent: once something was, every step is told what became of it."""

from __future__ import annotations

from connectors.chat.teams.sandbox import Channel, FaultKind, Tenant
from connectors.contract import Outcome, Revocation, Sight
from tests.connectors.teams.stage import (
    ANA,
    BADR,
    CARLA,
    M365,
    PRIVATE,
    SECURITY,
    TEAM,
    Stage,
    staged,
    step,
    tenant,
)

CHANNELS = [f"19:c{number}@thread.tacv2" for number in range(8)]


def many_channels() -> Tenant:
    """Ana in eight channels of one team: more than one batch may hold."""
    world = tenant()
    for id_ in CHANNELS:
        world.add(Channel(id_, TEAM, id_, "private", {ANA: "", BADR: "owner"}))
    return world


async def of_channels(stage: Stage) -> list[Revocation]:
    inside = await stage.memberships()
    return [Revocation(id_, ANA, inside[id_]) for id_ in CHANNELS]


async def test_a_refusal_that_cannot_be_explained_any_more_hides_no_removal_that_was_done() -> None:
    async with staged() as stage:
        await stage.teams.own_account_ids()
        stage.fault(FaultKind.REFUSED, "DELETE /groups/*/members/*", within=M365)
        stage.sandbox.tenant.app().secrets.clear()
        done, refused = await stage.revoke(step(SECURITY), step(M365))
        assert ANA not in stage.inside(SECURITY)
    assert done.outcome is Outcome.REVOKED
    assert refused.outcome in (Outcome.REFUSED, Outcome.UNAVAILABLE)


async def test_a_second_batch_that_is_refused_whole_leaves_the_first_ones_removals_told() -> None:
    async with staged(many_channels()) as stage:
        steps = await of_channels(stage)
        asked = len(stage.sandbox.calls("POST /$batch"))
        # Two batches look, and two remove; the last of them is turned away at the door.
        stage.fault(FaultKind.REFUSED, "POST /$batch", nth=4)
        results = await stage.revoke(*steps)
        assert len(stage.sandbox.calls("POST /$batch")) >= asked + 4
        gone = {id_ for id_ in CHANNELS if ANA not in stage.inside(id_)}
    assert {result.step_id for result in results if result.outcome is Outcome.REVOKED} == gone
    assert 0 < len(gone) < len(CHANNELS)


async def test_an_app_that_dies_between_the_bulk_removal_and_the_single_ones_hides_nothing() -> None:
    world = tenant()
    world.groups[TEAM].owners.remove(ANA)
    async with staged(world) as stage:
        await stage.teams.own_account_ids()
        stage.fault(FaultKind.NOT_FOUND, "POST /teams/*/members/remove")
        stage.fault(FaultKind.TOKEN_REVOKED, "DELETE /groups/*/members/*", within=TEAM, times=0)
        results = await stage.revoke(step(SECURITY), step(TEAM, ANA), step(TEAM, CARLA))
        assert ANA not in stage.inside(SECURITY)
    assert [result.outcome for result in results] == [
        Outcome.REVOKED,
        Outcome.UNAVAILABLE,
        Outcome.UNAVAILABLE,
    ]


async def test_a_channel_graph_refuses_for_long_holds_up_nobody_elses_removal() -> None:
    async with staged() as stage:
        stage.fault(
            FaultKind.LIMITED_429, "GET /teams/*/channels/*/members", within=PRIVATE, seconds=900.0, times=0
        )
        done, refused = await stage.revoke(step(SECURITY), step(PRIVATE))
        assert ANA not in stage.inside(SECURITY)
    assert done.outcome is Outcome.REVOKED
    assert refused.outcome is Outcome.RATE_LIMITED
    assert refused.retry_after is not None
    assert refused.retry_after > 800


async def test_a_channel_graph_refuses_for_long_does_not_hide_what_else_is_read_back() -> None:
    async with staged() as stage:
        stage.fault(
            FaultKind.LIMITED_429, "GET /teams/*/channels/*/members", within=PRIVATE, seconds=900.0, times=0
        )
        stage.sandbox.tenant.groups[SECURITY].members.remove(ANA)
        gone, unseen = await stage.look(step(SECURITY), step(PRIVATE))
    assert (gone.sight, unseen.sight) == (Sight.ABSENT, Sight.UNREADABLE)
