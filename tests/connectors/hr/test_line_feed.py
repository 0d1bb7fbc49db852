"""A feed compared line by line gives what reading it whole gives: people, facts, missing, complaints."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import BadFeed, Complaint
from connectors.hr.contract import FeedFacts, StagedFeed
from connectors.hr.csv_file.line_feed import StagedLines
from tests.connectors.hr.workbench import Drop

HEADER = "employee_id,name,status,department,last_day,time_zone,note"
People = dict[str, str]
Seen = tuple[FeedFacts, People]


async def whole(drop: Drop, data: bytes, name: str, feed: str = "") -> Seen:
    """Read a file record by record: its facts and id → digest; remember it as `feed`, if that is given."""
    staged = await deliver(drop, data, name, None)
    try:
        people = await people_of(staged)
        if feed:
            await staged.remember(feed)
        return staged.facts, people
    finally:
        await staged.aclose()


async def deliver(drop: Drop, data: bytes, name: str, since: str | None) -> StagedFeed:
    for old in drop.folder.iterdir():
        old.unlink()
    drop.put(data, name)
    (delivery,) = await drop.seen()
    return await drop.source.stage(delivery, since)


async def refusal_of(drop: Drop, data: bytes, since: str | None) -> tuple[Complaint, ...] | None:
    """Give every complaint about a file; None where it is sound."""
    try:
        await (await deliver(drop, data, "hr.csv", since)).aclose()
    except BadFeed as refusal:
        return refusal.complaints
    return None


async def people_of(staged: StagedFeed) -> People:
    people = [(person.id, digest) async for person, digest in staged.people()]
    assert people == sorted(people)
    assert len(dict(people)) == len(people)
    return dict(people)


async def both_ways(first: bytes, *later: bytes, **about: Any) -> list[bool]:
    """Deliver files one after another, compared and whole; demand the same; say which went by lines."""
    with tempfile.TemporaryDirectory() as folder:
        drop = Drop(Path(folder), **about)
        _, before = await whole(drop, first, "hr.csv", "feed_0")
        ways = []
        for number, data in enumerate(later, start=1):
            after, by_lines = await _one_more(drop, data, before, number)
            before = before if after is None else after
            ways.append(by_lines)
            if after is None:
                break
        return ways


async def _one_more(drop: Drop, data: bytes, before: People, number: int) -> tuple[People | None, bool]:
    refused = await refusal_of(drop, data, None)
    if refused is not None:
        assert await refusal_of(drop, data, f"feed_{number - 1}") == refused
        return None, False
    facts, after = await whole(drop, data, "hr.csv")
    staged = await deliver(drop, data, "hr.csv", f"feed_{number - 1}")
    try:
        assert replace(staged.facts, modified=facts.modified) == facts
        assert await staged.lacking([*before, "E99", "e1"]) == {*before, "E99", "e1"} - after.keys()
        news = await people_of(staged)
        if staged.since is None:
            assert news == after
        else:
            assert news.items() <= after.items()
            assert {one: digest for one, digest in after.items() if before.get(one) != digest}.items() <= (
                news.items()
            ), "everybody who changed, and perhaps some whose line did"
            assert list(staged.gone()) == sorted(before.keys() - after.keys())
        await staged.remember(f"feed_{number}")
        return after, isinstance(staged, StagedLines)
    finally:
        await staged.aclose()


_ids = st.sampled_from([f"E{n}" for n in range(1, 40)] + ["٣", "3", "e1", "E01", "E 1", ""])
_names = st.sampled_from(
    [
        "Ana",
        "أحمد الزهراني",
        '"Lind, Bo"',
        '"a ""b"" c"',
        '"two\nlines"',
        'O"Neil',
        "",
        "x\ry",
        "Ana\ufeff",
        "#N/A",
    ]
)
_status = st.sampled_from(["active", "terminated", "Active", "نشط", "on_leave", "gone fishing"])
_days = st.sampled_from(["", "2026-11-20", "20/11/2026", "2026-11-20T18:00", "2026-11-20T18:00+03:00"])
_lines = st.builds(
    lambda one, name, status, day, zone, note: f"{one},{name},{status},Sales,{day},{zone},{note}",
    _ids, _names, _status, _days, st.sampled_from(["", "Asia/Riyadh"]), st.sampled_from(["", "n", "\x00"]),
)  # fmt: skip


def plain(number: int, **cells: str) -> str:
    given_ = {"name": f"Name {number}", "status": "active", "day": "", "note": "", **cells}
    return f"E{number},{given_['name']},{given_['status']},Sales,{given_['day']},,{given_['note']}"


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """A sound file, and two that follow it with lines changed, moved, put in, doubled and left out."""
    count = draw(st.sampled_from([1, 5, 30, 64, 65, 200]))
    lines = [plain(number) for number in range(100, 100 + count)]
    lines += draw(st.lists(st.sampled_from([plain(n, name='"Lind, Bo"') for n in (50, 51)]), unique=True))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    files = [lines]
    for _ in range(2):
        lines = list(files[-1])
        for _ in range(draw(st.integers(0, 4))):
            _edit(draw, lines)
        files.append(lines)
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8", "utf-16", "cp1256"]))
    last = draw(st.sampled_from([ending, ending, ""]))
    first, *later = (
        ending.join([mark * (encoding == "utf-8") + HEADER, *lines]) + end
        for lines, end in zip(files, (ending, last, ending), strict=True)
    )
    cut = draw(st.sampled_from([0, 0, 0, 0, 1, 7]))
    made = [text.encode(encoding, errors="replace") for text in later]
    return first.encode(encoding), made[0][: len(made[0]) - cut], made[1]


def _edit(draw: st.DrawFn, lines: list[str]) -> None:
    at = draw(st.integers(0, len(lines)))
    what = draw(st.sampled_from(["put", "put", "change", "leave", "move", "double", "turn", "edit", "any"]))
    if what == "put":
        lines.insert(at, plain(draw(st.integers(500, 540)), name=draw(_names), day=draw(_days)))
    elif what == "any":
        lines.insert(at, draw(_lines))
    elif what == "turn":
        lines[:] = lines[at:] + lines[:at][::-1]
    elif at < len(lines):
        _edit_at(draw, lines, at, what)


def _edit_at(draw: st.DrawFn, lines: list[str], at: int, what: str) -> None:
    line = lines[at] if what in {"double", "edit"} else lines.pop(at)
    if what == "change":
        lines.insert(at, plain(100 + at, status=draw(_status), note=draw(st.sampled_from(["", "n"]))))
    elif what in {"move", "double"}:
        lines.insert(draw(st.integers(0, len(lines))), line)
    elif what == "edit":
        lines[at] = line.replace("active", "terminated")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=_pairs(), small=st.booleans())
async def test_both_ways_give_the_same(files: tuple[bytes, bytes, bytes], small: bool) -> None:
    with tempfile.TemporaryDirectory():
        await both_ways(*files, date_format="dd/mm/yyyy" if small else None)


def company(count: int = 500) -> list[str]:
    return [plain(number) for number in range(1000, 1000 + count)]


def as_file(lines: list[str], end: str = "\n") -> bytes:
    return ("\n".join([HEADER, *lines]) + end).encode()


async def test_changed_new_moved_and_missing_people_are_found_by_their_lines() -> None:
    lines = company()
    later = [
        line.replace("active", "terminated") if number % 97 == 0 else line
        for number, line in enumerate(lines)
    ]
    del later[200:210], later[5]
    later.insert(300, plain(5000))
    later.append(later.pop(0))

    assert await both_ways(as_file(lines), as_file(later), as_file(lines)) == [True, True]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("two lines", plain(7000, name='"two\nlines"')),
        ("an id twice", plain(1003, name="Another")),
        ("a line twice", plain(1003)),
        ("a look-alike", plain(1003).replace("E1003", "e1003")),
        ("no status", plain(7000, status="gone fishing")),
        ("short", "E7000,Ana,active"),
        ("nothing", ""),
        ("a bare carriage return", plain(7000, name="x\ry")),
        ("nul", plain(7000, name="x\0y")),
        ("an open quote", plain(7000, name='"Ana')),
    ],
)
async def test_whatever_is_no_plain_line_is_read_record_by_record(change: str, line: str) -> None:
    lines = company(130)

    ways = await both_ways(as_file(lines), as_file([*lines[:70], line, *lines[70:]]), as_file(lines))

    assert ways[0] is False, change


async def test_bytes_that_are_no_text_are_refused_at_their_line_and_column() -> None:
    lines = company(130)

    assert await both_ways(as_file(lines), as_file(lines).replace(b"Name 1077", b"Name \xff1077")) == [False]
