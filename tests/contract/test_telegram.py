"""The Telegram connector keeps the whole contract against the Telegram sandbox."""

from typing import ClassVar

from tests.contract.bugs import READ_FAULTS
from tests.contract.chapters import ACCOUNT_CHECKS, MEMBER_CHECKS
from tests.contract.inherit import ChatConnectorContract
from tests.contract.telegram.harness import TelegramHarness


class TestTelegram(ChatConnectorContract):
    harness = TelegramHarness()
    docs = "telegram.md"
    left_out: ClassVar[frozenset[str]] = frozenset(
        {
            # Telegram lists neither accounts nor groups, and has no pages.
            "every_account_is_listed_once_over_all_pages",
            "every_group_is_listed_once_or_said_as_a_gap",
            *(f"reading_accounts_under_{fault}_raises" for fault in READ_FAULTS),
            "reading_groups_under_page_missing_raises",
            "reading_memberships_under_page_missing_raises",
            "a_read_without_its_last_page_is_never_an_absence",
            # It knows no default group, no user groups, and no rights of the token apart from the bot's.
            "the_default_group_is_refused_with_its_reason",
            "a_user_group_loses_one_member_and_keeps_all_others",
            "the_last_member_of_a_user_group_is_refused",
            "a_missing_scope_is_told_apart_and_names_its_remedy",
            # Nobody can list who is in a Telegram group.
            *MEMBER_CHECKS,
            # The account is the person's own.
            *ACCOUNT_CHECKS,
            "a_closed_account_is_locked_out_or_seen_as_it_really_is",
            "without_an_interface_every_step_is_said_to_need_a_person",
            "what_only_a_person_can_see_is_unreadable_and_unknown",
        }
    )
