"""kill -9 while people are told and asked: nothing is lost, and nothing doubled beyond one marked copy."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import open_bawab
from bot.holds import open_holds
from bot.settings import Settings
from bot.store.access_tables import ReceiptRow, StaffRow
from bot.store.query import add, change, columns, where
from bot.store.tables import LinkRow
from connectors.chat.slack.sandbox import BOT_TOKEN, base_workspace, create_sandbox, running_sandbox
from tests.bot.world import HEADER, POLICY, people
from tests.connectors.mail.post import mail_server
from tests.faults.test_kill_nine import nursery

KILLS = 8
ROWS = (
    "E1,Ana,ana@corp.test,Sales,active,,",
    "E2,Noura,noura@corp.test,HR,active,,",
    "E3,Idris,idris@corp.test,IT,active,,",
)


def settings_of(folder: Path, slack: str, port: int) -> dict[str, Any]:
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "hr" / "export.csv").write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    (folder / "hr" / "export.csv.done").touch()
    acme = {"bot_token": BOT_TOKEN, "base_url": f"{slack}/api/", "pace_scale": 0.0, "backoff_seconds": 0.02}
    return {
        "data_dir": str(folder / "data"),
        "policies": str(folder / "policy.yaml"),
        "time_zone": "Asia/Riyadh",
        "hr": {"hr": {"path": str(folder / "hr"), "settle_seconds": 0.0}},
        "slack": {"acme": acme},
        "smtp": {"host": "127.0.0.1", "port": port, "sender": "bawab@corp.test", "tls": "none"},
    }


async def employ(settings: dict[str, Any]) -> None:
    """Give Noura and Idris their roles and certain accounts."""
    now = datetime.now(UTC)
    async with open_bawab(Settings(_env_file=None, **settings)) as app, app.store.write() as tx:
        for person, role in (("E2", "hr"), ("E3", "it")):
            row = StaffRow(
                id=person, name=person, roles=[role], source="local", created_at=now, updated_at=now
            )
            await add(tx, row)
        await change(tx, LinkRow, {"released_at": now}, columns(LinkRow).person_id.in_(("E2", "E3")))


async def test_a_process_killed_anywhere_asks_everybody_and_nobody_twice_unmarked(tmp_path: Path) -> None:
    sandbox = create_sandbox(base_workspace().add(*people("ana", "noura", "idris")))
    chance = random.Random(11)  # noqa: S311 - where to kill, no secret
    async with running_sandbox(sandbox) as url, mail_server() as post, nursery() as children:
        settings = settings_of(tmp_path, url, post.port)
        assert await children.run(settings, kill_after=None) == 0
        assert post.mails == []
        await employ(settings)
        statuses = [
            await children.run(settings, kill_after=chance.randint(2_000, 14_000)) for _ in range(KILLS)
        ]
        assert statuses.count(-9) >= KILLS // 2, statuses
        for _ in range(2):
            assert await children.run(settings, kill_after=None) == 0
        async with open_bawab(Settings(_env_file=None, **settings)) as app, app.store.read() as tx:
            receipts, holds = await where(tx, ReceiptRow), await open_holds(tx)
        assert holds, "something waits"
    for person in ("NOURA", "IDRIS"):
        box = sandbox.workspace.channels[f"DU{person}"].messages
        keys = Counter(one["metadata"]["event_payload"]["key"] for one in box)
        assert len(box) == len(holds), "Slack can be searched, so nothing is doubled there"
        assert set(keys.values()) == {1}
        mails = [mail for to, mail in post.mails if to == f"{person.lower()}@corp.test"]
        by_id = Counter(str(mail["Message-ID"]) for mail in mails)
        assert len(by_id) == len(holds), "nothing is lost"
        assert set(by_id.values()) <= {1, 2}
        # Killed before the first was handed over, the second says so too, and comes alone.
        unmarked = [mail["Message-ID"] for mail in mails if "may reach you twice" not in mail.as_string()]
        assert len(unmarked) == len(set(unmarked)), "what comes twice says so"
    assert all(row.settled_at is not None for row in receipts), "every attempt is settled in the end"
