"""The Slack connector keeps the whole contract against the Slack sandbox."""

from typing import ClassVar

from tests.contract.chapters import MOVING_CHECKS
from tests.contract.inherit import ChatConnectorContract
from tests.contract.slack.harness import SlackHarness


class TestSlack(ChatConnectorContract):
    harness = SlackHarness()
    docs = "slack.md"
    left_out: ClassVar[frozenset[str]] = frozenset(
        {
            "every_remembered_group_is_given_as_it_is_now_or_said_as_a_gap",
            "whoever_is_barred_stays_out_and_whoever_is_only_removed_may_come_back",
            # A channel keeps its id for ever.
            *MOVING_CHECKS,
            "without_an_interface_every_step_is_said_to_need_a_person",
            "what_only_a_person_can_see_is_unreadable_and_unknown",
        }
    )
