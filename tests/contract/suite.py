"""The suite as data: what a check is, which ones a connector must pass, and how one is run without pytest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from connectors.contract import Capabilities
from policies.model import StepAction
from tests.contract.stage import PATIENCE, SHORT_PATIENCE, SOUND, Fault, Flaw, Harness, Need, Place, Stage

Play = Callable[[Stage], Awaitable[None]]
Requirement = Need | tuple[Fault, Place]


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence a connector must make true; it raises if the connector does not."""

    name: str
    play: Play
    needs: tuple[Requirement, ...] = ()
    read_only: bool = False


@dataclass(slots=True)
class Chapter:
    """Collects the checks of one file, in the order they are written."""

    checks: list[Check] = field(default_factory=list)

    def check(self, *needs: Requirement, read_only: bool = False) -> Callable[[Play], Play]:
        """Register a coroutine function; its name is the check's name."""

        def register(play: Play) -> Play:
            self.add(play.__name__, play, *needs, read_only=read_only)
            return play

        return register

    def add(self, name: str, play: Play, *needs: Requirement, read_only: bool = False) -> None:
        self.checks.append(Check(name, play, needs, read_only))


def met_by_manifest(capabilities: Capabilities) -> frozenset[Need]:
    """Read from the manifest which needs are met, so that nothing it claims can be left out."""
    claims = {
        Need.REVOKES: capabilities.revokes,
        Need.NO_API: not capabilities.revokes,
        Need.READS_BACK: capabilities.reads_back,
        Need.LISTS_MEMBERSHIPS: capabilities.lists_memberships,
        Need.USER_GROUPS: "user_group" in capabilities.group_kinds,
        Need.SCOPES: bool(capabilities.scopes),
        Need.DEACTIVATES: StepAction.DEACTIVATE in capabilities.actions,
        Need.ENDS_SESSIONS: StepAction.END_SESSIONS in capabilities.actions,
        Need.HANDS_OVER: StepAction.HAND_OVER in capabilities.actions,
        Need.CLOSES_WAYS_BACK: StepAction.CLOSE_WAY_BACK in capabilities.actions,
        Need.LISTS_ACCOUNTS: capabilities.lists_accounts,
        Need.LISTS_GROUPS: capabilities.lists_groups,
        Need.REMEMBERED_GROUPS: not capabilities.lists_groups,
    }
    return frozenset(need for need, claimed in claims.items() if claimed)


def unmet(check: Check, harness: Harness) -> tuple[Requirement, ...]:
    """Say what a check needs that this connector does not declare; empty means that it must pass."""
    declared: set[Requirement] = {*met_by_manifest(harness.capabilities), *harness.declares, *harness.faults}
    return tuple(need for need in check.needs if need not in declared)


async def run(check: Check, harness: Harness, flaw: Flaw = SOUND) -> None:
    """Play one check on a fresh stage; raises what the check raises."""
    patience = SHORT_PATIENCE if awaits_silence(check) else PATIENCE
    async with harness.stage(read_only=check.read_only, patience=patience, flaw=flaw) as stage:
        await check.play(stage)


def awaits_silence(check: Check) -> bool:
    """Whether the check has to sit through a server that never answers."""
    return any(need[0] is Fault.SILENCE for need in check.needs if isinstance(need, tuple))


async def failures(checks: Iterable[Check], harness: Harness, flaw: Flaw = SOUND) -> dict[str, Exception]:
    """Play every check that applies, and give what went wrong by the check's name."""
    applying = [check for check in checks if not unmet(check, harness)]
    wrong = [await _failure(check, harness, flaw) for check in applying if not awaits_silence(check)]
    # Waiting costs no work, so the silent ones wait together.
    silent = (_failure(check, harness, flaw) for check in applying if awaits_silence(check))
    wrong += await asyncio.gather(*silent)
    return dict(one for one in wrong if one is not None)


async def _failure(check: Check, harness: Harness, flaw: Flaw) -> tuple[str, Exception] | None:
    try:
        await run(check, harness, flaw)
    except Exception as error:  # noqa: BLE001 - whatever a seeded bug breaks is a failure of the check
        return check.name, error
    return None
