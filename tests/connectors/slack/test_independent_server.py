"""The connector on a Slack somebody else wrote (npm `emulate`), behind a proxy that loses answers.

Runs where BAWAB_SLACK_EMULATOR is the path of the installed command:

    npm install --prefix /tmp/emulate emulate@0.11.2
    BAWAB_SLACK_EMULATOR=/tmp/emulate/node_modules/.bin/emulate pytest tests/connectors/slack
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.contract import KnownGroups, Outcome, Presence, Revocation, Sight
from policies.model import Account, Gap, Membership
from tests.connectors.slack.emulator import CHANNELS, PEOPLE, TOKEN, WHERE_INSTALLED, emulator
from tests.connectors.slack.proxy import Proxy, standing_before

pytestmark = WHERE_INSTALLED


@dataclass(slots=True)
class Emulated:
    """The emulator behind the proxy, with a connector before both."""

    proxy: Proxy
    slack: SlackConnector
    direct: str

    async def people(self) -> list[Account]:
        found = [account async for account in self.slack.accounts()]
        return sorted((one for one in found if one.name in PEOPLE), key=lambda one: one.name)

    async def memberships(self, account: Account) -> list[Membership]:
        found = self.slack.memberships(account, KnownGroups())
        return [one async for one in found if isinstance(one, Membership) and one.group.name in CHANNELS]

    async def members(self, channel_id: str) -> set[str]:
        """Ask the emulator itself, past the proxy and the connector."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession() as http:
            url = f"{self.direct}conversations.members"
            async with http.post(url, data={"channel": channel_id}, headers=headers) as answer:
                return set((await answer.json())["members"])


@asynccontextmanager
async def emulated(
    folder: Path, *, lose_every: int = 0, minute: float | None = None
) -> AsyncIterator[Emulated]:
    async with (
        emulator(folder) as direct,
        standing_before(direct, lose_every=lose_every, minute=minute) as (proxy, url),
    ):
        slack = SlackConnector(
            SlackConfig("hq", TOKEN, base_url=url, pace_scale=0.0, backoff_seconds=0.001, read_tries=5)
        )
        try:
            yield Emulated(proxy, slack, direct)
        finally:
            await slack.aclose()
            assert proxy.violations == []


async def read_back(world: Emulated, steps: list[Revocation]) -> list[Presence]:
    """Read back, again where it could not be read: a lane would do the same."""
    seen: list[Presence] = []
    for _ in range(5):
        seen = list(await world.slack.read_back(steps))
        if all(one.sight is not Sight.UNREADABLE for one in seen):
            return seen
    raise AssertionError(f"still unreadable: {seen}")


async def test_what_a_stranger_shows_is_listed_and_what_it_does_not_know_is_a_gap(tmp_path: Path) -> None:
    async with emulated(tmp_path) as world:
        people = await world.people()
        assert [one.name for one in people] == PEOPLE
        assert len(await world.memberships(people[0])) == len(CHANNELS)
        found = [one async for one in world.slack.memberships(people[0], KnownGroups())]
        gaps = {one.reason for one in found if isinstance(one, Gap)}
        assert {"user_groups_unseen", "connect_invites_unknown"} <= gaps


async def test_a_kick_is_done_once_said_again_and_refused_where_it_is_refused(tmp_path: Path) -> None:
    async with emulated(tmp_path) as world:
        person, other = (await world.people())[:2]
        one = (await world.memberships(person))[0]
        step = Revocation("s", person.id, one)
        assert (await world.slack.revoke([step]))[0].outcome is Outcome.REVOKED
        assert (await world.slack.revoke([step]))[0].outcome is Outcome.SAID_ABSENT
        assert [seen.sight for seen in await world.slack.read_back([step])] == [Sight.ABSENT]
        members = await world.members(one.group.id)
        assert person.id not in members
        assert other.id in members
        assert world.proxy.effective_kicks() == [(one.group.id, person.id)]


async def test_an_answer_lost_on_the_way_is_unknown_and_read_back_as_absent(tmp_path: Path) -> None:
    async with emulated(tmp_path) as world:
        person = (await world.people())[0]
        step = Revocation("s", person.id, (await world.memberships(person))[0])
        world.proxy.lose_every = len(world.proxy.answered) + 1  # the very next answer: the kick's
        assert (await world.slack.revoke([step]))[0].outcome is Outcome.UNKNOWN
        world.proxy.lose_every = 0
        assert [seen.sight for seen in await world.slack.read_back([step])] == [Sight.ABSENT]
        assert world.proxy.effective_kicks() == [(step.membership.group.id, person.id)]


@pytest.mark.parametrize("minute", [None, 1.0])
async def test_ten_people_leave_five_channels_while_every_third_answer_is_lost(
    tmp_path: Path, minute: float | None
) -> None:
    async with emulated(tmp_path, lose_every=3, minute=minute) as world:
        world.proxy.refuse["conversations.kick"] = 3 if minute is not None else 0
        people = await world.people()
        steps = [
            Revocation(f"{person.id}-{one.group.id}", person.id, one)
            for person in people
            for one in await world.memberships(person)
        ]
        assert len(steps) == len(PEOPLE) * len(CHANNELS)
        outcomes = [await _carried_out(world, step) for step in steps]
        seen = await read_back(world, steps)
        assert {one.sight for one in seen} == {Sight.ABSENT}
        assert len(world.proxy.effective_kicks()) == len(set(world.proxy.effective_kicks())) == len(steps)
        assert world.proxy.lost["conversations.kick"] > 0
        assert (world.proxy.refused >= 3) is (minute is not None)
        assert outcomes.count(Outcome.UNKNOWN) >= world.proxy.lost["conversations.kick"]
        for channel in {step.membership.group.id for step in steps}:
            assert not {person.id for person in people} & await world.members(channel)


async def _carried_out(world: Emulated, step: Revocation) -> Outcome:
    """Do as a lane does: wait where told to, and read back what is unknown before anything else."""
    while True:
        result = (await world.slack.revoke([step]))[0]
        if result.outcome is Outcome.RATE_LIMITED:
            await asyncio.sleep(result.retry_after or 0.0)
        elif result.outcome is Outcome.UNKNOWN:
            assert (await read_back(world, [step]))[0].sight is Sight.ABSENT
            return result.outcome
        else:
            return result.outcome
