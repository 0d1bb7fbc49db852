"""The processes the example starts: the sandboxes, `bawab run`, and each command as a person types it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from rich.console import Console
from rich.text import Text

from bot.demo.terminal import kept
from bot.locale import Translator

BAWAB = [sys.executable, "-m", "bot.surfaces.cli.main"]
START_SECONDS = 60.0
_APART: Any = {"start_new_session": True}
"""Ctrl-C is for the example, which then ends each of its processes in its own way."""


class CommandFailed(Exception):
    """A command of the example ended with an error; carries what it said."""


class Command:
    """Runs `bawab …` as a process of its own, in the example's environment."""

    def __init__(self, environment: Mapping[str, str], console: Console, t: Translator) -> None:
        language = {"BAWAB_LANGUAGE": t.language}
        self.settings = dict(environment)
        self.environment = {**_clean(os.environ), **environment, **language}
        self.console = console

    async def show(self, *words: str) -> None:
        """Print the command as typed, then what it prints."""
        self._typed(words)
        environment = self.environment | {"COLUMNS": str(self.console.width)}
        process = await asyncio.create_subprocess_exec(*BAWAB, *words, env=environment)
        _expect(words, await process.wait(), b"")

    async def show_until(self, heading: str, note: str, *words: str) -> None:
        """Print the command and what it prints up to this heading; the note stands for the rest."""
        self._typed(words)
        code, lines = await kept([*BAWAB, *words], self.environment, self.console)
        _expect(words, code, b"")
        for line in takewhile(lambda line: line.plain.strip() != heading, lines):
            self.console.print(line, soft_wrap=True)
        self._note(note)

    async def show_ends(self, note: str, *words: str) -> None:
        """Print the command and the first and last line of what it says; the note stands for the rest."""
        self._typed(words)
        said = (await self._finished(words))[1].decode().strip().splitlines()
        self.console.print(Text(said[0]), soft_wrap=True)
        self._note(note)
        self.console.print(Text(said[-1]), soft_wrap=True)

    async def data(self, *words: str) -> Any:
        """Run a command quietly and give its JSON."""
        return json.loads((await self._finished(("--json", *words)))[0])

    async def _finished(self, words: Sequence[str]) -> tuple[bytes, bytes]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *BAWAB, *words, env=self.environment, stdout=pipe, stderr=pipe
        )
        out, err = await process.communicate()
        _expect(words, process.returncode or 0, err)
        return out, err

    def _typed(self, words: Sequence[str]) -> None:
        self.console.print(f"\n$ bawab {shlex.join(words)}", style="cyan", highlight=False, markup=False)

    def _note(self, note: str) -> None:
        self.console.print(f"  … {note} …", style="dim", highlight=False, markup=False)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out whatever settings of a real installation the shell may hold."""
    return {name: value for name, value in environment.items() if not name.startswith("BAWAB_")}


def _expect(words: Sequence[str], code: int, err: bytes) -> None:
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
            *BAWAB, "run", "--names", env=self._command.environment, **_APART
        )
        return self

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.returncode is not None

    async def stop(self) -> None:
        """Stop it as Ctrl-C does: what is under way is finished."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            await asyncio.wait_for(self._process.wait(), START_SECONDS)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, however the example ended."""
        await self.stop()


class SandboxProcess:
    """One platform's sandbox as a process of its own, on a free loopback port."""

    def __init__(self, module: str, seed: Path) -> None:
        self._module = module
        self._seed = seed
        self._process: asyncio.subprocess.Process | None = None
        self.facts: dict[str, Any] = {}
        """What it said of itself as it started: where it listens, and what opens it."""

    async def __aenter__(self) -> Self:
        """Start it, and learn where it listens."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            "--seed",
            str(self._seed),
            stdout=asyncio.subprocess.PIPE,
            **_APART,
        )
        if self._process.stdout is None:
            raise CommandFailed(f"{self._module} has no output")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout=START_SECONDS)
            self.facts = json.loads(line)
        except (TimeoutError, ValueError):
            await self._stop()
            raise CommandFailed(f"{self._module} did not say where it listens") from None
        return self

    async def state(self) -> dict[str, Any]:
        """Ask the sandbox who is where."""
        page = f"{self.facts['url']}/_sandbox/state"
        async with aiohttp.ClientSession() as session, session.get(page) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        await self._stop()

    async def _stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
