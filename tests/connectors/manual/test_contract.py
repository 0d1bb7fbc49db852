"""The manual connector keeps every part of the contract that has no wire in it."""

from typing import ClassVar

from tests.connectors.manual.harness import ManualHarness
from tests.contract.checks import CHECKS
from tests.contract.inherit import ChatConnectorContract

KEPT = frozenset(
    {
        "the_manifest_says_what_the_connector_is",
        "the_lockout_order_names_every_action_once_and_has_a_source",
        "residual_access_and_undo_are_stated",
        "every_account_is_listed_once_over_all_pages",
        "the_account_of_a_person_is_found_by_the_id_hr_states",
        "every_group_is_listed_once_or_said_as_a_gap",
        "every_membership_is_read_over_all_pages",
        "what_cannot_be_read_is_a_gap_with_a_reason",
        "reading_twice_gives_the_same",
        "everything_read_carries_its_instance",
        "one_result_per_step_in_the_order_asked",
        "no_step_asked_is_no_step_done",
        "more_steps_than_the_batch_are_refused_whole",
        "two_account_ids_that_differ_are_refused_before_anything_is_sent",
        "without_an_interface_every_step_is_said_to_need_a_person",
        "what_only_a_person_can_see_is_unreadable_and_unknown",
        "a_sound_installation_has_no_errors",
    }
)


class TestManual(ChatConnectorContract):
    harness = ManualHarness()
    docs = "manual.md"
    left_out: ClassVar[frozenset[str]] = frozenset(check.name for check in CHECKS) - KEPT
