"""Whoever arrives from the identity provider: tied once, to the right person, or turned away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.access.actors import actor_of
from bot.access.roster import staff_row
from bot.access.sessions import begin, find
from bot.access.staff import REFUSED, TurnedAway, arrived
from bot.locale import translator
from bot.setting_parts import OidcSettings
from bot.store.access_tables import StaffRow
from bot.store.query import add
from bot.store.tables import PersonRow
from policies.roles import Role
from tests.bot.acts.house import ana_leaves, house, logged
from tests.bot.adversary import STAFF, line
from tests.bot.world import World

ISSUER = "https://login.corp.test"
GROUPS = {"people": [Role.HR], "tech": [Role.IT], "audit": [Role.AUDITOR]}
OIDC = OidcSettings(issuer=ISSUER, client_id="bawab", groups=GROUPS)
BY_ID = OidcSettings(issuer=ISSUER, client_id="bawab", groups=GROUPS, person_claim="employee_id")
HUDA = {"email": "Huda@corp.test", "email_verified": True, "groups": ["people"], "name": "H."}


@asynccontextmanager
async def with_provider(folder: Path, oidc: OidcSettings = OIDC, **more: Any) -> AsyncIterator[World]:
    async with house(folder, extra={"oidc": oidc, **more}) as world:
        yield world


async def comes(world: World, subject: str, claims: Mapping[str, Any]) -> StaffRow | str:
    found = await arrived(world.app, ISSUER, subject, claims)
    return found.why if isinstance(found, TurnedAway) else found


async def test_a_verified_address_ties_once_and_then_only_the_subject_counts(ready: Path) -> None:
    async with with_provider(ready) as world:
        row = await comes(world, "sub-1", HUDA)
        assert isinstance(row, StaffRow)
        assert (row.id, row.name, row.roles, row.source) == ("huda", "Huda Q", ["hr"], "oidc")
        moved_on = {"email": "sara@corp.test", "email_verified": True, "groups": ["tech"]}
        again = await comes(world, "sub-1", moved_on)
        assert isinstance(again, StaffRow)
        assert (again.id, again.roles) == ("huda", ["it"]), "an address never moves anybody"
        assert await comes(world, "sub-2", HUDA) == "taken", "the address was given to somebody else"
        granted = [entry["after"] for entry in await logged(world, "access.grant")][-2:]
        assert granted == ['{"roles":["hr"]}', '{"roles":["it"]}']


@pytest.mark.parametrize(
    "claims",
    [
        {**HUDA, "email_verified": False},
        {name: value for name, value in HUDA.items() if name != "email_verified"},
        {**HUDA, "email_verified": "yes"},
        {**HUDA, "email_verified": 1},
    ],
)
async def test_an_address_nobody_verified_ties_nobody_and_lets_nobody_in_beside_them(
    claims: dict[str, Any], ready: Path
) -> None:
    async with with_provider(ready) as world:
        assert await comes(world, "sub-1", claims) == "unsure_who"


async def test_an_address_two_people_have_ties_neither(ready: Path) -> None:
    async with with_provider(ready) as world:
        async with world.app.store.write() as tx:
            twin = PersonRow(
                id="E99",
                source="hr",
                digest="",
                record='{"id":"E99","name":"Huda Two"}',
                name="Huda Two",
                status="active",
                email="huda@corp.test",
                updated_at=world.clock.now,
            )
            await add(tx, twin)
        assert await comes(world, "sub-1", HUDA) == "unsure_who"


async def test_where_a_claim_carries_the_id_no_address_ties_anybody(ready: Path) -> None:
    async with with_provider(ready, BY_ID) as world:
        assert await comes(world, "sub-1", HUDA) == "unsure_who"
        row = await comes(world, "sub-1", {**HUDA, "email": "x@y.test", "employee_id": "huda"})
        assert isinstance(row, StaffRow)
        assert row.id == "huda"


async def test_somebody_hr_does_not_know_comes_in_with_the_roles_of_their_groups(ready: Path) -> None:
    async with with_provider(ready) as world:
        claims = {"email": "eva@audit.example", "name": "Eva", "groups": ["audit", "guests"]}
        row = await comes(world, "sub-7", claims)
        assert isinstance(row, StaffRow)
        assert (row.known_to_hr, row.roles, row.name) == (False, ["auditor"], "Eva")
        assert await comes(world, "sub-8", {"email": "x@y.test", "groups": ["guests"]}) == "no_role"
        assert await comes(world, "sub-9", {"email": "x@y.test"}) == "groups_unread"


async def test_whoever_signed_in_before_hr_named_them_is_that_person_from_then_on(ready: Path) -> None:
    async with with_provider(ready) as world:
        claims = {**HUDA, "email": "zaid@corp.test", "name": "Zaid"}
        before = await comes(world, "sub-1", claims)
        assert isinstance(before, StaffRow)
        assert not before.known_to_hr
        session = await begin(world.app, before.id)
        world.drop(*[line(name) for name in STAFF], line("zaid", last_day="2026-11-30"))
        await world.run()
        assert await find(world.app, session) is None, "nobody reads their own leaving as somebody else"
        row = await comes(world, "sub-1", claims)
        assert isinstance(row, StaffRow)
        assert (row.id, row.known_to_hr, row.roles) == ("zaid", True, ["hr"])
        assert await comes(world, "sub-2", claims) == "taken"
        again = await comes(world, "sub-1", {**claims, "groups": ["tech"]})
        assert isinstance(again, StaffRow)
        assert (again.id, again.roles) == ("zaid", ["it"])


async def test_whoever_is_tied_by_a_claim_hr_knows_since_is_no_outsider_any_more(ready: Path) -> None:
    async with with_provider(ready, BY_ID) as world:
        claims = {"employee_id": "E55", "email": "z@elsewhere.test", "groups": ["people"]}
        before = await comes(world, "sub-1", claims)
        assert isinstance(before, StaffRow)
        world.drop(*[line(name) for name in STAFF], line("E55"))
        await world.run()
        row = await comes(world, "sub-1", claims)
        assert isinstance(row, StaffRow)
        assert row.id == "E55"
        async with world.app.store.read() as tx:
            assert await actor_of(world.app, tx, before.id, "web") is None


async def test_two_spellings_that_only_look_alike_are_two_people(ready: Path) -> None:
    async with with_provider(ready) as world:
        world.drop(*[line(name) for name in STAFF], line("strasse"))
        await world.run()
        row = await comes(world, "sub-1", {**HUDA, "email": "straße@corp.test"})
        assert isinstance(row, StaffRow)
        assert row.id != "strasse"


async def test_whoever_loses_every_group_loses_the_door_and_their_roles_at_the_next_sign_in(
    ready: Path,
) -> None:
    async with with_provider(ready) as world:
        await comes(world, "sub-1", HUDA)
        assert await comes(world, "sub-1", {**HUDA, "groups": []}) == "no_role"
        async with world.app.store.read() as tx:
            assert await actor_of(world.app, tx, "huda", "web") is None


async def test_whoever_left_does_not_come_back_in(ready: Path) -> None:
    async with with_provider(ready) as world:
        await comes(world, "sub-1", {**HUDA, "email": "ana@corp.test"})
        await ana_leaves(world)
        world.clock.turn(days=1)
        assert await comes(world, "sub-1", {**HUDA, "email": "ana@corp.test"}) == "left"
        async with world.app.store.read() as tx:
            assert await actor_of(world.app, tx, "ana", "web") is None
        refused = [entry["detail"] for entry in await logged(world, "access.refuse")]
        assert len(refused) == 1
        assert '"why":"left"' in refused[0]


async def test_whoever_looks_after_a_group_comes_in_without_a_role(ready: Path) -> None:
    registry = "version: 1\ngroups:\n  - instance: acme\n    group: C-lunch\n    owner: ana\n"
    (ready / "groups.yaml").write_text(registry)
    async with house(ready, registry=registry, extra={"oidc": OIDC}) as world:
        row = await comes(world, "sub-1", {**HUDA, "email": "ana@corp.test", "groups": []})
        assert isinstance(row, StaffRow)
        async with world.app.store.read() as tx:
            who = await actor_of(world.app, tx, "ana", "web")
        assert who is not None
        assert who.roles == {Role.CHAT_ADMIN}


async def test_the_file_outranks_the_providers_groups(ready: Path) -> None:
    staff = ready / "staff.yaml"
    staff.write_text("version: 1\nstaff:\n  - person: huda\n    roles: [auditor]\n")
    async with with_provider(ready, staff=staff) as world:
        await world.run()
        row = await comes(world, "sub-1", HUDA)
        assert isinstance(row, StaffRow)
        assert (row.roles, row.source, row.subject) == (["auditor"], "file", "sub-1")
        async with world.app.store.read() as tx:
            kept = await staff_row(tx, "huda")
        assert kept is not None
        assert kept.roles == ["auditor"]


@pytest.mark.parametrize("why", sorted(REFUSED))
def test_why_somebody_is_turned_away_is_said_in_both_languages(why: str) -> None:
    english, arabic = (TurnedAway(why).said(translator(language)) for language in ("en", "ar"))
    assert english != arabic
    assert english.endswith(".")
