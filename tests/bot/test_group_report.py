"""Every group known from any platform, and what nobody looks after: read afresh, and said where it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.groups.by_whom import Way
from bot.groups.memory import learn
from bot.groups.report import GroupEntry, ReportKind, Standing, catalogue, reported
from bot.groups.report_members import Findings, look_inside
from bot.groups.report_reading import _gone, read_groups
from bot.settings import ManualInstance
from bot.store.group_tables import KnownGroupRow, RosterRow
from bot.store.query import add, where
from connectors.chat.slack.sandbox import BOT_ID, Channel, User, UserGroup
from policies.model import Gap, Group, GroupKind, Refusal
from tests.bot.settled import settle, take_over
from tests.bot.world import World, channel, company, people

REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-lunch, owner: E9, deputy: E2, reviewed: 2026-01-01}
  - {instance: acme, group: C-far, owner: E77}
  - {instance: acme, group: C-gone, name: old-sales}
  - {instance: phones, group: العائلة, owner: E2, deputy: E3, members: [E1, E9, E77], reviewed: 2024-01-01}
"""
STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,2026-12-20,",
    "E9,Gone Person,gone@corp.test,Sales,terminated,2025-01-31,",
)
TODAY = date(2026, 11, 20)


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[World]:
    """A Slack with a leaver, a guest and a stranger inside, and a phone group."""
    far = channel("far", "omar")
    far.members.remove(BOT_ID)
    guest = User(id="UGUEST", name="guest", email="x@other.test", is_restricted=True)
    things: list[User | Channel] = [
        *people("ana", "noura", "omar", "gone", "stranger"),
        guest,
        channel("lunch", "ana", "gone", "guest", "stranger"),
        channel("sales", "ana", "noura"),
        far,
    ]
    phones = {"phones": ManualInstance(platform="whatsapp")}
    async with company(folder, *things, registry=REGISTRY, manual=phones) as opened:
        opened.sandbox.workspace.add(UserGroup("S-alone", handle="alone", users=["UANA"]))
        yield opened


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settle(tmp_path_factory.mktemp("report"), firm, *STAFF)


@pytest.fixture
async def world(tmp_path: Path, settled: Path) -> AsyncIterator[World]:
    """The firm after its first run: the links are released."""
    take_over(settled, tmp_path)
    async with firm(tmp_path) as opened:
        yield opened


async def listed(world: World) -> dict[str, GroupEntry]:
    await read_groups(world.app)
    return {entry.name: entry for entry in await catalogue(world.app)}


async def report(world: World, kind: ReportKind, **more: timedelta) -> list[str]:
    return [entry.name for entry in reported([*(await listed(world)).values()], kind, today=TODAY, **more)]


async def test_every_group_is_listed_with_who_answers_for_it_and_by_whom_one_is_taken_out(
    world: World,
) -> None:
    found = await listed(world)
    assert set(found) == {"alone", "far", "general", "lunch", "sales", "old-sales", "العائلة"}
    assert {name: (one.way, one.refusal) for name, one in found.items()} == {
        "alone": (Way.NOBODY, Refusal.LAST_MEMBER),
        "far": (Way.BY_HAND, Refusal.BOT_NOT_IN_GROUP),
        "general": (Way.NOBODY, Refusal.DEFAULT_GROUP),
        "lunch": (Way.BOT, None),
        "sales": (Way.BOT, None),
        "old-sales": (None, None),
        "العائلة": (Way.BY_HAND, Refusal.NO_API),
    }
    lunch, phones = found["lunch"], found["العائلة"]
    assert lunch.owner is not None
    assert lunch.owner.standing is Standing.GONE
    assert phones.deputy is not None
    assert phones.deputy.standing is Standing.LEAVING, "a last day within sixty days"
    assert found["old-sales"].group is None


async def test_what_nobody_looks_after_is_reported(world: World) -> None:
    assert await report(world, ReportKind.NO_OWNER) == ["alone", "far", "general", "old-sales", "sales"]
    assert await report(world, ReportKind.LEAVER_OWNER) == ["lunch", "العائلة"]
    assert await report(world, ReportKind.UNREGISTERED) == ["alone", "general", "sales"]
    assert await report(world, ReportKind.UNREVIEWED) == ["far", "old-sales", "العائلة"]
    assert "lunch" in await report(world, ReportKind.UNREVIEWED, every=timedelta(days=30))


async def test_an_instance_that_cannot_be_read_is_said_and_keeps_its_groups(world: World) -> None:
    await listed(world)
    seen = world.clock()
    world.clock.turn(hours=3)
    world.sandbox.workspace.tokens.clear()
    readings = {one.instance: one for one in await read_groups(world.app)}
    assert readings["acme"].error is not None
    assert readings["phones"].error is None
    ages = {entry.name: entry.last_seen for entry in await catalogue(world.app)}
    assert (ages["lunch"], ages["العائلة"]) == (seen, world.clock())


async def test_a_group_a_complete_listing_no_longer_shows_is_gone_and_comes_back(world: World) -> None:
    await listed(world)
    lunch = world.sandbox.workspace.channels.pop("C-lunch")
    assert "lunch" not in {e.name for e in (await listed(world)).values() if e.group is not None}
    everything = {entry.id: entry for entry in await catalogue(world.app, gone=True)}
    assert everything["C-lunch"].gone_at == world.clock()
    world.sandbox.workspace.channels["C-lunch"] = lunch
    assert (await listed(world))["lunch"].gone_at is None
    actions = [row["action"] for row in await world.log() if row["group_id"] == "C-lunch"]
    assert actions.count("group.learn") == 2
    assert actions.count("group.gone") == 1


async def test_what_may_only_be_hidden_is_not_gone(world: World) -> None:
    await listed(world)
    for token in world.sandbox.workspace.tokens.values():
        token.scopes = [scope for scope in token.scopes if scope != "usergroups:read"]
    found = await listed(world)
    assert found["alone"].gone_at is None


def _group(group_id: str, kind: GroupKind, parent: str | None = None) -> Group:
    return Group("acme", "teams", group_id, group_id, kind, parent_id=parent)


@pytest.mark.parametrize(
    ("gap", "gone"),
    [
        (None, {"chat", "private", "public", "inner"}),
        (Gap("acme", "private_channels_unseen"), {"chat", "public", "inner"}),
        (Gap("acme", "group_chats_unlisted"), {"private", "public", "inner"}),
        (Gap("acme", "channels_unreadable", "team"), {"chat", "private", "public"}),
        (Gap("acme", "a_reason_nobody_knows_here"), set()),
    ],
)
def test_a_gap_keeps_what_it_may_hide(gap: Gap | None, gone: set[str]) -> None:
    known = [
        _group("chat", GroupKind.GROUP_CHAT),
        _group("private", GroupKind.PRIVATE_CHANNEL),
        _group("public", GroupKind.PUBLIC_CHANNEL),
        _group("inner", GroupKind.SHARED_CHANNEL, "team"),
    ]
    assert {group.id for group in _gone(known, [], [gap] if gap else [])} == gone


# Who is inside


async def inside(world: World, kind: ReportKind) -> Findings:
    return await look_inside(world.app, [*(await listed(world)).values()], kind)


async def test_outsiders_are_guests_and_whoever_is_tied_to_nobody(world: World) -> None:
    found = await inside(world, ReportKind.OUTSIDERS)
    said = {(one.entry.name, one.account.name, one.why) for one in found.inside}
    assert said >= {
        ("lunch", "guest", "guest"),
        ("lunch", "stranger", "linked_to_nobody"),
        ("العائلة", "E77", "linked_to_nobody"),
    }
    assert not {account for _, account, _ in said} & {"ana", "noura", "omar", "gone", "bawab"}


async def test_former_staff_are_those_who_have_left_for_certain(world: World) -> None:
    found = await inside(world, ReportKind.FORMER_STAFF)
    said = {(one.entry.name, one.person.id) for one in found.inside if one.person}
    assert said == {("lunch", "E9"), ("العائلة", "E9")}


async def test_an_account_in_doubt_is_neither_and_is_counted(tmp_path: Path) -> None:
    things: list[User | Channel] = [*people("ana", "gone"), channel("lunch", "ana", "gone")]
    async with company(tmp_path, *things, registry="version: 1\n") as world:
        world.drop(*STAFF)
        await world.run()  # the links found by e-mail are not released yet
        found = await inside(world, ReportKind.FORMER_STAFF)
        assert found.inside == []
        assert found.doubtful == 2


async def test_where_members_cannot_be_listed_only_who_was_seen_is_told(world: World) -> None:
    await listed(world)
    connector = world.app.chat["acme"]
    world.app.chat["acme"] = _Unlisting(connector)  # type: ignore[assignment]
    async with world.app.store.write() as tx:
        for account, status in (("UGONE", "member"), ("USTRANGER", "left"), ("UGUEST", "administrator")):
            row = RosterRow(
                instance="acme",
                group_id="C-lunch",
                account_id=account,
                status=status,
                seen_at=world.clock(),
            )
            await add(tx, row)
    entries = await catalogue(world.app, "acme")
    found = await look_inside(world.app, entries, ReportKind.FORMER_STAFF)
    assert [(one.account.id, one.seen_at) for one in found.inside] == [("UGONE", world.clock())]
    assert {(gap.reason, gap.detail) for gap in found.blind} >= {
        ("only_what_was_seen", "lunch"),
        ("members_cannot_be_listed", "sales"),
    }
    found = await look_inside(world.app, entries, ReportKind.OUTSIDERS)
    assert [one.account.id for one in found.inside] == ["UGUEST"], "who left is not inside"


class _Unlisting:
    """The same connector without `members`, as a platform is that lists none."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        if name == "members":
            raise AttributeError(name)
        return getattr(self._real, name)


async def test_a_platform_that_fails_half_way_is_said_and_the_others_are_told(world: World) -> None:
    entries = [*(await listed(world)).values()]
    world.sandbox.workspace.tokens.clear()
    found = await look_inside(world.app, entries, ReportKind.FORMER_STAFF)
    assert [name for name, _ in found.unread] == ["acme"]
    assert {one.entry.name for one in found.inside} == {"العائلة"}


async def test_a_group_learnt_from_an_event_keeps_its_first_day(world: World) -> None:
    group = Group("acme", "slack", "C-lunch", "lunch", GroupKind.PUBLIC_CHANNEL)
    async with world.app.store.write() as tx:
        await learn(world.app, tx, group, because="event")
    first = world.clock()
    world.clock.turn(days=1)
    await listed(world)
    async with world.app.store.read() as tx:
        rows = await where(tx, KnownGroupRow)
    (lunch,) = [known for known in rows if known.group_id == "C-lunch"]
    assert (lunch.first_seen, lunch.last_seen) == (first, world.clock())
