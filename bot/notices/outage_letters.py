"""The message about an outage from its row: as it stands now, for this reader."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import Translator
from bot.notices.saying import Means, Written
from bot.outages import outage_by_id
from bot.store.tables import NoticeRow
from bot.words.outage_letter import outage_lines
from bot.words.reader import Reader
from connectors.messages import Passage

STEM = "outage"
"""Of the kind of these notices: `outage/ID`, and `outage/ID/back` for who must be told a second time."""
Drafted = tuple[tuple[Passage, ...], Written]


def outage_id(notice: NoticeRow) -> str:
    """Give which outage a message tells of; empty where it tells of none."""
    stem, _, rest = notice.kind.partition("/")
    return rest.partition("/")[0] if stem == STEM else ""


async def outage_letter(
    tx: AsyncConnection, notice: NoticeRow, zone: str, t: Translator, means: Means
) -> Drafted:
    """Write how an outage stands now; closed once it is so long over that the next would be another."""
    outage = await outage_by_id(tx, outage_id(notice))
    if outage is None:
        return (), Written(None)
    page = f"/connectors/{outage.instances[0]}" if len(outage.instances) == 1 else "/connectors"
    said = "\n".join(outage_lines(outage, Reader(t, zone)))
    return (Passage(said, means.link(page, t.text("Connectors"))),), Written(None, closed=outage.over)
