"""The firm as it is after its first run, made once and copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.groups.report_reading import read_groups
from tests.bot.settled import copy_files, settle, take_over
from tests.bot.views.firm import STAFF, ana_leaves, firm
from tests.bot.world import World
from tests.postgres import on_sqlite


@pytest.fixture(scope="session")
def settled_firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settle(tmp_path_factory.mktemp("firm"), firm, *STAFF)


@pytest.fixture
async def world(tmp_path: Path, settled_firm: Path) -> AsyncIterator[World]:
    take_over(settled_firm, tmp_path)
    async with firm(tmp_path) as opened:
        await read_groups(opened.app)
        yield opened


@pytest.fixture(scope="session")
def departed_firm(tmp_path_factory: pytest.TempPathFactory, settled_firm: Path) -> Path:
    folder = tmp_path_factory.mktemp("departed")
    copy_files(settled_firm, folder)

    async def departs() -> None:
        async with firm(folder) as opened:
            await ana_leaves(opened)

    with on_sqlite():
        asyncio.run(departs())
    return folder


@pytest.fixture
async def departed(tmp_path: Path, departed_firm: Path) -> AsyncIterator[World]:
    """The firm after Ana has left: out of Slack, and a task where no program reaches."""
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as opened:
        yield opened
