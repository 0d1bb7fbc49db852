"""The processes the example starts: the Slack sandbox, `bawab run`, and each command as a person types it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from rich.console import Console

from bot.locale import Translator

BAWAB = [sys.executable, "-m", "bot.surfaces.cli.main"]


class CommandFailed(Exception):
    """A command of the example ended with an error; carries what it said."""


class Command:
    """Runs `bawab …` as a process of its own, in the example's environment."""

    def __init__(self, environment: Mapping[str, str], console: Console, t: Translator) -> None:
        language = {"BAWAB_LANGUAGE": t.language}
        self.environment = {**_clean(os.environ), **environment, **language}
        self.console = console

    async def show(self, *words: str) -> None:
        """Print the command as typed, then what it prints."""
        self.console.print(f"\n$ bawab {shlex.join(words)}", style="cyan", highlight=False, markup=False)
        width = {"COLUMNS": str(self.console.width)}
        process = await asyncio.create_subprocess_exec(*BAWAB, *words, env=self.environment | width)
        _expect(words, await process.wait(), b"")

    async def data(self, *words: str) -> Any:
        """Run a command quietly and give its JSON."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *BAWAB, "--json", *words, env=self.environment, stdout=pipe, stderr=pipe
        )
        out, err = await process.communicate()
        _expect(words, process.returncode or 0, err)
        return json.loads(out)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out whatever settings of a real installation the shell may hold."""
    return {name: value for name, value in environment.items() if not name.startswith("BAWAB_")}


def _expect(words: tuple[str, ...], code: int, err: bytes) -> None:
    if code not in (0, 3, 4):  # done, done with exceptions, held
        raise CommandFailed(f"bawab {shlex.join(words)} ended with {code}\n{err.decode()}")


class Service:
    """`bawab run`, until stopped; what it says goes to the screen as it happens."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start it."""
        self._command.console.print("\n$ bawab run &", style="cyan", highlight=False)
        self._process = await asyncio.create_subprocess_exec(
            *BAWAB, "run", "--names", env=self._command.environment
        )
        return self

    async def stop(self) -> None:
        """Stop it as Ctrl-C does: what is under way is finished."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            await asyncio.wait_for(self._process.wait(), timeout=20)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, however the example ended."""
        await self.stop()


class SandboxProcess:
    """The Slack sandbox as a process of its own, on a free loopback port."""

    def __init__(self, seed: Path) -> None:
        self._seed = seed
        self._process: asyncio.subprocess.Process | None = None
        self.base_url = self.scim_url = self._url = ""

    async def __aenter__(self) -> Self:
        """Start it, and learn where it listens."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "connectors.chat.slack.sandbox",
            "--seed",
            str(self._seed),
            stdout=asyncio.subprocess.PIPE,
        )
        if self._process.stdout is None:
            raise CommandFailed("the Slack sandbox has no output")
        urls = json.loads(await asyncio.wait_for(self._process.stdout.readline(), timeout=30))
        self._url, self.base_url, self.scim_url = urls["url"], urls["base_url"], urls["scim_url"]
        return self

    async def state(self) -> dict[str, Any]:
        """Ask the sandbox who is where."""
        async with aiohttp.ClientSession() as session, session.get(f"{self._url}/_sandbox/state") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
