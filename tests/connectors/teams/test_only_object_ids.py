"""A sign-in name can pass to somebody else: what is done is done to an id given for good, or not at all."""

from __future__ import annotations

from connectors.contract import Outcome, Promotion
from policies.model import Account, Refusal
from tests.connectors.teams.stage import ANA, BADR, INSTANCE, M365, TEAM, group, staged, step

NAME = "ana@example.com"


async def test_an_account_named_by_its_address_is_never_written_to() -> None:
    async with staged() as stage:
        named = Account(INSTANCE, NAME)
        results = [
            *await stage.revoke(step(M365, NAME), step(TEAM, NAME)),
            await stage.teams.deactivate("off", named),
            await stage.teams.end_sessions("out", named),
            await stage.teams.promote(Promotion("hand", named, group(M365), BADR)),
        ]
        assert stage.writes() == []
        assert stage.sandbox.tenant.users[ANA].account_enabled
    assert {(result.outcome, result.refusal) for result in results} == {
        (Outcome.REFUSED, Refusal.ACCOUNT_UNKNOWN)
    }
    assert all("object id" in result.remedy for result in results)
