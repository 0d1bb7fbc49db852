"""The worked example from end to end: the real commands, the real clock, three platforms that keep state."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.demo import company, seeds, witnesses
from bot.demo.company import LEAVER, MICROSOFT, MOVER, SLACK, TELEGRAM
from bot.demo.processes import Command, SandboxProcess, Service
from bot.demo.staying import stay
from bot.locale import N_, Translator
from bot.states import CaseState

UNTIL_LAST_MOMENT = timedelta(seconds=24)
UNTIL_TRANSFER = timedelta(seconds=27)
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 1.0
"""Each look is a command of its own, which costs the service it looks at some of the machine."""
ENDED = {CaseState.COMPLETED, CaseState.COMPLETED_WITH_EXCEPTIONS, CaseState.CANCELLED}
AT_REST = ENDED | {CaseState.AWAITING_MANUAL}
TITLES = {SLACK: "Slack", TELEGRAM: "Telegram", MICROSOFT: "Microsoft"}
MODULES = {
    SLACK: "connectors.chat.slack.sandbox",
    TELEGRAM: "connectors.chat.telegram.sandbox",
    MICROSOFT: "connectors.chat.teams.sandbox",
}
OPENING = N_(
    "Forty people on Slack, a Telegram bot just added to two chats, a Microsoft tenant, a WhatsApp group. "
    "HR drops an export: one last moment and one transfer, seconds ahead."
)


class DemoFailed(Exception):
    """The worked example did not do what it shows; says which part."""


class Story:
    """Plays the example once, in a folder of its own; every command shown is the command run."""

    def __init__(self, folder: Path, t: Translator, console: Console) -> None:
        self._folder = folder
        self._t = t
        self._console = console
        self._command = Command({}, console, t)
        self._service: Service | None = None

    async def play(self, then: Callable[[Command], Awaitable[None]] | None = None) -> None:
        """Play it, then go on with `then` while the platforms still stand.

        Raises DemoFailed where the end is not what it should be.
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        async with self._platforms() as platforms:
            facts = {name: sandbox.facts for name, sandbox in platforms.items()}
            self._command = Command(company.settle_in(self._folder, facts), self._console, self._t)
            await self._tell(platforms)
            if then is not None:
                await then(self._command)

    @asynccontextmanager
    async def _platforms(self) -> AsyncIterator[Mapping[str, SandboxProcess]]:
        made = {
            name: SandboxProcess(module, seeds.seed_file(self._folder, name))
            for name, module in MODULES.items()
        }
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(stack.enter_async_context(one) for one in made.values()))
            yield made

    async def _tell(self, platforms: Mapping[str, SandboxProcess]) -> None:
        t = self._t
        self._say(t.text(OPENING))
        self._drop()
        async with Service(self._command) as service:
            self._service = service
            await self._until(self._held, t.text("the export to be read"))
            self._say(t.text("HR confirms, once and for all, whose the accounts found by e-mail are:"))
            await self._command.show(*await self._released("identity_links"))
            self._say(t.text("The first run only observes. Who would lose what, when, and by which rule:"))
            await self._command.show("preview")
            self._say(t.text("HR has read it, and lets exactly this go:"))
            await self._command.show_ends(t.text("the same rows"), *await self._released("observe"))
            self._say(t.text("From here on the clock decides: waiting for the last moment and the transfer."))
            await self._until(self._at_rest, t.text("both cases to come due and be carried out"))
            self._say(t.text("WhatsApp has no interface: its admin removes by hand, and says so."))
            await self._attest()
            await self._until(self._ended, t.text("both cases to end"))
            await service.stop()
        await self._results(platforms)

    def _drop(self) -> None:
        now = datetime.now(UTC)
        text = company.export(now + UNTIL_LAST_MOMENT, now + UNTIL_TRANSFER)
        path = self._folder / "hr" / f"people-{now:%Y-%m-%d}.csv"
        path.write_text(text, encoding="utf-8")
        self._console.print(f"  {path}", style="dim", highlight=False)

    async def _released(self, kind: str) -> list[str]:
        """Give the command by which HR releases what is held for one reason."""
        holds = (await self._status())["holds"]
        digests = [hold["digest"][:12] for hold in holds if hold["kind"] == kind]
        return ["--as", company.HR_PERSON, "release", *digests, "--yes"]

    async def _attest(self) -> None:
        for task in await self._command.data("task", "list"):
            await self._command.show("--as", task["assignee_id"], "task", "attest", task["id"])

    async def _results(self, platforms: Mapping[str, SandboxProcess]) -> None:
        t = self._t
        self._say(t.text("What happened, from the log:"))
        rest = t.text("then what was not seen, what remains, and every entry of the log")
        for case in await self._command.data("case", "list", "--all"):
            heading = t.text("Not seen, and so not done")
            await self._command.show_until(heading, rest, "case", "show", case["id"])
        self._say(t.text("What each platform itself says now, asked without Bawab:"))
        await self._ask(platforms)
        self._say(t.text("Where the leaver still is, who can end it, and what nobody can:"))
        await self._command.show("person", LEAVER)
        self._say(t.text("Groups that the registry still leaves to whoever is gone:"))
        await self._command.show("groups", "report", "leaver-owner")
        self._say(t.text("The log, verified from its first entry to its last:"))
        await self._command.show("audit", "verify")

    async def _ask(self, platforms: Mapping[str, SandboxProcess]) -> None:
        """Look into the sandboxes' own states; raise DemoFailed where anybody is where they should not be."""
        states = {name: await sandbox.state() for name, sandbox in platforms.items()}
        for name, witness in witnesses.WITNESSES.items():
            for person in (LEAVER, MOVER):
                self._line(TITLES[name], company.name_of(person), witness(states[name], person))
        self._owners(states[MICROSOFT])
        if wrong := list(witnesses.objections(states)):
            raise DemoFailed("\n".join(wrong))

    def _line(self, title: str, name: str, found: witnesses.Where) -> None:
        t = self._t
        groups = self._names(found.groups) if found.groups else t.text("no group")
        said = [t.text("{person} is in: {groups}", person=t.isolate(name), groups=groups)]
        if found.barred:
            said.append(t.text("barred from: {groups}", groups=self._names(found.barred)))
        if found.closed:
            said.append(t.text("account closed, signed out everywhere"))
        self._console.print(f"  {title}: {t.text('; ').join(said)}", highlight=False)

    def _owners(self, state: dict[str, Any]) -> None:
        """Say who owns the team now that was the leaver's alone."""
        team, owners = witnesses.owners_of_the_team(state)
        line = self._t.text(
            "{team} is owned by: {owners}", team=self._t.isolate(team), owners=self._names(owners)
        )
        self._console.print(f"  {TITLES[MICROSOFT]}: {line}", highlight=False)

    def _names(self, names: Sequence[str]) -> str:
        return self._t.list([self._t.isolate(one) for one in names])

    async def _until(self, ready: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not await ready():
            if self._service is not None and self._service.ended:
                raise DemoFailed(self._t.text("`bawab run` ended by itself."))
            if asyncio.get_running_loop().time() > deadline:
                raise DemoFailed(self._t.text("Waited in vain for {what}.", what=what))
            await asyncio.sleep(POLL_SECONDS)

    async def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._command.data("status")
        return found

    async def _held(self) -> bool:
        """Whether Slack and Microsoft were asked who is who, and Telegram told of its groups."""
        holds = (await self._status())["holds"]
        asked = {hold["cause"]["instance"] for hold in holds if hold["kind"] == "identity_links"}
        if not {SLACK, MICROSOFT} <= asked or "observe" not in {hold["kind"] for hold in holds}:
            return False
        heard = await self._command.data("groups", "--instance", TELEGRAM, "--no-read")
        return all(group["last_seen"] for group in heard)

    async def _states(self) -> set[str]:
        return {case["state"] for case in await self._command.data("case", "list", "--all")}

    async def _at_rest(self) -> bool:
        return await self._states() <= AT_REST

    async def _ended(self) -> bool:
        return await self._states() <= ENDED

    def _say(self, sentence: str) -> None:
        self._console.print(f"\n{sentence}", style="bold", highlight=False)


async def play(folder: Path, t: Translator, console: Console, *, staying: bool = False) -> None:
    """Play the example and say how long it took; then, where asked for, keep its console open."""
    started = asyncio.get_running_loop().time()

    async def then(command: Command) -> None:
        seconds = round(asyncio.get_running_loop().time() - started)
        said = t.text("Played in {n} seconds. Its files are in {folder}.", n=seconds, folder=folder)
        console.print(f"\n{said}", highlight=False, soft_wrap=True)
        if staying:
            await stay(command, folder, console, t)

    await Story(folder, t, console).play(then)
