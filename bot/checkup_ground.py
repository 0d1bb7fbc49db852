"""The ground `bawab check` looks at first: folder, disk, policy files, registry, HR sources, contacts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.instances import build_hr
from bot.locale import Translator
from bot.policy_shelf import PolicyShelf
from bot.settings import Settings, SettingsProblem
from connectors.contract import Finding, Severity
from connectors.errors import ConnectorError
from connectors.hr.contract import HrSource
from policies.complaints import PolicyError
from policies.registry import load_registry

LEAST_FREE_BYTES = 200 * 1024 * 1024
"""Below this the log and the spool of one large export may not fit."""
_MIB = 1024 * 1024


async def look_at_ground(settings: Settings, t: Translator) -> list[Finding]:
    """Look at everything that needs neither the database nor a platform; raises nothing of its own."""
    ground = _Ground(settings, t)
    findings = [*ground.folder(), *ground.policies(), *ground.registry()]
    return [*findings, *await ground.sources(), *ground.contacts()]


def found(
    severity: Severity, instance: str, code: str, message: str, remedy: str = "", group: str | None = None
) -> Finding:
    """Make a finding."""
    return Finding(severity, instance, code, message, remedy, group)


@dataclass(frozen=True, slots=True)
class _Ground:
    settings: Settings
    t: Translator

    def folder(self) -> Iterator[Finding]:
        path, t = self.settings.data_dir, self.t
        name = t.isolate(str(path))
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = shutil.disk_usage(path).free
            mode = path.stat().st_mode & 0o777
        except OSError as error:
            message = t.text("{path} cannot be used ({problem})", path=name, problem=str(error.strerror))
            remedy = t.text("Set BAWAB_DATA_DIR to a folder of Bawab's own.")
            yield found(Severity.ERROR, "", "data_dir", message, remedy)
            return
        yield from self._rights(path, mode)
        yield self._space(name, free)

    def _rights(self, path: Path, mode: int) -> Iterator[Finding]:
        t, name = self.t, self.t.isolate(str(path))
        if not os.access(path, os.W_OK | os.X_OK):
            remedy = t.text("Give the folder to the user Bawab runs as.")
            message = t.text("{path} cannot be written by this user", path=name)
            yield found(Severity.ERROR, "", "data_dir", message, remedy)
        if mode & 0o077:
            message = t.text(
                "{path} is open to other users (mode {mode}); it holds HR data and the signing key",
                path=name,
                mode=f"{mode:o}",
            )
            remedy = t.text("Run: {command}", command=t.isolate(f"chmod 700 {path}"))
            yield found(Severity.WARNING, "", "data_dir_open", message, remedy)

    def _space(self, name: str, free: int) -> Finding:
        t = self.t
        message = t.text("{path}: {free} MiB free", path=name, free=t.number(free // _MIB))
        if free >= LEAST_FREE_BYTES:
            return found(Severity.OK, "", "disk_space", message)
        remedy = t.text("Free space before the disk is full.")
        return found(Severity.ERROR, "", "disk_space", message, remedy)

    def policies(self) -> Iterator[Finding]:
        t, path = self.t, self.settings.policies
        try:
            shelf = PolicyShelf.load(path)
        except (PolicyError, SettingsProblem) as error:
            remedy = t.text("Mend the file; `bawab policy check` says more.")
            yield found(Severity.ERROR, "", "policy", str(error), remedy)
        except OSError as error:
            yield found(Severity.ERROR, "", "policy", f"BAWAB_POLICIES: {path} ({error.strerror})")
        else:
            message = t.text(
                "policy {digest}: {rules} rules from {files}",
                digest=shelf.current.digest[:16],
                rules=t.number(len(shelf.current.rules)),
                files=t.list([t.isolate(file.name) for file in shelf.files]),
            )
            yield found(Severity.OK, "", "policy", message)

    def registry(self) -> Iterator[Finding]:
        t, path = self.t, self.settings.registry
        if path is None:
            message = t.text("no group registry: no owner is told, and groups without an API are not known")
            remedy = t.text("Write a groups.yaml and name it in BAWAB_REGISTRY.")
            yield found(Severity.WARNING, "", "no_registry", message, remedy)
            return
        try:
            rows = load_registry(path.read_text(encoding="utf-8"), str(path))
        except (PolicyError, OSError, UnicodeDecodeError) as error:
            yield found(Severity.ERROR, "", "registry", str(error), t.text("Mend the file."))
            return
        known = set(self.settings.instance_names)
        for row in rows:
            if row.instance not in known:
                message = t.text(
                    "the registry names {group} of {instance}, which is not configured",
                    group=t.isolate(row.group),
                    instance=t.isolate(row.instance),
                )
                yield found(
                    Severity.WARNING, row.instance, "registry_row", message, t.text("Correct its instance.")
                )
        yield found(Severity.OK, "", "registry", t.text("groups in the registry: {n}", n=t.number(len(rows))))

    async def sources(self) -> list[Finding]:
        t = self.t
        try:
            sources = build_hr(self.settings)
        except ValueError as error:
            return [found(Severity.ERROR, "", "hr_source", str(error))]
        if not sources:
            remedy = t.text("Set BAWAB_HR__<NAME>__PATH to the folder HR puts its exports into.")
            return [found(Severity.WARNING, "", "hr_source", t.text("no HR source is configured"), remedy)]
        return [await self._source(source) for source in sources]

    async def _source(self, source: HrSource) -> Finding:
        t, path = self.t, self.settings.hr[source.name].path
        try:
            waiting = [delivery.name async for delivery in source.deliveries()]
        except ConnectorError as error:
            remedy = t.text("Check the path and its rights.")
            return found(Severity.ERROR, source.name, "hr_source", str(error), remedy)
        message = t.text(
            "{path} can be read; finished files there: {n}",
            path=t.isolate(str(path)),
            n=t.number(len(waiting)),
        )
        return found(Severity.OK, source.name, "hr_source", message)

    def contacts(self) -> Iterator[Finding]:
        t, settings = self.t, self.settings
        if settings.time_zone is None:
            message = t.text("no default time zone: a last day of somebody without one is held, not guessed")
            remedy = t.text("Set BAWAB_TIME_ZONE, such as Asia/Riyadh.")
            yield found(Severity.WARNING, "", "time_zone", message, remedy)
        if settings.it_contact is None:
            message = t.text("nobody in IT is named: what no owner does by hand reaches nobody")
            remedy = t.text("Set BAWAB_IT_CONTACT to an employee id.")
            yield found(Severity.WARNING, "", "it_contact", message, remedy)
        if not settings.instance_names:
            remedy = t.text("Set BAWAB_SLACK__<NAME>__BOT_TOKEN.")
            yield found(Severity.ERROR, "", "no_instance", t.text("no chat platform is configured"), remedy)
