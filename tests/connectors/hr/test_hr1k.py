"""Seven snapshots of a directory of a thousand people, with the leavers and movers its README counts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.hr.csv_file import CsvFileConfig, CsvFileSource
from policies.feed_health import FeedReading, judge
from policies.lifecycle import change
from policies.model import EventKind, Person

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
NOW = datetime(2026, 11, 21, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not (DATA / "hr1k").is_dir(), reason=f"the sample directory is not at {DATA}")


def promised() -> dict[str, tuple[int, int]]:
    """Read (leavers, movers) per snapshot out of the README of the data."""
    text = (DATA / "README.md").read_text("utf-8")
    text = (
        text[text.index("Between snapshots:") :].split("\n")[0].replace(" leavers", "").replace(" movers", "")
    )
    found = re.findall(r"(\d{4}-\d{2}-\d{2}) (\d+), (\d+)", text)
    return {day: (int(leavers), int(movers)) for day, leavers, movers in found}


async def test_each_snapshot_is_healthy_and_holds_the_promised_leavers_and_movers(tmp_path: Path) -> None:
    source = CsvFileSource(CsvFileConfig(name="hr1k", path=DATA / "hr1k", spool=tmp_path / "spool"))
    before: dict[str, Person] = {}
    last: FeedReading | None = None
    seen: dict[str, tuple[int, int]] = {}
    rows = []
    async for delivery in source.deliveries():
        staged = await source.stage(delivery)
        facts = staged.facts
        after = {person.id: person async for person, _ in staged.people()}
        await staged.aclose()
        reading = FeedReading(
            facts.mode, facts.rows, facts.terminated, facts.header, facts.sha256, facts.modified, facts.as_of
        )
        assert judge(reading, last, now=NOW) == ()
        assert facts.as_of is not None
        rows.append((facts.rows, facts.terminated))
        if last is not None:
            seen[f"{facts.as_of:%Y-%m-%d}"] = leavers_and_movers(before, after)
        before, last = after, reading

    assert rows[0] == (865, 103)
    assert [count for count, _ in rows] == [865, 897, 934, 964, 993, 1000, 1000]
    assert seen == promised()


def leavers_and_movers(before: dict[str, Person], after: dict[str, Person]) -> tuple[int, int]:
    events = Counter(
        event.kind
        for one in after
        for event in change(before.get(one), after[one], NOW)
        if not event.first_seen
    )
    return events[EventKind.LEAVER], events[EventKind.MOVER]
