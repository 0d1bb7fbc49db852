"""Which database the tests run on: SQLite, or with `--database postgresql` a server started for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

_USES_A_DATABASE = ("bot", "browser", "faults")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[object]:
    """One PostgreSQL for this test process."""
    from tests.postgres import server

    with ExitStack() as stack:
        yield stack.enter_context(server())


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a test that opens Bawab a PostgreSQL database of its own, where that was asked for."""
    here = Path(str(request.path)).relative_to(Path(__file__).parent).parts[0]
    if request.config.getoption("--database") == "sqlite" or here not in _USES_A_DATABASE:
        return
    from tests.postgres import Server, fresh

    running = request.getfixturevalue("postgres_server")
    assert isinstance(running, Server)
    monkeypatch.setenv("BAWAB_DATABASE_URL", fresh(running))
