"""Many people signed out with one request, read back one by one; one who cannot be takes nobody along."""

from __future__ import annotations

from connectors.chat.slack.sandbox import Fault, FaultKind, User, Workspace, create_sandbox
from connectors.contract import Outcome, Sight
from connectors.many import AccountStep, EndsManySessions
from policies.model import Account, Refusal
from tests.connectors.slack.stage import INSTANCE, staged, workspace

BULK, ONE = "admin.users.session.resetBulk", "admin.users.session.reset"


def crowd(people: int) -> Workspace:
    return workspace().add(*(User(f"UX{number}", f"x{number}", sessions=2) for number in range(people)))


def steps(people: int) -> list[AccountStep]:
    return [AccountStep(f"s{number}", Account(INSTANCE, f"UX{number}")) for number in range(people)]


async def test_a_hundred_people_are_signed_out_with_one_request_and_each_is_seen_to_be() -> None:
    async with staged(crowd(100), admin=True) as stage:
        assert isinstance(stage.slack, EndsManySessions)
        results = await stage.slack.end_sessions_of(steps(100))
        assert (len(stage.sandbox.calls(BULK)), len(stage.sandbox.calls(ONE))) == (1, 0)
        seen = await stage.slack.sessions_open_of(steps(100))
        assert stage.sandbox.workspace.users["U2"].sessions, "nobody else"
    assert [result.step_id for result in results] == [f"s{number}" for number in range(100)]
    assert {result.outcome for result in results} == {Outcome.REQUESTED}
    assert {presence.sight for presence in seen} == {Sight.ABSENT}


async def test_a_bot_among_them_is_refused_and_the_others_are_signed_out() -> None:
    world = crowd(3)
    world.users["UX1"].is_bot = True
    async with staged(world, admin=True) as stage:
        results = await stage.slack.end_sessions_of(steps(3))
        assert [world.users[f"UX{n}"].sessions for n in range(3)] == [0, 2, 0]
    assert [result.refusal for result in results] == [None, Refusal.BOT_ITSELF, None]


async def test_a_plan_without_the_bulk_method_signs_each_out_by_itself() -> None:
    fault = Fault(FaultKind.ERROR, BULK, error="feature_not_enabled")
    async with staged(sandbox=create_sandbox(crowd(3), faults=[fault]), admin=True) as stage:
        results = await stage.slack.end_sessions_of(steps(3))
        assert len(stage.sandbox.calls(ONE)) == 3
    assert {result.outcome for result in results} == {Outcome.REVOKED}


async def test_a_lost_answer_to_all_is_unknown_for_each_and_sent_once() -> None:
    fault = Fault(FaultKind.DROP, BULK, after_effect=True)
    async with staged(sandbox=create_sandbox(crowd(3), faults=[fault]), admin=True) as stage:
        results = await stage.slack.end_sessions_of(steps(3))
        assert (len(stage.sandbox.calls(BULK)), len(stage.sandbox.calls(ONE))) == (1, 0)
    assert {result.outcome for result in results} == {Outcome.UNKNOWN}


async def test_without_an_admin_token_there_is_no_way_and_it_is_said_of_each() -> None:
    async with staged(crowd(2)) as stage:
        results = await stage.slack.end_sessions_of(steps(2))
    assert {result.outcome for result in results} == {Outcome.NO_API}


async def test_an_account_of_another_workspace_is_refused_and_never_sent() -> None:
    async with staged(crowd(2), admin=True) as stage:
        wrong = AccountStep("wrong", Account("other", "UX0"))
        results = await stage.slack.end_sessions_of(
            [wrong, *steps(2)[1:], AccountStep("u1", Account(INSTANCE, "U1"))]
        )
        assert stage.sandbox.workspace.users["UX0"].sessions == 2
    assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.REQUESTED, Outcome.REQUESTED]
