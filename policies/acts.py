"""What a plan can do, and why something is not done: two lists of words, which need none of the model."""

from __future__ import annotations

from enum import StrEnum


class StepAction(StrEnum):
    """The acts a plan can hold; `add` is only ever previewed."""

    END_SESSIONS = "end_sessions"
    HAND_OVER = "hand_over"
    """Make a successor owner of a group that would otherwise lose its last one."""
    REVOKE = "revoke"
    CLOSE_WAY_BACK = "close_way_back"
    """Rotate a link or cancel an invitation by which the person could come back."""
    DEACTIVATE = "deactivate"
    ADD = "add"


class Refusal(StrEnum):
    """Why a step is not done by the bot: the one vocabulary of blocks, in plan, step and log."""

    PROTECTED = "protected"
    LAST_OWNER = "last_owner"
    LAST_MEMBER = "last_member"
    OWNER = "owner"
    CREATOR = "creator"
    """Only the person can give the group away; then somebody with the rights can take them out."""
    UNMANAGEABLE_ADMIN = "unmanageable_admin"
    """An admin whom the bot may not demote: an admin above must do it."""
    BOT_ITSELF = "bot_itself"
    AMBIGUOUS = "ambiguous"
    NOT_MANAGED = "not_managed"
    BEYOND_APPROVED = "beyond_approved"
    DEFAULT_GROUP = "default_group"
    SYNCED = "synced"
    DYNAMIC = "dynamic"
    MAIL_ENABLED = "mail_enabled"
    ROLE_ASSIGNABLE = "role_assignable"
    NESTED = "nested"
    """In the group only through another group: the membership ends there."""
    GROUP_MANAGED_ELSEWHERE = "group_managed_elsewhere"
    FIXED_MEMBERSHIP = "fixed_membership"
    """Group direct messages: nobody can be taken out; what remains is said as residual access."""
    EXTERNAL_ACCOUNT = "external_account"
    NO_RIGHT = "no_right"
    BOT_NOT_IN_GROUP = "bot_not_in_group"
    MISSING_SCOPE = "missing_scope"
    GROUP_GONE = "group_gone"
    ACCOUNT_UNKNOWN = "account_unknown"
    NO_API = "no_api"
    ARCHIVED = "archived"
    UNEXPECTED = "unexpected"
