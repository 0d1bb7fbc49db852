"""Each connected platform as IT needs it: its lane, what waits there, gaps, permissions, what it can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab, Now
from bot.backlog import NOTHING, Backlog, backlogs
from bot.checkup import Coverage, check_up
from bot.effort import stretch_of
from bot.hearing import Trouble, troubles
from bot.last_check import LastCheck, keep_check, last_check
from bot.locale import translator
from bot.states import STEP_BOT_AT_WORK, LaneState, StepState
from bot.status import STANDING
from bot.store.query import columns, table, where
from bot.store.tables import GapRow, LaneRow, StepRow
from connectors.contract import Capabilities, Finding, Scope, Severity
from policies.roles import Permission


class NoSuchInstance(LookupError):
    """No connected platform, and no lane, has this name."""


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane's circuit, as its row says it."""

    state: LaneState
    reason: str
    """The platform's or the connector's own words; empty while it is open."""
    since: datetime | None
    next_probe: datetime | None
    failures: int
    probes: int
    """How often it was asked since it stopped, in vain."""
    waiting: Mapping[StepState, int]
    """What the bot still has to do there, by the state it stands in."""
    waits: Backlog
    """The same counted as people do, without the reader's own."""
    owner: str
    """Which of many processes drains it, as host and number; empty where one does everything."""
    owner_since: datetime | None
    slower: Mapping[str, float]
    """Method → how many times slower than published the platform lets it be called, the slowest first."""
    may_resume: bool


@dataclass(frozen=True, slots=True)
class ScopeView:
    """A permission the connector asks for, and whether the last check missed it."""

    scope: Scope
    lacking: bool | None
    """None: nobody has checked yet."""


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """Everything about one instance; `capabilities` is None where it is no longer in the settings."""

    instance: str
    platform: str
    capabilities: Capabilities | None
    lane: LaneView
    gaps: tuple[GapRow, ...]
    troubles: tuple[Trouble, ...]
    findings: tuple[Finding, ...]
    """Of the last check, without what was in order."""
    in_order: tuple[Finding, ...]
    coverage: Coverage | None
    scopes: tuple[ScopeView, ...]
    worst: Severity | None
    """Of the last check; None where it has never been checked."""


@dataclass(frozen=True, slots=True)
class Connectors:
    """Every instance, those that need somebody first."""

    instances: tuple[ConnectorView, ...]
    general: tuple[Finding, ...]
    """What the last check found about the installation as a whole."""
    checked_at: datetime | None
    checked_by: str


@dataclass(frozen=True, slots=True)
class _Read:
    """What the store knows, read at once."""

    lanes: Mapping[str, LaneRow]
    gaps: Sequence[GapRow]
    deaf: Sequence[Trouble]
    work: Mapping[str, Counter[str]]
    backlog: Mapping[str, Backlog]
    check: LastCheck | None


async def connectors(app: Bawab, who: Actor) -> Connectors:
    """Show every instance from what is stored; asks no platform. Raises NotAllowed."""
    who.must(Permission.CONNECTOR_READ)
    async with app.store.read() as tx:
        read = await _read(app, tx, who)
    names = sorted({*app.chat, *read.lanes})
    shown = sorted((_view(app, who, name, read) for name in names), key=_needs_somebody)
    check = read.check
    general = [each for each in check.checkup.findings if each.instance not in names] if check else []
    return Connectors(
        instances=tuple(shown),
        general=tuple(general),
        checked_at=check.at if check else None,
        checked_by=check.by if check else "",
    )


async def connector_page(app: Bawab, who: Actor, instance: str) -> ConnectorView:
    """Show one instance; raises NoSuchInstance, NotAllowed."""
    for one in (await connectors(app, who)).instances:
        if one.instance == instance:
            return one
    raise NoSuchInstance(instance)


async def check_now(app: Bawab, who: Actor, *, now: Now | None = None) -> LastCheck:
    """Check everything as `bawab check` does, reads only, and keep what was found; raises NotAllowed.

    Found in English, the one language connectors speak; whoever shows it puts it into the reader's.
    """
    who.must(Permission.CONNECTOR_READ)
    found = await check_up(app.settings, translator("en"), now=now or app.now, actor=who.logged)
    await keep_check(app, found, who.logged)
    return LastCheck(app.now(), who.logged, found)


async def _read(app: Bawab, tx: AsyncConnection, who: Actor) -> _Read:
    steps = columns(StepRow)
    waiting = (
        select(steps.instance, steps.state, func.count())
        .select_from(table(StepRow))
        .where(steps.state.in_(STEP_BOT_AT_WORK | {StepState.HELD}))
        .group_by(steps.instance, steps.state)
    )
    work: dict[str, Counter[str]] = {}
    for instance, state, count in (await tx.execute(waiting)).all():
        work.setdefault(instance, Counter())[state] = count
    return _Read(
        lanes={row.instance: row for row in await where(tx, LaneRow)},
        gaps=await where(tx, GapRow, columns(GapRow).case_id == STANDING),
        deaf=await troubles(tx),
        work=work,
        backlog=await backlogs(app, tx, but=who.id),
        check=await last_check(tx),
    )


def _view(app: Bawab, who: Actor, name: str, read: _Read) -> ConnectorView:
    able = app.chat[name].capabilities if name in app.chat else None
    lane = read.lanes.get(name)
    mine = [each for each in read.check.checkup.findings if each.instance == name] if read.check else []
    covered = read.check.checkup.coverage if read.check else ()
    return ConnectorView(
        instance=name,
        platform=able.platform if able else (lane.platform if lane else ""),
        capabilities=able,
        lane=_lane(app, who, lane, read.work.get(name, Counter()), read.backlog.get(name, NOTHING)),
        gaps=tuple(sorted((gap for gap in read.gaps if gap.instance == name), key=_gap_order)),
        troubles=tuple(each for each in read.deaf if each.instance == name),
        findings=tuple(each for each in mine if each.severity is not Severity.OK),
        in_order=tuple(each for each in mine if each.severity is Severity.OK),
        coverage=next((each for each in covered if each.instance == name), None),
        scopes=tuple(_scope(scope, mine) for scope in (able.scopes if able else ())),
        worst=max((each.severity for each in mine), key=list(Severity).index, default=None),
    )


def _lane(app: Bawab, who: Actor, lane: LaneRow | None, work: Mapping[str, int], waits: Backlog) -> LaneView:
    row = lane or LaneRow(instance="", platform="")
    many = app.store.dialect == "postgresql"
    return LaneView(
        state=LaneState(row.state),
        reason=row.reason or "",
        since=row.since,
        next_probe=row.next_probe,
        failures=row.failures,
        probes=row.probes,
        waiting={StepState(key): count for key, count in sorted(work.items())},
        waits=waits,
        owner=(row.owner or "") if many else "",
        owner_since=row.owner_since if many else None,
        slower=dict(sorted(stretch_of(row.pace).items(), key=_slowest)),
        may_resume=row.state != LaneState.OPEN and who.may(Permission.LANE_RESUME),
    )


def _slowest(one: tuple[str, float]) -> tuple[float, str]:
    return -one[1], one[0]


def _scope(scope: Scope, findings: Sequence[Finding]) -> ScopeView:
    """A check that could not sign in says nothing of permissions."""
    asked = any(each.code in ("bot_token", "token", "missing_scope", "rights") for each in findings)
    missing = {"missing_scope", "missing_right"}
    lacking = any(each.code in missing and f" {scope.name}," in f" {each.message}" for each in findings)
    return ScopeView(scope, lacking if asked or lacking else None)


def _needs_somebody(one: ConnectorView) -> tuple[int, int, str]:
    lanes = {LaneState.PAUSED: 0, LaneState.WAITING: 1, LaneState.OPEN: 2}
    worst = {Severity.ERROR: 0, Severity.WARNING: 1}.get(one.worst or Severity.OK, 2)
    return lanes[one.lane.state], worst, one.instance


def _gap_order(gap: GapRow) -> tuple[str, str]:
    return gap.reason, gap.group_id
