"""Who changes a guard's number leaves a trace: the log says what it was and what it is, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bot.world import company, people


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
