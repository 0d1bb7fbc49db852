"""One small company for each test of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.chat.slack.sandbox import Channel, User
from tests.bot.cli.shop import Shop, open_shop
from tests.bot.world import channel, people
from tests.postgres import on_sqlite

STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,,",
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A company of three, with two channels; nothing has run yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAWAB_LANGUAGE", raising=False)
    with open_shop(tmp_path, *company()) as opened:
        yield opened


def company() -> list[User | Channel]:
    """Three people and two channels, as Slack has them."""
    sales, lunch = channel("sales-riyadh", "ana", "noura"), channel("lunch", "ana", "noura", "omar")
    return [*people("ana", "noura", "omar"), sales, lunch]


@pytest.fixture(scope="session")
def settled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the same company has on disk after its first run was released; made once, to be copied."""
    folder = tmp_path_factory.mktemp("settled")
    with on_sqlite(), open_shop(folder, *company()) as opened:
        opened.settle_in(*STAFF)
    return folder


@pytest.fixture
def settled(shop: Shop, settled_folder: Path) -> Shop:
    """The same company after its first run was released."""
    shop.copy_from(settled_folder)
    return shop
