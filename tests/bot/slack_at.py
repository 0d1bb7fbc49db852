"""Bawab opened on a Slack that is not the company's own sandbox: another server, a proxy, other tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from bot.app import open_bawab
from bot.service import Service
from bot.settings import HrFeed, Settings
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.sandbox import Sandbox
from tests.bot.world import POLICY, Clock, World, slack_instance


@asynccontextmanager
async def opened(
    folder: Path,
    sandbox: Sandbox,
    api: str,
    token: str,
    *,
    admin: str | None = None,
    policy: str = POLICY,
) -> AsyncIterator[World]:
    """Open Bawab on the Slack at `api`; `sandbox` is what `world.members` asks."""
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    tokens = {"bot_token": SecretStr(token), "admin_token": SecretStr(admin) if admin else None}
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        policies=folder / "policy.yaml",
        time_zone="Asia/Riyadh",
        hr={"hr": HrFeed(path=folder / "hr", settle_seconds=0.0)},
        slack={"acme": slack_instance(api.removesuffix("/api/")).model_copy(update=tokens)},
    )
    world = World(folder, sandbox, Clock())
    async with open_bawab(settings, now=world.clock) as app:
        usual = app.chat["acme"]
        assert isinstance(usual, SlackConnector)
        # The same, but for the half second before a read is tried again.
        app.chat["acme"] = SlackConnector(dataclasses.replace(usual._config, backoff_seconds=0.001))
        world.app, world.service = app, Service(app)
        yield world
