"""A small company for tests: a data folder, a Slack that keeps state, an HR folder, and a clock to turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Bawab, open_bawab
from bot.holds import open_holds
from bot.release import release
from bot.service import Service
from bot.settings import HrFeed, ManualInstance, Settings, SlackInstance
from bot.store.query import where
from bot.store.tables import CaseRow, HoldRow, StepRow
from connectors.chat.slack.sandbox import (
    BOT_ID,
    BOT_TOKEN,
    Channel,
    Sandbox,
    User,
    base_workspace,
    create_sandbox,
    running_sandbox,
)

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HEADER = "employee_id,name,email,department,status,last_day,time_zone"
POLICY = """\
version: 1
rules:
  - id: leaver
    on: [leaver, contractor_end]
    groups: all
    action: remove
    when: end_of_last_day
    notify: owner
  - id: mover
    on: mover
    groups: all
    action: remove
    when: now
posts:
  - department: Sales
    groups:
      - name: "sales-*"
  - department: Research
    groups:
      - name: "research-*"
"""


@dataclass(slots=True)
class Clock:
    """A clock that only tests turn."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def turn(self, **by: float) -> None:
        """Move time on."""
        self.now += timedelta(**by)


@dataclass(slots=True)
class World:
    """Everything a test may look at and change."""

    folder: Path
    sandbox: Sandbox
    clock: Clock
    app: Bawab = field(init=False)
    service: Service = field(init=False)
    _feeds: int = 0

    @property
    def hr(self) -> Path:
        """The folder HR drops exports into."""
        return self.folder / "hr"

    def drop(self, *rows: str, header: str = HEADER, name: str | None = None) -> Path:
        """Put an export into the HR folder, as a finished file."""
        self._feeds += 1
        path = self.hr / (name or f"export-{self._feeds:03}.csv")
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        path.with_name(path.name + ".done").touch()
        return path

    def drop_file(self, path: Path) -> None:
        """Put an existing export into the HR folder, as a finished file."""
        target = self.hr / path.name
        target.write_bytes(path.read_bytes())
        target.with_name(target.name + ".done").touch()

    def members(self, channel: str) -> list[str]:
        """Who is really in a channel, asked of the sandbox."""
        return self.sandbox.workspace.channels[channel].members

    async def run(self, *, quiet: float = 0.0) -> None:
        """Work until nothing is due now."""
        await self.service.once(quiet=quiet)

    async def holds(self, kind: str | None = None) -> list[HoldRow]:
        """What waits for a release."""
        async with self.app.store.read() as tx:
            found = await open_holds(tx)
        return [hold for hold in found if kind in (None, hold.kind)]

    async def release_all(self, by: str = "person:noura") -> None:
        """Release everything that is held, as somebody from HR."""
        for hold in await self.holds():
            await release(self.app, hold.digest, actor=by)

    async def settle_in(self) -> None:
        """Get past the first run: link, release links and observation."""
        await self.run()
        await self.release_all()

    async def cases(self) -> list[CaseRow]:
        """Every case, oldest first; of one moment, by their states: no database promises more."""
        async with self.app.store.read() as tx:
            return sorted(await where(tx, CaseRow), key=lambda case: (case.created_at, case.state))

    async def steps(self) -> list[StepRow]:
        """Every step."""
        async with self.app.store.read() as tx:
            return await where(tx, StepRow)

    async def states(self) -> dict[str, str]:
        """Group name → state, over all steps on groups."""
        return {step.group["name"]: step.state for step in await self.steps() if step.group}

    async def log(self) -> list[Any]:
        """Every audit entry, oldest first, as stored."""
        from sqlalchemy import select

        from bot.audit.chain import RAW

        async with self.app.store.read() as tx:
            return list((await tx.execute(select(RAW).order_by(RAW.c.seq))).mappings().all())


def people(*names: str) -> list[User]:
    """Make Slack accounts `U<NAME>` with addresses at corp.test."""
    return [User(id=f"U{n.upper()}", name=n, email=f"{n}@corp.test") for n in names]


def channel(name: str, *members: str, **more: Any) -> Channel:
    """Make a channel `C-<name>` the bot is in."""
    inside = [BOT_ID, *(f"U{member.upper()}" for member in members)]
    return Channel(id=f"C-{name}", name=name, members=inside, **more)


@asynccontextmanager
async def company(
    folder: Path,
    *things: User | Channel,
    policy: str = POLICY,
    registry: str | None = None,
    manual: Mapping[str, ManualInstance] | None = None,
    clock: Clock | None = None,
    extra: Mapping[str, Any] | None = None,
    canaries: Sequence[str] = (),
    settle_seconds: float = 0.0,
) -> AsyncIterator[World]:
    """Start the sandbox and open Bawab on a fresh folder; closed at the end."""
    clock = clock or Clock()
    (folder / "hr").mkdir(exist_ok=True)
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    if registry is not None:
        (folder / "groups.yaml").write_text(registry, encoding="utf-8")
    sandbox = create_sandbox(base_workspace().add(*things))
    async with running_sandbox(sandbox) as url:
        settings = Settings(
            _env_file=None,
            data_dir=folder / "data",
            policies=folder / "policy.yaml",
            registry=folder / "groups.yaml" if registry is not None else None,
            time_zone="Asia/Riyadh",
            hr={"hr": HrFeed(path=folder / "hr", settle_seconds=settle_seconds, canaries=list(canaries))},
            slack={"acme": slack_instance(url)},
            manual=dict(manual or {}),
            **(extra or {}),
        )
        world = World(folder, sandbox, clock)
        async with open_bawab(settings, now=clock) as app:
            world.app = app
            world.service = Service(app)
            yield world


def slack_instance(url: str) -> SlackInstance:
    """Settings of the sandbox as an instance, unpaced."""
    return SlackInstance.model_validate(
        {
            "bot_token": BOT_TOKEN,
            "base_url": f"{url}/api/",
            "scim_url": f"{url}/scim/v1/",
            "pace_scale": 0.0,
            "timeout_seconds": 5.0,
            "backoff_seconds": 0.02,
        }
    )
