"""Bawab as `bawab run` runs it, for the bench of events: listener, clock and lanes in one process.

Everybody of the job has left, was taken out of a channel, and by the policy is taken out again unasked.
Says its address; notes in a file when each of its transactions was committed; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import event

from bench.bawab_rows import case_of, link_of, person_row, step_of
from bench.bawab_settings import INSTANCE, Job, settings_of
from bot.app import Bawab, open_bawab
from bot.service import Service
from bot.settings import RunLimits
from bot.states import CaseState, StepState
from bot.store.query import add, chunks
from bot.store.tables import CaseInstanceRow
from bot.surfaces.listener import listening
from connectors.contract import Quality

POLICY = """\
version: 1
rules:
  - id: leaver
    on: [leaver, contractor_end]
    groups: all
    action: remove
    when: end_of_last_day
    came_back: remove
"""
RULE = "policy/leaver"
"""File and id."""
MANY = 100_000


async def main(job: Job) -> None:
    """Work until standard input ends."""
    folder = Path(job["folder"])
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    limits = RunLimits(run_count=MANY, run_ceiling=MANY, day_count=MANY, day_ceiling=MANY)
    told = {"policies": folder / "policy.yaml", "limits": limits, "listen": "127.0.0.1:0"}
    settings = settings_of(job, **told)
    slack = settings.slack[INSTANCE].model_validate(
        settings.slack[INSTANCE].model_dump() | {"signing_secret": job["secret"]}
    )
    settings = settings.model_copy(update={"slack": {INSTANCE: slack}})
    async with open_bawab(settings) as app:
        await _store(app, job["people"])
        with (folder / "commits").open("w", encoding="ascii", buffering=1) as commits:
            _note(app, commits)
            await _serve(app)


async def _serve(app: Bawab) -> None:
    async with listening(app) as url:
        service = Service(app)
        loop = asyncio.get_running_loop()

        def closed() -> None:
            loop.remove_reader(sys.stdin)
            service.stop()

        loop.add_reader(sys.stdin, closed)  # nothing is ever said there
        _say({"url": f"{url}/slack/{INSTANCE}/events"})
        await service.forever()
    _say({"sound": (await app.audit.verify()).ok})


def _note(app: Bawab, commits: TextIO) -> None:
    """Note the instant of every write transaction that is committed, by a clock all processes share."""

    def durable(connection: Any) -> None:
        if connection.get_execution_options().get("bawab_write"):
            commits.write(f"{time.monotonic()}\n")

    for engine in app.store.engines:
        event.listen(engine, "commit", durable)


async def _store(app: Bawab, people: dict[str, str]) -> None:
    now, policy = app.now(), app.shelf.current.digest
    made = [_rows(who, group, policy, now) for who, group in people.items()]
    for rows in zip(*made, strict=True):  # of one table each
        for part in chunks(rows, 500):
            async with app.store.write() as tx:
                await add(tx, *part)


def _rows(who: str, group: str, policy: str, now: datetime) -> list[Any]:
    case = case_of(who, policy, now, urgent=False)
    case.rule, case.state, case.finished_at = RULE, CaseState.COMPLETED, now
    step = step_of(who, group, INSTANCE, "slack", "public_channel", now, urgent=False)
    step.state, step.quality, step.acted = StepState.VERIFIED_ABSENT, Quality.OBSERVED, "yes"
    step.next_attempt_at, step.verified_at, step.attempts, step.reads = None, now, 1, 1
    planned = CaseInstanceRow(case_id=case.id, instance=INSTANCE, state="planned", next_attempt_at=now)
    return [person_row(who, INSTANCE, now, gone=True), case, link_of(who, INSTANCE, now), step, planned]


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
