"""The database the tests run on, SQLite or a server started for them, and how properties are tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres import Supply

# Properties are judged by what they find, not by how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_USES_A_DATABASE = ("bot", "browser", "faults")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only(reason): what it shows is about SQLite's file")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on PostgreSQL, what is about SQLite's file, and say why."""
    if config.getoption("--database") == "sqlite":
        return
    for item in items:
        if (marker := item.get_closest_marker("sqlite_only")) is not None:
            item.add_marker(pytest.mark.skip(reason=f"SQLite only: {marker.args[0]}"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Supply]:
    """One PostgreSQL for this test process, and databases on it."""
    from tests.postgres import supplied

    with supplied() as found:
        yield found


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a test that opens Bawab a PostgreSQL database of its own, where that was asked for."""
    here = Path(str(request.path)).relative_to(Path(__file__).parent).parts[0]
    if request.config.getoption("--database") == "sqlite" or here not in _USES_A_DATABASE:
        yield
        return
    supply: Supply = request.getfixturevalue("postgres_databases")
    monkeypatch.setenv("BAWAB_DATABASE_URL", supply.take())
    yield
    supply.give_back()
