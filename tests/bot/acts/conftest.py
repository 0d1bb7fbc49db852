"""The house of the acts' tests, settled once and copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.acts.house import settle_house
from tests.bot.settled import take_over


@pytest.fixture(scope="session")
def settled_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the company past its first run, everybody in their roles."""
    return settle_house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def ready(settled_house: Path, tmp_path: Path) -> Path:
    """A copy of it, to open with `house(ready)`."""
    take_over(settled_house, tmp_path)
    return tmp_path
