"""The human world behind the manual connector: admins who do, who forget, and who say they did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvicorn

from connectors.chat.manual.sandbox import Habit, HumanWorld, create_app, human_world
from tests.contract.serving import loopback, started


@asynccontextmanager
async def serving(world: HumanWorld) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the world on a free loopback port; the session's base URL is its own."""
    server = uvicorn.Server(uvicorn.Config(create_app(world), lifespan="off", log_level="error"))
    listening, port = loopback()
    async with started(server, listening), aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


@pytest.mark.parametrize(
    ("habit", "reported", "still_there"),
    [
        (Habit.DOES, "done", False),
        (Habit.IGNORES, None, True),
        (Habit.SAYS_ONLY, "done", True),
    ],
)
async def test_what_an_admin_reports_and_what_is_really_so_are_two_things(
    habit: Habit, reported: str | None, still_there: bool
) -> None:
    world = human_world({"Sales": ["E7", "E8"], "Board": ["E7"]}, admin="E1", habit=habit)
    async with serving(world) as session:
        async with session.post("/tasks", json={"group": "Sales", "person": "E7"}) as answer:
            assert (await answer.json())["reported"] == reported
        async with session.get("/state") as answer:
            state = await answer.json()
    assert ("E7" in state["groups"]["Sales"]) is still_there
    assert (state["groups"]["Board"], "E8" in state["groups"]["Sales"]) == (["E7"], True)
    assert state["journal"] == [["Sales", "E7", reported or "silence"]]


async def test_an_honest_admin_reports_somebody_who_was_not_there() -> None:
    world = human_world({"Sales": ["E8"]}, admin="E1")
    task = {"group": "Sales", "person": "E7"}
    async with serving(world) as session, session.post("/tasks", json=task) as answer:
        assert (await answer.json())["reported"] == "was_not_there"


@pytest.mark.parametrize("task", [{"group": "Nowhere", "person": "E7"}, {"group": "Sales"}])
async def test_a_task_nobody_could_understand_is_refused(task: dict[str, str]) -> None:
    world = human_world({"Sales": ["E7"]}, admin="E1")
    async with serving(world) as session, session.post("/tasks", json=task) as answer:
        assert answer.status == 422
