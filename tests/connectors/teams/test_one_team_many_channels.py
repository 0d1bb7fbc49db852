"""Four requests a second of any one team, inside a batch too: many channels of one team stay within that."""

from __future__ import annotations

from connectors.chat.teams.sandbox import Channel, Limits, create_sandbox
from connectors.contract import Outcome, Revocation, Sight
from tests.connectors.teams.stage import ANA, BADR, TEAM, staged, tenant

SCALE = 0.8
"""A second of Graph's limits lasts so many of ours: the shorter, the more a busy machine disturbs it."""


async def test_of_the_requests_of_leaving_eight_channels_of_one_team_hardly_one_is_refused() -> None:
    world = tenant()
    for number in range(8):
        members = {ANA: "", BADR: "owner"}
        world.add(Channel(f"19:c{number}@thread.tacv2", TEAM, f"c{number}", "private", members))
    sandbox = create_sandbox(world, limits=Limits(on=True, scale=SCALE))
    async with staged(sandbox=sandbox, pace_scale=SCALE) as stage:
        inside = await stage.memberships()
        steps = [Revocation(id_, ANA, inside[id_]) for id_ in (f"19:c{n}@thread.tacv2" for n in range(8))]
        left = list(steps)
        for _ in range(5):  # a step refused for its pace is asked again, as a lane does
            said = await stage.revoke(*left)
            assert {result.outcome for result in said} <= {Outcome.REVOKED, Outcome.RATE_LIMITED}
            gone = {result.step_id for result in said if result.outcome is Outcome.REVOKED}
            left = [step for step in left if step.step_id not in gone]
            if not left:
                break
        assert not left
        assert {presence.sight for presence in await stage.look(*steps)} == {Sight.ABSENT}
    # What left in time may still arrive early beside a neighbour that was late: few, never a storm.
    assert sandbox.engine.limiter.refusals <= len(sandbox.journal) / 10
