"""A company whose leavers' removals are divided among workers, and what must be true of it in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func, select

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.states import STEP_SUCCESS
from bot.store.tables import StepRow
from tests.faults.workers import Plant, Worker, plant, seed, until

STAYING = ("noura", "lina", "huda", "zaid")
LEAVERS = ("ana", "omar")
EVERYBODY = (*LEAVERS, *STAYING)
CHANNELS = 20
STALLED = 3.0
"""Seconds after which a silent process counts as dead."""
QUICK = {
    "BAWAB_WORKERS__HEARTBEAT_SECONDS": "0.5",
    "BAWAB_WORKERS__STALLED_SECONDS": str(STALLED),
}
KICK = "conversations.kick"
HELD_AT = 25
"""Of forty removals: those from this one on are put off until `let_go`."""
PUT_OFF = "limited_429"


def rows(*, gone: bool) -> list[str]:
    """HR's export, before and after two have left."""
    left = {name: "terminated,2026-11-01" if gone and name in LEAVERS else "active," for name in EVERYBODY}
    return [f"{name},{name.title()},{name}@corp.test,Sales,{left[name]}," for name in EVERYBODY]


@asynccontextmanager
async def divided(folder: Path, database: str) -> AsyncIterator[Plant]:
    """A plant past its first run, with two leavers waiting in HR's folder."""
    inside = {f"sales-{number}": EVERYBODY for number in range(CHANNELS)}
    async with plant(folder, database, {"acme": seed(EVERYBODY, inside)}) as made:
        made.drop(rows(gone=False))
        await made.settle_in()
        made.drop(rows(gone=True))
        made.more |= QUICK
        yield made


async def removals(made: Plant, app: Bawab) -> list[StepRow]:
    """The steps out of channels that one can be taken out of."""
    return [step for step in await made.steps(app) if step.group_id != "CGENERAL"]


async def all_out(made: Plant, app: Bawab) -> bool:
    """Whether every removal is done and read back."""
    steps = await removals(made, app)
    return len(steps) >= len(LEAVERS) * CHANNELS and all(step.state in STEP_SUCCESS for step in steps)


async def out(made: Plant, app: Bawab) -> int:
    """How many removals are done and read back."""
    return sum(step.state in STEP_SUCCESS for step in await removals(made, app))


async def some_out(made: Plant, app: Bawab) -> bool:
    """Whether work has begun."""
    return await out(made, app) >= 3


async def drains(made: Plant, app: Bawab, worker: Worker) -> bool:
    """Whether the lane is in this worker's hands."""
    return (await made.owners(app)).get("acme") == worker.name


async def drainer_and_other(made: Plant, app: Bawab, first: Worker, second: Worker) -> tuple[Worker, Worker]:
    """Wait until somebody has begun; gives who, and who has not."""
    await until(lambda: some_out(made, app))
    return (first, second) if await drains(made, app, first) else (second, first)


async def hold(made: Plant) -> None:
    """Have Slack put the later removals off: however slow we are, there is work left to step in between."""
    fault = {"kind": PUT_OFF, "method": KICK, "nth": HELD_AT, "times": 0, "seconds": 0.5}
    await _faults(made, "POST", json=fault)


async def let_go(made: Plant) -> None:
    """Have Slack put nothing off any more."""
    await _faults(made, "DELETE")


async def _faults(made: Plant, how: str, **said: Any) -> None:
    page = f"{made.sandboxes['acme'].facts['url']}/_sandbox/faults"
    async with aiohttp.ClientSession() as session, session.request(how, page, **said) as answer:
        assert answer.status == 200, await answer.text()


async def is_whole(made: Plant, app: Bawab, *, repeated: int) -> None:
    """Everybody who left is out, nobody else is, each is logged once, and few calls were made twice."""
    for channel in range(CHANNELS):
        left = {"UBOT", *(f"U{name.upper()}" for name in STAYING)}
        assert set(await made.members("acme", f"C-sales-{channel}")) == left
    calls = await made.journal("acme")
    kicks = [call for call in calls if call["method"] == KICK and call["answer"] != PUT_OFF]
    tried = Counter((call["params"]["channel"], call["params"]["user"]) for call in kicks)
    assert len(tried) == len(LEAVERS) * CHANNELS
    assert sum(tried.values()) - len(tried) <= repeated
    done = Counter(
        (call["params"]["channel"], call["params"]["user"]) for call in kicks if call["effect"] == "done"
    )
    assert set(done.values()) == {1}
    assert await _last_words(app) == {step.id: 1 for step in await removals(made, app)}
    assert (await app.audit.verify()).ok


async def _last_words(app: Bawab) -> dict[str, int]:
    """How often the log says of each removal that it came to its end."""
    ends = [state.value for state in STEP_SUCCESS]
    said = select(RAW.c.step_id, func.count()).where(RAW.c.outcome.in_(ends), RAW.c.step_id.is_not(None))
    mine = said.where(RAW.c.action != Action.STEP_RECHECK.value, RAW.c.group_id.like("C-%"))
    async with app.store.read() as tx:
        return {row[0]: row[1] for row in (await tx.execute(mine.group_by(RAW.c.step_id))).all()}
