"""The toy platform keeps the whole contract: the example a new connector starts from."""

from typing import ClassVar

from tests.contract.chapters import ACCOUNT_CHECKS
from tests.contract.inherit import ChatConnectorContract
from tests.contract.toy.harness import ToyHarness


class TestToy(ChatConnectorContract):
    harness = ToyHarness()
    docs = "contract.md"
    left_out: ClassVar[frozenset[str]] = frozenset(
        {
            "every_remembered_group_is_given_as_it_is_now_or_said_as_a_gap",
            "a_user_group_loses_one_member_and_keeps_all_others",
            "the_last_member_of_a_user_group_is_refused",
            "without_an_interface_every_step_is_said_to_need_a_person",
            "whoever_is_barred_stays_out_and_whoever_is_only_removed_may_come_back",
            *ACCOUNT_CHECKS,
            "a_closed_account_is_locked_out_or_seen_as_it_really_is",
            "what_only_a_person_can_see_is_unreadable_and_unknown",
        }
    )
