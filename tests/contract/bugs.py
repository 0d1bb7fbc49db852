"""The seeded bugs by name: which flaw, and exactly which checks must notice it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.contract import flaws
from tests.contract.coat import Coat
from tests.contract.stage import Flaw, Place

READ_FAULTS = ("page_missing", "server_error", "dropped", "silence", "empty_answer", "malformed_answer")
OTHER_WRITE_FAULTS = ("server_error", "dropped", "empty_answer", "malformed_answer")
WRITE_FAULTS = ("server_error", "dropped", "silence", "empty_answer", "malformed_answer")


@dataclass(frozen=True, slots=True)
class Bug:
    """One way to be wrong; `caught_by` is the whole set of checks that fail, not one of them."""

    name: str
    flaw: Flaw
    caught_by: frozenset[str]


def bug(name: str, coat: type[Coat], *caught_by: str) -> Bug:
    return Bug(name, Flaw(coat), frozenset(caught_by))


def _broken_readings(place: Place) -> tuple[str, ...]:
    return tuple(f"reading_{place}_under_{fault}_raises" for fault in READ_FAULTS)


BROKEN_WRITES = tuple(f"revoking_under_{fault}_is_never_a_success" for fault in WRITE_FAULTS)
LOST_ANSWERS = (
    *BROKEN_WRITES,
    *(f"promoting_under_{fault}_is_never_a_success" for fault in OTHER_WRITE_FAULTS),
    *(f"closing_under_{fault}_is_never_a_success" for fault in OTHER_WRITE_FAULTS),
    "a_lost_answer_is_unknown_until_it_is_read_back",
    "a_promotion_whose_answer_was_lost_is_unknown_until_it_is_read_back",
    "a_closing_whose_answer_was_lost_is_unknown_until_it_is_read_back",
    "an_account_whose_closing_got_no_answer_is_unknown_until_it_is_read_back",
)
BUGS = (
    bug("gaps are left out", flaws.ForgetsTheGaps, "what_cannot_be_read_is_a_gap_with_a_reason"),
    bug(
        "the namesake is removed",
        flaws.WrongPerson,
        "exactly_one_membership_ends_and_nothing_else_changes",
        "somebody_who_is_not_there_is_said_absent_and_nothing_changes",
        "a_user_group_loses_one_member_and_keeps_all_others",
        "the_last_member_of_a_user_group_is_refused",
        "the_last_owner_is_never_removed",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
        "a_limit_on_one_step_is_that_steps_alone_and_every_answer_is_true",
        "a_failing_group_does_not_stop_the_others",
        "a_lost_answer_is_unknown_until_it_is_read_back",
        "whoever_was_removed_is_seen_absent_and_only_there",
        "a_delayed_effect_is_present_first_and_absent_later",
        "the_id_decides_though_the_email_belongs_to_somebody_else_now",
    ),
    bug(
        "the bot does not know itself",
        flaws.DoesNotKnowItself,
        "the_bot_knows_its_own_account_and_refuses_to_remove_it",
    ),
    bug(
        "a lost answer is read as a failure",
        flaws.LostIsAFailure,
        *LOST_ANSWERS,
    ),
    bug(
        "a lost answer is read as a success",
        flaws.LostIsASuccess,
        *LOST_ANSWERS,
    ),
    bug(
        "the default group is reported as done",
        flaws.DefaultGroupIsDone,
        "the_default_group_is_refused_with_its_reason",
    ),
    bug(
        "the token is kept as evidence", flaws.TokenInEvidence, "no_secret_is_in_anything_the_connector_gives"
    ),
    bug(
        "the token is named in an exception",
        flaws.TokenInException,
        "no_secret_is_in_anything_the_connector_gives",
    ),
    bug(
        "the platform's OK is taken for the read-back",
        flaws.TrustsTheAck,
        "an_ok_that_kept_the_member_is_seen_through",
        "a_delayed_effect_is_present_first_and_absent_later",
    ),
    bug(
        "a refused reading is taken for an absence",
        flaws.UnreadableIsAbsent,
        "a_refused_read_is_never_an_absence",
        "a_broken_read_is_never_an_absence",
        "a_group_nothing_can_read_is_unreadable",
    ),
    bug(
        "memberships are read again for every group",
        flaws.ReadsGroupByGroup,
        "all_groups_of_a_person_are_read_back_with_the_fewest_calls",
    ),
    Bug(
        "a dry run writes",
        Flaw(ignores_read_only=True),
        frozenset({"a_dry_run_sends_no_write", "a_dry_run_promotes_nobody", "a_dry_run_closes_nothing"}),
    ),
)
"""Bugs any platform can have; each of these is put into the Slack connector, over its real SDK."""

TOY_BUGS = (
    bug(
        "an error in the middle of a listing is swallowed",
        flaws.HalfAListing,
        *_broken_readings(Place.MEMBERSHIPS),
        "reading_with_a_revoked_token_calls_an_operator",
    ),
    bug(
        "the two account ids are not compared",
        flaws.BelievesEitherId,
        "two_account_ids_that_differ_are_refused_before_anything_is_sent",
    ),
    bug(
        "more steps than declared are taken",
        flaws.TakesAnyBatch,
        "more_steps_than_the_batch_are_refused_whole",
    ),
    bug(
        "the first failing group stops the others",
        flaws.StopsAtTheFirstFailure,
        "a_failing_group_does_not_stop_the_others",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
    ),
    bug(
        "answers come in the wrong order",
        flaws.WrongOrder,
        "one_result_per_step_in_the_order_asked",
    ),
    bug(
        "a rate limit is read as a refusal",
        flaws.LimitIsARefusal,
        "a_rate_limit_is_said_with_the_seconds_to_wait",
        "a_limit_on_one_step_is_that_steps_alone_and_every_answer_is_true",
        "a_limited_promotion_says_how_long_to_wait",
    ),
    bug(
        "all refusals are one",
        flaws.AllRefusalsAreOne,
        "a_missing_right_is_its_own_refusal",
        "a_group_that_is_gone_is_its_own_refusal",
        "a_missing_scope_is_told_apart_and_names_its_remedy",
        "a_promotion_without_the_right_is_refused_with_its_remedy",
    ),
    bug(
        "a dead token is read as one group's refusal",
        flaws.BadTokenIsARefusal,
        "a_revoked_token_calls_an_operator_and_nothing_changes",
    ),
    bug(
        "every reading is called an observation", flaws.ClaimsToHaveSeen, "a_refused_read_is_never_an_absence"
    ),
    bug(
        "nothing is said to be missing",
        flaws.SaysNothingIsMissing,
        "every_missing_scope_is_named_with_its_remedy",
    ),
    bug(
        "only the first page of memberships is read",
        flaws.FirstPageOnly,
        "every_membership_is_read_over_all_pages",
        "the_lists_of_groups_agree_with_the_list_of_the_person",
    ),
    bug(
        "names are taken for ids",
        flaws.NamesAsIds,
        "every_membership_is_read_over_all_pages",
        "the_lists_of_groups_agree_with_the_list_of_the_person",
        "a_new_name_changes_no_id",
    ),
    bug(
        "the person is looked up by e-mail when acting",
        flaws.ActsOnTheEmail,
        "the_id_decides_though_the_email_belongs_to_somebody_else_now",
    ),
    bug(
        "a bot outside the group is read as an absence",
        flaws.OutsideIsAbsent,
        "a_group_the_bot_is_not_in_is_its_own_refusal_and_never_an_absence",
    ),
    bug(
        "the last owner is left out of the guard",
        flaws.ForgetsTheLastOwner,
        "the_last_owner_is_never_removed",
        "the_last_owner_leaves_once_somebody_else_is_owner_and_not_before",
    ),
    bug(
        "an exception loses what was done before it",
        flaws.LosesWhatWasDone,
        "an_exception_means_that_nothing_was_sent",
    ),
)
"""Bugs any platform can have, put into the toy, which has owners and takes several steps in a call."""
