"""Sessions, tokens and the first day's link: what opens the door, for how long; secrets stay secret."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.access import sessions, tokens
from bot.access.actor import NotAllowed
from bot.access.first_day import ADMIN, make_admin, redeem
from bot.access.granting import end_roles
from bot.access.roster import active_staff
from bot.access.staff import arrived
from bot.acts.refusals import CannotAct
from bot.acts.staff import end_token, new_token, sign_out_everywhere, untie
from bot.setting_parts import OidcSettings
from policies.roles import Permission, Role
from tests.bot.acts.house import OUTSIDER, actor, house, logged
from tests.bot.world import World

DAY = timedelta(days=1)


async def stored(world: World) -> str:
    """Everything the tables of access hold, and the log, as text."""
    names = ("staff", "web_session", "api_token", "sign_in_code", "audit_entry")
    async with world.app.store.read() as tx:
        return str([(await tx.execute(text(f"select * from {name}"))).all() for name in names])  # noqa: S608


async def test_a_session_is_its_cookies_alone_and_ends_in_four_ways(ready: Path) -> None:
    async with house(ready) as world:
        app = world.app
        first, second = await sessions.begin(app, "noura", "ar"), await sessions.begin(app, "noura")
        assert first not in await stored(world)
        found = await sessions.find(app, first)
        assert found is not None
        assert (found[0].id, found[0].via, found[1].language) == ("noura", "web", "ar")
        assert await sessions.find(app, first[:-1]) is None
        await sessions.end(app, first)
        await sessions.end(app, first)
        assert await sessions.find(app, first) is None
        assert len(await logged(world, "access.sign_out")) == 1
        world.clock.turn(minutes=20)
        assert await sessions.find(app, second) is not None, "used, so not idle"
        world.clock.turn(minutes=31)
        assert await sessions.find(app, second) is None, "idle"
        third = await sessions.begin(app, "noura")
        for _ in range(33):
            world.clock.turn(minutes=15)
            found = await sessions.find(app, third)
        assert found is None, "in use all day, and over after eight hours all the same"
        fourth = await sessions.begin(app, "noura")
        await sign_out_everywhere(app, await actor(world, "omar"), "noura")
        assert await sessions.find(app, fourth) is None


async def test_a_window_left_open_that_asks_by_itself_does_not_keep_its_session_alive(ready: Path) -> None:
    async with house(ready) as world:
        cookie = await sessions.begin(world.app, "noura")
        world.clock.turn(minutes=20)
        assert await sessions.find(world.app, cookie, used=False) is not None
        world.clock.turn(minutes=20)
        assert await sessions.find(world.app, cookie, used=False) is None, (
            "nobody was there for forty minutes"
        )


async def test_a_token_does_no_more_than_its_scopes_and_its_owner(ready: Path) -> None:
    async with house(ready) as world:
        app, noura = world.app, await actor(world, "noura")
        made = await new_token(app, noura, title="payroll", scopes=["case.read"], lasts=DAY)
        assert made.text.startswith("bwb_")
        assert len(made.text) >= 4 + 43, "256 bits"
        assert made.text not in await stored(world)
        assert made.text not in repr(made)
        found = await tokens.find(app, made.text)
        assert found is not None
        who, row = found
        assert (who.id, who.via, row.id) == ("noura", "api", made.row.id)
        assert who.may(Permission.CASE_READ)
        assert not who.may(Permission.CASE_OPEN)
        with pytest.raises(NotAllowed):
            await new_token(app, who, title="more", scopes=["case.open"], lasts=DAY)
        async with world.app.store.write() as tx:
            (mine,) = [one for one in await active_staff(tx) if one.id == "noura"]
            await end_roles(app, tx, mine, why="test", actor="bawab")
        assert await tokens.find(app, made.text) is None


@pytest.mark.parametrize(
    ("scopes", "title", "lasts", "code"),
    [
        (["lane.resume"], "t", DAY, "no_scope"),
        (["everything"], "t", DAY, "no_scope"),
        ([], "t", DAY, "no_scope"),
        (["case.read"], "  ", DAY, "token_title"),
        (["case.read"], "t", timedelta(0), "token_time"),
        (["case.read"], "t", timedelta(days=400), "token_time"),
    ],
)
async def test_what_no_token_can_be(
    scopes: list[str], title: str, lasts: timedelta, code: str, ready: Path
) -> None:
    async with house(ready) as world:
        with pytest.raises(CannotAct) as caught:
            await new_token(world.app, await actor(world, "noura"), title=title, scopes=scopes, lasts=lasts)
        assert caught.value.code == code
        with pytest.raises(NotAllowed):
            await new_token(
                world.app, await actor(world, OUTSIDER), title="t", scopes=["case.read"], lasts=DAY
            )


async def test_a_token_ends_by_time_by_its_owner_and_by_it(ready: Path) -> None:
    async with house(ready) as world:
        app, noura = world.app, await actor(world, "noura")
        made = [await new_token(app, noura, title="t", scopes=["case.read"], lasts=DAY) for _ in range(3)]
        with pytest.raises(CannotAct) as caught:
            await end_token(app, await actor(world, "sara"), made[0].row.id)
        assert caught.value.code == "no_token"
        await end_token(app, noura, made[0].row.id)
        await end_token(app, await actor(world, "omar"), made[1].row.id)
        world.clock.turn(days=1)
        assert [await tokens.find(app, one.text) for one in made] == [None, None, None]
        assert [e["actor"] for e in await logged(world, "token.end")] == ["person:noura", "person:omar"]


async def nobody_in_it(world: World) -> None:
    async with world.app.store.write() as tx:
        for row in await active_staff(tx):
            await end_roles(world.app, tx, row, why="test", actor="bawab")


async def test_the_first_days_link_works_once_for_a_quarter_of_an_hour(ready: Path) -> None:
    async with house(ready) as world:
        app = world.app
        with pytest.raises(CannotAct, match="Huda") as caught:
            await make_admin(app, actor="person:root")
        assert caught.value.code == "admin_not_needed"
        await nobody_in_it(world)
        void, made = [await make_admin(app, actor="person:root") for _ in range(2)]
        assert made.text not in await stored(world)
        assert made.text not in repr(made)
        assert await redeem(app, void.text) is None, "a newer link voids the one before"
        row = await redeem(app, made.text)
        assert row is not None
        assert (row.id, row.roles) == (ADMIN, ["it"])
        assert await redeem(app, made.text) is None
        late = await make_admin(app, actor="person:root")
        world.clock.turn(minutes=15)
        assert await redeem(app, late.text) is None


async def test_the_first_days_administrator_ends_when_it_is_somebody_by_name(ready: Path) -> None:
    oidc = OidcSettings(issuer="https://i.test", client_id="b", groups={"tech": [Role.IT]})
    async with house(ready, extra={"oidc": oidc}) as world:
        app = world.app
        await nobody_in_it(world)
        made = await make_admin(app, actor="person:root")
        await redeem(app, made.text)
        cookie = await sessions.begin(app, ADMIN)
        assert await sessions.find(app, cookie) is not None
        claims = {"email": "omar@corp.test", "email_verified": True, "groups": ["tech"]}
        await arrived(app, "https://i.test", "s1", claims)
        assert await sessions.find(app, cookie) is None


async def test_after_a_new_account_at_the_provider_it_unties_the_old_and_another_is_tied(ready: Path) -> None:
    oidc = OidcSettings(issuer="https://i.test", client_id="b", groups={"people": [Role.HR]})
    async with house(ready, extra={"oidc": oidc}) as world:
        app, claims = world.app, {"email": "sara@corp.test", "email_verified": True, "groups": ["people"]}
        await arrived(app, "https://i.test", "old", claims)
        cookie = await sessions.begin(app, "sara")
        omar = await actor(world, "omar")
        with pytest.raises(NotAllowed):
            await untie(app, await actor(world, "noura"), "sara", "new account")
        await untie(app, omar, "sara", "new account")
        assert await sessions.find(app, cookie) is None
        row = await arrived(app, "https://i.test", "new", claims)
        assert getattr(row, "subject", row) == "new"
