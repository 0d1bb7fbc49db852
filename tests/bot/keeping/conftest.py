"""A company with a history, on disk, to be moved and kept; a PostgreSQL where one is moved to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.chat.slack.sandbox import Channel, User
from tests.bot.cli.shop import Shop, open_shop
from tests.bot.world import channel, people
from tests.postgres import Server, fresh, server

STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,,",
)
LEAVER = "E1,Ana Quispe,ana@corp.test,Sales,active,2026-11-01,"


def company() -> list[User | Channel]:
    """Three people and two channels, as Slack has them."""
    sales, lunch = channel("sales-riyadh", "ana", "noura"), channel("lunch", "ana", "noura", "omar")
    return [*people("ana", "noura", "omar"), sales, lunch]


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company one of whose people has left; made once, to be copied."""
    folder = tmp_path_factory.mktemp("history")
    with open_shop(folder, *company()) as opened:
        opened.settle_in(*STAFF)
        opened.drop(LEAVER, *STAFF[1:])
        opened.run_once()
    return folder


@pytest.fixture
def shop(tmp_path: Path, history: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """That company, with a Slack as it was before anybody left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAWAB_LANGUAGE", raising=False)
    monkeypatch.delenv("BAWAB_DATABASE_URL", raising=False)  # these tests name their databases themselves
    with open_shop(tmp_path, *company()) as opened:
        opened.copy_from(history)
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for the tests of this folder."""
    with ExitStack() as stack:
        yield stack.enter_context(server())


@pytest.fixture
def new_database(postgres: Server) -> Callable[[], str]:
    """Make an empty database with today's tables; gives its address."""
    return lambda: fresh(postgres)
