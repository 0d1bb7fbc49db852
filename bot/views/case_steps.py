"""What was done in a case, what could not be seen, and its log, each cut to what a reader may know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.case_file import CaseFile
from bot.states import STEP_SUCCESS, StepState
from bot.store.group_tables import KnownGroupRow
from bot.store.query import columns, where
from bot.store.tables import GapRow, StepRow
from bot.views.case_lines import is_key
from bot.views.platforms import title_of
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class StepLine:
    """One act on one membership or account. Ids and evidence are only for who looks after connectors."""

    id: str
    instance: str
    title: str
    platform: str
    action: str
    state: StepState
    success: bool
    weak: bool
    """A success that is less than a platform's own word: locked out, or confirmed by a person."""
    quality: str
    group: str
    """Its name; empty for an act on the account itself."""
    group_kind: str
    role: str
    refusal: str | None
    remedy: str
    """The connector's own, in English, for technicians; `bot.words.remedies` says it in any language."""
    successor: str
    """Whom a hand-over makes owner."""
    since_approval: bool
    rule: str
    why: str
    next_attempt_at: datetime | None
    verified_at: datetime | None
    updated_at: datetime
    attempts: int
    account_id: str = ""
    group_id: str = ""
    detail: str = ""
    request_id: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class GapLine:
    """Something that could not be seen, and so was not done."""

    instance: str
    title: str
    reason: str
    group: str
    """The group's name; for who looks after connectors its id where no name is known."""
    detail: str
    remedy: str


def step_lines(
    app: Bawab, who: Actor, steps: Sequence[StepRow], names: Mapping[str, str]
) -> tuple[StepLine, ...]:
    """Give the steps in their order; whoever is no technician gets no id of any platform."""
    return tuple(_step(app, who, step, names) for step in steps)


def _step(app: Bawab, who: Actor, step: StepRow, names: Mapping[str, str]) -> StepLine:
    group, state = step.group or {}, StepState(step.state)
    technical = who.may(Permission.CONNECTOR_READ)
    return StepLine(
        id=step.id,
        instance=step.instance,
        title=title_of(app, step.instance),
        platform=step.platform,
        action=step.action,
        state=state,
        success=state in STEP_SUCCESS,
        weak=state in (StepState.LOCKED_OUT, StepState.ATTESTED),
        quality=step.quality,
        group=str(group.get("name") or (step.group_id if technical else "")),
        group_kind=str(group.get("kind") or ""),
        role=step.role,
        refusal=step.refusal,
        remedy=step.remedy if technical else "",
        successor=names.get(step.successor_id or "", step.successor_id or ""),
        since_approval=step.since_approval,
        rule=step.rule,
        why=step.why,
        next_attempt_at=step.next_attempt_at,
        verified_at=step.verified_at,
        updated_at=step.updated_at,
        attempts=step.attempts,
        account_id=step.account_id if technical else "",
        group_id=step.group_id if technical else "",
        detail=step.detail if technical else "",
        request_id=step.request_id if technical else "",
        evidence=_evidence(step) if technical else (),
    )


def _evidence(step: StepRow) -> tuple[Mapping[str, Any], ...]:
    found = [step.evidence] if isinstance(step.evidence, dict) else step.evidence or []
    return tuple(found)


async def gap_lines(app: Bawab, tx: AsyncConnection, who: Actor, file: CaseFile) -> tuple[GapLine, ...]:
    """Give what the case could not see, groups by their names where any is known."""
    technical = who.may(Permission.CONNECTOR_READ)
    called = {(step.instance, step.group_id): str(step.group["name"]) for step in file.steps if step.group}
    called |= await _remembered(tx, file.gaps)
    return tuple(
        GapLine(
            gap.instance,
            title_of(app, gap.instance),
            gap.reason,
            called.get((gap.instance, gap.group_id)) or named_in(gap, technical=technical),
            gap.detail if technical else "",
            gap.remedy if technical else "",
        )
        for gap in file.gaps
    )


async def _remembered(tx: AsyncConnection, gaps: Sequence[GapRow]) -> dict[tuple[str, str], str]:
    rows, ids = columns(KnownGroupRow), {gap.group_id for gap in gaps if gap.group_id}
    found = await where(tx, KnownGroupRow, rows.group_id.in_(ids)) if ids else []
    return {(row.instance, row.group_id): str(row.group.get("name") or "") for row in found}


_NAMED = re.compile(r"#(\S+)|^private channel '(.*?)':")
"""Where a connector's detail, an English sentence, holds the group's name."""


def named_in(gap: GapRow, *, technical: bool) -> str:
    """Name a gap's group by what its detail says, or by its id for who may read ids."""
    if not gap.group_id:
        return ""
    found = _NAMED.search(gap.detail or "")
    return str((found and (found[1] or found[2])) or (gap.group_id if technical else ""))


_PLAIN = frozenset(
    {"attempt", "cause", "count", "do", "due", "hold", "kind", "memberships", "reason", "refusal"}
    | {"steps", "task", "undecided", "verdict", "why", "zone"}
)
"""What of an entry's detail names no account and holds no words of a platform."""


def timeline_rows(who: Actor, rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Give the log of a case for this reader: sealed fields stay out, ids and reasons for whom they are."""
    return tuple(_entry(who, row) for row in rows)


def _entry(who: Actor, row: Mapping[str, Any]) -> Mapping[str, Any]:
    seen = {name: value for name, value in row.items() if name != "sealed"}
    detail = dict(seen.get("detail") or {})
    if not who.may(Permission.REASON_READ) and not is_key(detail.get("reason")):
        detail.pop("reason", None)
    if not who.may(Permission.CONNECTOR_READ):
        detail = {name: value for name, value in detail.items() if name in _PLAIN}
        seen["group_id"] = None
        seen["request_id"] = None
    return {**seen, "detail": detail}
