"""The worked example from end to end: the real commands, the real clock, a Slack that keeps state."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.demo import company
from bot.demo.processes import Command, SandboxProcess, Service
from bot.locale import Translator
from bot.states import CaseState

UNTIL_LAST_MOMENT = timedelta(seconds=24)
UNTIL_TRANSFER = timedelta(seconds=27)
PATIENCE_SECONDS = 60.0
ENDED = {CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS, CaseState.CANCELLED}
AT_REST = ENDED | {CaseState.AWAITING_MANUAL}


class DemoFailed(Exception):
    """The worked example did not do what it shows; says which part."""


class Story:
    """Plays the example once, in a folder of its own; every command shown is the command run."""

    def __init__(self, folder: Path, t: Translator, console: Console) -> None:
        self._folder = folder
        self._t = t
        self._console = console
        self._command = Command({}, console, t)

    async def play(self) -> None:
        """Play it; raises DemoFailed where the end is not what it should be."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        async with SandboxProcess(company.seed_file(self._folder)) as slack:
            environment = company.settle_in(self._folder, slack.base_url, slack.scim_url)
            self._command = Command(environment, self._console, self._t)
            await self._tell(slack)

    async def _tell(self, slack: SandboxProcess) -> None:
        t = self._t
        self._say(t.text("HR drops an export: forty people, one last moment and one transfer seconds ahead."))
        self._drop()
        async with Service(self._command) as service:
            await self._until(self._held, t.text("the export to be read"))
            self._say(t.text("HR confirms, once and for all, whose the three accounts found by e-mail are:"))
            await self._release("identity_links")
            self._say(t.text("The first run only observes. Who would lose what, when, and by which rule:"))
            await self._command.show("preview")
            self._say(t.text("HR has read it, and lets exactly this go:"))
            await self._release("observe")
            self._say(t.text("From here on the clock decides: waiting for the last moment and the transfer."))
            await self._until(self._at_rest, t.text("both cases to come due and be carried out"))
            self._say(t.text("WhatsApp has no interface: its admin removes by hand, and says so."))
            await self._attest()
            await self._until(self._ended, t.text("both cases to end"))
            await service.stop()
        await self._results(slack)

    def _drop(self) -> None:
        now = datetime.now(UTC)
        text = company.export(now + UNTIL_LAST_MOMENT, now + UNTIL_TRANSFER)
        path = self._folder / "hr" / f"people-{now:%Y-%m-%d}.csv"
        path.write_text(text, encoding="utf-8")
        self._console.print(f"  {path}", style="dim", highlight=False)

    async def _release(self, kind: str) -> None:
        holds = (await self._status())["holds"]
        digests = [hold["digest"][:12] for hold in holds if hold["kind"] == kind]
        await self._command.show("--as", company.HR_PERSON, "release", *digests, "--yes")

    async def _attest(self) -> None:
        for task in await self._command.data("task", "list"):
            await self._command.show("--as", company.ATTESTER, "task", "attest", task["id"])

    async def _results(self, slack: SandboxProcess) -> None:
        t = self._t
        self._say(t.text("What happened, from the log:"))
        for case in await self._command.data("case", "list", "--all"):
            await self._command.show("case", "show", case["id"])
        self._say(t.text("What Slack itself says now, asked without Bawab:"))
        await self._ask_slack(slack)
        self._say(t.text("The log, verified from its first entry to its last:"))
        await self._command.show("audit", "verify")

    async def _ask_slack(self, slack: SandboxProcess) -> None:
        """Look into the sandbox's own state: the leaver only where nobody can be removed, the mover kept."""
        state = await slack.state()
        for person in (company.LEAVER, company.MOVER):
            row = next(row for row in company.people() if row["employee_id"] == person)
            inside = _groups_of(state, company.account(person))
            names = self._t.list(sorted(inside)) if inside else self._t.text("no group")
            line = self._t.text("{person} is in: {groups}", person=self._t.isolate(row["name"]), groups=names)
            self._console.print(f"  {line}", highlight=False)
            wrong = {name for name in inside if name.startswith("sales-") or name == "sellers"}
            if wrong:
                raise DemoFailed(f"{row['name']} is still in {sorted(wrong)}")

    async def _until(self, ready: Any, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not await ready():
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(self._t.text("Waited in vain for {what}.", what=what))
            await asyncio.sleep(0.5)

    async def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._command.data("status")
        return found

    async def _held(self) -> bool:
        kinds = {hold["kind"] for hold in (await self._status())["holds"]}
        return {"observe", "identity_links"} <= kinds

    async def _states(self) -> set[str]:
        return {case["state"] for case in await self._command.data("case", "list", "--all")}

    async def _at_rest(self) -> bool:
        return await self._states() <= AT_REST

    async def _ended(self) -> bool:
        return await self._states() <= ENDED

    def _say(self, sentence: str) -> None:
        self._console.print(f"\n{sentence}", style="bold", highlight=False)


def _groups_of(state: dict[str, Any], account: str) -> set[str]:
    channels = {c["name"] for c in state["channels"] if account in c["members"] and not c["is_im"]}
    return channels | {g["handle"] for g in state["user_groups"] if account in g["users"]}


async def play(folder: Path, t: Translator, console: Console) -> float:
    """Play the example; gives the seconds it took."""
    started = asyncio.get_running_loop().time()
    await Story(folder, t, console).play()
    return asyncio.get_running_loop().time() - started
