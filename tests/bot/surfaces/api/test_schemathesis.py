"""The API against its own description, by a generator that did not come with it, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from sqlalchemy import select
from sqlmodel import SQLModel

from bot.store.query import columns
from bot.store.tables import CaseRow, FeedRow, HoldRow, RunRow, TaskRow
from tests.bot.surfaces.api.calling import Office

ROOT = Path(__file__).parents[4]


async def ids(desk: Office) -> dict[str, list[str]]:
    """Give ids that exist, by the name of the parameter that takes them."""
    tables: dict[str, type[SQLModel]] = {
        "case_id": CaseRow,
        "feed_id": FeedRow,
        "run_id": RunRow,
        "task_id": TaskRow,
    }
    async with desk.app.store.read() as tx:
        found = {name: list(await tx.scalars(select(columns(row).id))) for name, row in tables.items()}
        found["digest"] = list(await tx.scalars(select(columns(HoldRow).digest)))
    ibrahim = await desk.as_("ibrahim")
    found["group_key"] = [one["key"] for one in (await ibrahim.get("/groups"))["items"]]
    return {**found, "instance": ["acme"], "person_id": ["ana", "omar", "owner"]}


async def judged(desk: Office, token: str, *options: str) -> tuple[int | None, str]:
    """Run the generator as a program of its own; gives its exit code and its report."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{desk.url}/openapi.json"),
        *("--url", desk.url, "-H", f"Authorization: Bearer {token}", "--continue-on-failure", *options),
        cwd=desk.world.folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.bot.surfaces.api.schemathesis_hooks",
            "BAWAB_TEST_IDS": json.dumps(await ids(desk)),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await program.communicate()
    return program.returncode, out.decode()


async def test_no_request_that_a_generator_thinks_of_is_answered_as_the_description_does_not_say(
    desk: Office,
) -> None:
    desk.world.drop("ana,Ana Test,ana@corp.test,Sales,terminated,2026-11-19,", name="leaves.csv")
    await desk.world.run()
    token = (await desk.as_("both")).token
    code, report = await judged(desk, token, "--phases", "examples,fuzzing", "-n", "2", "--seed", "7")
    assert code == 0, report
    assert "Tested: 3" in report, "every operation was met"
