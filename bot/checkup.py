"""`bawab check`: everything that can be known to be missing before the day, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete

from bot.app import Bawab, Now, open_bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.keys import KeyProblem
from bot.checkup_ground import found, look_at_ground
from bot.groups.memory import known_groups
from bot.lanes import answered
from bot.locale import Translator
from bot.planning import PENDING
from bot.settings import Settings, SettingsProblem
from bot.states import LaneState, StepState
from bot.status import STANDING
from bot.store.db import StoreProblem
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import CaseInstanceRow, GapRow, LaneRow, StepRow
from connectors.contract import ChatConnector, Finding, KnownGroups, Severity
from connectors.errors import ConnectorError
from policies.complaints import PolicyError
from policies.model import EventKind, Gap, Group
from policies.rules import Rule
from policies.selectors import Registry, covers, registered, registry_of
from policies.thresholds import Limits

LEAVING = frozenset({EventKind.LEAVER, EventKind.CONTRACTOR_END})


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an instance is managed: nothing unmanaged is ever touched."""

    instance: str
    groups: int
    unmanaged: int
    """No leaver rule takes them, or every one excepts them."""
    unmapped: int
    """No post maps to them: a mover's membership there is a question to the owner."""
    gaps: int


@dataclass(frozen=True, slots=True)
class Checkup:
    """Every finding, and the coverage of each instance that could be read."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...] = ()
    reopened: tuple[str, ...] = ()
    """Paused lanes that this check found well again."""

    @property
    def worst(self) -> Severity:
        """The most serious severity among the findings."""
        order = [Severity.OK, Severity.WARNING, Severity.ERROR]
        return max((finding.severity for finding in self.findings), key=order.index, default=Severity.OK)


async def check_up(settings: Settings, t: Translator, *, now: Now, actor: str = "bawab") -> Checkup:
    """Check everything that can be checked, however much is broken; raises nothing of its own.

    Reads platforms only. Stores the standing gaps, and lets a paused lane work again that is well.
    """
    findings = await look_at_ground(settings, t)
    try:
        async with open_bawab(settings, now=now, read_only=True) as app:
            inside = await _Inside(app, t, actor).look()
    except (SettingsProblem, PolicyError, StoreProblem, KeyProblem, OSError, ValueError) as error:
        said = {finding.message for finding in findings}
        fresh = [] if str(error) in said else [found(Severity.ERROR, "", "cannot_open", str(error))]
        return Checkup((*findings, *fresh))
    return Checkup((*findings, *inside.findings), inside.coverage, inside.reopened)


class _Inside:
    """What needs the database and the platforms."""

    def __init__(self, app: Bawab, t: Translator, actor: str) -> None:
        self._app = app
        self._t = t
        self._actor = actor
        self._registry: Registry = registry_of(app.registry)
        self._coverage: list[Coverage] = []
        self._reopened: list[str] = []

    async def look(self) -> Checkup:
        """Look at the log, the lanes and each instance, and log that somebody looked."""
        findings = [self._limits(self._app.limits), *await self._log()]
        for name, connector in sorted(self._app.chat.items()):
            findings += await self._instance(name, connector)
        findings += await self._lanes()
        await self._record(findings)
        return Checkup(tuple(findings), tuple(self._coverage), tuple(self._reopened))

    async def _log(self) -> list[Finding]:
        t = self._t
        verified = await self._app.audit.verify(heads_only=True)
        if verified.ok:
            heads = t.number(verified.checkpoints)
            return [
                found(Severity.OK, "", "audit", t.text("audit log: {heads} signed heads fit", heads=heads))
            ]
        remedy = t.text("Keep the disk as it is and run `bawab audit verify`: the log may have been changed.")
        return [found(Severity.ERROR, "", "audit", each.message, remedy) for each in verified.findings]

    def _limits(self, limits: Limits) -> Finding:
        t = self._t
        message = t.text(
            "run guards, whichever is more: {run} people or {run_percent} % a run, {day} or {day_percent} % "
            "a day, {group} or {group_percent} % of a group a day",
            run=t.number(limits.run_count),
            run_percent=t.number(limits.run_percent),
            day=t.number(limits.day_count),
            day_percent=t.number(limits.day_percent),
            group=t.number(limits.group_count),
            group_percent=t.number(limits.group_percent),
        )
        return found(Severity.OK, "", "limits", message)

    async def _instance(self, name: str, connector: ChatConnector) -> list[Finding]:
        async with self._app.store.read() as tx:
            known = await known_groups(tx, name)
        try:
            findings = list(await connector.check(known))
        except ConnectorError as error:
            return [found(Severity.ERROR, name, "check_failed", str(error), self._reach())]
        if any(finding.severity is Severity.ERROR for finding in findings):
            return findings
        try:
            findings += await self._groups(name, connector, known)
        except ConnectorError as error:
            return [*findings, found(Severity.ERROR, name, "listing_failed", str(error), self._reach())]
        lane = await self._stuck(name)
        if lane is not None:
            await answered(self._app, name, connector.capabilities.platform)
            await self._resume(lane)
            self._reopened.append(name)
        return findings

    def _reach(self) -> str:
        return self._t.text("Check the network and what is named above, then run `bawab check` again.")

    async def _resume(self, lane: LaneRow) -> None:
        """What waited only because the lane was paused need not wait any longer."""
        if lane.state != LaneState.PAUSED:
            return
        rows, steps, soon = columns(CaseInstanceRow), columns(StepRow), {"next_attempt_at": self._app.now()}
        paused = [steps.state == StepState.PENDING, steps.next_attempt_at == lane.next_probe]
        async with self._app.store.write() as tx:
            await change(tx, CaseInstanceRow, soon, rows.instance == lane.instance, rows.state == PENDING)
            await change(tx, StepRow, soon, steps.instance == lane.instance, *paused)

    async def _groups(self, name: str, connector: ChatConnector, known: KnownGroups) -> list[Finding]:
        seen = [each async for each in connector.groups(known)]
        groups = [each for each in seen if isinstance(each, Group)]
        gaps = [each for each in seen if isinstance(each, Gap)]
        await self._keep_gaps(name, gaps)
        self._coverage.append(self._covered(name, groups, len(gaps)))
        return [*self._unknown_rows(name, groups)]

    def _covered(self, name: str, groups: Sequence[Group], gaps: int) -> Coverage:
        rules = [rule for rule in self._app.shelf.current.rules if LEAVING & set(rule.on)]
        posts = self._app.shelf.current.posts
        unmanaged = [g for g in groups if not any(self._takes(rule, g) for rule in rules)]
        rows = {group.id: registered(group, self._registry) for group in groups}
        unmapped = [g for g in groups if not any(covers(post.groups, g, rows[g.id]) for post in posts)]
        return Coverage(name, len(groups), len(unmanaged), len(unmapped), gaps)

    def _takes(self, rule: Rule, group: Group) -> bool:
        row = registered(group, self._registry)
        if covers(rule.except_, group, row):
            return False
        return rule.groups == "all" or covers(rule.groups, group, row)

    def _unknown_rows(self, name: str, groups: Sequence[Group]) -> Iterator[Finding]:
        known = {key for group in groups for key in (group.id, group.name)}
        for row in self._app.registry:
            if row.instance == name and row.group not in known:
                message = self._t.text("this registry row matches no group that can be seen")
                message += f" ({self._t.isolate(row.name)})" if row.name else ""
                remedy = self._t.text("Correct the id or the name, or let the bot into the group.")
                yield found(Severity.WARNING, name, "registry_row", message, remedy, row.group)

    async def _keep_gaps(self, name: str, gaps: Sequence[Gap]) -> None:
        """The standing gaps are those of the last check, no more and no fewer."""
        rows, now = columns(GapRow), self._app.now()
        unique = {(gap.reason, gap.group_id or ""): gap for gap in gaps}
        fresh = [
            GapRow(
                case_id=STANDING,
                instance=name,
                reason=reason,
                group_id=group_id,
                detail=gap.detail,
                remedy=gap.remedy,
                seen_at=now,
            )
            for (reason, group_id), gap in unique.items()
        ]
        async with self._app.store.write() as tx:
            mine = [rows.case_id == STANDING, rows.instance == name]
            await tx.execute(delete(table(GapRow)).where(*mine))
            await add(tx, *fresh)

    async def _stuck(self, name: str) -> LaneRow | None:
        lanes = columns(LaneRow)
        async with self._app.store.read() as tx:
            return await one(tx, LaneRow, lanes.instance == name, lanes.state != LaneState.OPEN)

    async def _lanes(self) -> list[Finding]:
        async with self._app.store.read() as tx:
            stuck = await where(tx, LaneRow, columns(LaneRow).state != LaneState.OPEN)
        return [
            found(
                Severity.ERROR if lane.state == LaneState.PAUSED else Severity.WARNING,
                lane.instance,
                f"lane_{lane.state}",
                self._t.text("nothing is sent: {why}", why=lane.reason or "-"),
                self._t.text("Mend what is named above; a check that passes lets it work again."),
            )
            for lane in stuck
        ]

    async def _record(self, findings: Sequence[Finding]) -> None:
        codes = [f"{f.instance}:{f.code}" for f in findings if f.severity is not Severity.OK]
        detail = {"findings": sorted(set(codes))[:50], "reopened": self._reopened}
        outcome = "ok" if not codes else "findings"
        async with self._app.store.write() as tx:
            await self._app.audit.append(tx, Entry(Action.CHECK_RUN, self._actor, outcome, detail=detail))
