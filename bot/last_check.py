"""The last `bawab check` as it was found, kept so that a page can show it with its time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.checkup import Checkup, Coverage
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow
from connectors.contract import Finding, Severity

_KEY = "last_check"


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What a check found, in English as connectors say it, and when."""

    at: datetime
    by: str
    checkup: Checkup


async def keep_check(app: Bawab, found: Checkup, by: str) -> None:
    """Put a check in the place of the one before."""
    value = {
        "at": app.now().isoformat(),
        "by": by,
        "findings": [asdict(finding) for finding in found.findings],
        "coverage": [asdict(coverage) for coverage in found.coverage],
        "reopened": list(found.reopened),
    }
    mine = columns(MetaRow).key == _KEY
    async with app.store.write() as tx:
        if not await change(tx, MetaRow, {"value": value}, mine):
            await add(tx, MetaRow(key=_KEY, value=value))


async def last_check(tx: AsyncConnection) -> LastCheck | None:
    """Give the last check that was kept; None where nobody has checked yet."""
    row = await one(tx, MetaRow, columns(MetaRow).key == _KEY)
    if row is None:
        return None
    value = row.value
    findings = (Finding(**{**each, "severity": Severity(each["severity"])}) for each in value["findings"])
    coverage = (Coverage(**each) for each in value["coverage"])
    found = Checkup(tuple(findings), tuple(coverage), tuple(value["reopened"]))
    return LastCheck(datetime.fromisoformat(value["at"]), value["by"], found)
