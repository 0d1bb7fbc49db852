"""From an HR export to a verified, logged removal: the whole walk, over real HTTP and a real database."""

from __future__ import annotations

from pathlib import Path

from bot.settings import ManualInstance
from tests.bot.world import channel, company, people

STAFF = ["E1,Ana Quispe,ana@corp.test,Sales,active,,", "E2,نورة القحطاني,noura@corp.test,Research,active,,"]


async def test_a_leaver_is_out_of_every_channel_at_the_end_of_the_last_day_and_the_log_proves_it(
    tmp_path: Path,
) -> None:
    sales, general = channel("sales-riyadh", "ana", "noura"), channel("lunch", "ana", "noura")
    async with company(tmp_path, *people("ana", "noura"), sales, general) as world:
        world.drop(*STAFF)
        await world.settle_in()
        world.drop(STAFF[0].replace("active,,", "active,2026-11-20,"), STAFF[1])
        await world.run()
        assert "UANA" in world.members("C-lunch"), "nobody is removed before the last day is over"

        world.clock.now = world.clock.now.replace(hour=15, minute=0, second=1)  # 18:00:01 in Riyadh
        await world.run()

        assert await world.states() == {"sales-riyadh": "verified_absent", "lunch": "verified_absent"}
        assert world.members("C-lunch") == ["UBOT", "UNOURA"]
        assert [case.state for case in await world.cases()] == ["completed"]
        assert (await world.app.audit.verify()).ok


REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-lunch, name: lunch, owner: E2}
  - {instance: phones, group: Sales, name: Sales, owner: E2, members: [E2]}
"""


async def test_the_groups_owner_is_told_once_also_where_another_platform_had_nothing_to_do(
    tmp_path: Path,
) -> None:
    lunch, phones = channel("lunch", "ana", "noura"), {"phones": ManualInstance()}
    async with company(tmp_path, *people("ana", "noura"), lunch, registry=REGISTRY, manual=phones) as world:
        world.drop(*STAFF)
        await world.settle_in()
        world.drop(STAFF[0].replace("active,,", "terminated,2026-11-19,"), STAFF[1])
        await world.run()
        await world.run()
        told = [
            (said["text"].splitlines()[-1], chat.members)
            for chat in world.sandbox.workspace.channels.values()
            if chat.is_im
            for said in chat.messages
        ]
        assert told == [("• \u2068lunch\u2069: removed, and checked", ["UBOT", "UNOURA"])]
