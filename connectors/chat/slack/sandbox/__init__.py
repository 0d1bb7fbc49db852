"""A Slack to try things on: real state, Slack's wire format and refusals, faults and limits as data."""

from connectors.chat.slack.sandbox.app import JournalEntry, Sandbox, create_sandbox
from connectors.chat.slack.sandbox.faults import Fault, FaultKind
from connectors.chat.slack.sandbox.limits import LimitManner, Limits
from connectors.chat.slack.sandbox.state import (
    ADMIN_ID,
    ADMIN_TOKEN,
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    CHANNEL_MANAGER,
    GENERAL_ID,
    Channel,
    ConnectInvite,
    InviteRequest,
    Preferences,
    RequestState,
    RoleAssignment,
    Token,
    User,
    UserGroup,
    Workspace,
    base_workspace,
    from_seed,
)
from connectors.sandboxing import running_sandbox

__all__ = [
    "ADMIN_ID",
    "ADMIN_TOKEN",
    "APP_TOKEN",
    "BOT_ID",
    "BOT_TOKEN",
    "CHANNEL_MANAGER",
    "GENERAL_ID",
    "Channel",
    "ConnectInvite",
    "Fault",
    "FaultKind",
    "InviteRequest",
    "JournalEntry",
    "LimitManner",
    "Limits",
    "Preferences",
    "RequestState",
    "RoleAssignment",
    "Sandbox",
    "Token",
    "User",
    "UserGroup",
    "Workspace",
    "base_workspace",
    "create_sandbox",
    "from_seed",
    "running_sandbox",
]
