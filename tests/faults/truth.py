"""What the fault tests compare with: who is really where in the sandboxes, and what may be called done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.states import STEP_BOT_AT_WORK, STEP_SUCCESS, StepState
from bot.store.query import where
from bot.store.tables import LaneRow, StepRow
from connectors.chat.slack.sandbox import BOT_ID as SLACK_BOT
from connectors.chat.telegram.sandbox import BOT_ID as TELEGRAM_BOT
from tests.bot.offices import SLACK, TEAMS, TELEGRAM, Offices

Truth = dict[tuple[str, str], frozenset[str]]
"""(instance, group's name) → ids of everybody in it, or owning it; the bot itself left out."""


def truth(world: Offices) -> Truth:
    """Look into the sandboxes themselves; a group that moved is looked at where it is now."""
    return {**_slack(world), **_telegram(world), **_teams(world)}


def without(before: Truth, *gone: str) -> Truth:
    """The same world, but for whoever has these ids."""
    return {group: inside - set(gone) for group, inside in before.items()}


def _slack(world: Offices) -> Truth:
    channels = world.sandbox.workspace.channels.values()
    groups = [channel for channel in channels if not channel.is_im]  # where IT is told of an outage is none
    return {(SLACK, c.name): frozenset(c.members) - {SLACK_BOT} for c in groups}


def _telegram(world: Offices) -> Truth:
    chats = [c for c in world.telegram.world.chats.values() if c.migrated_to is None and not c.deleted]
    return {(TELEGRAM, c.title): frozenset(map(str, c.inside() - {TELEGRAM_BOT})) for c in chats}


def _teams(world: Offices) -> Truth:
    tenant = world.tenant.tenant
    groups = {(TEAMS, g.display_name): frozenset((*g.members, *g.owners)) for g in tenant.groups.values()}
    own = [c for c in tenant.channels.values() if c.members]
    channels = {
        (TEAMS, f"{tenant.groups[c.team_id].display_name} / {c.display_name}"): frozenset(c.members)
        for c in own
    }
    chats = {(TEAMS, c.topic or c.id): frozenset(c.members) for c in tenant.chats.values()}
    return {**groups, **channels, **chats}


async def honest(world: Offices) -> None:
    """No success that the sandbox does not bear out, one last entry for each step, a log that verifies."""
    now, log = truth(world), await world.log()
    for step in await world.steps():
        outcomes = [entry["outcome"] for entry in log if entry["step_id"] == step.id and _of_step(entry)]
        assert outcomes, f"nothing was ever said of {_named(step)}"
        if step.state not in STEP_BOT_AT_WORK:
            assert outcomes[-1] == step.state, f"{_named(step)} is {step.state}, the log ends with {outcomes}"
        if step.state in STEP_SUCCESS:
            again = sum(entry["action"] == "check.drift" and entry["step_id"] == step.id for entry in log)
            assert 1 <= outcomes.count(step.state) <= 1 + again, f"{_named(step)} was done twice: {outcomes}"
            assert _borne_out(world, now, step), f"{_named(step)} is called {step.state} and is not so"
    assert (await world.app.audit.verify()).ok


def _of_step(entry: Any) -> bool:
    return str(entry["action"]).startswith("step.") and entry["action"] != "step.recheck"


def _named(step: StepRow) -> str:
    return f"{step.instance}: {step.action} {(step.group or {}).get('name', '')}".strip()


def _borne_out(world: Offices, now: Truth, step: StepRow) -> bool:
    if step.action == "revoke":
        name = str((step.group or {})["name"])
        return step.account_id not in now[step.instance, name]
    user = world.tenant.tenant.users.get(step.account_id)
    if step.action == "deactivate" and step.instance == TEAMS:
        return user is None or not user.account_enabled
    if step.action == "end_sessions" and step.instance == TEAMS:
        return user is None or not user.signed_in
    return True


async def revokes(world: Offices, instance: str) -> dict[str, StepRow]:
    """Group's name → the step that ends a membership there; for one leaver at a time."""
    steps = [step for step in await world.steps() if step.instance == instance and step.action == "revoke"]
    return {str((step.group or {})["name"]): step for step in steps}


async def lane_of(world: Offices, instance: str) -> LaneRow:
    """A lane's circuit."""
    async with world.app.store.read() as tx:
        return next(row for row in await where(tx, LaneRow) if row.instance == instance)


def ends(steps: Mapping[str, StepRow]) -> dict[str, tuple[str, str | None]]:
    """Group's name → where its step stands, and why."""
    return {name: (step.state, step.refusal) for name, step in steps.items()}


async def pass_time(world: Offices, *, hours: float, step: float = 0.02) -> None:
    """Let time go by, in growing strides, while the service keeps looking."""
    passed = 0.0
    while passed < hours:
        await world.run()
        world.clock.turn(hours=step)
        passed, step = passed + step, min(step * 2, 1.5)
    await world.run()


async def all_proven(world: Offices, instance: str, names: Sequence[str]) -> None:
    """Every one of these groups' steps on the instance ended as seen absent."""
    found = await revokes(world, instance)
    seen = {StepState.VERIFIED_ABSENT, StepState.ALREADY_ABSENT}
    assert {name: step.state for name, step in found.items() if step.state not in seen} == {}
    assert sorted(names) == sorted(found), sorted(found)
