"""A company on disk and a Slack on loopback that outlive one command, and `bawab` as a person runs it."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.surfaces.cli.main import main
from connectors.chat.slack.sandbox import (
    BOT_TOKEN,
    Channel,
    Sandbox,
    User,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from tests.bot.world import HEADER, POLICY
from tests.postgres import take_rows_over


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(slots=True)
class Shop:
    """One installation: its folder, its settings file, its Slack."""

    folder: Path
    sandbox: Sandbox
    url: str
    feeds: int = 0

    @property
    def env_file(self) -> Path:
        """The settings."""
        return self.folder / "bawab.env"

    def write_settings(self, **more: str) -> None:
        """Write the settings file: this company, and `more` over it (name without BAWAB_)."""
        settings = {
            "DATA_DIR": str(self.folder / "data"),
            "POLICIES": str(self.folder / "policy.yaml"),
            "TIME_ZONE": "Asia/Riyadh",
            "HR__MAIN__PATH": str(self.folder / "hr"),
            "HR__MAIN__SETTLE_SECONDS": "0",
            "SLACK__ACME__BOT_TOKEN": BOT_TOKEN,
            "SLACK__ACME__BASE_URL": f"{self.url}/api/",
            "SLACK__ACME__SCIM_URL": f"{self.url}/scim/v1/",
            "SLACK__ACME__PACE_SCALE": "0",
            **more,
        }
        lines = [f"BAWAB_{name}={value}" for name, value in settings.items()]
        self.env_file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def drop(self, *rows: str) -> None:
        """Put an export into the HR folder, as a finished file."""
        self.feeds += 1
        path = self.folder / "hr" / f"export-{self.feeds:03}.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        path.with_name(path.name + ".done").touch()

    def bawab(self, *words: str, name: str = "noura") -> Answer:
        """Run a command; its arguments are as typed, the shared options come first."""
        return run_main("--env-file", str(self.env_file), "--as", name, *words)

    def run_once(self, *more: str) -> Answer:
        """Run until nothing is due now."""
        return self.bawab("run", "--once", "--quiet-seconds", "0", *more)

    def settle_in(self, *rows: str) -> None:
        """Get past the first run: a baseline, released."""
        self.drop(*rows)
        self.run_once()
        digests = [hold["digest"] for hold in self.bawab("status", "--json").data["holds"]]
        answer = self.bawab("release", *digests, "--yes")
        assert answer.code == 0, answer.err

    def copy_from(self, folder: Path) -> None:
        """Take over what another company has on disk: its database, log, keys, exports and policy."""
        for name in ("data", "hr"):
            shutil.copytree(folder / name, self.folder / name, dirs_exist_ok=True)
        take_rows_over(folder / "data" / "bawab.db")
        shutil.copy2(folder / "policy.yaml", self.folder)
        self.feeds = len(list((self.folder / "hr").glob("*.csv")))

    def members(self, channel: str) -> list[str]:
        """Who is really in a channel."""
        return self.sandbox.workspace.channels[channel].members


def run_main(*words: str) -> Answer:
    """Run `bawab` with these words, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
    return Answer(int(code or 0), out.getvalue(), err.getvalue())


@contextmanager
def open_shop(folder: Path, *things: User | Channel) -> Iterator[Shop]:
    """Serve the Slack on a thread of its own while the block runs."""
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    sandbox = create_sandbox(base_workspace().add(*things))
    with _served(sandbox) as url:
        shop = Shop(folder, sandbox, url)
        shop.write_settings()
        yield shop


@contextmanager
def _served(sandbox: Sandbox) -> Iterator[str]:
    ready, stop, urls = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with running_sandbox(sandbox) as url:
            urls.append(url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield urls[0]
    finally:
        stop.set()
        thread.join(10)
