"""Every act by every role: who may, may; everybody else is refused by the right that is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.access.actor import Actor, NotAllowed
from bot.acts import approvals, cases, drift, groups, lanes, links, passing_on, reviews, staff, tasks
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from policies.model import ExitType
from policies.roles import Permission, Role
from tests.bot.acts.house import house

Act = Callable[[Bawab, Actor], Awaitable[object]]
SOON = datetime.fromisoformat("2027-01-01T00:00+00:00")
DAY = timedelta(days=1)
NONE = "case_0000000000"

ACTS: dict[str, tuple[Permission, Act]] = {
    "open a case": (
        Permission.CASE_OPEN,
        lambda app, who: cases.open_case(app, who, person_id="nobody", last_day=date(2027, 1, 1)),
    ),
    "cancel a case": (Permission.CASE_CANCEL, lambda app, who: cases.cancel_case(app, who, NONE, "x")),
    "reschedule a case": (
        Permission.CASE_RESCHEDULE,
        lambda app, who: cases.reschedule_case(app, who, NONE, date(2027, 1, 1)),
    ),
    "retry a case": (Permission.CASE_RETRY, lambda app, who: cases.retry_case(app, who, NONE)),
    "revoke now": (Permission.CASE_REVOKE_NOW, lambda app, who: cases.revoke_now(app, who, NONE, "x")),
    "revoke a person now": (
        Permission.CASE_REVOKE_NOW,
        lambda app, who: cases.revoke_person_now(app, who, "nobody", ExitType.UNSTATED, "x"),
    ),
    "confirm": (
        Permission.CASE_CONFIRM,
        lambda app, who: cases.confirm_emergency(app, who, NONE, "confirmed"),
    ),
    "approve": (
        Permission.HOLD_RELEASE,
        lambda app, who: approvals.sign(app, who, "f" * 16, "approve"),
    ),
    "reject": (Permission.HOLD_RELEASE, lambda app, who: approvals.sign(app, who, "f" * 16, "reject")),
    "cannot do a task": (Permission.OWN_TASKS, lambda app, who: passing_on.cannot(app, who, "task_0")),
    "waive a task": (Permission.TASK_WAIVE, lambda app, who: tasks.waive(app, who, "task_0", "x", SOON)),
    "register groups": (
        Permission.GROUP_WRITE,
        lambda app, who: groups.register(app, who, ["C-lunch"], "acme"),
    ),
    "make a code": (Permission.LINK_DECIDE, lambda app, who: links.code_for(app, who, "ana", "nowhere")),
    "untie an account": (
        Permission.LINK_DECIDE,
        lambda app, who: links.untie(app, who, "nobody", instance="acme", reason="x"),
    ),
    "take out again": (Permission.DRIFT_DECIDE, lambda app, who: drift.remove(app, who, ["drift_000"])),
    "let be": (
        Permission.DRIFT_DECIDE,
        lambda app, who: drift.accept(app, who, "drift_000", until=SOON, reason="x"),
    ),
    "resume a lane": (Permission.LANE_RESUME, lambda app, who: lanes.resume(app, who, "nowhere")),
    "sign off a run": (Permission.RUN_REVIEW, lambda app, who: reviews.sign_off(app, who, "run_0", "x")),
    "make a token": (
        Permission.TOKEN_OWN,
        lambda app, who: staff.new_token(app, who, title="", scopes=["case.read"], lasts=DAY),
    ),
    "sign somebody out": (
        Permission.STAFF_WRITE,
        lambda app, who: staff.sign_out_everywhere(app, who, "nobody"),
    ),
    "untie a sign-in": (Permission.STAFF_WRITE, lambda app, who: staff.untie(app, who, "nobody", "x")),
}


def somebody(role: Role, scopes: frozenset[Permission] | None = None) -> Actor:
    return Actor("lina", "Lina Q", frozenset({role}), "web", scopes=scopes)


async def outcome(app: Bawab, act: Act, who: Actor) -> Permission | str:
    """The right that was missing, or the key of why it could not be done now."""
    try:
        await act(app, who)
    except NotAllowed as missing:
        return missing.permission
    except CannotAct as refused:
        return refused.code
    return "done"


async def test_every_act_asks_for_its_right_of_every_role_and_of_every_token(ready: Path) -> None:
    async with house(ready) as world:
        before = len(await world.log())
        found: dict[tuple[str, str], bool] = {}
        for name, (permission, act) in ACTS.items():
            for role in Role:
                said = await outcome(world.app, act, somebody(role))
                allowed = somebody(role).may(permission)
                found[name, role] = (said != permission) is allowed
                assert said != "done", f"{name}: what does not exist was acted upon"
                narrow = await outcome(world.app, act, somebody(role, frozenset({Permission.CASE_READ})))
                found[name, f"{role} by a token"] = narrow == permission
        assert [which for which, right in found.items() if not right] == []
        assert len(await world.log()) == before, "what is refused leaves no half of it behind"
        assert await world.cases() == []


@pytest.mark.parametrize("role", [Role.AUDITOR])
async def test_an_auditor_does_nothing_at_all(role: Role, ready: Path) -> None:
    async with house(ready) as world:
        said = {name: await outcome(world.app, act, somebody(role)) for name, (_, act) in ACTS.items()}
        assert set(said.values()) <= set(Permission)
