"""Who may sign in, in view, and one's own tokens: never a secret, never somebody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.access.actor import NotAllowed
from bot.store.access_tables import SessionRow, StaffRow, TokenRow
from bot.store.query import add
from bot.views.staff import own_tokens, staff
from policies.roles import Permission, Role
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, actor
from tests.bot.world import World


@pytest.fixture
async def hired(world: World) -> World:
    """Two people with roles, one of them ended; sessions and tokens of both."""
    now = world.clock.now
    made: dict[str, Any] = {"created_at": now, "updated_at": now}
    people = [
        StaffRow(id="I1", name="Ivo", email="ivo@corp.test", roles=["it", "hr"], source="oidc", **made),
        StaffRow(id="Z1", name="Ada", roles=["auditor"], source="file", ended_at=now, **made),
    ]
    sessions = [
        _session("a", "I1", world, hours=1),
        _session("b", "I1", world, hours=-1),
        _session("c", "Z1", world, hours=1, ended_at=now),
    ]
    tokens = [
        _token("t1", "I1", world, days=30),
        _token("t2", "I1", world, days=-1),
        _token("t3", "Z1", world, days=30),
    ]
    async with world.app.store.write() as tx:
        await add(tx, *people)
        await add(tx, *sessions)
        await add(tx, *tokens)
    return world


def _session(token: str, staff_id: str, world: World, *, hours: int, **more: object) -> SessionRow:
    now = world.clock.now
    expires = now + timedelta(hours=hours)
    given: dict[str, Any] = {
        "created_at": now,
        "seen_at": now,
        "expires_at": expires,
        "csrf": "secret-csrf",
        **more,
    }
    return SessionRow(token_hash=f"secret-{token}", staff_id=staff_id, **given)


def _token(id_: str, staff_id: str, world: World, *, days: int) -> TokenRow:
    now = world.clock.now
    return TokenRow(
        id=id_,
        token_hash=f"secret-{id_}",
        staff_id=staff_id,
        title=f"report {id_}",
        scopes=["case.read"],
        created_at=now,
        expires_at=now + timedelta(days=days),
    )


async def test_staff_are_listed_with_roles_and_open_sessions_and_whoever_ended_last(hired: World) -> None:
    found = await staff(hired.app, IT)
    assert [(one.name, one.roles, one.open_sessions, one.open_tokens) for one in found.people] == [
        ("Ivo", (Role.HR, Role.IT), 1, 1),
        ("Ada", (Role.AUDITOR,), 0, 1),
    ]
    assert (found.ended_sessions, found.may_write) == (2, True)
    assert "secret" not in str(found)


async def test_an_auditor_reads_staff_and_ends_nobody_and_nobody_ends_themselves(hired: World) -> None:
    read = await staff(hired.app, AUDITOR)
    assert not read.may_write
    assert not any(one.may_end for one in read.people)
    mine = {one.id: one.may_end for one in (await staff(hired.app, IT)).people}
    assert mine == {"I1": False, "Z1": False}
    assert {one.id: one.may_end for one in (await staff(hired.app, actor(Role.IT, "I2"))).people}["I1"]


async def test_tokens_are_ones_own_and_never_shown(hired: World) -> None:
    found = await own_tokens(hired.app, IT)
    assert {(one.id, one.works) for one in found.tokens} == {("t1", True), ("t2", False)}
    assert "secret" not in str(found)
    assert Permission.TOKEN_OWN not in found.scopes
    assert Permission.CASE_OPEN not in found.scopes
    assert Permission.LANE_RESUME in found.scopes


async def test_only_who_may_gets_any(hired: World) -> None:
    for who in (HR, ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await staff(hired.app, who)
    for who in (ADMIN, AUDITOR, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await own_tokens(hired.app, who)
