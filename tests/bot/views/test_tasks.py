"""Tasks as each may see them: one's own on one page, all of them for IT, and none about oneself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.access.actor import NotAllowed
from bot.store.query import change, columns
from bot.store.tables import TaskRow
from bot.views.groups import key_of
from bot.views.tasks import TaskLine, drifts, tasks
from policies.model import Refusal
from policies.roles import Permission, Role
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, actor
from tests.bot.world import World

SECRETS = ("dismissal", "resignation", "terminated", "exit")


def of_ana(lines: tuple[TaskLine, ...]) -> list[TaskLine]:
    return [line for line in lines if line.person == "Ana Quispe"]


async def own(departed: World) -> TaskLine:
    (line,) = of_ana((await tasks(departed.app, ADMIN)).mine)
    return line


async def test_the_owner_of_a_group_finds_what_only_they_can_do_with_its_deadline(departed: World) -> None:
    line = await own(departed)
    assert (line.person, line.group, line.platform) == ("Ana Quispe", "العائلة", "whatsapp")
    assert (line.refusal, line.sensitive, line.state) == (Refusal.NO_API, True, "open")
    assert line.deadline > departed.clock.now
    assert not line.overdue
    assert line.group_key == key_of("phones", "العائلة")
    assert (line.may_confirm, line.may_waive) == (True, False)


async def test_a_chat_admin_reads_no_case_and_nothing_of_why(departed: World) -> None:
    line = await own(departed)
    assert line.case_id == ""
    assert not any(word in str(line).lower() for word in SECRETS)
    found = await tasks(departed.app, ADMIN)
    assert (found.others, found.reads_all) == ((), False)


async def test_it_reads_every_task_and_may_waive_it(departed: World) -> None:
    found = await tasks(departed.app, IT)
    assert found.mine == ()
    (line,) = of_ana(found.others)
    assert line.case_id
    assert (line.may_waive, line.may_confirm) == (True, True)
    (read,) = of_ana((await tasks(departed.app, AUDITOR)).others)
    assert (read.may_waive, read.may_confirm) == (False, False)


async def test_nobody_is_shown_a_task_about_themselves(departed: World) -> None:
    for role in (Role.CHAT_ADMIN, Role.IT, Role.HR):
        found = await tasks(departed.app, actor(role, "E1"))
        assert of_ana(found.mine) == of_ana(found.others) == []


async def test_another_admin_sees_nothing_of_it(departed: World) -> None:
    assert (await tasks(departed.app, actor(Role.CHAT_ADMIN, "E4"))).mine == ()


async def test_the_first_of_two_is_named_and_cannot_confirm_again(departed: World) -> None:
    values = {"state": "half_attested", "first_by": "E2", "assignee_id": "E3"}
    async with departed.app.store.write() as tx:
        await change(tx, TaskRow, values, columns(TaskRow).state == "open")
    line = await own(departed)
    assert (line.first_by, line.may_confirm) == ("نورة القحطاني", False)
    (second,) = of_ana((await tasks(departed.app, actor(Role.CHAT_ADMIN, "E3"))).mine)
    assert (second.first_by, second.may_confirm) == ("نورة القحطاني", True)


async def test_what_is_late_says_so_and_what_has_ended_is_listed_apart(departed: World) -> None:
    departed.clock.now += timedelta(days=3)
    assert (await own(departed)).overdue
    async with departed.app.store.write() as tx:
        await change(tx, TaskRow, {"state": "attested"}, columns(TaskRow).state == "open")
    assert (await tasks(departed.app, ADMIN)).mine == ()
    (ended,) = of_ana((await tasks(departed.app, ADMIN, ended=True)).mine)
    assert (ended.state, ended.overdue, ended.may_confirm) == ("attested", False, False)


async def test_a_token_reads_no_more_tasks_than_its_scopes(departed: World) -> None:
    narrow = actor(Role.IT, scopes=frozenset({Permission.OWN_TASKS}))
    found = await tasks(departed.app, narrow)
    assert (found.mine, found.others) == ((), ())


async def test_who_has_neither_right_gets_none(departed: World) -> None:
    for who in (NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await tasks(departed.app, who)


async def test_whoever_is_in_again_is_listed_but_not_to_themselves_and_it_decides(departed: World) -> None:
    departed.clock.turn(hours=2)
    await departed.run()
    found = await drifts(departed.app, IT)
    assert "Ana Quispe" in {line.person for line in found}
    assert {"well", "sales"} <= {line.row.group_name for line in found}
    assert all(line.may_decide for line in found)
    assert not any(line.may_decide for line in await drifts(departed.app, HR))
    own = await drifts(departed.app, actor(Role.IT, "E1"))
    assert "Ana Quispe" not in {line.person for line in own}
    with pytest.raises(NotAllowed):
        await drifts(departed.app, ADMIN)
