"""The error table as a golden list: what each of Slack's strings means, for every string we know."""

from __future__ import annotations

import pytest

from connectors.chat.slack.answers import known_errors, meaning_of
from connectors.chat.slack.remedies import REMEDIES, remedy_text
from connectors.contract import Outcome
from policies.model import Refusal

GOLDEN = {
    "access_denied": "refused no_right",
    "already_processed": "said_absent",
    "app_cannot_join_channel": "refused no_right",
    "cannot_kick_home_team": "refused external_account",
    "cannot_kick_team": "refused external_account",
    "cannot_modify_role_admin": "refused no_right",
    "cannot_modify_primary_owner": "refused owner",
    "cannot_reset_bot": "refused bot_itself",
    "cannot_reset_primary_owner": "refused owner",
    "cant_invite": "refused no_right",
    "cant_invite_self": "refused bot_itself",
    "cant_kick_from_general": "refused default_group",
    "cant_kick_from_last_channel": "refused no_right",
    "cant_kick_self": "refused bot_itself",
    "channel_is_limited_access": "refused no_right",
    "channel_not_found": "refused group_gone",
    "channel_type_not_supported": "refused fixed_membership",
    "deactivation_failed": "refused unexpected",
    "default_org_wide_channel": "refused default_group",
    "ekm_access_denied": "refused no_right",
    "external_channel_migrating": "unavailable",
    "failed_for_some_entities": "refused no_right",
    "failed_for_some_users_and_entities": "refused no_right",
    "failed_for_some_users": "refused unexpected",
    "failed_to_remove_user_from_workspace": "refused unexpected",
    "fatal_error": "unknown",
    "feature_not_enabled": "no_api",
    "internal_error": "unknown",
    "invalid_actor": "refused no_right",
    "invalid_permissions": "refused no_right",
    "invalid_request": "said_absent",
    "invalid_role_id": "refused unexpected",
    "invalid_users": "refused unexpected",
    "invite_already_approved": "refused unexpected",
    "invite_already_denied": "said_absent",
    "invite_expired": "said_absent",
    "invite_not_found": "said_absent",
    "invitee_cant_see_channel": "refused no_right",
    "is_archived": "refused archived",
    "method_not_supported_for_channel_type": "refused fixed_membership",
    "missing_scope": "refused missing_scope",
    "no_external_invite_permission": "refused external_account",
    "no_permission": "refused no_right",
    "no_such_subteam": "refused group_gone",
    "no_users_provided": "refused last_member",
    "no_valid_entities": "refused no_right",
    "no_valid_users": "refused no_right",
    "not_allowed": "refused no_right",
    "not_allowed_token_type": "refused no_right",
    "not_an_admin": "refused no_right",
    "not_an_enterprise": "no_api",
    "not_in_channel": "said_absent",
    "not_supported": "refused external_account",
    "org_user_not_in_team": "refused no_right",
    "permission_denied": "refused no_right",
    "plan_upgrade_required": "no_api",
    "rate_limited": "rate_limited",
    "ratelimited": "rate_limited",
    "request_timeout": "unknown",
    "restricted_action": "refused no_right",
    "service_unavailable": "unknown",
    "subteam_max_users_exceeded": "refused unexpected",
    "team_not_found": "refused no_right",
    "too_many_entities": "refused unexpected",
    "too_many_members": "refused bot_not_in_group",
    "too_many_users": "refused unexpected",
    "unknown_method": "no_api",
    "ura_max_channels": "refused no_right",
    "user_already_deleted": "said_absent",
    "user_is_restricted": "refused no_right",
    "user_not_found": "refused account_unknown",
    "user_not_in_channel": "said_absent",
    "user_not_visible": "refused account_unknown",
    "session_reset_not_allowed": "refused owner",
    "user_session_reset_failed": "refused unexpected",
    "users_not_found": "refused account_unknown",
}


def test_every_known_error_means_what_the_list_says() -> None:
    table = {
        error: " ".join(filter(None, (meaning.outcome.value, meaning.refusal and meaning.refusal.value)))
        for error, meaning in known_errors().items()
    }
    assert table == GOLDEN


def test_an_error_nobody_foresaw_is_refused_and_never_a_success() -> None:
    meaning = meaning_of("brand_new_error")
    assert (meaning.outcome, meaning.refusal) == (Outcome.REFUSED, Refusal.UNEXPECTED)


@pytest.mark.parametrize("error", sorted(GOLDEN))
def test_a_refusal_is_set_exactly_where_the_outcome_is_refused_and_has_a_remedy(error: str) -> None:
    meaning = meaning_of(error)
    assert (meaning.refusal is not None) == (meaning.outcome is Outcome.REFUSED)
    assert not meaning.refusal or (remedy_text(meaning.remedy, "en") and remedy_text(meaning.remedy, "ar"))


def test_no_error_at_all_means_that_somebody_was_removed() -> None:
    assert all(meaning.outcome is not Outcome.REVOKED for meaning in known_errors().values())


def test_every_remedy_stands_in_both_languages() -> None:
    for key, remedy in REMEDIES.items():
        assert remedy.en.isascii(), key
        assert any("\u0600" <= letter <= "\u06ff" for letter in remedy.ar), key
