"""The example with many processes: three lanes, three workers, one killed in the middle."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
from rich.console import Console

from bot.demo import many_company
from bot.demo.many_company import CHANNELS, CITIES, HR_PERSON, LEAVERS
from bot.demo.postgres import NoPostgres, database
from bot.demo.processes import BAWAB, Command, SandboxProcess
from bot.demo.story import DemoFailed
from bot.locale import N_, Translator

PATIENCE_SECONDS = 240.0
POLL_SECONDS = 0.5
OPENING = N_(
    "Three Slack workspaces, one PostgreSQL, {n} processes. Three people leave, from {channels} channels of "
    "each workspace. One process is killed in the middle."
)


class Many:
    """Plays it once; every command shown is the command run."""

    def __init__(self, folder: Path, t: Translator, console: Console, workers: int) -> None:
        self._folder = folder
        self._t = t
        self._console = console
        self._count = workers
        self._command = Command({}, console, t)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        """By the name each gives itself: host and number."""

    async def play(self) -> None:
        """Play it; raises DemoFailed where the end is not what it should be."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        try:
            async with database() as url, self._platforms() as platforms:
                facts = {city: sandbox.facts for city, sandbox in platforms.items()}
                environment = many_company.settle_in(self._folder, url, facts)
                self._command = Command(environment, self._console, self._t)
                await self._tell(platforms)
        except NoPostgres as error:
            raise DemoFailed(str(error)) from None

    @asynccontextmanager
    async def _platforms(self) -> AsyncIterator[Mapping[str, SandboxProcess]]:
        module = "connectors.chat.slack.sandbox"
        made = {city: SandboxProcess(module, many_company.seed_file(self._folder, city)) for city in CITIES}
        async with AsyncExitStack() as stack:
            await asyncio.gather(*(stack.enter_async_context(one) for one in made.values()))
            yield made

    async def _tell(self, platforms: Mapping[str, SandboxProcess]) -> None:
        t = self._t
        self._say(t.text(OPENING, n=t.number(self._count), channels=t.number(CHANNELS)))
        self._drop("1", gone=False)
        async with self._workers():
            await self._until(self._held, t.text("the export to be read"))
            await self._release("identity_links")
            await self._release("observe")
            self._say(t.text("HR's next export: three people have left."))
            self._drop("2", gone=True)
            await self._until(self._shared, t.text("every workspace to be worked on"))
            self._say(t.text("Who does what now:"))
            await self._command.show("status")
            await self._kill()
            await self._until(self._all_out, t.text("all three to be out of everything"))
        await self._results(platforms)

    @asynccontextmanager
    async def _workers(self) -> AsyncIterator[None]:
        try:
            for _ in range(self._count):
                self._line("$ bawab worker &", style="cyan")
                process = await asyncio.create_subprocess_exec(
                    *BAWAB, "worker", env=self._command.environment, start_new_session=True
                )
                self._processes[f"{socket.gethostname()}:{process.pid}"] = process
            yield
        finally:
            await asyncio.gather(*(self._stop(one) for one in self._processes.values()))

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), timeout=60)

    async def _kill(self) -> None:
        """Kill whoever drains the first lane that anybody drains, and say how long nobody did."""
        t = self._t
        lane, victim = await self._drainer()
        self._say(t.text("{process} is killed, without a word, in the middle of its work:", process=victim))
        self._line(f"$ kill -9 {victim.rpartition(':')[2]}", style="cyan")
        self._processes[victim].send_signal(signal.SIGKILL)
        began = monotonic()

        async def taken() -> bool:
            now = (await self._status())["drained_by"].get(lane)
            return now is not None and now["process"] != victim

        async def taken_or_done() -> bool:
            return await taken() or await self._all_out()

        await self._until(taken_or_done, t.text("the lane to be taken over"))
        if not await taken():  # on a machine so busy that the work was done before the command was
            self._say(t.text("It had finished just before: nothing was left to take over."))
            return
        seconds = t.number(round(monotonic() - began))
        self._say(
            t.text(
                "{lane} was taken over after {n} seconds. What was under way is read back first:",
                lane=t.isolate(lane),
                n=seconds,
            )
        )
        await self._command.show("status")

    async def _drainer(self) -> tuple[str, str]:
        while True:
            for lane, now in (await self._status())["drained_by"].items():
                if now["process"] in self._processes:
                    return lane, now["process"]
            await asyncio.sleep(POLL_SECONDS)

    async def _results(self, platforms: Mapping[str, SandboxProcess]) -> None:
        """Ask the platforms themselves, and the log; raise DemoFailed where anything is lost or doubled."""
        t = self._t
        self._say(t.text("What each platform itself says now, asked without Bawab:"))
        wrong = 0
        for city, sandbox in platforms.items():
            left = many_company.still_in(await sandbox.state())
            doubled = many_company.twice(await _journal(sandbox))
            said = t.text(
                "{workspace}: left in {left} channels, removed twice from {doubled}",
                workspace=t.isolate(city),
                left=t.number(len(left)),
                doubled=t.number(doubled),
            )
            self._line(f"  {said}")
            wrong += len(left) + doubled
        self._say(t.text("The log, verified from its first entry to its last:"))
        await self._command.show("audit", "verify")
        if wrong:
            raise DemoFailed(t.text("Something was lost or doubled."))

    def _drop(self, name: str, *, gone: bool) -> None:
        path = self._folder / "hr" / f"people-{name}.csv"
        path.write_text(many_company.export(gone=gone), encoding="utf-8")
        self._line(f"  {path}", style="dim")

    async def _release(self, kind: str) -> None:
        digests = [hold["digest"][:12] for hold in (await self._status())["holds"] if hold["kind"] == kind]
        if digests:
            rest = self._t.text("the same rows")
            await self._command.show_ends(rest, "--as", HR_PERSON, "release", *digests, "--yes")

    async def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._command.data("status")
        return found

    async def _held(self) -> bool:
        return {"identity_links", "observe"} <= {hold["kind"] for hold in (await self._status())["holds"]}

    async def _shared(self) -> bool:
        """Whether work has begun: a killed process must have something in its hands."""
        return len((await self._status())["drained_by"]) >= min(self._count, len(CITIES))

    async def _all_out(self) -> bool:
        cases = await self._command.data("case", "list", "--all")
        ended = {"completed", "completed_with_exceptions"}
        return len(cases) >= len(LEAVERS) and all(case["state"] in ended for case in cases)

    async def _until(self, ready: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = monotonic() + PATIENCE_SECONDS
        while not await ready():
            if monotonic() > deadline:
                raise DemoFailed(self._t.text("Waited in vain for {what}.", what=what))
            await asyncio.sleep(POLL_SECONDS)

    def _say(self, sentence: str) -> None:
        self._line(f"\n{sentence}", style="bold")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


async def _journal(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    page = f"{sandbox.facts['url']}/_sandbox/journal"
    async with aiohttp.ClientSession() as session, session.get(page) as answer:
        found: list[dict[str, Any]] = await answer.json()
    return found
