"""The seeded bugs put into the Telegram connector, and exactly which checks must notice each."""

from __future__ import annotations

from tests.contract.bugs import READ_FAULTS, bug
from tests.contract.telegram import flaws

BARRED = "whoever_is_barred_stays_out_and_whoever_is_only_removed_may_come_back"
REMEMBERED = "every_remembered_group_is_given_as_it_is_now_or_said_as_a_gap"
TELEGRAM_BUGS = (
    bug("leavers are taken out and not barred", flaws.BarsNobody, BARRED),
    bug("movers are barred", flaws.BarsEverybody, BARRED),
    bug(
        "what is known is forgotten",
        flaws.ForgetsWhatIsKnown,
        *(f"reading_memberships_under_{fault}_raises" for fault in READ_FAULTS),
        "every_membership_is_read_over_all_pages",
        "everything_read_carries_its_instance",
        "reading_with_a_revoked_token_calls_an_operator",
    ),
    bug(
        "groups are given as they were remembered",
        flaws.RepeatsWhatItIsTold,
        *(f"reading_groups_under_{fault}_raises" for fault in READ_FAULTS),
        "a_new_name_changes_no_id",
    ),
    bug("groups are given nobody was reminded of", flaws.RemembersByItself, REMEMBERED),
    bug("a remembered group is lost", flaws.ForgetsAGroup, REMEMBERED, "a_new_name_changes_no_id"),
)
