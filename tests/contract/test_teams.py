"""The Teams connector keeps the whole contract against the Graph sandbox."""

from typing import ClassVar

from tests.contract.chapters import MOVING_CHECKS, WAY_BACK_CHECKS
from tests.contract.inherit import ChatConnectorContract
from tests.contract.teams.harness import TeamsHarness


class TestTeams(ChatConnectorContract):
    harness = TeamsHarness()
    docs = "teams.md"
    left_out: ClassVar[frozenset[str]] = frozenset(
        {
            # An app is in no group; permissions alone decide what it may do.
            "a_group_the_bot_is_not_in_is_its_own_refusal_and_never_an_absence",
            # Entra knows no group that everybody must be in, and no user groups beside its groups.
            "the_default_group_is_refused_with_its_reason",
            "a_user_group_loses_one_member_and_keeps_all_others",
            "the_last_member_of_a_user_group_is_refused",
            # The tenant lists its groups itself, and their ids are for ever.
            "every_remembered_group_is_given_as_it_is_now_or_said_as_a_gap",
            *MOVING_CHECKS,
            "without_an_interface_every_step_is_said_to_need_a_person",
            "what_only_a_person_can_see_is_unreadable_and_unknown",
            # Graph knows no links, codes or requests to join that an app could close.
            *WAY_BACK_CHECKS,
        }
    )
