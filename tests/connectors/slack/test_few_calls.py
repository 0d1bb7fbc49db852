"""What planning many people costs in calls, and when what was kept is read again."""

from __future__ import annotations

import asyncio

import pytest

from bot.drift.member_index import Reader
from connectors.chat.slack.sandbox import BOT_TOKEN, Fault, FaultKind, User, UserGroup, create_sandbox
from connectors.contract import KnownGroups, Sight
from connectors.errors import BadCredentials
from connectors.lately import as_it_is_now
from policies.model import Account, Membership, Person
from tests.connectors.slack.stage import INSTANCE, Stage, staged, workspace

LIST = "usergroups.list"


async def user_groups_of(stage: Stage, account_id: str) -> set[str]:
    found = stage.slack.memberships(Account(INSTANCE, account_id), KnownGroups())
    return {m.group.id async for m in found if isinstance(m, Membership) and m.group.id.startswith("S")}


async def test_a_hundred_people_cost_one_listing_of_the_user_groups() -> None:
    world = workspace().add(*(User(f"UP{n}") for n in range(100)))
    world.user_groups["S1"].users += [f"UP{n}" for n in range(0, 100, 2)]
    async with staged(world) as stage:
        found = [await user_groups_of(stage, f"UP{n}") for n in range(100)]
        assert len(stage.sandbox.calls(LIST)) == 1
        assert len(stage.sandbox.calls("auth.test")) == 1
    assert found == [{"S1"} if n % 2 == 0 else set() for n in range(100)]


async def test_people_planned_at_the_same_time_share_the_one_listing() -> None:
    async with staged() as stage:
        found = await asyncio.gather(*(user_groups_of(stage, user) for user in ("U1", "U2", "UADMIN")))
        assert len(stage.sandbox.calls(LIST)) == 1
    assert found == [{"S1"}, {"S1"}, set()]


async def test_our_own_write_ends_the_life_of_what_was_kept() -> None:
    async with staged() as stage:
        assert await user_groups_of(stage, "U1") == {"S1"}
        await stage.revoke("S1")
        assert await user_groups_of(stage, "U1") == set()


async def test_a_write_whose_answer_was_lost_ends_it_too() -> None:
    lost = Fault(FaultKind.DROP, "usergroups.users.update", after_effect=True)
    async with staged(sandbox=create_sandbox(workspace(), faults=[lost])) as stage:
        assert await user_groups_of(stage, "U1") == {"S1"}
        await stage.revoke("S1")
        assert await user_groups_of(stage, "U1") == set()


async def test_what_was_kept_is_read_again_when_its_time_is_over() -> None:
    async with staged(user_groups_kept_seconds=0.0) as stage:
        assert await user_groups_of(stage, "UADMIN") == set()
        stage.sandbox.workspace.add(UserGroup("S2", "late", ["UADMIN"]))
        assert await user_groups_of(stage, "UADMIN") == {"S2"}


async def test_a_listing_of_all_groups_is_always_read_anew() -> None:
    async with staged() as stage:
        await user_groups_of(stage, "U1")
        stage.sandbox.workspace.add(UserGroup("S2", "late", ["U1"]))
        assert "S2" in {getattr(group, "id", "") async for group in stage.slack.groups()}
        assert await user_groups_of(stage, "U1") == {"S1", "S2"}


async def test_a_failed_listing_is_not_kept() -> None:
    failing = Fault(FaultKind.ERROR, LIST, error="something_new")
    async with staged(sandbox=create_sandbox(workspace(), faults=[failing])) as stage:
        with pytest.raises(Exception, match="something_new"):
            await user_groups_of(stage, "U1")
        assert await user_groups_of(stage, "U1") == {"S1"}


async def test_who_the_tokens_are_is_asked_once_and_again_after_a_refused_token() -> None:
    async with staged() as stage:
        for _ in range(3):
            await stage.slack.own_account_ids()
        assert len(stage.sandbox.calls("auth.test")) == 1
        stage.sandbox.workspace.tokens[BOT_TOKEN].revoked = True
        with pytest.raises(BadCredentials):
            await stage.revoke("C1")
        stage.sandbox.workspace.tokens[BOT_TOKEN].revoked = False
        stage.sandbox.workspace.tokens[BOT_TOKEN].user = "UADMIN"  # reinstalled, for somebody else
        assert await stage.slack.own_account_ids() == frozenset({"UADMIN"})


async def test_people_asked_for_in_one_moment_are_listed_once_where_that_is_fewer_calls() -> None:
    world = workspace().add(*(User(f"UP{n}") for n in range(30)))
    async with staged(world, directory_kept_seconds=0.0) as stage:
        people = [Person(f"p{n}", "Somebody", account_ids=((INSTANCE, f"UP{n}"),)) for n in range(30)]

        async def accounts(person: Person) -> list[Account]:
            return [account async for account in stage.slack.accounts(person)]

        first = await asyncio.gather(*(accounts(person) for person in people))
        assert len(stage.sandbox.calls("users.info")) == 30, "how long the listing is, nobody knows yet"
        everybody = [account async for account in stage.slack.accounts()]
        world.users["UP3"].deleted = True
        again = await asyncio.gather(*(accounts(person) for person in people))
        assert (len(stage.sandbox.calls("users.info")), len(stage.sandbox.calls("users.list"))) == (30, 2)
    assert [[one.id for one in found] for found in first] == [[f"UP{n}"] for n in range(30)]
    assert [found[0].active for found in again] == [n != 3 for n in range(30)], "read now, not then"
    assert len(everybody) == len(world.users)


async def test_a_listing_made_lately_stands_for_planning_but_not_for_whom_it_shows_deactivated() -> None:
    world = workspace().add(*(User(f"UP{n}") for n in range(30)))
    world.users["UP3"].deleted = True
    async with staged(world) as stage:
        people = [Person(f"p{n}", "Somebody", account_ids=((INSTANCE, f"UP{n}"),)) for n in range(30)]

        async def accounts(person: Person) -> list[Account]:
            return [account async for account in stage.slack.accounts(person)]

        everybody = [account async for account in stage.slack.accounts()]
        world.users["UP3"].deleted = False
        world.add(User("UNEW"))
        found = await asyncio.gather(*(accounts(person) for person in people))
        late = await accounts(Person("new", "Somebody", account_ids=((INSTANCE, "UNEW"),)))
        asked = [call.params["user"] for call in stage.sandbox.calls("users.info")]
        assert (asked, len(stage.sandbox.calls("users.list"))) == (["UP3", "UNEW"], 1)
    assert len(everybody) == len(world.users) - 1
    assert [[(one.id, one.active) for one in each] for each in found] == [
        [(f"UP{n}", True)] for n in range(30)
    ]
    assert [account.id for account in late] == ["UNEW"]


async def test_where_something_is_to_be_said_of_an_account_it_is_read_as_it_is_now() -> None:
    person = Person("p1", "Somebody", account_ids=((INSTANCE, "U1"),))
    async with staged() as stage:
        assert {one.id: one.active async for one in stage.slack.accounts()}["U1"]
        stage.sandbox.workspace.users["U1"].deleted = True
        assert [one.active async for one in stage.slack.accounts(person)] == [True], "to plan by"
        with as_it_is_now():
            assert [one.active async for one in stage.slack.accounts(person)] == [False]
        assert [one.active async for one in Reader(stage.slack).accounts(person)] == [False], "to compare"


async def test_whether_an_account_is_open_is_never_taken_from_a_listing_made_before() -> None:
    async with staged(admin=True) as stage:
        account = {one.id: one async for one in stage.slack.accounts()}["U1"]
        stage.sandbox.workspace.users["U1"].deleted = True
        assert (await stage.slack.account_active("x", account)).sight is not Sight.PRESENT
        assert len(stage.sandbox.calls("users.info")) == 1


async def test_people_planned_one_after_another_are_listed_once_it_has_cost_as_much() -> None:
    world = workspace().add(*(User(f"UP{n}", deleted=True) for n in range(30)))
    async with staged(world, page_size=20) as stage:
        assert [account async for account in stage.slack.accounts()]
        pages = len(stage.sandbox.calls("users.list"))

        async def accounts(*numbers: int) -> list[str]:
            ids = tuple((INSTANCE, f"UP{n}") for n in numbers)
            person = Person("p", "Somebody", account_ids=ids)
            return [account.id async for account in stage.slack.accounts(person)]

        for number in range(pages):
            await accounts(number)
        assert len(stage.sandbox.calls("users.list")) == pages, "one alone is asked for by id"
        assert await accounts(20, 21) == ["UP20", "UP21"]
        assert len(stage.sandbox.calls("users.info")) == pages
        assert len(stage.sandbox.calls("users.list")) == 2 * pages


async def test_an_account_that_cannot_be_read_keeps_nobody_else_from_being_read() -> None:
    fault = Fault(FaultKind.ERROR, "users.info", nth=2, error="something_new")
    async with staged(sandbox=create_sandbox(workspace(), faults=[fault])) as stage:
        people = [
            Person(user, "Somebody", account_ids=((INSTANCE, user),)) for user in ("U1", "U2", "UADMIN")
        ]

        async def accounts(person: Person) -> list[Account]:
            return [account async for account in stage.slack.accounts(person)]

        found = await asyncio.gather(*(accounts(person) for person in people), return_exceptions=True)
    assert sorted(isinstance(one, list) for one in found) == [False, True, True]
