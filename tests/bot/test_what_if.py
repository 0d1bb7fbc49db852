"""A supposition against today's directory: who would lose what by which rule, and what a change changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.reach import BY_HAND
from bot.what_if import NobodyMeant, Outlook, Supposition, Who, decided_otherwise, differences, what_if
from bot.what_if_book import Book, read_now, remembered
from connectors.chat.slack.sandbox import Fault, FaultKind
from policies.loader import load
from policies.model import Verdict
from tests.bot.views.conftest import settled_firm, world
from tests.bot.world import POLICY, World

__all__ = ["settled_firm", "world"]

KEEP_WELL = POLICY.replace("    groups: all\n", '    groups: all\n    except:\n      - name: "well"\n', 1)
ANA = Supposition(Who.PERSON, "E1")


async def outlook(
    world: World, supposed: Supposition, text: str = POLICY, book: Book | None = None
) -> Outlook:
    return await what_if(world.app, load(text, "policy.yaml"), supposed, book or await read_now(world.app))


async def test_one_person_leaving_loses_each_group_by_the_rule_that_says_so(world: World) -> None:
    found = await outlook(world, ANA)
    lost = {row.group: (row.verdict, row.rule) for row in found.rows if row.group}
    assert lost == {
        "lunch": (Verdict.ACT, "policy/leaver"),
        "sales": (Verdict.ACT, "policy/leaver"),
        "well": (Verdict.ACT, "policy/leaver"),
        "wild": (Verdict.ACT, "policy/leaver"),
        "العائلة": (BY_HAND, "policy/leaver"),
    }
    (decided,) = found.decided
    assert (decided.rule, decided.undecided) == ("policy/leaver", "")
    assert (found.losing, found.lost) == (1, 5)
    assert found.by_rule() == {"policy/leaver": 5}


async def test_a_department_that_moves_loses_what_belonged_to_the_old_post(world: World) -> None:
    policy = POLICY.replace('"sales-*"', '"sales"')
    found = await outlook(world, Supposition(Who.DEPARTMENT, "Sales", "Research"), policy)
    assert {(row.person, row.group, row.verdict) for row in found.rows if row.verdict == Verdict.ACT} == {
        ("Ana Quispe", "sales", Verdict.ACT)
    }
    assert {one.rule for one in found.decided} == {"policy/mover"}


async def test_everybody_is_everybody_who_is_still_here(world: World) -> None:
    found = await outlook(world, Supposition(Who.EVERYBODY))
    assert {one.person_id for one in found.decided} == {"E1", "E2", "E3", "E4"}
    assert "Gone Person" not in {row.person for row in found.rows}


async def test_nobody_meant_is_said(world: World) -> None:
    for supposed in (Supposition(Who.PERSON, "E9"), Supposition(Who.DEPARTMENT, "Legal", "Sales")):
        with pytest.raises(NobodyMeant):
            await outlook(world, supposed)


async def test_a_comparison_gives_the_differences_and_nothing_else(world: World) -> None:
    book = await read_now(world.app)
    everybody = Supposition(Who.EVERYBODY)
    before = await outlook(world, everybody, POLICY, book)
    after = await outlook(world, everybody, KEEP_WELL, book)
    found = differences(before, after)
    assert {(one.row.person, one.row.group, one.kind) for one in found} == {
        ("Ana Quispe", "well", "keeps"),
        ("نورة القحطاني", "well", "keeps"),
    }
    assert {one.kind for one in differences(after, before)} == {"loses"}
    assert differences(before, before) == ()
    assert decided_otherwise(before, after) == ()


async def test_a_rule_of_another_time_meets_people_otherwise(world: World) -> None:
    book = await read_now(world.app)
    before = await outlook(world, ANA, POLICY, book)
    later = POLICY.replace("when: end_of_last_day", "when: {after: 3 days}\n    approve: hr")
    after = await outlook(world, ANA, later, book)
    ((old, new),) = decided_otherwise(before, after)
    assert old.due is not None
    assert new.due == old.due + timedelta(days=3)
    assert (old.approval, new.approval) == (None, "hr")
    assert differences(before, after) == ()


async def test_without_a_rule_it_says_why_nothing_would_happen(world: World) -> None:
    (decided,) = (await outlook(world, ANA, "version: 1\nrules: []\n")).decided
    assert (decided.rule, decided.undecided) == ("", "no_rule")


async def test_memory_alone_says_of_which_platform_it_knows_nothing(world: World) -> None:
    book = await remembered(world.app)
    assert book.unknown == {"acme": "not_remembered"}
    found = await outlook(world, ANA, book=book)
    assert {row.group for row in found.rows} == {"العائلة"}
    assert found.unknown == {"acme": "not_remembered"}


async def test_a_platform_that_cannot_be_read_is_named_and_nothing_is_claimed_of_it(world: World) -> None:
    world.sandbox.faults.append(Fault(FaultKind.TOKEN_REVOKED, "conversations.members", nth=2, times=0))
    book = await read_now(world.app)
    assert set(book.unknown) == {"acme"}
    assert not any(group[0] == "acme" for mine in book.memberships.values() for group in mine)


async def test_nothing_is_written_and_nobody_removed(world: World) -> None:
    cases, steps = await world.cases(), await world.steps()
    before = {name: list(channel.members) for name, channel in world.sandbox.workspace.channels.items()}
    log = len(await world.log())
    await outlook(world, Supposition(Who.EVERYBODY))
    assert {n: list(c.members) for n, c in world.sandbox.workspace.channels.items()} == before
    assert len(await world.log()) == log
    assert (len(await world.cases()), len(await world.steps())) == (len(cases), len(steps))


async def test_how_far_it_is_is_told(world: World) -> None:
    told: list[tuple[int, int]] = []
    book = await remembered(world.app)
    policy = load(POLICY, "policy.yaml")
    everybody = Supposition(Who.EVERYBODY)
    await what_if(world.app, policy, everybody, book, progress=lambda *at: told.append(at))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
