"""The seeded bugs only a Slack connector can have, and exactly which checks must notice each."""

from __future__ import annotations

from connectors.chat.slack.removal import ChannelRemoval
from connectors.chat.slack.user_groups import UserGroupRemoval
from tests.contract.bugs import Bug
from tests.contract.flaws import LockedOutIsAbsent
from tests.contract.slack import flaws
from tests.contract.stage import Flaw


def _channels(name: str, removal: type[ChannelRemoval], *caught_by: str) -> Bug:
    return Bug(name, Flaw(lambda sound, _: flaws.with_removal(removal, sound)), frozenset(caught_by))


def _user_groups(name: str, removal: type[UserGroupRemoval], *caught_by: str) -> Bug:
    return Bug(name, Flaw(lambda sound, _: flaws.with_user_groups(removal, sound)), frozenset(caught_by))


SLACK_BUGS = (
    Bug(
        "every listing ends after its first page",
        Flaw(flaws.first_page_only),
        frozenset(
            {
                "every_account_is_listed_once_over_all_pages",
                "every_group_is_listed_once_or_said_as_a_gap",
                "every_membership_is_read_over_all_pages",
                "reading_accounts_under_page_missing_raises",
                "reading_groups_under_page_missing_raises",
                "reading_memberships_under_page_missing_raises",
                "a_read_without_its_last_page_is_never_an_absence",
                # Not seen on the first page, each group is asked for by itself, and again in vain.
                "whoever_is_there_is_seen_in_every_group_over_all_pages",
                "all_groups_of_a_person_are_read_back_with_the_fewest_calls",
                "everybody_in_a_group_is_listed_once_over_all_pages",
                "the_lists_of_groups_agree_with_the_list_of_the_person",
                "reading_members_under_page_missing_raises",
            }
        ),
    ),
    _channels(
        "the kick goes to whoever has the e-mail now",
        flaws.KicksByEmail,
        "the_id_decides_though_the_email_belongs_to_somebody_else_now",
    ),
    _channels(
        "a kick whose answer was lost is sent again",
        flaws.KicksAgain,
        "a_lost_answer_is_unknown_until_it_is_read_back",
    ),
    _channels(
        "not_in_channel is believed without looking",
        flaws.TrustsNotInChannel,
        "a_group_the_bot_is_not_in_is_its_own_refusal_and_never_an_absence",
    ),
    _user_groups(
        "a user group update loses another member",
        flaws.LosesAnotherMember,
        "a_user_group_loses_one_member_and_keeps_all_others",
    ),
    _user_groups(
        "the last member of a user group is left out of the guard",
        flaws.EmptiesTheUserGroup,
        "the_last_member_of_a_user_group_is_refused",
    ),
    Bug(
        "a closed account is taken for an ended membership",
        Flaw(LockedOutIsAbsent),
        frozenset({"a_closed_account_is_locked_out_or_seen_as_it_really_is"}),
    ),
)
