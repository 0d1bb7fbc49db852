"""The seeded bugs of what only some connectors can, and exactly which checks must notice each."""

from __future__ import annotations

from tests.contract import flaws_optional as flaws
from tests.contract.bugs import OTHER_WRITE_FAULTS, bug
from tests.contract.flaws import UnreadableIsAbsent

MEMBER_FAULTS = ("page_missing", "server_error", "dropped", "empty_answer", "malformed_answer")
BROKEN_PROMOTIONS = tuple(f"promoting_under_{fault}_is_never_a_success" for fault in OTHER_WRITE_FAULTS)
BROKEN_CLOSINGS = tuple(f"closing_under_{fault}_is_never_a_success" for fault in OTHER_WRITE_FAULTS)

OPTIONAL_TOY_BUGS = (
    bug(
        "only the first page of a group is read",
        flaws.FirstPageOfMembers,
        "everybody_in_a_group_is_listed_once_over_all_pages",
    ),
    bug(
        "an error in the middle of a group is swallowed",
        flaws.HalfTheMembers,
        *(f"reading_members_under_{fault}_raises" for fault in MEMBER_FAULTS),
        "members_that_cannot_be_read_are_a_gap_or_an_error_and_never_nobody",
    ),
    bug(
        "the list of a group knows other roles",
        flaws.EverybodyIsAMember,
        "the_lists_of_groups_agree_with_the_list_of_the_person",
    ),
    bug(
        "the namesake is made owner",
        flaws.PromotesTheNamesake,
        "exactly_the_successor_becomes_an_owner_and_nobody_leaves",
        "the_sole_owner_is_seen_as_such_before_and_no_longer_after",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
        "a_promotion_whose_answer_was_lost_is_unknown_until_it_is_read_back",
        "a_delayed_promotion_is_not_seen_before_it_shows",
        "an_ok_that_promoted_nobody_is_seen_through",
    ),
    bug(
        "the leaver may be their own successor",
        flaws.AnySuccessorWillDo,
        "the_leaver_is_never_made_their_own_successor",
    ),
    bug(
        "a promotion is claimed and never sent",
        flaws.ClaimsThePromotion,
        *BROKEN_PROMOTIONS,
        "exactly_the_successor_becomes_an_owner_and_nobody_leaves",
        "the_sole_owner_is_seen_as_such_before_and_no_longer_after",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
        "a_promotion_whose_answer_was_lost_is_unknown_until_it_is_read_back",
        "a_promotion_without_the_right_is_refused_with_its_remedy",
        "a_limited_promotion_says_how_long_to_wait",
        "a_delayed_promotion_is_not_seen_before_it_shows",
        "a_dry_run_promotes_nobody",
    ),
    bug(
        "the leaver is thrown out before anybody looked",
        flaws.ThrowsTheLeaverOutAtOnce,
        "exactly_the_successor_becomes_an_owner_and_nobody_leaves",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
    ),
    bug(
        "the platform's OK is taken for the owners' list",
        flaws.BelievesThePromotion,
        "an_ok_that_promoted_nobody_is_seen_through",
        "a_delayed_promotion_is_not_seen_before_it_shows",
    ),
    bug(
        "owners that cannot be read are taken for granted",
        flaws.UnseenOwnersAreEnough,
        "owners_that_cannot_be_read_prove_nothing",
    ),
    bug(
        "one way back is found and no other looked for",
        flaws.ForgetsTheOtherWays,
        "every_way_back_is_closed_and_really_leads_in_no_longer",
        "closing_twice_is_safe",
    ),
    bug(
        "people are told to close something, and not how",
        flaws.WaysWithoutARemedy,
        "what_only_people_can_close_has_a_reason_and_a_remedy",
    ),
    bug(
        "looking for a link renews it",
        flaws.RenewsAtEveryLook,
        "looking_for_ways_back_changes_none_and_finds_the_same_again",
        "a_dry_run_closes_nothing",
    ),
    bug(
        "a closing is claimed and never sent",
        flaws.ClaimsTheClosing,
        *BROKEN_CLOSINGS,
        "every_way_back_is_closed_and_really_leads_in_no_longer",
        "a_way_back_is_seen_open_before_and_closed_after",
        "closing_twice_is_safe",
        "a_closing_whose_answer_was_lost_is_unknown_until_it_is_read_back",
        "a_dry_run_closes_nothing",
    ),
    bug(
        "the platform's OK is taken for a look at the link",
        flaws.BelievesTheClosing,
        "an_ok_that_closed_nothing_is_seen_through",
    ),
    bug(
        "a link that cannot be read is taken for gone",
        flaws.UnseenWaysAreClosed,
        "a_way_back_that_cannot_be_read_is_not_said_to_be_closed",
    ),
    bug(
        "the new link is kept as evidence",
        flaws.LinkInEvidence,
        "no_link_is_in_anything_the_connector_gives",
    ),
    bug(
        "the link is remembered where a fingerprint would do",
        flaws.LinkInTheMark,
        "no_link_is_in_anything_the_connector_gives",
    ),
    bug(
        "a group that moved is given up as gone",
        flaws.MovedIsGone,
        "a_group_that_moved_is_answered_with_its_new_id_or_followed",
    ),
    bug(
        "a group that moved is taken for left",
        UnreadableIsAbsent,
        "whoever_is_in_a_group_that_moved_is_never_seen_absent_from_it",
        "a_refused_read_is_never_an_absence",
        "a_broken_read_is_never_an_absence",
        "a_read_without_its_last_page_is_never_an_absence",
        "a_group_nothing_can_read_is_unreadable",
    ),
)
"""Put into the toy, which can all of it but act on accounts."""

OPTIONAL_SLACK_BUGS = (
    bug(
        "what is so already is taken for a refusal",
        flaws.TheSecondTimeIsAFailure,
        "revoking_twice_leaves_the_world_as_after_the_first",
        "promoting_twice_leaves_the_owners_as_after_the_first",
        "closing_twice_is_safe",
        "closing_an_account_twice_is_safe",
        "signing_out_twice_is_safe",
    ),
    bug(
        "the namesake's account is closed",
        flaws.ClosesTheNamesakesAccount,
        "exactly_one_account_is_closed_and_seen_closed",
        "an_account_whose_closing_got_no_answer_is_unknown_until_it_is_read_back",
    ),
    bug(
        "an account is taken for closed because that was asked",
        flaws.ClosedBecauseAsked,
        "an_ok_that_left_the_account_open_is_seen_through",
    ),
    bug(
        "the namesake is signed out",
        flaws.SignsOutTheNamesake,
        "exactly_one_persons_sessions_end",
    ),
    bug(
        "a person is taken for signed out because that was asked",
        flaws.SignedOutBecauseAsked,
        "an_ok_that_signed_nobody_out_is_never_seen_as_done",
    ),
)
"""Put into the Slack connector, which acts on accounts."""
