"""The suite bites: it passes sound connectors, and each seeded bug fails exactly the checks meant for it."""

import pytest

from tests.contract.bugs import BUGS, TOY_BUGS, Bug
from tests.contract.bugs_optional import OPTIONAL_SLACK_BUGS, OPTIONAL_TOY_BUGS
from tests.contract.checks import CHECKS
from tests.contract.coat import Coat
from tests.contract.slack.bugs import SLACK_BUGS
from tests.contract.slack.harness import SlackHarness
from tests.contract.stage import Harness
from tests.contract.suite import failures, unmet
from tests.contract.telegram.bugs import TELEGRAM_BUGS
from tests.contract.telegram.harness import TelegramHarness
from tests.contract.toy.harness import ToyHarness

SLACK, TELEGRAM, TOY = SlackHarness(), TelegramHarness(), ToyHarness()
IN_SLACK = (*BUGS, *SLACK_BUGS, *OPTIONAL_SLACK_BUGS)
IN_TOY = (*TOY_BUGS, *OPTIONAL_TOY_BUGS)
EVERY_BUG = (*IN_SLACK, *IN_TOY, *TELEGRAM_BUGS)


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))


def test_every_bug_is_caught_by_checks_that_exist() -> None:
    names = {check.name for check in CHECKS}
    assert [bug.name for bug in EVERY_BUG if not bug.caught_by <= names] == []


def test_every_flaw_is_seeded_and_one_bug_writes_in_a_dry_run() -> None:
    seeded = [bug.flaw for bug in EVERY_BUG]
    assert set(Coat.__subclasses__()) <= {flaw.wrap for flaw in seeded}
    assert [flaw for flaw in seeded if flaw.ignores_read_only]


@pytest.mark.parametrize("harness", [SLACK, TELEGRAM, TOY], ids=lambda harness: harness.name)
async def test_a_sound_connector_passes_everything(harness: Harness) -> None:
    assert await failures(CHECKS, harness) == {}


@pytest.mark.parametrize("bug", IN_SLACK, ids=lambda bug: bug.name)
async def test_a_bug_in_the_slack_connector_fails_exactly_the_checks_meant_for_it(bug: Bug) -> None:
    wrong = await failures(CHECKS, SLACK, bug.flaw)
    assert set(wrong) == expected(bug, SLACK), wrong


@pytest.mark.parametrize("bug", IN_TOY, ids=lambda bug: bug.name)
async def test_a_bug_in_the_toy_fails_exactly_the_checks_meant_for_it(bug: Bug) -> None:
    wrong = await failures(CHECKS, TOY, bug.flaw)
    assert set(wrong) == expected(bug, TOY), wrong


@pytest.mark.parametrize("bug", TELEGRAM_BUGS, ids=lambda bug: bug.name)
async def test_a_bug_in_the_telegram_connector_fails_exactly_the_checks_meant_for_it(bug: Bug) -> None:
    wrong = await failures(CHECKS, TELEGRAM, bug.flaw)
    assert set(wrong) == expected(bug, TELEGRAM), wrong


def expected(bug: Bug, harness: Harness) -> set[str]:
    """Give the checks that must notice the bug here; there is always at least one."""
    meant = {check.name for check in CHECKS if check.name in bug.caught_by and not unmet(check, harness)}
    assert meant, f"{bug.name}: nothing that runs for {harness.name} is meant to catch it"
    return meant
