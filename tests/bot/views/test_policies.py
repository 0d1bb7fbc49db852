"""The policy in view: lines of its rules, a check that keeps nothing, bombs that go off nowhere, a trial."""

from __future__ import annotations

import time

import pytest

from bot.access.actor import NotAllowed
from bot.views.policies import MOST_CHARACTERS, check_policy, in_place_of, policies, try_policy
from bot.what_if import Supposition, Who
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY
from tests.bot.world import POLICY, World

ANA = Supposition(Who.PERSON, "E1")


async def test_each_rule_is_shown_with_the_line_it_begins_at(world: World) -> None:
    view = await policies(world.app, AUDITOR)
    (file,) = view.files
    assert [(at.rule.id, at.line) for at in file.rules] == [("policy/leaver", 3), ("policy/mover", 9)]
    assert file.lines[2].strip() == "- id: leaver"
    assert (view.changed_on_disk, view.may_try) == (False, False)
    assert (await policies(world.app, HR)).may_try


async def test_a_file_changed_since_is_said_and_one_that_broke_too(world: World) -> None:
    path = world.app.shelf.files[0]
    path.write_text(POLICY.replace("when: now", "when: end_of_last_day"), encoding="utf-8")
    assert (await policies(world.app, IT)).changed_on_disk
    path.write_text("version: 1\nrules:\n  - ide: x\n", encoding="utf-8")
    view = await policies(world.app, IT)
    assert view.changed_on_disk
    assert ":3:5:" in view.files[0].problem


async def test_a_mistake_is_found_at_its_line_and_column_with_what_was_meant(world: World) -> None:
    found = await check_policy(IT, POLICY.replace("    action: remove\n", "    acton: remove\n", 1))
    assert found.policy is None
    first = next(one for one in found.complaints if "acton" in one.message)
    assert (first.line, first.column) == (6, 5)
    assert "action" in first.suggestion
    assert (await policies(world.app, IT)).files[0].lines == tuple(POLICY.splitlines())


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b,*b,*b]\n",
        "[" * 50_000,
        "{a: " * 20_000,
        "version: 1\n" + "x: y\n" * 15_000,
        "- " * 40_000,
        "!!python/object/apply:os.system ['true']\n",
        "version: 1\nrules: " + '"' + "\\x41" * 20_000,
        "\x00\x01",
    ],
    ids=["aliases", "brackets", "braces", "keys", "dashes", "tag", "escapes", "controls"],
)
async def test_a_bomb_is_a_complaint_and_soon_over(bomb: str) -> None:
    began = time.monotonic()
    found = await check_policy(IT, bomb)
    assert found.policy is None
    assert found.complaints
    assert time.monotonic() - began < 120


async def test_a_text_too_long_is_not_read_at_all() -> None:
    (one,) = (await check_policy(IT, "x" * (MOST_CHARACTERS + 1))).complaints
    assert "longer than" in one.message


async def test_a_changed_file_is_compared_under_its_own_name(world: World) -> None:
    text = POLICY.replace("    groups: all\n", '    groups: all\n    except:\n      - name: "well"\n', 1)
    changed = await in_place_of(world.app, HR, text, "policy.yaml")
    assert changed.policy is not None
    tried = await try_policy(world.app, HR, ANA, changed.policy, live=True)
    assert tried.compared is not None
    assert [(one.row.group, one.kind, one.row.rule) for one in tried.compared] == [
        ("well", "keeps", "policy/leaver")
    ]
    assert {row.group_id for row in tried.outlook.rows} <= {"", "-"}
    assert any(
        row.group_id == "C-lunch" for row in (await try_policy(world.app, IT, ANA, live=True)).outlook.rows
    )


async def test_who_may_read_and_who_may_try(world: World) -> None:
    for who in (ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await policies(world.app, who)
    for who in (AUDITOR, ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await check_policy(who, POLICY)
        with pytest.raises(NotAllowed):
            await try_policy(world.app, who, ANA)
        with pytest.raises(NotAllowed):
            await in_place_of(world.app, who, POLICY, "policy.yaml")
