"""What the tokens of one workspace allow, as far as is known of them without asking."""

from __future__ import annotations

from connectors.chat.slack.channel_managers import READ_SCOPE, WRITE_SCOPE
from connectors.chat.slack.connect_invites import SCOPE as CONNECT_SCOPE
from connectors.chat.slack.identity import TokenOwner
from connectors.chat.slack.invite_requests import INVITES_READ, INVITES_WRITE
from policies.model import StepAction


def of_bot(bot: TokenOwner | None) -> frozenset[StepAction]:
    """What the bot's token allows beside removals; nothing while it is not known."""
    denies = bot is not None and bot.enterprise_id is not None and bot.may(CONNECT_SCOPE)
    return frozenset({StepAction.CLOSE_WAY_BACK} if denies else ())


def of_admin(admin: TokenOwner | None) -> frozenset[StepAction]:
    """What the admin token allows; all it could while it is not known."""
    allowed = {
        StepAction.END_SESSIONS: _may(admin, "admin.users:write"),
        StepAction.DEACTIVATE: _may(admin, "admin.users:write") or _may(admin, "admin"),
        StepAction.HAND_OVER: _in_enterprise(admin) and _may(admin, READ_SCOPE, WRITE_SCOPE),
        StepAction.CLOSE_WAY_BACK: _in_enterprise(admin) and _may(admin, INVITES_READ, INVITES_WRITE),
    }
    return frozenset(action for action, allows in allowed.items() if allows)


def _may(admin: TokenOwner | None, *scopes: str) -> bool:
    return admin is None or all(admin.may(scope) for scope in scopes)


def _in_enterprise(admin: TokenOwner | None) -> bool:
    return admin is None or admin.enterprise_id is not None
