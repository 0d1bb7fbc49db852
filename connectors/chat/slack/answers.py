"""What each of Slack's error strings means for a write: outcome, refusal and remedy, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Outcome
from policies.model import Refusal

# The token itself is no good: an operator must act, and the whole lane waits.
BAD_CREDENTIALS = frozenset(
    {
        "account_inactive",
        "enterprise_is_restricted",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
# Slack failed while at it: a write may have had its effect.
BROKEN = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
# Ambiguous by themselves: `removal` reads the channel again before it says what they meant.
AMBIGUOUS_ABSENCE = frozenset({"not_in_channel", "user_not_in_channel"})
AMBIGUOUS_CHANNEL = frozenset({"channel_not_found"})
# The method does not exist here: an older server, another plan, or no Enterprise.
NOT_THERE = frozenset(
    {
        "feature_not_enabled",
        "not_an_enterprise",
        "plan_upgrade_required",
        "unknown_method",
        "team_not_eligible",
    }
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one error string means for a write; `remedy` is a key of `remedies.REMEDIES`."""

    outcome: Outcome
    refusal: Refusal | None = None
    remedy: str = ""


def _refused(refusal: Refusal, remedy: str) -> Meaning:
    return Meaning(Outcome.REFUSED, refusal, remedy)


_ABSENT = Meaning(Outcome.SAID_ABSENT)
_UNKNOWN = Meaning(Outcome.UNKNOWN, remedy="read_back")
_NO_API = Meaning(Outcome.NO_API, remedy="enterprise_only")

# Sources: the `errors` of each method at docs.slack.dev; the common errors of the Web API; legacy
# strings still seen on older workspaces (cant_kick_from_last_channel, user_not_in_channel).
_TABLE: dict[str, Meaning] = {
    # conversations.kick
    "cant_kick_from_general": _refused(Refusal.DEFAULT_GROUP, "default_channel"),
    "cant_kick_from_last_channel": _refused(Refusal.NO_RIGHT, "deactivate_guest"),
    "cant_kick_self": _refused(Refusal.BOT_ITSELF, "bot_itself"),
    "channel_not_found": _refused(Refusal.GROUP_GONE, "channel_gone"),
    "channel_is_limited_access": _refused(Refusal.NO_RIGHT, "limited_access"),
    "is_archived": _refused(Refusal.ARCHIVED, "archived"),
    "method_not_supported_for_channel_type": _refused(Refusal.FIXED_MEMBERSHIP, "fixed_membership"),
    "not_in_channel": _ABSENT,
    "user_not_in_channel": _ABSENT,
    "not_supported": _refused(Refusal.EXTERNAL_ACCOUNT, "external_account"),
    "restricted_action": _refused(Refusal.NO_RIGHT, "allow_removal"),
    "user_not_found": _refused(Refusal.ACCOUNT_UNKNOWN, "account_unknown"),
    "users_not_found": _refused(Refusal.ACCOUNT_UNKNOWN, "account_unknown"),
    "user_not_visible": _refused(Refusal.ACCOUNT_UNKNOWN, "account_unknown"),
    # usergroups.users.update
    "failed_for_some_users": _refused(Refusal.UNEXPECTED, "clean_user_group"),
    "invalid_users": _refused(Refusal.UNEXPECTED, "clean_user_group"),
    "no_such_subteam": _refused(Refusal.GROUP_GONE, "user_group_gone"),
    "no_users_provided": _refused(Refusal.LAST_MEMBER, "last_member"),
    "permission_denied": _refused(Refusal.NO_RIGHT, "allow_user_groups"),
    "subteam_max_users_exceeded": _refused(Refusal.UNEXPECTED, "clean_user_group"),
    # conversations.join
    "too_many_members": _refused(Refusal.BOT_NOT_IN_GROUP, "bot_not_in_channel"),
    # conversations.invite
    "app_cannot_join_channel": _refused(Refusal.NO_RIGHT, "other_successor"),
    "cant_invite": _refused(Refusal.NO_RIGHT, "other_successor"),
    "cant_invite_self": _refused(Refusal.BOT_ITSELF, "bot_itself"),
    "external_channel_migrating": Meaning(Outcome.UNAVAILABLE),
    "invitee_cant_see_channel": _refused(Refusal.NO_RIGHT, "other_successor"),
    "no_external_invite_permission": _refused(Refusal.EXTERNAL_ACCOUNT, "other_successor"),
    "org_user_not_in_team": _refused(Refusal.NO_RIGHT, "other_successor"),
    "ura_max_channels": _refused(Refusal.NO_RIGHT, "other_successor"),
    "user_is_restricted": _refused(Refusal.NO_RIGHT, "other_successor"),
    # conversations.requestSharedInvite.deny, admin.inviteRequests.deny: what is over leads nowhere
    "already_processed": _ABSENT,
    "invalid_request": _ABSENT,
    "invite_already_approved": _refused(Refusal.UNEXPECTED, "revoke_invitation"),
    "invite_already_denied": _ABSENT,
    "invite_expired": _ABSENT,
    "invite_not_found": _ABSENT,
    # admin.roles.*
    "cannot_modify_role_admin": _refused(Refusal.NO_RIGHT, "org_admin"),
    "failed_for_some_entities": _refused(Refusal.NO_RIGHT, "managers_by_hand"),
    "failed_for_some_users_and_entities": _refused(Refusal.NO_RIGHT, "managers_by_hand"),
    "invalid_actor": _refused(Refusal.NO_RIGHT, "org_admin"),
    "invalid_role_id": _refused(Refusal.UNEXPECTED, "managers_by_hand"),
    "no_valid_entities": _refused(Refusal.NO_RIGHT, "managers_by_hand"),
    "no_valid_users": _refused(Refusal.NO_RIGHT, "other_successor"),
    "too_many_entities": _refused(Refusal.UNEXPECTED, "managers_by_hand"),
    "too_many_users": _refused(Refusal.UNEXPECTED, "managers_by_hand"),
    # admin.conversations.kick, admin.users.*
    "cannot_kick_home_team": _refused(Refusal.EXTERNAL_ACCOUNT, "external_account"),
    "cannot_kick_team": _refused(Refusal.EXTERNAL_ACCOUNT, "external_account"),
    "cannot_modify_primary_owner": _refused(Refusal.OWNER, "primary_owner"),
    "cannot_reset_bot": _refused(Refusal.BOT_ITSELF, "bot_itself"),
    "cannot_reset_primary_owner": _refused(Refusal.OWNER, "primary_owner"),
    "channel_type_not_supported": _refused(Refusal.FIXED_MEMBERSHIP, "fixed_membership"),
    "deactivation_failed": _refused(Refusal.UNEXPECTED, "try_by_hand"),
    "default_org_wide_channel": _refused(Refusal.DEFAULT_GROUP, "default_channel"),
    "failed_to_remove_user_from_workspace": _refused(Refusal.UNEXPECTED, "try_by_hand"),
    "invalid_permissions": _refused(Refusal.NO_RIGHT, "org_admin"),
    "not_allowed": _refused(Refusal.NO_RIGHT, "org_admin"),
    "not_an_admin": _refused(Refusal.NO_RIGHT, "org_admin"),
    "team_not_found": _refused(Refusal.NO_RIGHT, "wrong_team"),
    "user_already_deleted": _ABSENT,
    "session_reset_not_allowed": _refused(Refusal.OWNER, "primary_owner"),
    "user_session_reset_failed": _refused(Refusal.UNEXPECTED, "try_by_hand"),
    "feature_not_enabled": _NO_API,
    "not_an_enterprise": _NO_API,
    "plan_upgrade_required": _NO_API,
    "unknown_method": _NO_API,
    # any method
    "access_denied": _refused(Refusal.NO_RIGHT, "no_permission"),
    "ekm_access_denied": _refused(Refusal.NO_RIGHT, "no_permission"),
    "missing_scope": _refused(Refusal.MISSING_SCOPE, "missing_scope"),
    "no_permission": _refused(Refusal.NO_RIGHT, "no_permission"),
    "not_allowed_token_type": _refused(Refusal.NO_RIGHT, "token_type"),
    "ratelimited": Meaning(Outcome.RATE_LIMITED),
    "rate_limited": Meaning(Outcome.RATE_LIMITED),
    "fatal_error": _UNKNOWN,
    "internal_error": _UNKNOWN,
    "request_timeout": _UNKNOWN,
    "service_unavailable": _UNKNOWN,
}
_UNFORESEEN = _refused(Refusal.UNEXPECTED, "unexpected")


def known_errors() -> dict[str, Meaning]:
    """Give a copy of the table, for tests and docs."""
    return dict(_TABLE)


def meaning_of(error: str) -> Meaning:
    """What an error string means for a write; a string nobody foresaw is refused, never a success."""
    return _TABLE.get(error, _UNFORESEEN)
