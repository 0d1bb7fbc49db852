"""Who changes a guard's number leaves a trace: the log says what it was and what it is, and no secret."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.app import Bawab, open_bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.runs import begin
from bot.settings import RunLimits, Settings
from bot.store.tables import RunRow
from tests.bot.world import company, people
from tests.postgres import fresh, server


async def test_a_changed_limit_is_logged_once_and_a_token_never(tmp_path: Path) -> None:
    whole: list[Any] = []
    for limits in ({}, {"run_count": 40}, {"run_count": 40}):
        async with company(tmp_path, *people("ana"), extra={"limits": limits}) as world:
            await world.run()
            whole = await world.log()
    entries = [entry for entry in whole if entry["action"] == "settings.change"]
    (changed,) = [entry for entry in entries if "limits.run_count" in entry["after"]]
    assert '"limits.run_count":40' in changed["after"]
    assert '"limits.run_count":null' in changed["before"]
    assert not any("xoxb" in str(value) for entry in whole for value in entry.values())


async def test_hosts_with_paths_of_their_own_do_not_take_turns_in_the_log(tmp_path: Path) -> None:
    said = []
    with server() as running:
        url = await asyncio.to_thread(fresh, running)
        for host, limit in (("a", None), ("b", None), ("a", None), ("b", None), ("a", 40), ("b", 40)):
            settings = Settings(
                _env_file=None,
                data_dir=tmp_path,
                database_url=url,
                witness=tmp_path / f"witness-{host}",
                listen=f"127.0.0.1:80{ord(host)}",
                limits=RunLimits(run_count=limit),
            )
            async with open_bawab(settings) as app:
                said.append(await _logged(app, await begin(app, "worker")))
    assert said == [set(), {"witness", "listen"}, set(), set(), {"limits.run_count"}, set()]


async def _logged(app: Bawab, run: RunRow) -> set[str]:
    """Name the settings that the log says were changed at a run's start."""
    changes = select(RAW.c.after).where(RAW.c.action == Action.SETTINGS_CHANGE.value, RAW.c.run_id == run.id)
    async with app.store.read() as tx:
        return {name for after in await tx.scalars(changes) for name in json.loads(after)}
