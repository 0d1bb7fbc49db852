"""One small company for each test of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.shop import Shop, open_shop
from tests.bot.world import channel, people

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
    things = [*people("ana", "noura", "omar"), channel("sales-riyadh", "ana", "noura")]
    with open_shop(tmp_path, *things, channel("lunch", "ana", "noura", "omar")) as opened:
        yield opened


@pytest.fixture
def settled(shop: Shop) -> Shop:
    """The same company after its first run was released."""
    shop.settle_in(*STAFF)
    return shop
