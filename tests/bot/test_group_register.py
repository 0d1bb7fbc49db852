"""What people say of groups goes into the file they keep: atomically, logged, and over nobody's change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bawab
from bot.groups.register import By, NotOneGroup, find_group, register, review, set_fields
from bot.groups.registry_file import RegistryProblem, alone, read_sheet, write_sheet
from bot.groups.report_reading import read_groups
from bot.service import Service
from bot.settings import ManualInstance, SettingsProblem
from connectors.chat.slack.sandbox import Channel, User
from policies.complaints import PolicyError
from policies.registry import load_registry
from tests.bot.settled import settle, take_over
from tests.bot.world import Clock, World, channel, company, people

REGISTRY = """\
# Ask Noura before you change a line.
version: 1
groups:
  - {instance: acme, group: C-lunch, name: lunch, owner: E9}  # since 2019
  - instance: phones
    group: العائلة
"""
STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,2026-12-20,",
    "E9,Gone Person,gone@corp.test,Sales,terminated,2025-01-31,",
)
NOURA = By("person:noura")


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[World]:
    """Four people, three channels of which two share a name, one phone group; its groups are read."""
    things: list[User | Channel] = [
        *people("ana", "noura", "omar"),
        channel("lunch", "ana"),
        channel("sales", "ana"),
    ]
    twin = channel("sales2", "noura")
    twin.name = "sales"
    phones = {"phones": ManualInstance(platform="whatsapp")}
    async with company(folder, *things, twin, registry=REGISTRY, manual=phones) as opened:
        await read_groups(opened.app)
        yield opened


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settle(tmp_path_factory.mktemp("register"), firm, *STAFF)


@pytest.fixture
async def world(tmp_path: Path, settled: Path) -> AsyncIterator[World]:
    """The firm after its first run."""
    take_over(settled, tmp_path)
    async with firm(tmp_path) as opened:
        yield opened


def file_of(world: World) -> Path:
    return world.folder / "groups.yaml"


async def entries(world: World, action: str) -> list[Any]:
    return [row for row in await world.log() if row["action"] == action]


async def test_an_owner_is_written_and_everything_else_stays(world: World) -> None:
    change = await set_fields(world.app, "lunch", {"owner": "noura@corp.test", "deputy": "E1"}, NOURA)
    assert change.saved
    assert file_of(world).read_text(encoding="utf-8") == REGISTRY.replace(
        "owner: E9}", "owner: E2, deputy: E1}"
    )
    assert "+  - {instance: acme, group: C-lunch, name: lunch, owner: E2, deputy: E1}" in change.diff


async def test_it_is_logged_with_what_was_and_what_is_and_nobody_by_name(world: World) -> None:
    await set_fields(world.app, "lunch", {"owner": "E2", "purpose": "Where to eat"}, NOURA)
    (row,) = await entries(world, "group.register")
    assert row["actor"] == "person:noura"
    assert row["group_id"] == "C-lunch"
    text = str(row["before"]) + str(row["after"])
    assert "Where to eat" in text
    assert text.count("p_") == 2, "the old and the new owner, by their pseudonyms"
    assert "E9" not in text
    assert "E2" not in text


async def test_a_dry_run_shows_the_difference_and_writes_nothing(world: World) -> None:
    change = await set_fields(world.app, "lunch", {"owner": "E2"}, By("person:noura", dry_run=True))
    assert "owner: E2" in change.diff
    assert not change.saved
    assert file_of(world).read_text(encoding="utf-8") == REGISTRY
    assert await entries(world, "group.register") == []


async def test_what_the_file_says_already_is_no_change(world: World) -> None:
    change = await set_fields(world.app, "lunch", {"name": "lunch"}, NOURA)
    assert (change.diff, change.saved) == ("", False)
    assert await entries(world, "group.register") == []


@pytest.mark.parametrize(
    ("who", "why"),
    [("E9", "has left the company"), ("E3", r"leaves soon \(last day 2026-12-20\)")],
)
async def test_whoever_has_left_or_leaves_soon_cannot_answer_for_a_group(
    world: World, who: str, why: str
) -> None:
    with pytest.raises(RegistryProblem, match=why):
        await set_fields(world.app, "lunch", {"deputy": who}, NOURA)
    assert file_of(world).read_text(encoding="utf-8") == REGISTRY


async def test_a_name_of_two_groups_is_asked_back_and_an_id_is_not(world: World) -> None:
    with pytest.raises(NotOneGroup, match=r"C-sales \(sales\); acme C-sales2 \(sales\)"):
        await find_group(world.app, "sales")
    assert (await find_group(world.app, "C-sales2")).id == "C-sales2"
    assert (await find_group(world.app, "#Lunch")).id == "C-lunch"
    with pytest.raises(NotOneGroup, match="no group 'sale' is known"):
        await find_group(world.app, "sale")


async def test_groups_nobody_registered_get_rows_once(world: World) -> None:
    await register(world.app, ["C-sales", "C-sales"], NOURA)
    rows = load_registry(file_of(world).read_text(encoding="utf-8"), "groups.yaml")
    assert [(row.group, row.name, row.platform) for row in rows][-1] == ("C-sales", "sales", "slack")
    assert len(rows) == 3
    assert len(world.app.registry) == 3, "what Bawab has written itself counts at once"
    with pytest.raises(RegistryProblem, match="registered already"):
        await register(world.app, ["C-sales"], NOURA)
    await register(world.app, [], NOURA, every=True)
    rows = load_registry(file_of(world).read_text(encoding="utf-8"), "groups.yaml")
    assert sorted(row.name for row in rows) == ["general", "lunch", "sales", "sales", "العائلة"]


async def test_a_review_names_the_day_and_the_reviewer(world: World) -> None:
    await review(world.app, ["lunch", "العائلة"], "noura@corp.test", By("person:noura"))
    rows = load_registry(file_of(world).read_text(encoding="utf-8"), "groups.yaml")
    assert {(row.reviewed, row.reviewed_by) for row in rows} == {(date(2026, 11, 20), "E2")}
    assert len(await entries(world, "group.review")) == 2
    with pytest.raises(RegistryProblem, match="nobody has registered it"):
        await review(world.app, ["C-sales"], "E2", NOURA)


async def test_a_file_with_errors_is_refused_at_line_and_column(world: World) -> None:
    broken = REGISTRY.replace("owner: E9", "ownr: E9")
    file_of(world).write_text(broken, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"groups\.yaml:4:51: unknown key 'ownr'"):
        await set_fields(world.app, "lunch", {"owner": "E2"}, NOURA)
    assert file_of(world).read_text(encoding="utf-8") == broken


async def test_a_row_that_went_meanwhile_is_said(world: World) -> None:
    file_of(world).write_text("version: 1\n", encoding="utf-8")
    with pytest.raises(RegistryProblem, match="no longer has the row"):
        await set_fields(world.app, "lunch", {"owner": "E2"}, NOURA)


# The file itself


def test_mode_and_link_stay_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    real = tmp_path / "kept" / "groups.yaml"
    real.parent.mkdir()
    real.write_text("version: 1\n", encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "groups.yaml"
    link.symlink_to(real)
    write_sheet(read_sheet(link), "version: 1\r\n# ü\r\n")
    assert link.is_symlink()
    assert real.read_bytes() == "version: 1\r\n# ü\r\n".encode()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in real.parent.iterdir()] == ["groups.yaml"]


def test_a_file_somebody_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text("version: 1\n", encoding="utf-8")
    sheet = read_sheet(path)
    path.write_text("version: 1\n# theirs\n", encoding="utf-8")
    with pytest.raises(RegistryProblem, match="changed by somebody else"):
        write_sheet(sheet, "version: 1\n# mine\n")
    assert path.read_text(encoding="utf-8") == "version: 1\n# theirs\n"
    assert [one.name for one in tmp_path.iterdir()] == ["groups.yaml"]


def test_what_is_no_text_is_refused_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_bytes(b"version: 1\n# \xff\n")
    with pytest.raises(PolicyError, match=r"groups\.yaml:2:3: this is not UTF-8"):
        read_sheet(path)


def test_without_a_file_it_is_said_how_to_have_one() -> None:
    with pytest.raises(SettingsProblem, match=r"BAWAB_REGISTRY=groups\.yaml"):
        read_sheet(None)


def test_two_commands_do_not_write_at_once(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(RegistryProblem, match="another command"), alone(tmp_path, 0.05):
        pass


# A running service


async def test_a_running_service_takes_over_what_changed_and_keeps_the_last_good_one(world: World) -> None:
    changed = REGISTRY.replace("owner: E9", "owner: E2")
    file_of(world).write_text(changed, encoding="utf-8")
    await world.service.tick()
    assert world.app.registry[0].owner_id == "E9", "somebody may still be writing"
    await world.service.tick()
    assert world.app.registry[0].owner_id == "E2"
    assert [row["outcome"] for row in await entries(world, "registry.load")] == ["ok"]

    file_of(world).write_text("version: 1\ngroups: 7\n", encoding="utf-8")
    for _ in range(4):
        await world.service.tick()
    assert world.app.registry[0].owner_id == "E2"
    assert "groups.yaml:2:9" in world.app.registered.problem
    outcomes = [row["outcome"] for row in await entries(world, "registry.load")]
    assert outcomes == ["ok", "refused"], "said once, not at every tick"

    file_of(world).write_text(changed, encoding="utf-8")
    await world.service.tick()
    await world.service.tick()
    assert world.app.registered.problem == ""
    outcomes = [row["outcome"] for row in await entries(world, "registry.load")]
    assert outcomes == ["ok", "refused", "ok"]


async def test_whoever_the_file_newly_names_in_a_phone_group_is_tied_at_once(world: World) -> None:
    file_of(world).write_text(f"{REGISTRY}    members: [E1]\n", encoding="utf-8")
    await world.service.tick()
    await world.service.tick()
    phones = world.app.chat["phones"]
    assert "manual:E1" in {account.id async for account in phones.accounts()}
    assert "link.create" in {row["action"] for row in await world.log() if row["instance"] == "phones"}


async def test_a_registry_changed_between_two_runs_is_logged_at_the_next(
    world: World, tmp_path: Path
) -> None:
    file_of(world).write_text(REGISTRY.replace("owner: E9", "owner: E2"), encoding="utf-8")
    settings = world.app.settings.model_copy(update={"data_dir": tmp_path / "data"})
    async with open_bawab(settings, now=Clock()) as app:
        await Service(app).tick()
    assert [row["outcome"] for row in await entries(world, "registry.load")] == ["ok"]
