"""`bawab check`: everything that can be known to be missing before the day, each with its remedy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete

from bot.app import Bawab, Now, open_bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.keys import KeyProblem
from bot.instances import build_hr
from bot.lanes import answered
from bot.policy_shelf import PolicyShelf
from bot.settings import Settings, SettingsProblem
from bot.status import STANDING
from bot.store.db import StoreProblem
from bot.store.query import add, columns, table, where
from bot.store.tables import GapRow, LaneRow
from connectors.contract import ChatConnector, Finding, HrSource, Severity
from connectors.errors import ConnectorError
from policies.complaints import PolicyError
from policies.model import EventKind, Gap, Group
from policies.registry import load_registry
from policies.rules import Rule
from policies.selectors import Registry, covers, registered, registry_of
from policies.thresholds import Limits

LEAST_FREE_BYTES = 200 * 1024 * 1024
"""Below this the log and the spool of one large export may not fit."""
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


async def check_up(settings: Settings, *, now: Now) -> Checkup:
    """Check everything that can be checked, however much is broken; raises nothing of its own.

    Reads platforms only. Stores the standing gaps, and lets a paused lane work again that is well.
    """
    findings = [*_folder(settings.data_dir), *_policies(settings), *_registry(settings)]
    findings += [*await _sources(settings), *_contacts(settings)]
    try:
        async with open_bawab(settings, now=now, read_only=True) as app:
            inside = await _Inside(app).look()
    except (SettingsProblem, PolicyError, StoreProblem, KeyProblem, OSError, ValueError) as error:
        said = {finding.message for finding in findings}
        fresh = [] if str(error) in said else [_found(Severity.ERROR, "", "cannot_open", str(error))]
        return Checkup((*findings, *fresh))
    return Checkup((*findings, *inside.findings), inside.coverage, inside.reopened)


def _folder(path: Path) -> Iterator[Finding]:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(path).free
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        message = f"{path} cannot be used ({error.strerror})"
        yield _found(
            Severity.ERROR, "", "data_dir", message, "Set BAWAB_DATA_DIR to a folder of Bawab's own."
        )
        return
    if not os.access(path, os.W_OK | os.X_OK):
        message = f"{path} cannot be written by this user"
        yield _found(Severity.ERROR, "", "data_dir", message, "Give the folder to the user Bawab runs as.")
    if mode & 0o077:
        message = f"{path} is open to other users (mode {mode:o}); it holds HR data and the signing key"
        yield _found(Severity.WARNING, "", "data_dir_open", message, f"Run: chmod 700 {path}")
    if free < LEAST_FREE_BYTES:
        message = f"{path} has {free // 1024**2} MiB left"
        yield _found(Severity.ERROR, "", "disk_space", message, "Free space before the disk is full.")
    else:
        yield _found(Severity.OK, "", "disk_space", f"{path}: {free // 1024**2} MiB free")


def _policies(settings: Settings) -> Iterator[Finding]:
    try:
        shelf = PolicyShelf.load(settings.policies)
    except (PolicyError, SettingsProblem) as error:
        yield _found(
            Severity.ERROR, "", "policy", str(error), "Mend the file; `bawab policy check` says more."
        )
    except OSError as error:
        message = f"BAWAB_POLICIES: {settings.policies} cannot be read ({error.strerror})"
        yield _found(Severity.ERROR, "", "policy", message)
    else:
        names = ", ".join(file.name for file in shelf.files)
        message = f"policy {shelf.current.digest[:16]}: {len(shelf.current.rules)} rules from {names}"
        yield _found(Severity.OK, "", "policy", message)


def _registry(settings: Settings) -> Iterator[Finding]:
    if settings.registry is None:
        message = "no group registry: no owner is told, and groups without an API are not known"
        remedy = "Write a groups.yaml and name it in BAWAB_REGISTRY."
        yield _found(Severity.WARNING, "", "no_registry", message, remedy)
        return
    try:
        rows = load_registry(settings.registry.read_text(encoding="utf-8"), str(settings.registry))
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        yield _found(Severity.ERROR, "", "registry", str(error), "Mend the file.")
        return
    known = {*settings.slack, *settings.manual}
    for row in rows:
        if row.instance not in known:
            message = (
                f"registry row {row.group!r} names the instance {row.instance!r}, which is not configured"
            )
            yield _found(Severity.WARNING, row.instance, "registry_row", message, "Correct its instance.")
    yield _found(Severity.OK, "", "registry", f"group registry: {len(rows)} groups")


async def _sources(settings: Settings) -> list[Finding]:
    try:
        sources = build_hr(settings)
    except ValueError as error:
        return [_found(Severity.ERROR, "", "hr_source", str(error))]
    if not sources:
        remedy = "Set BAWAB_HR__<NAME>__PATH to the folder HR puts its exports into."
        return [_found(Severity.WARNING, "", "hr_source", "no HR source is configured", remedy)]
    return [await _source(source, settings.hr[source.name].path) for source in sources]


async def _source(source: HrSource, path: Path) -> Finding:
    try:
        waiting = [delivery.name async for delivery in source.deliveries()]
    except ConnectorError as error:
        return _found(Severity.ERROR, source.name, "hr_source", str(error), "Check the path and its rights.")
    message = f"{path} can be read; finished files there: {len(waiting)}"
    return _found(Severity.OK, source.name, "hr_source", message)


def _contacts(settings: Settings) -> Iterator[Finding]:
    if settings.time_zone is None:
        message = "no default time zone: a last day of somebody without one is held, not guessed"
        yield _found(Severity.WARNING, "", "time_zone", message, "Set BAWAB_TIME_ZONE, such as Asia/Riyadh.")
    if settings.it_contact is None:
        message = "nobody in IT is named: what no owner does by hand reaches nobody"
        yield _found(Severity.WARNING, "", "it_contact", message, "Set BAWAB_IT_CONTACT to an employee id.")
    if not settings.slack and not settings.manual:
        message = "no chat platform is configured"
        yield _found(Severity.ERROR, "", "no_instance", message, "Set BAWAB_SLACK__<NAME>__BOT_TOKEN.")


class _Inside:
    """What needs the database and the platforms."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._registry: Registry = registry_of(app.registry)
        self._coverage: list[Coverage] = []
        self._reopened: list[str] = []

    async def look(self) -> Checkup:
        """Look at the log, the lanes and each instance, and log that somebody looked."""
        findings = [_limits(self._app.limits), *await self._log()]
        for name, connector in sorted(self._app.chat.items()):
            findings += await self._instance(name, connector)
        findings += await self._lanes()
        await self._record(findings)
        return Checkup(tuple(findings), tuple(self._coverage), tuple(self._reopened))

    async def _log(self) -> list[Finding]:
        found = await self._app.audit.verify(heads_only=True)
        if found.ok:
            message = f"audit log: every signed head fits ({found.checkpoints})"
            return [_found(Severity.OK, "", "audit", message, "`bawab audit verify` reads every entry.")]
        remedy = "Keep the disk as it is and run `bawab audit verify`: somebody may have changed the log."
        return [_found(Severity.ERROR, "", "audit", one.message, remedy) for one in found.findings]

    async def _instance(self, name: str, connector: ChatConnector) -> list[Finding]:
        findings = list(await connector.check())
        if any(finding.severity is Severity.ERROR for finding in findings):
            return findings
        try:
            findings += await self._groups(name, connector)
        except ConnectorError as error:
            return [*findings, _found(Severity.ERROR, name, "listing_failed", str(error))]
        if await self._was_stuck(name):
            await answered(self._app, name, connector.capabilities.platform)
            self._reopened.append(name)
        return findings

    async def _groups(self, name: str, connector: ChatConnector) -> list[Finding]:
        seen = [found async for found in connector.groups()]
        groups = [found for found in seen if isinstance(found, Group)]
        gaps = [found for found in seen if isinstance(found, Gap)]
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
                message = f"registry row {row.group!r} matches no group that can be seen"
                remedy = "Correct the id or the name, or let the bot into the group."
                yield _found(Severity.WARNING, name, "registry_row", message, remedy, row.group)

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

    async def _was_stuck(self, name: str) -> bool:
        lanes = columns(LaneRow)
        async with self._app.store.read() as tx:
            return bool(await where(tx, LaneRow, lanes.instance == name, lanes.state != "open"))

    async def _lanes(self) -> list[Finding]:
        async with self._app.store.read() as tx:
            stuck = await where(tx, LaneRow, columns(LaneRow).state != "open")
        return [
            _found(
                Severity.ERROR if lane.state == "paused" else Severity.WARNING,
                lane.instance,
                f"lane_{lane.state}",
                f"nothing is sent to {lane.instance}: {lane.reason}",
                "Mend what the check names above; a check that passes lets it work again.",
            )
            for lane in stuck
        ]

    async def _record(self, findings: Sequence[Finding]) -> None:
        codes = [f"{f.instance}:{f.code}" for f in findings if f.severity is not Severity.OK]
        detail = {"findings": sorted(set(codes))[:50], "reopened": self._reopened}
        outcome = "ok" if not codes else "findings"
        async with self._app.store.write() as tx:
            await self._app.audit.append(tx, Entry(Action.CHECK_RUN, "bawab", outcome, detail=detail))


def _limits(limits: Limits) -> Finding:
    message = (
        f"run guards: at most {limits.run_count} people or {limits.run_percent} % a run, "
        f"{limits.day_count} or {limits.day_percent} % a day, "
        f"{limits.group_count} or {limits.group_percent} % of a group a day, whichever is more"
    )
    return _found(Severity.OK, "", "limits", message)


def _found(
    severity: Severity, instance: str, code: str, message: str, remedy: str = "", group: str | None = None
) -> Finding:
    return Finding(severity, instance, code, message, remedy, group)
