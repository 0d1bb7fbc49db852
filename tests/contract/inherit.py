"""The class a connector's test inherits: a harness, what it leaves out, and every check becomes a test."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.contract.checks import CHECKS
from tests.contract.checks.manifest import DOCS
from tests.contract.stage import Harness
from tests.contract.suite import Check, run, unmet


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

    def test_its_page_in_the_docs_names_every_scope(self) -> None:
        page = (DOCS / self.docs).read_text(encoding="utf-8")
        assert [scope.name for scope in self.harness.capabilities.scopes if scope.name not in page] == []
