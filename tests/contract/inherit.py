"""The class a connector's test inherits: a harness, what it leaves out, and every check becomes a test."""

from __future__ import annotations

from typing import ClassVar

import pytest

from connectors.contract import (
    ClosesTheWayBack,
    DeactivatesAccounts,
    EndsSessions,
    ListsMembers,
    TransfersOwnership,
)
from policies.model import Gap
from tests.contract.checks import CHECKS
from tests.contract.checks.manifest import DOCS
from tests.contract.stage import Harness, Need
from tests.contract.suite import Check, met_by_manifest, run, unmet

OPTIONAL: dict[Need, type] = {
    Need.LISTS_MEMBERS: ListsMembers,
    Need.HANDS_OVER: TransfersOwnership,
    Need.CLOSES_WAYS_BACK: ClosesTheWayBack,
    Need.DEACTIVATES: DeactivatesAccounts,
    Need.ENDS_SESSIONS: EndsSessions,
}
"""What only some connectors can, by the claim that puts them to its checks."""


class ChatConnectorContract:
    """Subclass it, name the harness and the checks its platform cannot be put to, and that is all."""

    harness: ClassVar[Harness]
    left_out: ClassVar[frozenset[str]] = frozenset()
    docs: ClassVar[str]
    """The page under docs/connectors/ that tells people about this connector."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of every check that applies; the rest is asserted below, never unseen."""
        if "check" in metafunc.fixturenames:
            applying = [check for check in CHECKS if not unmet(check, self.harness)]
            metafunc.parametrize("check", applying, ids=[check.name for check in applying])

    async def test_contract(self, check: Check) -> None:
        await run(check, self.harness)

    def test_exactly_the_declared_checks_are_left_out(self) -> None:
        reasons = {check.name: unmet(check, self.harness) for check in CHECKS}
        assert {name for name, missing in reasons.items() if missing} == self.left_out, reasons

    async def test_what_it_can_do_is_what_its_manifest_and_harness_claim(self) -> None:
        async with self.harness.stage() as stage:
            able = {need for need, protocol in OPTIONAL.items() if isinstance(stage.connector, protocol)}
        claimed = {*met_by_manifest(self.harness.capabilities), *self.harness.declares} & OPTIONAL.keys()
        # A way back that only people can close is named all the same; nothing is claimed of it.
        assert claimed <= able <= claimed | {Need.CLOSES_WAYS_BACK}

    async def test_whoever_can_close_no_way_back_names_what_people_can_close(self) -> None:
        if Need.CLOSES_WAYS_BACK in met_by_manifest(self.harness.capabilities):
            return  # The checks of the way back hold it to more.
        async with self.harness.stage() as stage:
            if not isinstance(stage.connector, ClosesTheWayBack):
                return
            groups = [stage.revocation(group).membership.group for group in stage.cast.groups]
            ways = [item async for item in stage.connector.ways_back(stage.cast.leaver, groups)]
        assert [item for item in ways if not isinstance(item, Gap)] == []
        assert all(item.reason and item.remedy for item in ways if isinstance(item, Gap))

    def test_its_page_in_the_docs_names_every_scope(self) -> None:
        page = (DOCS / self.docs).read_text(encoding="utf-8")
        assert [scope.name for scope in self.harness.capabilities.scopes if scope.name not in page] == []
